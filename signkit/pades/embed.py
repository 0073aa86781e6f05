"""One signature or document timestamp into one file, as one incremental update.

The file is copied beside its target, the update is written at the copy's end, the signature is put into the place kept
for it, the signature is read back and checked, and the copy takes the target's name. Until then the target is as it
was. Memory does not grow with the file.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Final, Protocol

from pyhanko.sign.signers.pdf_byterange import PdfSignedData

from signkit import files
from signkit.canonical import digest_text
from signkit.errors import SealError, TimestampError, UsageError
from signkit.pades.self_check import check_newest_signature
from signkit.pades.timestamping import Expected, StampBook
from signkit.pades.writer import Writer, open_writer, reading
from signkit.ports.timestamper import Timestamp

__all__ = ["MAX_CONTENTS_BYTES", "Container", "Embedded", "Update", "copy_file", "embed", "refuse_in_place"]

MAX_CONTENTS_BYTES: Final = 32_766
"""Most bytes of ``/Contents``: PDF/A-2 allows strings of 32 767 (ISO 19005-2 clause 6.1.13), measured."""
_ATTEMPTS: Final = 3
"""A token that is not as expected is learned from at most twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """A revision that was added."""

    path: Path
    field: str
    start: int
    """Size of the file before."""
    size: int
    sha256: str
    """Of the whole new file, ``sha256:<hex>``."""
    gen_time: datetime
    """Time of its timestamp."""
    token: bytes
    """The timestamp token, DER."""


class Container(Protocol):
    """What fills ``/Contents``."""

    @property
    def digest(self) -> str:
        """Digest algorithm over the signed bytes."""
        ...

    @property
    def token_digest(self) -> str:
        """Digest algorithm of the timestamp inside."""
        ...

    def size(self, *, token_bytes: int) -> int:
        """Return the most bytes of the contents with a token of at most ``token_bytes``."""
        ...

    def fill(self, document_digest: bytes, *, stamps: StampBook) -> tuple[bytes, Timestamp]:
        """Return the contents for a document with that digest, and the timestamp inside."""
        ...


Update = Callable[[Writer, Expected, int], PdfSignedData]
"""Adds the revision's objects, given what the timestamp will be like and how many hexadecimal digits to reserve;
returns the signature dictionary, which hangs on its field by then."""


def embed(
    source: Path, target: Path, *, field: str, container: Container, update: Update, stamps: StampBook
) -> Embedded:
    """Make ``target`` the file ``source`` with one more revision, signed.

    Raises:
        SealError: it does not fit or does not verify, or a key failed (``KeyUnavailableError``, ``TimestampError``).
        DocumentError: the file cannot be updated.
        OSError: the disk fails.
    """
    refuse_in_place(source, target)
    with files.atomic_path(target) as partial:
        start = copy_file(source, partial)
        with partial.open("r+b") as stream:
            prefix = _hash_prefix(stream, {"sha256", container.digest})
            attempt = _Attempt(stream, start, prefix, container, update, stamps)
            for _ in range(_ATTEMPTS):
                given = attempt.run()
                if given is not None:
                    break
            else:
                raise TimestampError(
                    "the timestamp service answers differently each time", code="seal.timestamp.unsteady"
                )
            size = stream.seek(0, os.SEEK_END)
        check_newest_signature(partial, field=field, gen_time=given.gen_time)
    return Embedded(
        path=target,
        field=field,
        start=start,
        size=size,
        sha256=digest_text(attempt.sha256),
        gen_time=given.gen_time,
        token=given.token,
    )


def refuse_in_place(source: Path, target: Path) -> None:
    """Return only if the two are different files: a document is never changed in place.

    Raises:
        UsageError: they are one.
    """
    if source == target or (target.exists() and target.samefile(source)):
        raise UsageError("a document is never changed in place", code="usage.in_place")


def copy_file(source: Path, target: Path) -> int:
    """Copy bytes without reading them into this process where the system can; return how many."""
    with source.open("rb") as reader, target.open("r+b") as writer:
        size = os.fstat(reader.fileno()).st_size
        left = size
        while left:
            try:
                count = os.copy_file_range(reader.fileno(), writer.fileno(), min(left, 1 << 30))
            except (OSError, AttributeError):
                count = _copy_block(reader, writer, size - left)
            if not count:
                raise OSError("the document became shorter while it was copied")
            left -= count
    return size


def _copy_block(reader: IO[bytes], writer: IO[bytes], offset: int) -> int:
    reader.seek(offset)
    writer.seek(offset)
    count = writer.write(reader.read(files.BLOCK_BYTES))
    writer.flush()
    return count


def _hash_prefix(stream: IO[bytes], algorithms: set[str]) -> dict[str, Any]:
    hashers = {algorithm: hashlib.new(algorithm) for algorithm in algorithms}
    stream.seek(0)
    while block := stream.read(files.BLOCK_BYTES):
        for hasher in hashers.values():
            hasher.update(block)
    return hashers


@dataclass(slots=True)
class _Attempt:
    """One try to write the revision; the file is cut back to ``start`` before each."""

    stream: IO[bytes]
    start: int
    prefix: dict[str, Any]
    container: Container
    update: Update
    stamps: StampBook
    sha256: bytes = b""

    def run(self) -> Timestamp | None:
        """Return the timestamp, or None if it was not as expected."""
        expected = self.stamps.expect(self.container.token_digest)
        reserved = self.container.size(token_bytes=expected.size)
        if reserved > MAX_CONTENTS_BYTES:
            raise SealError(
                f"a signature of {reserved} bytes does not fit into {MAX_CONTENTS_BYTES}",
                code="seal.too_large",
                hint="certificate chains or timestamp tokens are too long",
            )
        gap, tail = self._write(expected, reserved)
        signed = self.prefix[self.container.digest].copy()
        signed.update(tail[: gap.start])
        signed.update(tail[gap.stop :])
        contents, given = self.container.fill(signed.digest(), stamps=self.stamps)
        if len(contents) > reserved or not self.stamps.vouched(given, expected):
            return None
        filled = b"<" + contents.hex().upper().encode().ljust(2 * reserved, b"0") + b">"
        self.stream.seek(self.start + gap.start)
        self.stream.write(filled)
        self.stream.flush()
        whole = self.prefix["sha256"].copy()
        whole.update(tail[: gap.start] + filled + tail[gap.stop :])
        self.sha256 = whole.digest()
        return given

    def _write(self, expected: Expected, reserved: int) -> tuple[slice, bytes]:
        """Write the revision with an empty place; return that place within the new bytes, and the new bytes."""
        self.stream.truncate(self.start)
        writer = open_writer(self.stream)
        with reading():
            signature = self.update(writer, expected, 2 * reserved)
            writer.write_in_place()
            end = self.stream.tell()
            place = slice(*signature.contents.offsets)
            signature.byte_range.fill_offsets(self.stream, place.start, place.stop, end)
        self.stream.seek(self.start)
        return slice(place.start - self.start, place.stop - self.start), self.stream.read()
