"""What a home has left undone, and the tidying of what a crash left behind.

Nothing here is wrong with a home: work that was cut off is told with the command that finishes it; documents that no
entry names, workspaces of dead processes and stale caches are put right by ``mend``. What *is* wrong with a home is
judged by ``signkit.audit.home``.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import datetime

from signkit.errors import JournalError, StoreError
from signkit.model.envelope import Envelope, EnvelopeState
from signkit.ports.store import ReadTransaction, Store
from signkit.workflows.complete import needs_completion
from signkit.workflows.desk import load

__all__ = ["Unfinished", "mend", "needed_objects", "stale_states", "unfinished"]


@dataclass(frozen=True, slots=True)
class Unfinished:
    """Something begun and not finished in one envelope."""

    envelope: str
    code: str
    """``sending``, ``completion``, ``ceremony`` or ``overdue``; its sentence is ``doctor.<code>``."""
    command: str
    """What finishes it."""
    signatory: str | None = None


def unfinished(store: Store, *, now: datetime) -> list[Unfinished]:
    """Return what every envelope has left undone; a ceremony may also be one that is under way right now.

    An envelope whose entries do not add up is passed over: that is for ``signkit.audit.home`` to say.
    """
    found: list[Unfinished] = []
    with store.read() as tx:
        for envelope_id in tx.envelopes():
            with contextlib.suppress(JournalError, StoreError):
                found += _of(load(tx, envelope_id), now)
    return found


def _of(envelope: Envelope, now: datetime) -> list[Unfinished]:
    name = envelope.id
    if envelope.state is EnvelopeState.DRAFT and envelope.stage == "sending":
        return [Unfinished(name, "sending", f"signkit envelope send {name}")]
    if needs_completion(envelope, now):
        return [Unfinished(name, "completion", _finishing(envelope))]
    if envelope.state is not EnvelopeState.SENT:
        return []
    found = [
        Unfinished(name, "ceremony", f"signkit sign {name} --as {item.id}", item.id)
        for item in envelope.signatories
        if item.ceremony is not None
    ]
    if envelope.overdue(now):
        found.append(Unfinished(name, "overdue", f"signkit sign {name} --as all"))
    return found


def _finishing(envelope: Envelope) -> str:
    if envelope.outcome == EnvelopeState.VOIDED:
        return f"signkit envelope void {envelope.id} --yes"
    if envelope.outcome == EnvelopeState.DECLINED:
        who = next(item.id for item in envelope.signatories if item.status.value == "declined")
        return f"signkit decline {envelope.id} --as {who} --yes"
    return f"signkit sign {envelope.id} --as all"


def needed_objects(tx: ReadTransaction) -> set[str]:
    """Return the digests of every document that some envelope needs."""
    needed: set[str] = set()
    for envelope_id in tx.envelopes():
        for document in load(tx, envelope_id).documents:
            needed |= {document.r0.sha256, document.current.sha256}
    return needed


def stale_states(tx: ReadTransaction) -> dict[str, str]:
    """Return the envelopes whose cached state is not what their entries say, with what they say."""
    cached = tx.states()
    folded = {name: load(tx, name).state.value for name in tx.envelopes()}
    return {name: state for name, state in folded.items() if cached.get(name) != state}


def mend(store: Store) -> list[tuple[str, str]]:
    """Delete documents that no envelope needs and what dead processes left, and write stale caches anew.

    Returns what was done: ``object``, ``leftover`` or ``state``, and to what. Entries are never touched.

    Raises:
        StoreLockedError: somebody is at work in the home; nothing has been changed.
        JournalCorruptError: an envelope's entries do not add up, so nobody knows what it needs; nothing was changed.
    """
    done: list[tuple[str, str]] = []
    with store.objects.alone():
        with store.read() as tx:
            needed = needed_objects(tx)
        for digest in [digest for digest in store.objects.digests() if digest not in needed]:
            store.objects.remove(digest)
            done.append(("object", digest))
        with store.write() as tx:
            for name, state in stale_states(tx).items():
                tx.put_projection(name, state, None)
                done.append(("state", name))
    done += [("leftover", path.name) for path in store.objects.leftovers(remove=True)]
    return done
