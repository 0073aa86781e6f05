"""What the document is: kind, title, and the table of facts with its digest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from signkit.canonical import parse_digest
from signkit.pages.data import SignaturePageDescription
from signkit.pages.sheet import BOTTOM, LEFT, ROOM, Sheet
from signkit.pages.typesetting import ACCENT, INK, MUTED, QUIET, Style, fit, wrap

__all__ = ["MAX_FACTS", "draw_facts", "draw_opening"]

MAX_FACTS: Final = 24
"""Most lines of ``meta``, and of ``outcome``, that are printed. Ours: a page holds about forty."""

_LABEL_WIDTH: Final = 112.0
_EYEBROW: Final = Style("bold", 9.5, 12, ACCENT)
_TITLE: Final = Style("bold", 21, 26, INK)
_LEAD: Final = Style("regular", 9.5, 13.5, QUIET)
_KEY: Final = Style("regular", 8.5, 12, MUTED)
_VALUE: Final = Style("regular", 9, 12, INK)
_SEPARATORS: Final = {"en": ",", "da": "."}


def draw_opening(sheet: Sheet, title: str) -> None:
    """Set what the page is, the document's title, and two lines that say why the page is there."""
    sheet.top += 20
    sheet.paragraph(sheet.words("page.kind"), _EYEBROW, tag="P", max_lines=1)
    sheet.top += 2
    sheet.paragraph(title, _TITLE, tag=sheet.title_tag, max_lines=3)
    sheet.top += 7
    sheet.paragraph(sheet.words("page.lead"), _LEAD, tag="P", max_lines=4)
    sheet.top += 14


def draw_facts(sheet: Sheet, description: SignaturePageDescription, *, limit: float, leave: Callable[[], None]) -> None:
    """Set the facts, the digest last; they go on over a page where they must.

    Args:
        sheet: where.
        description: the facts.
        limit: where they end on the first page.
        leave: called on the first page when they are done with it.
    """
    first = sheet.canvas
    for key, lines in _rows(sheet, description):
        if sheet.top + _VALUE.leading * len(lines) + 7 > limit:
            if sheet.canvas is first:
                leave()
            sheet.new_page()
            sheet.top += 16
            limit = BOTTOM
        _row(sheet, key, lines)
    sheet.rule()
    if sheet.canvas is first:
        leave()


def _row(sheet: Sheet, key: str, lines: list[str]) -> None:
    sheet.rule()
    with sheet.canvas.marked("P") as mcid:
        sheet.top += 2
        _KEY.draw(sheet.canvas, fit(key, _KEY, _LABEL_WIDTH - 10), x=LEFT, y=sheet.y(sheet.top + 12))
        for line in lines:
            sheet.top += _VALUE.leading
            _VALUE.draw(sheet.canvas, line, x=LEFT + _LABEL_WIDTH, y=sheet.y(sheet.top))
    sheet.top += 5
    sheet.tag("P", mcid)


def _rows(sheet: Sheet, given: SignaturePageDescription) -> list[tuple[str, list[str]]]:
    outcome = [(sheet.words("page.outcome") if index == 0 else "", line) for index, line in enumerate(given.outcome)]
    facts = [
        (sheet.words("page.document"), f"{given.document_name}, {_extent(sheet, given)}"),
        *given.meta[:MAX_FACTS],
        *outcome[:MAX_FACTS],
        (sheet.words("page.envelope"), given.envelope),
    ]
    width = ROOM - _LABEL_WIDTH
    rows = [(sheet.clean(key), wrap(sheet.clean(value), _VALUE, width, max_lines=3) or ["–"]) for key, value in facts]
    return [*rows, (sheet.words("page.digest"), _digest_lines(sheet, given.digest))]


def _extent(sheet: Sheet, given: SignaturePageDescription) -> str:
    size = f"{given.size_bytes:,}".replace(",", _SEPARATORS.get(sheet.language, " "))
    code = "page.extent_one" if given.page_count == 1 else "page.extent_many"
    return sheet.words(code, pages=given.page_count, size=size)


def _digest_lines(sheet: Sheet, digest: str) -> list[str]:
    digits = parse_digest(digest).hex()
    groups = [digits[start : start + 8] for start in range(0, 64, 8)]
    return [sheet.words("page.digest_of"), " ".join(groups[:4]), " ".join(groups[4:])]
