"""The store port: where a home keeps its entries, openings and documents.

A store keeps bytes and judges nothing but order: entries are only ever appended, each directly after the head of its
envelope, and numbered without gaps. What an entry means is the fold's business; whether the log is whole, the
archivist's.

Errors: ``StoreError`` and its children, ``DocumentChangedError`` for objects, ``JournalCorruptError`` for rows that are
no entries. Whatever a database raises is wrapped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from signkit.canonical import Json
from signkit.model.entry import Entry

__all__ = [
    "ObjectStore",
    "ReadTransaction",
    "Store",
    "StoredCheckpoint",
    "StoredEntry",
    "StoredRow",
    "WriteTransaction",
]


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry and its place in the log."""

    index: int
    """Number of its row, from 0, without gaps over the whole home."""
    entry: Entry
    raw: bytes = field(repr=False)
    """Its canonical bytes."""
    digest: bytes
    """SHA-256 of ``raw``."""


@dataclass(frozen=True, slots=True)
class StoredRow:
    """A row of the table ``entries`` as it stands, for those who check it: nothing in it has been compared."""

    index: int
    envelope: str
    seq: int
    digest: bytes
    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class StoredCheckpoint:
    """A signed checkpoint and its RFC 3161 token, if it has one yet."""

    note: bytes
    token: bytes | None = field(repr=False)


class ReadTransaction(Protocol):
    """One consistent view of the store."""

    def entries(self, envelope: str, start: int = 0, stop: int | None = None) -> list[StoredEntry]:
        """Return the entries ``start`` to before ``stop`` of an envelope in order; an empty list if there is none.

        Raises:
            StoreCorruptError: a row does not agree with its own entry.
        """
        ...

    def head(self, envelope: str) -> StoredEntry | None:
        """Return the envelope's last entry."""
        ...

    def size(self) -> int:
        """Return the number of entries in the home."""
        ...

    def leaves(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Give the 32-byte digests of the entries ``start`` to before ``stop``, in order."""
        ...

    def rows(self, start: int = 0, stop: int | None = None) -> Iterator[StoredRow]:
        """Give the rows ``start`` to before ``stop`` in order, unjudged."""
        ...

    def envelopes(self, *, prefix: str = "", state: str | None = None) -> list[str]:
        """Return identifiers, newest first; never the home itself."""
        ...

    def projection(self, envelope: str) -> Json | None:
        """Return the cached fold of an envelope, which may be rebuilt at any time."""
        ...

    def states(self) -> dict[str, str]:
        """Return the cached state of every envelope that has one."""
        ...

    def openings(self, envelope: str) -> dict[str, Json]:
        """Return what opens the commitments of an envelope: keys, salts, names, addresses."""
        ...

    def evidence(self, envelope: str) -> dict[str, bytes]:
        """Return the evidence kept for an envelope by its digest ``sha256:<hex>``."""
        ...

    def opened(self) -> set[str]:
        """Return the envelopes that have openings or evidence."""
        ...

    def tile(self, level: int, number: int) -> bytes:
        """Return the hashes of a tile of the tree, concatenated; empty if not kept."""
        ...

    def tiles(self) -> set[tuple[int, int]]:
        """Return level and number of every tile that is kept."""
        ...

    def checkpoint(self) -> bytes | None:
        """Return the newest signed checkpoint note stored."""
        ...

    def checkpoints(self, *, limit: int | None = None) -> list[StoredCheckpoint]:
        """Return signed checkpoints with their tokens, newest first."""
        ...


class WriteTransaction(ReadTransaction, Protocol):
    """One change, whole or not at all. Others wait."""

    def append(self, entry: Entry, *, after: bytes | None) -> StoredEntry:
        """Store ``entry`` behind the entry whose digest is ``after`` (None: as the first of its envelope).

        Raises:
            StoreLockedError: ``after`` is not the head any more (``store.moved``).
        """
        ...

    def put_opening(self, envelope: str, name: str, value: Json) -> None:
        """Keep an opening; an older one of the same name is replaced."""
        ...

    def delete_openings(self, envelope: str, names: Sequence[str] | None = None) -> int:
        """Delete the named openings, or all, of an envelope; return how many there were."""
        ...

    def put_evidence(self, envelope: str, data: bytes) -> str:
        """Keep what a provider returned, byte for byte; return its digest. Twice is once."""
        ...

    def delete_evidence(self, envelope: str) -> int:
        """Delete all evidence of an envelope; return how many there were."""
        ...

    def put_projection(self, envelope: str, state: str, value: Json) -> None:
        """Cache the fold of an envelope."""
        ...

    def put_tile(self, level: int, number: int, hashes: bytes) -> None:
        """Keep a tile, full or partial; an older, shorter one is replaced."""
        ...

    def put_checkpoint(self, note: bytes, token: bytes | None) -> None:
        """Keep a signed note; for a text that is already there signatures are replaced and a token is added."""
        ...


class ObjectStore(Protocol):
    """Documents by the digest of their bytes, ``sha256:<hex>``."""

    def put(self, path: Path) -> str:
        """Keep a copy of a file, durably and readable by its owner only; return its digest. Twice is once."""
        ...

    def put_bytes(self, data: bytes) -> str:
        """Keep ``data``; return its digest."""
        ...

    def adopt(self, path: Path, digest: str) -> None:
        """Move a file of ``workspace`` into place, durably.

        Raises:
            DocumentChangedError: the file does not have that digest; it stays where it is.
        """
        ...

    def path(self, digest: str) -> Path:
        """Return where the object is; nothing but its existence is checked.

        Raises:
            DocumentChangedError: it is missing.
        """
        ...

    def check(self, digest: str) -> None:
        """Return if the object is there and has its digest.

        Raises:
            DocumentChangedError: otherwise.
        """
        ...

    def remove(self, digest: str) -> None:
        """Delete an object; none there is no error."""
        ...

    def digests(self) -> Iterator[str]:
        """Give the digests of all objects, sorted."""
        ...

    def workspace(self) -> AbstractContextManager[Path]:
        """Give a private folder on the same file system, gone afterwards.

        Who puts documents that no entry names yet holds one until the entry is written.
        """
        ...

    def alone(self) -> AbstractContextManager[None]:
        """Hold off every workspace while the block runs: then a document that no entry names is nobody's.

        Raises:
            StoreLockedError: somebody is at work.
        """
        ...

    def leftovers(self, *, remove: bool = False) -> list[Path]:
        """Return folders and partial files that a crash left behind; those in use by a living process are not named.

        Raises:
            StoreLockedError: they are to be removed, and somebody is at work.
        """
        ...


class Store(Protocol):
    """One home's memory."""

    @property
    def objects(self) -> ObjectStore:
        """The documents."""
        ...

    def read(self) -> AbstractContextManager[ReadTransaction]:
        """Give a consistent view; nothing is written."""
        ...

    def write(self) -> AbstractContextManager[WriteTransaction]:
        """Give the right to write: committed durably when the block ends, undone when it raises.

        Raises:
            StoreLockedError: somebody else held it for too long (``store.locked``).
        """
        ...

    def kept_checkpoints(self) -> tuple[bytes, ...]:
        """Return the newest signed checkpoint as kept outside the database, from each place that has one.

        (proof.md section 7, Restore.)
        """
        ...

    def keep_checkpoint(self, note: bytes) -> None:
        """Keep a signed checkpoint outside the database, durably; the older one is replaced."""
        ...

    def check(self) -> None:
        """Return if the database itself is whole and still refuses to change entries.

        Raises:
            StoreCorruptError: it is not.
        """
        ...

    def close(self) -> None:
        """Let go of everything; twice is once."""
        ...
