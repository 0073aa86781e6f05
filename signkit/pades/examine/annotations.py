"""Annotations of a page as they are drawn: their normal appearance and where it goes (ISO 32000-1 clause 12.5.5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from signkit.pades.examine.geometry import IDENTITY, Box, Matrix, box_of, moved, multiply, numbers
from signkit.pades.structure import Dict, Page, Ref, Stream, Value, View

__all__ = ["AppearanceDraft", "drafts"]

_HIDDEN: Final = 2
_NO_VIEW: Final = 32
_MAX_ANNOTATIONS: Final = 100_000


@dataclass(frozen=True, slots=True)
class AppearanceDraft:
    """One annotation that is shown."""

    number: int | None
    widget: bool
    rect: Box
    stream: Stream | None
    matrix: Matrix
    """From the appearance's own space, before its ``/Matrix``, to the page."""
    background: bool
    """It has no appearance but a background colour, which viewers draw."""


def drafts(view: View, page: Page) -> Iterator[AppearanceDraft]:
    """Yield the annotations of ``page`` that are shown, in their order."""
    for item in view.get_list(page.dict.get("Annots"))[:_MAX_ANNOTATIONS]:
        node = view.get_dict(item)
        flags = view.resolve(node.get("F"))
        if isinstance(flags, int) and flags & (_HIDDEN | _NO_VIEW):
            continue
        kind = view.resolve(node.get("Subtype"))
        corners = numbers([view.resolve(part) for part in view.get_list(node.get("Rect"))], 4)
        if corners is None or kind == "Popup":
            continue
        rect = (
            min(corners[0], corners[2]),
            min(corners[1], corners[3]),
            max(corners[0], corners[2]),
            max(corners[1], corners[3]),
        )
        stream = _appearance(view, node)
        background = stream is None and bool(view.get_list(view.get_dict(node.get("MK")).get("BG")))
        if stream is None and not background and kind != "Widget":
            continue
        matrix = _placed(view, stream, rect) if stream is not None else IDENTITY
        number = item.num if isinstance(item, Ref) else None
        yield AppearanceDraft(number, kind == "Widget", rect, stream, matrix, background and kind == "Widget")


def _appearance(view: View, node: Dict) -> Stream | None:
    normal: Value = view.resolve(view.get_dict(node.get("AP")).get("N"))
    if isinstance(normal, Dict):
        state = view.resolve(node.get("AS"))
        normal = view.resolve(normal.get(state)) if isinstance(state, str) else None
    return normal if isinstance(normal, Stream) else None


def _placed(view: View, stream: Stream, rect: Box) -> Matrix:
    """Return the matrix of algorithm 8.1: the transformed ``/BBox`` is fitted into the rectangle."""
    box = numbers([view.resolve(part) for part in view.get_list(stream.dict.get("BBox"))], 4)
    own = numbers([view.resolve(part) for part in view.get_list(stream.dict.get("Matrix"))], 6)
    if box is None:
        return IDENTITY
    matrix: Matrix = (own[0], own[1], own[2], own[3], own[4], own[5]) if own else IDENTITY
    around = box_of([moved(matrix, x, y) for x in (box[0], box[2]) for y in (box[1], box[3])])
    width, height = around[2] - around[0], around[3] - around[1]
    if width <= 0 or height <= 0:
        return IDENTITY
    across, up = (rect[2] - rect[0]) / width, (rect[3] - rect[1]) / height
    return multiply((1.0, 0.0, 0.0, 1.0, -around[0], -around[1]), (across, 0.0, 0.0, up, rect[0], rect[1]))
