"""Clocks for tests: one stands still until it is told to move, or moves at every look; one is real, but shifted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from signkit.texts.dates import swedish_day

__all__ = ["MovableClock", "SteppingClock"]


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


class MovableClock:
    """Tells the machine's time, shifted as far as it has been moved."""

    def __init__(self) -> None:
        self.shift = timedelta(0)

    def now(self) -> datetime:
        """Return the present instant."""
        return datetime.now(UTC) + self.shift

    def move(self, **units: float) -> None:
        """Move on, by what ``timedelta`` takes."""
        self.shift += timedelta(**units)

    def date(self, days: float) -> str:
        """Return an instant some days from now, as the command line takes it."""
        return (self.now() + timedelta(days=days)).isoformat(timespec="seconds")

    def day(self, days: int = 0) -> str:
        """Return the Swedish day so many days from now."""
        return (swedish_day(self.now()) + timedelta(days=days)).isoformat()
