"""The places to sign: two columns of boxes, each under its number, role and step, over as many pages as it takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from signkit.pages.appearance import APPEARANCE_HEIGHT
from signkit.pages.data import PrintField, SignaturePlace, Widget
from signkit.pages.sheet import BOTTOM, LEFT, ROOM, Sheet
from signkit.pages.typesetting import ACCENT, HAIRLINE, INK, QUIET, Style, wrap

__all__ = ["PLACE_WIDTH", "draw_places"]

_GUTTER: Final = 22.0
PLACE_WIDTH: Final = (ROOM - _GUTTER) / 2
"""Width of every widget on our pages, in points."""

_COLUMNS: Final = 2
_ABOVE_ROW: Final = 12.0
_ABOVE_BOX: Final = 5.0
_HEADING_ROOM: Final = 36.0
_HEADING: Final = Style("bold", 12.5, 16, INK)
_ROLE: Final = Style("bold", 9.5, 12, INK)
_NUMBER: Final = Style("bold", 9.5, 12, ACCENT)
_DETAIL: Final = Style("regular", 8, 10.5, QUIET)


@dataclass(frozen=True, slots=True)
class _Cell:
    field: str
    number: str
    role: str
    count: int
    inset: float
    lines: list[str]
    details: list[str]

    @property
    def head(self) -> float:
        return _ROLE.leading * len(self.lines) + _DETAIL.leading * len(self.details)


def draw_places(sheet: Sheet, places: tuple[SignaturePlace, ...], *, limit: float) -> None:
    """Draw every place from the cursor on; ``limit`` is where the current page ends for them."""
    cells = _cells(sheet, places)
    heading = sheet.words("page.places")
    fresh = True
    for start in range(0, len(cells), _COLUMNS):
        row = cells[start : start + _COLUMNS]
        head = max(cell.head for cell in row)
        height = _ABOVE_ROW + head + _ABOVE_BOX + APPEARANCE_HEIGHT
        if sheet.top + height + (_HEADING_ROOM if fresh else 0) > limit:
            sheet.new_page()
            limit = BOTTOM
            fresh = True
        if fresh:
            sheet.top += 18
            sheet.paragraph(heading, _HEADING, tag=sheet.heading_tag, max_lines=1)
            sheet.top += 2
            heading = sheet.words("page.places_continued")
            fresh = False
        sheet.top += _ABOVE_ROW
        for column, cell in enumerate(row):
            _draw_cell(sheet, cell, x=LEFT + column * (PLACE_WIDTH + _GUTTER), head=head)
        sheet.top += height - _ABOVE_ROW


def _cells(sheet: Sheet, places: tuple[SignaturePlace, ...]) -> list[_Cell]:
    orders = sorted({place.order for place in places})
    inset = _NUMBER.width("0" * len(str(len(places)))) + 8
    cells = []
    for number, place in enumerate(places, start=1):
        role, label, step = sheet.clean(place.role) or "–", sheet.clean(place.label), ""
        if len(orders) > 1:
            step = sheet.words("page.step", order=orders.index(place.order) + 1, orders=len(orders))
        lines = wrap(role, _ROLE, PLACE_WIDTH - inset, max_lines=2)
        details = _details("" if label == role else label, step, PLACE_WIDTH - inset)
        cells.append(_Cell(place.field, str(number), role, len(places), inset, lines, details))
    return cells


def _details(label: str, step: str, width: float) -> list[str]:
    together = " · ".join(filter(None, (label, step)))
    if _DETAIL.width(together) <= width:
        return [together] if together else []
    return [*wrap(label, _DETAIL, width, max_lines=2), *filter(None, [step])]


def _draw_cell(sheet: Sheet, cell: _Cell, *, x: float, head: float) -> None:
    canvas, top = sheet.canvas, sheet.top + head - cell.head
    with canvas.marked("Form") as mcid:
        _NUMBER.draw(canvas, cell.number, x=x, y=sheet.y(top + _NUMBER.leading))
        for style, lines in ((_ROLE, cell.lines), (_DETAIL, cell.details)):
            for line in lines:
                top += style.leading
                style.draw(canvas, line, x=x + cell.inset, y=sheet.y(top))
    description = sheet.words("page.field_description", role=cell.role)
    sheet.tag("Form", mcid, print_field=PrintField(description), field=cell.field)
    bottom = sheet.y(sheet.top + head + _ABOVE_BOX + APPEARANCE_HEIGHT)
    with canvas.artifact():
        canvas.frame(x=x, y=bottom, width=PLACE_WIDTH, height=APPEARANCE_HEIGHT, line=0.6, colour=HAIRLINE)
    rect = (round(x, 3), round(bottom, 3), round(x + PLACE_WIDTH, 3), round(bottom + APPEARANCE_HEIGHT, 3))
    tooltip = sheet.words("page.tooltip", number=cell.number, count=cell.count, role=cell.role)
    sheet.widgets[-1].append(Widget(cell.field, rect, tooltip))
