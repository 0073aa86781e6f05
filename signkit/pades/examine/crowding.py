"""Annotations that other validators stumble over: over one another on a page, or without a look of their own.

A validator cannot tell a harmless overlap from one that covers what was signed, and a comment without an appearance is
drawn as each program likes. EU DSS fails every signature of such a document under its strict policy (measured: any two
rectangles that overlap, not such as only touch or are empty; every markup annotation without ``/AP /N``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from signkit.model.risks import Risk, RiskFound
from signkit.pades.examine.geometry import Box, numbers
from signkit.pades.structure import Page, Ref, View

__all__ = ["DRAWN_BY_VIEWERS", "annotation_risks"]

DRAWN_BY_VIEWERS: Final = frozenset(
    {
        "Caret",
        "Circle",
        "FileAttachment",
        "Highlight",
        "Ink",
        "Line",
        "PolyLine",
        "Polygon",
        "Square",
        "Squiggly",
        "StrikeOut",
        "Text",
        "Underline",
    }
)
"""Kinds that viewers draw by themselves where they have no appearance; links, stamps, free text passed (measured)."""
_MAX_ANNOTATIONS: Final = 20_000
"""Most annotations of a page that are compared; a page with more is called overlapping."""


def annotation_risks(view: View) -> Iterator[RiskFound]:
    """Yield what stands in the way: each annotation without appearance, each page on which two overlap."""
    for page in view.pages:
        items = view.get_list(page.dict.get("Annots"))[: _MAX_ANNOTATIONS + 1]
        for item in items:
            node = view.get_dict(item)
            kind = view.resolve(node.get("Subtype"))
            if kind in DRAWN_BY_VIEWERS and view.resolve(view.get_dict(node.get("AP")).get("N")) is None:
                number = item.num if isinstance(item, Ref) else None
                yield RiskFound(Risk.ANNOTATIONS, "no-appearance", number, page.index + 1, {"kind": str(kind)})
        boxes = sorted(_boxes(view, page))
        if len(boxes) > _MAX_ANNOTATIONS or _any_overlap(boxes):
            yield RiskFound(Risk.ANNOTATIONS, "overlap", page=page.index + 1)


def _boxes(view: View, page: Page) -> Iterator[Box]:
    for item in view.get_list(page.dict.get("Annots"))[: _MAX_ANNOTATIONS + 1]:
        node = view.get_dict(item)
        corners = numbers([view.resolve(part) for part in view.get_list(node.get("Rect"))], 4)
        if corners is not None:
            left, right = sorted((corners[0], corners[2]))
            bottom, top = sorted((corners[1], corners[3]))
            if left < right and bottom < top:
                yield left, bottom, right, top


def _any_overlap(boxes: list[Box]) -> bool:
    """Sweep from left to right over boxes sorted by their left side."""
    active: list[Box] = []
    for box in boxes:
        active = [other for other in active if other[2] > box[0]]
        if any(other[1] < box[3] and box[1] < other[3] for other in active):
            return True
        active.append(box)
    return False
