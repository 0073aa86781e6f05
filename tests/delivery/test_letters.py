"""The form of letters and calendar files, whatever words are put into them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from xml.etree.ElementTree import fromstring

from hypothesis import given
from hypothesis import strategies as st

from signkit.model.calendar_file import last_day_event
from signkit.texts.dates import long_date, long_time
from signkit.workflows.letter_form import Block, Command, Facts, Heading, Link, Words, as_html, as_text

WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn")), max_size=200)


@given(WORDS, WORDS)
def test_a_calendar_file_has_lines_of_75_octets(summary: str, description: str) -> None:
    """Lines are folded by octets and end in CRLF, and unfolding gives the text back (RFC 5545 section 3.1)."""
    data = last_day_event(
        "id@signkit", day=date(2026, 12, 24), summary=summary, description=description, made_at=datetime.now(UTC)
    )
    lines = data.split(b"\r\n")
    assert lines[-1] == b""
    assert all(len(line) <= 75 for line in lines)
    assert all(b"\n" not in line and b"\r" not in line for line in lines)
    whole = data.replace(b"\r\n ", b"").decode()
    (found,) = (line[8:] for line in whole.split("\r\n") if line.startswith("SUMMARY:"))
    assert found.replace("\\,", ",").replace("\\;", ";").replace("\\\\", "\\") == summary


@given(WORDS)
def test_what_fills_a_letter_is_data(words: str) -> None:
    """No name, title or place changes the page around it; the same words stand in the plain text."""
    blocks: list[Block] = [
        Words(words),
        Heading(words),
        Facts(((words, words),)),
        Link("x", "https://x.example"),
        Command(words),
    ]
    page = as_html(blocks, lang="sv", title=words)
    body = page[page.index("<div") : page.index("</body>")]
    assert len(list(fromstring(body).iter())) == 13  # noqa: S314 - our own page
    assert "https://x.example\n" in as_text(blocks)


def test_days_are_written_as_people_write_them() -> None:
    """Weekday and month in words; a deadline at the end of the day is the day."""
    assert long_date(date(2026, 9, 1), "sv") == "tisdag 1 september 2026"
    assert long_date(date(2026, 9, 1), "da") == "tirsdag 1. september 2026"
    assert long_time(datetime(2026, 12, 24, 22, 59, 59, tzinfo=UTC), "en") == "Thursday 24 December 2026"
    assert long_time(datetime(2026, 7, 1, 10, 0, tzinfo=UTC), "sv") == "onsdag 1 juli 2026 klockan 12.00"
