"""The log of a home, row by row: whole, in order, and what its checkpoints say (``journal verify``, ``doctor``).

Everything is computed anew from the rows: neither the tiles nor the digest column is believed. One pass; memory for
one hash per 256 entries and one entry per envelope.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from signkit import canonical
from signkit.errors import JournalCorruptError
from signkit.journal.chain import failed, link_faults
from signkit.journal.checkpoint import Checkpoint, generation_of, note_text, verify_checkpoint
from signkit.journal.merkle import EMPTY_ROOT, HASH_BYTES, Growing, LeafNodes, leaf_hash
from signkit.journal.tree import TILE_HEIGHT, TILE_WIDTH
from signkit.model.entry import Entry
from signkit.model.report import Finding
from signkit.ports.store import ReadTransaction, StoredRow
from signkit.x509.errors import X509Error
from signkit.x509.tokens import TimestampToken, check_token

__all__ = ["Rows", "check_anchors", "check_kept", "check_rows", "check_tiles", "signed_checkpoints"]


@dataclass(slots=True)
class Rows:
    """What one pass over the rows leaves behind, computed from the entries' bytes alone."""

    sizes: frozenset[int]
    """Sizes at which the root is wanted."""
    tree: Growing = field(default_factory=lambda: Growing(collect=TILE_HEIGHT))
    roots: dict[int, bytes] = field(default_factory=lambda: {0: EMPTY_ROOT})
    envelopes: dict[str, Entry] = field(default_factory=dict)
    """Envelope → its last entry."""

    def add(self, digest: bytes) -> None:
        """Add a row to the tree."""
        self.tree.add(leaf_hash(digest))
        if self.tree.size in self.sizes:
            self.roots[self.tree.size] = self.tree.root()


def signed_checkpoints(notes: Iterable[bytes], *, vkey: str) -> tuple[list[Checkpoint], list[Finding]]:
    """Return every checkpoint that the log's key signed, and a finding for each that it did not.

    Args:
        notes: signed notes from wherever.
        vkey: verifier key of the log's first generation.
    """
    signed: list[Checkpoint] = []
    findings: list[Finding] = []
    for note in dict.fromkeys(notes):
        try:
            signed.append(verify_checkpoint(note, vkey, generations=True))
        except JournalCorruptError as exc:
            findings.append(failed(exc.code))
    return signed, findings


def check_rows(tx: ReadTransaction, rows: Rows) -> Iterator[Finding]:
    """Give what is wrong with the table of entries; fill ``rows``."""
    expected = 0
    for row in tx.rows():
        if row.index != expected:
            yield failed("journal.row_gap", subject=row.envelope, entry=expected)
        expected = row.index + 1
        digest = canonical.digest(row.raw)
        rows.add(digest)
        if digest != row.digest:
            yield failed("journal.row_digest", subject=row.envelope, entry=row.index)
        try:
            entry = Entry.decode(row.raw)
        except JournalCorruptError as exc:
            yield failed("journal.row_unreadable", subject=row.envelope, entry=row.index, reason=exc.code)
            continue
        yield from _check_link(row, entry, rows)


def check_tiles(tx: ReadTransaction, rows: Rows) -> Iterator[Finding]:
    """Give the tiles that are kept and are not what the entries make them, however far away."""
    kept = tx.tiles()
    hashes, level = bytes(rows.tree.collected), 1
    while hashes:
        tile_bytes = TILE_WIDTH * HASH_BYTES
        tiles = [hashes[at : at + tile_bytes] for at in range(0, len(hashes), tile_bytes)]
        for number, right in enumerate(tiles):
            found = tx.tile(level, number)
            if found == right[: len(found)]:
                kept.discard((level, number))
        hashes, level = b"".join(_tile_root(tile) for tile in tiles if len(tile) == tile_bytes), level + 1
    for level, number in sorted(kept):
        yield failed("journal.tile", level=level, tile=number)


def check_kept(kept: Sequence[bytes], inside: Sequence[bytes], *, vkey: str) -> Iterator[Finding]:
    """Give what is wrong with the checkpoint beside the database: it is never behind the newest inside.

    Args:
        kept: the notes that lie outside.
        inside: the notes in the database.
        vkey: verifier key of the log's first generation.
    """
    own, _ = signed_checkpoints(inside, vkey=vkey)
    if not kept:
        if own:
            yield failed("journal.kept_missing")
        return
    outer, _ = signed_checkpoints(kept, vkey=vkey)
    origin = vkey.partition("+")[0]
    newest = max(((generation_of(origin, item.origin) or 0, item.size) for item in own), default=(0, 0))
    if any((generation_of(origin, item.origin) or 0, item.size) < newest for item in outer):
        yield failed("journal.kept_old")


def check_anchors(tx: ReadTransaction) -> Iterator[Finding]:
    """Give the timestamps in the database that are not what they were: over the checkpoint, signed, whole."""
    for stored in tx.checkpoints():
        if stored.token is None:
            continue
        held = False
        try:
            token = TimestampToken(stored.token)
            held = token.facts.imprint == hashlib.new(token.facts.digest, note_text(stored.note)).digest()
            check_token(token)
        except X509Error as exc:
            held = held and exc.code == "token.signer"  # a service may leave its certificate out
        except (JournalCorruptError, ValueError):
            held = False
        if not held:
            yield failed("journal.anchor_changed")


def _tile_root(tile: bytes) -> bytes:
    return LeafNodes([tile[at : at + HASH_BYTES] for at in range(0, len(tile), HASH_BYTES)]).node(TILE_HEIGHT, 0)


def _check_link(row: StoredRow, entry: Entry, rows: Rows) -> Iterator[Finding]:
    previous = rows.envelopes.get(entry.envelope)
    if (entry.envelope, entry.seq) != (row.envelope, row.seq):
        yield failed("journal.row_place", subject=row.envelope, entry=row.index)
    number = 0 if previous is None else previous.seq + 1
    for code in link_faults(entry, previous, number):
        yield failed(code, subject=entry.envelope, entry=entry.seq)
    rows.envelopes[entry.envelope] = entry
