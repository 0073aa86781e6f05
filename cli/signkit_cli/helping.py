"""Help pages in the language of this process, as plain text that a narrow terminal and a screen reader can take.

Typer's own words ("Usage", "Options", "Missing option") are in English only. Here its help is written anew from the
catalogue, and a command that does not exist is told in our words; what else it objects to, ``objecting`` translates.
"""

from __future__ import annotations

import difflib
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

from signkit.errors import UsageError
from signkit_cli.words import h

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["App", "HelpCommand", "HelpGroup", "Page", "placeholder", "value_type"]

_Function = TypeVar("_Function", bound="Callable[..., Any]")
_WIDEST: Final = 100
_COLUMN: Final = 26


class Page:
    """What every help page has in common. Typer calls each part with its context and a formatter."""

    def format_usage(self: Any, ctx: Any, formatter: Any) -> None:
        """Write the usage line."""
        words = [h("help.word.options_here")] if self.get_params(ctx) else []
        arguments = [item for item in self.params if item.param_type_name == "argument"]
        words += [placeholder(item) if item.required else f"[{placeholder(item)}]" for item in arguments]
        if isinstance(self, TyperGroup):
            words.append(h("help.word.command_here"))
        formatter.write_usage(ctx.command_path, " ".join(words), prefix=f"{h('help.word.usage')}: ")

    def format_options(self: Any, ctx: Any, formatter: Any) -> None:
        """Write what stands after the command's name, its options, and the commands below it."""
        shown = [item for item in self.get_params(ctx) if not item.hidden]
        arguments = [_row(item) for item in shown if item.param_type_name == "argument"]
        options = [_row(item) for item in shown if item.param_type_name == "option"]
        _section(formatter, "arguments", arguments)
        if isinstance(self, TyperGroup):
            below = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
            _section(formatter, "commands", ((name, command.help or "") for name, command in below if command))
        _section(formatter, "options", options)

    def get_help_option(self: Any, ctx: Any) -> Any:
        """Return ``--help``, with our words."""
        option = super().get_help_option(ctx)  # type: ignore[misc]
        if option is not None:
            option.help = h("help.option.help")
            option.opts.sort(key=len, reverse=True)
        return option


class HelpCommand(Page, TyperCommand):
    """A command whose help is ours."""


class HelpGroup(Page, TyperGroup):
    """A group of commands whose help is ours."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command that ``args`` name.

        Raises:
            UsageError: there is none.
        """
        known = self.list_commands(ctx)
        if args[0] not in known and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], known, n=1)
            raise UsageError(
                f"there is no command {ctx.command_path} {args[0][:40]}",
                code="usage.no_command.near" if near else "usage.no_command",
                hint=f"did you mean {ctx.command_path} {near[0]}?" if near else f"see: {ctx.command_path} --help",
                params={"path": ctx.command_path, "given": args[0][:40], "near": near[0] if near else ""},
            )
        return super().resolve_command(ctx, args)


class App(typer.Typer):
    """A Typer with our help pages and nothing that installs itself in a shell."""

    def __init__(self, *, cls: type[HelpGroup] = HelpGroup, **settings: Any) -> None:
        settings.setdefault("context_settings", {})["max_content_width"] = _WIDEST
        super().__init__(cls=cls, add_completion=False, rich_markup_mode=None, **settings)

    def command(self, name: str | None = None, **settings: Any) -> Callable[[_Function], _Function]:
        """Register a command, as Typer does."""
        return super().command(name, cls=HelpCommand, **settings)


def placeholder(item: Any) -> str:
    """Return what stands for a parameter's value, such as ``FILE``; nothing for a flag."""
    if getattr(item, "is_flag", False):
        return ""
    if item.metavar:
        return str(item.metavar)
    own = h(f"help.placeholder.{item.name}")
    word = h(f"help.placeholder.{value_type(item)}") if own.startswith("help.") else own
    return f"{word} …" if item.nargs == -1 else word


def value_type(item: Any) -> str:
    """Return what a parameter takes: ``file``, ``count`` or ``text``."""
    kind = str(getattr(getattr(item, "type_descriptor", None), "annotation", ""))
    return "file" if "Path" in kind else "count" if "int" in kind else "text"


def _row(item: Any) -> tuple[str, str]:
    """Return a parameter's names with its value, and what is said of it."""
    names, said = placeholder(item), [item.help or ""]
    if item.param_type_name == "option":
        both = filter(None, (", ".join(item.opts), ", ".join(item.secondary_opts)))
        names = f"{' / '.join(both)} {names}".rstrip()
        said += [h("help.word.required")] if item.required else []
    if item.envvar:
        said.append(h("help.word.variable").format(name=item.envvar))
    if isinstance(item.default, str | int | Path) and not isinstance(item.default, bool) and item.default != Path():
        said.append(h("help.word.default").format(value=item.default))
    return names, " ".join(filter(None, said))


def _section(formatter: Any, title: str, rows: Iterable[tuple[str, str]]) -> None:
    """Write rows under a heading in two columns; no word is broken, so that each can be copied."""
    rows = list(rows)
    left = 2 + min(_COLUMN, max((len(names) for names, _ in rows), default=0)) + 2
    for number, (names, said) in enumerate(rows):
        if not number:
            formatter.write(f"\n{h(f'help.word.{title}')}:\n")
        first = f"  {names}  ".ljust(left)
        lines = textwrap.wrap(said, formatter.width - left, break_on_hyphens=False, break_long_words=False)
        if len(first) > left:
            formatter.write(f"{first.rstrip()}\n")
            first = " " * left
        formatter.write(f"{first}{lines[0] if lines else ''}".rstrip() + "\n")
        formatter.write("".join(f"{'':{left}}{line}\n" for line in lines[1:]))
