"""An envelope is what its entries say: the state is only their fold (proof.md section 7).

``fold`` reads the entries of one envelope in order and refuses what cannot follow. Names, titles and addresses are not
in entries; the clerk adds them from the openings when showing an envelope.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from signkit.canonical import Json
from signkit.errors import JournalCorruptError
from signkit.model.entry import Entry, parse_time
from signkit.model.envelope_state import (
    FILLED,
    FINAL,
    OPEN,
    Delegate,
    DocumentKind,
    DocumentState,
    Envelope,
    EnvelopeState,
    Recipient,
    SignatoryState,
    SignatoryStatus,
)
from signkit.model.rules import Capacity, Decline, Rules, possible
from signkit.model.statement import FileState, StatementError

__all__ = [
    "FILLED",
    "OPEN",
    "Delegate",
    "DocumentKind",
    "DocumentState",
    "Envelope",
    "EnvelopeState",
    "Recipient",
    "SignatoryState",
    "SignatoryStatus",
    "fold",
    "steps",
]


def fold(entries: Iterable[Entry]) -> Envelope:
    """Return the envelope that ``entries`` (of one envelope, in order) describe.

    Unknown types change nothing but head and count, so that a later signkit's entries do not hide an envelope.

    Raises:
        JournalCorruptError: no entries, or one that cannot follow.
    """
    last = deque(steps(entries), maxlen=1)
    if not last:
        raise JournalCorruptError("an envelope without entries", hint="run: signkit doctor")
    return last[0][1]


def steps(entries: Iterable[Entry]) -> Iterator[tuple[Entry, Envelope]]:
    """Give each entry with the envelope as it stands after it.

    Raises:
        JournalCorruptError: an entry cannot follow the ones before it.
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
        yield entry, envelope


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
        recipients=tuple(map(_recipient, data.get("recipients", ()))),
    )


def _recipient(record: Mapping[str, Any]) -> Recipient:
    capacity = Capacity(record["capacity"])
    if capacity.has_place:
        raise ValueError("somebody with a place among the recipients")
    return Recipient(record["id"], capacity, record["name"])


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
    sent = replace(envelope, state=EnvelopeState.SENT, stage="sent", documents=documents, sent_at=entry.at)
    return _invited(sent, entry)


def _invited(envelope: Envelope, entry: Entry) -> Envelope:
    """Invite those whose turn it has become."""
    signatories = tuple(
        replace(item, status=_asked(item), at=entry.at)
        if item.status is SignatoryStatus.WAITING and envelope.may_sign(item.id)
        else item
        for item in envelope.signatories
    )
    return replace(envelope, signatories=signatories)


def _asked(item: SignatoryState) -> SignatoryStatus:
    return SignatoryStatus.DELEGATED if item.delegate else SignatoryStatus.INVITED


def _corrected(envelope: Envelope, entry: Entry) -> Envelope:
    _expect(envelope, EnvelopeState.DRAFT)
    if envelope.corrects is not None or entry.data["envelope"] == envelope.id:
        raise ValueError("an envelope corrects one other")
    return replace(envelope, corrects=(entry.data["envelope"], entry.data["head"]))


def _superseded(envelope: Envelope, entry: Entry) -> Envelope:
    _expect(envelope, EnvelopeState.DECLINED, EnvelopeState.VOIDED, EnvelopeState.EXPIRED)
    if envelope.corrected_by is not None:
        raise ValueError("an envelope is replaced once")
    return replace(envelope, corrected_by=entry.data["envelope"])


def _delegated(envelope: Envelope, entry: Entry) -> Envelope:
    _expect_open(envelope)
    place, data = envelope.signatory(entry.data["signatory"]), entry.data
    if not place.open:
        raise ValueError("a place that is not open is delegated")
    delegate = Delegate(
        seq=entry.seq,
        entry=entry.digest_text,
        person=data["person"],
        name=data["name"],
        mandate=data["mandate"],
        by=entry.actor,
        at=entry.at,
        provider=data.get("provider"),
    )
    status = place.status if place.status is SignatoryStatus.WAITING else SignatoryStatus.DELEGATED
    return _with(
        envelope, place.id, lambda item: replace(item, status=status, at=entry.at, ceremony=None, delegate=delegate)
    )


def _reminded(envelope: Envelope, entry: Entry) -> Envelope:
    _expect_open(envelope)
    place = envelope.signatory(entry.data["signatory"])
    if place.status not in {SignatoryStatus.INVITED, SignatoryStatus.DELEGATED}:
        raise ValueError("somebody is reminded who is not asked")
    return _with(envelope, place.id, lambda item: replace(item, reminders=item.reminders + 1, reminded_at=entry.at))


def _extended(envelope: Envelope, entry: Entry) -> Envelope:
    _expect_open(envelope)
    if envelope.deadline is None or parse_time(entry.data["deadline"]) <= parse_time(envelope.deadline):
        raise ValueError("a deadline is extended to a later one")
    if envelope.overdue(entry.at):
        raise ValueError("a deadline that has passed is not extended")
    return replace(envelope, deadline=entry.data["deadline"])


def _ceremony_started(envelope: Envelope, entry: Entry) -> Envelope:
    _expect_open(envelope)
    place = envelope.signatory(entry.data["signatory"])
    if not place.open or not envelope.may_sign(place.id):
        raise ValueError("a ceremony for a place that is filled, has declined or must wait")
    return _with(envelope, place.id, lambda item: replace(item, ceremony=entry.data["ceremony"]))


def _ceremony_ended(envelope: Envelope, entry: Entry) -> Envelope:
    ceremony = entry.data["ceremony"]
    signatories = tuple(
        replace(item, ceremony=None) if item.ceremony == ceremony else item for item in envelope.signatories
    )
    return replace(envelope, signatories=signatories)


def _signed(envelope: Envelope, entry: Entry) -> Envelope:
    _expect_open(envelope)
    place = envelope.signatory(entry.data["signatory"])
    if not place.open or place.ceremony != entry.data["ceremony"]:
        raise ValueError("signed twice, after a refusal, or without a ceremony")
    envelope = _moved(envelope, entry.data["documents"])
    approves = envelope.rules.of(place.id).capacity is Capacity.APPROVER
    status = SignatoryStatus.APPROVED if approves else SignatoryStatus.SIGNED
    filled = _with(
        envelope, place.id, lambda item: replace(item, status=status, at=entry.at, ceremony=None, seq=entry.seq)
    )
    return _invited(filled, entry)


def _declined(envelope: Envelope, entry: Entry) -> Envelope:
    _expect_open(envelope)
    place = envelope.signatory(entry.data["signatory"])
    if not place.open:
        raise ValueError("declined after signing, or twice")
    if envelope.rules.comment_required and entry.data["reason"] is None:
        raise ValueError("declined without the reason that the rules ask for")
    envelope = _with(
        envelope,
        place.id,
        lambda item: replace(item, status=SignatoryStatus.DECLINED, at=entry.at, ceremony=None, seq=entry.seq),
    )
    goes_on = envelope.rules.decline is Decline.CONTINUES
    if goes_on and possible(envelope.rules, envelope.places, envelope.declined):
        return _invited(envelope, entry)
    return _ended(envelope, EnvelopeState.DECLINED)


def _voided(envelope: Envelope, _entry: Entry) -> Envelope:
    if envelope.state is not EnvelopeState.DRAFT:
        _expect_open(envelope)
    return _ended(envelope, EnvelopeState.VOIDED)


def _expired(envelope: Envelope, _entry: Entry) -> Envelope:
    _expect_open(envelope)
    return _ended(envelope, EnvelopeState.EXPIRED)


def _ended(envelope: Envelope, state: EnvelopeState) -> Envelope:
    late = state is EnvelopeState.EXPIRED or envelope.by_deadline
    left = SignatoryStatus.EXPIRED if late else SignatoryStatus.NOT_NEEDED
    signatories = tuple(
        replace(item, status=left, ceremony=None) if item.open else item for item in envelope.signatories
    )
    return replace(envelope, state=state, outcome=state.value, signatories=signatories)


def _completing(envelope: Envelope, entry: Entry) -> Envelope:
    outcome = entry.data["outcome"]
    if envelope.stage != "sent":
        raise ValueError("completing what was not sent, or twice")
    if envelope.state in FINAL and envelope.outcome != outcome:
        raise ValueError("the outcome changed")
    closed = envelope.overdue(entry.at)
    if envelope.state is EnvelopeState.SENT:
        if outcome != EnvelopeState.COMPLETED or not envelope.evaluation(closed=closed).met:
            raise ValueError("completed before the rules were met")
        envelope = replace(envelope, by_deadline=closed)
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


def _expect_open(envelope: Envelope) -> None:
    """Refuse what can only happen while people sign."""
    _expect(envelope, EnvelopeState.SENT)
    if envelope.stage != "sent":
        raise ValueError("signing has ended")


def _expect(envelope: Envelope, *states: EnvelopeState) -> None:
    if envelope.state not in states:
        raise ValueError(f"not allowed in state {envelope.state}")


_STEPS: Final[Mapping[str, Callable[[Envelope, Entry], Envelope]]] = {
    "corrected": _corrected,
    "superseded": _superseded,
    "sending": _sending,
    "sent": _sent,
    "ceremony_started": _ceremony_started,
    "ceremony_ended": _ceremony_ended,
    "signed": _signed,
    "delegated": _delegated,
    "extended": _extended,
    "reminded": _reminded,
    "declined": _declined,
    "voided": _voided,
    "expired": _expired,
    "completing": _completing,
    "completed": _completed,
    "archived": _archived,
}
