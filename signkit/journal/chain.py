"""The chain of one envelope: what its entries must satisfy whoever brings them (proof.md section 8, step 10).

Pure functions over entries, from a PDF, a bundle or a home alike. Not here: whether the entries are in the tree, and
whether what they tell fits the signatures found.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from signkit import canonical
from signkit.canonical import Json
from signkit.errors import JournalCorruptError
from signkit.model.entry import Entry
from signkit.model.report import Finding, Verdict

__all__ = ["MAX_ENTRIES", "STEP", "check_chain", "decode_entries", "failed", "link_faults"]

STEP: Final = "10"
"""The recipe's step for findings about the journal."""
MAX_ENTRIES: Final = 10_000
"""Most entries of one envelope that are read from a foreign file, ours: 100 signatories make about 800."""


def decode_entries(values: Sequence[Json]) -> tuple[list[Entry], list[Finding]]:
    """Return the entries that JSON objects are, and a finding for each that is none.

    Reading stops at the first that cannot be read: nothing after it could be chained.
    """
    if len(values) > MAX_ENTRIES:
        return [], [_finding(Verdict.INDETERMINATE, "journal.too_many", {"limit": MAX_ENTRIES})]
    entries: list[Entry] = []
    for number, value in enumerate(values):
        try:
            entries.append(Entry.decode(canonical.encode(value)))
        except canonical.CanonicalError:
            return entries, [_finding(Verdict.FAILED, "journal.entry", {"entry": number})]
        except JournalCorruptError as exc:
            unknown = exc.code == "journal.entry_version"
            verdict = Verdict.INDETERMINATE if unknown else Verdict.FAILED
            return entries, [_finding(verdict, exc.code, {"entry": number})]
    return entries, []


def check_chain(entries: Iterable[Entry], *, envelope: str, not_after: datetime | None = None) -> list[Finding]:
    """Return what is wrong with the chain, or one finding PASSED.

    Args:
        entries: in the order in which they are said to have happened.
        envelope: whose they must be.
        not_after: an instant by which all of them were logged, as a timestamp proves; None: not known.
    """
    findings: list[Finding] = []
    previous: Entry | None = None
    count = 0
    for number, entry in enumerate(entries):
        count += 1
        findings += [_finding(Verdict.FAILED, code, {"entry": number}) for code in link_faults(entry, previous, number)]
        if entry.envelope != envelope:
            findings.append(_finding(Verdict.FAILED, "journal.chain_envelope", {"entry": number}))
        if not_after is not None and entry.at > not_after:
            findings.append(_finding(Verdict.FAILED, "journal.chain_future", {"entry": number}))
        previous = entry
    if not count:
        return [_finding(Verdict.FAILED, "journal.chain_empty", {})]
    return findings or [_finding(Verdict.PASSED, "journal.chain", {"entries": count})]


def link_faults(entry: Entry, previous: Entry | None, number: int) -> Iterable[str]:
    """Give the codes of what is wrong between an entry, its place and the one before it."""
    if entry.seq != number:
        yield "journal.chain_sequence"
    if entry.prev != (None if previous is None else canonical.digest_text(previous.digest)):
        yield "journal.chain_previous"
    if previous is not None and entry.at < previous.at:
        yield "journal.chain_time"


def failed(code: str, *, subject: str | None = None, **params: str | int) -> Finding:
    """Return a finding that fails the journal, about an envelope or the log as a whole."""
    return Finding(STEP, Verdict.FAILED, code, params, subject=subject)


def _finding(verdict: Verdict, code: str, params: dict[str, str | int]) -> Finding:
    return Finding(STEP, verdict, code, params)
