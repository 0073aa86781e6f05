"""Turn what a database raises into our errors: the one place that reads foreign codes."""

from __future__ import annotations

import sqlite3
from types import TracebackType
from typing import Final

import sqlalchemy as sa

from signkit.errors import StoreCorruptError, StoreError, StoreLockedError

__all__ = ["wrapped"]

_WAIT: Final = "another signkit command is at work in this home; try again when it has finished"
_RESTORE: Final = "stop, keep the files as they are, restore the newest backup beside them and run signkit doctor"

_SQLITE: Final[dict[str, tuple[type[StoreError], str, str, str]]] = {
    "SQLITE_BUSY": (StoreLockedError, "store.locked", "the database is locked", _WAIT),
    "SQLITE_LOCKED": (StoreLockedError, "store.locked", "the database is locked", _WAIT),
    "SQLITE_PROTOCOL": (StoreLockedError, "store.locked", "the database is locked", _WAIT),
    "SQLITE_CORRUPT": (StoreCorruptError, "store.corrupt", "the database file is damaged", _RESTORE),
    "SQLITE_NOTADB": (StoreCorruptError, "store.corrupt", "the database file is no SQLite database", _RESTORE),
    "SQLITE_READONLY": (
        StoreError,
        "store.readonly",
        "the database cannot be written",
        "check owner and permissions of the home, or whether the disk is mounted read-only",
    ),
    "SQLITE_FULL": (StoreError, "store.full", "the disk is full", "free space and run the same command again"),
    "SQLITE_IOERR": (
        StoreError,
        "store.io",
        "the disk failed while the database was read or written",
        "check the disk and its free space, then run signkit doctor",
    ),
    "SQLITE_CANTOPEN": (
        StoreError,
        "store.unavailable",
        "the database cannot be opened",
        "check that the home exists and who may read it",
    ),
    "SQLITE_PERM": (StoreError, "store.unavailable", "the database may not be opened", "check who may read the home"),
    "SQLITE_AUTH": (StoreError, "store.unavailable", "the database may not be opened", "check who may read the home"),
    "SQLITE_TOOBIG": (StoreError, "store.too_big", "a value is larger than the database takes", "split the document"),
}

_UNREACHABLE: Final = (
    StoreError,
    "store.unavailable",
    "the database server cannot be reached, or refuses us",
    "check home.database in config.toml, and that the server runs",
)
_SERVER: Final[dict[str, tuple[type[StoreError], str, str, str | None]]] = {
    "55P03": (StoreLockedError, "store.locked", "the database is locked", _WAIT),
    "40001": (StoreLockedError, "store.locked", "the database is locked", _WAIT),
    "40P01": (StoreLockedError, "store.locked", "the database is locked", _WAIT),
    "P0001": (StoreError, "store.append_only", "entries are only ever appended", None),
    "25006": (StoreError, "store.readonly", "the database cannot be written", "the server is a read-only copy"),
    "42501": (StoreError, "store.readonly", "the database cannot be written", "check the rights of the server's user"),
    "53100": (StoreError, "store.full", "the server's disk is full", "free space and run the same command again"),
    "23514": (StoreCorruptError, "store.shape", "a row does not have the shape of its table", None),
    "23502": (StoreCorruptError, "store.shape", "a row does not have the shape of its table", None),
    "42P01": (StoreCorruptError, "store.corrupt", "the database lacks a table or a column", _RESTORE),
    "42703": (StoreCorruptError, "store.corrupt", "the database lacks a table or a column", _RESTORE),
    "XX001": (StoreCorruptError, "store.corrupt", "the server says that its files are damaged", _RESTORE),
    "XX002": (StoreCorruptError, "store.corrupt", "the server says that its files are damaged", _RESTORE),
}
"""By SQLSTATE (PostgreSQL 15, appendix A)."""
_AWAY: Final = ("08", "28", "3D", "57", "53")
"""Classes of SQLSTATE: connection, authorisation, no such database, stopped by an operator, out of resources."""


class wrapped:  # noqa: N801 - reads as what it does; a class, for it runs several times per entry
    """Let nothing but ``StoreError`` of what a database or the disk raises out of the block, the cause kept."""

    __slots__ = ()

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Translate."""
        if isinstance(exc, sa.exc.SQLAlchemyError | sqlite3.Error | OSError):
            raise _fault(exc) from exc


def _fault(exc: sa.exc.SQLAlchemyError | sqlite3.Error | OSError) -> StoreError:
    if isinstance(exc, sa.exc.DBAPIError):
        return _translated(exc.orig if isinstance(exc.orig, Exception) else exc)
    if isinstance(exc, sqlite3.Error):
        return _translated(exc)
    if isinstance(exc, sa.exc.TimeoutError):
        return StoreLockedError("no database connection came free", code="store.locked", hint=_WAIT)
    if isinstance(exc, OSError):
        return StoreError(
            f"a file of the home cannot be used: {exc.strerror or type(exc).__name__}",
            code="store.io",
            hint="check space and permissions of the home",
        )
    return StoreError(f"the database refused: {type(exc).__name__}", code="store.failed")


def _translated(exc: Exception) -> StoreError:
    name = getattr(exc, "sqlite_errorname", None)
    if isinstance(name, str):
        return _from_sqlite(name, exc)
    if isinstance(exc, UnicodeDecodeError | ValueError | sqlite3.OperationalError):  # the driver's own has no code
        return StoreCorruptError("the database holds text that is no text", code="store.corrupt", hint=_RESTORE)
    state = getattr(exc, "sqlstate", None)
    if state == "23505":
        return _moved()
    if isinstance(state, str) and state in _SERVER:
        error, code, message, hint = _SERVER[state]
        return error(message, code=code, hint=hint)
    if type(exc).__name__ == "OperationalError" or (isinstance(state, str) and state.startswith(_AWAY)):
        error, code, message, hint = _UNREACHABLE
        return error(message, code=code, hint=hint)
    return StoreError(f"the database refused: {type(exc).__name__}", code="store.failed")


def _from_sqlite(name: str, exc: Exception) -> StoreError:
    if name in ("SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"):
        return _moved()
    if name == "SQLITE_CONSTRAINT_TRIGGER":
        return StoreError("entries are only ever appended", code="store.append_only")
    if name.startswith("SQLITE_CONSTRAINT"):
        return StoreCorruptError("a row does not have the shape of its table", code="store.shape")
    for family, (error, code, message, hint) in _SQLITE.items():
        if name == family or name.startswith(family + "_"):
            return error(message, code=code, hint=hint)
    if name == "SQLITE_ERROR" and "no such" in str(exc):
        return StoreCorruptError("the database lacks a table or a column", code="store.corrupt", hint=_RESTORE)
    return StoreError(f"the database refused: {name}", code="store.failed")


def _moved() -> StoreLockedError:
    return StoreLockedError(
        "the envelope has moved on meanwhile", code="store.moved", hint="look at it again, then repeat the step"
    )
