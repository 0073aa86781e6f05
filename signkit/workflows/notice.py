"""The notice for the board (anslag): kommunallagen (2017:725) 8:10–12 and 13:5.

Made from a finished envelope; the day on which it is put up is written down as the entry ``announced``, so that the
same notice comes out the next time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from signkit.canonical import Json
from signkit.errors import UsageError
from signkit.journal.writer import append
from signkit.model.envelope import FILLED, Envelope, EnvelopeState
from signkit.model.protocol_dates import LegalDay, ProtocolDates, protocol_dates
from signkit.texts import text
from signkit.texts.dates import long_date, swedish_day
from signkit.workflows.desk import Desk, expect_state, load
from signkit.workflows.letter_form import Block, Facts, Heading, Words, as_html, as_text
from signkit.workflows.openings import Openings

__all__ = ["ANNOUNCED", "BoardNotice", "board_notice"]

ANNOUNCED: Final = "announced"
SCHEMA: Final = "signkit.notice/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardNotice:
    """What is put up."""

    envelope: str
    kind: str
    sort: str
    """``minutes`` or ``decision``."""
    organisation: str
    title: str
    metadata: dict[str, str]
    dates: ProtocolDates
    available_at: str
    responsible: str | None
    documents: tuple[tuple[str, str], ...]
    """Name and SHA-256 of each finished file."""
    language: str
    test: bool

    def to_json(self) -> Json:
        """Return ``signkit.notice/1``."""
        dates = self.dates
        return {
            "schema": SCHEMA,
            "envelope": self.envelope,
            "kind": self.kind,
            "environment": "test" if self.test else "production",
            "organisation": self.organisation,
            "title": self.title,
            "body": self.metadata.get("body"),
            "case": self.metadata.get("case"),
            "decision": self.metadata.get("decision"),
            "paragraphs": self.metadata.get("paragraph"),
            "meeting": _iso(dates.meeting),
            "adjust_by": _legal(dates.adjust_by),
            "adjusted": _iso(dates.adjusted),
            "announce_by": _legal(dates.announce_by),
            "announced": _iso(dates.announced),
            "appeal_by": _legal(dates.appeal_by),
            "take_down_from": _legal(dates.take_down_from),
            "late": list(dates.late),
            "available_at": self.available_at,
            "responsible": self.responsible,
            "documents": [{"name": name, "sha256": digest} for name, digest in self.documents],
        }

    def to_text(self) -> str:
        """Return the notice as plain text."""
        return f"{self._heading}\n{'=' * len(self._heading)}\n\n{as_text(list(self._blocks()))}"

    def to_html(self) -> str:
        """Return the notice as one accessible page."""
        return as_html(list(self._blocks()), lang=self.language, title=self._heading, heading=self._heading)

    @property
    def _heading(self) -> str:
        return self._say(f"notice.{self.sort}.heading")

    def _say(self, code: str, /, **params: object) -> str:
        return text(code, self.language, organisation=self.organisation, **params)

    def _blocks(self) -> Iterator[Block]:
        if self.test:
            yield Words(self._say("notice.test"), strong=True)
        yield Words(self._say(f"notice.{self.sort}.lead"))
        rows = [(self._say(f"notice.fact.{name}"), value) for name, value in self._facts() if value]
        yield Facts(tuple(rows))
        yield Heading(self._say("notice.appeal.heading"))
        appeal_by = self.dates.appeal_by
        yield Words(self._say("notice.appeal.text", day=long_date(appeal_by.day, self.language) if appeal_by else ""))
        yield Words(self._say("notice.foot", envelope=self.envelope[:8]))

    def _facts(self) -> Iterator[tuple[str, str | None]]:
        dates, meta = self.dates, self.metadata
        if self.sort == "minutes" and not meta.get("body") and dates.meeting is None:
            yield "title", self.title  # else nothing would say which minutes (kommunallagen 8:12)
        yield "body", meta.get("body")
        yield "case", meta.get("case")
        yield "decision", meta.get("decision")
        yield "meeting" if self.sort == "minutes" else "decided", self._day(dates.meeting)
        yield "paragraphs", meta.get("paragraph", "").replace("-", "\u2013")
        yield "immediate", meta.get("immediate", "").replace("-", "\u2013")
        yield "adjusted" if self.sort == "minutes" else "signed", self._day(dates.adjusted)
        yield "announced", self._day(dates.announced)
        yield "appeal_by", self._day(dates.appeal_by.day if dates.appeal_by else None)
        yield "take_down_from", self._day(dates.take_down_from.day if dates.take_down_from else None)
        yield "available_at", self.available_at
        yield "responsible", self.responsible

    def _day(self, day: date | None) -> str | None:
        return long_date(day, self.language) if day else None


def board_notice(
    desk: Desk,
    envelope_id: str,
    *,
    sort: str,
    announced: date | None = None,
    available_at: str | None = None,
    responsible: str | None = None,
) -> BoardNotice:
    """Return the notice of a finished envelope, and write down the day on which it is put up.

    Args:
        desk: the clerk's desk.
        envelope_id: the envelope.
        sort: ``minutes`` or ``decision``.
        announced: the day; None: the day written down before, else today.
        available_at: where the document can be read; None: as the metadata say, else the organisation.
        responsible: who answers for the notice; None: as the metadata say.

    Raises:
        TransitionError: the envelope is not completed.
        UsageError: announced before it was adjusted, or in the future.
    """
    now = desk.clock.now()
    with desk.store.write() as tx:
        envelope = load(tx, envelope_id)
        expect_state(envelope, EnvelopeState.COMPLETED, step="a notice")
        openings = Openings(tx.openings(envelope_id))
        before = [item.entry.data["day"] for item in tx.entries(envelope_id) if item.entry.type == ANNOUNCED]
        day = announced or (date.fromisoformat(before[-1]) if before else swedish_day(now))
        dates = _dates(envelope, openings, sort, day, now)
        if not before or before[-1] != day.isoformat():
            data = {
                "day": day.isoformat(),
                "appeal_by": _iso(dates.appeal_by.day if dates.appeal_by else None),
                "take_down_from": _iso(dates.take_down_from.day if dates.take_down_from else None),
            }
            append(tx, envelope_id, ANNOUNCED, actor="clerk", data=data, at=now)
    metadata = openings.metadata
    return BoardNotice(
        envelope=envelope_id,
        kind=envelope.kind,
        sort=sort,
        organisation=desk.organisation,
        title=openings.title,
        metadata=metadata,
        dates=dates,
        available_at=available_at or metadata.get("available_at") or desk.organisation,
        responsible=responsible or metadata.get("responsible"),
        documents=tuple(
            (openings.document(index), document.current.sha256) for index, document in enumerate(envelope.documents)
        ),
        language=envelope.language,
        test=envelope.environment == "test",
    )


def _dates(envelope: Envelope, openings: Openings, sort: str, day: date, now: datetime) -> ProtocolDates:
    signed = [item.at for item in envelope.signatories if item.status in FILLED and item.at is not None]
    adjusted = swedish_day(max(signed))
    if day < adjusted or day > swedish_day(now):
        raise UsageError(
            f"announced on {day}, but signed on {adjusted}" if day < adjusted else f"{day} is yet to come",
            code="usage.announced",
            hint="write the day on which the notice is put up: --announced 2026-09-11",
            subject={"envelope": envelope.id},
        )
    dates = protocol_dates(meeting=_meeting(openings, sort), adjusted=adjusted, announced=day)
    return dates if sort == "minutes" else _decision(dates)


def _decision(dates: ProtocolDates) -> ProtocolDates:
    """Leave out what the law says of minutes only."""
    return ProtocolDates(
        dates.meeting, dates.adjusted, dates.announced, None, None, dates.appeal_by, dates.take_down_from
    )


def _meeting(openings: Openings, sort: str) -> date | None:
    try:
        return date.fromisoformat(openings.metadata.get("meeting" if sort == "minutes" else "decided", ""))
    except ValueError:
        return None


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _legal(day: LegalDay | None) -> Json:
    return None if day is None else {"day": day.day.isoformat(), "rest": day.rest}
