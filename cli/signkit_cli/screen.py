"""What the person at the terminal sees during a ceremony: whose turn it is, a QR code that renews itself, the status.

Without a terminal nothing moves: a link and each new status are printed once, on standard error.
"""

from __future__ import annotations

import textwrap
from datetime import datetime
from types import TracebackType
from typing import Self

from signkit.ports.provider import Prompt
from signkit.texts import text
from signkit_cli.terminal import Terminal, printable, terminal_size

__all__ = ["CeremonyScreen"]


class CeremonyScreen:
    """Draws prompts in place at a terminal, or tells them line by line elsewhere."""

    def __init__(self, terminal: Terminal, *, provider: str, name: str, qr: bool, keys: bool = False) -> None:
        self._terminal = terminal
        self._provider = provider
        self._name = name
        self._live = terminal.err.isatty() and not terminal.quiet
        self._qr = qr and self._live
        self._keys = text("cli.sign.keys", terminal.lang) if keys and self._live else ""
        self._height = 0
        self._said = ""
        self._link = ""

    def __enter__(self) -> Self:
        self._terminal.note("cli.sign.turn", name=self._name)
        if self._live:
            self._terminal.err.write("\x1b[?25l")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._erase()
            self._terminal.err.write("\x1b[?25h")
            self._terminal.err.flush()

    def show(self, prompt: Prompt, expires_at: datetime, now: datetime) -> None:
        """Show the prompt of a new answer."""
        if self._live:
            self._draw(self._lines(prompt, expires_at, now))
            return
        self._tell_link(prompt)
        status = self._status(prompt)
        if status and status != self._said:
            self._said = status
            self._tell(status)

    def refresh(self, prompt: Prompt, expires_at: datetime, now: datetime) -> None:
        """Show the same status with a fresh code and countdown."""
        if self._live:
            self._draw(self._lines(prompt, expires_at, now))

    def _lines(self, prompt: Prompt, expires_at: datetime, now: datetime) -> list[str]:
        """Return what is shown, no line longer than the terminal: a line that wrapped could not be drawn over."""
        size = terminal_size(self._terminal.err)
        foot = self._foot(prompt, expires_at, now, columns=size.columns)
        if prompt.qr and self._qr:
            from signkit_cli.render.qr import qr_lines

            slim = [" ".join(" ".join(foot).split())[: size.columns - 1]]
            for below in (foot + self._link_line(prompt, size.columns), foot, slim):
                code = qr_lines(prompt.qr, columns=size.columns, rows=size.lines - 1 - len(below))
                if code:
                    return code + below
            foot += _wrapped(f"  {text('cli.sign.no_room', self._terminal.lang)}", size.columns)
        self._tell_link(prompt)
        return foot

    def _tell_link(self, prompt: Prompt) -> None:
        """Print a link once, above what is redrawn and in one piece, so that it can be copied."""
        if prompt.link and prompt.link != self._link:
            self._link = prompt.link
            self._erase()
            self._tell(f"{text('cli.sign.link', self._terminal.lang)} {printable(prompt.link)}")

    def _link_line(self, prompt: Prompt, columns: int) -> list[str]:
        """Return the link under the code, where one line holds it."""
        line = f"  {text('cli.sign.link', self._terminal.lang)} {printable(prompt.link)}" if prompt.link else ""
        return [line] if line and len(line) < columns else []

    def _foot(self, prompt: Prompt, expires_at: datetime, now: datetime, *, columns: int) -> list[str]:
        left = max(0, int((expires_at - now).total_seconds()))
        status = self._status(prompt)
        words = f"  {printable(self._name)}: {status}" if status else f"  {printable(self._name)}"
        countdown = text("cli.sign.left", self._terminal.lang, minutes=left // 60, seconds=f"{left % 60:02d}")
        return ["", *_wrapped(words, columns), *_wrapped(f"  {countdown}   {self._keys}".rstrip(), columns)]

    def _status(self, prompt: Prompt) -> str:
        if prompt.message:
            return printable(prompt.message)
        code = f"{self._provider}.hint.{prompt.hint}"
        words = text(code, self._terminal.lang) if prompt.hint else ""
        return "" if words == code else words

    def _draw(self, lines: list[str]) -> None:
        self._erase()
        self._terminal.err.write("".join(f"\x1b[2K{line}\n" for line in lines))
        self._terminal.err.flush()
        self._height = len(lines)

    def _erase(self) -> None:
        if self._height:
            # The return first: an echoed ^C may stand in the line.
            self._terminal.err.write(f"\r\x1b[{self._height}A\x1b[0J")
            self._height = 0

    def _tell(self, words: str) -> None:
        if not self._terminal.quiet:
            self._terminal.err.write(words + "\n")
            self._terminal.err.flush()


def _wrapped(words: str, columns: int) -> list[str]:
    return textwrap.wrap(words, max(20, columns - 1), subsequent_indent="  ", drop_whitespace=True) or [""]
