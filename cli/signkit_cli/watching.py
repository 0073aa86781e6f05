"""What a person sees while something takes its time: one line for each step, on standard error, only at a terminal."""

from __future__ import annotations

from signkit.ports.observer import Observer
from signkit.texts import text
from signkit_cli.terminal import Terminal

__all__ = ["TerminalObserver", "reason"]


class TerminalObserver(Observer):
    """Tells steps to a terminal."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    def step(self, code: str, **params: str | int) -> None:
        """Tell that a step begins, if anybody watches."""
        if self._terminal.err.isatty() or self._terminal.verbose:
            self._terminal.note(f"step.{code}", **params)

    def done(self, code: str, **params: str | int) -> None:
        """Tell what has come to pass and must be known, whether somebody watches or not."""
        if "reason" in params:
            params = {**params, "reason": reason(str(params["reason"]), self._terminal.lang)}
        self._terminal.note(code, **params)


def reason(code: str, lang: str) -> str:
    """Return why a witness did not vouch, in words that stand within a sentence."""
    words = text(code, lang)
    return text("witness.refused", lang) if words == code else words
