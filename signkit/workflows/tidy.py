"""Superseded file versions: each revision holds the one before it, so only R0 and the newest are kept.

A version is deleted after the entry that replaces it is durable. A crash in between leaves it behind; the next step of
the same envelope, or ``doctor --fix``, deletes it then.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import Any

from signkit.errors import DocumentChangedError, SignkitError
from signkit.model.entry import Entry
from signkit.model.envelope import Envelope, fold
from signkit.workflows.desk import Desk, load

__all__ = ["discard", "superseded", "tidy"]


def superseded(entries: Iterable[Entry], envelope: Envelope) -> set[str]:
    """Return the digests that ``entries`` name as replaced; never R0 or the newest version of a document."""
    found = {document.r1.sha256 for document in envelope.documents}
    for entry in entries:
        records: Any = entry.data.get("documents")
        for record in records if isinstance(records, list) else ():
            if isinstance(record, dict):
                found |= {record[key] for key in ("before", "after", "sha256") if isinstance(record.get(key), str)}
    return found - _kept(envelope)


def tidy(desk: Desk, envelope_id: str) -> None:
    """Delete what newer versions of an envelope's documents have replaced."""
    with desk.store.read() as tx:
        entries = [stored.entry for stored in tx.entries(envelope_id)]
    _drop(desk, superseded(entries, fold(entries)))


def discard(desk: Desk, envelope_id: str, digests: Iterable[str]) -> None:
    """Delete versions that were made in vain; one that was written down after all stays."""
    with contextlib.suppress(SignkitError):
        with desk.store.read() as tx:
            envelope = load(tx, envelope_id)
        _drop(desk, set(digests) - _kept(envelope))


def _kept(envelope: Envelope) -> set[str]:
    return {digest for item in envelope.documents for digest in (item.r0.sha256, item.current.sha256)}


def _drop(desk: Desk, digests: Iterable[str]) -> None:
    for digest in sorted(digests):
        with contextlib.suppress(DocumentChangedError):
            desk.store.objects.path(digest)
            desk.store.objects.remove(digest)
