"""The observer port: what a long step tells whoever is watching. Every method has a quiet default."""

from __future__ import annotations

from signkit.ports.provider import Prompt

__all__ = ["Observer"]


class Observer:
    """Does nothing; override what you want to show."""

    def step(self, code: str, **params: str | int) -> None:
        """A step begins; ``code`` is the key of its sentence in ``signkit.texts``."""

    def prompt(self, prompt: Prompt) -> None:
        """Show this to the person now."""

    def done(self, code: str, **params: str | int) -> None:
        """A step is finished."""
