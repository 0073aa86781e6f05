"""Sign the log: checkpoints, their anchors, and a new generation after a restore. The clerk's side.

Order matters: an entry is committed before a checkpoint covers it, and the checkpoint is kept outside the database
before anybody else sees it. So whatever has been signed can be found again after a crash at any instant.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from signkit.errors import JournalError, JournalForkError
from signkit.journal.checkpoint import (
    Checkpoint,
    generation_name,
    generation_of,
    log_vkey,
    parse_checkpoint,
    sign_checkpoint,
    verify_checkpoint,
)
from signkit.journal.proof import Inclusion
from signkit.journal.reader import RESTARTED, LogState, current_log, require_readable, require_whole
from signkit.journal.tree import Tree
from signkit.journal.writer import append, grow
from signkit.model.entry import HOME
from signkit.ports.keys import SigningKey
from signkit.ports.store import ReadTransaction, Store, StoredEntry
from signkit.ports.timestamper import Timestamper

__all__ = ["Anchor", "anchor", "prove", "restart", "sign_head"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A signed checkpoint and the proof of when it was there."""

    checkpoint: Checkpoint
    note: bytes
    token: bytes = field(repr=False)
    gen_time: datetime


def sign_head(store: Store, *, origin: str, key: SigningKey) -> bytes:
    """Sign the log as it stands and return the note; it is kept in the database and outside it.

    Args:
        store: the home's store; no transaction of the caller may be open.
        origin: the name of the log's first generation.
        key: the journal key.

    Raises:
        JournalForkError: it would contradict what has been signed (the restore rule).
        JournalCorruptError: a row that is new cannot be read (``journal.unreadable``), or rows lack (``journal.gap``).
        JournalError: the log is empty (``journal.empty``).
        StoreError: the store failed.
        KeyUnavailableError: the key cannot sign.
    """
    vkey = log_vkey(origin, key.spki)
    with store.write() as tx:
        log = require_whole(tx, kept=store.kept_checkpoints(), vkey=vkey)
        signed = _signed(tx, log)
        require_readable(tx, signed=signed)
        grow(tx, signed=signed)
        tree = Tree(tx)
        if not tree.size:
            raise JournalError("there is no entry to sign for", code="journal.empty")
        note = sign_checkpoint(log.origin, tree.size, tree.root(), key)
        tx.put_checkpoint(note, None)
        store.keep_checkpoint(note)
    return note


def anchor(store: Store, *, origin: str, key: SigningKey, timestamper: Timestamper) -> Anchor:
    """Sign the log as it stands and have the checkpoint's text timestamped.

    Raises:
        TimestampError: no service gave a token; the checkpoint stays signed and kept.
        JournalError, StoreError, KeyUnavailableError: as ``sign_head``.
    """
    note = sign_head(store, origin=origin, key=key)
    checkpoint = parse_checkpoint(note)
    timestamp = timestamper.timestamp(checkpoint.imprint)
    with store.write() as tx:
        tx.put_checkpoint(note, timestamp.token)
    return Anchor(checkpoint=checkpoint, note=note, token=timestamp.token, gen_time=timestamp.gen_time)


def prove(store: Store, index: int, *, origin: str, checkpoint: Checkpoint) -> Inclusion:
    """Return the proof that entry number ``index`` of the home is in the tree of ``checkpoint``.

    Raises:
        JournalError: that checkpoint does not cover the entry (``journal.not_covered``).
    """
    with store.read() as tx:
        log = current_log(tx, origin=origin)
        tree = Tree(tx)
        if checkpoint.origin != log.origin or not 0 <= index < checkpoint.size <= tree.size:
            raise JournalError("the checkpoint does not cover that entry", code="journal.not_covered")
        path = tuple(tree.inclusion(index, size=checkpoint.size))
    return Inclusion(index, checkpoint.size, path)


def restart(
    store: Store, *, origin: str, key: SigningKey, actor: str, at: datetime, elsewhere: Sequence[bytes] = ()
) -> StoredEntry:
    """Begin a new generation of the log after a restore, and sign it; return its first entry.

    The entry quotes the last checkpoint that is known of what was cut off, so nobody can say that it never was, and
    the name is one that no checkpoint known has: nothing is signed twice differently.

    Args:
        store: the home's store; no transaction of the caller may be open.
        origin: the name of the log's first generation.
        key: the journal key.
        actor: who says that a backup was restored.
        at: now.
        elsewhere: checkpoints that others have kept, where the home's own may be as old as the backup.

    Raises:
        JournalError: nothing contradicts what was signed: there is nothing to restart (``journal.not_behind``).
        JournalCorruptError: a checkpoint is not one of this log, or a row cannot be read (``journal.unreadable``).
    """
    vkey = log_vkey(origin, key.spki)
    with store.write() as tx:
        kept = store.kept_checkpoints()
        try:
            require_whole(tx, kept=kept, vkey=vkey, elsewhere=elsewhere)
        except JournalForkError:
            pass
        else:
            raise JournalError("the log is whole: there is nothing to restart", code="journal.not_behind")
        require_readable(tx)
        last, note = _newest([*kept, tx.checkpoint(), *elsewhere], vkey, origin)
        log = current_log(tx, origin=origin)
        generation = max(log.generation, generation_of(origin, last.origin) or 1) + 1
        data = {
            "origin": generation_name(origin, generation),
            "generation": generation,
            "checkpoint": note.decode("utf-8"),
            "entries": tx.size(),
        }
        first = append(tx, HOME, RESTARTED, actor=actor, data=data, at=at)
    sign_head(store, origin=origin, key=key)
    return first


def _signed(tx: ReadTransaction, log: LogState) -> int:
    """Return how many entries this generation has signed for; ``require_whole`` has compared its newest checkpoint."""
    last = tx.checkpoint()
    newest = parse_checkpoint(last) if last is not None else None
    return newest.size if newest is not None and newest.origin == log.origin else 0


def _newest(notes: Iterable[bytes | None], vkey: str, origin: str) -> tuple[Checkpoint, bytes]:
    """Return the checkpoint of the latest generation, and of it the largest; all must be of this log."""
    known = [(verify_checkpoint(note, vkey, generations=True), note) for note in notes if note is not None]
    return max(known, key=lambda item: (generation_of(origin, item[0].origin) or 0, item[0].size))
