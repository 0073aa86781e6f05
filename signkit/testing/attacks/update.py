"""A byte-level writer of incremental updates, for forging: it appends a revision, or writes the newest one anew.

What it writes is tiled and chained as signkit's own revisions are, so that only the forgery itself is wrong. It knows
nothing of rules or signatures; ``/ByteRange`` of a rewritten revision is mended so that it fits again, but the value of
that signature is not.
"""

from __future__ import annotations

import re
from typing import Final

from signkit.pades.structure import Dict, HexString, Name, Pdf, Ref, Stream, Value

__all__ = ["Update", "write_value"]

_PLAIN_NAME: Final = re.compile(r"[^!-~]|[#()<>\[\]{}/%]")
_RANGE: Final = re.compile(rb"/ByteRange ?\[[^\]]*\]")
_TRAILER_ONLY: Final = ("Type", "W", "Index", "Length", "Filter", "DecodeParms", "XRefStm")


def write_value(value: Value) -> bytes:  # noqa: PLR0911 - one line per kind of value
    """Return a value as PDF syntax; a stream with its raw bytes."""
    if isinstance(value, Stream):
        return write_value(Dict({**value.dict, "Length": len(value.raw)})) + b"\nstream\n" + value.raw + b"\nendstream"
    if value is None:
        return b"null"
    if isinstance(value, bool):
        return b"true" if value else b"false"
    if isinstance(value, Name):
        return b"/" + _PLAIN_NAME.sub(lambda found: f"#{ord(found[0]):02X}", value).encode("ascii")
    if isinstance(value, Ref):
        return b"%d %d R" % value
    if isinstance(value, bytes):
        return b"<" + value.hex().upper().encode("ascii") + b">"
    if isinstance(value, dict):
        return (
            b"<< "
            + b" ".join(write_value(Name(key)) + b" " + write_value(item) for key, item in value.items())
            + b" >>"
        )
    if isinstance(value, list):
        return b"[" + b" ".join(write_value(item) for item in value) + b"]"
    return str(value).encode("ascii")


class Update:
    """One revision in the making.

    Args:
        pdf: the file.
        rewrite: take the newest revision's objects as a start and write that revision anew; else append one.
    """

    def __init__(self, pdf: Pdf, *, rewrite: bool = False) -> None:
        self.pdf = pdf
        self.view = pdf.view()
        self._rewrite = rewrite
        newest = pdf.revisions[-1]
        self._kind = newest.sections[0].kind
        self._start = newest.start if rewrite else pdf.size
        self._previous = newest.trailer.get("Prev") if rewrite else newest.xref_offset - pdf.base
        self._bodies: dict[int, bytes] = {}
        self.freed: set[int] = set()
        self.trailer = Dict({key: item for key, item in newest.trailer.items() if key not in _TRAILER_ONLY})
        """Entries of the trailer, to be changed at will."""
        self.gap = b""
        """Bytes to hide after the first object."""
        size = newest.trailer.get("Size")
        self._next = size if isinstance(size, int) else 1
        if rewrite:
            self._keep()

    def _keep(self) -> None:
        newest = self.pdf.revisions[-1]
        own = {section.number for section in newest.sections}
        rows = [
            (entry.offset, num) for num, entry in newest.entries.items() if not entry.free and num not in own and num
        ]
        for _, num in sorted(rows):
            found = self.view.object(num)
            if found is not None:
                head = self.pdf.bytes(found.start, found.end)
                self._bodies[num] = head[head.index(b"obj") + 3 : -len(b"endobj")].strip(b"\r\n ")

    def get(self, num: int) -> Value:
        """Return what object ``num`` is now, before this update."""
        return self.view.get(num)

    def define(self, num: int, body: Value | bytes, *, raw: bool = False) -> None:
        """Write object ``num``; ``raw``: ``body`` is syntax already."""
        self._bodies[num] = body if raw else write_value(body)

    def add(self, body: Value | bytes, *, raw: bool = False) -> Ref:
        """Write a new object and return its number."""
        num = self._next
        self._next += 1
        self.define(num, body, raw=raw)
        return Ref(num, 0)

    def change(self, num: int, **entries: Value) -> None:
        """Write dictionary ``num`` again with some entries changed; None removes one."""
        value = self.view.get(num)
        kept = {key: item for key, item in value.items() if key not in entries}
        self.define(num, Dict({**kept, **{key: item for key, item in entries.items() if item is not None}}))

    def build(self) -> bytes:
        """Return the whole file."""
        out = bytearray(self.pdf.bytes(0, self._start))
        if bytes(out[-1:]) not in {b"\r", b"\n"}:
            out += b"\n"
        places: dict[int, int] = {}
        for num, body in self._bodies.items():
            places[num] = len(out)
            out += b"%d 0 obj\n%s\nendobj\n" % (num, body)
            if self.gap and len(places) == 1:
                out += self.gap
        self._section(out, places)
        return self._mended(bytes(out)) if self._rewrite else bytes(out)

    def _section(self, out: bytearray, places: dict[int, int]) -> None:
        start = len(out)
        trailer = Dict({**self.trailer, "Size": max([self._next, *(num + 1 for num in places)])})
        if self._previous is not None:
            trailer["Prev"] = self._previous
        if self._kind == "table":
            out += b"xref\n" + (b"0 1\n0000000000 65535 f \n" if not places else b"")
            for num in sorted({*places, *self.freed}):
                row = b"%010d 00000 n \n" % places[num] if num in places else b"0000000000 00001 f \n"
                out += b"%d 1\n" % num + row
            out += b"trailer\n" + write_value(trailer) + b"\nstartxref\n%d\n%%%%EOF\n" % start
            return
        number = trailer["Size"]
        places = {**places, number: start}
        trailer["Size"] = number + 1
        rows = b"".join(b"\x01" + at.to_bytes(4, "big") + b"\x00\x00" for _, at in sorted(places.items()))
        index = [item for num in sorted(places) for item in (num, 1)]
        head = Dict({"Type": Name("XRef"), "W": [1, 4, 2], "Index": index, "Length": len(rows), **trailer})
        out += b"%d 0 obj\n" % number + write_value(head) + b"\nstream\n" + rows + b"\nendstream\nendobj\n"
        out += b"\nstartxref\n%d\n%%%%EOF\n" % start

    def _mended(self, data: bytes) -> bytes:
        """Make the ``/ByteRange`` of a rewritten revision fit its new place, in the width that it has."""
        signature = next(
            (num for num, body in self._bodies.items() if b"/ByteRange" in body and b"/Contents" in body), None
        )
        if signature is None:
            return data
        value = Pdf.open(data).view().get(signature)
        contents = value.get("Contents") if isinstance(value, dict) else None
        found = _RANGE.search(data, self._start)
        if not isinstance(contents, HexString) or found is None:
            return data
        start, end = contents.start, contents.end
        numbers = b"/ByteRange [0 %d %d %d" % (start, end, len(data) - end)
        width = found.end() - found.start() - 1
        return (
            data[: found.start()] + numbers.ljust(width) + b"]" + data[found.end() :] if len(numbers) <= width else data
        )
