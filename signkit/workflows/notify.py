"""Carry what people are owed: each letter is handed over, and what became of it is written down.

A letter may be handed over twice when a process dies between the two; it then has the same id. A failure is an entry
and is tried again later; it hinders neither the others nor the envelope. Two processes never carry one envelope's
letters at the same time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from signkit.canonical import Json
from signkit.errors import DeliveryRejectedError, JournalError, SignkitError
from signkit.journal.writer import append
from signkit.model.envelope import Envelope, EnvelopeState
from signkit.model.notices import NOTIFIED, STALE, Audience, Due, Event, Notice, Outcome, due_notices
from signkit.ports.delivery import MAX_ATTACHED_BYTES, Attachment, Bounce, DeliveryService, Message
from signkit.ports.store import ReadTransaction
from signkit.workflows.desk import Desk, load
from signkit.workflows.letters import Reader, letter, reader_of
from signkit.workflows.openings import Openings
from signkit.workflows.post import Post

__all__ = ["UNREACHABLE", "Told", "notify", "take_back"]

UNREACHABLE: Final = "delivery.unreachable"
_MAX_CODE: Final = 60
_ROUNDS: Final = 3
"""What did not arrive is told to the clerk in the same run, and that may fail too."""


@dataclass(frozen=True, slots=True)
class Told:
    """What became of one letter."""

    envelope: str
    to: str
    event: Event
    outcome: Outcome
    code: str


def notify(desk: Desk, post: Post, envelope_id: str) -> list[Told]:
    """Hand over every letter of an envelope that is due; return what became of each.

    Where the other side cannot be reached at all, the rest is left for the next time, untouched.

    Raises:
        ConfigError, PluginError: the delivery service cannot be made; everything stays due.
        StoreError, JournalError: what was done cannot be written down, or the envelope cannot be read.
    """
    if not _any_due(desk, post, envelope_id):
        return []
    told: list[Told] = []
    with post.claim(envelope_id) as ours:
        for _ in range(_ROUNDS if ours else 0):
            due, envelope, openings = _due(desk, post, envelope_id)
            done = _round(desk, post, due, envelope, openings)
            told += done
            if not done or done[-1].code == UNREACHABLE:
                break
    return told


def take_back(desk: Desk, post: Post) -> list[Told]:
    """Write down every letter that has come back; one that returned for good is not sent again.

    Raises:
        ConfigError, PluginError: the delivery service cannot be made.
        DeliveryUnavailableError: what came back cannot be read.
    """
    service = post.open()
    told = []
    for bounce in service.bounces():
        written = _returned(desk, post, bounce)
        told += [written] if written else []
        service.settle(bounce)
    return told


def _any_due(desk: Desk, post: Post, envelope_id: str) -> bool:
    """Look without holding anything; an envelope that ended long ago is not even read."""
    with desk.store.read() as tx:
        head = tx.head(envelope_id)
        if head is None or desk.clock.now() - head.entry.at > STALE + STALE:
            return False
    return bool(_due(desk, post, envelope_id)[0])


def _due(desk: Desk, post: Post, envelope_id: str) -> tuple[list[tuple[Due, Reader]], Envelope, Openings]:
    with desk.store.read() as tx:
        entries = [stored.entry for stored in tx.entries(envelope_id)]
        openings = Openings(tx.openings(envelope_id))
    settings = post.settings
    envelope, due = due_notices(entries, audiences=settings.audiences, now=desk.clock.now(), attempts=settings.attempts)
    readers = [(item, reader_of(item.notice, envelope, openings, settings)) for item in due]
    return [(item, reader) for item, reader in readers if reader is not None], envelope, openings


def _round(
    desk: Desk, post: Post, due: Sequence[tuple[Due, Reader]], envelope: Envelope, openings: Openings
) -> list[Told]:
    if not due:
        return []
    service, told = post.open(), []
    for item, reader in due:
        outcome, code = _hand_over(service, _message(desk, post, item, envelope, openings, reader=reader))
        if outcome is Outcome.DEFERRED and item.attempt >= post.settings.attempts:
            outcome = Outcome.GIVEN_UP
        notice = item.notice
        data: dict[str, Json] = {"event": notice.event.value, "of": notice.of, "to": notice.to, "attempt": item.attempt}
        data |= {"outcome": outcome.value, "code": code[:_MAX_CODE], "service": post.name}
        with desk.store.write() as tx:
            append(tx, envelope.id, NOTIFIED, actor="system", data=data, at=desk.clock.now())
        told.append(Told(envelope.id, notice.to, notice.event, outcome, code))
        if code == UNREACHABLE:
            break
    return told


def _hand_over(service: DeliveryService, message: Message | None) -> tuple[Outcome, str]:
    if message is None:
        return Outcome.REFUSED, "delivery.message"
    try:
        return Outcome.SENT, service.deliver(message).code
    except DeliveryRejectedError as exc:
        return Outcome.REFUSED, exc.code
    except SignkitError as exc:
        return Outcome.DEFERRED, exc.code


def _message(
    desk: Desk, post: Post, item: Due, envelope: Envelope, openings: Openings, *, reader: Reader
) -> Message | None:
    """Return the letter; None where a name or an address cannot stand in one."""
    try:
        return letter(
            item.notice,
            envelope,
            openings,
            reader=reader,
            organisation=desk.organisation,
            settings=post.settings,
            at=desk.clock.now(),
            documents=_documents(desk, post, item.notice, envelope, openings),
            code=_code_of(desk, item.notice, envelope.id),
        )
    except ValueError:
        return None


def _documents(
    desk: Desk, post: Post, notice: Notice, envelope: Envelope, openings: Openings
) -> list[Attachment] | None:
    """Return the finished documents for those who get them: None for all others, nothing where they are too large."""
    wanted = notice.event is Event.COMPLETED and notice.audience in post.settings.attach
    if not wanted or notice.audience is Audience.CLERK:
        return None
    if sum(document.current.size for document in envelope.documents) > MAX_ATTACHED_BYTES:
        return []
    return [
        Attachment(
            openings.document(index),
            "application/pdf",
            desk.store.objects.path(document.current.sha256).read_bytes(),
        )
        for index, document in enumerate(envelope.documents)
    ]


def _code_of(desk: Desk, notice: Notice, envelope_id: str) -> str:
    if notice.event is not Event.UNDELIVERED:
        return ""
    with desk.store.read() as tx:
        return str(tx.entries(envelope_id)[notice.of].entry.data.get("code"))


def _returned(desk: Desk, post: Post, bounce: Bounce) -> Told | None:
    """Write that a letter came back; None where no such letter was sent, or that was written before."""
    envelope_id, _, rest = bounce.message.partition(".")
    to, _, named = rest.partition(".")
    event, _, of = named.rpartition("-")
    with desk.store.write() as tx:
        last = _last(tx, envelope_id, (event, of, to))
        if last is None or last["outcome"] != Outcome.SENT:
            return None
        outcome = Outcome.RETURNED if bounce.permanent else Outcome.DEFERRED
        if outcome is Outcome.DEFERRED and int(last["attempt"]) >= post.settings.attempts:
            outcome = Outcome.GIVEN_UP
        data = {**last, "outcome": outcome.value, "code": bounce.code}
        append(tx, envelope_id, NOTIFIED, actor="system", data=data, at=desk.clock.now())
    return Told(envelope_id, to, Event(event), outcome, bounce.code)


def _last(tx: ReadTransaction, envelope_id: str, key: tuple[str, str, str]) -> dict[str, str | int] | None:
    try:
        entries: Iterable[dict[str, str | int]] = [
            dict(stored.entry.data) for stored in tx.entries(envelope_id) if stored.entry.type == NOTIFIED
        ]
    except JournalError:
        return None
    found = [item for item in entries if (str(item["event"]), str(item["of"]), str(item["to"])) == key]
    return found[-1] if found and load(tx, envelope_id).state is not EnvelopeState.DRAFT else None
