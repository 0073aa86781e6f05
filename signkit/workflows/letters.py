"""What a message says: the facts of an envelope in the words of the catalogue ``mail``, for one recipient."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from signkit.model.calendar_file import last_day_event
from signkit.model.entry import parse_time
from signkit.model.envelope import Envelope, EnvelopeState, SignatoryState
from signkit.model.notices import CLERK, Event, Notice, NotifySettings
from signkit.ports.delivery import Attachment, Message, is_address
from signkit.texts import text
from signkit.texts.dates import long_time, swedish_day
from signkit.workflows.acting import acting
from signkit.workflows.layout import place_words
from signkit.workflows.letter_form import Block, Command, Facts, Heading, Link, Words, as_html, as_text
from signkit.workflows.openings import Openings

__all__ = ["Reader", "letter", "reader_of"]

_ASKING: Final = frozenset({Event.INVITED, Event.REMINDED, Event.DELEGATED, Event.EXTENDED})
"""Messages that say how to sign."""
_LISTED: Final = 20
"""Most documents named one by one."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads a message."""

    name: str
    address: str


def reader_of(notice: Notice, envelope: Envelope, openings: Openings, settings: NotifySettings) -> Reader | None:
    """Return who is to read a notice; None where no address is known, or it has been erased."""
    if notice.to == CLERK:
        name, address = "", settings.clerk
    elif notice.to in {item.id for item in envelope.recipients}:
        name, address = openings.text(f"recipient.{notice.to}.name"), openings.text(f"recipient.{notice.to}.email")
    else:
        person = acting(envelope.signatory(notice.to), openings)
        name, address = person.name, person.email
    return Reader(name, address) if address and is_address(address) else None


def letter(
    notice: Notice,
    envelope: Envelope,
    openings: Openings,
    *,
    reader: Reader,
    organisation: str,
    settings: NotifySettings,
    at: datetime,
    documents: Sequence[Attachment] | None = None,
    code: str = "",
) -> Message:
    """Return the message that tells ``reader`` of a notice.

    Args:
        notice: what is told.
        envelope: as it stands now.
        openings: its names and titles.
        reader: who reads it.
        organisation: who writes.
        settings: how to sign, whom to ask, what to leave out.
        at: now.
        documents: files to attach; None: none are wanted; empty: they are wanted and too large.
        code: for a message that did not arrive: why.
    """
    lang = envelope.language
    words = _Writer(notice, envelope, openings, organisation, settings, lang, code)
    blocks = [*words.head(reader), *words.lead(documents), words.facts()]
    place = _own_place(notice, envelope)
    attached = list(documents or ())
    if place is not None and notice.event in _ASKING and envelope.may_sign(place.id):
        blocks += words.how(place)
        attached += words.calendar(place, at)
    blocks += words.foot()
    subject = words.say(f"mail.{notice.event.value}.subject")
    if envelope.environment == "test":
        subject = text("mail.test_subject", lang, subject=subject)
    first = f"{envelope.id}.{notice.to}"
    return Message(
        id=f"{first}.{notice.event.value}-{notice.of}",
        thread=f"{first}.thread",
        to=reader.address,
        name=reader.name,
        language=lang,
        subject=_line(subject),
        text=as_text(blocks),
        html=as_html(blocks, lang=lang, title=subject),
        attachments=tuple(attached),
        event=notice.event.value,
        envelope=envelope.id,
        recipient=notice.to,
    )


def _own_place(notice: Notice, envelope: Envelope) -> SignatoryState | None:
    return next((item for item in envelope.signatories if item.id == notice.to), None)


@dataclass(frozen=True, slots=True)
class _Writer:
    notice: Notice
    envelope: Envelope
    openings: Openings
    organisation: str
    settings: NotifySettings
    lang: str
    code: str

    def say(self, code: str, /, **params: object) -> str:
        """Return a sentence with what all of them may name."""
        common = {"organisation": self.organisation, "ref": self.envelope.id[:8], "envelope": self.envelope.id}
        return text(code, self.lang, **common, **params)

    def head(self, reader: Reader) -> Iterator[Block]:
        if self.envelope.environment == "test":
            yield Words(self.say("mail.test"), strong=True)
        if reader.name:
            yield Words(self.say("mail.greeting", name=reader.name))

    def lead(self, documents: Sequence[Attachment] | None) -> Iterator[Block]:
        event = self.notice.event
        left = sum(1 for item in self.envelope.signatories if item.open)
        yield Words(self.say(f"mail.{event.value}.lead", about=self._about(), left=left, code=self.code))
        if event is Event.DECLINED:
            ended = self.envelope.state is EnvelopeState.DECLINED
            yield Words(self.say("mail.declined.ended" if ended else "mail.declined.goes_on"))
        if event is Event.DELEGATED and not self.envelope.may_sign(self.notice.to):
            yield Words(self.say("mail.delegated.later"))
        if event is Event.COMPLETED and self.notice.to != CLERK:
            how = "not_attached" if documents is None else "attached" if documents else "too_large"
            yield Words(self.say(f"mail.completed.{how}"))

    def facts(self) -> Facts:
        hidden = self.envelope.kind in self.settings.hide_title and self.notice.to != CLERK
        rows = [("mail.fact.kind", text(f"kind.{self.envelope.kind}", self.lang))]
        if not hidden:
            rows = [("mail.fact.title", self.openings.title)]
            if case := self.openings.metadata.get("case"):
                rows.append(("mail.fact.case", case))
            rows += [("mail.fact.documents", "; ".join(self._documents()))]
        place = _own_place(self.notice, self.envelope)
        if place is not None:
            rows.append(("mail.fact.role", place_words(self.envelope, place.id, self.lang)))
        if self.envelope.deadline and self.notice.event in _ASKING | {Event.SENT}:
            rows.append(("mail.fact.deadline", long_time(parse_time(self.envelope.deadline), self.lang)))
        rows.append(("mail.fact.reference", self.envelope.id[:8]))
        return Facts(tuple((self.say(label), _line(value)) for label, value in rows if value))

    def how(self, place: SignatoryState) -> Iterator[Block]:
        yield Heading(self.say("mail.how.heading"))
        if self.settings.link:
            url = self.settings.link.replace("{envelope}", self.envelope.id).replace("{signatory}", place.id)
            yield Words(self.say("mail.how.link"))
            yield Link(self.say("mail.how.link_button"), url)
        if self.settings.meeting:
            how = "or_meeting" if self.settings.link else "meeting"
            yield Words(self.say(f"mail.how.{how}", where=self.settings.meeting.rstrip(".")))
        if not self.settings.link:
            if not self.settings.meeting:
                yield Words(self.say("mail.how.ask"))
            yield Words(self.say("mail.how.command"))
            yield Command(f"signkit sign {self.envelope.id} --as {place.id}")
        yield Words(self.say("mail.how.decline"))
        yield Heading(self.say("mail.safe.heading"))
        yield Words(self.say("mail.safe.text"))

    def calendar(self, place: SignatoryState, at: datetime) -> Iterator[Attachment]:
        if self.envelope.deadline is None:
            return
        deadline = parse_time(self.envelope.deadline)
        event = last_day_event(
            f"{self.envelope.id}.{place.id}@signkit",
            day=swedish_day(deadline),
            summary=self.say("mail.calendar.summary"),
            description=self.say("mail.calendar.text", deadline=long_time(deadline, self.lang)),
            made_at=at,
            sequence=self.notice.of,
        )
        name = self.say("mail.calendar.name")
        yield Attachment(f"{name}.ics", "text/calendar; method=PUBLISH; charset=utf-8", event)

    def foot(self) -> Iterator[Block]:
        if self.settings.contact:
            yield Words(self.say("mail.contact", contact=self.settings.contact))
        yield Words(self.say("mail.footer"))

    def _about(self) -> str:
        about = self.notice.about
        if about is None or about == CLERK:
            return ""
        if about in {item.id for item in self.envelope.recipients}:
            return _line(self.openings.text(f"recipient.{about}.name", about))
        state = self.envelope.signatory(about)
        person = acting(state, self.openings)
        mandate = self.notice.event is Event.DELEGATED and person.instead_of
        return _line(person.instead_of or person.name if mandate else person.name)

    def _documents(self) -> Iterator[str]:
        for index, document in enumerate(self.envelope.documents[:_LISTED]):
            name = self.openings.document(index)
            yield self.say("mail.fact.document", name=name, pages=document.pages)
        if len(self.envelope.documents) > _LISTED:
            yield f"… ({len(self.envelope.documents)})"


def _line(words: str) -> str:
    """Return words without what would steer a display or a header."""
    return " ".join("".join(char if char >= " " and char != "\x7f" else " " for char in words).split())
