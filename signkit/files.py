"""The one way in which signkit writes files: beside the target, flushed to the disk, then renamed into place.

A crash at any instant leaves either the old file or the new one, never half of one; what it may leave besides is a
temporary file whose name ends in ``.partial``, which ``doctor`` removes.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Final

__all__ = ["BLOCK_BYTES", "PARTIAL", "atomic_path", "fsync_folder", "sha256_of", "write_atomic"]

PARTIAL: Final = ".partial"
BLOCK_BYTES: Final = 1 << 20


@contextlib.contextmanager
def atomic_path(target: Path, *, mode: int = 0o644, overwrite: bool = True) -> Iterator[Path]:
    """Give a path beside ``target`` to write to; when the block ends, ``target`` is that file, durably.

    When the block raises, the temporary file is gone and ``target`` is as it was.

    Raises:
        FileExistsError: ``target`` exists and ``overwrite`` is false.
        OSError: the folder cannot be written.
    """
    partial = target.with_name(f".{target.name[:40]}.{secrets.token_hex(6)}{PARTIAL}")
    try:
        os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode))
        yield partial
        with partial.open("rb") as stream:
            os.fsync(stream.fileno())
        if overwrite:
            os.replace(partial, target)  # noqa: PTH105 - Path.replace is the same call, tests inject here
        else:
            os.link(partial, target)  # fails if it exists, without a gap between asking and doing
            partial.unlink()
        fsync_folder(target.parent)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def write_atomic(target: Path, data: bytes, *, mode: int = 0o644, overwrite: bool = True) -> None:
    """Make ``target`` hold exactly ``data``, durably, with permission bits ``mode`` from the first byte on."""
    with atomic_path(target, mode=mode, overwrite=overwrite) as partial:
        partial.write_bytes(data)


def fsync_folder(folder: Path) -> None:
    """Make names created or renamed in ``folder`` durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sha256_of(path: Path, *, size: int | None = None) -> bytes:
    """Return the SHA-256 of the first ``size`` bytes of a file, or of all; reads in blocks of 1 MiB."""
    hasher = hashlib.sha256()
    left = size
    with path.open("rb") as stream:
        while left is None or left > 0:
            block = stream.read(BLOCK_BYTES if left is None else min(BLOCK_BYTES, left))
            if not block:
                break
            hasher.update(block)
            left = None if left is None else left - len(block)
    return hasher.digest()
