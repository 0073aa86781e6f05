"""The Merkle tree of RFC 6962 section 2.1 (the same as RFC 9162 section 2.1): roots, proofs and their verification.

Bytes in, bytes out; nothing here stores anything. Proofs are made from ``Nodes``, whatever can give the hash of a
complete subtree: a list of leaves in memory, or the tiles that a home keeps. A proof touches O(log n) of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Protocol

__all__ = [
    "EMPTY_ROOT",
    "HASH_BYTES",
    "Growing",
    "LeafNodes",
    "Nodes",
    "consistency_proof",
    "fold_root",
    "inclusion_proof",
    "leaf_hash",
    "node_hash",
    "root_of",
    "verify_consistency",
    "verify_inclusion",
]

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
"""MTH of no leaves."""


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf: SHA-256(0x00 || data)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node: SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Nodes(Protocol):
    """Gives the hashes of complete subtrees."""

    def node(self, level: int, number: int) -> bytes:
        """Return the hash over the leaves from ``number * 2**level`` to before ``(number + 1) * 2**level``."""
        ...


class LeafNodes:
    """``Nodes`` over leaf hashes in memory, each computed once."""

    def __init__(self, hashes: Sequence[bytes]) -> None:
        self._levels: list[Sequence[bytes]] = [hashes]

    def node(self, level: int, number: int) -> bytes:
        """Return the hash of a complete subtree."""
        while len(self._levels) <= level:
            below = self._levels[-1]
            self._levels.append([node_hash(*below[i : i + 2]) for i in range(0, len(below) - 1, 2)])
        return self._levels[level][number]


class Growing:
    """A tree that only grows: leaf hashes are added one by one, with memory O(log n).

    Args:
        collect: level whose complete subtrees are remembered in ``collected``, 32 bytes each; None: none.
    """

    def __init__(self, *, collect: int | None = None) -> None:
        self.size = 0
        self.collected = bytearray()
        self._collect = collect
        self._stack: list[tuple[int, bytes]] = []

    def add(self, leaf: bytes) -> None:
        """Add a leaf hash."""
        level, top = 0, leaf
        while self._stack and self._stack[-1][0] == level:
            top = node_hash(self._stack.pop()[1], top)
            level += 1
            if level == self._collect:
                self.collected += top
        self._stack.append((level, top))
        self.size += 1

    def root(self) -> bytes:
        """Return the root over all leaves so far."""
        result: bytes | None = None
        for _, part in reversed(self._stack):
            result = part if result is None else node_hash(part, result)
        return EMPTY_ROOT if result is None else result


def fold_root(hashes: Iterable[bytes]) -> bytes:
    """Return the root over leaf hashes in one pass."""
    tree = Growing()
    for leaf in hashes:
        tree.add(leaf)
    return tree.root()


def root_of(nodes: Nodes, size: int) -> bytes:
    """Return the root of the first ``size`` leaves."""
    return _range_hash(nodes, 0, size)


def inclusion_proof(nodes: Nodes, *, index: int, size: int) -> list[bytes]:
    """Return PATH(index, D[size]) of RFC 6962 section 2.1.1, the leaf's sibling first.

    Raises:
        ValueError: the tree has no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError("no such leaf")
    proof: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(_range_hash(nodes, middle, end))
            end = middle
        else:
            proof.append(_range_hash(nodes, start, middle))
            start = middle
    return proof[::-1]


def consistency_proof(nodes: Nodes, *, old: int, new: int) -> list[bytes]:
    """Return PROOF(old, D[new]) of RFC 6962 section 2.1.2; empty if either is empty or both are equal.

    Raises:
        ValueError: the old tree is larger than the new one.
    """
    if not 0 <= old <= new:
        raise ValueError("the old tree is larger than the new one")
    if old in (0, new):
        return []
    proof: list[bytes] = []
    start, end = 0, new
    whole = True
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(_range_hash(nodes, middle, end))
            end = middle
        else:
            proof.append(_range_hash(nodes, start, middle))
            start, whole = middle, False
    if not whole:
        proof.append(_range_hash(nodes, start, end))
    return proof[::-1]


def verify_inclusion(leaf: bytes, *, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Tell whether ``proof`` leads from a leaf hash to ``root`` (RFC 9162 section 2.1.3.2)."""
    if not 0 <= index < size or size >= 2**63:
        return False
    fn, sn, result = index, size - 1, leaf
    for sibling in proof:
        if sn == 0 or len(sibling) != HASH_BYTES:
            return False
        if fn & 1 or fn == sn:
            result = node_hash(sibling, result)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            result = node_hash(result, sibling)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and result == root


def verify_consistency(*, old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Tell whether the tree of ``new`` leaves begins with that of ``old`` ones (RFC 9162 section 2.1.4.2).

    From an empty tree every tree may grow: then the proof must be empty and ``old_root`` the root of no leaves.
    """
    if not 0 <= old <= new or new >= 2**63 or any(len(item) != HASH_BYTES for item in proof):
        return False
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    if old == new:
        return not proof and old_root == new_root
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    return _walk(old - 1, new - 1, path) == (old_root, new_root)


def _walk(fn: int, sn: int, path: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """Return the two roots that a consistency path leads to, or None if it is too short or too long."""
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    if not path:
        return None
    first = second = path[0]
    for item in path[1:]:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            first, second = node_hash(item, first), node_hash(item, second)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            second = node_hash(second, item)
        fn, sn = fn >> 1, sn >> 1
    return (first, second) if sn == 0 else None


def _split(count: int) -> int:
    """Return the largest power of two below ``count``, which is at least 2."""
    return 1 << (count - 1).bit_length() - 1


def _range_hash(nodes: Nodes, start: int, end: int) -> bytes:
    """Return MTH of the leaves ``start`` to before ``end``; ``start`` is a multiple of the largest subtree within."""
    result: bytes | None = None
    for level, number in reversed(list(_complete(start, end))):
        part = nodes.node(level, number)
        result = part if result is None else node_hash(part, result)
    return EMPTY_ROOT if result is None else result


def _complete(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Give the complete subtrees that the range consists of, largest first."""
    while start < end:
        level = (end - start).bit_length() - 1
        yield level, start >> level
        start += 1 << level
