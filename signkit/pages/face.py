"""The two faces that signkit carries: what they contain, and how wide their words are."""

from __future__ import annotations

import functools
import io
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Final, Literal

from fontTools.ttLib import TTFont

__all__ = ["REPLACEMENT", "Face", "Weight", "clean", "face", "unshowable"]

Weight = Literal["regular", "bold"]

REPLACEMENT: Final = "\ufffd"
"""Shown for what the faces lack; both have it."""

MAX_TEXT: Final = 2000
"""Longest text that is cleaned, in characters; the rest is cut with an ellipsis. Ours: nothing printed needs more."""

_FILES: Final = {"regular": ("F1", "NotoSans-Regular.ttf", 80), "bold": ("F2", "NotoSans-Bold.ttf", 140)}
_INVISIBLE: Final = {"Cc", "Cf"}
_BLANKS: Final = {"Zs", "Zl", "Zp"}


@dataclass(frozen=True, slots=True)
class Face:
    """One weight of Noto Sans."""

    key: str
    """Name in /Resources /Font."""
    name: str
    data: bytes
    stem_v: int
    advances: Mapping[str, int]
    """Character → advance in 1/1000 em; the characters that it has."""

    def width(self, text: str, size: float) -> float:
        """Return how wide ``text`` (clean) is at ``size`` points."""
        return sum(self.advances[char] for char in text) * size / 1000


@functools.cache
def face(weight: Weight) -> Face:
    """Return a face; read once."""
    key, name, stem_v = _FILES[weight]
    data = (resources.files("signkit.pages") / "fonts" / name).read_bytes()
    with TTFont(io.BytesIO(data), lazy=True) as font:
        metrics = font["hmtx"].metrics
        advances = {chr(code): metrics[glyph][0] for code, glyph in font.getBestCmap().items()}
    return Face(key, name.removesuffix(".ttf"), data, stem_v, advances)


def clean(text: str) -> tuple[str, tuple[str, ...]]:
    """Return ``text`` as it can be shown on one line, and the characters that had to be replaced.

    Line ends, tabs and every kind of blank become one space; controls, direction marks and other invisible
    characters go; the rest is composed (NFC), decomposed where only that helps (NFKD), and otherwise replaced by
    U+FFFD, one for each, so that a gap is seen. There is no shaping: right-to-left scripts are replaced too.
    """
    if len(text) > MAX_TEXT:
        text = text[:MAX_TEXT] + "…"
    shown: list[str] = []
    replaced: dict[str, None] = {}
    for char in unicodedata.normalize("NFC", text):
        part = _shown(char)
        if part is None:
            replaced[char] = None
            part = REPLACEMENT
        shown.append(part)
    return " ".join("".join(shown).split()), tuple(replaced)


def unshowable(*texts: str) -> tuple[str, ...]:
    """Return the characters of ``texts`` that the page would replace, each once, in order."""
    return tuple(dict.fromkeys(char for text in texts for char in clean(text)[1]))


@functools.lru_cache(maxsize=4096)
def _shown(char: str) -> str | None:
    category = unicodedata.category(char)
    if char in "\t\n\v\f\r\x85" or category in _BLANKS:
        return " "
    if category in _INVISIBLE:
        return ""
    known = face("regular").advances
    if char in known:
        return char
    parts = unicodedata.normalize("NFKD", char)
    return parts if parts != char and all(part in known for part in parts) else None
