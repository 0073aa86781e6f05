"""What a page paints, as places: shown strings, pictures, shapes, covers; and the budget for finding them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from signkit.pades.examine.font import Font
from signkit.pades.examine.geometry import IDENTITY, Box, Matrix, Point, box_of, moved, multiply
from signkit.pades.examine.masks import Mask
from signkit.pades.structure import Stream

__all__ = ["Budget", "Cover", "Picture", "Run", "Shape", "TooMuchError"]


class TooMuchError(Exception):
    """The page has more to paint than the budget allows."""


@dataclass(slots=True)
class Budget:
    """Operators left to interpret, for a whole document."""

    operators: int
    content_bytes: int

    def spend(self, count: int = 1) -> None:
        """Count operators or glyphs.

        Raises:
            TooMuchError: none is left.
        """
        self.operators -= count
        if self.operators < 0:
            raise TooMuchError

    def read(self, stream: Stream) -> bytes:
        """Return the decoded data of a content stream.

        Raises:
            TooMuchError: too many bytes.
            UnreadableDocumentError: damaged data.
        """
        data = stream.data if stream.raw_end > stream.raw_start else b""
        self.content_bytes -= len(data)
        if self.content_bytes < 0:
            raise TooMuchError
        return data


class Run:
    """A shown string; its place is worked out only when something covers what was painted before."""

    __slots__ = ("_box", "_frames", "advance", "char_space", "codes", "font", "order", "word_space")

    def __init__(self, order: int, font: Font, codes: Sequence[int], *, spaces: tuple[float, float, float]) -> None:
        self.order = order
        self.font = font
        self.codes = codes
        self.char_space, self.word_space, self.advance = spaces
        self._frames: tuple[Matrix, Matrix, Matrix] = (IDENTITY, IDENTITY, IDENTITY)
        self._box: Box | None = None

    def put(self, *, size: Matrix, text: Matrix, page: Matrix) -> None:
        """Say where it stands: font size, text matrix and current transformation."""
        self._frames = (size, text, page)

    @property
    def matrix(self) -> Matrix:
        """From ems, the origin at its first glyph, to the page."""
        size, text, page = self._frames
        return multiply(multiply(size, text), page)

    @property
    def box(self) -> Box:
        """Around all of it, from the base line to one em above."""
        if self._box is None:
            matrix = self.matrix
            self._box = box_of([moved(matrix, x, y) for x in (0.0, self.advance) for y in (0.0, 1.0)])
        return self._box

    def places(self) -> Iterator[tuple[int, float, float]]:
        """Yield code, left edge and width of each glyph, in ems."""
        at = 0.0
        for code in self.codes:
            width = self.font.width(code)
            yield code, at, width
            at += width + self.char_space + (self.word_space if code == 0x20 else 0.0)


@dataclass(slots=True)
class Cover:
    """An opaque area that hides what was painted before."""

    order: int
    kind: str
    """``image`` or ``widget``."""
    inverse: Matrix
    """From the page to its unit square."""
    clip: Box | None
    box: Box
    ident: object
    """What was painted: the same thing twice hides nothing."""
    mask: Mask | None = None
    """Where only parts of it hide."""


@dataclass(slots=True)
class Picture:
    """A painted image."""

    order: int
    corners: tuple[Point, ...]
    box: Box
    ident: object


@dataclass(slots=True)
class Shape:
    """A painted path that is more than a line or a box."""

    order: int
    box: Box
