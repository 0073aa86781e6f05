"""Page images and counts by PDFium: the second parser of the recipe (proof.md section 8, steps 1 and 3).

PDFium is not safe in threads, so one lock guards every call; documents are opened from their path, never read whole,
and always closed. Images are drawn in bands, so memory does not follow the size of a page. What is not here: any
judgement of what a difference means.
"""

from __future__ import annotations

import ctypes
import hashlib
import logging
import threading
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from signkit.errors import EncryptedDocumentError, UnreadableDocumentError

__all__ = [
    "BAND_PIXELS",
    "MAX_DPI",
    "MAX_PAGES",
    "MAX_PIXELS",
    "MAX_REVISIONS",
    "MAX_SECONDS",
    "MAX_SIGNATURES",
    "Inspection",
    "SeenSignature",
    "differing_pages",
    "inspect",
    "page_image",
]

MAX_PAGES: Final = 20_000
"""Most pages compared in one call. Ours."""
MAX_PIXELS: Final = 210_000_000
"""Most pixels of one page: 200 inches square at 72 dpi, the largest that ISO 32000-1 annex C names."""
BAND_PIXELS: Final = 4_000_000
"""Pixels drawn at once, of four bytes each."""
MAX_SECONDS: Final = 120.0
"""Longest time of one call. Ours."""
MAX_DPI: Final = 300
MAX_SIGNATURES: Final = 10_000
MAX_REVISIONS: Final = 100_000

_WHITE: Final = 0xFFFFFFFF
_LOCK: Final = threading.RLock()
logging.getLogger("pypdfium2").addHandler(logging.NullHandler())
"""What it has to say is for programmers; without this a form that it cannot draw (XFA) would be told to a clerk."""


@dataclass(frozen=True, slots=True)
class SeenSignature:
    """A signature field that has contents."""

    contents_bytes: int
    """Length of /Contents as a string, padding included."""
    byte_range: tuple[int, ...]
    sub_filter: str


@dataclass(frozen=True, slots=True)
class Inspection:
    """What PDFium counts in a file."""

    pages: int
    signature_fields: int
    """Fields of /FT /Sig directly in /Fields, signed or not; PDFium sees none beneath a /Kids."""
    signatures: tuple[SeenSignature, ...]
    """Those with contents."""
    revision_ends: tuple[int, ...]
    """Offsets after every ``%%EOF`` that PDFium finds."""


@dataclass(frozen=True, slots=True)
class _Clock:
    deadline: float

    def check(self) -> None:
        if time.monotonic() > self.deadline:
            raise UnreadableDocumentError(
                "drawing the pages took too long",
                code="document.render_timeout",
                hint="the pages are unusually heavy; ask for fewer pages at a time",
            )


def inspect(path: Path, *, ends: bool = True) -> Inspection:
    """Return what PDFium sees in ``path``.

    Without ``ends`` it looks for no revision ends, and so need not hold a large stream in memory.

    Raises:
        UnreadableDocumentError: PDFium cannot open it, or it has more than a limit allows.
        EncryptedDocumentError: it needs a password.
    """
    with _opened(path) as document:
        count = _limited(pdfium_c.FPDF_GetSignatureCount(document), MAX_SIGNATURES, "signature fields")
        seen = [_signature(pdfium_c.FPDF_GetSignatureObject(document, index)) for index in range(count)]
        return Inspection(
            pages=len(document),
            signature_fields=count,
            signatures=tuple(item for item in seen if item is not None),
            revision_ends=_revision_ends(document) if ends else (),
        )


def differing_pages(
    before: Path, after: Path, *, pages: Sequence[int] | None = None, max_seconds: float = MAX_SECONDS
) -> tuple[int, ...]:
    """Return the zero-based pages that do not look exactly the same in both files, at 72 dpi with forms drawn.

    Args:
        before: one file.
        after: the other; a page that one of them, or both, lack is different.
        pages: which pages to compare; None: every page of ``before``.
        max_seconds: stop with an error after this.

    Raises:
        UnreadableDocumentError: a file cannot be opened, a page cannot be drawn, or a limit is met.
        EncryptedDocumentError: a file needs a password.
    """
    clock = _Clock(time.monotonic() + max_seconds)
    first = _digests(before, pages, clock)
    second = _digests(after, sorted(first) if pages is None else pages, clock)
    return tuple(index for index in sorted(first) if first[index] is None or first[index] != second.get(index))


def page_image(path: Path, index: int = 0, *, dpi: int = 72, max_seconds: float = MAX_SECONDS) -> bytes:
    """Return a zero-based page as PNG, for people.

    Raises:
        UnreadableDocumentError: no such page, too large, or not to be drawn.
        EncryptedDocumentError: the file needs a password.
    """
    if not 0 < dpi <= MAX_DPI:
        raise UnreadableDocumentError(f"an image has 1 to {MAX_DPI} dots per inch", code="document.render_size")
    clock = _Clock(time.monotonic() + max_seconds)
    with _opened(path) as document:
        if not 0 <= index < len(document):
            raise UnreadableDocumentError(f"there is no page {index + 1}", code="document.no_page")
        width, height, bands = _bands(document, index, dpi / 72, clock)
        return _png(width, height, bands)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """Hold the lock and an open document with its forms initialised."""
    with _LOCK:
        try:
            document = pdfium.PdfDocument(path)
        except (pdfium.PdfiumError, OSError, ValueError) as exc:
            if getattr(exc, "err_code", None) == pdfium_c.FPDF_ERR_PASSWORD:
                raise EncryptedDocumentError(
                    "the document is encrypted", hint="remove the password and try again"
                ) from exc
            raise UnreadableDocumentError(
                "PDFium cannot open the document", code="document.unreadable", hint="is it a PDF, and whole?"
            ) from exc
        try:
            document.init_forms(pdfium_c.FPDF_FORMFILLINFO(version=2))
            yield document
        except pdfium.PdfiumError as exc:
            raise UnreadableDocumentError("PDFium cannot read the document to its end") from exc
        finally:
            document.close()


def _digests(path: Path, pages: Sequence[int] | None, clock: _Clock) -> dict[int, bytes | None]:
    with _opened(path) as document:
        count = len(document)
        wanted = range(count) if pages is None else sorted(set(pages))
        _limited(len(wanted), MAX_PAGES, "pages")
        return {index: _digest(document, index, clock) if 0 <= index < count else None for index in wanted}


def _digest(document: Any, index: int, clock: _Clock) -> bytes:
    width, height, bands = _bands(document, index, 1.0, clock)
    state = hashlib.sha256(f"{width}x{height}".encode("ascii"))
    for band in bands:
        state.update(band)
    return state.digest()


def _bands(document: Any, index: int, scale: float, clock: _Clock) -> tuple[int, int, Iterator[bytes]]:
    """Return width and height in pixels, and the rows from the top in pieces of BGRX bytes."""
    clock.check()
    try:
        page = document[index]
    except pdfium.PdfiumError as exc:
        raise UnreadableDocumentError(f"PDFium cannot read page {index + 1}") from exc
    width = max(1, -int(-page.get_width() * scale // 1))
    height = max(1, -int(-page.get_height() * scale // 1))
    if width * height > MAX_PIXELS:
        page.close()
        raise UnreadableDocumentError(f"page {index + 1} is too large to be drawn", code="document.render_size")
    return width, height, _drawn(document, page, (width, height), clock)


def _drawn(document: Any, page: Any, size: tuple[int, int], clock: _Clock) -> Iterator[bytes]:
    width, height = size
    rows = max(1, min(height, BAND_PIXELS // width))
    bitmap = pdfium.PdfBitmap.new_native(width, rows, pdfium_c.FPDFBitmap_BGRx)
    try:
        for top in range(0, height, rows):
            pdfium_c.FPDFBitmap_FillRect(bitmap, 0, 0, width, rows, _WHITE)
            _draw(document, page, bitmap, (0, -top, width, height, 0, pdfium_c.FPDF_ANNOT), clock)
            used = min(rows, height - top) * bitmap.stride
            yield ctypes.string_at(pdfium_c.FPDFBitmap_GetBuffer(bitmap), used)
    finally:
        bitmap.close()
        page.close()


def _draw(document: Any, page: Any, bitmap: Any, where: tuple[int, ...], clock: _Clock) -> None:
    """Draw page and forms, pausing to look at the clock."""
    pause = pdfium_c.IFSDK_PAUSE(version=1)
    callback = type(pause.NeedToPauseNow)(lambda _: int(time.monotonic() > clock.deadline))
    pause.NeedToPauseNow = callback
    status = pdfium_c.FPDF_RenderPageBitmap_Start(bitmap, page, *where, pause)
    pdfium_c.FPDF_RenderPage_Close(page)
    clock.check()
    if status != pdfium_c.FPDF_RENDER_DONE:
        raise UnreadableDocumentError("PDFium cannot draw a page")
    if document.formenv:
        pdfium_c.FPDF_FFLDraw(document.formenv, bitmap, page, *where)
    clock.check()


def _signature(handle: Any) -> SeenSignature | None:
    length = pdfium_c.FPDFSignatureObj_GetContents(handle, None, 0)
    if length == 0:
        return None
    count = min(pdfium_c.FPDFSignatureObj_GetByteRange(handle, None, 0), 64)
    numbers = (ctypes.c_int * count)()
    pdfium_c.FPDFSignatureObj_GetByteRange(handle, numbers, count)
    size = min(pdfium_c.FPDFSignatureObj_GetSubFilter(handle, None, 0), 256)
    name = ctypes.create_string_buffer(size or 1)
    pdfium_c.FPDFSignatureObj_GetSubFilter(handle, name, size)
    return SeenSignature(length, tuple(numbers), name.value.decode("ascii", "replace"))


def _revision_ends(document: Any) -> tuple[int, ...]:
    count = _limited(pdfium_c.FPDF_GetTrailerEnds(document, None, 0), MAX_REVISIONS, "revisions")
    ends = (ctypes.c_uint * count)()
    pdfium_c.FPDF_GetTrailerEnds(document, ends, count)
    return tuple(ends)


def _limited(count: int, most: int, what: str) -> int:
    if count > most:
        raise UnreadableDocumentError(f"more than {most} {what}", code="document.too_many")
    return max(count, 0)


def _png(width: int, height: int, bands: Iterator[bytes]) -> bytes:
    packer = zlib.compressobj(6)
    packed = bytearray()
    for band in bands:
        rows = bytearray()
        for start in range(0, len(band), width * 4):
            row = band[start : start + width * 4]
            line = bytearray(width * 3)
            line[0::3], line[1::3], line[2::3] = row[2::4], row[1::4], row[0::4]
            rows += b"\0" + line
        packed += packer.compress(bytes(rows))
    packed += packer.flush()
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x02\0\0\0"
    parts = ((b"IHDR", header), (b"IDAT", bytes(packed)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")
