"""What a page paints, in its order: shown text, pictures, shapes, and whatever could cover what lies beneath.

A small interpreter of content streams (ISO 32000-1 clauses 8 and 9). It keeps places, not looks: no colours, no glyphs,
no image is decoded. The same bytes give the same answer for ever, which a renderer's next version would not promise.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, Final

from signkit.pades.examine.content import InlineImage, operators
from signkit.pades.examine.geometry import (
    IDENTITY,
    Box,
    Matrix,
    box_of,
    inverse,
    meet,
    moved,
    multiply,
    numbers,
    unit_corners,
)
from signkit.pades.examine.graphics import Path, State, as_matrix
from signkit.pades.examine.items import Budget, Cover, Picture, Shape
from signkit.pades.examine.masks import Mask, mask_of
from signkit.pades.examine.showtext import TextPainter
from signkit.pades.structure import Dict, Ref, Stream, View

__all__ = ["Painter"]

_MAX_DEPTH: Final = 12
"""Forms within forms."""
_FORM: Final = 20
"""Operators that drawing a form costs as much as."""
_COMPLEX: Final = 5
"""Segments from which a shape is no plain line or box."""


class Painter(TextPainter):
    """Interprets the content of one page and of its annotations, in painting order."""

    def __init__(self, view: View, budget: Budget) -> None:
        super().__init__(view, budget)
        self.covers: list[Cover] = []
        self.pictures: list[Picture] = []
        self.shapes: list[Shape] = []
        self._widget = False
        self._solid = True
        self._path = Path()
        self._clipping = False
        self._depth = 0
        self._open: set[int] = set()
        self._actions = self._table()

    def paint(self, data: bytes, resources: Dict, *, matrix: Matrix = IDENTITY, clip: Box | None = None) -> None:
        """Interpret ``data`` on top of what is there.

        Raises:
            TooMuchError: the budget is spent.
            UnreadableDocumentError: a form's data or a font's object is damaged.
        """
        self._state = State(ctm=matrix, clip=clip)
        self._run(data, resources)

    def paint_appearance(self, stream: Stream, matrix: Matrix, *, widget: bool) -> None:
        """Interpret an annotation's appearance; a widget's opaque fills cover, too.

        Raises:
            TooMuchError: the budget is spent.
            UnreadableDocumentError: damaged data.
        """
        self._state = State(ctm=matrix)
        self._widget = widget
        try:
            self._form(stream)
        finally:
            self._widget = False

    def cover_box(self, box: Box) -> None:
        """Add a field's own background, which viewers draw."""
        self._state = State()
        self._cover("widget", (box[2] - box[0], 0.0, 0.0, box[3] - box[1], box[0], box[1]), object())

    def _run(self, data: bytes, resources: Dict) -> None:
        outer = self._resources, self._stack, self._path, self._tm, self._tlm
        self._resources, self._stack, self._path = resources, [], Path()
        try:
            for word, operands in operators(data):
                self._budget.spend()
                action = self._actions.get(word)
                if action is not None:
                    action(operands)
        finally:
            self._resources, self._stack, self._path, self._tm, self._tlm = outer

    def _point(self, operands: list[Any]) -> None:
        found = numbers(operands[-2:], 2)
        if found is not None:
            self._path.points.append(moved(self._state.ctm, *found))
            self._path.segments += 1

    def _move(self, operands: list[Any]) -> None:
        self._point(operands)
        self._path.segments -= 1
        self._path.parts += 1

    def _curve(self, operands: list[Any]) -> None:
        self._point(operands)
        self._path.segments += _COMPLEX

    def _rectangle(self, operands: list[Any]) -> None:
        found = numbers(operands, 4)
        if found is None:
            return
        x, y, width, height = found
        matrix = multiply((width, 0.0, 0.0, height, x, y), self._state.ctm)
        self._path.points.extend(unit_corners(matrix))
        self._path.rectangle = matrix
        self._path.parts += 1

    def _clip(self, _: list[Any]) -> None:
        self._clipping = True

    def _fill(self, _: list[Any]) -> None:
        path = self._path
        if self._widget and path.points and self._state.opaque and self._solid:
            box = box_of(path.points)
            alone = path.rectangle if path.parts == 1 else None
            self._cover("widget", alone or (box[2] - box[0], 0.0, 0.0, box[3] - box[1], box[0], box[1]), object())
        self._stroke(_)

    def _stroke(self, _: list[Any]) -> None:
        if self._path.points and self._path.segments >= _COMPLEX:
            self._order += 1
            self.shapes.append(Shape(self._order, box_of(self._path.points)))
        self._end_path(_)

    def _end_path(self, _: list[Any]) -> None:
        if self._clipping and self._path.points:
            self._state.clip = meet(self._state.clip, box_of(self._path.points))
        self._clipping = False
        self._path = Path()

    def _draw(self, operands: list[Any]) -> None:
        value = self._named("XObject", operands)
        stream = self._view.resolve(value)
        if not isinstance(stream, Stream):
            return
        ident: object = value if isinstance(value, Ref) else id(stream)
        if self._view.resolve(stream.dict.get("Subtype")) == "Form":
            self._form(stream)
        else:
            self._image(ident, hides=mask_of(self._view, stream))

    def _inline_image(self, operands: list[Any]) -> None:
        if operands and isinstance(operands[0], InlineImage):
            stencil = operands[0].get("ImageMask", operands[0].get("IM")) is True
            self._image(object(), hides=not stencil)

    def _image(self, ident: object, *, hides: Mask | bool) -> None:
        corners = unit_corners(self._state.ctm)
        self._order += 1
        self.pictures.append(Picture(self._order, corners, box_of(corners), ident))
        if hides is not False and self._state.opaque and self._solid:
            self._cover("image", self._state.ctm, ident, mask=hides if isinstance(hides, Mask) else None)

    def _cover(self, kind: str, matrix: Matrix, ident: object, *, mask: Mask | None = None) -> None:
        back = inverse(matrix)
        if back is None:
            return
        corners = unit_corners(matrix)
        self._order += 1
        clip = self._state.clip
        box = meet(box_of(corners), clip)
        if box is not None and box[0] < box[2] and box[1] < box[3]:
            self.covers.append(Cover(self._order, kind, back, clip, box, ident, mask))

    def _form(self, stream: Stream) -> None:
        if self._depth >= _MAX_DEPTH or stream.raw_start in self._open:
            return
        self._budget.spend(_FORM)
        view, before, solid = self._view, self._state, self._solid
        state = copy.copy(before)
        matrix = numbers([view.resolve(item) for item in view.get_list(stream.dict.get("Matrix"))], 6)
        state.ctm = multiply(as_matrix(matrix), state.ctm) if matrix else state.ctm
        box = numbers([view.resolve(item) for item in view.get_list(stream.dict.get("BBox"))], 4)
        if box is not None:
            corners = [moved(state.ctm, x, y) for x in (box[0], box[2]) for y in (box[1], box[3])]
            state.clip = meet(state.clip, box_of(corners))
        resources = view.get_dict(stream.dict["Resources"]) if "Resources" in stream.dict else self._resources
        self._state, self._solid, self._depth = state, solid and before.opaque, self._depth + 1
        self._open.add(stream.raw_start)
        try:
            self._run(self._budget.read(stream), resources)
        finally:
            self._state, self._solid, self._depth = before, solid, self._depth - 1
            self._open.discard(stream.raw_start)

    def _table(self) -> dict[bytes, Callable[[list[Any]], None]]:
        return {
            b"q": self._save,
            b"Q": self._restore,
            b"cm": self._concat,
            b"gs": self._external_state,
            b"m": self._move,
            b"l": self._point,
            b"c": self._curve,
            b"v": self._curve,
            b"y": self._curve,
            b"re": self._rectangle,
            b"W": self._clip,
            b"W*": self._clip,
            b"n": self._end_path,
            b"S": self._stroke,
            b"s": self._stroke,
            **dict.fromkeys((b"f", b"F", b"f*", b"B", b"B*", b"b", b"b*"), self._fill),
            b"BT": self._begin_text,
            b"Tf": self._set_font,
            b"Tc": lambda operands: self._set("char_space", operands),
            b"Tw": lambda operands: self._set("word_space", operands),
            b"Tz": lambda operands: self._set("stretch", operands, 0.01),
            b"TL": lambda operands: self._set("leading", operands),
            b"Ts": lambda operands: self._set("rise", operands),
            b"Tr": self._set_mode,
            b"Td": self._move_text,
            b"TD": self._move_text_leading,
            b"Tm": self._text_matrix,
            b"T*": self._next_line,
            b"Tj": self._show,
            b"TJ": self._show_list,
            b"'": self._quote,
            b'"': self._double_quote,
            b"Do": self._draw,
            b"BI": self._inline_image,
        }
