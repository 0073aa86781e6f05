"""The signature page: what the document is, the places to sign, and how the file is proved.

The first page says what and how, with the proof at its foot; places fill the rest in two columns and go on as long as
there are people. Nothing here is a person's name (proof.md section 2). What is not here: objects, numbers, files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from signkit.canonical import parse_digest
from signkit.pages.appearance import APPEARANCE_HEIGHT, draw_placeholder, subsets
from signkit.pages.data import (
    A4,
    Appearance,
    PageLayout,
    PrintField,
    SignaturePageDescription,
    SignaturePages,
    SignaturePlace,
    Tag,
    TitleTag,
    Widget,
)
from signkit.pages.face import clean
from signkit.pages.sheet import BOTTOM, LEFT, ROOM, Frame, Sheet
from signkit.pages.typesetting import ACCENT, HAIRLINE, INK, MUTED, PANEL, QUIET, Style, fit, wrap
from signkit.texts import Language, text

__all__ = ["MAX_PLACES", "PLACE_WIDTH", "layout_signature_page"]

MAX_PLACES: Final = 500
"""Most places on one document. Ours: a council has 101 members, and DSS gives up long before (layout.md section 1)."""

_GUTTER: Final = 22.0
PLACE_WIDTH: Final = (ROOM - _GUTTER) / 2
"""Width of every widget, in points."""

_LABEL_WIDTH: Final = 112.0
_MAX_FACTS: Final = 24
_EYEBROW: Final = Style("bold", 9.5, 12, ACCENT)
_TITLE: Final = Style("bold", 21, 26, INK)
_LEAD: Final = Style("regular", 9.5, 13.5, QUIET)
_HEADING: Final = Style("bold", 12.5, 16, INK)
_KEY: Final = Style("regular", 8.5, 12, MUTED)
_VALUE: Final = Style("regular", 9, 12, INK)
_DIGEST: Final = Style("regular", 8.5, 12, INK)
_NOTE: Final = Style("regular", 8, 11, QUIET)
_ROLE: Final = Style("bold", 9.5, 12, INK)
_NUMBER: Final = Style("bold", 9.5, 12, ACCENT)
_DETAIL: Final = Style("regular", 8, 10.5, QUIET)
_PROOF_TITLE: Final = Style("bold", 9.5, 12, INK)
_STEP_NUMBER: Final = Style("bold", 8.5, 11.5, ACCENT)
_STEP: Final = Style("regular", 8.5, 11.5, INK)


def layout_signature_page(
    description: SignaturePageDescription, *, tagged: bool = True, title_tag: TitleTag = "H1"
) -> SignaturePages:
    """Return the signature page or pages for ``description``: A4, as many as its places need.

    Args:
        description: what to print; characters that cannot be shown come back in ``replaced``.
        tagged: True where the document has a structure tree: numbered marked content and a tag tree.
            False: marked content carries its language, and there are no tags.
        title_tag: how headings are named in that tree.

    Raises:
        ValueError: no place, more than ``MAX_PLACES``, or two places with one field.
    """
    fields = {place.field for place in description.places}
    if not 0 < len(description.places) <= MAX_PLACES or len(fields) != len(description.places):
        raise ValueError(f"a signature page has 1 to {MAX_PLACES} places, each with its own field")
    return _Layout(description, tagged=tagged, title_tag=title_tag).pages()


@dataclass(frozen=True, slots=True)
class _Cell:
    place: SignaturePlace
    number: str
    role: list[str]
    details: list[str]

    @property
    def head(self) -> float:
        return _ROLE.leading * len(self.role) + _DETAIL.leading * len(self.details)


class _Layout:
    def __init__(self, description: SignaturePageDescription, *, tagged: bool, title_tag: TitleTag) -> None:
        self._given = description
        self._language: Language = description.language
        self._tagged = tagged
        self._title_tag = title_tag
        self._heading_tag = "H2" if title_tag == "H1" else "P"
        self._replaced: dict[str, None] = {}
        self._title = self._clean(description.title) or self._clean(description.document_name)
        frame = Frame(
            organisation=self._clean(description.organisation),
            kind=self._clean(description.kind),
            foot=" · ".join(filter(None, (self._clean(description.envelope), self._title))),
            language=self._language,
            test=description.test,
        )
        self._sheet = Sheet(frame, tagged=tagged)

    def pages(self) -> SignaturePages:
        proof_top = BOTTOM - self._proof_height()
        self._opening()
        self._facts(limit=proof_top)
        first = self._sheet.canvases[0]
        limit = proof_top - 8 if self._sheet.canvas is first else BOTTOM
        self._places(limit)
        return self._result()

    # --- what the document is

    def _opening(self) -> None:
        sheet = self._sheet
        sheet.top += 20
        sheet.paragraph(text("page.kind", self._language), _EYEBROW, tag="P", max_lines=1)
        sheet.top += 2
        sheet.paragraph(self._title, _TITLE, tag=self._title_tag, max_lines=3)
        sheet.top += 5
        sheet.paragraph(text("page.lead", self._language), _LEAD, tag="P", max_lines=4)
        sheet.top += 14

    def _facts(self, *, limit: float) -> None:
        for key, lines in self._fact_lines():
            height = _VALUE.leading * len(lines) + 7
            if self._sheet.top + height > limit:
                self._proof()
                self._sheet.new_page()
                self._sheet.top += 16
                limit = BOTTOM
            self._fact(key, lines)
        self._sheet.rule()
        if len(self._sheet.canvases) == 1:
            self._proof()

    def _fact(self, key: str, lines: list[str]) -> None:
        sheet = self._sheet
        sheet.rule()
        with sheet.canvas.marked("P") as mcid:
            sheet.top += 2
            _KEY.draw(sheet.canvas, fit(key, _KEY, _LABEL_WIDTH - 10), x=LEFT, y=sheet.y(sheet.top + 12))
            for line in lines:
                sheet.top += _VALUE.leading
                _VALUE.draw(sheet.canvas, line, x=LEFT + _LABEL_WIDTH, y=sheet.y(sheet.top))
        sheet.top += 5
        sheet.tag("P", mcid)

    def _fact_lines(self) -> list[tuple[str, list[str]]]:
        given, language = self._given, self._language
        size = _grouped(given.size_bytes, language)
        code = "page.extent_one" if given.page_count == 1 else "page.extent_many"
        extent = text(code, language, pages=given.page_count, size=size)
        facts = [
            (text("page.document", language), f"{given.document_name}, {extent}", 3),
            *((key, value, 3) for key, value in given.meta[:_MAX_FACTS]),
            *((text("page.outcome", language) if index == 0 else "", line, 3)
              for index, line in enumerate(given.outcome[:_MAX_FACTS])),
            (text("page.envelope", language), given.envelope, 1),
        ]  # fmt: skip
        width = ROOM - _LABEL_WIDTH
        rows = [
            (self._clean(key), wrap(self._clean(value), _VALUE, width, max_lines=most) or ["–"])
            for key, value, most in facts
        ]
        return [*rows, (text("page.digest", language), self._digest_lines())]

    def _digest_lines(self) -> list[str]:
        digits = parse_digest(self._given.digest).hex()
        groups = [digits[start : start + 8] for start in range(0, 64, 8)]
        return [text("page.digest_of", self._language), " ".join(groups[:4]), " ".join(groups[4:])]

    # --- how it is proved

    def _proof_height(self) -> float:
        steps = sum(len(lines) for lines in self._proof_steps())
        return 14 + _PROOF_TITLE.leading + 4 + _STEP.leading * steps + 5 + _NOTE.leading * len(self._note()) + 12

    def _proof_steps(self) -> list[list[str]]:
        words = (text(f"page.proof_step{number}", self._language) for number in (1, 2, 3))
        return [wrap(line, _STEP, ROOM - 48, max_lines=2) for line in words]

    def _note(self) -> list[str]:
        return wrap(text("page.proof_note", self._language), _NOTE, ROOM - 32, max_lines=3)

    def _proof(self) -> None:
        sheet, height = self._sheet, self._proof_height()
        before = sheet.top
        sheet.top = BOTTOM - height
        with sheet.canvas.artifact():
            sheet.canvas.fill(x=LEFT, y=sheet.y(BOTTOM), width=ROOM, height=height, colour=PANEL)
        sheet.top += 10
        left = LEFT + 16
        sheet.paragraph(
            text("page.proof_title", self._language), _PROOF_TITLE, tag=self._heading_tag, max_lines=1, x=left
        )
        sheet.top += 4
        for number, lines in enumerate(self._proof_steps(), start=1):
            with sheet.canvas.marked("P") as mcid:
                for index, line in enumerate(lines):
                    sheet.top += _STEP.leading
                    if index == 0:
                        _STEP_NUMBER.draw(sheet.canvas, str(number), x=left, y=sheet.y(sheet.top))
                    _STEP.draw(sheet.canvas, line, x=left + 16, y=sheet.y(sheet.top))
            sheet.tag("P", mcid)
        sheet.top += 5
        sheet.paragraph(text("page.proof_note", self._language), _NOTE, tag="P", max_lines=3, x=left, width=ROOM - 32)
        sheet.top = before

    # --- the places

    def _places(self, limit: float) -> None:
        cells = self._cells()
        rows = [cells[start : start + 2] for start in range(0, len(cells), 2)]
        heading = text("page.places", self._language)
        fresh = True
        for row in rows:
            head = max(cell.head for cell in row)
            height = head + 5 + APPEARANCE_HEIGHT
            if self._sheet.top + height + (50 if fresh else 14) > limit:
                self._sheet.new_page()
                limit = BOTTOM
                fresh = True
            if fresh:
                self._sheet.top += 22
                self._sheet.paragraph(heading, _HEADING, tag=self._heading_tag, max_lines=1)
                self._sheet.top += 2
                heading = text("page.places_continued", self._language)
                fresh = False
            self._sheet.top += 12
            for column, cell in enumerate(row):
                self._cell(cell, x=LEFT + column * (PLACE_WIDTH + _GUTTER), head=head)
            self._sheet.top += height

    def _cells(self) -> list[_Cell]:
        places = self._given.places
        orders = sorted({place.order for place in places})
        inset = self._number_width()
        cells = []
        for number, place in enumerate(places, start=1):
            role = self._clean(place.role) or "–"
            label = self._clean(place.label)
            step = ""
            if len(orders) > 1:
                step = text("page.step", self._language, order=orders.index(place.order) + 1, orders=len(orders))
            details = _details("" if label == role else label, step, PLACE_WIDTH - inset)
            cells.append(_Cell(place, str(number), wrap(role, _ROLE, PLACE_WIDTH - inset, max_lines=2), details))
        return cells

    def _number_width(self) -> float:
        return _NUMBER.width("0" * len(str(len(self._given.places)))) + 8

    def _cell(self, cell: _Cell, *, x: float, head: float) -> None:
        sheet = self._sheet
        canvas = sheet.canvas
        top = sheet.top + head - cell.head
        inset = self._number_width()
        count = len(self._given.places)
        role = " ".join(cell.role)
        with canvas.marked("Form") as mcid:
            for index, line in enumerate(cell.role):
                top += _ROLE.leading
                if index == 0:
                    _NUMBER.draw(canvas, cell.number, x=x, y=sheet.y(top))
                _ROLE.draw(canvas, line, x=x + inset, y=sheet.y(top))
            for line in cell.details:
                top += _DETAIL.leading
                _DETAIL.draw(canvas, line, x=x + inset, y=sheet.y(top))
        description = text("page.field_description", self._language, role=role)
        sheet.tag("Form", mcid, print_field=PrintField(description), field=cell.place.field)
        bottom = sheet.y(sheet.top + head + 5 + APPEARANCE_HEIGHT)
        with canvas.artifact():
            canvas.frame(x=x, y=bottom, width=PLACE_WIDTH, height=APPEARANCE_HEIGHT, line=0.6, colour=HAIRLINE)
        rect = tuple(round(value, 3) for value in (x, bottom, x + PLACE_WIDTH, bottom + APPEARANCE_HEIGHT))
        tooltip = text("page.tooltip", self._language, number=cell.number, count=count, role=role)
        sheet.widgets[-1].append(Widget(cell.place.field, (rect[0], rect[1], rect[2], rect[3]), tooltip))

    # --- the result

    def _result(self) -> SignaturePages:
        sheet = self._sheet
        sheet.finish()
        empty = draw_placeholder(width=PLACE_WIDTH, height=APPEARANCE_HEIGHT, language=self._language)
        fonts = subsets(*sheet.canvases, empty)
        every = tuple(fonts.values())
        pages = tuple(
            PageLayout(*A4, canvas.content(fonts), canvas.mark_count, tuple(widgets))
            for canvas, widgets in zip(sheet.canvases, sheet.widgets, strict=True)
        )
        title = text("page.kind", self._language)
        tag = Tag("Sect", tuple(sheet.tags), title=title, lang=self._language) if self._tagged else None
        placeholder = Appearance(PLACE_WIDTH, APPEARANCE_HEIGHT, empty.content(fonts), every)
        return SignaturePages(pages, every, placeholder, tag, self._language, tuple(self._replaced))

    def _clean(self, words: str) -> str:
        shown, lost = clean(words)
        self._replaced.update(dict.fromkeys(lost))
        return shown


def _details(label: str, step: str, width: float) -> list[str]:
    together = " · ".join(filter(None, (label, step)))
    if _DETAIL.width(together) <= width:
        return [together] if together else []
    return [*wrap(label, _DETAIL, width, max_lines=2), *filter(None, [step])]


def _grouped(value: int, language: Language) -> str:
    separator = {"sv": "\u00a0", "en": ",", "da": "."}[language]
    return f"{value:,}".replace(",", separator)
