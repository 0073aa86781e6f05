"""Content streams as operators with operands (ISO 32000-1 clauses 7.8.2, 8.9.7), bounded, forgiving as viewers are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from signkit.pades.structure import Dict, Name

__all__ = ["InlineImage", "operators"]

_REGULAR: Final = rb"[^\x00\t\n\x0c\r ()<>\[\]{}/%]"
_TOKEN: Final = re.compile(
    rb"(?:[\x00\t\n\x0c\r ]++|%[^\r\n]*+)*+"
    rb"(?:([+-]?+(?:\d++(?:\.\d*+)?+|\.\d++))(?!" + _REGULAR + rb")"
    rb"|/(" + _REGULAR + rb"*+)|\(([^()\\]*+)\)|(\()|(<<)|(>>)|<([0-9A-Fa-f\x00\t\n\x0c\r ]*+)>|(\[)|(\])"
    rb"|(" + _REGULAR + rb"++)|([{})<>]))"
)
_NUMBER, _NAME, _SIMPLE, _STRING, _OPEN, _CLOSE, _HEX, _OPEN_LIST, _CLOSE_LIST, _WORD = range(1, 11)
_STOP: Final = re.compile(rb"[()\\]")
_OCTAL: Final = re.compile(rb"[0-7]{1,3}")
_ESCAPES: Final = {0x6E: b"\n", 0x72: b"\r", 0x74: b"\t", 0x62: b"\b", 0x66: b"\f"}
_HASH: Final = re.compile(rb"#([0-9A-Fa-f]{2})")
_END_IMAGE: Final = re.compile(rb"[\x00\t\n\x0c\r ]EI(?=[\x00\t\n\x0c\r ]|$)")
_MAX_OPERANDS: Final = 100_000
_MAX_NUMBER: Final = 32


class InlineImage(dict[str, Any]):
    """The dictionary of an inline image, its keys as they stand."""


def operators(data: bytes) -> Iterator[tuple[bytes, list[Any]]]:  # noqa: C901 - one branch per kind of token
    """Yield each operator with its operands; an inline image comes as ``BI`` with an :class:`InlineImage`.

    Numbers are floats, arrays lists, dictionaries :class:`Dict`. What cannot be understood is passed over.
    """
    operands: list[Any] = []
    open_at: list[int] = []
    pos = 0
    match_token = _TOKEN.match
    while (match := match_token(data, pos)) is not None:
        pos = match.end()
        kind = match.lastindex
        if kind == _NUMBER:
            operands.append(_number(match[_NUMBER]))
        elif kind == _WORD:
            word = match[_WORD]
            if word == b"BI":
                image, pos = _inline(data, pos)
                yield word, [image]
            else:
                yield word, operands
            operands, open_at = [], []
        elif kind == _NAME:
            operands.append(_name(match[_NAME]))
        elif kind == _SIMPLE:
            operands.append(match[_SIMPLE])
        elif kind == _HEX:
            operands.append(_hex(match[_HEX]))
        elif kind == _STRING:
            text, pos = _string(data, pos)
            operands.append(text)
        elif kind in (_OPEN_LIST, _OPEN):
            open_at.append(len(operands))
        elif kind in (_CLOSE_LIST, _CLOSE) and open_at:
            first = open_at.pop()
            items = operands[first:]
            operands[first:] = [items if kind == _CLOSE_LIST else _pairs(items)]
        if len(operands) > _MAX_OPERANDS:
            operands, open_at = [], []


def _inline(data: bytes, pos: int) -> tuple[InlineImage, int]:
    """Return the dictionary after ``BI`` and the offset after ``EI``."""
    items: list[Any] = []
    while (match := _TOKEN.match(data, pos)) is not None:
        pos = match.end()
        kind = match.lastindex
        if kind == _WORD and match[_WORD] == b"ID":
            end = _END_IMAGE.search(data, pos)
            return InlineImage(_pairs(items)), end.end() if end else len(data)
        if kind == _NUMBER:
            items.append(_number(match[_NUMBER]))
        elif kind == _NAME:
            items.append(_name(match[_NAME]))
        elif kind == _WORD:
            items.append(match[_WORD] == b"true")
        if len(items) > _MAX_NUMBER * 4:
            break
    return InlineImage(_pairs(items)), pos


def _pairs(items: list[Any]) -> Dict:
    return Dict((items[at], items[at + 1]) for at in range(0, len(items) - 1, 2) if isinstance(items[at], Name))


def _number(raw: bytes) -> float:
    return float(raw) if len(raw) <= _MAX_NUMBER else 0.0


def _name(raw: bytes) -> Name:
    text = _HASH.sub(lambda found: bytes([int(found[1], 16)]), raw) if b"#" in raw else raw
    return Name(text.decode("latin-1"))


def _hex(raw: bytes) -> bytes:
    digits = raw.translate(None, b"\x00\t\n\x0c\r ")
    return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode("ascii"))


def _string(data: bytes, pos: int) -> tuple[bytes, int]:
    """Return a literal string with parentheses or escapes, and the offset after it."""
    parts: list[bytes] = []
    depth = 1
    while (match := _STOP.search(data, pos)) is not None:
        parts.append(data[pos : match.start()])
        pos = match.end()
        char = match[0]
        if char == b"\\":
            octal = _OCTAL.match(data, pos)
            if octal:
                parts.append(bytes([int(octal[0], 8) & 0xFF]))
                pos = octal.end()
                continue
            escaped = data[pos : pos + 1]
            pos += 1 + (data[pos : pos + 2] == b"\r\n")
            parts.append(b"" if escaped in (b"\r", b"\n", b"") else _ESCAPES.get(escaped[0], escaped))
            continue
        depth += 1 if char == b"(" else -1
        if depth == 0:
            return b"".join(parts), pos
        parts.append(char)
    return b"".join(parts), len(data)
