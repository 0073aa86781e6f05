"""Remind those whose turn it is. A reminder is an entry; carrying it to the person is the delivery's work."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from signkit.journal.writer import append
from signkit.model.entry import parse_time
from signkit.model.envelope import Envelope, EnvelopeState, SignatoryState, SignatoryStatus
from signkit.model.reminding import Reminders, due_at
from signkit.workflows.desk import Desk, expect_state, load, overdue

__all__ = ["remind", "remind_due"]

_ASKED: Final = frozenset({SignatoryStatus.INVITED, SignatoryStatus.DELEGATED})
_AGAIN: Final = timedelta(hours=20)
"""Sooner than this nobody is reminded twice, however often it is asked for."""


def remind(desk: Desk, envelope_id: str) -> list[str]:
    """Remind everybody who is asked to sign and has not; return their places.

    Who was reminded a short while ago, scaled to the deadline, is not reminded again, so saying it twice is once.

    Raises:
        TransitionError: the envelope is not sent.
        CeremonyExpiredError: its deadline has passed.
    """
    now = desk.clock.now()
    with desk.store.write() as tx:
        envelope = load(tx, envelope_id)
        expect_state(envelope, EnvelopeState.SENT, step="reminding")
        if envelope.overdue(now):
            raise overdue(envelope_id)
        places = [item.id for item in _asked(envelope) if not _lately(item, envelope, now)]
        for place in places:
            append(tx, envelope_id, "reminded", actor="clerk", data={"signatory": place}, at=now)
        load(tx, envelope_id)
    return places


def remind_due(desk: Desk, envelope_id: str, policy: Reminders) -> list[str]:
    """Remind those for whom it is time, as the policy says; return their places."""
    now = desk.clock.now()
    with desk.store.read() as tx:
        if not _due(load(tx, envelope_id), policy, now):
            return []
    with desk.store.write() as tx:
        places = _due(load(tx, envelope_id), policy, now)
        for place in places:
            append(tx, envelope_id, "reminded", actor="system", data={"signatory": place}, at=now)
        load(tx, envelope_id)
    return places


def _due(envelope: Envelope, policy: Reminders, now: datetime) -> list[str]:
    if envelope.state is not EnvelopeState.SENT or envelope.ended or envelope.overdue(now):
        return []
    deadline = _deadline(envelope)
    return [
        item.id
        for item in _asked(envelope)
        if policy.due(
            _heard(item, envelope), since=item.at or envelope.created, count=item.reminders, now=now, deadline=deadline
        )
    ]


def _asked(envelope: Envelope) -> list[SignatoryState]:
    return [] if envelope.ended else [item for item in envelope.signatories if item.status in _ASKED]


def _heard(item: SignatoryState, envelope: Envelope) -> datetime:
    """Return when the person last heard of the envelope from us."""
    return max(moment for moment in (item.at, item.reminded_at, envelope.created) if moment is not None)


def _lately(item: SignatoryState, envelope: Envelope, now: datetime) -> bool:
    if item.reminded_at is None:
        return False
    due = due_at(item.reminded_at, _deadline(envelope), since=item.at or envelope.created) or item.reminded_at + _AGAIN
    return now < min(due, item.reminded_at + _AGAIN)


def _deadline(envelope: Envelope) -> datetime | None:
    return parse_time(envelope.deadline) if envelope.deadline else None
