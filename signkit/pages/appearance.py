"""What a signature place shows: the empty place, and the signed one.

EU DSS in its strict policy lets an appearance change only in its bytes, /Length, font and added entries (pdfa.md
section 2), so both have the same size, filter and colour spaces, and are made here side by side.
"""

from __future__ import annotations

from datetime import UTC
from typing import Final

from signkit.pages.canvas import Canvas
from signkit.pages.data import Appearance, AppearanceDescription, FontSubset
from signkit.pages.face import clean, face
from signkit.pages.subset import make_subset
from signkit.pages.typesetting import ACCENT, AMBER, INK, MUTED, QUIET, Style, fit, wrap
from signkit.texts import Language, text

__all__ = ["APPEARANCE_HEIGHT", "draw_placeholder", "layout_appearance", "layout_placeholder", "subsets"]

APPEARANCE_HEIGHT: Final = 66.0
"""Height of every place on our pages, in points."""

_PADDING: Final = 12.0
_AIR: Final = 5.0
"""Left free above and below, where many lines draw closer together for it."""
_NAME: Final = Style("bold", 10.5, 14, INK)
_NAME_SIZES: Final = (10.5, 9.5, 8.5)
_LONG_NAMES: Final = (Style("bold", 8.5, 10.5, INK), Style("bold", 7.5, 9.5, INK), Style("bold", 6.5, 9, INK))
_LINE: Final = Style("regular", 8, 10.5, QUIET)
_TIME: Final = Style("regular", 8, 10.5, INK)
_REFERENCE: Final = Style("regular", 6.5, 9, MUTED)
_UNSIGNED: Final = Style("regular", 8.5, 10, MUTED)
_TEST: Final = Style("bold", 6.5, 8, AMBER)
_SHORT: Final = 12
"""Characters of the envelope id that are shown."""


def layout_placeholder(*, width: float, height: float = APPEARANCE_HEIGHT, language: Language = "sv") -> Appearance:
    """Return the empty place, which stays so when nobody signs there."""
    canvas = draw_placeholder(height=height, language=language)
    fonts = subsets(canvas)
    return Appearance(width, height, canvas.content(fonts), tuple(fonts.values()))


def layout_appearance(
    description: AppearanceDescription, *, width: float, height: float = APPEARANCE_HEIGHT
) -> Appearance:
    """Return a signed place: name, role, time, eID, reference; TEST where it is one.

    Args:
        description: what to show; ``signed_at`` must be aware.
        width: of the widget's rectangle.
        height: of the widget's rectangle.
    """
    texts, replaced = _texts(description)
    canvas = Canvas(language=description.language, tagged=False)
    room = width - 2 * _PADDING
    name_room = room - (_test_width(description.language) + 6 if description.test else 0)
    canvas.fill(x=0, y=0, width=2.5, height=height, colour=ACCENT)
    lines = _name_lines(texts["name"], name_room)
    lines += [(_LINE, words, room) for words in wrap(texts["role"], _LINE, room, max_lines=3 - len(lines))]
    lines += [(_TIME, texts["time"], room), (_LINE, texts["provider"], room), (_REFERENCE, texts["envelope"], room)]
    present = [line for line in lines if line[1]]
    tall = sum(style.leading for style, _, _ in present)
    tight = min(1.0, (height - 2 * _AIR) / tall)
    y = (height + tall * tight) / 2
    for style, words, limit in present:
        y -= style.leading * tight
        style.draw(canvas, fit(words, style, limit), x=_PADDING, y=y + style.leading * tight * 0.24)
    if description.test:
        _draw_test(canvas, width=width, height=height, language=description.language)
    fonts = subsets(canvas)
    return Appearance(width, height, canvas.content(fonts), tuple(fonts.values()), replaced)


def draw_placeholder(*, height: float, language: Language) -> Canvas:
    """Return the drawing of the empty place, its fonts still open."""
    canvas = Canvas(language=language, tagged=False)
    words = text("appearance.unsigned", language)
    _UNSIGNED.draw(canvas, words, x=_PADDING, y=(height - _UNSIGNED.size * 0.714) / 2)
    return canvas


def subsets(*canvases: Canvas) -> dict[str, FontSubset]:
    """Return key → subset for everything written on ``canvases``.

    Both weights are always there: an appearance that lost a font would be an undefined change for DSS.
    """
    used: dict[str, set[str]] = {face("regular").key: set(), face("bold").key: set()}
    for canvas in canvases:
        for key, characters in canvas.used.items():
            used.setdefault(key, set()).update(characters)
    faces = {item.key: item for item in (face("regular"), face("bold"))}
    return {key: make_subset(faces[key], used[key]) for key in sorted(used)}


def _texts(description: AppearanceDescription) -> tuple[dict[str, str], tuple[str, ...]]:
    language = description.language
    moment = description.signed_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    envelope = description.envelope[:_SHORT]
    raw = {
        "name": description.name,
        "role": description.role,
        "time": text("appearance.signed", language, time=moment),
        "provider": description.provider,
        "envelope": text("appearance.envelope", language, envelope=envelope) if envelope else "",
    }
    cleaned = {key: clean(value) for key, value in raw.items()}
    replaced = dict.fromkeys(char for _, lost in cleaned.values() for char in lost)
    return {key: words for key, (words, _) in cleaned.items()}, tuple(replaced)


def _name_lines(name: str, room: float) -> list[tuple[Style, str, float]]:
    """Return the name as large as it fits in one line, else in two: a person's name is not cut while there is room."""
    for size in _NAME_SIZES:
        style = Style(_NAME.weight, size, _NAME.leading, _NAME.colour)
        if style.width(name) <= room:
            return [(style, name, room)]
    for style in _LONG_NAMES:
        lines = wrap(name, style, room, max_lines=2)
        if "".join(lines).replace(" ", "") == name.replace(" ", ""):
            break
    return [(style, words, room) for words in lines]


def _test_width(language: Language) -> float:
    return _TEST.width(text("page.test_mark", language)) + 8


def _draw_test(canvas: Canvas, *, width: float, height: float, language: Language) -> None:
    wide = _test_width(language)
    x, y = width - wide - 6, height - 17
    canvas.frame(x=x, y=y, width=wide, height=11, line=0.6, colour=AMBER)
    _TEST.draw(canvas, text("page.test_mark", language), x=x + 4, y=y + 3.1)
