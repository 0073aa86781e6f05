"""The generations of a home's log: whether each restart tells the truth, and what older checkpoints say against it.

A restart is the operator's word that a backup was restored. It excuses that newer entries are gone, and nothing else:
what had survived must still be what earlier generations signed for, and no generation may have signed for more than the
restart quotes (proof.md section 7, Restore). Else a rewritten history could be called a restored one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from signkit.errors import JournalCorruptError
from signkit.journal.chain import STEP, failed
from signkit.journal.checkpoint import Checkpoint, generation_name, generation_of, verify_checkpoint
from signkit.journal.reader import RESTARTED
from signkit.model.report import Finding, Verdict
from signkit.ports.store import StoredEntry

__all__ = ["Restart", "judge_checkpoint", "read_restarts", "tell_restart"]


@dataclass(frozen=True, slots=True)
class Restart:
    """The entry that began a generation, as far as it can be believed."""

    generation: int
    survivors: int
    """Entries before it: they are in the trees of both generations."""
    at: datetime
    quoted: Checkpoint
    """The last checkpoint of the log before, as it says."""
    quoted_generation: int


def read_restarts(entries: Sequence[StoredEntry], vkey: str) -> tuple[list[Restart], list[Finding]]:
    """Return the restarts among the home's own entries, and a finding for each that says something impossible.

    Args:
        entries: the chain of the home itself.
        vkey: verifier key of the log's first generation.
    """
    origin = vkey.partition("+")[0]
    restarts: list[Restart] = []
    for stored in entries:
        if stored.entry.type != RESTARTED:
            continue
        before = restarts[-1].generation if restarts else 1
        try:
            restart = _restart(stored, vkey, origin)
        except JournalCorruptError:
            restart = None
        if restart is None or not before <= restart.quoted_generation < restart.generation:
            return restarts, [failed("journal.restart")]
        restarts.append(restart)
    return restarts, []


def tell_restart(restart: Restart, roots: Mapping[int, bytes]) -> Finding:
    """Return what a restart means: nobody reads the log without being told that it began again."""
    quoted = restart.quoted
    lost = quoted.size > restart.survivors or roots.get(quoted.size) != quoted.root
    params: dict[str, str | int] = {
        "generation": restart.generation,
        "time": f"{restart.at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC",
        "size": quoted.size,
        "entries": restart.survivors,
    }
    return Finding(STEP, Verdict.PASSED, "journal.restarted_lost" if lost else "journal.restarted", params)


def judge_checkpoint(
    checkpoint: Checkpoint,
    restarts: Sequence[Restart],
    *,
    origin: str,
    size: int,
    roots: Mapping[int, bytes],
) -> Finding | None:
    """Return what is wrong between a signed checkpoint and the entries; None: it is one of this history.

    Args:
        checkpoint: signed by the log's key.
        restarts: how this home began again, in order.
        origin: name of the log's first generation.
        size: how many entries there are.
        roots: the tree's root at each size asked for.
    """
    generation = generation_of(origin, checkpoint.origin) or 0
    end = next((item for item in restarts if item.generation > generation), None)
    params: dict[str, str | int] = {"size": checkpoint.size, "entries": size if end is None else end.survivors}
    current = restarts[-1].generation if restarts else 1
    if generation > current or (end is None and checkpoint.size > size):
        return Finding(STEP, Verdict.FAILED, "journal.behind", params)
    if end is None or checkpoint.size <= end.survivors:
        same = roots.get(checkpoint.size) == checkpoint.root
        return None if same else Finding(STEP, Verdict.FAILED, "journal.fork", params)
    if end.quoted_generation == generation:
        quoted = end.quoted
        if checkpoint.size > quoted.size or (checkpoint.size == quoted.size and checkpoint.root != quoted.root):
            return Finding(STEP, Verdict.FAILED, "journal.denied", {**params, "quoted": quoted.size})
    return Finding(STEP, Verdict.INDETERMINATE, "journal.lost", params)


def _restart(stored: StoredEntry, vkey: str, origin: str) -> Restart | None:
    data = stored.entry.data
    generation, note = data.get("generation"), data.get("checkpoint")
    if type(generation) is not int or generation < 2 or not isinstance(note, str):
        return None
    if (data.get("origin"), data.get("entries")) != (generation_name(origin, generation), stored.index):
        return None
    quoted = verify_checkpoint(note.encode("utf-8"), vkey, generations=True)
    return Restart(generation, stored.index, stored.entry.at, quoted, generation_of(origin, quoted.origin) or 0)
