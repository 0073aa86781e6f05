"""An envelope is what its entries say: the state is only their fold (proof.md section 7).

``fold`` reads the entries of one envelope in order and refuses what cannot follow. Names, titles and addresses are not
in entries; the clerk adds them from the openings when showing an envelope.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from signkit.canonical import Json
from signkit.errors import JournalCorruptError
from signkit.model.entry import Entry
from signkit.model.rules import Place, Rules, evaluate
from signkit.model.statement import FileState, StatementError

__all__ = [
    "DocumentKind",
    "DocumentState",
    "Envelope",
    "EnvelopeState",
    "SignatoryState",
    "SignatoryStatus",
    "fold",
]


class DocumentKind(enum.StrEnum):
    """What sort of document it is."""

    PROTOCOL = "protocol"
    GOVERNING_DOCUMENT = "governing-document"
    EMPLOYMENT_CONTRACT = "employment-contract"
    OTHER = "other"


class EnvelopeState(enum.StrEnum):
    """Where an envelope stands; ``completed`` when the B-LTA file is in the store."""

    DRAFT = "draft"
    SENT = "sent"
    COMPLETED = "completed"
    DECLINED = "declined"
    VOIDED = "voided"
    EXPIRED = "expired"


class SignatoryStatus(enum.StrEnum):
    """Where one signatory stands."""

    WAITING = "waiting"
    INVITED = "invited"
    SIGNED = "signed"
    DECLINED = "declined"
    EXPIRED = "expired"
    NOT_NEEDED = "not_needed"


FINAL: Final = frozenset({EnvelopeState.COMPLETED, EnvelopeState.DECLINED, EnvelopeState.VOIDED, EnvelopeState.EXPIRED})


@dataclass(frozen=True, slots=True)
class DocumentState:
    """One document: what came in, and the newest revision."""

    r0: FileState
    r1: FileState
    pages: int
    name: str
    """Commitment to its name."""
    current: FileState
    r2: str | None = None
    """SHA-256 of the certified file that people are asked to sign; None before sending."""
    risks: tuple[str, ...] = ()
    details: Mapping[str, Any] | None = None
    """The entry's whole record: attachments, repair, layout."""


@dataclass(frozen=True, slots=True)
class SignatoryState:
    """One place and what became of it."""

    id: str
    role: str
    order: int
    status: SignatoryStatus
    at: datetime | None = None
    person: str | None = None
    """Commitment to the invited person; None: invited by name."""
    provider: str | None = None
    name: str = ""
    """Commitment to the name."""
    ceremony: str | None = None
    """The ceremony that is open now, or None."""
    seq: int | None = None
    """Number of the entry by which the place was filled: clocks may agree, the order of entries decides."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """One envelope, folded."""

    id: str
    state: EnvelopeState
    kind: str
    created: datetime
    deadline: str | None
    disclosure: str
    environment: str
    documents: tuple[DocumentState, ...]
    signatories: tuple[SignatoryState, ...]
    rules: Rules
    head: str
    entries: int
    language: str = "sv"
    metadata_keys: tuple[str, ...] = ()
    outcome: str | None = None
    """Set when signing has ended: ``completed``, ``declined``, ``voided`` or ``expired``."""
    stage: str = "draft"
    """The last step taken: ``draft``, ``sending``, ``sent``, ``completing``, ``sealed``, ``archived``."""

    @property
    def places(self) -> tuple[Place, ...]:
        """The places, as the rules see them."""
        return tuple(Place(item.id, item.role, item.order) for item in self.signatories)

    @property
    def signed(self) -> list[str]:
        """Places filled, in the order in which they were."""
        done = [item for item in self.signatories if item.status is SignatoryStatus.SIGNED]
        return [item.id for item in sorted(done, key=lambda item: item.seq or 0)]

    @property
    def ended(self) -> bool:
        """Whether signing has ended: an outcome is written, or the rules are met."""
        return self.outcome is not None or (
            self.state is EnvelopeState.SENT and evaluate(self.rules, self.places, self.signed).met
        )

    def signatory(self, name: str) -> SignatoryState:
        """Return the place with that id.

        Raises:
            KeyError: there is none.
        """
        for item in self.signatories:
            if item.id == name:
                return item
        raise KeyError(name)


def fold(entries: Iterable[Entry]) -> Envelope:
    """Return the envelope that ``entries`` (of one envelope, in order) describe.

    Unknown types change nothing but head and count, so that a later signkit's entries do not hide an envelope.

    Raises:
        JournalCorruptError: no entries, or one that cannot follow.
    """
    envelope: Envelope | None = None
    for entry in entries:
        try:
            if envelope is None:
                envelope = _created(entry)
            else:
                step = _STEPS.get(entry.type)
                changed = step(envelope, entry) if step else envelope
                envelope = replace(changed, head=entry.digest_text, entries=envelope.entries + 1)
        except (KeyError, TypeError, ValueError, StatementError) as exc:
            raise JournalCorruptError(
                f"entry {entry.seq} ({entry.type}) cannot follow the ones before it",
                hint="run: signkit doctor",
                subject={"envelope": entry.envelope},
            ) from exc
    if envelope is None:
        raise JournalCorruptError("an envelope without entries", hint="run: signkit doctor")
    return envelope


def _created(entry: Entry) -> Envelope:
    if entry.type != "created" or entry.seq != 0:
        raise ValueError("the first entry is not 'created'")
    data = entry.data
    return Envelope(
        id=entry.envelope,
        state=EnvelopeState.DRAFT,
        kind=data["kind"],
        created=entry.at,
        deadline=data["deadline"],
        disclosure=data["disclosure"],
        environment=data["environment"],
        documents=tuple(map(_document, data["documents"])),
        signatories=tuple(map(_signatory, data["signatories"])),
        rules=Rules.from_json(data["rules"]),
        head=entry.digest_text,
        entries=1,
        language=data.get("language", "sv"),
    )


def _document(record: Mapping[str, Any]) -> DocumentState:
    r1 = FileState.from_json(record["r1"])
    return DocumentState(
        r0=FileState.from_json(record["r0"]),
        r1=r1,
        pages=record["pages"],
        name=record["name"],
        current=r1,
        risks=tuple(record["risks"]),
        details=record,
    )


def _signatory(record: Mapping[str, Any]) -> SignatoryState:
    return SignatoryState(
        id=record["id"],
        role=record["role"],
        order=record["order"],
        status=SignatoryStatus.WAITING,
        person=record["person"],
        provider=record.get("provider"),
        name=record["name"],
    )


def _sending(envelope: Envelope, _entry: Entry) -> Envelope:
    _expect(envelope, EnvelopeState.DRAFT)
    return replace(envelope, stage="sending")


def _sent(envelope: Envelope, entry: Entry) -> Envelope:
    _expect(envelope, EnvelopeState.DRAFT)
    states = [FileState.from_json(item) for item in entry.data["documents"]]
    documents = tuple(
        replace(document, current=state, r2=state.sha256)
        for document, state in zip(envelope.documents, states, strict=True)
    )
    signatories = tuple(replace(item, status=SignatoryStatus.INVITED, at=entry.at) for item in envelope.signatories)
    return replace(envelope, state=EnvelopeState.SENT, stage="sent", documents=documents, signatories=signatories)


def _ceremony_started(envelope: Envelope, entry: Entry) -> Envelope:
    _expect(envelope, EnvelopeState.SENT)
    return _with(envelope, entry.data["signatory"], lambda item: replace(item, ceremony=entry.data["ceremony"]))


def _ceremony_ended(envelope: Envelope, entry: Entry) -> Envelope:
    ceremony = entry.data["ceremony"]
    signatories = tuple(
        replace(item, ceremony=None) if item.ceremony == ceremony else item for item in envelope.signatories
    )
    return replace(envelope, signatories=signatories)


def _signed(envelope: Envelope, entry: Entry) -> Envelope:
    _expect(envelope, EnvelopeState.SENT)
    place = envelope.signatory(entry.data["signatory"])
    if place.status is SignatoryStatus.SIGNED or place.ceremony != entry.data["ceremony"]:
        raise ValueError("signed twice, or without a ceremony")
    envelope = _moved(envelope, entry.data["documents"])
    return _with(
        envelope,
        place.id,
        lambda item: replace(item, status=SignatoryStatus.SIGNED, at=entry.at, ceremony=None, seq=entry.seq),
    )


def _declined(envelope: Envelope, entry: Entry) -> Envelope:
    _expect(envelope, EnvelopeState.SENT)
    envelope = _with(
        envelope,
        entry.data["signatory"],
        lambda item: replace(item, status=SignatoryStatus.DECLINED, at=entry.at, ceremony=None),
    )
    return _ended(envelope, EnvelopeState.DECLINED)


def _voided(envelope: Envelope, _entry: Entry) -> Envelope:
    _expect(envelope, EnvelopeState.DRAFT, EnvelopeState.SENT)
    return _ended(envelope, EnvelopeState.VOIDED)


def _expired(envelope: Envelope, _entry: Entry) -> Envelope:
    _expect(envelope, EnvelopeState.SENT)
    return _ended(envelope, EnvelopeState.EXPIRED)


def _ended(envelope: Envelope, state: EnvelopeState) -> Envelope:
    left = SignatoryStatus.EXPIRED if state is EnvelopeState.EXPIRED else SignatoryStatus.NOT_NEEDED
    signatories = tuple(
        replace(item, status=left, ceremony=None)
        if item.status in {SignatoryStatus.WAITING, SignatoryStatus.INVITED}
        else item
        for item in envelope.signatories
    )
    return replace(envelope, state=state, outcome=state.value, signatories=signatories)


def _completing(envelope: Envelope, entry: Entry) -> Envelope:
    outcome = entry.data["outcome"]
    if envelope.state in FINAL and envelope.outcome != outcome:
        raise ValueError("the outcome changed")
    return replace(envelope, stage="completing", outcome=outcome)


def _completed(envelope: Envelope, entry: Entry) -> Envelope:
    if envelope.stage != "completing":
        raise ValueError("completed without completing")
    return replace(_moved(envelope, entry.data["documents"]), stage="sealed")


def _archived(envelope: Envelope, entry: Entry) -> Envelope:
    if envelope.stage != "sealed":
        raise ValueError("archived before it was sealed")
    envelope = replace(_moved(envelope, entry.data["documents"]), stage="archived")
    if envelope.outcome == EnvelopeState.COMPLETED:
        envelope = replace(_ended(envelope, EnvelopeState.COMPLETED), state=EnvelopeState.COMPLETED)
    return envelope


def _moved(envelope: Envelope, records: Sequence[Json]) -> Envelope:
    documents = []
    for document, record in zip(envelope.documents, records, strict=True):
        if record["before"] != document.current.sha256:
            raise ValueError("a document changed between two entries")
        documents.append(replace(document, current=FileState(record["size"], record["after"])))
    return replace(envelope, documents=tuple(documents))


def _with(envelope: Envelope, name: str, change: Callable[[SignatoryState], SignatoryState]) -> Envelope:
    envelope.signatory(name)
    return replace(
        envelope, signatories=tuple(change(item) if item.id == name else item for item in envelope.signatories)
    )


def _expect(envelope: Envelope, *states: EnvelopeState) -> None:
    if envelope.state not in states:
        raise ValueError(f"not allowed in state {envelope.state}")


_STEPS: Final[Mapping[str, Callable[[Envelope, Entry], Envelope]]] = {
    "sending": _sending,
    "sent": _sent,
    "ceremony_started": _ceremony_started,
    "ceremony_ended": _ceremony_ended,
    "signed": _signed,
    "declined": _declined,
    "voided": _voided,
    "expired": _expired,
    "completing": _completing,
    "completed": _completed,
    "archived": _archived,
}
