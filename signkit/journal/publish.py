"""Publish the log as static files (C2SP tlog-tiles): tiles, entries, the checkpoint, and proofs, behind any web server.

What is published holds 32-byte digests only; no entry and no identifier of an envelope leaves the home. Tiles never
change, so publishing again writes only what is new; the checkpoint comes last, when everything that it covers is there.

A later generation of the log is another log, with other tiles: it lies below its number, as its name says, and what was
published before stays.
"""

from __future__ import annotations

import base64
import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from signkit.errors import JournalCorruptError, JournalForkError
from signkit.files import write_atomic
from signkit.journal.checkpoint import Checkpoint, generation_of, parse_checkpoint, verify_checkpoint
from signkit.journal.merkle import HASH_BYTES
from signkit.journal.note import MAX_NOTE_BYTES, VerifierKey, ed25519_spki, parse_vkey
from signkit.journal.proof import TlogProof
from signkit.journal.tiles import CHECKPOINT_PATH, ENTRIES, proof_path, tile_path, tile_resources
from signkit.journal.tree import TILE_WIDTH, Tree
from signkit.ports.store import ReadTransaction

__all__ = ["FolderSink", "Published", "Sink", "key_files", "publish"]


class Sink(Protocol):
    """Where published files go: a folder, or a bucket."""

    def has(self, path: str) -> bool:
        """Tell whether the file is there already."""
        ...

    def get(self, path: str) -> bytes | None:
        """Return a small file that is there already, None where there is none.

        Raises:
            OSError: it cannot be read.
            JournalError: a service refuses it.
        """
        ...

    def put(self, path: str, data: bytes) -> None:
        """Write a file, whole or not at all.

        Raises:
            OSError: it cannot be written.
            JournalError: a service refuses it.
        """
        ...


class FolderSink:
    """Published files in a folder, readable by everybody."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def has(self, path: str) -> bool:
        """Tell whether the file is there already."""
        return (self._folder / path).is_file()

    def get(self, path: str) -> bytes | None:
        """Return a small file that is there already."""
        if not self.has(path):
            return None
        with (self._folder / path).open("rb") as stream:
            return stream.read(MAX_NOTE_BYTES + 1)

    def put(self, path: str, data: bytes) -> None:
        """Write a file, whole or not at all."""
        target = self._folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(target, data, mode=0o644)


@dataclass(frozen=True, slots=True)
class Published:
    """What publishing did."""

    size: int
    written: int
    """Files written; those that were there already are not counted."""
    prefix: str = ""
    """Where in the sink: nothing for the first generation, ``2/`` for the second."""


def publish(
    tx: ReadTransaction,
    sink: Sink,
    *,
    note: bytes,
    vkey: str,
    proofs: Iterable[int] = (),
    files: Mapping[str, bytes] | None = None,
) -> Published:
    """Make ``sink`` hold everything that a checkpoint covers, and then the checkpoint itself.

    Args:
        tx: the home.
        sink: where to.
        note: the signed checkpoint, cosignatures included; must be one of this home's log.
        vkey: verifier key of the log's first generation.
        proofs: numbers of entries that get a ``proof/<digest>.tlog-proof``; one that is there already is left alone.
        files: other files by path: the token, a text that explains how to check.

    Raises:
        JournalForkError: the checkpoint is not of this log (``journal.fork``), or what is published already is not a
            beginning of it (``journal.published_other``): the home is an older one, or the place another log's.
        OSError: the sink cannot be written.
    """
    checkpoint = verify_checkpoint(note, vkey, generations=True)
    tree = Tree(tx)
    if checkpoint.size > tree.size or tree.root(checkpoint.size) != checkpoint.root:
        raise JournalForkError("the checkpoint is not of this log", code="journal.fork")
    generation = generation_of(parse_vkey(vkey).name, checkpoint.origin) or 1
    prefix = "" if generation == 1 else f"{generation}/"
    older = sink.get(prefix + CHECKPOINT_PATH)
    if sink.has(f"{generation + 1}/{CHECKPOINT_PATH}") or not (older is None or _begins(tree, older, checkpoint, vkey)):
        raise JournalForkError(
            "what is published there already is not a beginning of this log: nothing is written over it",
            code="journal.published_other",
            hint="after a restore: signkit journal checkpoint --restored --checkpoint FILE, with the newest from there",
        )
    written = 1
    for path, make in itertools.chain(_tiles(tx, tree, checkpoint), _proofs(tx, tree, note, proofs)):
        if not sink.has(prefix + path):
            sink.put(prefix + path, make())
            written += 1
    for path, data in {**(files or {}), **key_files(vkey, checkpoint.origin)}.items():
        sink.put(prefix + path, data)
    sink.put(prefix + CHECKPOINT_PATH, note)
    return Published(checkpoint.size, written, prefix)


def _begins(tree: Tree, older: bytes, checkpoint: Checkpoint, vkey: str) -> bool:
    """Tell whether a checkpoint that was published earlier is of the same log, and what it covers is there still."""
    try:
        there = verify_checkpoint(older, vkey, generations=True)
    except JournalCorruptError:
        return False
    same = there.origin == checkpoint.origin and there.size <= checkpoint.size
    return same and tree.root(there.size) == there.root


def _tiles(tx: ReadTransaction, tree: Tree, checkpoint: Checkpoint) -> Iterator[tuple[str, Callable[[], bytes]]]:
    for level, number, width in (*_narrower(tx, checkpoint), *tile_resources(checkpoint.size)):
        yield tile_path(level, number, width), functools.partial(tree.tile, level, number, width)
        if level == 0:
            yield tile_path(ENTRIES, number, width), functools.partial(_bundle, tx, number, width)


def _narrower(tx: ReadTransaction, checkpoint: Checkpoint) -> Iterator[tuple[int, int, int]]:
    """Give the last tile as it was for older checkpoints, which are in documents (C2SP tlog-tiles, Partial Tiles)."""
    number, width = divmod(checkpoint.size, TILE_WIDTH)
    older = (parse_checkpoint(stored.note) for stored in tx.checkpoints(limit=TILE_WIDTH))
    sizes = {item.size for item in older if item.origin == checkpoint.origin and item.size // TILE_WIDTH == number}
    for size in sorted(sizes):
        if 0 < size % TILE_WIDTH < width:
            yield 0, number, size % TILE_WIDTH


def _proofs(
    tx: ReadTransaction, tree: Tree, note: bytes, indexes: Iterable[int]
) -> Iterator[tuple[str, Callable[[], bytes]]]:
    size = parse_checkpoint(note).size
    for index in indexes:
        if 0 <= index < size:
            (digest,) = tx.leaves(index, index + 1)
            yield proof_path(digest), functools.partial(_proof, tree, index, size, note)


def _proof(tree: Tree, index: int, size: int, note: bytes) -> bytes:
    return TlogProof(index, tuple(tree.inclusion(index, size=size)), note).encode()


def key_files(vkey: str, origin: str) -> dict[str, bytes]:
    """Return the public key in both forms: as C2SP wants it, and as openssl does."""
    first = parse_vkey(vkey)
    spki = base64.encodebytes(ed25519_spki(first.public))
    return {
        "log.vkey": f"{VerifierKey(origin, first.public, first.kind)}\n".encode(),
        "log.pem": b"-----BEGIN PUBLIC KEY-----\n" + spki + b"-----END PUBLIC KEY-----\n",
    }


def _bundle(tx: ReadTransaction, number: int, width: int) -> bytes:
    start = number * TILE_WIDTH
    prefix = HASH_BYTES.to_bytes(2, "big")
    return b"".join(prefix + leaf for leaf in tx.leaves(start, start + width))
