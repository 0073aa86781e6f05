"""The command line as a whole: global options, lazy commands, and the one border where errors become exit codes.

Global options may stand anywhere on the line; they are moved to the front before Typer reads it. A command's module is
imported only when that command runs; ``--help`` reads names and one-line helps from the catalogue.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from signkit.errors import SignkitError, UsageError
from signkit.texts import language, text
from signkit_cli.exit_codes import ExitCode, exit_code_for
from signkit_cli.helping import App, HelpCommand, HelpGroup
from signkit_cli.session import Session
from signkit_cli.terminal import Terminal, mend_streams
from signkit_cli.words import LANG, h

__all__ = ["COMMANDS", "load_command", "run"]

COMMANDS: Final = (
    "init",
    "demo",
    "envelope",
    "sign",
    "decline",
    "delegate",
    "verify",
    "trust",
    "provider",
    "simulator",
    "journal",
    "doctor",
    "batch",
    "tick",
    "notice",
    "template",
    "group",
)
"""In the order in which a clerk meets them; each is a module of ``signkit_cli.commands`` with an ``app``."""

_FLAGS: Final = ("--json", "--yes", "--quiet", "--verbose")
_ALONE: Final = {"--review-due": "today"}
"""Options that may stand without a value, and what they mean then: Typer knows no such thing."""
_VALUES: Final = ("--home", "--lang", "--passphrase-file")


class _LazyGroup(HelpGroup):
    """Shows every command, imports only the one that runs."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - Typer's signature
        """Return the names of the commands that exist."""
        folder = Path(__file__).parent / "commands"
        return [name for name in COMMANDS if (folder / f"{name}.py").exists()]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the real command where it is about to run, else its name and one-line help."""
        if cmd_name not in self.list_commands(ctx):
            return None
        if ctx.resilient_parsing or getattr(ctx, "signkit_real", False):
            return load_command(cmd_name)
        return HelpCommand(cmd_name, help=h(f"help.{cmd_name}"))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the real command that ``args`` name."""
        ctx.signkit_real = True
        return super().resolve_command(ctx, args)


def load_command(name: str) -> Any:
    """Return a command with everything under it."""
    module = import_module(f"signkit_cli.commands.{name}")
    command = typer.main.get_command(module.app)
    command.name = name
    return command


app = App(
    cls=_LazyGroup,
    help=h("help.signkit"),
    epilog=h("help.epilog"),
    no_args_is_help=True,
    context_settings={"help_option_names": ["--help", "-h"]},
)


@app.callback()
def _root(
    context: typer.Context,
    *,
    home: Annotated[Path | None, typer.Option(envvar="SIGNKIT_HOME", help=h("help.option.home"))] = None,
    as_json: Annotated[bool, typer.Option("--json", help=h("help.option.json"))] = False,
    lang: Annotated[str | None, typer.Option(envvar="SIGNKIT_LANG", help=h("help.option.lang"))] = None,
    yes: Annotated[bool, typer.Option("--yes", help=h("help.option.yes"))] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help=h("help.option.quiet"))] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help=h("help.option.verbose"))] = False,
    passphrase_file: Annotated[
        Path | None, typer.Option(envvar="SIGNKIT_PASSPHRASE_FILE", help=h("help.option.passphrase_file"))
    ] = None,
    version: Annotated[bool, typer.Option("--version", help=h("help.option.version"))] = False,
) -> None:
    terminal: Terminal = context.obj
    terminal.as_json, terminal.assume_yes = as_json, yes
    terminal.quiet, terminal.verbose = quiet, verbose
    if lang is not None and lang not in {"sv", "en", "da"}:
        raise UsageError(f"unknown language {lang[:20]!r}", code="usage.lang", hint="use sv, en or da")
    if version:
        from signkit import __version__

        terminal.line(f"signkit {__version__}")
        raise typer.Exit
    context.obj = Session(terminal=terminal, home=home, passphrase_file=passphrase_file)
    context.call_on_close(context.obj.close)


def run(arguments: Sequence[str]) -> int:
    """Run one command line; return the exit code. Nothing but a kill escapes."""
    mend_streams()
    terminal = Terminal(lang=_language(arguments), as_json="--json" in arguments)
    try:
        result = app(_hoisted(arguments), prog_name="signkit", standalone_mode=False, obj=terminal)
        sys.stdout.flush()
    except SignkitError as error:
        code = exit_code_for(error)
        terminal.error(error, code)
        return code
    except KeyboardInterrupt:
        terminal.note("cli.interrupted")
        return ExitCode.INTERRUPTED
    except (BrokenPipeError, SystemExit):  # Typer makes the second of the first
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.UNREAD
    except Exception as error:  # noqa: BLE001 - the border: no traceback reaches a clerk
        return _foreign(error, terminal)
    if result == ExitCode.INTERRUPTED:  # what Typer makes of Ctrl-C
        terminal.note("cli.interrupted")
    return result if isinstance(result, int) else ExitCode.OK


def _foreign(error: Exception, terminal: Terminal) -> int:
    if hasattr(error, "format_message") and hasattr(error, "exit_code"):  # Typer's own: wrong arguments
        from signkit_cli.objecting import objection

        usage = objection(error)
        if usage.code == "usage.no_command_given" and not terminal.as_json:
            terminal.err.write(f"{error.ctx.get_help()}\n")  # type: ignore[attr-defined]
        else:
            terminal.error(usage, ExitCode.USAGE)
        return ExitCode.USAGE
    if type(error).__name__ == "Abort":
        return ExitCode.INTERRUPTED
    if isinstance(error, OSError):
        name = f" {error.filename}" if error.filename else ""
        wrapped = SignkitError(
            f"the system refused{name}: {error.strerror or type(error).__name__}",
            code="system",
            hint=text("cli.system_hint", terminal.lang),
        )
        terminal.error(wrapped, ExitCode.STORE)
        return ExitCode.STORE
    if terminal.verbose:
        import traceback

        terminal.err.write("".join(traceback.format_exception(error)))
    unplanned = SignkitError(
        f"unplanned: {type(error).__name__}", code="internal", hint=text("cli.internal_hint", terminal.lang)
    )
    terminal.error(unplanned, 1)
    return 1


def _hoisted(arguments: Sequence[str]) -> list[str]:
    """Return the arguments with the global options in front."""
    front: list[str] = []
    rest: list[str] = []
    position = 0
    while position < len(arguments):
        word = arguments[position]
        if word == "--":
            rest += arguments[position:]
            break
        if word in _FLAGS or word.startswith(tuple(f"{name}=" for name in _VALUES)):
            front.append(word)
        elif word in _VALUES and position + 1 < len(arguments):
            front += [word, arguments[position + 1]]
            position += 1
        else:
            rest.append(word)
            if word in _ALONE and (position + 1 == len(arguments) or arguments[position + 1].startswith("-")):
                rest.append(_ALONE[word])
        position += 1
    return front + rest


def _language(arguments: Sequence[str]) -> str:
    """Return the language asked for by flag, variable or locale."""
    for position, word in enumerate(arguments):
        if word.startswith("--lang="):
            return language(word.partition("=")[2])
        if word == "--lang" and position + 1 < len(arguments):
            return language(arguments[position + 1])
    return LANG
