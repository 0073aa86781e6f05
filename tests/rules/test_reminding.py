"""When somebody is reminded: scaled to the deadline, never at night, seldom at weekends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from signkit.model.reminding import Reminders, due_at

MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ALWAYS = Reminders(from_hour=0, to_hour=24, weekends=True)


def schedule(days: float) -> list[float]:
    """Return after how many days reminders come."""
    last, found = MONDAY, []
    while (due := due_at(last, MONDAY + timedelta(days=days), since=MONDAY)) is not None:
        found.append((due - MONDAY) / timedelta(days=1))
        last = due
    return found


def test_reminders_come_when_half_of_what_was_left_has_gone():
    """Fourteen days: after seven, no faster than weekly before, then closer and closer, a day apart at least."""
    assert schedule(14) == [7, 10.5, 12.25, 13.25]
    assert schedule(1) == [0.5, 0.75]


def test_without_a_deadline_once_a_week():
    """There is no hurry, and no silence either."""
    assert due_at(MONDAY, None, since=MONDAY) == MONDAY + timedelta(days=7)


def test_nobody_is_disturbed_at_night():
    """Swedish night, summer and winter."""
    policy = Reminders()
    assert policy.quiet(datetime(2026, 3, 2, 5, 59, tzinfo=UTC), None)
    assert not policy.quiet(datetime(2026, 3, 2, 6, 0, tzinfo=UTC), None)
    assert not policy.quiet(datetime(2026, 7, 1, 5, 0, tzinfo=UTC), None)
    assert policy.quiet(datetime(2026, 3, 2, 19, 0, tzinfo=UTC), None)


def test_a_weekend_is_quiet_unless_time_presses():
    """Saturday waits for Monday, unless the deadline does not."""
    saturday = datetime(2026, 3, 7, 10, 0, tzinfo=UTC)
    assert Reminders().quiet(saturday, None)
    assert not Reminders().quiet(saturday, saturday + timedelta(days=1))
    assert not Reminders(weekends=True).quiet(saturday, None)
    assert not Reminders().quiet(saturday, datetime(2026, 3, 9, 22, 0, tzinfo=UTC))
    assert Reminders().quiet(saturday, datetime(2026, 3, 10, 22, 0, tzinfo=UTC))


def test_a_public_holiday_is_as_quiet_as_a_sunday():
    """Good Friday 2026 waits for the Tuesday after Easter."""
    friday = datetime(2026, 4, 3, 10, 0, tzinfo=UTC)
    assert Reminders().quiet(friday, None)
    assert Reminders().quiet(friday, datetime(2026, 4, 8, 10, 0, tzinfo=UTC))
    assert not Reminders().quiet(friday, datetime(2026, 4, 7, 10, 0, tzinfo=UTC))


@given(st.integers(1, 60 * 24 * 200), st.integers(0, 60 * 24 * 200))
def test_a_reminder_comes_before_the_deadline_and_not_at_once(minutes: int, later: int):
    """Whatever the time there is: at least an hour's peace, never after the deadline, and not too often."""
    deadline = MONDAY + timedelta(minutes=minutes)
    due = due_at(MONDAY, deadline, since=MONDAY)
    assert due is None or MONDAY + timedelta(hours=1) <= due < deadline
    now = MONDAY + timedelta(minutes=later)
    assert ALWAYS.due(MONDAY, since=MONDAY, count=0, now=now, deadline=deadline) == (due is not None and due <= now)
    assert not ALWAYS.due(MONDAY, since=MONDAY, count=8, now=now, deadline=deadline)
