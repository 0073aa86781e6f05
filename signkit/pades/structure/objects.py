"""Read one object at a time, and remember the light ones."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from signkit.pades.structure.filters import decode
from signkit.pades.structure.limits import Limits, over, unreadable
from signkit.pades.structure.parser import Buffer, parse_header, parse_value, stream_extent
from signkit.pades.structure.values import Dict, IndirectObject, Ref, Stream, Value
from signkit.pades.structure.xref import stream_filters

__all__ = ["ObjectReader", "ObjectStream"]

Resolve = Callable[[Value], Value]

_ENDOBJ: Final = re.compile(rb"[\x00\t\n\x0c\r ]*+(?:%[^\r\n]*+[\x00\t\n\x0c\r ]*+)*+endobj")
_OVERLAP: Final = 64 * 1024
"""Bytes that may be read twice before objects count as lying upon each other."""
_LARGE: Final = 1024
"""Objects below this are not asked whether they overlap."""
_MAX_OBJECT_STREAMS: Final = 24
"""Decoded object streams kept at once."""


class ObjectStream:
    """A decoded object stream: numbers, and where each begins (ISO 32000-1 clause 7.5.7)."""

    __slots__ = ("data", "first", "known", "numbers", "offsets", "parsed")

    def __init__(self, stream: Stream, limits: Limits, resolve: Resolve) -> None:
        count, first = resolve(stream.dict.get("N")), resolve(stream.dict.get("First"))
        self.data = stream.data
        if type(count) is not int or type(first) is not int or not 0 <= first <= len(self.data):
            raise unreadable("an unusable object stream", code="object_stream")
        words = self.data[:first].split()
        if count < 0 or len(words) < 2 * count or count > limits.max_items:
            raise unreadable("an object stream with too short a head", code="object_stream")
        try:
            values = [int(word) for word in words[: 2 * count]]
        except ValueError as exc:
            raise unreadable("an unusable object stream", code="object_stream") from exc
        self.first = first
        self.known: set[int] = set()
        self.parsed = 0
        self.numbers = values[::2]
        self.offsets = values[1::2]


class ObjectReader:
    """Parses objects of one buffer. What does not depend on the revision is cached; extents, not copies, are kept."""

    def __init__(self, buffer: Buffer, limits: Limits) -> None:
        self._buffer = buffer
        self._limits = limits
        self._cache: dict[int, IndirectObject] = {}
        self._cached_bytes = 0
        self._streams: dict[tuple[int, int], ObjectStream] = {}
        self._decoded = 0
        self._large: set[int] = set()
        self._large_bytes = 0

    def at(self, offset: int, size: int, resolve: Resolve) -> IndirectObject:
        """Return the object that stands at ``offset`` of the first ``size`` bytes.

        Raises:
            UnreadableDocumentError: no well-formed object there.
        """
        known = self._cache.get(offset)
        if known is None or known.end > size:
            known, depends = self._parse(offset, size, resolve)
            if not depends:
                self._remember(offset, known)
        return known

    def in_stream(self, holder: IndirectObject, index: int, num: int, resolve: Resolve) -> IndirectObject:
        """Return object ``num``, which stands at ``index`` of the object stream ``holder``.

        Raises:
            UnreadableDocumentError: it does not.
        """
        packed = self.object_stream(holder, resolve)
        if not (0 <= index < len(packed.numbers) and packed.numbers[index] == num):
            raise unreadable(f"object {num} is not where the cross-reference says", code="object_stream")
        pos = packed.first + packed.offsets[index]
        if not packed.first <= pos <= len(packed.data):
            raise unreadable(f"object {num} lies outside its object stream", code="object_stream")
        value, end = parse_value(packed.data, pos, len(packed.data), self._limits, in_file=False)
        if index not in packed.known:
            packed.known.add(index)
            packed.parsed += end - pos
            if packed.parsed > len(packed.data) + _OVERLAP:
                raise unreadable("objects of an object stream lie upon each other", code="overlap")
        return IndirectObject(num, 0, value, -1, -1, holder.num)

    def object_stream(self, holder: IndirectObject, resolve: Resolve) -> ObjectStream:
        """Return an object stream, decoded.

        Raises:
            UnreadableDocumentError: it is none.
        """
        key = (holder.start, holder.end)
        known = self._streams.get(key)
        if known is None:
            stream = holder.value
            if not isinstance(stream, Stream) or stream.dict.get("Type") != "ObjStm":
                raise unreadable(f"object {holder.num} is no object stream", code="object_stream")
            known = ObjectStream(stream, self._limits, resolve)
            while len(self._streams) >= _MAX_OBJECT_STREAMS:
                del self._streams[next(iter(self._streams))]
            self._streams[key] = known
        return known

    def _no_overlap(self, found: IndirectObject, light: int) -> None:
        """Refuse files whose objects lie inside each other: each would be read to the end, again and again."""
        if light <= _LARGE or found.start in self._large:
            return
        self._large.add(found.start)
        self._large_bytes += light
        if self._large_bytes > len(self._buffer) + _OVERLAP:
            raise unreadable("objects lie upon each other", code="overlap", offset=found.start)

    def _remember(self, key: int, found: IndirectObject) -> None:
        light = found.end - found.start
        if isinstance(found.value, Stream):
            light -= found.value.raw_end - found.value.raw_start
        self._no_overlap(found, light)
        if self._cached_bytes + light > self._limits.cache_bytes:
            self._cache.clear()
            self._cached_bytes = 0
        self._cache[key] = found
        self._cached_bytes += light

    def _parse(self, offset: int, size: int, resolve: Resolve) -> tuple[IndirectObject, bool]:
        header = parse_header(self._buffer, offset, size) if 0 <= offset < size else None
        if header is None:
            raise unreadable("no object where the cross-reference says", code="object", offset=offset)
        num, gen, start, pos = header
        value, pos = parse_value(self._buffer, pos, size, self._limits)
        depends = False
        if type(value) is Dict:
            length = value.get("Length")
            extent = stream_extent(self._buffer, pos, size, lambda: resolve(length))
            if extent is not None:
                depends = isinstance(length, Ref)
                value = self._stream(value, extent, resolve)
                pos = extent[2]
                depends = depends or any(True for _ in _indirect_filters(value.dict))
        closing = _ENDOBJ.match(self._buffer, pos, size)
        if closing is None:
            raise unreadable(f"object {num} has no endobj", code="object", offset=pos)
        return IndirectObject(num, gen, value, start, closing.end()), depends

    def _stream(self, value: Dict, extent: tuple[int, int, int], resolve: Resolve) -> Stream:
        return Stream(
            value,
            raw_start=extent[0],
            raw_end=extent[1],
            raw=lambda start, end: self._buffer[start:end],
            decode=lambda stream: self._decode(stream, resolve),
        )

    def _decode(self, stream: Stream, resolve: Resolve) -> bytes:
        if "F" in stream.dict:
            raise unreadable("a stream whose data lies in another file", code="filter")
        filters, parameters = stream_filters(stream.dict, resolve)
        inner = [
            Dict((key, resolve(item)) for key, item in parms.items()) if isinstance(parms, dict) else parms
            for parms in parameters
        ]
        return decode(stream.raw, filters, inner, max_bytes=self._limits.max_decoded_bytes, meter=self._metered)

    def _metered(self, count: int) -> None:
        self._decoded += count
        if self._decoded > self._limits.max_total_decoded_bytes:
            raise over("decoded bytes in all", self._limits.max_total_decoded_bytes)


def _indirect_filters(value: Dict) -> list[Value]:
    """Return the references inside ``/Filter`` and ``/DecodeParms``, whose meaning depends on the revision."""
    found: list[Value] = []
    for key in ("Filter", "DecodeParms"):
        item = value.get(key)
        for part in item if isinstance(item, list) else [item]:
            inner = list(part.values()) if isinstance(part, dict) else [part]
            found.extend(one for one in inner if isinstance(one, Ref))
    return found
