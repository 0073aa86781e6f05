"""One envelope of a home, judged: its state is the fold of its entries, and what its completion rests on is there."""

from __future__ import annotations

import bisect
import contextlib
from collections.abc import Iterator, Sequence

from signkit.audit.home_openings import check_openings
from signkit.errors import JournalCorruptError, JournalError
from signkit.journal.chain import failed
from signkit.journal.checkpoint import parse_checkpoint
from signkit.model.envelope import fold
from signkit.model.report import Finding
from signkit.ports.store import ReadTransaction, StoredEntry

__all__ = ["anchored_sizes", "check_completion", "check_envelope"]


def check_envelope(
    tx: ReadTransaction, stored: Sequence[StoredEntry], state: str | None, wanted: set[str], *, erased: bool
) -> Iterator[Finding]:
    """Give what is wrong with an envelope's state, openings and evidence.

    Args:
        tx: the home.
        stored: its entries; none where a row is damaged, which is said elsewhere.
        state: its cached state.
        wanted: digests of the documents that are needed; the envelope's are added.
        erased: the home's journal says that its openings were erased.
    """
    if not stored:
        return
    entries = [item.entry for item in stored]
    name = entries[0].envelope
    try:
        envelope = fold(entries)
    except JournalError as exc:
        yield failed("journal.fold", subject=name, reason=exc.code)
        return
    if state != envelope.state.value:
        yield failed("journal.state", subject=name, state=state or "–", fold=envelope.state.value)
    for document in envelope.documents:
        wanted |= {document.r0.sha256, document.current.sha256}
    yield from check_openings(tx, envelope, entries, erased=erased)


def check_completion(stored: Sequence[StoredEntry], anchored: Sequence[int]) -> Iterator[Finding]:
    """Give a finding where the checkpoint in the completion seal, or its timestamp, is not in the database.

    Args:
        stored: an envelope's entries.
        anchored: how many entries each timestamped checkpoint covers, ascending. One was made between *completing* and
            *completed*, before anything was sealed (proof.md section 7, Completion).
    """
    at = {item.entry.type: item.index for item in stored}
    if "completed" not in at:
        return
    first = bisect.bisect_right(anchored, at.get("completing", 0))
    if first == len(anchored) or anchored[first] > at["completed"]:
        yield failed("journal.anchor_missing", subject=stored[0].entry.envelope)


def anchored_sizes(tx: ReadTransaction) -> list[int]:
    """Return how many entries each timestamped checkpoint in the database covers, in ascending order."""
    sizes = []
    for stored in tx.checkpoints():
        with contextlib.suppress(JournalCorruptError):
            sizes += [] if stored.token is None else [parse_checkpoint(stored.note).size]
    return sorted(sizes)
