"""What has been revoked, remembered: one JSON file beside the keys, from which every list is made."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from signkit.errors import KeyUnavailableError
from signkit.pki.files import write_private
from signkit.pki.issue import REASONS, RevokedEntry
from signkit.ports.keys import KeyName

__all__ = ["FileRevocations"]

_SCHEMA = "signkit.revocations/1"
_MAX_BYTES = 16 * 1024 * 1024


@dataclass(slots=True)
class FileRevocations:
    """The record of revocations in ``path``; no file means none."""

    path: Path
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def of(self, issuer: KeyName) -> tuple[RevokedEntry, ...]:
        """Return everything that ``issuer`` ever revoked, in the order recorded.

        Raises:
            KeyUnavailableError: ``seal.key.revocations``, the record is damaged.
        """
        return tuple(
            RevokedEntry(int(item["serial"], 16), datetime.fromisoformat(item["at"]), item["reason"])
            for item in self._load()
            if item["issuer"] == issuer
        )

    def add(self, issuer: KeyName, entry: RevokedEntry) -> None:
        """Remember that ``issuer`` revoked a serial number; the first record of one stands.

        Raises:
            KeyUnavailableError: ``seal.key.revocations``, the record is damaged or cannot be written.
        """
        with self._lock, self._alone():
            items = self._load()
            serial = f"{entry.serial_number:x}"
            if any(item["issuer"] == issuer and item["serial"] == serial for item in items):
                return
            at = entry.revoked_at.astimezone(UTC).isoformat()
            items.append({"issuer": str(issuer), "serial": serial, "at": at, "reason": entry.reason})
            try:
                text = json.dumps({"schema": _SCHEMA, "revoked": items}, indent=1)
                write_private(self.path, text.encode("utf-8"))
            except OSError as exc:
                raise self._damaged(f"cannot be written: {exc.strerror}") from exc

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes out, where the system has such locks."""
        if os.name != "posix":
            yield
            return
        import fcntl  # noqa: PLC0415 - POSIX only

        handle = os.open(self.path.parent, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _load(self) -> list[dict[str, Any]]:
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as exc:
            raise self._damaged(f"cannot be read: {exc.strerror}") from exc
        try:
            if len(data) > _MAX_BYTES:
                raise self._damaged("is too large")
            value = json.loads(data)
            items = value["revoked"]
            if value["schema"] != _SCHEMA or not all(_right(item) for item in items):
                raise self._damaged("is damaged")
        except (ValueError, TypeError, KeyError, RecursionError) as exc:
            raise self._damaged("is damaged") from exc
        return list(items)

    def _damaged(self, what: str) -> KeyUnavailableError:
        return KeyUnavailableError(
            f"the record of revocations {what}", code="seal.key.revocations", hint="restore it from a backup"
        )


def _right(item: Any) -> bool:
    known = {*REASONS, "unspecified"}
    int(item["serial"], 16)
    zone = datetime.fromisoformat(item["at"]).tzinfo
    return isinstance(item["issuer"], str) and item["reason"] in known and zone is not None
