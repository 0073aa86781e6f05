"""The only code that appends to a journal. The archivist's rooms never import it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime

from signkit import canonical
from signkit.canonical import Json
from signkit.model.entry import Entry
from signkit.ports.store import StoredEntry, WriteTransaction

__all__ = ["append"]


def append(
    tx: WriteTransaction,
    envelope: str,
    type: str,  # noqa: A002 - the field's name
    *,
    actor: str,
    data: Mapping[str, Json],
    at: datetime,
) -> StoredEntry:
    """Append an entry behind the envelope's head and return it; it is durable when the transaction is.

    Raises:
        JournalCorruptError: the values have no place in an entry.
        StoreError: the store failed.
    """
    head = tx.head(envelope)
    entry = Entry(
        envelope=envelope,
        seq=0 if head is None else head.entry.seq + 1,
        at=at,
        type=type,
        actor=actor,
        data=data,
        nonce=secrets.token_hex(16),
        prev=None if head is None else canonical.digest_text(head.digest),
    )
    return tx.append(entry, after=None if head is None else head.digest)
