"""Documents with the odd habits of real programs: small, made here, one habit each. Not for real documents."""

from __future__ import annotations

import zlib

from signkit.testing.attacks.plain import PlainPdf

__all__ = ["bookmarked", "updated_after_word", "word_style"]


def word_style() -> bytes:
    """Return what a word processor writes that serves old and new readers at once (ISO 32000-1 clause 7.5.8.4).

    A table without what is packed in an object stream; then, in the same save, an empty table whose trailer names a
    cross-reference stream that stands before the first table.
    """
    plain = PlainPdf(catalog=b"/StructTreeRoot 9 0 R").build()
    head, table = plain[: plain.index(b"xref\n0 1")], plain[plain.index(b"xref\n0 1") : plain.index(b"trailer")]
    packed = b"9 0 << /Type /StructTreeRoot >>"
    held = b"<< /Type /ObjStm /N 1 /First 4 /Length %d >>\nstream\n%s\nendstream" % (len(packed), packed)
    rows = zlib.compress(bytes([2, 0, 0, 8, 0]))
    entries = b"/Type /XRef /W [1 3 1] /Index [9 1] /Size 10 /Filter /FlateDecode /Length %d /Root 1 0 R" % len(rows)
    body = head + b"8 0 obj\n" + held + b"\nendobj\n"
    hidden = len(body)
    body += b"7 0 obj\n<< " + entries + b" >>\nstream\n" + rows + b"\nendstream\nendobj\n"
    start = len(body)
    table = table.rstrip() + b" \n8 1\n%010d 00000 n \n" % len(head)
    body += table + b"trailer\n<< /Size 10 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % start
    trailer = b"trailer\n<< /Size 10 /Root 1 0 R /Prev %d /XRefStm %d >>\n" % (start, hidden)
    return body + b"xref\n0 0\n" + trailer + b"startxref\n%d\n%%%%EOF\n" % len(body)


def updated_after_word() -> bytes:
    """Return ``word_style`` saved again by a program that repeats ``/XRefStm`` in its trailer, as some do."""
    data = word_style()
    hidden = data.rpartition(b"/XRefStm ")[2].partition(b" ")[0]
    before = data.rpartition(b"startxref\n")[2].partition(b"\n")[0]
    new = data + b"6 0 obj\n(Ett till)\nendobj\n"
    trailer = b"trailer\n<< /Size 10 /Root 1 0 R /Prev %s /XRefStm %s >>\n" % (before, hidden)
    return new + b"xref\n6 1\n%010d 00000 n \n" % len(data) + trailer + b"startxref\n%d\n%%%%EOF\n" % len(new)


def bookmarked(levels: int, *, wide: int = 2) -> bytes:
    """Return a document with an outline ``levels`` deep, ``wide`` entries beside one another on each."""
    first, last = 10, 10 + levels * wide
    objects = {6: b"<< /Type /Outlines /First %d 0 R /Last %d 0 R /Count 1 >>" % (first, first + wide - 1)}
    for number in range(first, last):
        level, place = divmod(number - first, wide)
        parent = 6 if not level else number - place - wide
        entries = [b"/Title (%d) /Parent %d 0 R /Dest [3 0 R /Fit]" % (number, parent)]
        if place:
            entries.append(b"/Prev %d 0 R" % (number - 1))
        if place < wide - 1:
            entries.append(b"/Next %d 0 R" % (number + 1))
        if level < levels - 1:
            below = first + (level + 1) * wide
            entries.append(b"/First %d 0 R /Last %d 0 R /Count %d" % (below, below + wide - 1, wide))
        objects[number] = b"<< " + b" ".join(entries) + b" >>"
    return PlainPdf(catalog=b"/Outlines 6 0 R", objects=objects).build()
