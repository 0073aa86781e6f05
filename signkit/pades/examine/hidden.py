"""The risk ``hidden``: content that lies under images or form fields, and values that fields do not show.

What shadow attacks (hide, replace, hide-and-replace) prepare before signing is something that people do not see but
that is there: text under a picture or under a field, or a field whose value differs from its drawing. So, per page, in
painting order, contents first and then annotations:

* a *cover* is an image that is opaque, wherever it is painted and as far as the page's clip shows it, or an opaque
  fill, background or image of a form field's appearance. Opaque: an opacity of 0.9 or more, no soft mask in the
  graphics state, no blend mode that only darkens; of an image with a mask of its own, the parts where the mask is
  opaque;
* *hidden* is a visible glyph that is no blank, whose core (the middle of its advance, from the base line to half its
  height) lies wholly in one later cover; an image that lies wholly in one later cover and is another image; at least
  three drawn shapes (curves, not boxes or lines) wholly in one later cover;
* a text field whose value differs in letters and digits from what its appearance shows is *hidden* too; passwords and
  forms that viewers redraw anyway (``form-redraws``) excepted.

Not hidden: text that paints nothing (rendering mode 3, the layer that text recognition adds to a scan), blanks, leader
dots, lines and empty boxes under a field. Not looked for: content outside the page, under images whose mask is not of
a kind that we decode, white on white, or under plain drawings. A page with more to paint than the budget allows is
reported as ``too-complex``: not decided is not harmless.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Final

from signkit.model.risks import Risk, RiskFound
from signkit.pades.examine.annotations import AppearanceDraft, drafts
from signkit.pades.examine.geometry import Box, is_inside, moved
from signkit.pades.examine.items import Budget, Cover, Picture, Run, TooMuchError
from signkit.pades.examine.paint import Painter
from signkit.pades.structure import Dict, Page, Stream, View, decode_text, inherited

__all__ = ["hidden_risks"]

_MAX_OPERATORS: Final = 4_000_000
"""Operators interpreted in one document, ours: a dozen seconds, or thousands of pages with pictures."""
_MAX_CONTENT: Final = 512 * 1024**2
_MAX_PAIRS: Final = 2_000_000
"""Comparisons of one page."""
_MAX_FOUND: Final = 100
"""Places reported; one would do."""
_SMALL: Final = 2.0
"""Points; a cover smaller than this in either direction hides nothing that can be read."""
_SHAPES: Final = 3
_CORE: Final = ((0.2, 0.05), (0.8, 0.05), (0.5, 0.25), (0.2, 0.5), (0.8, 0.5))
"""Points of a glyph that must be covered: shares of its advance, and ems above the base line."""
_LEADERS: Final = frozenset("._-–—…·•*☐☑☒□■●○◯❏❑❒▢_ ")


def hidden_risks(view: View) -> Iterator[RiskFound]:
    """Yield what is hidden, page by page.

    Raises:
        UnreadableDocumentError: a content stream cannot be decoded.
    """
    budget = Budget(_MAX_OPERATORS, _MAX_CONTENT)
    values = _values(view)
    count = 0
    for page in view.pages:
        for item in _page_risks(view, page, budget, values):
            count += 1
            if count > _MAX_FOUND:
                return
            yield item


def _page_risks(view: View, page: Page, budget: Budget, values: dict[int, str]) -> Iterator[RiskFound]:
    number = page.index + 1
    resources = view.get_dict(inherited(view, page, "Resources"))
    appearances = list(drafts(view, page))
    try:
        data = _contents(view, page, budget)
        if not appearances:
            data = _until_last_cover(view, data, resources)
        painter = Painter(view, budget)
        painter.paint(data, resources)
        for item in appearances:
            yield from _paint_annotation(painter, item, values, number)
        yield from _covered(painter, number)
    except TooMuchError:
        yield RiskFound(Risk.HIDDEN, "too-complex", page.ref.num, number)


def _contents(view: View, page: Page, budget: Budget) -> bytes:
    value = view.resolve(page.dict.get("Contents"))
    parts = value if isinstance(value, list) else [value]
    streams = [part for part in map(view.resolve, parts) if isinstance(part, Stream)]
    return b"\n".join(budget.read(part) for part in streams if view.resolve(part.dict.get("F")) is None)


def _until_last_cover(view: View, data: bytes, resources: Dict) -> bytes:
    """Return the part of a page's content that can lie beneath an image: up to the last one, or nothing."""
    end = data.rfind(b"EI") + 2 if b"BI" in data else 0
    if view.get_dict(resources.get("XObject")):
        end = max(end, data.rfind(b"Do") + 2)
    return data[:end] if end >= 2 else b""


def _paint_annotation(
    painter: Painter, item: AppearanceDraft, values: dict[int, str], page: int
) -> Iterator[RiskFound]:
    if item.background:
        painter.cover_box(item.rect)
    first = len(painter.runs)
    if item.stream is not None:
        painter.paint_appearance(item.stream, item.matrix, widget=item.widget)
    wanted = values.get(item.number or 0)
    if wanted is not None and _differs(wanted, painter.runs[first:]):
        yield RiskFound(Risk.HIDDEN, "value-not-shown", item.number, page)


def _values(view: View) -> dict[int, str]:
    """Return, by widget, the value of every text field whose value is text; passwords are shown as stars."""
    found: dict[int, str] = {}
    form = view.get_dict(view.catalog.get("AcroForm"))
    if view.resolve(form.get("NeedAppearances")) is True:
        return found
    for field in view.fields:
        flags = view.resolve(field.dict.get("Ff"))
        value = view.resolve(field.value)
        if field.kind == "Tx" and isinstance(value, bytes) and not (isinstance(flags, int) and flags >> 13 & 1):
            found |= {widget.num: _letters(decode_text(value)) for widget in field.widgets}
    return found


def _letters(text: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFKC", text) if char.isalnum())


def _differs(wanted: str, runs: list[Run]) -> bool:
    """Compare letters and digits; a question mark may stand for a letter that the font's encoding lacks."""
    shown: list[str] = []
    for run in runs:
        for code in run.codes:
            char = run.font.character(code)
            if char is None:
                return False
            shown.append(char)
    letters = _letters("".join(shown))
    if letters == wanted:
        return False
    plain = wanted.encode("cp1252", "ignore").decode("cp1252")
    return letters != plain or shown.count("?") < len(wanted) - len(plain)


def _covered(painter: Painter, page: int) -> Iterator[RiskFound]:
    covers = [item for item in painter.covers if min(item.box[2] - item.box[0], item.box[3] - item.box[1]) >= _SMALL]
    if len(covers) * (len(painter.runs) + len(painter.pictures) + len(painter.shapes)) > _MAX_PAIRS:
        raise TooMuchError
    for cover in covers:
        if any(_hides_text(cover, run) for run in painter.runs if run.order < cover.order):
            yield RiskFound(Risk.HIDDEN, f"under-{cover.kind}", page=page)
        elif any(_hides_picture(cover, item) for item in painter.pictures if item.order < cover.order):
            yield RiskFound(Risk.HIDDEN, "image-under-image", page=page)
        elif (
            cover.mask is None
            and sum(_holds(cover.box, item.box) for item in painter.shapes if item.order < cover.order) >= _SHAPES
        ):
            yield RiskFound(Risk.HIDDEN, "drawing-under-image", page=page)


def _hides_text(cover: Cover, run: Run) -> bool:
    if not _meets(cover.box, run.box):
        return False
    matrix = run.matrix
    for code, place, width in run.places():
        core = [moved(matrix, place + width * x, y) for x, y in _CORE]
        if width > 0 and all(_lies_in(cover, point) for point in core) and not _is_nothing(run, code, cover.kind):
            return True
    return False


def _is_nothing(run: Run, code: int, kind: str) -> bool:
    if run.font.is_blank(code):
        return True
    return kind == "widget" and (run.font.character(code) or "?") in _LEADERS


def _lies_in(cover: Cover, point: tuple[float, float]) -> bool:
    if cover.clip is not None and not is_inside(point, cover.clip):
        return False
    x, y = moved(cover.inverse, *point)
    inside = 0.0 <= x <= 1.0 and 0.0 <= y <= 1.0
    return inside and (cover.mask is None or cover.mask.is_solid(x, y))


def _hides_picture(cover: Cover, picture: Picture) -> bool:
    """Say whether a picture lies beneath another one; pieces of a mosaic that merely touch do not."""
    if picture.ident == cover.ident or min(picture.box[2] - picture.box[0], picture.box[3] - picture.box[1]) < _SMALL:
        return False
    corners = picture.corners
    middle = ((corners[0][0] + corners[2][0]) / 2, (corners[0][1] + corners[2][1]) / 2)
    return cover.kind == "image" and all(_lies_in(cover, point) for point in (*corners, middle))


def _holds(outer: Box, inner: Box) -> bool:
    return is_inside(inner[:2], outer) and is_inside(inner[2:], outer)


def _meets(first: Box, second: Box) -> bool:
    return first[0] <= second[2] and second[0] <= first[2] and first[1] <= second[3] and second[1] <= first[3]
