"""Who is to be told what: computed from the entries of an envelope and a table, nothing else.

A notice is owed because of one entry (``of``), to one recipient, about one event. What became of it is in entries
of the type ``notified``: ``{event, of, to, outcome, code, attempt, service}``, never an address. So nothing is lost in
a crash: what is owed and not settled is still owed the next time that anyone looks.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from signkit.model.entry import Entry
from signkit.model.envelope import Envelope, EnvelopeState, SignatoryStatus, steps
from signkit.model.envelope_state import FILLED, OPEN
from signkit.model.rules import Capacity

__all__ = [
    "CLERK",
    "DEFAULT_AUDIENCES",
    "NOTIFIED",
    "Audience",
    "Due",
    "Event",
    "Notice",
    "NotifySettings",
    "Outcome",
    "due_notices",
]

NOTIFIED: Final = "notified"
CLERK: Final = "clerk"
STALE: Final = timedelta(days=14)
"""What nobody has tried to tell for so long is no news: a home that was restored, or had no delivery before."""
DELAYS: Final = tuple(timedelta(minutes=item) for item in (5, 15, 60, 240, 720, 1440))
"""Time to wait after the first, second … failed attempt; the last is repeated."""


class Event(enum.StrEnum):
    """What people are told about."""

    SENT = "sent"
    INVITED = "invited"
    REMINDED = "reminded"
    DELEGATED = "delegated"
    SIGNED = "signed"
    DECLINED = "declined"
    EXTENDED = "extended"
    COMPLETED = "completed"
    VOIDED = "voided"
    EXPIRED = "expired"
    CORRECTED = "corrected"
    """A new envelope takes this one's place."""
    UNDELIVERED = "undelivered"
    """A message did not reach somebody, and is not tried again."""


class Audience(enum.StrEnum):
    """Groups of people around an envelope."""

    PERSON = "person"
    """Whom the event is about: the invited, the reminded, the delegate, the one who signed or declined."""
    INVITED = "invited"
    """Asked to sign and have not answered."""
    SIGNED = "signed"
    """Have signed."""
    WAITING = "waiting"
    """Will be asked later."""
    CLERK = "clerk"
    VIEWERS = "viewers"
    COPIES = "copies"


DEFAULT_AUDIENCES: Final[Mapping[Event, tuple[Audience, ...]]] = MappingProxyType(
    {
        Event.SENT: (Audience.VIEWERS,),
        Event.INVITED: (Audience.PERSON,),
        Event.REMINDED: (Audience.PERSON,),
        Event.DELEGATED: (Audience.PERSON,),
        Event.SIGNED: (),
        Event.DECLINED: (Audience.CLERK, Audience.SIGNED, Audience.INVITED, Audience.VIEWERS),
        Event.EXTENDED: (Audience.INVITED,),
        Event.COMPLETED: (Audience.CLERK, Audience.SIGNED, Audience.VIEWERS, Audience.COPIES),
        Event.VOIDED: (Audience.SIGNED, Audience.INVITED, Audience.VIEWERS),
        Event.EXPIRED: (Audience.CLERK, Audience.SIGNED, Audience.INVITED, Audience.VIEWERS),
        Event.CORRECTED: (Audience.SIGNED, Audience.VIEWERS),
        Event.UNDELIVERED: (Audience.CLERK,),
    }
)


class Outcome(enum.StrEnum):
    """What became of one attempt to tell."""

    SENT = "sent"
    DEFERRED = "deferred"
    """Not now; it is tried again."""
    REFUSED = "refused"
    """Never as it is."""
    GIVEN_UP = "given_up"
    """Tried often enough."""
    RETURNED = "returned"
    """It had been sent, and came back."""


_PLAIN: Final = {
    "sent": Event.SENT,
    "extended": Event.EXTENDED,
    "voided": Event.VOIDED,
    "expired": Event.EXPIRED,
    "superseded": Event.CORRECTED,
}
"""Entry types that are an event about nobody in particular."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifySettings:
    """The table ``[notify]``: who is told, and what the messages say beside the facts."""

    audiences: Mapping[Event, tuple[Audience, ...]] = field(default_factory=lambda: DEFAULT_AUDIENCES)
    clerk: str | None = field(default=None, repr=False)
    """Address of whoever sends envelopes here; None: the clerk is told nothing."""
    link: str | None = None
    """Address of a page to sign on, with ``{envelope}`` and ``{signatory}``."""
    meeting: str | None = None
    """Where people sign in person, in words."""
    contact: str | None = None
    """Whom to ask, in words."""
    hide_title: frozenset[str] = frozenset({"employment-contract"})
    """Kinds whose title and case number stay out of messages."""
    attach: tuple[Audience, ...] = (Audience.COPIES,)
    """Who gets the finished documents with the message that they are finished."""
    attempts: int = 8


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that one recipient is to be told."""

    event: Event
    of: int
    """Number of the entry that it is owed for."""
    to: str
    """Place (``s1``), recipient (``r1``) or ``clerk``."""
    about: str | None = None
    """Place that the event is about."""
    audience: Audience = Audience.PERSON

    @property
    def key(self) -> tuple[str, int, str]:
        """What ``notified`` entries name it by."""
        return (self.event.value, self.of, self.to)


@dataclass(frozen=True, slots=True)
class Due:
    """A notice to be sent now."""

    notice: Notice
    attempt: int
    """1 for the first."""


def due_notices(
    entries: Sequence[Entry], *, audiences: Mapping[Event, tuple[Audience, ...]], now: datetime, attempts: int
) -> tuple[Envelope, list[Due]]:
    """Return the envelope, and what is to be told now, in the order in which it came to pass.

    Raises:
        JournalCorruptError: the entries do not add up.
    """
    owed: dict[tuple[str, int, str], tuple[Notice, datetime]] = {}
    envelope: Envelope | None = None
    tried: dict[tuple[str, int, str], list[Entry]] = {}
    for entry, after in steps(entries):
        if entry.type == NOTIFIED:
            tried.setdefault(_key(entry.data), []).append(entry)
        for notice in _caused(entry, envelope, after, audiences):
            owed.setdefault(notice.key, (notice, entry.at))
        envelope = after
    assert envelope is not None
    due = []
    for key, (notice, at) in owed.items():
        attempt = _next_attempt(tried.get(key, []), at, now, attempts)
        if attempt is not None and _still_true(notice, envelope):
            due.append(Due(notice, attempt))
    return envelope, due


def _key(data: Mapping[str, Any]) -> tuple[str, int, str]:
    of = data.get("of")
    return (str(data.get("event")), of if isinstance(of, int) else -1, str(data.get("to")))


def _next_attempt(tried: Sequence[Entry], since: datetime, now: datetime, attempts: int) -> int | None:
    """Return the number of the attempt to make now; None: not now, or never again."""
    if not tried:
        return 1 if now - since <= STALE else None
    last = tried[-1]
    if last.data.get("outcome") != Outcome.DEFERRED or len(tried) >= attempts:
        return None
    return len(tried) + 1 if now >= last.at + DELAYS[min(len(tried), len(DELAYS)) - 1] else None


def _still_true(notice: Notice, envelope: Envelope) -> bool:
    """Tell whether an invitation is still one: nobody is asked for what is done, or over."""
    if notice.event in {Event.INVITED, Event.REMINDED, Event.DELEGATED}:
        return envelope.state is EnvelopeState.SENT and not envelope.ended and envelope.signatory(notice.to).open
    return notice.event is not Event.EXTENDED or envelope.state is EnvelopeState.SENT


def _caused(
    entry: Entry, before: Envelope | None, after: Envelope, table: Mapping[Event, tuple[Audience, ...]]
) -> Iterator[Notice]:
    """Give what an entry makes people owed."""
    if before is None:
        return
    for event, about in _events(entry, before, after):
        told: set[str] = set()
        for audience in table.get(event, ()):
            for name in _members(audience, about, before, after):
                if name not in told:
                    told.add(name)
                    yield Notice(event, entry.seq, name, about, audience)


def _events(entry: Entry, before: Envelope, after: Envelope) -> Iterator[tuple[Event, str | None]]:
    data = entry.data
    if entry.type in {"signed", "declined", "delegated"}:
        yield Event(entry.type), str(data.get("signatory"))
    elif entry.type == "reminded":
        for name in _reminded(data):
            yield Event.REMINDED, name
    elif entry.type == NOTIFIED and _lost(data):
        yield Event.UNDELIVERED, str(data.get("to"))
    elif entry.type in _PLAIN and (entry.type != "voided" or before.state is EnvelopeState.SENT):
        yield _PLAIN[entry.type], None
    elif entry.type == "archived" and after.state is EnvelopeState.COMPLETED:
        yield Event.COMPLETED, None
    asked = {SignatoryStatus.INVITED, SignatoryStatus.DELEGATED}
    for old, new in zip(before.signatories, after.signatories, strict=True):
        if old.status is SignatoryStatus.WAITING and new.status in asked and entry.type != "delegated":
            yield Event.INVITED, new.id


def _reminded(data: Mapping[str, Any]) -> list[str]:
    named = data.get("signatories", [data.get("signatory")])
    return [str(item) for item in named if item] if isinstance(named, list) else []


def _lost(data: Mapping[str, Any]) -> bool:
    lost = {Outcome.REFUSED.value, Outcome.GIVEN_UP.value, Outcome.RETURNED.value}
    return data.get("outcome") in lost and data.get("event") != Event.UNDELIVERED


def _members(audience: Audience, about: str | None, before: Envelope, after: Envelope) -> Iterable[str]:
    """Return who belongs to an audience; those who were still asked when an envelope ended count as asked."""
    places = [item.id for item in before.signatories]
    if audience is Audience.PERSON:
        return [about] if about in places else []
    if audience is Audience.CLERK:
        return [CLERK]
    if audience in {Audience.VIEWERS, Audience.COPIES}:
        wanted = Capacity.VIEWER if audience is Audience.VIEWERS else Capacity.COPY
        return [item.id for item in after.recipients if item.capacity is wanted]
    statuses = {
        Audience.INVITED: OPEN - {SignatoryStatus.WAITING},
        Audience.SIGNED: FILLED,
        Audience.WAITING: {SignatoryStatus.WAITING},
    }[audience]
    source = after if audience is Audience.SIGNED else before
    return [item.id for item in source.signatories if item.status in statuses and item.id != about]
