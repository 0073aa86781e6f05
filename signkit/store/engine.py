"""Open a database as it must be opened: durable, exclusive when writing, and never written when only read."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import sqlalchemy as sa

from signkit.errors import ConfigError, StoreError
from signkit.store import schema
from signkit.store.faults import wrapped

__all__ = ["BUSY_SECONDS", "prepare", "require_version", "server_engine", "sqlite_engine"]

BUSY_SECONDS: Final = 15.0
"""How long a writer waits for another one: a completion holds the lock for milliseconds."""

_CONNECT_SECONDS: Final = 10
_LOG_PAGES: Final = 100
"""Pages of SQLite's write-ahead log before it is folded into the database and written over.

A flush of pages written over takes half the time of one that makes the file longer (measured), and a new log only grows
until it is folded: at SQLite's usual 1000 pages the first 450 appends of every process would be the slow ones.
"""
_UNFINISHED: Final = "run signkit init again: it finishes what was begun"


def sqlite_engine(path: Path, *, readonly: bool, busy_seconds: float) -> sa.Engine:
    """Return an engine on an existing SQLite file; each connection is set up before its first use."""
    frozen = readonly and not os.access(path.parent, os.W_OK)

    def connect() -> sqlite3.Connection:
        mode = "ro&immutable=1" if frozen and not _wal(path).exists() else "ro" if frozen else "rw"
        connection = sqlite3.connect(
            f"file:{quote(str(path))}?mode={mode}",
            uri=True,
            timeout=busy_seconds,
            isolation_level=None,
            check_same_thread=False,
        )
        _set_up(connection, readonly=readonly, frozen=frozen)
        return connection

    engine = sa.create_engine("sqlite://", creator=connect, poolclass=sa.pool.QueuePool, pool_reset_on_return=None)

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        # On the driver's own connection: one statement less to prepare for every transaction.
        driver: Any = connection.connection.driver_connection
        with wrapped():
            if not driver.in_transaction:  # ``Session`` begins by itself
                driver.execute("BEGIN IMMEDIATE" if connection.get_execution_options().get("write") else "BEGIN")

    return engine


def server_engine(url: str, *, readonly: bool, busy_seconds: float = BUSY_SECONDS) -> sa.Engine:
    """Return an engine on a database server; transactions are repeatable reads, and no lock is waited for for ever.

    Raises:
        ConfigError: the URL names no driver that is installed.
    """
    try:
        made = sa.make_url(url)
        options = _postgresql_options(made, busy_seconds) if made.get_backend_name() == "postgresql" else {}
        engine = sa.create_engine(made, pool_pre_ping=True, isolation_level="REPEATABLE READ", connect_args=options)
    except (sa.exc.ArgumentError, ImportError, TypeError) as exc:
        raise ConfigError(
            "the database URL cannot be used", code="config.database", hint="is its driver installed?"
        ) from exc
    if readonly:
        return engine.execution_options(postgresql_readonly=True)
    return engine


def _postgresql_options(url: sa.URL, busy_seconds: float) -> dict[str, Any]:
    """Return what a connection is opened with, unless the URL says otherwise."""
    usual = {"connect_timeout": _CONNECT_SECONDS, "options": f"-c lock_timeout={max(1, int(busy_seconds * 1000))}"}
    return {key: value for key, value in usual.items() if key not in url.query}


def prepare(engine: sa.Engine, *, create: bool) -> None:
    """Make the tables if asked and none are there; return only if the schema is the one this version knows.

    Raises:
        StoreError: ``store.missing``, ``store.newer`` or ``store.older``.
    """
    with wrapped(), engine.connect() as connection:
        present = sa.inspect(connection).has_table("meta")
    if present or not create:
        require_version(engine, present=present)
        return
    with wrapped(), engine.execution_options(write=True).begin() as connection:
        schema.metadata.create_all(connection)
        guards = schema.SQLITE_GUARDS if engine.dialect.name == "sqlite" else schema.POSTGRESQL_GUARDS
        for statement in guards:
            connection.exec_driver_sql(statement)
        connection.execute(sa.insert(schema.meta), {"key": "schema", "value": str(schema.SCHEMA_VERSION)})


def require_version(engine: sa.Engine, *, present: bool) -> None:
    """Return only if the database has the schema that this version reads and writes."""
    version: Any = None
    if present:
        with wrapped(), engine.connect() as connection:
            version = connection.scalar(sa.select(schema.meta.c.value).where(schema.meta.c.key == "schema"))
    if version is None:
        raise StoreError("the database has no tables yet", code="store.missing", hint=_UNFINISHED)
    if version == str(schema.SCHEMA_VERSION):
        return
    if str(version).isdigit() and int(version) > schema.SCHEMA_VERSION:
        raise StoreError(
            "the database was made by a newer signkit", code="store.newer", hint="install that version or a later one"
        )
    raise StoreError(
        "the database was made by an older signkit and has not been converted",
        code="store.older",
        hint="take a backup, then run signkit doctor with the version that made it",
    )


def _set_up(connection: sqlite3.Connection, *, readonly: bool, frozen: bool) -> None:
    cursor = connection.cursor()
    if readonly:
        cursor.execute("PRAGMA query_only = ON")
    elif not frozen:
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}")
        cursor.execute("PRAGMA secure_delete = ON")  # what is erased is overwritten, not only unlinked
        cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA trusted_schema = OFF")
    cursor.execute("PRAGMA cell_size_check = ON")
    cursor.close()


def _wal(path: Path) -> Path:
    return path.with_name(path.name + "-wal")
