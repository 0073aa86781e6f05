"""Connections with their transactions. One stays open in between: opening and closing took more time than an append.

SQLite is begun and ended on the driver's connection; SQLAlchemy joins in (``begin`` in ``engine``) only when a
statement of its own runs. Reading and writing share the connection that is kept, and so its cache of pages.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, ClassVar, Self

import sqlalchemy as sa

from signkit.errors import StoreError
from signkit.store.faults import wrapped

__all__ = ["Session", "Sessions", "Transaction"]


class Session:
    """One connection, and at most one transaction on it at a time."""

    __slots__ = ("_driver", "connection")

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        sqlite = connection.dialect.name == "sqlite"
        self._driver: Any = connection.connection.driver_connection if sqlite else None

    @property
    def lasting(self) -> bool:
        """Whether it may stay open between transactions: a server's goes back to its pool, where it is tested."""
        return self._driver is not None

    def begin(self, *, write: bool) -> None:
        """Begin; to write is to be alone with it until the transaction ends."""
        with wrapped():
            if self._driver is not None:
                self._driver.execute("BEGIN IMMEDIATE" if write else "BEGIN")
                return
            self.connection.begin()
            if write and self.connection.dialect.name == "postgresql":
                self.connection.exec_driver_sql("LOCK TABLE entries IN EXCLUSIVE MODE")

    def rows(self, statement: sa.TextClause, parameters: Mapping[str, Any]) -> Sequence[Any]:
        """Execute a statement; return its rows, none for one that gives none."""
        with wrapped():
            if self._driver is not None:  # straight to the driver, which knows ``:name`` too: a tenth of the time
                found: Sequence[Any] = self._driver.execute(statement.text, parameters).fetchall()
                return found
            result = self.connection.execute(statement, parameters)
            return result.all() if result.returns_rows else ()

    def commit(self) -> None:
        """Make everything durable; return only when it is."""
        with wrapped():
            if self._driver is None or self.connection.in_transaction():
                self.connection.commit()
            else:
                self._driver.commit()

    def abandon(self) -> None:
        """Undo what the transaction did and let the connection go; one that cannot even do that is never used again."""
        try:
            self.connection.rollback()
            if self._driver is not None:
                self._driver.rollback()
        except (sa.exc.SQLAlchemyError, sqlite3.Error):
            self.connection.invalidate()
        with wrapped():
            self.connection.close()


class Sessions:
    """Gives out connections, and keeps one that is not in use."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._kept: list[Session] = []

    def take(self) -> Session:
        """Return a connection that nobody else uses."""
        try:
            return self._kept.pop()  # one step: two threads never get the same
        except IndexError:
            with wrapped():
                return Session(self._engine.connect())

    def put_back(self, session: Session) -> None:
        """Keep a connection whose transaction has ended, unless one is kept already."""
        if session.lasting and not self._kept:
            self._kept.append(session)
            return
        with wrapped():
            session.connection.close()

    def close(self) -> None:
        """Let go of what is kept."""
        while self._kept:
            with wrapped():
                self._kept.pop().connection.close()


class Transaction:
    """A ``with`` block with a session of its own: what it did is durable after it, or undone if it raised."""

    writes: ClassVar[bool] = False

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._open: Session | None = None
        self._begun = False

    def __enter__(self) -> Self:
        """Begin, once."""
        if self._begun:
            raise _ended()
        self._begun = True
        session = self._sessions.take()
        try:
            session.begin(write=self.writes)
        except BaseException:
            session.abandon()
            raise
        self._open = session
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let nothing more run, for the session may be another transaction's soon, and end it."""
        session, self._open = self._session, None
        if kind is not None:
            session.abandon()
            return
        try:
            session.commit()
        except BaseException:
            session.abandon()
            raise
        self._sessions.put_back(session)

    @property
    def _session(self) -> Session:
        if self._open is None:
            raise _ended()
        return self._open


def _ended() -> StoreError:
    return StoreError("the transaction has ended", code="store.failed")
