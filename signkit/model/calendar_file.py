"""A calendar file (iCalendar, RFC 5545) with one event: the last day to sign."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final

__all__ = ["last_day_event"]

_OCTETS: Final = 75
"""Most octets of a line, section 3.1."""


def last_day_event(
    uid: str, *, day: date, summary: str, description: str, made_at: datetime, sequence: int = 0
) -> bytes:
    """Return a calendar with an event that lasts the whole of ``day``, and reminds at nine in the morning before.

    Args:
        uid: the same for every version of the event.
        day: the last day, where the reader lives.
        summary: one line.
        description: may have several.
        made_at: an aware instant.
        sequence: higher for a later version of the same event, section 3.8.7.4.
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//signkit//signkit//EN",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:{_text(uid)}",
        f"DTSTAMP:{made_at.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        f"SEQUENCE:{sequence}",
        f"DTSTART;VALUE=DATE:{day:%Y%m%d}",
        f"DTEND;VALUE=DATE:{day + timedelta(days=1):%Y%m%d}",
        f"SUMMARY:{_text(summary)}",
        f"DESCRIPTION:{_text(description)}",
        "TRANSP:TRANSPARENT",
        "CLASS:PRIVATE",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        "TRIGGER:-PT15H",
        f"DESCRIPTION:{_text(summary)}",
        "END:VALARM",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return b"".join(_folded(line) + b"\r\n" for line in lines)


def _text(value: str) -> str:
    """Escape a value of type TEXT, section 3.3.11."""
    escaped = value.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return escaped.replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "")


def _folded(line: str) -> bytes:
    """Fold a line at 75 octets, never inside a character."""
    folded, length = bytearray(), 0
    for char in line:
        octets = char.encode("utf-8")
        if length + len(octets) > _OCTETS:
            folded += b"\r\n "
            length = 1
        folded += octets
        length += len(octets)
    return bytes(folded)
