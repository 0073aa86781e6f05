"""What a page paints, as places: shown strings, pictures, shapes, covers; and the budget for finding them."""

from __future__ import annotations

from dataclasses import dataclass

from signkit.pades.examine.font import Font
from signkit.pades.examine.geometry import Box, Matrix, Point
from signkit.pades.structure import Stream

__all__ = ["Budget", "Cover", "Picture", "Run", "Shape", "TooMuchError"]


class TooMuchError(Exception):
    """The page has more to paint than the budget allows."""


@dataclass(slots=True)
class Budget:
    """Operators left to interpret, for a whole document."""

    operators: int
    content_bytes: int

    def spend(self) -> None:
        """Count one operator.

        Raises:
            TooMuchError: none is left.
        """
        self.operators -= 1
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


@dataclass(slots=True)
class Run:
    """A shown string."""

    order: int
    matrix: Matrix
    """From ems, the origin at its first glyph, to the page."""
    font: Font
    codes: list[int]
    places: list[float]
    """Left edge of each glyph, in ems."""
    box: Box


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
