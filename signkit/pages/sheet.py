"""Pages that fill from top to bottom: the cursor, the frame around every page, and the tags gathered on the way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from signkit.pages.canvas import Canvas
from signkit.pages.colour import Colour
from signkit.pages.data import A4, Mark, PrintField, Tag, Widget
from signkit.pages.typesetting import ACCENT, AMBER, AMBER_PALE, HAIRLINE, MUTED, QUIET, Style, fit, wrap
from signkit.texts import Language, text

__all__ = ["BOTTOM", "LEFT", "RIGHT", "ROOM", "Frame", "Sheet"]

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


@dataclass(frozen=True, slots=True)
class Frame:
    """What is around every page; clean texts."""

    organisation: str
    kind: str
    foot: str
    language: Language
    test: bool


class Sheet:
    """The pages of one layout. ``top`` is the cursor: points below the upper edge."""

    def __init__(self, frame: Frame, *, tagged: bool) -> None:
        self._frame = frame
        self._tagged = tagged
        self.canvases: list[Canvas] = []
        self.widgets: list[list[Widget]] = []
        self.tags: list[Tag] = []
        self.top = 0.0
        self.new_page()

    @property
    def canvas(self) -> Canvas:
        """The page being filled."""
        return self.canvases[-1]

    def new_page(self) -> None:
        """Begin a page: banner, running head, rule."""
        self.canvases.append(Canvas(language=self._frame.language, tagged=self._tagged))
        self.widgets.append([])
        self.top = 40.0
        if self._frame.test:
            self._banner()
        head = self.top + 14
        kind_width = _KIND.width(self._frame.kind)
        organisation = fit(self._frame.organisation, _ORGANISATION, ROOM - kind_width - 16)
        with self._head():
            _ORGANISATION.draw(self.canvas, organisation, x=LEFT, y=self.y(head))
            _KIND.draw_right(self.canvas, self._frame.kind, right=RIGHT, y=self.y(head))
        self.top = head + 9
        self.rule(colour=ACCENT, width=0.9)

    @contextmanager
    def _head(self) -> Iterator[None]:
        """Mark what heads a page: content on the first, an artifact when it is repeated (ISO 32000-1, 14.8.2.2)."""
        if len(self.canvases) > 1:
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
            number = text("page.number", self._frame.language, page=index, pages=total)
            foot = fit(self._frame.foot, _FOOT, ROOM - _FOOT.width(number) - 24)
            with canvas.artifact():
                canvas.line(x0=LEFT, x1=RIGHT, y=52, width=0.5, colour=HAIRLINE)
                _FOOT.draw(canvas, foot, x=LEFT, y=39)
                _FOOT.draw_right(canvas, number, right=RIGHT, y=39)

    def _banner(self) -> None:
        mark = text("page.test_mark", self._frame.language)
        words = text("page.test_banner", self._frame.language)
        with self.canvas.artifact():
            self.canvas.fill(x=LEFT, y=self.y(50), width=ROOM, height=22, colour=AMBER_PALE)
            self.canvas.fill(x=LEFT, y=self.y(50), width=2.5, height=22, colour=AMBER)
        with self._head():
            _TEST.draw(self.canvas, mark, x=LEFT + 12, y=self.y(42.2))
            _BANNER.draw(self.canvas, words, x=LEFT + 20 + _TEST.width(mark), y=self.y(42.2))
        self.top = 58.0
