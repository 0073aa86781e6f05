"""Single keys at a terminal, without Enter, while something else is shown. Elsewhere no keys: time passes."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

__all__ = ["Keyboard"]


class Keyboard:
    """Reads keys as they are pressed; Ctrl-C stays what it is.

    Args:
        live: whether there are keys to read; where the terminal cannot, there are none.
    """

    def __init__(self, *, live: bool) -> None:
        self._live = live
        self._before: list[Any] | None = None

    def __enter__(self) -> Self:
        if self._live:
            try:
                import termios
                import tty

                self._before = termios.tcgetattr(sys.stdin)
                tty.setcbreak(sys.stdin)
            except (ImportError, OSError, ValueError, termios.error):
                self._live = False
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._before is not None:
            import termios

            with contextlib.suppress(termios.error, OSError):
                termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self._before)
            self._before = None

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Give the terminal back while a line is read."""
        self.__exit__(None, None, None)
        try:
            yield
        finally:
            self.__enter__()

    @property
    def live(self) -> bool:
        """Whether keys are read."""
        return self._live

    def pressed(self, seconds: float) -> str:
        """Let ``seconds`` pass; return the key that was pressed meanwhile, in lower case, or nothing."""
        if not self._live:
            time.sleep(seconds)
            return ""
        with contextlib.suppress(OSError, ValueError):
            ready, _, _ = select.select([sys.stdin], [], [], seconds)
            if not ready:
                return ""
            key = os.read(sys.stdin.fileno(), 1).decode("ascii", "replace").lower()
            if not key:  # the terminal has gone
                self._live = False
            return "\n" if key == "\r" else key
        return ""

    def one_of(self, keys: str) -> str:
        """Wait for one of ``keys``; the last of them if the terminal goes away."""
        while self._live:
            key = self.pressed(3600.0)
            if key and key in keys:
                return key
        return keys[-1]
