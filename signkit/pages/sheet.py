"""Pages that fill from top to bottom: the cursor, the frame around every page, and the tags gathered on the way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from signkit.pages.canvas import Canvas
from signkit.pages.colour import Colour
from signkit.pages.data import A4, Mark, PrintField, SignaturePageDescription, Tag, TitleTag, Widget
from signkit.pages.face import clean
from signkit.pages.typesetting import ACCENT, AMBER, AMBER_PALE, HAIRLINE, MUTED, QUIET, Style, fit, wrap
from signkit.texts import Language, text

__all__ = ["BOTTOM", "LEFT", "RIGHT", "ROOM", "Sheet"]

LEFT: Final = 64.0
RIGHT: Final = A4[0] - 64.0
ROOM: Final = RIGHT - LEFT
BOTTOM: Final = A4[1] - 66.0
"""Where content ends, measured from the top."""

_ORGANISATION: Final = Style("bold", 9.5, 12, ACCENT)
_KIND: Final = Style("regular", 8.5, 11, QUIET)
_FOOT: Final = Style("regular", 7.5, 10, MUTED)
_TEST: Final = Style("bold", 8.5, 11, AMBER)
_BANNER: Final = Style("regular", 8.5, 11, AMBER)


class Sheet:
    """The pages of one layout. ``top`` is the cursor: points below the upper edge.

    Args:
        description: what is around every page comes from it: organisation, kind, foot, banner.
        tagged: whether marked content is numbered.
        title_tag: how headings are named in the document's structure tree.
    """

    def __init__(self, description: SignaturePageDescription, *, tagged: bool, title_tag: TitleTag) -> None:
        self.language: Language = description.language
        self.title_tag: str = title_tag
        self.heading_tag = "H2" if title_tag == "H1" else "P"
        self.replaced: dict[str, None] = {}
        names = (description.title, description.document_name)
        self.title = next(filter(None, map(self.clean, names)), self.words("page.kind"))
        self._organisation = self.clean(description.organisation)
        self._kind = self.clean(description.kind)
        self._foot = " · ".join(filter(None, (self.clean(description.envelope), self.title)))
        self._test = description.test
        self._tagged = tagged
        self.canvases: list[Canvas] = []
        self.widgets: list[list[Widget]] = []
        self.tags: list[Tag] = []
        self.top = 0.0
        self.new_page()

    def words(self, code: str, **params: object) -> str:
        """Return a sentence of the catalogue in the sheet's language, ready to be drawn."""
        return clean(text(code, self.language, **params))[0]

    def clean(self, words: str) -> str:
        """Return ``words`` ready to be drawn, and remember what had to be replaced."""
        shown, lost = clean(words)
        self.replaced.update(dict.fromkeys(lost))
        return shown

    @property
    def canvas(self) -> Canvas:
        """The page being filled."""
        return self.canvases[-1]

    def new_page(self) -> None:
        """Begin a page: banner, running head, rule."""
        self.canvases.append(Canvas(language=self.language, tagged=self._tagged))
        self.widgets.append([])
        self.top = 40.0
        if self._test:
            self._banner()
        head = self.top + 14
        kind = fit(self._kind, _KIND, ROOM * 0.4)
        organisation = fit(self._organisation, _ORGANISATION, ROOM - _KIND.width(kind) - 16)
        with self._head():
            _ORGANISATION.draw(self.canvas, organisation, x=LEFT, y=self.y(head))
            _KIND.draw_right(self.canvas, kind, right=RIGHT, y=self.y(head))
        self.top = head + 9
        self.rule(colour=ACCENT, width=0.9)

    @contextmanager
    def _head(self) -> Iterator[None]:
        """Mark what heads a page: content on the first, an artifact when it is repeated (ISO 32000-1, 14.8.2.2)."""
        if len(self.canvases) > 1 or not (self._organisation or self._kind or self._test):
            with self.canvas.artifact():
                yield
            return
        with self.canvas.marked("P") as mcid:
            yield
        self.tag("P", mcid)

    def y(self, top: float) -> float:
        """Return PDF's coordinate for a distance from the upper edge."""
        return A4[1] - top

    def paragraph(
        self, words: str, style: Style, *, tag: str, max_lines: int, x: float = LEFT, width: float = ROOM
    ) -> None:
        """Set ``words`` below the cursor and move it."""
        lines = wrap(words, style, width, max_lines=max_lines)
        if not lines:
            return
        with self.canvas.marked(tag) as mcid:
            for line in lines:
                self.top += style.leading
                style.draw(self.canvas, line, x=x, y=self.y(self.top))
        self.tag(tag, mcid)

    def tag(self, role: str, mcid: int, *, print_field: PrintField | None = None, field: str = "") -> None:
        """Add a structure element for marked content on the current page."""
        mark = Mark(len(self.canvases) - 1, mcid)
        self.tags.append(Tag(role, (mark,), print_field=print_field, field=field))

    def rule(self, *, colour: Colour = HAIRLINE, width: float = 0.5) -> None:
        """Draw a rule at the cursor."""
        with self.canvas.artifact():
            self.canvas.line(x0=LEFT, x1=RIGHT, y=self.y(self.top), width=width, colour=colour)

    def finish(self) -> None:
        """Draw the foot of every page, now that their number is known."""
        total = len(self.canvases)
        for index, canvas in enumerate(self.canvases, start=1):
            number = self.words("page.number", page=index, pages=total)
            foot = fit(self._foot, _FOOT, ROOM - _FOOT.width(number) - 24)
            with canvas.artifact():
                canvas.line(x0=LEFT, x1=RIGHT, y=52, width=0.5, colour=HAIRLINE)
                _FOOT.draw(canvas, foot, x=LEFT, y=39)
                _FOOT.draw_right(canvas, number, right=RIGHT, y=39)

    def _banner(self) -> None:
        mark = self.words("page.test_mark")
        words = self.words("page.test_banner")
        with self.canvas.artifact():
            self.canvas.fill(x=LEFT, y=self.y(50), width=ROOM, height=22, colour=AMBER_PALE)
            self.canvas.fill(x=LEFT, y=self.y(50), width=2.5, height=22, colour=AMBER)
        with self._head():
            _TEST.draw(self.canvas, mark, x=LEFT + 12, y=self.y(42.2))
            _BANNER.draw(self.canvas, words, x=LEFT + 20 + _TEST.width(mark), y=self.y(42.2))
        self.top = 58.0
