"""The days that matter for the minutes of a municipal body (kommunallagen 2017:725), computed from three facts.

What the municipality owes is given strictly, and flagged where it falls on a rest day: better a day early. What the
public may do is extended to the next working day, as lag (1930:173) does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from signkit.model.calendar_se import in_weeks, next_working_day, rest_day

__all__ = ["LegalDay", "ProtocolDates", "protocol_dates"]

ADJUST_DAYS: Final = 14
"""KL 5:69: adjusted at the latest fourteen days after the meeting."""
ANNOUNCE_DAYS: Final = 2
"""KL 8:12: announced at the latest the second day after the adjustment."""
APPEAL_WEEKS: Final = 3
"""KL 13:5: the appeal must arrive within three weeks from the day on which it was announced."""


@dataclass(frozen=True, slots=True)
class LegalDay:
    """One day, and why it may be awkward."""

    day: date
    rest: str | None = None
    """Code of the rest day that it falls on."""


@dataclass(frozen=True, slots=True)
class ProtocolDates:
    """Every day that can be computed from what is known."""

    meeting: date | None
    adjusted: date | None
    announced: date | None
    adjust_by: LegalDay | None
    announce_by: LegalDay | None
    appeal_by: LegalDay | None
    take_down_from: LegalDay | None
    """First day on which the notice may be taken down: the day after the last appeal day (KL 8:12, 13:5)."""

    @property
    def late(self) -> tuple[str, ...]:
        """What has been done later than it should: ``adjusted``, ``announced``."""
        done = {"adjusted": (self.adjusted, self.adjust_by), "announced": (self.announced, self.announce_by)}
        return tuple(name for name, (day, by) in done.items() if day and by and day > by.day)


def protocol_dates(
    *, meeting: date | None = None, adjusted: date | None = None, announced: date | None = None
) -> ProtocolDates:
    """Return the days for minutes of a meeting, adjusted and announced on the days given, where they are known."""
    adjust_by = meeting + timedelta(days=ADJUST_DAYS) if meeting else None
    announce_by = adjusted + timedelta(days=ANNOUNCE_DAYS) if adjusted else None
    appeal_by = next_working_day(in_weeks(announced, APPEAL_WEEKS)) if announced else None
    take_down = appeal_by + timedelta(days=1) if appeal_by else None
    return ProtocolDates(
        meeting, adjusted, announced, _legal(adjust_by), _legal(announce_by), _legal(appeal_by), _legal(take_down)
    )


def _legal(day: date | None) -> LegalDay | None:
    return None if day is None else LegalDay(day, rest_day(day))
