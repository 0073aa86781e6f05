"""What a batch has done: one JSON line per step begun or ended, in the home, so that a second run goes on.

The identifier of an envelope is written down before the envelope is made, and it is made under that identifier: a
crash between the two leaves no doubt, and no envelope is ever made twice.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TextIO

from signkit.errors import StoreError, StoreLockedError

__all__ = ["Ledger", "ledger_path"]

_FOLDER: Final = "batches"
_SCHEMA: Final = "signkit.ledger/1"


def ledger_path(home: Path, file: Path) -> Path:
    """Return where the ledger of a batch file is kept."""
    name = hashlib.sha256(os.fsencode(file.resolve())).hexdigest()[:32]
    return home / _FOLDER / f"{name}.jsonl"


@dataclass
class Ledger:
    """The steps of one batch file that are done or begun; locked as long as it is open.

    Args:
        path: the file.
        write: whether steps will be written.
        fresh: forget what was done before.
    """

    path: Path
    write: bool = True
    fresh: bool = False
    done: dict[str, str | None] = field(default_factory=dict)
    """Key → envelope of what is done."""
    begun: dict[str, str] = field(default_factory=dict)
    """Key → identifier under which an envelope was to be made."""
    _stream: TextIO | None = None

    def __enter__(self) -> Self:
        try:
            if self.write:
                self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
                self._stream = os.fdopen(handle, "a+", encoding="utf-8")
                fcntl.flock(self._stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if self.fresh:
                    self._stream.truncate(0)
                self._stream.seek(0)
                self._read(self._stream)
                self._mend(self._stream)
            elif not self.fresh and self.path.exists():
                with self.path.open(encoding="utf-8") as stream:
                    self._read(stream)
        except BlockingIOError as exc:
            self._close()
            raise StoreLockedError("another run of the same batch is at work", hint="wait until it has ended") from exc
        except OSError as exc:
            self._close()
            raise StoreError(f"the ledger cannot be used: {exc.strerror}", code="store.io") from exc
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def begin(self, key: str, envelope: str) -> None:
        """Write down the identifier under which an envelope is going to be made."""
        self.begun[key] = envelope
        self._append({"key": key, "begun": envelope})

    def end(self, key: str, envelope: str | None) -> None:
        """Write down that a step is done."""
        self.done[key] = envelope
        self._append({"key": key, "done": True, "envelope": envelope})

    def _append(self, value: dict[str, Any]) -> None:
        if self._stream is None:
            return
        try:
            self._stream.write(json.dumps({"schema": _SCHEMA, **value}) + "\n")
            self._stream.flush()
            os.fsync(self._stream.fileno())
        except OSError as exc:
            raise StoreError(f"the ledger cannot be written: {exc.strerror}", code="store.io") from exc

    def _read(self, stream: TextIO) -> None:
        for line in stream:
            try:
                value = json.loads(line)
                key = value["key"]
            except (ValueError, KeyError, TypeError):
                continue  # cut off by a crash: what it said was not done, or is done again harmlessly
            if not isinstance(key, str):
                continue
            envelope = value.get("envelope")
            if value.get("done") is True:
                self.done[key] = envelope if isinstance(envelope, str) else None
            elif isinstance(value.get("begun"), str):
                self.begun[key] = value["begun"]

    def _mend(self, stream: TextIO) -> None:
        """End a line that a crash cut off, so that the next one stands alone."""
        size = os.fstat(stream.fileno()).st_size
        if size and os.pread(stream.fileno(), 1, size - 1) != b"\n":
            stream.write("\n")
            stream.flush()

    def _close(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None
