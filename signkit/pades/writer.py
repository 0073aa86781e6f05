"""pyHanko's incremental writer, bent to the byte layout of proof.md section 2.

Differences from pyHanko 0.38, each needed (reference/pdfa.md section 2, reference/layout.md section 4):

1. nothing is written that was not asked for: no ``/Info``, no XMP, no ``/Version``;
2. new numbers start right above a floor that the caller gives, by default the highest that ``/Size`` allows for;
3. the trailer is the newest one of the file but for ``/Size``, ``/Prev``, ``/ID[1]`` and stream keys; a file without
   ``/ID`` gets none, and the second part is derived from what was there before, so two runs give the same bytes;
4. a file whose last byte is neither CR nor LF gets one LF first;
5. strings of the original keep their bytes (pyHanko writes UTF-16 as PDFDocEncoding where it can), and small numbers
   a form that PDF knows (pyHanko writes 0.0000001 as 1E-7).

Three of the overridden methods are private to pyHanko: its version is pinned, and tests fail when a default comes back.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader

from signkit.errors import EncryptedDocumentError, SignkitError, UnreadableDocumentError, UnsupportedDocumentError
from signkit.pades.literal import LiteralString

__all__ = ["Writer", "open_writer", "reading"]

logging.getLogger("pyhanko").addHandler(logging.NullHandler())  # or its remarks on odd files end up on people's screens

MAX_OBJECT_NUMBER = 8_388_607
"""ISO 32000-1 annex C, table C.1."""
ROOM = 10_000
"""Numbers that must be free above the highest one: more than all revisions of an envelope take."""


class Writer(IncrementalPdfFileWriter):
    """Adds one revision to an open file, and nothing that was not asked for."""

    def __init__(self, reader: PdfFileReader, *, floor: int = 0) -> None:
        super().__init__(reader.stream, prev=reader)
        self.objects.clear()
        self._lastobj_id = max(int(reader.trailer["/Size"]) - 1, floor)
        self._first_new = self._lastobj_id + 1
        if self._lastobj_id > MAX_OBJECT_NUMBER - ROOM:
            raise UnsupportedDocumentError(
                f"an object number above {MAX_OBJECT_NUMBER - ROOM}",
                code="document.numbers",
                hint="create the envelope with --repair",
            )

    @property
    def first_new_number(self) -> int:
        """The number that the next new object gets."""
        return int(self._lastobj_id) + 1

    def ensure_output_version(self, version: Any) -> None:
        """Leave the version as it is."""

    def _update_meta(self) -> None:
        """Leave ``/Info`` and XMP as they are."""

    @classmethod
    def _handle_id(cls, prev: PdfFileReader) -> generic.ArrayObject:  # noqa: ARG003 - the trailer is written below
        return generic.ArrayObject()

    def _populate_trailer(self, trailer: generic.DictionaryObject) -> None:
        newest = self.prev.trailer._trailer_revisions[0]  # noqa: SLF001 - rule 3
        for key in newest:
            if key not in self.prev.trailer.non_trailer_keys and key not in {"/Prev", "/Size", "/ID"}:
                trailer[pdf_name(key)] = newest.raw_get(key)
        trailer[pdf_name("/Prev")] = generic.NumberObject(self.prev.last_startxref)
        if "/ID" in newest:
            trailer[pdf_name("/ID")] = _next_id(newest["/ID"], int(self.prev.last_startxref or 0))

    def _write_updated_section(self, stream: IO[bytes]) -> None:
        stream.seek(-1, os.SEEK_END)
        if stream.read(1) not in b"\r\n":
            stream.write(b"\n")
        for (_, number), written in self.objects.items():
            if number < self._first_new:
                _keep_as_written(written)
        super()._write_updated_section(stream)  # type: ignore[no-untyped-call]


@contextmanager
def reading() -> Iterator[None]:
    """Turn whatever pyHanko raises about a document into ``UnreadableDocumentError``.

    NOTE: a border: pyHanko answers odd files with any exception there is, AssertionError and RecursionError included.
    """
    try:
        yield
    except (SignkitError, OSError, MemoryError):
        raise
    except Exception as exc:
        raise UnreadableDocumentError(
            "the document cannot be read strictly",
            code="document.unreadable",
            hint="let a PDF program write the file anew, or create the envelope with --repair",
        ) from exc


def open_writer(stream: IO[bytes], *, floor: int = 0) -> Writer:
    """Return a writer on a file opened for reading and writing.

    Args:
        stream: the file.
        floor: no new object gets this number or a lower one.

    Raises:
        EncryptedDocumentError: it is encrypted.
        UnsupportedDocumentError: ``document.hybrid`` or ``document.numbers``.
        UnreadableDocumentError: it cannot be read strictly.
    """
    with reading():
        reader = PdfFileReader(stream, strict=True)
        if "/Encrypt" in reader.trailer:
            raise EncryptedDocumentError(
                "the document is encrypted", hint="remove the protection, or create the envelope with --repair"
            )
        if reader.xrefs.hybrid_xrefs_present:
            raise UnsupportedDocumentError(
                "the document has hybrid cross-references",
                code="document.hybrid",
                hint="create the envelope with --repair",
            )
        newest = reader.trailer._trailer_revisions[0]  # noqa: SLF001 - as in the class
        if not isinstance(newest.raw_get("/Root"), generic.IndirectObject):
            raise UnreadableDocumentError("the catalog is not an object of its own")
        return Writer(reader, floor=floor)


class _PlainNumber(generic.FloatObject):
    """A number that is never written with an exponent (ISO 32000-1 clause 7.3.3)."""

    def __repr__(self) -> str:
        return format(self, "f")


def _keep_as_written(value: Any) -> None:
    """Make strings and numbers of an object of the original come out as they were, in place; follows no reference."""
    stack = [value]
    while stack:
        holder = stack.pop()
        if isinstance(holder, generic.DictionaryObject):
            items: Any = [(key, holder.raw_get(key)) for key in holder]
        elif isinstance(holder, generic.ArrayObject):
            items = [(index, holder.raw_get(index)) for index in range(len(holder))]
        else:
            continue
        for key, item in items:
            if isinstance(item, generic.FloatObject) and "E" in repr(item):
                holder[key] = _PlainNumber(item)  # type: ignore[no-untyped-call]
            elif isinstance(item, generic.TextStringObject):
                holder[key] = LiteralString(_octets(item))
            else:
                stack.append(item)


def _next_id(current: Any, startxref: int) -> generic.PdfObject:
    """Return ``/ID`` with a new second part (ISO 32000-1 clause 14.4), or as it is where it is no pair of strings."""
    kinds = (generic.ByteStringObject, generic.TextStringObject)
    if not isinstance(current, generic.ArrayObject) or len(current) != 2:
        return current  # type: ignore[no-any-return]
    first, second = current[0], current[1]
    if not isinstance(first, kinds) or not isinstance(second, kinds):
        return current
    old = _octets(first) + _octets(second) + startxref.to_bytes(8, "big")
    return generic.ArrayObject(
        [generic.ByteStringObject(_octets(first)), generic.ByteStringObject(hashlib.sha256(old).digest()[:16])]
    )


def _octets(text: Any) -> bytes:
    return bytes(text.original_bytes)
