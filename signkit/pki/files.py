"""Files that only their owner may read: written at once or not at all, refused when others can read them."""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path

from signkit.errors import KeyUnavailableError
from signkit.files import write_atomic

__all__ = ["check_private", "read_private", "write_private"]

_MAX_KEY_FILE_BYTES = 1024 * 1024
_POSIX = os.name == "posix"


def check_private(path: Path) -> None:
    """Return if nobody but the owner can reach ``path``.

    Raises:
        KeyUnavailableError: ``seal.key.missing``; ``seal.key.permissions``, with the chmod that mends it.
    """
    try:
        mode = path.stat().st_mode
    except OSError as exc:
        raise KeyUnavailableError(
            f"{path.name} cannot be opened: {exc.strerror}", code="seal.key.missing", hint="run `signkit init`"
        ) from exc
    if _POSIX and mode & 0o077:
        wanted = "700" if stat.S_ISDIR(mode) else "600"
        raise KeyUnavailableError(
            f"{path.name} can be read by others (mode {stat.S_IMODE(mode):o})",
            code="seal.key.permissions",
            hint=f"run: chmod {wanted} {shlex.quote(str(path))}",
        )


def read_private(path: Path) -> bytes:
    """Return the bytes of a file that nobody but the owner can read.

    Raises:
        KeyUnavailableError: ``seal.key.missing``, ``seal.key.permissions`` or ``seal.key.unreadable``.
    """
    check_private(path)
    try:
        with path.open("rb") as stream:
            data = stream.read(_MAX_KEY_FILE_BYTES + 1)
    except OSError as exc:
        raise KeyUnavailableError(f"{path.name} cannot be read: {exc.strerror}", code="seal.key.unreadable") from exc
    if len(data) > _MAX_KEY_FILE_BYTES:
        raise KeyUnavailableError(f"{path.name} is too large to be a key", code="seal.key.unreadable")
    return data


def write_private(path: Path, data: bytes) -> None:
    """Put ``data`` at ``path`` with mode 0600: after a crash either the old or the new file is there, whole.

    Raises:
        OSError: the disk refuses.
    """
    write_atomic(path, data, mode=0o600)
