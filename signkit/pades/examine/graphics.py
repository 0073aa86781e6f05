"""The graphics state of a content stream, and the operators that change it (ISO 32000-1 clause 8.4)."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any, Final

from signkit.pades.examine.font import Font, read_font
from signkit.pades.examine.geometry import IDENTITY, Box, Matrix, Point, multiply, numbers
from signkit.pades.examine.items import Budget
from signkit.pades.structure import Dict, Ref, Value, View

__all__ = ["GraphicsPainter", "Path", "State", "as_matrix"]

_MAX_STATES: Final = 512
_DARKENING: Final = frozenset({"Multiply", "Darken", "ColorBurn"})
"""Blend modes (clause 11.3.5) through which dark text always stays visible."""
_SOLID: Final = 0.9
"""Constant alpha from which what lies beneath can no longer be read."""


@dataclass(slots=True)
class State:
    """What ``q`` saves: as much of it as places and opacity need."""

    ctm: Matrix = IDENTITY
    clip: Box | None = None
    alpha: float = 1.0
    masked: bool = False
    hiding: bool = True
    font: Font | None = None
    size: float = 0.0
    char_space: float = 0.0
    word_space: float = 0.0
    stretch: float = 1.0
    leading: float = 0.0
    rise: float = 0.0
    mode: int = 0

    @property
    def opaque(self) -> bool:
        """Whether what is painted hides what lies beneath."""
        return self.alpha >= _SOLID and self.hiding and not self.masked


@dataclass(slots=True)
class Path:
    """The path under construction, in page space."""

    points: list[Point] = field(default_factory=list)
    segments: int = 0
    rectangle: Matrix | None = None
    parts: int = 0


class GraphicsPainter:
    """Keeps state, resources and fonts; the classes above it paint."""

    def __init__(self, view: View, budget: Budget) -> None:
        self._view = view
        self._budget = budget
        self._order = 0
        self._fonts: dict[object, Font] = {}
        self._state = State()
        self._stack: list[State] = []
        self._resources = Dict()

    def _save(self, _: list[Any]) -> None:
        if len(self._stack) < _MAX_STATES:
            self._stack.append(copy.copy(self._state))

    def _restore(self, _: list[Any]) -> None:
        if self._stack:
            self._state = self._stack.pop()

    def _concat(self, operands: list[Any]) -> None:
        matrix = numbers(operands, 6)
        if matrix is not None:
            self._state.ctm = multiply(as_matrix(matrix), self._state.ctm)

    def _external_state(self, operands: list[Any]) -> None:
        node = self._resource("ExtGState", operands)
        view, state = self._view, self._state
        if "ca" in node:
            alpha = view.resolve(node["ca"])
            state.alpha = float(alpha) if isinstance(alpha, (int, float)) else 1.0
        if "SMask" in node:
            state.masked = isinstance(view.resolve(node["SMask"]), dict)
        if "BM" in node:
            mode = view.resolve(node["BM"])
            mode = view.resolve(mode[0]) if isinstance(mode, list) and mode else mode
            state.hiding = not (isinstance(mode, str) and mode in _DARKENING)
        font = view.get_list(node.get("Font"))
        if len(font) == 2:
            state.font = self._font(font[0])
            size = numbers([view.resolve(font[1])], 1)
            state.size = size[0] if size else 0.0

    def _resource(self, kind: str, operands: list[Any]) -> Dict:
        return self._view.get_dict(self._named(kind, operands))

    def _named(self, kind: str, operands: list[Any]) -> Value:
        if not operands or not isinstance(operands[-1], str):
            return None
        return self._view.get_dict(self._resources.get(kind)).get(operands[-1])

    def _font(self, value: Value) -> Font:
        key: object = value if isinstance(value, Ref) else id(value)
        if key not in self._fonts:
            self._fonts[key] = read_font(self._view, value)
        return self._fonts[key]


def as_matrix(found: tuple[float, ...]) -> Matrix:
    """Return six numbers as a matrix."""
    return (found[0], found[1], found[2], found[3], found[4], found[5])
