"""Whether an opening opens something that a story commits to: for the openings of a home and of a bundle alike."""

from __future__ import annotations

from collections.abc import Iterable

from signkit.canonical import Json
from signkit.model.entry import Entry
from signkit.model.person import commitment_of

__all__ = ["opens", "texts_of"]


def texts_of(entries: Iterable[Entry]) -> set[str]:
    """Return every text that the entries' data hold: their commitments are among them."""
    return _texts([dict(entry.data) for entry in entries])


def opens(opening: Json, said: set[str]) -> bool:
    """Tell whether an opening is that of a commitment among what was said."""
    if not isinstance(opening, dict) or not isinstance(opening.get("salt"), str):
        return False
    return commitment_of(opening["salt"], opening.get("value")) in said


def _texts(value: Json) -> set[str]:
    if isinstance(value, str):
        return {value}
    if isinstance(value, dict):
        value = list(value.values())
    return set().union(*map(_texts, value)) if isinstance(value, list) else set()
