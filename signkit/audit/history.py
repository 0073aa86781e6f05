"""What the entries say that the rules need: refusals, mandates, more time, and what the envelope replaces.

Read leniently: entries that do not add up are found in step 10, with their own codes. What cannot be read here is not
there, so it excuses nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from signkit.errors import JournalCorruptError
from signkit.journal.chain import decode_entries
from signkit.model.entry import Entry, parse_time
from signkit.model.statement import Completion

__all__ = ["Extension", "History"]


@dataclass(frozen=True, slots=True)
class Extension:
    """More time, as an entry gives it."""

    seq: int
    at: datetime
    deadline: datetime


@dataclass(frozen=True, slots=True)
class History:
    """The entries of a finished envelope, as far as the rules need them."""

    entries: Sequence[Entry] = ()

    @classmethod
    def of(cls, completion: Completion | None) -> History:
        """Return the history in a completion statement; empty without one."""
        if completion is None:
            return cls()
        return cls(tuple(decode_entries(completion.entries)[0]))

    @property
    def signed(self) -> dict[str, int]:
        """Place → number of the entry by which it was filled."""
        return {place: entry.seq for place, entry in self._by_place("signed").items()}

    @property
    def declined(self) -> dict[str, int]:
        """Place → how many places had been filled before it declined."""
        filled = list(self.signed.values())
        return {
            place: sum(1 for seq in filled if seq < entry.seq) for place, entry in self._by_place("declined").items()
        }

    @property
    def silent_refusals(self) -> list[str]:
        """Places that declined without a reason."""
        return [place for place, entry in self._by_place("declined").items() if entry.data.get("reason") is None]

    @property
    def extensions(self) -> list[Extension]:
        """Every extension, in order."""
        found = []
        for entry in self.entries:
            if entry.type == "extended":
                try:
                    found.append(Extension(entry.seq, entry.at, parse_time(entry.data.get("deadline"))))
                except JournalCorruptError:
                    continue
        return found

    def delegated(self, place: str) -> Entry | None:
        """Return the mandate in force when a place was filled: the last one before."""
        before = self.signed.get(place)
        found = [
            entry
            for entry in self.entries
            if entry.type == "delegated"
            and entry.data.get("signatory") == place
            and (before is None or entry.seq < before)
        ]
        return found[-1] if found else None

    @property
    def corrects(self) -> Mapping[str, Any] | None:
        """What the entry *corrected* says; None if there is none."""
        return next((entry.data for entry in self.entries if entry.type == "corrected"), None)

    def _by_place(self, kind: str) -> dict[str, Entry]:
        return {
            place: entry
            for entry in self.entries
            if entry.type == kind and isinstance(place := entry.data.get("signatory"), str)
        }
