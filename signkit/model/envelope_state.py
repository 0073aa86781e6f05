"""What an envelope is at one moment: its documents, its places, and where each of them stands."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from signkit.model.entry import parse_time
from signkit.model.rules import Capacity, Evaluation, Place, Rules, evaluate, may_sign
from signkit.model.statement import FileState

__all__ = [
    "FILLED",
    "FINAL",
    "OPEN",
    "Delegate",
    "DocumentKind",
    "DocumentState",
    "Envelope",
    "EnvelopeState",
    "Recipient",
    "SignatoryState",
    "SignatoryStatus",
]


class DocumentKind(enum.StrEnum):
    """What sort of document it is."""

    PROTOCOL = "protocol"
    GOVERNING_DOCUMENT = "governing-document"
    EMPLOYMENT_CONTRACT = "employment-contract"
    SAMVERKAN = "samverkan"
    """Minutes of a consultation group of employer and unions."""
    DELEGATED_DECISION = "delegated-decision"
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
    APPROVED = "approved"
    """Signed by somebody who was asked to approve."""
    DELEGATED = "delegated"
    """Handed to somebody else, who has not signed yet."""
    DECLINED = "declined"
    EXPIRED = "expired"
    NOT_NEEDED = "not_needed"


FILLED: Final = frozenset({SignatoryStatus.SIGNED, SignatoryStatus.APPROVED})
OPEN: Final = frozenset({SignatoryStatus.WAITING, SignatoryStatus.INVITED, SignatoryStatus.DELEGATED})
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
class Recipient:
    """Somebody who is told and has no place: a viewer, or who gets a copy."""

    id: str
    capacity: Capacity
    name: str
    """Commitment to the name."""


@dataclass(frozen=True, slots=True)
class Delegate:
    """Who signs in somebody's place, by the entry *delegated*."""

    seq: int
    entry: str
    """Digest of that entry."""
    person: str | None
    """Commitment to the delegate; None: named only."""
    name: str
    """Commitment to the name."""
    mandate: str
    """Commitment to the words of the mandate."""
    by: str
    """Actor who gave it."""
    at: datetime
    provider: str | None = None


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
    """Number of the entry by which it was filled or declined: clocks may agree, the order of entries decides."""
    delegate: Delegate | None = None
    """Who signs in this person's place."""
    reminders: int = 0
    reminded_at: datetime | None = None

    @property
    def open(self) -> bool:
        """Whether somebody may still fill the place or decline."""
        return self.status in OPEN


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
    recipients: tuple[Recipient, ...] = ()
    sent_at: datetime | None = None
    corrects: tuple[str, str] | None = None
    """The envelope that this one replaces: its id, and the digest of its last entry then."""
    corrected_by: str | None = None
    """The envelope that replaces this one."""
    by_deadline: bool = False
    """Whether the deadline completed it, not the quorums."""

    @property
    def places(self) -> tuple[Place, ...]:
        """The places, as the rules see them."""
        return tuple(Place(item.id, item.role, item.order) for item in self.signatories)

    @property
    def signed(self) -> list[str]:
        """Places filled, in the order in which they were."""
        done = [item for item in self.signatories if item.status in FILLED]
        return [item.id for item in sorted(done, key=lambda item: item.seq or 0)]

    @property
    def declined(self) -> dict[str, int]:
        """Places that declined, and how many had been filled before."""
        filled = [item.seq or 0 for item in self.signatories if item.status in FILLED]
        return {
            item.id: sum(1 for seq in filled if seq < (item.seq or 0))
            for item in self.signatories
            if item.status is SignatoryStatus.DECLINED
        }

    @property
    def ended(self) -> bool:
        """Whether signing has ended: an outcome is written, or the rules are met."""
        return self.outcome is not None or (self.state is EnvelopeState.SENT and self.evaluation().met)

    def evaluation(self, *, closed: bool = False) -> Evaluation:
        """Return what has become of the rules; ``closed``: the deadline has passed."""
        return evaluate(self.rules, self.places, self.signed, declined=self.declined, closed=closed)

    def may_sign(self, name: str) -> bool:
        """Tell whether it is this place's turn."""
        item = self.signatory(name)
        place = Place(item.id, item.role, item.order)
        return may_sign(place, self.places, self.signed, rules=self.rules, declined=self.declined)

    def overdue(self, now: datetime) -> bool:
        """Tell whether the deadline has passed and signing has not ended."""
        if self.state is not EnvelopeState.SENT or self.deadline is None or self.ended:
            return False
        return parse_time(self.deadline) < now

    def signatory(self, name: str) -> SignatoryState:
        """Return the place with that id.

        Raises:
            KeyError: there is none.
        """
        for item in self.signatories:
            if item.id == name:
                return item
        raise KeyError(name)
