"""The Swedish calendar, computed for any year: public holidays, and what counts as one when time runs out.

Public holidays: lag (1989:253). Days on which nothing legally due need be done: lag (1930:173) section 2, which adds
Saturdays, Midsummer Eve, Christmas Eve and New Year's Eve.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

__all__ = ["easter", "holidays", "in_weeks", "next_working_day", "rest_day"]

_SATURDAY: Final = 5
_SUNDAY: Final = 6
_NATIONAL_DAY_SINCE: Final = 2005
"""From then on a public holiday, in the place of Whit Monday (lag 2004:1320)."""


def easter(year: int) -> date:
    """Return Easter Sunday in the Gregorian calendar (the anonymous algorithm, Nature 1876)."""
    golden, century, part = year % 19, year // 100, year % 100
    moon = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    sunday = (32 + 2 * (century % 4) + 2 * (part // 4) - moon - part % 4) % 7
    late = (golden + 11 * moon + 22 * sunday) // 451
    month, day = divmod(moon + sunday - 7 * late + 114, 31)
    return date(year, month, day + 1)


@functools.lru_cache(maxsize=64)
def holidays(year: int) -> Mapping[date, str]:
    """Return the public holidays of a year that are more than Sundays, with their codes in ``texts``."""
    sunday = easter(year)
    found = {
        date(year, 1, 1): "new_year",
        date(year, 1, 6): "epiphany",
        sunday - timedelta(days=2): "good_friday",
        sunday: "easter",
        sunday + timedelta(days=1): "easter_monday",
        date(year, 5, 1): "may_day",
        sunday + timedelta(days=39): "ascension",
        sunday + timedelta(days=49): "whit_sunday",
        _saturday_from(date(year, 6, 20)): "midsummer",
        _saturday_from(date(year, 10, 31)): "all_saints",
        date(year, 12, 25): "christmas",
        date(year, 12, 26): "boxing_day",
    }
    if year >= _NATIONAL_DAY_SINCE:
        found[date(year, 6, 6)] = "national_day"
    else:
        found[sunday + timedelta(days=50)] = "whit_monday"
    return MappingProxyType(found)


def rest_day(day: date) -> str | None:
    """Return why nothing legally due need be done on a day, as a code in ``texts``; None on a working day."""
    named = holidays(day.year).get(day)
    if named is not None:
        return named
    eves = {
        _saturday_from(date(day.year, 6, 20)) - timedelta(days=1): "midsummer_eve",
        date(day.year, 12, 24): "christmas_eve",
        date(day.year, 12, 31): "new_years_eve",
    }
    if day in eves:
        return eves[day]
    return {_SATURDAY: "saturday", _SUNDAY: "sunday"}.get(day.weekday())


def next_working_day(day: date) -> date:
    """Return the day itself or, if it is a rest day, the next one that is not (lag 1930:173 section 2)."""
    while rest_day(day) is not None:
        day += timedelta(days=1)
    return day


def in_weeks(day: date, weeks: int) -> date:
    """Return the day on which a time of so many weeks ends: the same weekday (lag 1930:173 section 1)."""
    return day + timedelta(weeks=weeks)


def _saturday_from(day: date) -> date:
    return day + timedelta(days=(_SATURDAY - day.weekday()) % 7)
