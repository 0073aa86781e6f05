"""Small constructors of pyHanko's objects, so that the modules beside read like PDF."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.writer import BasePdfFileWriter

__all__ = [
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
    written = f"{value:.3f}".rstrip("0").rstrip(".")
    return generic.FloatObject(written) if "." in written else generic.NumberObject(int(written))


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
