"""Statements compiled once per kind of database: what runs for every entry is spared SQLAlchemy's bookkeeping."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

__all__ = ["Prepared"]


class Prepared:
    """A Core statement, its text and the order of its parameters kept per dialect."""

    def __init__(self, statement: sa.Executable) -> None:
        self._statement = statement
        self._compiled: dict[str, tuple[str, Sequence[str] | None]] = {}

    def run(self, connection: sa.Connection, parameters: Mapping[str, Any]) -> sa.CursorResult[Any]:
        """Execute the statement; values go to the driver as they are."""
        key = f"{connection.dialect.name}+{connection.dialect.driver}"
        if key not in self._compiled:
            compiled: Any = self._statement.compile(dialect=connection.dialect)  # type: ignore[attr-defined]
            self._compiled[key] = (str(compiled), compiled.positiontup)
        text, order = self._compiled[key]
        values: Any = dict(parameters) if order is None else tuple(parameters[name] for name in order)
        return connection.exec_driver_sql(text, values)
