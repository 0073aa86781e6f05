"""How much of a stranger's file is read before we stop, and the one error that says so.

Every number is ours unless a clause is cited; each is far above what real documents need.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from signkit.errors import UnreadableDocumentError

__all__ = ["MAX_OBJECT_NUMBER", "Limits", "over", "unreadable"]

MAX_OBJECT_NUMBER: Final = 8_388_607
"""Highest object number that common readers accept (ISO 32000-1 annex C, table C.1)."""

_REPAIR: Final = "let a PDF program write the file anew, or create the envelope with --repair"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the reader allows itself."""

    max_bytes: int = 4 * 1024**3
    """Largest file."""
    max_depth: int = 200
    """Deepest nesting of arrays and dictionaries."""
    max_decoded_bytes: int = 128 * 1024**2
    """Largest decoded stream."""
    max_total_decoded_bytes: int = 2 * 1024**3
    """All streams decoded through one reader, together, every filter counted."""
    max_sections_bytes: int = 64 * 1024**2
    """All cross-reference streams of one chain, decoded."""
    max_rows: int = 1_000_000
    """Rows of one cross-reference section."""
    max_names: int = 16 * 1024**2
    """Characters of all full field names together."""
    max_sections: int = 5_000
    """Cross-reference sections in one chain."""
    max_pages: int = 200_000
    """Pages, and nodes of the page tree."""
    max_fields: int = 200_000
    """Form fields and widgets."""
    max_items: int = 4_000_000
    """Tokens in one object."""
    cache_bytes: int = 8 * 1024**2
    """Source bytes whose parsed objects are kept."""


def unreadable(message: str, *, code: str, offset: int | None = None) -> UnreadableDocumentError:
    """Return the error for a damaged file; ``code`` becomes ``structure.<code>``."""
    place = "" if offset is None else f" at byte {offset}"
    return UnreadableDocumentError(message + place, code=f"structure.{code}", hint=_REPAIR)


def over(what: str, limit: int) -> UnreadableDocumentError:
    """Return the error for a limit that was hit: the file may be sound, but it is not read further."""
    return UnreadableDocumentError(
        f"more than {limit} {what}",
        code="structure.limit",
        hint="the file is larger or more deeply nested than signkit reads",
    )
