"""What a page paints, in its order: shown text, pictures, shapes, and whatever could cover what lies beneath.

A small interpreter of content streams (ISO 32000-1 clauses 8 and 9). It keeps places, not looks: no colours, no glyphs, no
image is decoded. The same bytes give the same answer for ever, which a renderer's next version would not promise.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from signkit.pades.examine.content import InlineImage, operators
from signkit.pades.examine.font import Font, read_font
from signkit.pades.examine.geometry import (
    IDENTITY,
    Box,
    Matrix,
    Point,
    box_of,
    inverse,
    meet,
    moved,
    multiply,
    numbers,
    unit_corners,
)
from signkit.pades.structure import Dict, Ref, Stream, Value, View

__all__ = ["Budget", "Cover", "Painter", "Picture", "Run", "Shape", "TooMuchError"]

_MAX_DEPTH: Final = 12
"""Forms within forms."""
_MAX_STATES: Final = 512
_INVISIBLE: Final = frozenset({3, 7})
"""Text rendering modes that paint nothing (table 106)."""
_NORMAL: Final = frozenset({"Normal", "Compatible"})
_COMPLEX: Final = 5
"""Segments from which a shape is no plain line or box."""


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
        data = stream.data
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
    corners: tuple[Point, ...]


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


@dataclass(slots=True)
class _State:
    ctm: Matrix = IDENTITY
    clip: Box | None = None
    alpha: float = 1.0
    masked: bool = False
    normal: bool = True
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
        return self.alpha >= 1.0 and self.normal and not self.masked


@dataclass(slots=True)
class _Path:
    points: list[Point] = field(default_factory=list)
    segments: int = 0
    rectangle: Matrix | None = None
    parts: int = 0


class Painter:
    """Interprets the content of one page and of its annotations, in painting order."""

    def __init__(self, view: View, budget: Budget) -> None:
        self._view = view
        self._budget = budget
        self.runs: list[Run] = []
        self.covers: list[Cover] = []
        self.pictures: list[Picture] = []
        self.shapes: list[Shape] = []
        self._order = 0
        self._fonts: dict[object, Font] = {}
        self._widget = False
        self._solid = True
        self._state = _State()
        self._stack: list[_State] = []
        self._path = _Path()
        self._clipping = False
        self._tm = self._tlm = IDENTITY
        self._resources = Dict()
        self._depth = 0

    @property
    def order(self) -> int:
        """How many things were painted so far."""
        return self._order

    def paint(self, data: bytes, resources: Dict, *, matrix: Matrix = IDENTITY, clip: Box | None = None) -> None:
        """Interpret ``data`` on top of what is there.

        Raises:
            TooMuchError: the budget is spent.
            UnreadableDocumentError: a form's data or a font's object is damaged.
        """
        self._state = _State(ctm=matrix, clip=clip)
        self._run(data, resources)

    def paint_appearance(self, stream: Stream, matrix: Matrix, *, widget: bool) -> None:
        """Interpret an annotation's appearance; a widget's opaque fills cover, too.

        Raises:
            TooMuchError: the budget is spent.
            UnreadableDocumentError: damaged data.
        """
        self._state = _State(ctm=matrix)
        self._widget = widget
        try:
            self._form(stream, id(stream))
        finally:
            self._widget = False

    def cover_box(self, box: Box) -> None:
        """Add a field's own background, which viewers draw."""
        self._state = _State()
        self._cover("widget", (box[2] - box[0], 0.0, 0.0, box[3] - box[1], box[0], box[1]), object())

    def _run(self, data: bytes, resources: Dict) -> None:
        outer = self._resources, self._stack, self._path, self._tm, self._tlm
        self._resources, self._stack, self._path = resources, [], _Path()
        try:
            for word, operands in operators(data):
                self._budget.spend()
                action = _ACTIONS.get(word)
                if action is not None:
                    action(self, operands)
        finally:
            self._resources, self._stack, self._path, self._tm, self._tlm = outer

    # graphics state

    def _save(self, _: list[Any]) -> None:
        if len(self._stack) < _MAX_STATES:
            self._stack.append(copy.copy(self._state))

    def _restore(self, _: list[Any]) -> None:
        if self._stack:
            self._state = self._stack.pop()

    def _concat(self, operands: list[Any]) -> None:
        matrix = numbers(operands, 6)
        if matrix is not None:
            self._state.ctm = multiply(_matrix(matrix), self._state.ctm)

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
            state.normal = mode in _NORMAL
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

    # paths

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
        self._path = _Path()

    # text

    def _begin_text(self, _: list[Any]) -> None:
        self._tm = self._tlm = IDENTITY

    def _set_font(self, operands: list[Any]) -> None:
        if len(operands) >= 2:
            size = numbers(operands[-1:], 1)
            self._state.font = self._font(self._named("Font", operands[:-1]))
            self._state.size = size[0] if size else 0.0

    def _font(self, value: Value) -> Font:
        key: object = value if isinstance(value, Ref) else id(value)
        if key not in self._fonts:
            self._fonts[key] = read_font(self._view, value)
        return self._fonts[key]

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
            self._tm = self._tlm = _matrix(found)

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
        self._tm = multiply((1.0, 0.0, 0.0, 1.0, distance, 0.0), self._tm)

    def _string(self, text: bytes) -> None:
        state = self._state
        font = state.font
        if font is None or not state.size or not text:
            return
        codes = font.codes(text)
        places: list[float] = []
        at = 0.0
        word_space = 0.0 if font.two_bytes else state.word_space
        for code in codes:
            self._budget.spend()
            places.append(at)
            at += font.width(code) + (state.char_space + (word_space if code == 0x20 else 0.0)) / state.size
        self._order += 1
        if state.mode not in _INVISIBLE and state.alpha > 0:
            inner = (state.size * state.stretch, 0.0, 0.0, state.size, 0.0, state.rise)
            matrix = multiply(multiply(inner, self._tm), state.ctm)
            ends = [moved(matrix, x, y) for x in (0.0, at) for y in (0.0, 1.0)]
            self.runs.append(Run(self._order, matrix, font, codes, places, box_of(ends)))
        self._advance(at * state.size * state.stretch)

    # images and forms

    def _draw(self, operands: list[Any]) -> None:
        value = self._named("XObject", operands)
        stream = self._view.resolve(value)
        if not isinstance(stream, Stream):
            return
        ident: object = value if isinstance(value, Ref) else id(stream)
        if self._view.resolve(stream.dict.get("Subtype")) == "Form":
            self._form(stream, ident)
        else:
            self._image(stream.dict, ident)

    def _inline_image(self, operands: list[Any]) -> None:
        if operands and isinstance(operands[0], InlineImage):
            found = operands[0]
            self._image(Dict({"ImageMask": found.get("ImageMask", found.get("IM"))}), object())

    def _image(self, node: Dict, ident: object) -> None:
        corners = unit_corners(self._state.ctm)
        view = self._view
        self._order += 1
        self.pictures.append(Picture(self._order, corners, box_of(corners), ident))
        plain = not any(view.resolve(node.get(key)) for key in ("SMask", "Mask", "SMaskInData"))
        if plain and view.resolve(node.get("ImageMask")) is not True and self._state.opaque and self._solid:
            self._cover("image", self._state.ctm, ident)

    def _cover(self, kind: str, matrix: Matrix, ident: object) -> None:
        back = inverse(matrix)
        if back is None:
            return
        corners = unit_corners(matrix)
        self._order += 1
        clip = self._state.clip
        box = meet(box_of(corners), clip)
        if box is not None and box[0] < box[2] and box[1] < box[3]:
            self.covers.append(Cover(self._order, kind, back, clip, box, ident, corners))

    def _form(self, stream: Stream, ident: object) -> None:
        if self._depth >= _MAX_DEPTH:
            return
        view, before, solid = self._view, self._state, self._solid
        state = copy.copy(before)
        matrix = numbers([view.resolve(item) for item in view.get_list(stream.dict.get("Matrix"))], 6)
        state.ctm = multiply(_matrix(matrix), state.ctm) if matrix else state.ctm
        box = numbers([view.resolve(item) for item in view.get_list(stream.dict.get("BBox"))], 4)
        if box is not None:
            corners = [moved(state.ctm, x, y) for x in (box[0], box[2]) for y in (box[1], box[3])]
            state.clip = meet(state.clip, box_of(corners))
        resources = view.get_dict(stream.dict["Resources"]) if "Resources" in stream.dict else self._resources
        self._state, self._solid, self._depth = state, solid and before.opaque, self._depth + 1
        try:
            self._run(self._budget.read(stream), resources)
        finally:
            self._state, self._solid, self._depth = before, solid, self._depth - 1


def _matrix(found: tuple[float, ...]) -> Matrix:
    return (found[0], found[1], found[2], found[3], found[4], found[5])


_Action = Callable[[Painter, list[Any]], None]
_ACTIONS: Final[dict[bytes, _Action]] = {
    b"q": Painter._save,
    b"Q": Painter._restore,
    b"cm": Painter._concat,
    b"gs": Painter._external_state,
    b"m": Painter._move,
    b"l": Painter._point,
    b"c": Painter._curve,
    b"v": Painter._curve,
    b"y": Painter._curve,
    b"re": Painter._rectangle,
    b"W": Painter._clip,
    b"W*": Painter._clip,
    b"n": Painter._end_path,
    b"S": Painter._stroke,
    b"s": Painter._stroke,
    **dict.fromkeys((b"f", b"F", b"f*", b"B", b"B*", b"b", b"b*"), Painter._fill),
    b"BT": Painter._begin_text,
    b"Tf": Painter._set_font,
    b"Tc": lambda painter, operands: painter._set("char_space", operands),
    b"Tw": lambda painter, operands: painter._set("word_space", operands),
    b"Tz": lambda painter, operands: painter._set("stretch", operands, 0.01),
    b"TL": lambda painter, operands: painter._set("leading", operands),
    b"Ts": lambda painter, operands: painter._set("rise", operands),
    b"Tr": Painter._set_mode,
    b"Td": Painter._move_text,
    b"TD": Painter._move_text_leading,
    b"Tm": Painter._text_matrix,
    b"T*": Painter._next_line,
    b"Tj": Painter._show,
    b"TJ": Painter._show_list,
    b"'": Painter._quote,
    b'"': Painter._double_quote,
    b"Do": Painter._draw,
    b"BI": Painter._inline_image,
}
