"""Lines: breaking, cutting with an ellipsis, shrinking; and the look shared by page and appearance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from signkit.pages.canvas import Canvas
from signkit.pages.colour import Colour
from signkit.pages.face import Face, Weight, face

__all__ = ["ACCENT", "AMBER", "AMBER_PALE", "HAIRLINE", "INK", "MUTED", "PANEL", "QUIET", "Style", "fit", "wrap"]

INK: Final[Colour] = (0.1,)
QUIET: Final[Colour] = (0.32,)
MUTED: Final[Colour] = (0.42,)
HAIRLINE: Final[Colour] = (0.8,)
PANEL: Final[Colour] = (0.962,)
ACCENT: Final[Colour] = (0.06, 0.27, 0.38)
AMBER: Final[Colour] = (0.58, 0.27, 0.0)
AMBER_PALE: Final[Colour] = (1.0, 0.955, 0.86)

_ELLIPSIS: Final = "…"


@dataclass(frozen=True, slots=True)
class Style:
    """Weight, size, distance from line to line, and colour."""

    weight: Weight
    size: float
    leading: float
    colour: Colour

    @property
    def face(self) -> Face:
        """The face of this style."""
        return face(self.weight)

    def width(self, text: str) -> float:
        """Return how wide ``text`` is."""
        return self.face.width(text, self.size)

    def draw(self, canvas: Canvas, text: str, *, x: float, y: float) -> None:
        """Write one line."""
        canvas.text(text, x=x, y=y, face=self.face, size=self.size, colour=self.colour)

    def draw_right(self, canvas: Canvas, text: str, *, right: float, y: float) -> None:
        """Write one line that ends at ``right``."""
        self.draw(canvas, text, x=right - self.width(text), y=y)


def fit(text: str, style: Style, width: float) -> str:
    """Return ``text``, cut with an ellipsis where it is wider than ``width``."""
    if style.width(text) <= width:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if style.width(text[:middle].rstrip() + _ELLIPSIS) <= width:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip() + _ELLIPSIS


def wrap(text: str, style: Style, width: float, *, max_lines: int) -> list[str]:
    """Return ``text`` in at most ``max_lines`` lines no wider than ``width``; the last is cut if more is left.

    A word wider than a line is broken where it must be; ``§`` stays with its number.
    """
    lines: list[str] = []
    rest = text
    while rest and len(lines) < max_lines - 1:
        taken = _line(rest, style, width)
        lines.append(taken.rstrip())
        rest = rest[len(taken) :].lstrip()
    if rest:
        lines.append(fit(rest, style, width))
    return lines


def _line(text: str, style: Style, width: float) -> str:
    if style.width(text) <= width:
        return text
    used, last_break, length = 0.0, 0, 0
    for length, char in enumerate(text):
        used += style.width(char)
        if used > width and char != " ":
            break
        if char in "-–/" or (char == " " and text[length - 1 : length] != "§"):
            last_break = length + 1
    return text[: last_break or max(length, 1)]
