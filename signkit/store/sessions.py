"""Connections with their transactions. One stays open in between: opening and closing took more time than an append.

SQLite is begun and ended on the driver's connection; SQLAlchemy joins in (``begin`` in ``engine``) only when a
statement of its own runs. Reading and writing share the connection that is kept, and so its cache of pages.
"""

from __future__ import annotations

import sqlite3
from typing import Any

import sqlalchemy as sa

from signkit.store.faults import wrapped

__all__ = ["Session", "Sessions"]


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

    def commit(self) -> None:
        """Make everything durable; return only when it is."""
        with wrapped():
            if self._driver is None or self.connection.in_transaction():
                self.connection.commit()
            else:
                self._driver.commit()

    def rollback(self) -> None:
        """Undo what the transaction did, if one is open."""
        with wrapped():
            if self._driver is None or self.connection.in_transaction():
                self.connection.rollback()
            else:
                self._driver.rollback()

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
