"""Read a container strictly: the ZIP form that we write, and no other (APPNOTE.TXT 6.3.10, clause 4.3).

A ZIP file says everything twice, and readers that believe different halves see different files. So here both halves
must agree, entries must lie one behind the other from the first byte to the directory, and nothing may be optional: no
comment, extra field, data descriptor, encryption, ZIP64, second disk, or name that two systems read differently.
"""

from __future__ import annotations

import hashlib
import io
import struct
import unicodedata
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from signkit.files import BLOCK_BYTES
from signkit.pades.asic.layout import MIMETYPE, MIMETYPE_NAME, name_fits

__all__ = ["ContainerReadError", "ContainerReader", "Member", "looks_like_container"]

_END: Final = struct.Struct("<4s4H2LH")
_CENTRAL: Final = struct.Struct("<4s6H3L5H2L")
_LOCAL: Final = struct.Struct("<4s5H3L2H")
_UTF8: Final = 0x800
_STORED: Final = 0
_DEFLATED: Final = 8
_VERSION: Final = 20
_MADE_BY: Final = 3 << 8 | _VERSION
_MODE: Final = 0o100644 << 16
"""What we write: an ordinary file, by PKZIP 2.0 on Unix. Nothing signs these fields, so they may say nothing else."""
_MAX_FILES: Final = 20_000
"""Most files, ours: an envelope of 1 000 entries has some 2 100."""
_MAX_TOTAL: Final = 8 << 30
"""Most bytes of all files unpacked, ours."""
_MAX_RATIO: Final = 200
"""Most that one file may grow when it is unpacked, once it is larger than a megabyte, ours."""
_MEBIBYTE: Final = 1 << 20


class ContainerReadError(ValueError):
    """The container cannot be read; ``code`` is the finding's, without its prefix."""

    def __init__(self, code: str, subject: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.subject = subject

    @property
    def limit(self) -> bool:
        """Tell whether a limit of ours was hit, and nothing is known to be wrong."""
        return self.code == "limit"


@dataclass(frozen=True, slots=True)
class Member:
    """One file of a container."""

    name: str
    start: int
    """Where its bytes begin."""
    packed: int
    size: int
    crc: int
    deflated: bool
    date: tuple[int, int]
    """MS-DOS time and date; the same for every file."""


def looks_like_container(path: Path) -> bool:
    """Tell by its first bytes whether a file means to be an ASiC container.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as stream:
        head = stream.read(_LOCAL.size + 64)
    return b"application/vnd.etsi.asic" in head or (head.startswith(b"PK") and b"mimetype" in head)


class ContainerReader:
    """An open container whose form holds; contents are checked when they are read.

    Raises:
        ContainerReadError: the form does not hold, or a limit was hit.
        OSError: the file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._stream = path.open("rb")
        try:
            self.members: Mapping[str, Member] = self._directory()
        except BaseException:
            self._stream.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()

    def read(self, name: str, *, limit: int) -> bytes:
        """Return a file's bytes.

        Raises:
            ContainerReadError: it is not there, larger than ``limit``, or not what the directory says.
        """
        member = self.members.get(name)
        if member is None:
            raise ContainerReadError("missing", name)
        if member.size > limit:
            raise ContainerReadError("limit", name)
        return b"".join(self._blocks(member))

    def extract(self, name: str, target: Path) -> None:
        """Write a file's bytes to ``target``.

        Raises:
            ContainerReadError: it is not there, or not what the directory says.
            OSError: ``target`` cannot be written.
        """
        member = self.members.get(name)
        if member is None:
            raise ContainerReadError("missing", name)
        with target.open("wb") as sink:
            for block in self._blocks(member):
                sink.write(block)

    def digests(self, name: str, algorithms: set[str]) -> dict[str, bytes]:
        """Return a file's digests.

        Raises:
            ContainerReadError: it is not what the directory says.
        """
        hashers = {algorithm: hashlib.new(algorithm) for algorithm in algorithms}
        for block in self._blocks(self.members[name]):
            for hasher in hashers.values():
                hasher.update(block)
        return {algorithm: hasher.digest() for algorithm, hasher in hashers.items()}

    def _blocks(self, member: Member) -> Iterator[bytes]:
        unpack = zlib.decompressobj(-zlib.MAX_WBITS) if member.deflated else None
        crc = size = 0
        for packed in self._packed(member):
            for block in _unpacked(unpack, packed, member):
                size += len(block)
                if size > member.size:
                    raise ContainerReadError("size", member.name)
                crc = zlib.crc32(block, crc)
                yield block
        if size != member.size or crc != member.crc or (unpack is not None and (not unpack.eof or unpack.unused_data)):
            raise ContainerReadError("size" if size != member.size else "crc", member.name)

    def _packed(self, member: Member) -> Iterator[bytes]:
        left, place = member.packed, member.start
        while left:
            self._stream.seek(place)
            block = self._stream.read(min(left, BLOCK_BYTES))
            if not block:
                raise ContainerReadError("form", member.name)
            left, place = left - len(block), place + len(block)
            yield block

    def _directory(self) -> dict[str, Member]:
        end = self._stream.seek(0, io.SEEK_END)
        if end < _END.size:
            raise ContainerReadError("form")
        self._stream.seek(end - _END.size)
        mark, disk, first, here, count, size, start, comment = _END.unpack(self._stream.read(_END.size))
        if (mark, disk, first, comment) != (b"PK\5\6", 0, 0, 0) or here != count or start + size != end - _END.size:
            raise ContainerReadError("form")
        if count > _MAX_FILES:
            raise ContainerReadError("limit")
        self._stream.seek(start)
        members = self._members(self._stream.read(size), count)
        place = 0
        for member in members:
            place = self._check_local(member, place)
        if place != start:
            raise ContainerReadError("gap")
        _check_names([member.name for member in members])
        _check_sizes(members)
        if not members or members[0].name != MIMETYPE_NAME or members[0].deflated:
            raise ContainerReadError("mimetype")
        found = {member.name: member for member in members}
        if members[0].size != len(MIMETYPE) or b"".join(self._blocks(members[0])) != MIMETYPE:
            raise ContainerReadError("mimetype")
        return found

    def _members(self, directory: bytes, count: int) -> list[Member]:
        members, at = [], 0
        for _ in range(count):
            if at + _CENTRAL.size > len(directory):
                raise ContainerReadError("form")
            values = _CENTRAL.unpack_from(directory, at)
            mark, made, needed, flags, method, time, date, crc, packed, size, length, *rest, mode, start = values
            name = directory[at + _CENTRAL.size : at + _CENTRAL.size + length]
            if (mark, made, needed) != (b"PK\1\2", _MADE_BY, _VERSION) or len(name) != length or any(rest):
                raise ContainerReadError("form")
            when = (time, date)
            members.append(_member(name, flags, method, crc=crc, packed=packed, size=size, start=start, date=when))
            if mode != _MODE or when != members[0].date:
                raise ContainerReadError("form", members[-1].name)
            at += _CENTRAL.size + length
        if at != len(directory):
            raise ContainerReadError("form")
        return members

    def _check_local(self, member: Member, place: int) -> int:
        """Hold the local header against the directory and return where the next one must begin."""
        self._stream.seek(place)
        raw = self._stream.read(_LOCAL.size)
        if len(raw) != _LOCAL.size or raw[:4] != b"PK\3\4":
            raise ContainerReadError("gap", member.name)
        _, needed, flags, method, time, date, crc, packed, size, length, extra = _LOCAL.unpack(raw)
        name = self._stream.read(length)
        when = (time, date)
        said = _member(name, flags, method, crc=crc, packed=packed, size=size, start=place, date=when)
        start = place + _LOCAL.size + len(name)
        if extra or needed != _VERSION or len(name) != length or said != member:
            raise ContainerReadError("disagree", member.name)
        object.__setattr__(member, "start", start)
        return start + member.packed


def _member(
    raw: bytes, flags: int, method: int, *, crc: int, packed: int, size: int, start: int, date: tuple[int, int]
) -> Member:
    try:
        name = raw.decode("utf-8" if flags & _UTF8 else "ascii")
    except UnicodeDecodeError as exc:
        raise ContainerReadError("name") from exc
    if not name_fits(name):
        raise ContainerReadError("name")
    if flags & 1:
        raise ContainerReadError("encrypted", name)
    if flags & ~_UTF8 or method not in {_STORED, _DEFLATED} or 0xFFFFFFFF in {packed, size, start}:
        raise ContainerReadError("form", name)
    if bool(flags & _UTF8) is name.isascii():
        raise ContainerReadError("form", name)
    if method == _STORED and packed != size:
        raise ContainerReadError("size", name)
    return Member(name, start, packed, size, crc, method == _DEFLATED, date)


def _check_names(names: list[str]) -> None:
    """Refuse names that are one name to some system, and files that are folders to others."""
    folded = [unicodedata.normalize("NFC", name).casefold() for name in names]
    known = set(folded)
    if len(known) != len(folded):
        raise ContainerReadError("names")
    for name in folded:
        parts = name.split("/")
        if any("/".join(parts[:depth]) in known for depth in range(1, len(parts))):
            raise ContainerReadError("names")


def _check_sizes(members: list[Member]) -> None:
    """Refuse what would not fit, or grows out of all proportion, before a byte of it is unpacked."""
    for member in members:
        if member.size > _MEBIBYTE and member.size > _MAX_RATIO * member.packed:
            raise ContainerReadError("limit", member.name)
    if sum(member.size for member in members) > _MAX_TOTAL:
        raise ContainerReadError("limit")


def _unpacked(unpack: zlib._Decompress | None, packed: bytes, member: Member) -> Iterator[bytes]:
    if unpack is None:
        yield packed
        return
    try:
        while packed:
            yield unpack.decompress(packed, BLOCK_BYTES)
            if unpack.unused_data:
                raise ContainerReadError("size", member.name)
            packed = unpack.unconsumed_tail
    except zlib.error as exc:
        raise ContainerReadError("size", member.name) from exc
