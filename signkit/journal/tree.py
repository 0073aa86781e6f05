"""The tree over a home's entries, kept as tiles: it survives restarts, grows with each entry, and proves in O(log n).

Leaves are the entries' digests, read from the table of entries. Only the roots of complete subtrees of 256**level
leaves are kept besides, 256 to a tile (C2SP tlog-tiles levels 1 and up), 32 bytes per 256 entries; an append writes
nothing but its row. Tiles are a cache: what is missing is computed from the leaves, and ``signkit
doctor`` compares the rest.
"""

from __future__ import annotations

from typing import Final

from signkit.errors import JournalCorruptError
from signkit.journal.merkle import (
    HASH_BYTES,
    LeafNodes,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_of,
)
from signkit.ports.store import ReadTransaction

__all__ = ["TILE_HEIGHT", "TILE_WIDTH", "Tree"]

TILE_HEIGHT: Final = 8
TILE_WIDTH: Final = 1 << TILE_HEIGHT
"""Hashes in a full tile (C2SP tlog-tiles)."""

_KEPT: Final = 64
"""Subtrees held in memory at once: a proof needs one or two per eight levels."""


class Tree:
    """The tree over all entries of a home, as one transaction sees it."""

    def __init__(self, tx: ReadTransaction) -> None:
        self._tx = tx
        self._tiles: dict[tuple[int, int], LeafNodes] = {}
        self.size = tx.size()
        """Number of leaves."""

    def root(self, size: int | None = None) -> bytes:
        """Return the root of the first ``size`` leaves, or of all."""
        return root_of(self, self._within(size))

    def inclusion(self, index: int, *, size: int | None = None) -> list[bytes]:
        """Return the inclusion proof of leaf ``index`` in the tree of ``size`` leaves."""
        return inclusion_proof(self, index=index, size=self._within(size))

    def consistency(self, old: int, *, new: int | None = None) -> list[bytes]:
        """Return the proof that the tree of ``new`` leaves begins with that of ``old`` ones."""
        return consistency_proof(self, old=old, new=self._within(new))

    def node(self, level: int, number: int) -> bytes:
        """Return the hash of a complete subtree."""
        storey, height = divmod(level, TILE_HEIGHT)
        return self._tile(storey, number >> TILE_HEIGHT - height).node(height, number % (1 << TILE_HEIGHT - height))

    def tile(self, storey: int, number: int, width: int = TILE_WIDTH, *, believed: int = TILE_WIDTH) -> bytes:
        """Return the first ``width`` hashes of a tile, concatenated: the roots of subtrees of 256**storey leaves.

        Of what is kept only the first ``believed`` are taken.

        Raises:
            JournalCorruptError: leaves are missing (``journal.gap``).
        """
        start = number * TILE_WIDTH
        if storey == 0:
            hashes = b"".join(map(leaf_hash, self._tx.leaves(start, start + width)))
            if len(hashes) != width * HASH_BYTES:
                raise JournalCorruptError(
                    "rows of the journal are missing", code="journal.gap", hint="see: signkit journal verify"
                )
            return hashes
        kept = _split_hashes(self._tx.tile(storey, number))[: min(width, believed)]
        missing = range(start + len(kept), start + width)
        below = (LeafNodes(_split_hashes(self.tile(storey - 1, child))) for child in missing)
        return b"".join([*kept, *(nodes.node(TILE_HEIGHT, 0) for nodes in below)])

    def _tile(self, storey: int, number: int) -> LeafNodes:
        key = (storey, number)
        if key not in self._tiles:
            if len(self._tiles) >= _KEPT:
                self._tiles.clear()
            complete = (self.size >> storey * TILE_HEIGHT) - number * TILE_WIDTH
            self._tiles[key] = LeafNodes(_split_hashes(self.tile(storey, number, min(TILE_WIDTH, complete))))
        return self._tiles[key]

    def _within(self, size: int | None) -> int:
        if size is None:
            return self.size
        if not 0 <= size <= self.size:
            raise ValueError("the tree is not that large")
        return size


def _split_hashes(hashes: bytes) -> list[bytes]:
    return [hashes[start : start + HASH_BYTES] for start in range(0, len(hashes), HASH_BYTES)]
