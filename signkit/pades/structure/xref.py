"""Cross-reference tables and streams (ISO 32000-1 clauses 7.5.4, 7.5.8), looked up without being expanded."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from signkit.pades.structure.filters import decode
from signkit.pades.structure.limits import MAX_OBJECT_NUMBER, Limits, over, unreadable
from signkit.pades.structure.parser import (
    WS,
    Buffer,
    parse_header,
    parse_value,
    stream_extent,
)
from signkit.pades.structure.values import Dict, Value

__all__ = ["FREE", "Entry", "Section", "looks_like_section", "read_section", "stream_filters"]


class Entry(NamedTuple):
    """Where one object stands: in the file (``container`` None), in an object stream, or nowhere (``free``)."""

    offset: int
    """Offset in the file as written; the index when the object is in an object stream."""
    gen: int
    container: int | None = None
    free: bool = False


FREE: Final = Entry(0, 0, None, free=True)
_TABLE: Final = re.compile(WS + rb"*+xref" + WS + rb"++")
_SUBSECTION: Final = re.compile(WS + rb"*+(\d{1,10})" + rb"[ \t]++" + rb"(\d{1,10})" + WS + rb"*+")
_ROW: Final = re.compile(rb"(\d{10}) (\d{5}) ([nf])(?: \r| \n|\r\n)")
_LOOSE_ROW: Final = re.compile(WS + rb"*+(\d{1,10})" + WS + rb"++(\d{1,10})" + WS + rb"++([nf])(?=" + WS + rb")")
_TRAILER: Final = re.compile(WS + rb"*+trailer")
_ENDOBJ: Final = re.compile(WS + rb"*+(?:%[^\r\n]*+" + WS + rb"*+)*+endobj")


@dataclass(frozen=True, slots=True)
class _Block:
    """A run of consecutive object numbers."""

    first: int
    count: int
    at: int
    """Offset of the first row, in the file (table) or in ``data`` (stream)."""


@dataclass(slots=True)
class Section:
    """One cross-reference section."""

    kind: str
    """``table`` or ``stream``."""
    offset: int
    """Where it begins: the ``x`` of ``xref``, or the number of the stream's object."""
    end: int
    """After the trailer dictionary, or after ``endobj``."""
    trailer: Dict
    blocks: list[_Block]
    number: int | None = None
    """Object number of a cross-reference stream."""
    loose: bool = False
    """The table's rows are not the 20 bytes each that clause 7.5.4 demands."""
    buffer: Buffer = b""
    widths: tuple[int, int, int] = (0, 0, 0)
    _rows: dict[int, Entry] = field(default_factory=dict)

    def lookup(self, num: int) -> Entry | None:
        """Return the entry of ``num`` here, or None. In a number listed twice the last row counts."""
        if self.loose:
            return self._rows.get(num)
        for block in reversed(self.blocks):
            if 0 <= num - block.first < block.count:
                return self._entry(block.at, num - block.first)
        return None

    def numbers(self) -> Iterator[int]:
        """Yield the object numbers with a row here."""
        for block in self.blocks:
            yield from range(block.first, block.first + block.count)

    def items(self) -> Iterator[tuple[int, Entry]]:
        """Yield number and entry of every row, a repeated number each time."""
        for block in self.blocks:
            for index in range(block.count):
                num = block.first + index
                yield num, (self._rows[num] if self.loose else self._entry(block.at, index))

    def _entry(self, at: int, index: int) -> Entry:
        return self._table_entry(at, index) if self.kind == "table" else self._stream_entry(at, index)

    def _table_entry(self, at: int, index: int) -> Entry:
        row = _ROW.match(self.buffer, at + 20 * index)
        if row is None:
            raise unreadable("a damaged row in the cross-reference table", code="xref", offset=at + 20 * index)
        return Entry(int(row[1]), int(row[2]), None, row[3] == b"f")

    def _stream_entry(self, at: int, index: int) -> Entry:
        first, second, third = self.widths
        pos = at + (first + second + third) * index
        data = self.buffer
        kind = int.from_bytes(data[pos : pos + first], "big") if first else 1
        pos += first
        a = int.from_bytes(data[pos : pos + second], "big")
        b = int.from_bytes(data[pos + second : pos + second + third], "big")
        if kind == 1:
            return Entry(a, b)
        if kind == 2:
            return Entry(b, 0, a)
        return Entry(a, b, None, free=True)


def looks_like_section(buffer: Buffer, pos: int, end: int) -> bool:
    """Say whether a table or an indirect object begins at ``pos``."""
    if not 0 <= pos < end:
        return False
    return bool(_TABLE.match(buffer, pos, end)) or parse_header(buffer, pos, end) is not None


def read_section(buffer: Buffer, pos: int, end: int, limits: Limits) -> Section:
    """Read the section that begins at ``pos``.

    Raises:
        UnreadableDocumentError: nothing of the kind there, or damaged.
    """
    if not 0 <= pos < end:
        raise unreadable("a cross-reference offset outside the file", code="xref", offset=pos)
    head = _TABLE.match(buffer, pos, end)
    return _read_table(buffer, head, end, limits) if head else _read_stream(buffer, pos, end, limits)


def _read_table(buffer: Buffer, head: re.Match[bytes], end: int, limits: Limits) -> Section:
    start = head.start() + len(head[0]) - len(head[0].lstrip())
    pos = head.end()
    blocks: list[_Block] = []
    loose: dict[int, Entry] | None = None
    rows = 0
    while (match := _SUBSECTION.match(buffer, pos, end)) is not None:
        first, count = int(match[1]), int(match[2])
        if first + count > MAX_OBJECT_NUMBER + 1:
            raise over("objects", MAX_OBJECT_NUMBER)
        block = _Block(first, count, match.end())
        blocks.append(block)
        rows += count + 1
        if rows > limits.max_rows:
            raise over("rows in a cross-reference section", limits.max_rows)
        pos = match.end() + 20 * count
        if loose is None and count and not _rows_are_strict(buffer, block, end):
            loose = _reread(buffer, blocks[:-1])
        if loose is not None:
            pos = _read_loose(buffer, block, end, loose)
        if not (_SUBSECTION.match(buffer, pos, end) or _TRAILER.match(buffer, pos, end)):
            raise unreadable("damaged cross-reference table", code="xref", offset=pos)
    trailer = _TRAILER.match(buffer, pos, end)
    if trailer is None:
        raise unreadable("a cross-reference table without trailer", code="xref", offset=pos)
    value, after = parse_value(buffer, trailer.end(), end, limits)
    if not isinstance(value, Dict):
        raise unreadable("a trailer that is no dictionary", code="xref", offset=trailer.end())
    return Section("table", start, after, value, blocks, loose=loose is not None, buffer=buffer, _rows=loose or {})


def _rows_are_strict(buffer: Buffer, block: _Block, end: int) -> bool:
    """Say whether first and last row of a block stand where rows of 20 bytes would, and nothing cut follows."""
    last = block.at + 20 * (block.count - 1)
    if last + 20 > end or not (_ROW.match(buffer, block.at, end) and _ROW.match(buffer, last, end)):
        return False
    after = last + 20
    return bool(_SUBSECTION.match(buffer, after, end) or _TRAILER.match(buffer, after, end))


def _reread(buffer: Buffer, blocks: list[_Block]) -> dict[int, Entry]:
    """Return the rows of blocks that were strict, for a table that turned out not to be."""
    rows: dict[int, Entry] = {}
    for block in blocks:
        for index in range(block.count):
            row = _ROW.match(buffer, block.at + 20 * index)
            if row is None:
                raise unreadable("a damaged row in the cross-reference table", code="xref", offset=block.at)
            rows[block.first + index] = Entry(int(row[1]), int(row[2]), None, row[3] == b"f")
    return rows


def _read_loose(buffer: Buffer, block: _Block, end: int, rows: dict[int, Entry]) -> int:
    """Read rows that do not have 20 bytes each; return the offset after them."""
    pos = block.at
    for index in range(block.count):
        row = _LOOSE_ROW.match(buffer, pos, end)
        if row is None:
            raise unreadable("a damaged row in the cross-reference table", code="xref", offset=pos)
        rows[block.first + index] = Entry(int(row[1]), int(row[2]), None, row[3] == b"f")
        pos = row.end()
    return pos


def _read_stream(buffer: Buffer, pos: int, end: int, limits: Limits) -> Section:
    header = parse_header(buffer, pos, end)
    if header is None:
        raise unreadable("no cross-reference section", code="xref", offset=pos)
    num, _, start, at = header
    value, at = parse_value(buffer, at, end, limits)
    if not isinstance(value, Dict) or value.get("Type") != "XRef":
        raise unreadable("no cross-reference section", code="xref", offset=pos)
    extent = stream_extent(buffer, at, end, lambda: value.get("Length"))
    if extent is None:
        raise unreadable("a cross-reference stream without data", code="xref", offset=pos)
    closing = _ENDOBJ.match(buffer, extent[2], end)
    if closing is None:
        raise unreadable("a cross-reference stream without endobj", code="xref", offset=extent[2])
    filters, parameters = stream_filters(value, lambda item: item)
    data = decode(
        buffer[extent[0] : extent[1]],
        filters,
        parameters,
        max_bytes=min(limits.max_decoded_bytes, limits.max_sections_bytes),
    )
    widths = _widths(value)
    blocks = _blocks(value, sum(widths), len(data), limits)
    return Section("stream", start, closing.end(), value, blocks, number=num, buffer=data, widths=widths)


def _widths(value: Dict) -> tuple[int, int, int]:
    widths = value.get("W")
    if not isinstance(widths, list) or len(widths) < 3:
        raise unreadable("a cross-reference stream without usable /W", code="xref")
    if any(type(width) is not int or not 0 <= width <= 8 for width in widths) or len(widths) != 3:
        raise unreadable("a cross-reference stream without usable /W", code="xref")
    if not sum(widths):
        raise unreadable("a cross-reference stream without usable /W", code="xref")
    return widths[0], widths[1], widths[2]


def _blocks(value: Dict, width: int, size: int, limits: Limits) -> list[_Block]:
    index = value.get("Index", [0, value.get("Size")])
    if not isinstance(index, list) or len(index) % 2 or any(type(item) is not int or item < 0 for item in index):
        raise unreadable("a cross-reference stream without usable /Index", code="xref")
    blocks: list[_Block] = []
    at = 0
    for first, count in zip(index[::2], index[1::2], strict=True):
        if first + count > MAX_OBJECT_NUMBER + 1:
            raise over("objects", MAX_OBJECT_NUMBER)
        blocks.append(_Block(first, count, at))
        at += width * count
    if at // width + len(blocks) > limits.max_rows:
        raise over("rows in a cross-reference section", limits.max_rows)
    if at > size:
        raise unreadable("a cross-reference stream with too little data", code="xref")
    return blocks


def stream_filters(value: Dict, resolve: Callable[[Value], Value]) -> tuple[list[Value], list[Value]]:
    """Return the filters of a stream and their parameters, one each, references resolved.

    Raises:
        UnreadableDocumentError: they are neither names and dictionaries nor arrays of them.
    """
    filters = resolve(value.get("Filter"))
    parameters = resolve(value.get("DecodeParms"))
    names = [resolve(item) for item in filters] if isinstance(filters, list) else [filters]
    parms = [resolve(item) for item in parameters] if isinstance(parameters, list) else [parameters]
    if names == [None]:
        return [], []
    if any(not isinstance(name, str) for name in names):
        raise unreadable("a stream with an unusable filter", code="filter")
    return names, parms
