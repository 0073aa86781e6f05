"""The newest signed checkpoint, outside the database: what tells a restored backup from the home that was lost.

It lies in the home, where it survives a restore of the database alone. Where the configuration names another place
too, outside the home and its backups, it survives a restore of the whole home (proof.md section 7, Restore).
"""

from __future__ import annotations

import errno
import stat
from pathlib import Path
from typing import Final

from signkit.errors import StoreError
from signkit.files import write_atomic
from signkit.store.faults import wrapped

__all__ = ["CHECKPOINT", "KeptCheckpoint"]

CHECKPOINT: Final = "checkpoint"
_MAX_NOTE_BYTES: Final = 64 * 1024


class KeptCheckpoint:
    """The one or two files that hold it.

    Args:
        home: the folder of the home.
        elsewhere: the second file; None: there is none.
    """

    def __init__(self, home: Path, elsewhere: Path | None) -> None:
        self._here = home / CHECKPOINT
        self._elsewhere = elsewhere

    def read(self) -> tuple[bytes, ...]:
        """Return what was kept, from each place; nothing where nothing was ever signed.

        Both count: a backup may have been put back at either.

        Raises:
            StoreError: the file elsewhere is missing though something was signed (``store.checkpoint_missing``), or a
                file cannot be read.
        """
        here = _read(self._here)
        kept = None if self._elsewhere is None else _read(self._elsewhere)
        if self._elsewhere is not None and kept is None and here is not None:
            raise StoreError(
                f"the checkpoint that is kept outside the home is not there: {self._elsewhere}",
                code="store.checkpoint_missing",
                hint=f"make its place available again; only where it was never there: cp {self._here} there",
                subject={"file": str(self._elsewhere)},
            )
        return tuple(dict.fromkeys(note for note in (kept, here) if note is not None))

    def write(self, note: bytes) -> None:
        """Keep a note in place of the older one, durably; elsewhere first, so that the file there is never behind.

        Raises:
            StoreError: a file cannot be written.
        """
        with wrapped():
            if self._elsewhere is not None:
                write_atomic(self._elsewhere, note, mode=0o600)
            write_atomic(self._here, note, mode=0o600)


def _read(path: Path) -> bytes | None:
    with wrapped():
        try:
            if stat.S_ISFIFO(path.stat().st_mode):  # opening one would wait for ever
                raise OSError(errno.EINVAL, "not a file")
            with path.open("rb") as stream:
                return stream.read(_MAX_NOTE_BYTES)
        except FileNotFoundError:
            return None
