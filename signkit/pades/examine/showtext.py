"""Shown text of a content stream (ISO 32000-1 clause 9.4)."""

from __future__ import annotations

from typing import Any, Final

from signkit.pades.examine.geometry import IDENTITY, multiply, numbers
from signkit.pades.examine.graphics import GraphicsPainter, as_matrix
from signkit.pades.examine.items import Budget, Run
from signkit.pades.structure import View

__all__ = ["TextPainter"]

_GLYPHS: Final = 16
"""Glyphs that cost as much as one operator."""
_INVISIBLE: Final = frozenset({3, 7})
"""Text rendering modes that paint nothing (table 106)."""


class TextPainter(GraphicsPainter):
    """Notes every string that is shown."""

    def __init__(self, view: View, budget: Budget) -> None:
        super().__init__(view, budget)
        self.runs: list[Run] = []
        self._tm = self._tlm = IDENTITY

    def _begin_text(self, _: list[Any]) -> None:
        self._tm = self._tlm = IDENTITY

    def _set_font(self, operands: list[Any]) -> None:
        if len(operands) >= 2:
            size = numbers(operands[-1:], 1)
            self._state.font = self._font(self._named("Font", operands[:-1]))
            self._state.size = size[0] if size else 0.0

    def _set(self, name: str, operands: list[Any], scale: float = 1.0) -> None:
        found = numbers(operands[-1:], 1)
        if found is not None:
            setattr(self._state, name, found[0] * scale)

    def _set_mode(self, operands: list[Any]) -> None:
        found = numbers(operands[-1:], 1)
        if found is not None:
            self._state.mode = int(found[0])

    def _move_text(self, operands: list[Any]) -> None:
        found = numbers(operands[-2:], 2)
        if found is not None:
            self._tlm = multiply((1.0, 0.0, 0.0, 1.0, found[0], found[1]), self._tlm)
            self._tm = self._tlm

    def _move_text_leading(self, operands: list[Any]) -> None:
        found = numbers(operands[-2:], 2)
        if found is not None:
            self._state.leading = -found[1]
        self._move_text(operands)

    def _text_matrix(self, operands: list[Any]) -> None:
        found = numbers(operands[-6:], 6)
        if found is not None:
            self._tm = self._tlm = as_matrix(found)

    def _next_line(self, _: list[Any]) -> None:
        self._move_text([0.0, -self._state.leading])

    def _show(self, operands: list[Any]) -> None:
        if operands and isinstance(operands[-1], bytes):
            self._string(operands[-1])

    def _show_list(self, operands: list[Any]) -> None:
        for item in operands[-1] if operands and isinstance(operands[-1], list) else []:
            if isinstance(item, bytes):
                self._string(item)
            elif isinstance(item, float):
                self._advance(-item / 1000 * self._state.size * self._state.stretch)

    def _quote(self, operands: list[Any]) -> None:
        self._next_line([])
        self._show(operands)

    def _double_quote(self, operands: list[Any]) -> None:
        if len(operands) >= 3:
            self._set("word_space", operands[:1])
            self._set("char_space", operands[1:2])
        self._quote(operands)

    def _advance(self, distance: float) -> None:
        a, b, c, d, e, f = self._tm
        self._tm = (a, b, c, d, e + distance * a, f + distance * b)

    def _string(self, text: bytes) -> None:
        state = self._state
        font = state.font
        if font is None or not state.size or not text:
            return
        codes = font.codes(text)
        self._budget.spend(1 + len(codes) // _GLYPHS)
        char_space = state.char_space / state.size
        word_space = 0.0 if font.two_bytes else state.word_space / state.size
        at = font.advance(codes) + char_space * len(codes)
        if word_space:
            at += word_space * codes.count(0x20)
        self._order += 1
        if state.mode not in _INVISIBLE and state.alpha > 0:
            run = Run(self._order, font, codes, spaces=(char_space, word_space, at))
            inner = (state.size * state.stretch, 0.0, 0.0, state.size, 0.0, state.rise)
            run.put(size=inner, text=self._tm, page=state.ctm)
            self.runs.append(run)
        self._advance(at * state.size * state.stretch)
