"""A clock for tests: it stands still until it is told to move, or moves by itself at every look."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

__all__ = ["SteppingClock"]


@dataclass(slots=True)
class SteppingClock:
    """Tells ``at``, and is ``step`` later at the next look."""

    at: datetime = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    step: timedelta = timedelta(0)

    def now(self) -> datetime:
        """Return the present instant."""
        present = self.at
        self.at += self.step
        return present

    def advance(self, **units: float) -> None:
        """Move on, by what ``timedelta`` takes: ``seconds=1``, ``days=2``."""
        self.at += timedelta(**units)
