"""Read a home's log: which generation it is in, and whether it still is what was signed. Writes nothing.

The restore rule (proof.md section 7): the newest signed checkpoint is kept outside the database. A database that is
smaller than it, or has another root at its size, was restored or rewritten; whatever were signed now would fork the
log. After a restore it goes on as a new generation, a log of another name over the entries that are left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from signkit import canonical
from signkit.errors import JournalCorruptError, JournalForkError, StoreCorruptError
from signkit.journal.chain import link_faults
from signkit.journal.checkpoint import Checkpoint, generation_name, generation_of, parse_checkpoint, verify_checkpoint
from signkit.journal.tree import Tree
from signkit.model.entry import HOME, Entry
from signkit.ports.store import ReadTransaction, StoredRow

__all__ = ["RESTARTED", "LogState", "current_log", "require_readable", "require_whole"]

RESTARTED: Final = "log_restarted"
"""Type of the home's entry that begins a new generation: data {origin, generation, checkpoint, entries}."""

_RESTART: Final = (
    "after a restore from a backup run signkit journal checkpoint --restored; else find out who changed it"
)
_UNREADABLE: Final = "see: signkit journal verify; restoring the newest backup without that row forks nothing"
_MISSING: Final = "put the newest copy of the file back; if there is none, run signkit journal checkpoint --restored"


@dataclass(frozen=True, slots=True)
class LogState:
    """The generation that a home writes now."""

    origin: str
    """Its name, with ``/2`` and so on after a restore."""
    generation: int


def current_log(tx: ReadTransaction, *, origin: str) -> LogState:
    """Return the generation that the log ``origin`` of this home is in.

    Raises:
        JournalCorruptError: an entry that begins a generation says something impossible.
    """
    for stored in reversed(tx.entries(HOME)):
        if stored.entry.type == RESTARTED:
            data = stored.entry.data
            generation = data.get("generation")
            if type(generation) is not int or generation < 2:
                raise JournalCorruptError("an entry that begins no generation of the log", code="journal.restart")
            return LogState(generation_name(origin, generation), generation)
    return LogState(origin, 1)


def require_whole(
    tx: ReadTransaction, *, kept: Sequence[bytes], vkey: str, elsewhere: Sequence[bytes] = ()
) -> LogState:
    """Return the log's state, if appending to it and signing it contradicts nothing that has been signed.

    Args:
        tx: the home.
        kept: the checkpoint kept outside the database, from each place that has one.
        vkey: verifier key of the log's first generation.
        elsewhere: what somebody else has kept: a witness, a published log.

    Raises:
        JournalForkError: the database is smaller than a signed checkpoint (``journal.behind``), contradicts it
            (``journal.fork``), a later generation has been signed (``journal.behind``), or the checkpoint outside is
            gone, so that nothing tells whether this is a backup (``journal.kept_missing``).
        JournalCorruptError: the kept checkpoint is not one of this log.
    """
    origin = vkey.partition("+")[0]
    log = current_log(tx, origin=origin)
    tree = Tree(tx)
    inside = tx.checkpoint()
    for note in (*kept, inside, *elsewhere):
        if note is not None:
            _compare(tree, log, verify_checkpoint(note, vkey, generations=True), origin=origin)
    if not kept and inside is not None and parse_checkpoint(inside).origin == log.origin:
        raise JournalForkError(
            "the home's file checkpoint is gone: whether this is a restored backup cannot be told",
            code="journal.kept_missing",
            hint=_MISSING,
        )
    return log


def require_readable(tx: ReadTransaction, *, signed: int = 0) -> None:
    """Return if the rows that no checkpoint covers yet are entries, each in its place in a whole chain.

    What is signed can never be taken back, and a row that nobody can read would be in the log for ever.

    Args:
        tx: the home.
        signed: rows that a checkpoint of this generation covers; they were judged then.

    Raises:
        JournalCorruptError: ``journal.unreadable``.
    """
    last: dict[str, Entry | None] = {}
    for row in tx.rows(signed):
        if not _follows(tx, row, last):
            raise JournalCorruptError(
                "a row that nothing has been signed for cannot be read: the log is not signed",
                code="journal.unreadable",
                hint=_UNREADABLE,
                subject={"envelope": row.envelope, "entry": str(row.index)},
            )


def _follows(tx: ReadTransaction, row: StoredRow, last: dict[str, Entry | None]) -> bool:
    """Tell whether a row is an entry, in its place, behind the ``last`` one of its envelope; it becomes the last."""
    try:
        if row.envelope not in last:
            before = tx.entries(row.envelope, max(row.seq - 1, 0), row.seq)
            last[row.envelope] = before[0].entry if before else None
        entry, previous = Entry.decode(row.raw), last[row.envelope]
    except (JournalCorruptError, StoreCorruptError):
        return False
    last[row.envelope] = entry
    in_place = (entry.envelope, entry.seq, canonical.digest(row.raw)) == (row.envelope, row.seq, row.digest)
    return in_place and not any(link_faults(entry, previous, 0 if previous is None else previous.seq + 1))


def _compare(tree: Tree, log: LogState, signed: Checkpoint, *, origin: str) -> None:
    generation = generation_of(origin, signed.origin) or 0
    if generation < log.generation:
        return  # an earlier generation ended with a restore; its last checkpoint is quoted in the entry that says so
    if generation > log.generation:
        raise JournalForkError(
            "a later generation of the log has been signed than this database knows",
            code="journal.behind",
            hint=_RESTART,
        )
    if signed.size > tree.size:
        raise JournalForkError(
            f"the journal has {tree.size} entries, but {signed.size} have been signed for",
            code="journal.behind",
            hint=_RESTART,
        )
    if tree.root(signed.size) != signed.root:
        raise JournalForkError(
            f"the first {signed.size} entries are not those that have been signed for",
            code="journal.fork",
            hint=_RESTART,
        )
