"""A very small PDF writer for test documents: numbered objects in, one plain file with a classic section out.

It checks nothing on purpose, for its documents are meant to be odd. Not for real documents.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["PlainPdf", "image", "stream", "text"]

_FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"


def stream(data: bytes, *, entries: bytes = b"", deflate: bool = False) -> bytes:
    """Return a stream object's body with ``entries`` in its dictionary."""
    if deflate:
        data, entries = zlib.compress(data), entries + b" /Filter /FlateDecode"
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), entries, data)


def image(*, entries: bytes = b"", gray: int = 255) -> bytes:
    """Return the body of an opaque image XObject, two by two pixels of one gray."""
    head = b"/Type /XObject /Subtype /Image /Width 2 /Height 2 /ColorSpace /DeviceGray /BitsPerComponent 8 "
    return stream(bytes([gray]) * 4, entries=head + entries)


def text(line: str, *, x: int = 72, y: int = 700, size: int = 12, mode: int = 0) -> bytes:
    """Return content that shows ``line`` in font ``/F1`` with its baseline at ``x``, ``y``."""
    shown = line.encode("cp1252").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
    return b"BT /F1 %d Tf %d Tr 1 0 0 1 %d %d Tm (%s) Tj ET\n" % (size, mode, x, y, shown)


@dataclass(slots=True)
class PlainPdf:
    """One page (object 3) under a page tree (2) and a catalog (1); its content is 4, its font 5; anything may be added.

    ``catalog``, ``page`` and ``resources`` are entries written into those dictionaries as they stand.
    """

    content: bytes = b""
    catalog: bytes = b""
    page: bytes = b""
    resources: bytes = b""
    objects: dict[int, bytes] = field(default_factory=dict)
    """Further objects, or replacements, by number."""
    trailer: bytes = b""
    version: bytes = b"1.7"
    tail: bytes = b""
    """Bytes after the end."""

    def bodies(self) -> Mapping[int, bytes]:
        """Return every object's body by number."""
        page = (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> "
            + self.resources
            + b" >> "
            + self.page
            + b" >>"
        )
        return {
            1: b"<< /Type /Catalog /Pages 2 0 R " + self.catalog + b" >>",
            2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            3: page,
            4: stream(self.content or text("Ett vanligt dokument")),
            5: _FONT,
            **self.objects,
        }

    def build(self) -> bytes:
        """Return the whole file."""
        out = bytearray(b"%%PDF-%s\n%%\xe2\xe3\xcf\xd3\n" % self.version)
        places: dict[int, int] = {}
        for number, body in sorted(self.bodies().items()):
            places[number] = len(out)
            out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
        start, size = len(out), max(places) + 1
        out += b"xref\n0 1\n0000000000 65535 f \n"
        for number in sorted(places):
            if number - 1 not in places:
                run = next(step for step in range(len(places) + 1) if number + step not in places)
                out += b"%d %d\n" % (number, run)
            out += b"%010d 00000 n \n" % places[number]
        out += b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (size, self.trailer, start)
        return bytes(out) + self.tail
