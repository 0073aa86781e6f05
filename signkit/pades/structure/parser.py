"""From bytes to values: one regular expression, one explicit stack, no recursion (ISO 32000-1 clauses 7.2 and 7.3).

Strict on purpose: what two readers could read differently (an odd dictionary, an unknown word, a stream whose length is
wrong, CR alone after ``stream``) is an error, not a guess.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Callable
from typing import Final

from signkit.pades.structure.limits import Limits, over, unreadable
from signkit.pades.structure.values import Dict, HexString, Name, Ref, Value

__all__ = ["WS", "Buffer", "parse_header", "parse_value", "stream_extent"]

Buffer = bytes | mmap.mmap
"""What is read: bytes, or a mapped file."""

WS: Final = rb"[\x00\t\n\x0c\r ]"
_REGULAR: Final = rb"[^\x00\t\n\x0c\r ()<>\[\]{}/%]"
_GAP: Final = rb"(?:[\x00\t\n\x0c\r ]++|%[^\r\n]*+)*+"
_TOKEN: Final = re.compile(
    _GAP
    + rb"(?:(\d{1,10}+)[\x00\t\n\x0c\r ]++(\d{1,10}+)[\x00\t\n\x0c\r ]++R(?!"
    + _REGULAR
    + rb")|([+-]?+(?:\d{1,40}+(?:\.\d{0,400}+)?+|\.\d{1,400}+))(?!"
    + _REGULAR
    + rb")|/("
    + _REGULAR
    + rb"*+)|(<<)|(>>)|(\[)|(\])|\(([^()\\\r]*+)\)|(\()|<([0-9A-Fa-f\x00\t\n\x0c\r ]*+)>|("
    + _REGULAR
    + rb"++))"
)
_REF, _NUMBER, _NAME, _OPEN_DICT, _CLOSE_DICT, _OPEN_LIST, _CLOSE_LIST, _SIMPLE, _STRING, _HEX, _WORD = range(2, 13)
_HEADER: Final = re.compile(WS + rb"*+(\d{1,10}+)" + WS + rb"++(\d{1,5}+)" + WS + rb"++obj(?!" + _REGULAR + rb")")
_STREAM: Final = re.compile(_GAP + rb"stream(\r\n|\n)")
_STREAM_CR: Final = re.compile(_GAP + rb"stream\b")
_END_STREAM: Final = re.compile(WS + rb"*+endstream(?!" + _REGULAR + rb")")
_ESCAPE: Final = re.compile(rb"#([0-9A-Fa-f]{2})")
_STOP: Final = re.compile(rb"[()\\\r]")
_OCTAL: Final = re.compile(rb"[0-7]{1,3}")
_SPACES: Final = b"\x00\t\n\x0c\r "
_ESCAPES: Final = {0x6E: b"\n", 0x72: b"\r", 0x74: b"\t", 0x62: b"\b", 0x66: b"\f"}
_WORDS: Final[dict[bytes, Value]] = {b"true": True, b"false": False, b"null": None}
_NAMES: Final[dict[bytes, Name]] = {}


def parse_header(buffer: Buffer, pos: int, end: int) -> tuple[int, int, int, int] | None:
    """Return number, generation, offset of the number and offset after ``obj``; None where no object begins."""
    match = _HEADER.match(buffer, pos, end)
    if match is None:
        return None
    return int(match[1]), int(match[2]), match.start(1), match.end()


def stream_extent(buffer: Buffer, pos: int, end: int, length: Callable[[], Value]) -> tuple[int, int, int] | None:
    """Return start and end of stream data and the offset after ``endstream``; None where there is no stream.

    ``length`` is called only when there is one.
    """
    match = _STREAM.match(buffer, pos, end)
    if match is None:
        if _STREAM_CR.match(buffer, pos, end):
            raise unreadable("the word stream is not followed by a line end", code="stream", offset=pos)
        return None
    size = length()
    if type(size) is not int or size < 0:
        raise unreadable("a stream has no usable length", code="stream_length", offset=pos)
    start = match.end()
    closing = _END_STREAM.match(buffer, start + size, end) if start + size <= end else None
    if closing is None:
        raise unreadable("a stream's length does not lead to its end", code="stream_length", offset=pos)
    return start, start + size, closing.end()


def parse_value(  # noqa: C901, PLR0912 - one hot loop, one branch per kind of token
    buffer: Buffer, pos: int, end: int, limits: Limits, *, in_file: bool = True
) -> tuple[Value, int]:
    """Return the value that begins at ``pos`` and the offset after it.

    Raises:
        UnreadableDocumentError: anything but one well-formed value, or a limit.
    """
    stack: list[list[Value]] = []
    kinds: list[int] = []
    items: list[Value] = []
    match_token = _TOKEN.match
    for _ in range(limits.max_items):
        match = match_token(buffer, pos, end)
        if match is None:
            raise unreadable("no PDF value", code="syntax", offset=pos)
        pos = match.end()
        kind = match.lastindex
        value: Value
        if kind == _REF:
            value = Ref(int(match[1]), int(match[2]))
        elif kind == _NAME:
            value = _name(match[_NAME])
        elif kind == _NUMBER:
            value = _number(match[_NUMBER])
        elif kind in (_OPEN_DICT, _OPEN_LIST):
            if len(stack) >= limits.max_depth:
                raise over("levels of nesting", limits.max_depth)
            stack.append(items)
            kinds.append(kind or 0)
            items = []
            continue
        elif kind in (_CLOSE_DICT, _CLOSE_LIST):
            if not kinds or kinds.pop() != kind - 1:
                raise unreadable("a bracket does not match", code="syntax", offset=pos)
            value = _dictionary(items, pos) if kind == _CLOSE_DICT else items
            items = stack.pop()
        elif kind == _SIMPLE:
            value = match[_SIMPLE]
        elif kind == _STRING:
            value, pos = _string(buffer, pos, end)
        elif kind == _HEX:
            value = _hex(match[_HEX], (match.start(_HEX) - 1, pos) if in_file else (-1, -1))
        else:
            word = match[_WORD]
            if word == b"R" and stack and _is_pair(items):
                gen, num = items.pop(), items.pop()
                value = Ref(num, gen)
            elif word in _WORDS:
                value = _WORDS[word]
            else:
                raise unreadable("an unknown word", code="syntax", offset=match.start(_WORD))
        if not stack:
            return value, pos
        items.append(value)
    raise over("tokens in one object", limits.max_items)


def _is_pair(items: list[Value]) -> bool:
    """Say whether the last two items can be number and generation of a reference that a comment splits."""
    return len(items) >= 2 and all(type(item) is int and item >= 0 for item in items[-2:])


def _name(raw: bytes) -> Name:
    known = _NAMES.get(raw)
    if known is None:
        text = _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), raw) if b"#" in raw else raw
        known = Name(text.decode("latin-1"))
        if len(_NAMES) < 20_000 and len(raw) < 64:
            _NAMES[raw] = known
    return known


def _number(raw: bytes) -> int | float:
    return float(raw) if b"." in raw else int(raw)


def _dictionary(items: list[Value], pos: int) -> Dict:
    if len(items) % 2:
        raise unreadable("a dictionary with a key but no value", code="syntax", offset=pos)
    result = Dict()
    repeated: list[str] = []
    for index in range(0, len(items), 2):
        key = items[index]
        if type(key) is not Name:
            raise unreadable("a dictionary whose key is no name", code="syntax", offset=pos)
        if key in result:
            repeated.append(key)
        result[key] = items[index + 1]
    if repeated:
        result.repeated = tuple(repeated)
    return result


def _hex(raw: bytes, extent: tuple[int, int]) -> HexString:
    digits = raw.translate(None, _SPACES)
    if len(digits) % 2:
        digits += b"0"
    result = HexString(bytes.fromhex(digits.decode("ascii")))
    result.start, result.end = extent
    return result


def _string(buffer: Buffer, pos: int, end: int) -> tuple[bytes, int]:
    """Read a literal string with parentheses, escapes or CR (ISO 32000-1 clause 7.3.4.2)."""
    parts: list[bytes] = []
    depth = 1
    while True:
        match = _STOP.search(buffer, pos, end)
        if match is None:
            raise unreadable("a string without an end", code="syntax", offset=pos)
        at = match.start()
        parts.append(buffer[pos:at])
        char = match[0]
        pos = at + 1
        if char == b"(":
            depth += 1
            parts.append(char)
        elif char == b")":
            depth -= 1
            if depth == 0:
                return b"".join(parts), pos
            parts.append(char)
        elif char == b"\r":
            parts.append(b"\n")
            pos += buffer[pos : pos + 1] == b"\n"
        else:
            text, pos = _escaped(buffer, pos, end)
            parts.append(text)


def _escaped(buffer: Buffer, pos: int, end: int) -> tuple[bytes, int]:
    """Return what stands for the characters after a backslash, and the offset after them."""
    octal = _OCTAL.match(buffer, pos, end)
    if octal:
        return bytes([int(octal[0], 8) & 0xFF]), octal.end()
    char = buffer[pos : pos + 1]
    if char == b"\r":
        return b"", pos + 1 + (buffer[pos + 1 : pos + 2] == b"\n")
    if char == b"\n":
        return b"", pos + 1
    return _ESCAPES.get(char[0], char) if char else b"", pos + 1
