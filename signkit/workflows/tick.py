"""All that time brings: for cron, at any hour, as often as one likes, several at once.

Every chore looks first and does only what is due. One envelope's failure is told and hinders no other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from signkit.errors import JournalError, SignkitError, StoreError
from signkit.journal.writer import append
from signkit.model.entry import format_time
from signkit.model.envelope import Envelope, EnvelopeState
from signkit.model.reminding import Reminders
from signkit.ports.store import ReadTransaction
from signkit.workflows.complete import complete_envelope, needs_completion
from signkit.workflows.desk import Desk, load
from signkit.workflows.ending import close_if_due
from signkit.workflows.remind import remind_due
from signkit.workflows.send import send_envelope

__all__ = ["Chore", "Done", "Failed", "Ticked", "tick"]

_LEFT_ALONE: Final = timedelta(minutes=15)
"""So long after *sending* nobody is at work on it any more."""
_LONGEST_CEREMONY: Final = timedelta(hours=1)
"""No ceremony lasts as long: its process has died."""


@dataclass(frozen=True, slots=True)
class Done:
    """One thing that was due and has been done."""

    envelope: str
    action: str
    """``sent``, ``completed``, ``declined``, ``voided``, ``expired``, ``orphaned``, ``reminded``, or a chore's own."""
    signatory: str | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """One envelope in which something due could not be done; it is tried again at the next tick."""

    envelope: str
    error: SignkitError


@dataclass(frozen=True, slots=True)
class Ticked:
    """What one tick did."""

    at: datetime
    done: tuple[Done, ...]
    failed: tuple[Failed, ...]


Chore = Callable[[Desk, str], Sequence[Done]]
"""Something more to do in one envelope, such as carrying its messages."""


def tick(desk: Desk, policy: Reminders, *, chores: Sequence[Chore] = ()) -> Ticked:
    """Do in every envelope what is due: finish, expire, complete, tidy up ceremonies, remind, and ``chores``.

    Raises:
        StoreError: the store cannot be read at all; whatever fails in one envelope is in the answer instead.
    """
    now = desk.clock.now()
    done: list[Done] = []
    failed: list[Failed] = []
    with desk.store.read() as tx:
        envelopes = tx.envelopes()
    for envelope in reversed(envelopes):  # oldest first
        try:
            with desk.store.read() as tx:
                wanted = list(_due(tx, envelope, now, policy))
        except (JournalError, StoreError) as exc:
            failed.append(Failed(envelope, exc))
            continue
        for step in (*wanted, *chores):
            try:
                done += step(desk, envelope)
            except SignkitError as exc:
                failed.append(Failed(envelope, exc))
    return Ticked(now, tuple(done), tuple(failed))


def _due(tx: ReadTransaction, envelope_id: str, now: datetime, policy: Reminders) -> Iterator[Chore]:
    envelope = load(tx, envelope_id)
    if envelope.stage == "sending" and envelope.state is EnvelopeState.DRAFT:
        head = tx.head(envelope_id)
        timely = envelope.deadline is None or envelope.deadline > format_time(now)
        if timely and head is not None and head.entry.at + _LEFT_ALONE < now:
            yield _send
    elif envelope.overdue(now) or needs_completion(envelope, now):
        yield _close
    elif envelope.state is EnvelopeState.SENT:
        if any(item.ceremony for item in envelope.signatories):
            yield _orphan

        def remind(desk: Desk, name: str) -> Sequence[Done]:
            return [Done(name, "reminded", place) for place in remind_due(desk, name, policy)]

        yield remind


def _send(desk: Desk, envelope_id: str) -> Sequence[Done]:
    send_envelope(desk, envelope_id)
    return [Done(envelope_id, "sent")]


def _close(desk: Desk, envelope_id: str) -> Sequence[Done]:
    before = _read(desk, envelope_id)
    close_if_due(desk, envelope_id)
    complete_envelope(desk, envelope_id)
    after = _read(desk, envelope_id)
    if (after.stage, after.state) == (before.stage, before.state):
        return []  # somebody else did it
    return [Done(envelope_id, after.state.value)]


def _orphan(desk: Desk, envelope_id: str) -> Sequence[Done]:
    """End ceremonies whose process must have died; the people may be asked again."""
    done = []
    now = desk.clock.now()
    with desk.store.write() as tx:
        started = {
            stored.entry.data["ceremony"]: stored.entry.at
            for stored in tx.entries(envelope_id)
            if stored.entry.type == "ceremony_started"
        }
        for item in load(tx, envelope_id).signatories:
            if item.ceremony is not None and started.get(item.ceremony, now) + _LONGEST_CEREMONY < now:
                data = {"ceremony": item.ceremony, "outcome": "orphaned", "code": "orphaned"}
                append(tx, envelope_id, "ceremony_ended", actor="system", data=data, at=now)
                done.append(Done(envelope_id, "orphaned", item.id))
    return done


def _read(desk: Desk, envelope_id: str) -> Envelope:
    with desk.store.read() as tx:
        return load(tx, envelope_id)
