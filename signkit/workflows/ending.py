"""The ends that are not signatures: a signatory declines, the clerk voids, the deadline passes."""

from __future__ import annotations

from datetime import datetime

from signkit.errors import CeremonyExpiredError, TransitionError
from signkit.journal.writer import append
from signkit.model.entry import format_time
from signkit.model.envelope import Envelope, EnvelopeState, SignatoryStatus
from signkit.ports.store import WriteTransaction
from signkit.workflows.complete import complete_envelope
from signkit.workflows.desk import Desk, expect_state, load
from signkit.workflows.openings import OpeningsDraft

__all__ = ["decline", "expire_if_due", "void"]


def decline(desk: Desk, envelope_id: str, signatory: str, *, reason: str | None = None) -> None:
    """Write that a signatory declines; the envelope ends, and its files are closed with that outcome.

    Saying it again changes nothing, but finishes what a crash cut off.

    The reason is kept in the openings; the journal holds a commitment to it.

    Raises:
        TransitionError: the envelope is not sent, or the place is filled.
    """
    with desk.store.write() as tx:
        envelope = load(tx, envelope_id)
        state = envelope.signatory(signatory)
        if state.status is not SignatoryStatus.DECLINED:
            expect_state(envelope, EnvelopeState.SENT, step="declining")
            if state.status is SignatoryStatus.SIGNED or envelope.ended:
                raise TransitionError(
                    "what is signed cannot be declined",
                    code="envelope.already_signed",
                    hint="void the envelope instead",
                    subject={"envelope": envelope_id, "signatory": signatory},
                )
            data = {"signatory": signatory, "reason": _reason(tx, envelope, reason)}
            append(tx, envelope_id, "declined", actor=f"signatory:{signatory}", data=data, at=desk.clock.now())
            _project(tx, envelope_id)
    complete_envelope(desk, envelope_id)


def void(desk: Desk, envelope_id: str, *, reason: str | None = None) -> None:
    """Write that the clerk takes the envelope back; files that were sent are closed with that outcome.

    Saying it again changes nothing, but finishes what a crash cut off.

    Raises:
        TransitionError: it has ended already.
    """
    with desk.store.write() as tx:
        envelope = load(tx, envelope_id)
        if envelope.state is not EnvelopeState.VOIDED:
            expect_state(envelope, EnvelopeState.DRAFT, EnvelopeState.SENT, step="voiding")
            if envelope.ended:
                raise TransitionError(
                    f"everybody has signed envelope {envelope_id} already",
                    code="envelope.already_signed",
                    hint=f"finish it with: signkit sign {envelope_id} --as all",
                    subject={"envelope": envelope_id},
                )
            data = {"reason": _reason(tx, envelope, reason)}
            append(tx, envelope_id, "voided", actor="clerk", data=data, at=desk.clock.now())
            _project(tx, envelope_id)
    complete_envelope(desk, envelope_id)


def expire_if_due(desk: Desk, envelope_id: str) -> None:
    """End an envelope whose deadline has passed, close its files, and say so.

    Raises:
        CeremonyExpiredError: the deadline has passed.
    """
    now = desk.clock.now()
    with desk.store.read() as tx:
        envelope = load(tx, envelope_id)
    if not _due(envelope, now) and envelope.state is not EnvelopeState.EXPIRED:
        return
    with desk.store.write() as tx:
        envelope = load(tx, envelope_id)
        if _due(envelope, now):
            append(tx, envelope_id, "expired", actor="system", data={"deadline": envelope.deadline}, at=now)
            _project(tx, envelope_id)
    complete_envelope(desk, envelope_id)
    raise CeremonyExpiredError(
        f"the deadline of envelope {envelope_id} has passed",
        code="envelope.deadline",
        hint="make a new envelope",
        subject={"envelope": envelope_id},
    )


def _due(envelope: Envelope, now: datetime) -> bool:
    if envelope.state is not EnvelopeState.SENT or envelope.ended or envelope.deadline is None:
        return False
    return envelope.deadline < format_time(now)


def _reason(tx: WriteTransaction, envelope: Envelope, reason: str | None) -> str | None:
    if not reason:
        return None
    draft = OpeningsDraft()
    made = draft.commit(f"reason.{envelope.entries}", reason[:2000])
    draft.store(tx, envelope.id)
    return made


def _project(tx: WriteTransaction, envelope_id: str) -> None:
    tx.put_projection(envelope_id, load(tx, envelope_id).state.value, None)
