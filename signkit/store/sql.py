"""The store over SQLAlchemy Core. SQLite is the default; PostgreSQL is reached by URL.

Every foreign exception is wrapped where a statement runs, so a caller meets ``StoreError`` inside its own block.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from signkit.errors import StoreCorruptError, StoreError
from signkit.files import fsync_folder
from signkit.store.engine import BUSY_SECONDS, prepare, server_engine, sqlite_engine
from signkit.store.faults import wrapped
from signkit.store.kept import KeptCheckpoint
from signkit.store.objects import FileObjectStore
from signkit.store.reading import Recent, SqlReadTransaction
from signkit.store.schema import SQLITE_GUARDS
from signkit.store.sessions import Sessions
from signkit.store.writing import SqlWriteTransaction

__all__ = ["DATABASE", "SqlStore", "open_store"]

DATABASE: Final = "signkit.sqlite"

_SQLITE_TRIGGERS: Final = sa.text("SELECT sql FROM sqlite_master WHERE type IN ('trigger', 'view')")
_POSTGRESQL_GUARDED: Final = sa.text(
    "SELECT count(*) FROM pg_trigger WHERE tgname = 'entries_append_only' AND tgrelid = 'entries'::regclass "
    "AND tgenabled IN ('O', 'A')"
)


class SqlStore:
    """Implements ``signkit.ports.store.Store``; made by ``open_store``."""

    def __init__(self, engine: sa.Engine, home: Path, kept: KeptCheckpoint, *, readonly: bool) -> None:
        self._engine = engine
        self._sessions = Sessions(engine)
        self._kept = kept
        self._readonly = readonly
        self._recent = Recent()
        self._objects = FileObjectStore(home, readonly=readonly)

    @property
    def objects(self) -> FileObjectStore:
        """The documents."""
        return self._objects

    def read(self) -> SqlReadTransaction:
        """Give one consistent view."""
        return SqlReadTransaction(self._sessions, self._recent)

    def write(self) -> SqlWriteTransaction:
        """Give the right to write, alone."""
        if self._readonly:
            raise StoreError("the store was opened for reading", code="store.readonly")
        return SqlWriteTransaction(self._sessions, self._recent)

    def kept_checkpoints(self) -> tuple[bytes, ...]:
        """Return the newest signed checkpoint as kept outside the database, from each place that has one."""
        return self._kept.read()

    def keep_checkpoint(self, note: bytes) -> None:
        """Keep a signed checkpoint outside the database."""
        if self._readonly:
            raise StoreError("the store was opened for reading", code="store.readonly")
        self._kept.write(note)

    def check(self) -> None:
        """Return if the database itself is whole, and refuses UPDATE and DELETE on entries.

        Raises:
            StoreCorruptError: ``store.corrupt``, pages or indexes contradict each other; ``store.unguarded``.
        """
        with wrapped(), self._engine.connect() as connection:
            sqlite = self._engine.dialect.name == "sqlite"
            answer = str(connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar()) if sqlite else "ok"
            if sqlite:  # those that we made, and none that does something else behind our back
                found = {str(row[0]) for row in connection.execute(_SQLITE_TRIGGERS)}
                guarded = found == {guard.replace(" IF NOT EXISTS", "") for guard in SQLITE_GUARDS}
            else:
                guarded = connection.execute(_POSTGRESQL_GUARDED).scalar_one() >= 1
        if answer != "ok":
            raise StoreCorruptError(
                "the database file is damaged", hint="restore the newest backup beside it", subject={"file": DATABASE}
            )
        if not guarded:
            raise StoreCorruptError(
                "the database no longer refuses to change entries",
                code="store.unguarded",
                hint="somebody has removed or replaced its triggers; compare the journal with an older checkpoint",
                subject={"file": DATABASE},
            )

    def close(self) -> None:
        """Let go of every connection; the last one that leaves folds the write-ahead log into the database."""
        self._sessions.close()
        with wrapped():
            self._engine.dispose()


def open_store(
    home: Path,
    *,
    readonly: bool = False,
    create: bool = False,
    url: str | None = None,
    checkpoint: Path | None = None,
    busy_seconds: float = BUSY_SECONDS,
) -> SqlStore:
    """Return the store of a home.

    Args:
        home: the folder; with ``create`` it is made, readable by its owner only.
        readonly: refuse every change; works on a folder that cannot be written, too.
        create: make what is missing. Without it a home without a database is an error.
        url: a database server instead of the file in the home.
        checkpoint: file outside the home that holds the newest signed checkpoint too.
        busy_seconds: how long to wait for another writer.

    Raises:
        StoreError: missing, damaged, locked, or of another version.
    """
    path = home / DATABASE
    if create:
        with wrapped():
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
            if url is None and not path.exists():
                os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
                fsync_folder(home)
    elif url is None and not path.is_file():
        raise StoreError("there is no database in the home", code="store.missing", hint="make one with signkit init")
    if url is None:
        engine = sqlite_engine(path, readonly=readonly, busy_seconds=busy_seconds)
    else:
        engine = server_engine(url, readonly=readonly, busy_seconds=busy_seconds)
    try:
        prepare(engine, create=create)
    except BaseException:
        engine.dispose()
        raise
    return SqlStore(engine, home, KeptCheckpoint(home, checkpoint), readonly=readonly)
