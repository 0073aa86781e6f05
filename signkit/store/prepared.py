"""Statements compiled once per kind of database: what runs for every entry is spared SQLAlchemy's bookkeeping."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from signkit.store.faults import wrapped

__all__ = ["Prepared"]


class Prepared:
    """A Core statement, its text and the order of its parameters kept per dialect."""

    def __init__(self, statement: sa.Executable) -> None:
        self._statement = statement
        self._compiled: dict[tuple[str, str], tuple[str, Sequence[str] | None]] = {}

    def run(self, connection: sa.Connection, parameters: Mapping[str, Any]) -> Sequence[Any]:
        """Execute the statement within the connection's transaction; return the rows, none for one that gives none.

        Raises:
            StoreError: the database refused.
        """
        dialect = connection.dialect
        key = (dialect.name, dialect.driver)
        if key not in self._compiled:
            compiled: Any = self._statement.compile(dialect=dialect)  # type: ignore[attr-defined]
            self._compiled[key] = (str(compiled), compiled.positiontup)
        text, order = self._compiled[key]
        values: Any = dict(parameters) if order is None else tuple(map(parameters.__getitem__, order))
        with wrapped():
            if dialect.name == "sqlite":  # straight to the driver: a tenth of the time
                driver: Any = connection.connection.driver_connection
                rows: Sequence[Any] = driver.execute(text, values).fetchall()
                return rows
            result = connection.exec_driver_sql(text, values)
            return result.all() if result.returns_rows else ()
