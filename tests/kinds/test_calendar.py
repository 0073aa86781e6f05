"""The Swedish calendar, and the days of a protocol."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signkit.model.calendar_se import easter, holidays, in_weeks, next_working_day, rest_day
from signkit.model.protocol_dates import LegalDay, protocol_dates

YEARS = st.integers(1970, 2199)


@pytest.mark.parametrize(
    ("year", "month", "day"),
    [
        (1818, 3, 22),
        (1943, 4, 25),
        (2000, 4, 23),
        (2024, 3, 31),
        (2026, 4, 5),
        (2027, 3, 28),
        (2038, 4, 25),
        (2285, 3, 22),
    ],
)
def test_easter_falls_where_the_church_says(year: int, month: int, day: int) -> None:
    """Known Easters, the earliest and the latest possible among them."""
    assert easter(year) == date(year, month, day)


def test_the_holidays_of_2026() -> None:
    """Every public holiday of one year, by its date."""
    assert {day.isoformat(): name for day, name in holidays(2026).items()} == {
        "2026-01-01": "new_year",
        "2026-01-06": "epiphany",
        "2026-04-03": "good_friday",
        "2026-04-05": "easter",
        "2026-04-06": "easter_monday",
        "2026-05-01": "may_day",
        "2026-05-14": "ascension",
        "2026-05-24": "whit_sunday",
        "2026-06-06": "national_day",
        "2026-06-20": "midsummer",
        "2026-10-31": "all_saints",
        "2026-12-25": "christmas",
        "2026-12-26": "boxing_day",
    }
    assert [rest_day(date(2026, *day)) for day in ((6, 19), (12, 24), (12, 31))] == [
        "midsummer_eve",
        "christmas_eve",
        "new_years_eve",
    ]


@given(YEARS)
def test_moving_holidays_keep_their_bounds(year: int) -> None:
    """Midsummer and All Saints are Saturdays in their weeks, Ascension a Thursday, Easter a Sunday in its month."""
    days = {name: day for day, name in holidays(year).items()}
    assert date(year, 3, 22) <= days["easter"] <= date(year, 4, 25)
    assert days["easter"].weekday() == 6
    assert days["ascension"].weekday() == 3
    assert date(year, 6, 20) <= days["midsummer"] <= date(year, 6, 26)
    assert date(year, 10, 31) <= days["all_saints"] <= date(year, 11, 6)
    assert {days["midsummer"].weekday(), days["all_saints"].weekday()} == {5}


@given(st.dates(date(1970, 1, 1), date(2199, 11, 30)))
def test_the_next_working_day_is_the_first_that_is_one(day: date) -> None:
    """No working day lies between, and no wait is longer than Christmas or Easter make it."""
    found = next_working_day(day)
    assert rest_day(found) is None
    assert all(rest_day(day + timedelta(days=n)) for n in range((found - day).days))
    assert (found - day).days <= 5
    assert in_weeks(day, 3).weekday() == day.weekday()


def test_the_worked_example() -> None:
    """A meeting on 1 September 2026, from adjustment to the day on which the notice may come down."""
    dates = protocol_dates(meeting=date(2026, 9, 1), adjusted=date(2026, 9, 10), announced=date(2026, 9, 11))
    assert dates.adjust_by == LegalDay(date(2026, 9, 15))
    assert dates.announce_by == LegalDay(date(2026, 9, 12), "saturday")
    assert dates.appeal_by == LegalDay(date(2026, 10, 2))
    assert dates.take_down_from == LegalDay(date(2026, 10, 3), "saturday")
    assert dates.late == ()


@pytest.mark.parametrize(
    ("announced", "appeal_by", "take_down"),
    [
        (date(2026, 12, 3), date(2026, 12, 28), date(2026, 12, 29)),  # Christmas Eve, then holidays and a weekend
        (date(2026, 3, 13), date(2026, 4, 7), date(2026, 4, 8)),  # Good Friday, until Easter Monday is over
        (date(2026, 5, 29), date(2026, 6, 22), date(2026, 6, 23)),  # Midsummer Eve
        (date(2025, 12, 10), date(2026, 1, 2), date(2026, 1, 3)),  # New Year's Eve, and the day after
    ],
)
def test_an_appeal_that_ends_on_a_rest_day_may_come_the_next_working_day(
    announced: date, appeal_by: date, take_down: date
) -> None:
    """The public's time never ends on a day on which nobody is there (lag 1930:173)."""
    dates = protocol_dates(announced=announced)
    assert dates.appeal_by
    assert dates.take_down_from
    assert (dates.appeal_by.day, dates.take_down_from.day) == (appeal_by, take_down)


def test_what_is_late_is_told() -> None:
    """Adjusted on the fifteenth day and announced on the third after that: both are late, and nothing is hidden."""
    dates = protocol_dates(meeting=date(2026, 9, 1), adjusted=date(2026, 9, 16), announced=date(2026, 9, 19))
    assert dates.late == ("adjusted", "announced")
    assert protocol_dates().adjust_by is None
