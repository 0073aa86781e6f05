"""Words that people will read and sign must not mislead: no control, direction or line characters, in NFC.

A title or file name with a line break, or one that turns the reading direction, could put words into what a person is
shown before signing.
"""

from __future__ import annotations

import unicodedata
from typing import Final

__all__ = ["clean_name", "clean_words", "misleads"]

_CATEGORIES: Final = frozenset({"Cc", "Cs", "Co", "Zl", "Zp"})
_DIRECTIONS: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def misleads(char: str) -> bool:
    """Tell whether a character may make text look like something else; joiners that scripts need may not."""
    return char in _DIRECTIONS or unicodedata.category(char) in _CATEGORIES


def clean_words(text: str) -> str:
    """Return one line of text in NFC: white space collapsed, nothing taken out."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def clean_name(name: str) -> str:
    """Return a file name in NFC with ``_`` for every character that misleads."""
    return "".join("_" if misleads(char) else char for char in unicodedata.normalize("NFC", name))
