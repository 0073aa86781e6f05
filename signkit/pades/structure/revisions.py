"""Revisions: the chain of cross-reference sections, oldest first (ISO 32000-1 clauses 7.5.5, 7.5.6 and annex F)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from signkit.pades.structure.limits import Limits, over, unreadable
from signkit.pades.structure.parser import WS, Buffer, parse_header, parse_value
from signkit.pades.structure.values import Dict
from signkit.pades.structure.xref import Entry, Section, looks_like_section, read_section

__all__ = ["Chain", "Revision", "read_chain"]

_START: Final = re.compile(rb"startxref" + WS + rb"++(\d{1,20})(?=[\x00\t\n\x0c\r %]|$)")
_EOF: Final = re.compile(WS + rb"*+%%EOF(\r\n|\r|\n)?")
_HEADER_WINDOW: Final = 1024


@dataclass(frozen=True, slots=True)
class Revision:
    """What one save added to the file."""

    index: int
    start: int
    """Where the revision before ends; 0 for the oldest."""
    end: int
    """After its ``%%EOF`` and one line end."""
    eof_end: int
    """After ``%%EOF``, without line end."""
    kind: str
    """``table``, ``stream`` or ``hybrid``."""
    sections: tuple[Section, ...]
    """Newest first: one, or two or three for hybrid and for linearized files."""
    startxref: int
    """Offset of the word ``startxref`` that closes it."""
    linearized: bool = False

    @property
    def xref_offset(self) -> int:
        """Where readers begin with this revision."""
        return self.sections[0].offset

    @property
    def trailer(self) -> Dict:
        """The trailer dictionary, or that of the cross-reference stream."""
        return self.sections[0].trailer

    @property
    def rows(self) -> int:
        """How many rows its sections have."""
        return sum(block.count for section in self.sections for block in section.blocks)

    @property
    def entries(self) -> dict[int, Entry]:
        """Every object number with a row in this revision."""
        found: dict[int, Entry] = {}
        for section in reversed(self.sections):
            for num, entry in section.items():
                if not (entry.free and num in found and self.kind == "hybrid"):
                    found[num] = entry
        return found

    def lookup(self, num: int) -> Entry | None:
        """Return where ``num`` stands in this revision, or None when it says nothing about it."""
        hidden = None
        for section in self.sections:
            entry = section.lookup(num)
            if entry is not None:
                if not (entry.free and self.kind == "hybrid"):
                    return entry
                hidden = entry
        return hidden


@dataclass(frozen=True, slots=True)
class Chain:
    """All that the ends of a file say."""

    revisions: tuple[Revision, ...]
    header_offset: int
    """Bytes before ``%PDF-``."""
    base: int
    """What is added to the file's own offsets: 0, or ``header_offset`` where the file counts from its header."""
    version: str


def read_chain(buffer: Buffer, size: int, limits: Limits) -> Chain:
    """Follow ``/Prev`` from the last ``startxref`` of the first ``size`` bytes.

    Raises:
        UnreadableDocumentError: no header, no end, a damaged or circular chain, or a limit.
    """
    header_offset, version = _header(buffer, size)
    value = _last_startxref(buffer, size)
    base = 0
    if header_offset and not looks_like_section(buffer, value, size):
        base = header_offset
    reader = _Reader(buffer, size, base, limits)
    sections = reader.chain(value + base)
    revisions = _revisions(reader, sections)
    return Chain(tuple(revisions), header_offset, base, version)


def _header(buffer: Buffer, size: int) -> tuple[int, str]:
    head = buffer[: min(size, _HEADER_WINDOW + 16)]
    match = re.search(rb"%PDF-(\d\.\d)", head)
    if match is None or match.start() > _HEADER_WINDOW:
        raise unreadable("no PDF header", code="header")
    return match.start(), match[1].decode("ascii")


def _last_startxref(buffer: Buffer, size: int) -> int:
    at = buffer.rfind(b"startxref", 0, size)
    match = _START.match(buffer, at, size) if at >= 0 else None
    if match is None:
        raise unreadable("no startxref at the end", code="startxref")
    if _EOF.match(buffer, match.end(), size) is None:
        raise unreadable("the last startxref has no %%EOF", code="eof", offset=at)
    return int(match[1])


@dataclass(slots=True)
class _Reader:
    buffer: Buffer
    size: int
    base: int
    limits: Limits

    def chain(self, offset: int) -> list[tuple[Section, Section | None]]:
        """Return sections newest first, each with the stream that a hybrid file hides beside it."""
        found: list[tuple[Section, Section | None]] = []
        seen: set[int] = set()
        following: int | None = offset
        decoded = 0
        while following is not None:
            if following in seen:
                raise unreadable("the cross-reference chain is a circle", code="xref_loop", offset=following)
            if len(found) >= self.limits.max_sections:
                raise over("cross-reference sections", self.limits.max_sections)
            seen.add(following)
            section = read_section(self.buffer, following, self.size, self.limits)
            decoded += len(section.buffer) if section.kind == "stream" else 0
            if decoded > self.limits.max_sections_bytes:
                raise over("bytes of cross-reference streams", self.limits.max_sections_bytes)
            found.append((section, self._hidden(section)))
            following = self._previous(section)
        return found

    def _hidden(self, section: Section) -> Section | None:
        value = section.trailer.get("XRefStm")
        if section.kind != "table" or value is None:
            return None
        if type(value) is not int:
            raise unreadable("unusable /XRefStm", code="xref")
        hidden = read_section(self.buffer, value + self.base, self.size, self.limits)
        if hidden.kind != "stream":
            raise unreadable("/XRefStm names no stream", code="xref")
        return hidden

    def _previous(self, section: Section) -> int | None:
        value = section.trailer.get("Prev")
        if value is None:
            return None
        if type(value) is not int:
            raise unreadable("unusable /Prev", code="xref")
        return value + self.base

    def linearized(self) -> bool:
        """Say whether the first object is a linearization dictionary (ISO 32000-1 annex F.3.1)."""
        window = min(self.size, _HEADER_WINDOW * 2)
        match = re.compile(rb"\d+" + WS + rb"++\d+" + WS + rb"++obj").search(self.buffer, 0, window)
        header = parse_header(self.buffer, match.start(), self.size) if match else None
        if header is None:
            return False
        value, _ = parse_value(self.buffer, header[3], self.size, self.limits)
        return isinstance(value, Dict) and "Linearized" in value

    def close(self, section_end: int, until: int) -> tuple[int, int, int, int]:
        """Return offsets of the closing ``startxref``, after ``%%EOF`` and after its line end, and the value."""
        pos = section_end
        while (match := _START.search(self.buffer, pos, until)) is not None:
            eof = _EOF.match(self.buffer, match.end(), until)
            if eof is not None:
                bare = eof.end() - len(eof[1] or b"")
                return match.start(), bare, eof.end(), int(match[1])
            pos = match.end()
        raise unreadable("a revision without startxref and %%EOF", code="eof", offset=section_end)


def _revisions(reader: _Reader, sections: list[tuple[Section, Section | None]]) -> list[Revision]:
    """Group sections into revisions, oldest first, and find where each ends.

    Some programs repeat ``/XRefStm`` from the trailer before, so the stream of an older save may be met again.
    """
    newest_first = [section.offset for section, _ in sections]
    linearized = len(sections) >= 2 and newest_first[-2] < newest_first[-1] and reader.linearized()
    groups: list[list[tuple[Section, Section | None]]] = [[item] for item in sections]
    if linearized or _is_one_save(sections):
        groups[-2:] = [[*groups[-2], *groups[-1]]]
    groups.reverse()
    found: list[Revision] = []
    hidden: set[int] = set()
    start = 0
    for index, group in enumerate(groups):
        parts = tuple(part for section, hidden in group for part in (section, hidden) if part is not None)
        last = max(part.end for part in parts)
        at, bare, end, value = reader.close(last, reader.size)
        own = [part.offset for part in parts if part.offset not in hidden]
        hidden.update(section.offset for _, section in group if section is not None)
        if last > at or min(own) < start:
            raise unreadable("cross-reference sections are out of order", code="xref_order", offset=parts[0].offset)
        if value + reader.base != parts[0].offset and not _same_place(reader, value, parts[0].offset):
            raise unreadable("a startxref does not name its section", code="startxref", offset=at)
        kind = "hybrid" if any(hidden for _, hidden in group) else parts[0].kind
        found.append(Revision(index, start, end, bare, kind, parts, at, linearized and index == 0))
        start = end
    return found


def _is_one_save(sections: list[tuple[Section, Section | None]]) -> bool:
    """Say whether the oldest two sections belong together: Word writes a table, then an empty one that names a stream.

    The stream stands before the first table, which a later save could not have written.
    """
    if len(sections) < 2:
        return False
    (newer, hidden), (oldest, _) = sections[-2:]
    return hidden is not None and hidden.end <= oldest.offset < newer.offset


def _same_place(reader: _Reader, value: int, offset: int) -> bool:
    """Say whether only white space lies between a ``startxref`` value and its section."""
    begin = value + reader.base
    return 0 <= begin < offset and not reader.buffer[begin:offset].strip(b"\x00\t\n\x0c\r ")
