"""The ends that are not signatures: a signatory declines, the clerk voids, the deadline passes.

What a refusal and a deadline do is said by the envelope's rules.
"""

from __future__ import annotations

from typing import Final

from signkit.errors import TransitionError, UsageError
from signkit.journal.writer import append
from signkit.model.envelope import Envelope, EnvelopeState, SignatoryStatus
from signkit.ports.store import WriteTransaction
from signkit.workflows.complete import complete_envelope
from signkit.workflows.desk import Desk, expect_state, load, overdue
from signkit.workflows.openings import OpeningsDraft

__all__ = ["close_if_due", "decline", "expire_if_due", "keep_words", "void"]

MAX_WORDS: Final = 2000
"""Most characters of a reason or a mandate that are kept, ours."""


def decline(desk: Desk, envelope_id: str, signatory: str, *, reason: str | None = None) -> None:
    """Write that a signatory declines; unless the rules let the others go on, the envelope ends and is closed.

    Saying it again changes nothing, but finishes what a crash cut off.

    The reason is kept in the openings; the journal holds a commitment to it.

    Raises:
        TransitionError: the envelope is not sent, or the place is filled.
        UsageError: the rules ask for a reason and none is given.
    """
    with desk.store.write() as tx:
        envelope = load(tx, envelope_id)
        state = envelope.signatory(signatory)
        if state.status is not SignatoryStatus.DECLINED:
            expect_state(envelope, EnvelopeState.SENT, step="declining")
            if not state.open or envelope.ended:
                raise TransitionError(
                    "what is signed cannot be declined",
                    code="envelope.already_signed",
                    hint="void the envelope instead",
                    subject={"envelope": envelope_id, "signatory": signatory},
                )
            if envelope.rules.comment_required and not (reason or "").strip():
                raise UsageError(
                    "who declines must say why",
                    code="usage.reason",
                    hint="add --reason TEXT",
                    subject={"envelope": envelope_id, "signatory": signatory},
                )
            data = {"signatory": signatory, "reason": _reason(tx, envelope, reason)}
            append(tx, envelope_id, "declined", actor=f"signatory:{signatory}", data=data, at=desk.clock.now())
            _project(tx, envelope_id)
    complete_envelope(desk, envelope_id)  # the refusal may also have met the rules: nobody is waited for any more


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


def close_if_due(desk: Desk, envelope_id: str) -> EnvelopeState | None:
    """Close an envelope whose deadline has passed: completed where the rules say so, else expired.

    Returns:
        How it ended; None if it is not due. Saying it again finishes what a crash cut off.
    """
    now = desk.clock.now()
    with desk.store.read() as tx:
        envelope = load(tx, envelope_id)
    if envelope.overdue(now):
        with desk.store.write() as tx:
            envelope = load(tx, envelope_id)
            if envelope.overdue(now) and not envelope.evaluation(closed=True).met:
                append(tx, envelope_id, "expired", actor="system", data={"deadline": envelope.deadline}, at=now)
                _project(tx, envelope_id)
                envelope = load(tx, envelope_id)
    elif envelope.state is not EnvelopeState.EXPIRED and not envelope.by_deadline:
        return None
    complete_envelope(desk, envelope_id)
    return EnvelopeState.EXPIRED if envelope.state is EnvelopeState.EXPIRED else EnvelopeState.COMPLETED


def expire_if_due(desk: Desk, envelope_id: str) -> None:
    """Close an envelope whose deadline has passed.

    Raises:
        CeremonyExpiredError: it has expired. One that the deadline completed raises nothing.
    """
    if close_if_due(desk, envelope_id) is EnvelopeState.EXPIRED:
        raise overdue(envelope_id)


def keep_words(tx: WriteTransaction, envelope: Envelope, name: str, words: str) -> str:
    """Keep what somebody wrote in the openings and return the commitment to it."""
    draft = OpeningsDraft()
    made = draft.commit(name, words[:MAX_WORDS])
    draft.store(tx, envelope.id)
    return made


def _reason(tx: WriteTransaction, envelope: Envelope, reason: str | None) -> str | None:
    return keep_words(tx, envelope, f"reason.{envelope.entries}", reason) if reason else None


def _project(tx: WriteTransaction, envelope_id: str) -> None:
    tx.put_projection(envelope_id, load(tx, envelope_id).state.value, None)
