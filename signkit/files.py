"""The one way in which signkit writes files: beside the target, flushed to the disk, then renamed into place.

A crash at any instant leaves either the old file or the new one, never half of one; what it may leave besides is a
temporary file whose name ends in ``.partial``. The next that writes the same target removes it, and ``doctor`` those in
a home. A living writer holds a lock on its own, so that nobody takes it away.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

__all__ = ["BLOCK_BYTES", "PARTIAL", "atomic_path", "fsync_folder", "sha256_of", "write_atomic"]

PARTIAL: Final = ".partial"
BLOCK_BYTES: Final = 1 << 20
_SHOWN: Final = 40
"""So many characters of the target's name are in the temporary one's."""
_RANDOM: Final = 6
"""Bytes that make it unlike any other."""


@contextlib.contextmanager
def atomic_path(target: Path, *, mode: int = 0o644, overwrite: bool = True) -> Iterator[Path]:
    """Give a path beside ``target`` to write to; when the block ends, ``target`` is that file, durably.

    When the block raises, the temporary file is gone and ``target`` is as it was. What processes that died while they
    wrote ``target`` left of it is gone too.

    Raises:
        FileExistsError: ``target`` exists and ``overwrite`` is false.
        OSError: the folder cannot be written.
    """
    _clear(target)
    partial, held = _held_file(target, mode)
    try:
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
    finally:
        os.close(held)


def _held_file(target: Path, mode: int) -> tuple[Path, int]:
    """Make a temporary file and take its lock; one that was cleared away in between is met by making another."""
    while True:
        partial = target.with_name(f".{target.name[:_SHOWN]}.{secrets.token_hex(_RANDOM)}{PARTIAL}")
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with contextlib.suppress(OSError):  # a file system without locks: nobody clears anything away there
            fcntl.flock(handle, fcntl.LOCK_EX)
        if partial.exists():
            return partial, handle
        os.close(handle)


def _clear(target: Path) -> None:
    """Remove temporary files of ``target`` that are ours and that no living process holds."""
    mine = re.compile(rf"\.{re.escape(target.name[:_SHOWN])}\.[0-9a-f]{{{2 * _RANDOM}}}{re.escape(PARTIAL)}")
    with contextlib.suppress(OSError), os.scandir(target.parent) as found:
        for item in [item for item in found if mine.fullmatch(item.name)]:
            with contextlib.suppress(OSError):
                _remove_dead(Path(item.path))


def _remove_dead(partial: Path) -> None:
    """Delete a temporary file; raise OSError where it is held, is no ordinary file, or cannot be deleted."""
    known = partial.lstat()
    if not stat.S_ISREG(known.st_mode) or known.st_uid != os.geteuid():
        return
    handle = os.open(partial, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        partial.unlink(missing_ok=True)
    finally:
        os.close(handle)


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
