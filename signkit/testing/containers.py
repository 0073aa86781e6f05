"""Containers to attack with: unpacked, changed, packed again in the same form, or in a form that lies."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["RawMember", "pack", "raw_zip", "unpack"]

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")


def unpack(path: Path) -> dict[str, bytes]:
    """Return the files of a container, in their order."""
    with zipfile.ZipFile(path) as package:
        return {name: package.read(name) for name in package.namelist()}


def pack(path: Path, files: Mapping[str, bytes], *, like: Path) -> Path:
    """Write a container of exactly our form, dated like another one, whatever is in it."""
    with zipfile.ZipFile(like) as package:
        when = package.infolist()[0].date_time
    path.write_bytes(raw_zip((RawMember(name, data) for name, data in files.items()), when=when))
    return path


@dataclass(frozen=True)
class RawMember:
    """One file, and what the two headers say of it; None: the truth."""

    name: str
    data: bytes
    deflate: bool = False
    flags: int | None = None
    method: int | None = None
    size: int | None = None
    packed: int | None = None
    crc: int | None = None
    local_name: str | None = None
    local_size: int | None = None
    extra: bytes = b""
    mode: int = 0o100644
    before: bytes = b""
    """Bytes in front of its local header."""
    at: int | None = None
    """Where the directory says that it begins."""


def raw_zip(
    members: Iterable[RawMember],
    *,
    when: tuple[int, int, int, int, int, int] = (2026, 3, 2, 9, 0, 0),
    comment: bytes = b"",
    tail: bytes = b"",
) -> bytes:
    """Return a ZIP file that says what it is told to."""
    year, month, day, hour, minute, second = when
    time, date = hour << 11 | minute << 5 | second // 2, (year - 1980) << 9 | month << 5 | day
    body, directory, count = b"", b"", 0
    for member in members:
        data = _deflated(member.data) if member.deflate else member.data
        body += member.before
        start = len(body)
        flags = (0 if member.name.isascii() else 0x800) if member.flags is None else member.flags
        method = (8 if member.deflate else 0) if member.method is None else member.method
        crc = zlib.crc32(member.data) if member.crc is None else member.crc
        size = len(member.data) if member.size is None else member.size
        packed = len(data) if member.packed is None else member.packed
        name = member.name.encode()
        inner = name if member.local_name is None else member.local_name.encode()
        said = size if member.local_size is None else member.local_size
        head = (b"PK\3\4", 20, flags, method, time, date, crc, packed, said, len(inner), len(member.extra))
        body += _LOCAL.pack(*head) + inner + member.extra + data
        at = start if member.at is None else member.at
        values = (b"PK\1\2", 3 << 8 | 20, 20, flags, method, time, date, crc, packed, size, len(name), 0, 0, 0, 0)
        directory += _CENTRAL.pack(*values, member.mode << 16, at) + name
        count += 1
    end = _END.pack(b"PK\5\6", 0, 0, count, count, len(directory), len(body), len(comment))
    return body + directory + end + comment + tail


def _deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()
