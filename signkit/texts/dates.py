"""Dates and times as people write them, in Swedish time: the zone of those that signkit is made for."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from signkit.texts import text

__all__ = ["ZONE", "long_date", "long_time", "swedish_day"]

ZONE: Final = ZoneInfo("Europe/Stockholm")


def swedish_day(moment: datetime) -> date:
    """Return the day that it is in Sweden at an instant."""
    return moment.astimezone(ZONE).date()


def long_date(day: date, lang: str) -> str:
    """Return a day with its weekday and month in words."""
    return text(
        "date.long",
        lang,
        weekday=text(f"date.weekday.{day.isoweekday()}", lang),
        day=day.day,
        month=text(f"date.month.{day.month}", lang),
        year=day.year,
    )


def long_time(moment: datetime, lang: str) -> str:
    """Return an instant as day and time in Sweden; the last minute of a day is the day alone."""
    local = moment.astimezone(ZONE)
    day = long_date(local.date(), lang)
    if (local.hour, local.minute) == (23, 59):
        return day
    return text("date.time", lang, day=day, hour=f"{local.hour:02d}", minute=f"{local.minute:02d}")
