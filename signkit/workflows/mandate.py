"""Hand a place to somebody else: the delegate signs in the delegator's field, by a mandate that is written down."""

from __future__ import annotations

from signkit.canonical import Json
from signkit.errors import TransitionError, UsageError
from signkit.journal.writer import append
from signkit.model.envelope import Envelope, EnvelopeState, SignatoryState
from signkit.model.person import person_of, same_name
from signkit.model.signatory import Invitee
from signkit.ports.store import WriteTransaction
from signkit.workflows.acting import acting
from signkit.workflows.desk import Desk, expect_state, load, overdue
from signkit.workflows.ending import MAX_WORDS
from signkit.workflows.openings import Openings, OpeningsDraft

__all__ = ["delegate"]


def delegate(desk: Desk, envelope_id: str, signatory: str, to: Invitee, *, mandate: str) -> None:
    """Write that ``to`` signs in the place of a signatory, by which mandate; from then on only the delegate can.

    A later delegation of the same place replaces an earlier one. Saying the same again changes nothing.

    Raises:
        TransitionError: the envelope is not sent, or the place is filled.
        UsageError: the mandate is empty, or the delegate is the delegator or holds another place already.
        CeremonyExpiredError: the deadline has passed.
    """
    words = mandate.strip()
    if not words or len(words) > MAX_WORDS:
        raise UsageError(
            f"a mandate has 1 to {MAX_WORDS} characters",
            code="usage.mandate",
            hint="say by which decision or power of attorney: --mandate TEXT",
        )
    now = desk.clock.now()
    with desk.store.write() as tx:
        envelope = load(tx, envelope_id)
        expect_state(envelope, EnvelopeState.SENT, step="delegating")
        if envelope.overdue(now):
            raise overdue(envelope_id)
        openings = Openings(tx.openings(envelope_id))
        state = envelope.signatory(signatory)
        if _said(state, openings, to, words):
            return
        accepted = tx.entries(envelope_id)[0].entry.data.get("accepted_risks") or ()
        _check(desk, envelope, openings, state, to, unidentified="unidentified" in accepted)
        if state.ceremony is not None:
            ended: dict[str, Json] = {"ceremony": state.ceremony, "outcome": "orphaned", "code": "delegated"}
            append(tx, envelope_id, "ceremony_ended", actor="system", data=ended, at=now)
        data = _data(tx, envelope_id, openings, signatory, to, mandate=words)
        append(tx, envelope_id, "delegated", actor=f"signatory:{signatory}", data=data, at=now)
        load(tx, envelope_id)  # whatever the fold refuses is not written


def _said(state: SignatoryState, openings: Openings, to: Invitee, mandate: str) -> bool:
    if state.delegate is None:
        return False
    now = acting(state, openings)
    identity = (to.scheme, to.value) if to.scheme and to.value else None
    same = (now.identity, now.email, now.provider) == (identity, to.email, to.provider) and same_name(now.name, to.name)
    return same and openings.text(f"delegate.{state.delegate.seq}.mandate") == mandate


def _check(
    desk: Desk, envelope: Envelope, openings: Openings, state: SignatoryState, to: Invitee, *, unidentified: bool
) -> None:
    who = {"envelope": envelope.id, "signatory": state.id}
    if not state.open or envelope.ended:
        raise TransitionError(
            "a place that is filled, declined or not needed cannot be delegated",
            code="envelope.place_closed",
            subject=who,
        )
    if desk.environment == "production" and to.value is None and not unidentified:
        raise UsageError(
            "the delegate is named without a personal number", code="usage.unidentified", hint="add id=…", subject=who
        )
    for other in envelope.signatories:
        holder = acting(other, openings)
        identity = openings.identity(other.id) if other.id == state.id else holder.identity
        name = openings.name(other.id) if other.id == state.id else holder.name
        same = identity == (to.scheme, to.value) if to.value is not None and identity else same_name(name, to.name)
        if same:
            raise UsageError(
                f"{to.name} holds the place {other.id} already: one person cannot sign for two",
                code="usage.delegate",
                subject=who,
            )
    allowed = envelope.rules.of(state.id).providers
    if to.provider is not None and allowed is not None and to.provider not in allowed:
        raise UsageError(f"the rules do not allow {to.provider}", code="usage.rules", subject=who)


def _data(
    tx: WriteTransaction, envelope_id: str, openings: Openings, signatory: str, to: Invitee, *, mandate: str
) -> dict[str, Json]:
    head = tx.head(envelope_id)
    seq = head.entry.seq + 1 if head else 0
    draft, prefix = OpeningsDraft(), f"delegate.{seq}"
    person = identity = None
    if to.scheme is not None and to.value is not None:
        key = openings.person_key
        if key is None:
            raise TransitionError(
                "the envelope's key for persons has been erased",
                code="envelope.erased",
                subject={"envelope": envelope_id},
            )
        person = person_of(key, to.scheme, to.value)
        identity = draft.commit(f"{prefix}.identity", {"scheme": to.scheme, "value": to.value})
    data: dict[str, Json] = {
        "signatory": signatory,
        "person": person,
        "identity": identity,
        "name": draft.commit(f"{prefix}.name", to.name),
        "email": draft.commit(f"{prefix}.email", to.email) if to.email else None,
        "provider": to.provider,
        "mandate": draft.commit(f"{prefix}.mandate", mandate),
    }
    draft.store(tx, envelope_id)
    return data
