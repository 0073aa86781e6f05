"""PDF objects as light Python values (ISO 32000-1 clause 7.3).

null, booleans and numbers are Python's own; an array is a list, a string is ``bytes``, and the rest are here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

__all__ = ["Dict", "HexString", "IndirectObject", "Name", "Ref", "Stream", "Value", "references"]

Value = Any
"""None, bool, int, float, bytes, Name, Ref, list, Dict or Stream."""


class Name(str):
    """A name without its slash; ``#xx`` decoded, bytes as Latin-1, so equal bytes are equal names."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "/" + str(self)


class HexString(bytes):
    """A string written in hexadecimal, which knows where it stands in the file."""

    start: int = -1
    """Offset of ``<``; -1 when it did not stand in the file itself but in an object stream."""
    end: int = -1
    """Offset after ``>``."""


class Ref(NamedTuple):
    """An indirect reference."""

    num: int
    gen: int


class Dict(dict[str, Any]):
    """A dictionary; ``repeated`` names keys that occurred more than once (the last value is the one kept)."""

    __slots__ = ("repeated",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.repeated: tuple[str, ...] = ()


class Stream:
    """A stream: its dictionary, the extent of its raw bytes, and its decoded bytes when asked for."""

    __slots__ = ("_decode", "_raw", "dict", "raw_end", "raw_start")

    def __init__(
        self,
        dictionary: Dict,
        *,
        raw_start: int,
        raw_end: int,
        raw: Callable[[int, int], bytes],
        decode: Callable[[Stream], bytes],
    ) -> None:
        self.dict = dictionary
        self.raw_start = raw_start
        self.raw_end = raw_end
        self._raw = raw
        self._decode = decode

    def __repr__(self) -> str:
        return f"Stream({dict(self.dict)!r}, {self.raw_start}..{self.raw_end})"

    @property
    def raw(self) -> bytes:
        """The bytes as they stand in the file."""
        return self._raw(self.raw_start, self.raw_end)

    @property
    def data(self) -> bytes:
        """The bytes after all filters; decoded anew each time.

        Raises:
            UnreadableDocumentError: a filter that is not ours, damaged data, or too much of it.
        """
        return self._decode(self)


@dataclass(frozen=True, slots=True)
class IndirectObject:
    """One indirect object and where it stands."""

    num: int
    gen: int
    value: Value
    start: int
    """Offset of the object number; -1 in an object stream."""
    end: int
    """Offset after ``endobj``; -1 in an object stream."""
    container: int | None = None
    """Number of the object stream that holds it."""


def references(value: Value) -> Iterator[Ref]:
    """Yield every reference inside ``value``, without following any."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, Ref):
            yield item
        elif isinstance(item, Stream):
            stack.extend(item.dict.values())
        elif isinstance(item, dict):
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
