"""Small constructors of pyHanko's objects, so that the modules beside read like PDF."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.writer import BasePdfFileWriter

__all__ = [
    "LiteralString",
    "array",
    "dictionary",
    "integer",
    "mark_changed",
    "name",
    "number",
    "resolve",
    "stream",
    "text",
]

_ESCAPES = ((b"\\", b"\\\\"), (b"(", b"\\("), (b")", b"\\)"), (b"\r", b"\\r"), (b"\n", b"\\n"))


class LiteralString(generic.PdfObject):
    """A byte string in parentheses (ISO 32000-1 clause 7.3.4.2): a statement stays readable, at half the size."""

    def __init__(self, octets: bytes) -> None:
        self.octets = octets

    def write_to_stream(self, stream: Any, handler: Any = None, container_ref: Any = None) -> None:  # noqa: ARG002
        """Write it; line ends are escaped, or a reader would change them."""
        escaped = self.octets
        for octet, written in _ESCAPES:
            escaped = escaped.replace(octet, written)
        stream.write(b"(" + escaped + b")")


def name(value: str) -> generic.NameObject:
    """Return a name; ``value`` has no slash."""
    return pdf_name("/" + value)


def dictionary(entries: Mapping[str, Any]) -> generic.DictionaryObject:
    """Return a dictionary; keys without slash."""
    return generic.DictionaryObject({name(key): value for key, value in entries.items()})


def array(items: Iterable[Any]) -> generic.ArrayObject:
    """Return an array."""
    return generic.ArrayObject(items)


def integer(value: int) -> generic.NumberObject:
    """Return an integer."""
    return generic.NumberObject(value)


def number(value: float) -> generic.PdfObject:
    """Return a number with at most three decimals, an integer where it is one."""
    rounded = round(value, 3)
    return generic.NumberObject(int(rounded)) if rounded == int(rounded) else generic.FloatObject(f"{rounded:.3f}")


def text(value: str) -> generic.PdfObject:
    """Return a text string."""
    return generic.pdf_string(value)


def stream(data: bytes, entries: Mapping[str, Any] | None = None, *, compress: bool = True) -> generic.StreamObject:
    """Return a stream; with ``compress`` its filter is FlateDecode even when it is empty."""
    result = generic.StreamObject({name(key): value for key, value in (entries or {}).items()}, stream_data=data)
    if compress:
        result.compress()
    return result


def resolve(value: Any) -> Any:
    """Return what ``value`` refers to."""
    return value.get_object() if isinstance(value, generic.IndirectObject) else value


def mark_changed(writer: BasePdfFileWriter, holder: Any, key: str) -> None:
    """Mark what must be written again after a change in ``holder[key]``: that object, or the holder of a direct one."""
    value = holder.raw_get(key)
    if isinstance(value, generic.IndirectObject):
        writer.mark_update(value)
    else:
        writer.update_container(holder)
