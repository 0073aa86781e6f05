"""Doing the steps of a batch: each is a command run in this process, with one open home and what it remembers.

A step says the same as its command would with ``--json``: the document on standard output becomes ``result``, the error
``error``. What a command tells people is left out.
"""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from signkit.errors import EnvelopeNotFoundError, SignkitError, UsageError
from signkit.model.ids import new_id
from signkit_cli.batching.items import OPERATIONS, Item
from signkit_cli.exit_codes import ExitCode, exit_code_for
from signkit_cli.terminal import Terminal

if TYPE_CHECKING:
    from signkit_cli.batching.ledger import Ledger
    from signkit_cli.session import Session

__all__ = ["Outcome", "Runner", "exit_code_of"]

_SCHEMA: Final = "signkit.batch/1"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one step."""

    item: Item
    status: str
    """``done``, ``skipped`` (it was done before), ``planned`` (dry run) or ``failed``."""
    exit_code: int = 0
    envelope: str | None = None
    result: Any = None
    error: dict[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return ``signkit.batch/1``."""
        key = self.item.key.removeprefix("=")
        return {
            "schema": _SCHEMA,
            "item": self.item.number,
            "key": key,
            "op": self.item.op,
            "status": self.status,
            "exit_code": self.exit_code,
            "envelope": self.envelope,
            "result": self.result,
            "error": self.error,
        }


@dataclass
class Runner:
    """Runs items one after the other."""

    session: Session
    ledger: Ledger
    dry_run: bool = False
    _refs: dict[str, str | None] = field(default_factory=dict)
    _commands: dict[str, Any] = field(default_factory=dict)

    def run(self, item: Item) -> Outcome:
        """Do one step, unless it is done already; nothing but an interruption escapes."""
        if item.problem is not None:
            return _failed(item, UsageError(item.problem, code="usage.batch_item"))
        if item.key in self.ledger.done:
            envelope = self.ledger.done[item.key]
            self._name(item, envelope)
            return Outcome(item, "skipped", envelope=envelope)
        try:
            outcome = self._planned(item) if self.dry_run else self._done(item)
        except SignkitError as error:
            return _failed(item, error)
        if outcome.status == "done":
            self.ledger.end(item.key, outcome.envelope)
        self._name(item, outcome.envelope)
        return outcome

    def _name(self, item: Item, envelope: str | None) -> None:
        if item.ref is not None:
            self._refs[item.ref] = envelope

    def _planned(self, item: Item) -> Outcome:
        """Check what can be checked without doing it: words, files, envelopes, people."""
        operands = self._operands(item)
        if OPERATIONS[item.op][1] != "envelope":
            for operand in operands:
                if not Path(operand).exists():
                    raise UsageError(f"{operand[:200]} is not there", code="usage.file", subject={"file": operand})
        with _people_file(item) as people:
            self._invoke(item, [*item.options, *people], operands, terminal=_quiet(self.session.terminal), dry=True)
        return Outcome(item, "planned", envelope=operands[0] if OPERATIONS[item.op][1] == "envelope" else None)

    def _done(self, item: Item) -> Outcome:
        operands = self._operands(item)
        planned = None
        if item.op == "create":
            planned = self.ledger.begun.get(item.key)
            if planned is not None and self._exists(planned):
                return Outcome(item, "done", envelope=planned, result=self._shown(planned))
            if planned is None:
                planned = new_id()
                self.ledger.begin(item.key, planned)
        terminal = _quiet(self.session.terminal)
        self.session.planned = planned
        try:
            with _people_file(item) as people:
                code = self._invoke(item, [*item.options, *people], operands, terminal=terminal)
        finally:
            self.session.planned = None
        results = _documents(terminal)
        result = results[0] if len(results) == 1 else results
        envelope = planned or _envelope_of(result)
        if code != 0:
            return Outcome(item, "failed", code, envelope, result, _last_error(terminal))
        return Outcome(item, "done", 0, envelope, result)

    def _operands(self, item: Item) -> list[str]:
        """Return the operands, with names of earlier items in place of what they made."""
        if OPERATIONS[item.op][1] != "envelope":
            return list(item.operands)
        found = []
        for operand in item.operands:
            if operand in self._refs:
                made = self._refs[operand]
                if made is None and not self.dry_run:
                    raise EnvelopeNotFoundError(f"item {operand[:60]!r} made no envelope", code="batch.ref")
                found.append(made or operand)
            elif self.dry_run:
                found += self.session.envelopes([operand])
            else:
                found.append(operand)
        return found

    def _exists(self, envelope: str) -> bool:
        with self.session.open().store.read() as tx:
            return tx.head(envelope) is not None

    def _shown(self, envelope: str) -> Any:
        from signkit.workflows.view import show

        with self.session.open().store.read() as tx:
            return show(tx, envelope)

    def _invoke(
        self, item: Item, options: Sequence[str], operands: Sequence[str], *, terminal: Terminal, dry: bool = False
    ) -> int:
        """Run the item's command; return the exit code that it chose.

        Raises:
            SignkitError: it failed.
        """
        words, _ = OPERATIONS[item.op]
        command = self._command(words)
        arguments = [*options, "--", *operands]
        before, self.session.terminal = self.session.terminal, terminal
        try:
            context = command.make_context(words[-1], arguments, obj=self.session)
            if dry:
                return 0
            with context:
                result = command.invoke(context)
        except SignkitError:
            raise
        except typer.Exit as exc:
            return int(exc.exit_code)
        except OSError as exc:
            raise SignkitError(f"the system refused: {exc.strerror or type(exc).__name__}", code="system") from exc
        except Exception as exc:
            if not (hasattr(exc, "format_message") and hasattr(exc, "exit_code")):
                raise SignkitError(f"unplanned: {type(exc).__name__}", code="internal") from exc
            raise UsageError(str(exc.format_message()).rstrip("."), code="usage") from exc
        finally:
            self.session.terminal = before
        return result if isinstance(result, int) else 0

    def _command(self, words: tuple[str, ...]) -> Any:
        name = " ".join(words)
        if name not in self._commands:
            from signkit_cli.app import load_command

            command = load_command(words[0])
            for word in words[1:]:
                command = command.commands[word]
            self._commands[name] = command
        return self._commands[name]


def _quiet(terminal: Terminal) -> Terminal:
    """Return a terminal that keeps what is said, in JSON, and can ask nobody."""
    return Terminal(
        lang=terminal.lang,
        as_json=True,
        quiet=True,
        assume_yes=terminal.assume_yes,
        out=io.StringIO(),
        err=io.StringIO(),
    )


def _documents(terminal: Terminal) -> list[Any]:
    assert isinstance(terminal.out, io.StringIO)
    return [json.loads(line) for line in terminal.out.getvalue().splitlines() if line.startswith("{")]


def _last_error(terminal: Terminal) -> dict[str, Any] | None:
    assert isinstance(terminal.err, io.StringIO)
    lines = [line for line in terminal.err.getvalue().splitlines() if line.startswith("{")]
    return dict(json.loads(lines[-1])) if lines else None


def _envelope_of(result: Any) -> str | None:
    first = result[0] if isinstance(result, list) and result else result
    if not isinstance(first, dict):
        return None
    found = first.get("id") if first.get("schema") == "signkit.envelope/1" else first.get("envelope")
    return found if isinstance(found, str) else None


def _failed(item: Item, error: SignkitError) -> Outcome:
    code = 1 if error.code == "internal" else exit_code_for(error)
    value = {
        "schema": "signkit.error/1",
        "code": error.code,
        "message": error.message,
        "hint": error.hint,
        "retry": error.retry.value,
        "exit_code": int(code),
        "subject": error.subject,
    }
    return Outcome(item, "failed", int(code), envelope=(error.subject or {}).get("envelope"), error=value)


class _people_file:  # noqa: N801 - reads as what it does
    """Signatories that were written as tables, in a file for as long as a command reads it."""

    def __init__(self, item: Item) -> None:
        self._people = [dict(person) for person in item.people]
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> list[str]:
        if not self._people:
            return []
        self._folder = tempfile.TemporaryDirectory(prefix="signkit-batch-")
        path = Path(self._folder.name) / "signatories.json"
        path.write_text(json.dumps(self._people), encoding="utf-8")
        return [f"--signatories={path}"]

    def __exit__(self, *_: object) -> None:
        if self._folder is not None:
            self._folder.cleanup()


def exit_code_of(outcomes: Sequence[Outcome]) -> ExitCode:
    """Return 0, 40 where some failed, 41 where none was done."""
    bad = sum(outcome.status == "failed" for outcome in outcomes)
    if not bad:
        return ExitCode.OK
    return ExitCode.ALL_FAILED if bad == len(outcomes) else ExitCode.PARTIAL
