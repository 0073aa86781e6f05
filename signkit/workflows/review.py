"""Governing documents: which of them are due for review, and which have been replaced."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from signkit.model.envelope import Envelope, EnvelopeState
from signkit.ports.store import ReadTransaction
from signkit.workflows.desk import load
from signkit.workflows.openings import Openings

__all__ = ["ReviewDue", "due_for_review"]

_LEAST_PREFIX = 8
"""Shorter beginnings of an identifier are too easily a case number."""


@dataclass(frozen=True, slots=True)
class ReviewDue:
    """One document that is to be looked at."""

    envelope: str
    by: date


@dataclass(frozen=True, slots=True)
class _Document:
    envelope: Envelope
    metadata: dict[str, str]


def due_for_review(tx: ReadTransaction, day: date, *, keys: Sequence[str] = ("review_by",)) -> list[ReviewDue]:
    """Return the completed envelopes that are to be reviewed by ``day`` at the latest, the most urgent first.

    Left out is what another completed envelope supersedes (named by case number or identifier), what is no longer
    valid, and what has been erased.
    """
    documents = list(_completed(tx))
    found = []
    for item in documents:
        by = min(filter(None, (_day(item.metadata.get(key)) for key in keys)), default=None)
        ended = _day(item.metadata.get("valid_to"))
        if by is None or by > day or (ended is not None and ended < day):
            continue
        if not any(_supersedes(other, item) for other in documents):
            found.append(ReviewDue(item.envelope.id, by))
    return sorted(found, key=lambda item: (item.by, item.envelope))


def _completed(tx: ReadTransaction) -> Iterator[_Document]:
    for envelope_id in tx.envelopes():
        envelope = load(tx, envelope_id)
        if envelope.state is EnvelopeState.COMPLETED:
            yield _Document(envelope, Openings(tx.openings(envelope_id)).metadata)


def _supersedes(newer: _Document, older: _Document) -> bool:
    named = newer.metadata.get("supersedes", "").strip()
    if not named or newer.envelope.id == older.envelope.id or newer.envelope.created <= older.envelope.created:
        return False
    by_id = len(named) >= _LEAST_PREFIX and older.envelope.id.startswith(named.lower())
    return by_id or named == older.metadata.get("case")


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
