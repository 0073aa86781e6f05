"""The clock port: the only thing that knows the time."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

__all__ = ["Clock"]


class Clock(Protocol):
    """Tells the time. Every use case takes one reading where one instant is meant."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        ...
