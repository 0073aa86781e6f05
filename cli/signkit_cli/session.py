"""What one run of the command line has at hand: the terminal, and a home that is opened when first needed."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from signkit.texts import text
from signkit_cli.terminal import Terminal, printable

if TYPE_CHECKING:
    from signkit.model.report import Report
    from signkit.ports.observer import Observer
    from signkit.workflows.desk import Desk
    from signkit_cli.composition import Home

__all__ = ["Session"]


@dataclass
class Session:
    """One run."""

    terminal: Terminal
    home: Path | None = None
    passphrase_file: Path | None = None
    planned: str | None = None
    """The identifier under which ``envelope create`` is to make an envelope."""
    _opened: Home | None = field(default=None, repr=False)

    @property
    def folder(self) -> Path:
        """The home's folder: as given, else the platform's data directory."""
        if self.home is not None:
            return self.home.expanduser().absolute()
        from platformdirs import user_data_path

        return user_data_path("signkit")

    def open(self, *, write: bool = True) -> Home:
        """Return the home, opened once.

        Raises:
            ConfigError: there is none, or its configuration is wrong.
            StoreError: its database cannot be opened.
        """
        from signkit_cli.composition import open_home

        if self._opened is None:
            self._opened = open_home(self, write=write)
        return self._opened

    def close(self) -> None:
        """Let go of the home: nothing waits in the write-ahead log when the command has ended."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def envelopes(self, prefixes: Sequence[str]) -> list[str]:
        """Return the envelopes that the prefixes name, each once, in their order."""
        from signkit.workflows.desk import find_envelope

        with self.open().store.read() as tx:
            return list(dict.fromkeys(find_envelope(tx, prefix) for prefix in prefixes))

    def signatories(self, envelope: str, who: str) -> list[str]:
        """Return the places of an envelope that ``who`` names."""
        from signkit.workflows.desk import load
        from signkit.workflows.openings import Openings
        from signkit.workflows.view import find_signatories

        with self.open().store.read() as tx:
            return find_signatories(load(tx, envelope), Openings(tx.openings(envelope)), who)

    def show_envelope(self, envelope: str, *, asked: bool = False) -> None:
        """Print an envelope as it stands now."""
        from signkit.workflows.view import show

        with self.open().store.read() as tx:
            self.print_envelope(show(tx, envelope), asked=asked)

    def print_envelope(self, value: Mapping[str, Any], *, asked: bool = False) -> None:
        """Print ``signkit.envelope/1`` as JSON, or as lines for people.

        Args:
            value: the envelope.
            asked: whether it is what the command is for; else it tells of a step taken, and not with ``--quiet``.
        """
        if self.terminal.as_json:
            self.terminal.json(value)
            return
        from signkit_cli.render.text import envelope_lines

        if asked or not self.terminal.quiet:
            for words, style in envelope_lines(value, self.terminal.lang):
                self.terminal.line(words, style=style)

    def print_report(self, report: Report) -> None:
        """Print ``signkit.report/1`` as JSON, or as sentences for an archivist."""
        from signkit.audit import report_to_json

        if self.terminal.as_json:
            self.terminal.json(report_to_json(report, self.terminal.lang))
            return
        from signkit_cli.render.report import report_lines

        for words, style in report_lines(report, self.terminal.lang):
            self.terminal.line(words, style=style)

    def print_unread(self, path: Path, report: Report) -> None:
        """Print a line for a file that could not be read, or is not there."""
        if self.terminal.as_json:
            self.print_report(report)
            return
        code = "verify.unreadable" if os.path.lexists(path) else "verify.missing"
        self.terminal.line(f"{printable(path)}: {text(code, self.terminal.lang)}", style="red")

    def tell_repair(self, report: Any) -> None:
        """Say on standard error what a repair changed."""
        from signkit_cli.render.text import repair_lines

        for line in repair_lines(report, self.terminal.lang):
            self.terminal.err.write(line + "\n")

    def tell(self, desk: Desk, *envelopes: str) -> None:
        """Tell people what has come to pass in envelopes; what cannot be told now is told by ``tick``."""
        from signkit_cli.delivering import tell

        tell(self, desk, envelopes)

    def observer(self) -> Observer:
        """Return an observer that tells steps on standard error, where somebody watches."""
        from signkit_cli.watching import TerminalObserver

        return TerminalObserver(self.terminal)
