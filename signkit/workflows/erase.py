"""Erase what opens an envelope's commitments, and its evidence, by rule (GDPR article 17, the archive's *gallring*).

Entries, documents and every proof stay: the log was made so that they hold without the openings. That something was
erased, how much, by which rule and when is itself an entry of the home.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from signkit.errors import TransitionError
from signkit.journal.writer import append
from signkit.model.entry import ERASED, HOME
from signkit.model.envelope import Envelope, EnvelopeState
from signkit.ports.store import ReadTransaction, Store, StoredEntry
from signkit.workflows.desk import load

__all__ = ["Erasure", "due_for_erasure", "erase", "erasures"]

_OPEN = frozenset({EnvelopeState.DRAFT, EnvelopeState.SENT})


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was erased of one envelope, and when."""

    envelope: str
    at: datetime
    openings: int
    evidence: int
    rule: str


def erase(store: Store, envelope_id: str, *, rule: str, at: datetime) -> Erasure:
    """Delete the openings and the evidence of an envelope that has ended, and say so in the home's journal.

    The deleted bytes are overwritten in the database; copies in backups are the operator's to rotate. Where nothing is
    left to erase nothing is written: what was erased, when and by which rule stays as it was said.

    Raises:
        TransitionError: the envelope has not ended, so people still need what would be erased.
        StoreError: the store failed; nothing was erased.
    """
    with store.write() as tx:
        envelope = load(tx, envelope_id)
        if envelope.state in _OPEN or envelope.stage in {"completing", "sealed"}:
            raise TransitionError(
                f"envelope {envelope_id} has not ended: nothing of it may be erased",
                hint=f"see: signkit envelope show {envelope_id}",
                subject={"envelope": envelope_id},
            )
        if not _has_any(tx, envelope) and (before := erasures(tx, envelope_id)):
            return before[-1]
        openings, evidence = tx.delete_openings(envelope_id), tx.delete_evidence(envelope_id)
        data = {"envelope": envelope_id, "openings": openings, "evidence": evidence, "rule": rule}
        stored = append(tx, HOME, ERASED, actor="clerk", data=data, at=at)
    return _erasure(stored)


def erasures(tx: ReadTransaction, envelope_id: str | None = None) -> list[Erasure]:
    """Return what has been erased, of one envelope or of all, in order."""
    found = [_erasure(stored) for stored in tx.entries(HOME) if stored.entry.type == ERASED]
    return [item for item in found if envelope_id in (None, item.envelope)]


def due_for_erasure(tx: ReadTransaction, *, before: datetime, kind: str | None = None) -> Iterator[str]:
    """Give the envelopes that ended before an instant and still have openings or evidence."""
    for envelope_id in tx.envelopes():
        envelope = load(tx, envelope_id)
        head = tx.head(envelope_id)
        ended = envelope.state not in _OPEN and head is not None and head.entry.at < before
        if ended and kind in (None, envelope.kind) and _has_any(tx, envelope):
            yield envelope_id


def _has_any(tx: ReadTransaction, envelope: Envelope) -> bool:
    return bool(tx.openings(envelope.id) or tx.evidence(envelope.id))


def _erasure(stored: StoredEntry) -> Erasure:
    data = stored.entry.data
    return Erasure(
        envelope=str(data.get("envelope")),
        at=stored.entry.at,
        openings=int(data.get("openings") or 0),
        evidence=int(data.get("evidence") or 0),
        rule=str(data.get("rule") or ""),
    )
