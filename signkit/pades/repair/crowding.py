"""Annotations that other validators stumble over: pop-ups go, links are trimmed, what has no look of its own goes.

What is removed is told, as every change of a repair; comments are no part of what people are asked to sign.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

import pikepdf

from signkit.pades.examine.crowding import DRAWN_BY_VIEWERS

__all__ = ["drop_unpainted", "separate_annotations"]

_LEAST: Final = 1.0
"""A link trimmed to less than this many points either way is left as it was."""
_MAX_ANNOTATIONS: Final = 2_000


def drop_unpainted(pdf: pikepdf.Pdf, changes: Counter[str], pages: dict[int, str]) -> None:
    """Remove markup annotations without appearance; ``changes`` counts them, ``pages`` says where looks may change."""
    for index, page in enumerate(pdf.pages):
        annotations = page.obj.get("/Annots")
        if not isinstance(annotations, pikepdf.Array):
            continue
        items = list(annotations)
        kept = [item for item in items if not _unpainted(item)]
        if len(kept) < len(items):
            changes["comments-removed"] += len(items) - len(kept)
            pages[index] = "comments-removed"
            page.obj["/Annots"] = pikepdf.Array(kept)


def _unpainted(item: Any) -> bool:
    if not isinstance(item, pikepdf.Dictionary):
        return False
    look = item.get("/AP")
    drawn = isinstance(look, pikepdf.Dictionary) and look.get("/N") is not None
    return str(item.get("/Subtype", ""))[1:] in DRAWN_BY_VIEWERS and not drawn


def separate_annotations(pdf: pikepdf.Pdf, changes: Counter[str]) -> None:
    """Pull annotations apart, page by page; ``changes`` says what was done."""
    for page in pdf.pages:
        annotations = page.obj.get("/Annots")
        if not isinstance(annotations, pikepdf.Array) or not 1 < len(annotations) <= _MAX_ANNOTATIONS:
            continue
        kept = [item for item in annotations if isinstance(item, pikepdf.Dictionary)]
        if not _crowded(kept):
            continue
        without = [item for item in kept if item.get("/Subtype") != "/Popup"]
        for item in without:
            if "/Popup" in item:
                del item["/Popup"]
        if len(without) < len(kept):
            changes["popups-removed"] += len(kept) - len(without)
        settled = _settled(without, changes)
        page.obj["/Annots"] = pikepdf.Array(settled)


def _crowded(items: list[Any]) -> bool:
    boxes = [box for item in items if (box := _box(item)) is not None]
    return any(_meet(box, other) for number, box in enumerate(boxes) for other in boxes[:number])


def _settled(items: list[Any], changes: Counter[str]) -> list[Any]:
    """Return the annotations, links trimmed against those before them."""
    settled: list[Any] = []
    taken: list[tuple[float, float, float, float]] = []
    for item in items:
        box = _box(item)
        if box is not None and item.get("/Subtype") == "/Link":
            if box in taken:
                changes["links-trimmed"] += 1
                continue
            trimmed = _trimmed(box, taken)
            if trimmed != box:
                item["/Rect"] = pikepdf.Array([round(value, 3) for value in trimmed])
                if "/QuadPoints" in item:
                    del item["/QuadPoints"]
                changes["links-trimmed"] += 1
                box = trimmed
        if box is not None:
            taken.append(box)
        settled.append(item)
    return settled


def _trimmed(
    box: tuple[float, float, float, float], taken: list[tuple[float, float, float, float]]
) -> tuple[float, float, float, float]:
    """Cut ``box`` back, each time on the side where least is lost; as it was if too little would be left."""
    now = box
    for other in taken:
        if not _meet(now, other):
            continue
        left, bottom, right, top = now
        cuts = [
            (right - other[0], (left, bottom, other[0], top)),
            (other[2] - left, (other[2], bottom, right, top)),
            (top - other[1], (left, bottom, right, other[1])),
            (other[3] - bottom, (left, other[3], right, top)),
        ]
        now = min(cuts)[1]
        if now[2] - now[0] < _LEAST or now[3] - now[1] < _LEAST:
            return box
    return now


def _box(item: Any) -> tuple[float, float, float, float] | None:
    rect = item.get("/Rect")
    if not isinstance(rect, pikepdf.Array) or len(rect) != 4:
        return None
    try:
        x0, y0, x1, y1 = (float(value) for value in rect)
    except (TypeError, ValueError):
        return None
    box = (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
    return box if box[0] < box[2] and box[1] < box[3] else None


def _meet(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
