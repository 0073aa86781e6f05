"""A home, judged: the log, the state of every envelope, every document, opening and piece of evidence.

Reads only; what it finds is told, never mended. Called by ``signkit doctor`` and ``signkit journal verify``. The
state of an envelope must be the fold of its entries, and everything that the fold names must be there with its digest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from signkit.audit.generations import Restart, judge_checkpoint, read_restarts, tell_restart
from signkit.audit.home_envelope import anchored_sizes, check_completion, check_envelope
from signkit.audit.home_log import (
    Rows,
    check_anchors,
    check_kept,
    check_rows,
    check_tiles,
    signed_checkpoints,
)
from signkit.errors import DocumentError, JournalError, StoreError
from signkit.journal.chain import STEP, failed
from signkit.journal.checkpoint import Checkpoint
from signkit.model.entry import ERASED, HOME
from signkit.model.report import Finding, Verdict
from signkit.ports.store import ReadTransaction, Store, StoredEntry

__all__ = ["HomeReport", "check_home"]


@dataclass(frozen=True, slots=True)
class HomeReport:
    """What was found in a home."""

    findings: tuple[Finding, ...]
    entries: int
    envelopes: int
    orphans: tuple[str, ...]
    """Documents that no envelope needs: what a crash between two steps leaves; harmless."""
    leftovers: tuple[Path, ...]
    """Folders and partial files of processes that are gone; harmless."""

    @property
    def sound(self) -> bool:
        """Tell whether nothing is wrong."""
        return all(finding.verdict is Verdict.PASSED for finding in self.findings)


def check_home(store: Store, *, vkey: str | None, checkpoints: Sequence[bytes] = ()) -> HomeReport:
    """Return everything that is wrong with a home, or findings PASSED: that it is sound, and how its log began again.

    Args:
        store: the home; may be opened for reading only.
        vkey: verifier key of the log's first generation; without it checkpoints are not compared.
        checkpoints: older signed checkpoints that somebody kept, to be compared too.

    Raises:
        StoreError: the database cannot be read at all.
    """
    wanted: set[str] = set()
    findings: list[Finding] = []
    with store.read() as tx:
        rows = _log(store, tx, vkey, checkpoints, findings)
        erased = {item.entry.data.get("envelope") for item in _entries(tx, HOME) if item.entry.type == ERASED}
        states = tx.states()
        names = [name for name in rows.envelopes if name != HOME]
        anchored = anchored_sizes(tx)
        for name in names:
            stored = _entries(tx, name)
            findings += check_envelope(tx, stored, states.pop(name, None), wanted, erased=name in erased)
            findings += check_completion(stored, anchored)
        findings += [failed("journal.state", subject=name, state=state) for name, state in states.items()]
        findings += [failed("journal.opening_stray", subject=name) for name in sorted(tx.opened() - set(names))]
    findings += _database(store)
    findings += _objects(store, wanted)
    if all(finding.verdict is Verdict.PASSED for finding in findings):
        params: dict[str, str | int] = {"entries": rows.tree.size, "envelopes": len(names), "documents": len(wanted)}
        findings.append(Finding(STEP, Verdict.PASSED, "journal.home", params))
    orphans = tuple(digest for digest in store.objects.digests() if digest not in wanted)
    return HomeReport(tuple(findings), rows.tree.size, len(names), orphans, tuple(store.objects.leftovers()))


def _database(store: Store) -> Iterator[Finding]:
    try:
        store.check()
    except StoreError as exc:
        yield failed("journal.database", reason=exc.message)


def _log(store: Store, tx: ReadTransaction, vkey: str | None, given: Sequence[bytes], findings: list[Finding]) -> Rows:
    """Check the log and return what the pass over its rows left."""
    own: list[Checkpoint] = []
    theirs: list[Checkpoint] = []
    restarts: list[Restart] = []
    if vkey is not None:
        kept = store.kept_checkpoints()  # before the first look at the database: others may be signing meanwhile
        inside = [item.note for item in tx.checkpoints()]
        own, wrong = signed_checkpoints([*inside, *kept], vkey=vkey)
        theirs, foreign = signed_checkpoints(given, vkey=vkey)
        findings += check_anchors(tx)
        restarts, impossible = read_restarts(_entries(tx, HOME), vkey)
        findings += [*wrong, *foreign, *impossible, *check_kept(store.kept_checkpoints(), inside, vkey=vkey)]
    rows = Rows(frozenset(item.size for item in (*own, *theirs, *(restart.quoted for restart in restarts))))
    findings += check_rows(tx, rows)
    findings += check_tiles(tx, rows)
    findings += [tell_restart(item, rows.roots) for item in restarts]
    origin = "" if vkey is None else vkey.partition("+")[0]
    judged = [judge_checkpoint(item, restarts, origin=origin, size=rows.tree.size, roots=rows.roots) for item in own]
    findings += [item for item in judged if item and item.verdict is Verdict.FAILED]  # what was lost, the restart told
    asked = [judge_checkpoint(item, restarts, origin=origin, size=rows.tree.size, roots=rows.roots) for item in theirs]
    findings += filter(None, asked)
    return rows


def _entries(tx: ReadTransaction, envelope: str) -> list[StoredEntry]:
    """Return an envelope's entries, or none where a row is damaged: ``check_rows`` has said so."""
    try:
        return tx.entries(envelope)
    except (JournalError, StoreError):
        return []


def _objects(store: Store, wanted: set[str]) -> Iterator[Finding]:
    for digest in sorted(wanted):
        try:
            store.objects.check(digest)
        except DocumentError as exc:
            code = "journal.object_missing" if exc.code == "document.missing" else "journal.object_changed"
            yield failed(code, digest=digest)
