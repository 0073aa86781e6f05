"""Numbers of paragraphs in minutes: ``41-45, 48``, as adjusters divide them among themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

__all__ = ["MAX_PARAGRAPH", "format_paragraphs", "parse_paragraphs"]

MAX_PARAGRAPH: Final = 9999
"""A year of a board has a few hundred; numbering starts again each year."""
_PART: Final = re.compile(r"([0-9]{1,4})(?:\s*[-–—]\s*([0-9]{1,4}))?")


def parse_paragraphs(text: str) -> frozenset[int]:
    """Return the paragraphs that ``text`` names; ``§`` signs and spaces do not matter.

    Raises:
        ValueError: not such a list, or a range that runs backwards.
    """
    found: set[int] = set()
    parts = [part for part in re.sub(r"[§\s]+", " ", text).replace(" och ", ",").split(",") if part.strip()]
    if not parts:
        raise ValueError("no paragraph is named")
    for part in parts:
        match = _PART.fullmatch(part.strip())
        if match is None:
            raise ValueError("paragraphs are written 41-45, 48")
        first, last = int(match[1]), int(match[2] or match[1])
        if not 1 <= first <= last <= MAX_PARAGRAPH:
            raise ValueError("a range of paragraphs runs from the lower number to the higher")
        found.update(range(first, last + 1))
    return frozenset(found)


def format_paragraphs(numbers: Iterable[int]) -> str:
    """Return paragraphs in their one normal form: ascending, runs joined, ``41-45, 48``."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)
