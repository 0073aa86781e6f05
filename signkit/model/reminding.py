"""When to remind: pure calendar, scaled to the deadline, silent at night, at weekends and on public holidays.

A reminder is due when half of the time that was left at the last message has gone: of sixteen days it comes after
eight, twelve, fourteen and fifteen. Without a deadline it comes every week.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from signkit.model.calendar_se import next_working_day, rest_day

__all__ = ["Reminders", "due_at"]

_ZONE: Final = "Europe/Stockholm"
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Reminders:
    """How a home reminds."""

    most: int = 8
    """Reminders to one person about one envelope; 0: none by itself."""
    from_hour: int = 7
    """Swedish time; nobody is reminded before this hour."""
    to_hour: int = 20
    """Nor from this hour on."""
    weekends: bool = False
    """Whether to remind on Saturdays, Sundays and public holidays, too."""

    def quiet(self, now: datetime, deadline: datetime | None) -> bool:
        """Tell whether nobody should be disturbed at ``now``.

        At weekends and on holidays what can wait does: a deadline before the end of the next working day cannot.
        """
        local = now.astimezone(ZoneInfo(_ZONE))
        if not self.from_hour <= local.hour < self.to_hour:
            return True
        if self.weekends or rest_day(local.date()) is None:
            return False
        return deadline is None or deadline.astimezone(ZoneInfo(_ZONE)).date() > next_working_day(local.date())

    def due(self, last: datetime, *, since: datetime, count: int, now: datetime, deadline: datetime | None) -> bool:
        """Tell whether a reminder is due now.

        Args:
            last: when the person last heard of it.
            since: when the person was asked.
            count: how many reminders there have been.
            now: the present instant.
            deadline: the end of it all, if there is one.
        """
        if count >= self.most or self.quiet(now, deadline):
            return False
        due = due_at(last, deadline, since=since)
        return due is not None and due <= now


def due_at(last: datetime, deadline: datetime | None, *, since: datetime) -> datetime | None:
    """Return when the reminder after ``last`` is due; None: the deadline comes first.

    Two messages are a day apart at least; where there were less than four days ``since`` the person was asked, a
    quarter of that time, and an hour in any case.
    """
    if deadline is None:
        return last + _WEEK
    least = min(_DAY, max((deadline - since) / 4, _HOUR))
    wait = min(max((deadline - last) / 2, least), _WEEK)
    return last + wait if last + wait < deadline else None
