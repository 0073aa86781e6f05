"""Content streams: a list of drawing steps, turned into bytes when the fonts' subsets are known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from signkit.pages.colour import Colour, operands
from signkit.pages.data import FontSubset
from signkit.pages.face import Face

__all__ = ["Canvas", "number"]

_Glyphs = tuple[str, str]
"""Font key and text, to be encoded last."""


def number(value: float) -> str:
    """Return ``value`` as PDF writes it, to a thousandth."""
    return f"{value:.3f}".rstrip("0").rstrip(".") if round(value, 3) else "0"


class Canvas:
    """One content stream. Coordinates are PDF's: points from the lower left corner.

    Every colour is set through an ICCBased space before anything is painted (ISO 19005-2, 6.2.4.3).

    Args:
        language: for marked content where there is no structure tree.
        tagged: True numbers marked content; False marks it with its language alone.
    """

    def __init__(self, *, language: str, tagged: bool) -> None:
        self._language = language
        self._tagged = tagged
        self._steps: list[str | _Glyphs] = []
        self.mark_count = 0
        self.used: dict[str, set[str]] = {}

    @contextmanager
    def marked(self, tag: str) -> Iterator[int]:
        """Enclose what is drawn in a marked-content sequence; gives its MCID (ISO 32000-1, 14.7.4.2)."""
        mcid = self.mark_count
        if self._tagged:
            self.mark_count += 1
            self._steps.append(f"/{tag} <</MCID {mcid}>> BDC")
        else:
            self._steps.append(f"/Span <</Lang ({self._language})>> BDC")
        yield mcid
        self._steps.append("EMC")

    @contextmanager
    def artifact(self) -> Iterator[None]:
        """Enclose what is drawn in an artifact: decoration, running heads (ISO 32000-1, 14.8.2.2)."""
        self._steps.append("/Artifact BMC")
        yield
        self._steps.append("EMC")

    def text(self, text: str, *, x: float, y: float, face: Face, size: float, colour: Colour) -> None:
        """Write ``text`` (clean, one line) with its baseline beginning at ``x``, ``y``."""
        if not text:
            return
        self.used.setdefault(face.key, set()).update(text)
        space, values = operands(colour)
        self._steps.append(f"BT /{space} cs {values} sc /{face.key} {number(size)} Tf {number(x)} {number(y)} Td")
        self._steps.append((face.key, text))
        self._steps.append("Tj ET")

    def line(self, *, x0: float, x1: float, y: float, width: float, colour: Colour) -> None:
        """Draw a horizontal rule."""
        space, values = operands(colour)
        self._steps.append(
            f"/{space} CS {values} SC {number(width)} w {number(x0)} {number(y)} m {number(x1)} {number(y)} l S"
        )

    def fill(self, *, x: float, y: float, width: float, height: float, colour: Colour) -> None:
        """Fill a rectangle."""
        space, values = operands(colour)
        self._steps.append(f"/{space} cs {values} sc {number(x)} {number(y)} {number(width)} {number(height)} re f")

    def frame(self, *, x: float, y: float, width: float, height: float, line: float, colour: Colour) -> None:
        """Draw the outline of a rectangle."""
        space, values = operands(colour)
        self._steps.append(
            f"/{space} CS {values} SC {number(line)} w {number(x)} {number(y)} {number(width)} {number(height)} re S"
        )

    def content(self, fonts: Mapping[str, FontSubset]) -> bytes:
        """Return the content stream, with the glyphs of ``fonts`` (key → subset)."""
        return "\n".join(
            step if isinstance(step, str) else _encoded(step[1], fonts[step[0]]) for step in self._steps
        ).encode("ascii")


def _encoded(text: str, font: FontSubset) -> str:
    return "<" + "".join(f"{font.encoding[char]:04X}" for char in text) + ">"
