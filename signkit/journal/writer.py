"""The only code that appends to a journal. The archivist's rooms never import it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from signkit import canonical
from signkit.canonical import Json
from signkit.errors import JournalError
from signkit.journal.merkle import HASH_BYTES
from signkit.journal.tree import TILE_HEIGHT, TILE_WIDTH, Tree
from signkit.model.entry import Entry
from signkit.ports.store import StoredEntry, WriteTransaction

__all__ = ["MAX_SKEW", "append", "grow"]

MAX_SKEW: Final = timedelta(seconds=30)
"""How far two readings of the clock may disagree (proof.md section 4, Time)."""


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

    Times never fall along a chain: a reading slightly older than the head's, as two processes may make, becomes the
    head's.

    Raises:
        JournalError: the clock is more than ``MAX_SKEW`` behind the head (``journal.clock_skew``).
        JournalCorruptError: the values have no place in an entry.
        StoreError: the store failed.
    """
    head = tx.head(envelope)
    if head is not None and at < head.entry.at:
        if head.entry.at - at > MAX_SKEW:
            raise JournalError(
                "the clock stands before the envelope's last entry",
                code="journal.clock_skew",
                hint="set the clock of this computer right, then repeat the step",
                subject={"envelope": envelope},
            )
        at = head.entry.at
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


def grow(tx: WriteTransaction, *, signed: int = 0) -> None:
    """Keep every tile that the entries complete or lengthen and that is not kept yet.

    Called with each checkpoint: appends stay free of it, and its cost per entry is constant.

    Args:
        tx: the home.
        signed: leaves that a checkpoint covers already. What is kept beyond them is not believed but made anew: it was
            not in the tree that was compared with the checkpoint, so anybody may have put it there.
    """
    tree = Tree(tx)
    storey, count = 1, tree.size >> TILE_HEIGHT
    while count:
        believed = signed >> storey * TILE_HEIGHT
        number, width = divmod(count - 1, TILE_WIDTH)
        while number >= 0 and (
            number * TILE_WIDTH + width + 1 > believed or len(tx.tile(storey, number)) < (width + 1) * HASH_BYTES
        ):
            known = max(0, believed - number * TILE_WIDTH)
            tx.put_tile(storey, number, tree.tile(storey, number, width + 1, believed=known))
            number, width = number - 1, TILE_WIDTH - 1
        storey, count = storey + 1, count >> TILE_HEIGHT
