"""A QR code for a terminal: as large as fits, black on white whatever its colours, with a quiet zone."""

from __future__ import annotations

from typing import Final

__all__ = ["qr_lines"]

_QUIET: Final = 4
"""Light modules around the code (ISO/IEC 18004 clause 6.3.8)."""
_TIGHT: Final = 2
_SLIM: Final = 1
"""What a terminal of 24 lines leaves room for."""
_INK: Final = "\x1b[38;5;16;48;5;231m"
"""Black on white of the 256 colours' cube: themes leave it alone, and terminals without 24-bit colours know it."""
_RESET: Final = "\x1b[0m"
_HALVES: Final = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}


def qr_lines(words: str, *, columns: int, rows: int) -> list[str]:
    """Return the code as lines of at most ``columns`` characters; none if it cannot fit in ``rows`` lines.

    Where there is room each module is two characters wide and one high, which a phone reads from a projector across
    the room; else two modules share one character.
    """
    import segno

    matrix = [[bool(module) for module in row] for row in segno.make(words, error="l", micro=False).matrix]
    wide = len(matrix) + 2 * _QUIET
    if 2 * wide <= columns and wide <= rows:
        return _large(matrix)
    for border in (_QUIET, _TIGHT, _SLIM):
        width = len(matrix) + 2 * border
        if width <= columns and (width + 1) // 2 <= rows:
            return _drawn(matrix, border)
    return []


def _framed(matrix: list[list[bool]], border: int) -> list[list[bool]]:
    blank = [False] * (len(matrix) + 2 * border)
    return [blank] * border + [[False] * border + row + [False] * border for row in matrix] + [blank] * border


def _large(matrix: list[list[bool]]) -> list[str]:
    rows = _framed(matrix, _QUIET)
    return [f"{_INK}{''.join('██' if module else '  ' for module in row)}{_RESET}" for row in rows]


def _drawn(matrix: list[list[bool]], border: int) -> list[str]:
    field = _framed(matrix, border)
    if len(field) % 2:
        field.append([False] * len(field[0]))
    lines = []
    for upper, lower in zip(field[::2], field[1::2], strict=True):
        cells = "".join(_HALVES[pair] for pair in zip(upper, lower, strict=True))
        lines.append(f"{_INK}{cells}{_RESET}")
    return lines
