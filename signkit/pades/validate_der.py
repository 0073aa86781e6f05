"""Is a value DER (ITU-T X.690 clauses 8 to 11)? One pass, no schema, bounded.

A CMS whose every byte is determined by what it says leaves no room for anything else. Without a schema an implicitly
tagged SET cannot be told from a SEQUENCE, so order is asked of explicit SETs only.
"""

from __future__ import annotations

from typing import Final

__all__ = ["is_der"]

_MAX_DEPTH: Final = 60
_MAX_VALUES: Final = 200_000
_SEQUENCE, _SET = 0x30, 0x31
_BOOLEAN, _INTEGER, _BIT_STRING, _NULL, _ENUMERATED = 0x01, 0x02, 0x03, 0x05, 0x0A


def is_der(data: bytes) -> bool:
    """Tell whether ``data`` is exactly one DER value."""
    try:
        return _Walk().value(data, 0, len(data), 0) == len(data)
    except (IndexError, ValueError):
        return False


class _Walk:
    def __init__(self) -> None:
        self._count = 0

    def value(self, data: bytes, start: int, end: int, depth: int) -> int:
        """Return where the value at ``start`` ends.

        Raises:
            ValueError: not DER, or beyond a limit.
        """
        self._count += 1
        if depth > _MAX_DEPTH or self._count > _MAX_VALUES:
            raise ValueError("too deep or too much")
        tag = data[start]
        if tag & 0x1F == 0x1F or not tag:
            raise ValueError("a high tag number, or none")
        body, size = _length(data, start + 1)
        stop = body + size
        if stop > end:
            raise ValueError("cut off")
        if tag & 0x20:
            self._constructed(data, tag, body, stop, depth)
        else:
            _primitive(data[body : min(stop, body + 2)], tag, size)
            if tag == _BIT_STRING:
                _bits(data, body, stop)
        return stop

    def _constructed(self, data: bytes, tag: int, start: int, stop: int, depth: int) -> None:
        if tag < 0x40 and tag not in (_SEQUENCE, _SET):
            raise ValueError("a string in pieces")
        previous = b""
        while start < stop:
            after = self.value(data, start, stop, depth + 1)
            if tag == _SET:
                item = data[start:after]
                if item < previous:
                    raise ValueError("a set out of order")
                previous = item
            start = after


def _length(data: bytes, at: int) -> tuple[int, int]:
    first = data[at]
    if first < 0x80:
        return at + 1, first
    count = first & 0x7F
    if not 1 <= count <= 4:
        raise ValueError("an indefinite or absurd length")
    size = int.from_bytes(data[at + 1 : at + 1 + count], "big")
    if size < 0x80 or (count > 1 and data[at + 1] == 0):
        raise ValueError("a length that is not the shortest")
    return at + 1 + count, size


def _primitive(head: bytes, tag: int, size: int) -> None:
    if tag == _BOOLEAN and (size != 1 or head[0] not in (0x00, 0xFF)):
        raise ValueError("a boolean")
    if tag == _NULL and size:
        raise ValueError("a null")
    if tag in (_INTEGER, _ENUMERATED):
        if not size:
            raise ValueError("an integer")
        if size > 1 and ((head[0] == 0 and head[1] < 0x80) or (head[0] == 0xFF and head[1] >= 0x80)):
            raise ValueError("an integer that is not the shortest")


def _bits(data: bytes, start: int, stop: int) -> None:
    if start == stop or data[start] > 7 or (stop - start == 1 and data[start]):
        raise ValueError("a bit string")
    if stop - start > 1 and data[stop - 1] & ((1 << data[start]) - 1):
        raise ValueError("unused bits that are not zero")
