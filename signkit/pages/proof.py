"""The panel at the foot of the first page: how the file is proved, in three steps and plain words."""

from __future__ import annotations

from typing import Final

from signkit.pages.sheet import BOTTOM, LEFT, ROOM, Sheet
from signkit.pages.typesetting import ACCENT, INK, PANEL, QUIET, Style, wrap

__all__ = ["draw_proof", "proof_height"]

_INSET: Final = 16.0
_TITLE: Final = Style("bold", 9.5, 12, INK)
_NUMBER: Final = Style("bold", 8.5, 11.5, ACCENT)
_STEP: Final = Style("regular", 8.5, 11.5, INK)
_NOTE: Final = Style("regular", 8, 11, QUIET)
_NOTE_LINES: Final = 3


def proof_height(sheet: Sheet) -> float:
    """Return how high the panel is in the sheet's language."""
    steps = sum(len(lines) for lines in _steps(sheet))
    note = wrap(sheet.words("page.proof_note"), _NOTE, ROOM - 2 * _INSET, max_lines=_NOTE_LINES)
    return 26 + _TITLE.leading + 4 + _STEP.leading * steps + 5 + _NOTE.leading * len(note)


def draw_proof(sheet: Sheet) -> None:
    """Draw the panel at the foot of the current page; the cursor stays where it was."""
    before, height = sheet.top, proof_height(sheet)
    left = LEFT + _INSET
    with sheet.canvas.artifact():
        sheet.canvas.fill(x=LEFT, y=sheet.y(BOTTOM), width=ROOM, height=height, colour=PANEL)
    sheet.top = BOTTOM - height + 10
    sheet.paragraph(sheet.words("page.proof_title"), _TITLE, tag=sheet.heading_tag, max_lines=1, x=left)
    sheet.top += 4
    for number, lines in enumerate(_steps(sheet), start=1):
        with sheet.canvas.marked("P") as mcid:
            _NUMBER.draw(sheet.canvas, str(number), x=left, y=sheet.y(sheet.top + _STEP.leading))
            for line in lines:
                sheet.top += _STEP.leading
                _STEP.draw(sheet.canvas, line, x=left + 16, y=sheet.y(sheet.top))
        sheet.tag("P", mcid)
    sheet.top += 5
    note = sheet.words("page.proof_note")
    sheet.paragraph(note, _NOTE, tag="P", max_lines=_NOTE_LINES, x=left, width=ROOM - 2 * _INSET)
    sheet.top = before


def _steps(sheet: Sheet) -> list[list[str]]:
    words = (sheet.words(f"page.proof_step{number}") for number in (1, 2, 3))
    return [wrap(line, _STEP, ROOM - 2 * _INSET - 16, max_lines=2) for line in words]
