"""All printing, with good manners.

* standard output belongs to the result: text for people, or with ``--json`` exactly one JSON document per input;
* everything else (progress, questions, errors) goes to standard error;
* without a terminal there is no colour, no spinner and no question; a question without a terminal is an error;
* names and file names are data: control characters are shown escaped and never styled;
* a sentence longer than a terminal is wide goes on under its beginning; a command stays in one piece, to be copied.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import textwrap
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from signkit.errors import SignkitError, UsageError
from signkit.texts import said, text

__all__ = ["Terminal", "mend_streams", "printable", "terminal_size"]

_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
_COMMAND = re.compile(r"\s*signkit ")
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")


def printable(value: object) -> str:
    """Return text that cannot steer a terminal: control and direction characters are escaped."""
    return "".join(
        char if not (unicodedata.category(char) in {"Cc", "Cs"} or char in _BIDI) else f"\\u{ord(char):04x}"
        for char in str(value)
    )


def terminal_size(stream: TextIO) -> os.terminal_size:
    """Return how large the terminal behind ``stream`` is, whatever standard output leads to."""
    try:
        known = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):
        known = os.terminal_size((80, 24))
    return shutil.get_terminal_size(known)


def mend_streams() -> None:
    """Make the standard streams take every text: closed ones swallow it, and what an encoding lacks is escaped."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - to the end
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


@dataclass
class Terminal:
    """Where words go, and in which language."""

    lang: str = "en"
    as_json: bool = False
    quiet: bool = False
    verbose: bool = False
    assume_yes: bool = False
    out: TextIO = field(default_factory=lambda: sys.stdout)
    err: TextIO = field(default_factory=lambda: sys.stderr)

    @property
    def interactive(self) -> bool:
        """Whether a person can be asked: input and error stream are both a terminal."""
        return sys.stdin is not None and sys.stdin.isatty() and self.err.isatty()

    def say(self, code: str, /, **params: object) -> None:
        """Print a sentence of the result; not with ``--json`` or ``--quiet``."""
        if not self.as_json and not self.quiet:
            self._write(self.out, _folded(text(code, self.lang, **_data(params)), self.out))

    def line(self, words: str = "", *, style: str | None = None) -> None:
        """Print one line of the result; not with ``--json``."""
        if not self.as_json:
            self._write(self.out, self.styled(_folded(words, self.out), style, self.out))

    def note(self, code: str, /, **params: object) -> None:
        """Print a sentence beside the result, on standard error; not with ``--quiet``."""
        if not self.quiet:
            self._write(self.err, _folded(text(code, self.lang, **_data(params)), self.err))

    def json(self, value: Mapping[str, Any]) -> None:
        """Print one JSON document on one line."""
        self._write(self.out, json.dumps(value, ensure_ascii=False, separators=(", ", ": ")))

    def confirm(self, code: str, /, **params: object) -> None:
        """Return if a person says yes, or ``--yes`` was given.

        Raises:
            UsageError: nobody can be asked, or the answer was no.
        """
        if self.assume_yes:
            return
        question = text(code, self.lang, **_data(params))
        if not self.interactive:
            raise UsageError(question, code="usage.confirm", hint="add --yes to say so beforehand")
        self.err.write(f"{question} [{text('cli.yes_no', self.lang)}] ")
        self.err.flush()
        if self._answer(sys.stdin.readline).strip().lower() not in {"y", "yes", "j", "ja"}:
            raise UsageError("not confirmed, nothing was done", code="usage.not_confirmed")

    def secret(self, question: str) -> str:
        """Return what a person writes in answer to ``question``, which is not shown.

        Raises:
            UsageError: the input ended instead.
        """
        import getpass

        answer = self._answer(lambda: f"{getpass.getpass(f'{question} ')}\n")
        if not answer:
            raise UsageError("not confirmed, nothing was done", code="usage.not_confirmed")
        return answer.removesuffix("\n")

    def _answer(self, read: Callable[[], str]) -> str:
        """Return a line that is read, nothing at the end of input; what is said next begins on a line of its own."""
        line = ""
        try:
            line = read()
        except EOFError:
            return line
        finally:
            if not line:
                self.err.write("\n")
        return line

    def error(self, error: SignkitError, exit_code: int) -> None:
        """Print what went wrong: ``signkit.error/1`` with ``--json``, else a sentence and a hint."""
        if self.as_json:
            value = {
                "schema": "signkit.error/1",
                "code": error.code,
                "message": error.message,
                "hint": error.hint,
                "retry": error.retry.value,
                "exit_code": exit_code,
                "subject": error.subject,
            }
            self._write(self.err, json.dumps(value, ensure_ascii=False))
            return
        label = self.styled(text("cli.error", self.lang), "red", self.err)
        message, hint = self._sentences(error)
        file = error.subject.get("file", "")
        if file and Path(file).name not in message:
            message = f"{file}: {message}"
        self._write(self.err, _folded(f"{label}: {printable(message)}", self.err))
        if hint:
            self._write(self.err, _folded(f"  {text('cli.hint', self.lang)}: {printable(hint)}", self.err))

    def _sentences(self, error: SignkitError) -> tuple[str, str | None]:
        """Return message and hint in the person's language; English is the error's own.

        First what the very sentence says, then the code's sentence, then its family's with the error's words as detail.
        """
        if self.lang == "en":
            return error.message, error.hint
        told, advice = said(error.message, self.lang), said(error.hint or "", self.lang)
        params = {
            "detail": told or error.message,
            "hint": error.hint or "",
            "name": "",
            **error.subject,
            **error.params,
        }
        code = error.code
        while code:
            for key in (f"error.{code}", code):
                own = text(key, self.lang, **params)
                if own != key:
                    hint = text(f"{key}.hint", self.lang, **params)
                    return told or own, advice or (None if hint == f"{key}.hint" else hint)
            code = code.rpartition(".")[0]
        return told or error.message, advice or error.hint

    def styled(self, words: str, style: str | None, stream: TextIO) -> str:
        """Return ``words`` in colour if ``stream`` is a terminal that wants it."""
        if style is None or not stream.isatty():
            return words
        codes = ";".join(_STYLES[name] for name in style.split())
        return f"\x1b[{codes}m{words}\x1b[0m"

    def _write(self, stream: TextIO, words: str) -> None:
        stream.write(words + "\n")  # what an encoding lacks, ``mend_streams`` escapes
        stream.flush()


def _folded(words: str, stream: TextIO) -> str:
    """Return ``words`` with lines that a terminal would cut within a word folded between words instead."""
    if not stream.isatty():
        return words
    columns = max(20, terminal_size(stream).columns)
    return "\n".join(line if _COMMAND.match(line) else _fold(line, columns) for line in words.split("\n"))


def _fold(line: str, columns: int) -> str:
    if len(line) <= columns:
        return line
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    return textwrap.fill(
        line, columns, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False, expand_tabs=False
    )


def _data(params: Mapping[str, object]) -> dict[str, object]:
    return {key: value if isinstance(value, int) else printable(value) for key, value in params.items()}
