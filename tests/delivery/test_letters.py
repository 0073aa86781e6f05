"""The form of letters and calendar files, whatever words are put into them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signkit.model.calendar_file import last_day_event
from signkit.model.entry import Entry
from signkit.model.notices import DEFAULT_AUDIENCES, Event, due_notices
from signkit.texts import codes
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


@pytest.mark.parametrize("event", list(Event))
def test_every_event_has_its_words(event: Event) -> None:
    """Each event has a subject and a first sentence, and somebody who may be told."""
    assert {f"mail.{event.value}.subject", f"mail.{event.value}.lead"} <= set(codes())
    assert event in DEFAULT_AUDIENCES


def test_old_news_is_no_news() -> None:
    """What nobody tried to tell for fourteen days is not told; what failed is told with longer and longer pauses."""
    start = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    entries = [
        _entry(0, start, "created", CREATED),
        _entry(1, start, "sending", {}),
        _entry(2, start, "sent", {"documents": [FILE]}),
    ]

    def due(*, after: timedelta, more: Sequence[Entry] = ()) -> list[int]:
        found = due_notices([*entries, *more], audiences=DEFAULT_AUDIENCES, now=start + after, attempts=3)[1]
        return [item.attempt for item in found]

    failed = {"event": "invited", "of": 2, "to": "s1", "outcome": "deferred", "code": "x", "attempt": 1, "service": "x"}
    first = _entry(3, start, "notified", failed)
    second = _entry(4, start + timedelta(minutes=5), "notified", failed | {"attempt": 2})
    third = _entry(5, start + timedelta(minutes=20), "notified", failed | {"attempt": 3, "outcome": "given_up"})
    assert due(after=timedelta(days=14)) == [1]
    assert due(after=timedelta(days=14, seconds=1)) == []
    assert due(after=timedelta(minutes=4), more=[first]) == []
    assert due(after=timedelta(minutes=5), more=[first]) == [2]
    assert due(after=timedelta(minutes=19), more=[first, second]) == []
    assert due(after=timedelta(minutes=20), more=[first, second]) == [3]
    assert due(after=timedelta(days=20), more=[first, second]) == [3]
    assert due(after=timedelta(days=1), more=[first, second, third]) == [1]  # the clerk is told, nobody else


FILE = {"size": 1, "sha256": "sha256:" + "0" * 64}
CREATED = {
    "kind": "protocol",
    "deadline": None,
    "disclosure": "none",
    "environment": "test",
    "documents": [{"r0": FILE, "r1": FILE, "pages": 1, "name": "sha256:" + "0" * 64, "risks": []}],
    "signatories": [
        {"id": "s1", "role": "x", "order": 1, "person": None, "provider": None, "name": "sha256:" + "0" * 64}
    ],
    "rules": {"quorums": [{"of": ["s1"], "needed": 1}], "decline": "ends"},
}


def _entry(seq: int, at: datetime, kind: str, data: dict[str, Any]) -> Entry:
    prev = None if seq == 0 else "sha256:" + "0" * 64
    return Entry(envelope="test", seq=seq, at=at, type=kind, actor="clerk", data=data, nonce="0" * 32, prev=prev)
