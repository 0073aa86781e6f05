"""What can be written within one transaction, alone; all of it is durable after the ``with`` block, or none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from signkit import canonical
from signkit.canonical import Json
from signkit.errors import StoreLockedError
from signkit.model.entry import Entry
from signkit.ports.store import StoredEntry
from signkit.store.faults import wrapped
from signkit.store.reading import HEAD, LAST_NUMBER, Recent, SqlReadTransaction, not_written
from signkit.store.schema import checkpoints, evidence, openings, projections, tiles
from signkit.store.sessions import Sessions

__all__ = ["SqlWriteTransaction"]

_INSERT: Final = sa.text(
    "INSERT INTO entries (idx, envelope, seq, digest, raw) VALUES (:idx, :envelope, :seq, :digest, :raw)"
)


class SqlWriteTransaction(SqlReadTransaction):
    """Implements ``signkit.ports.store.WriteTransaction``."""

    writes = True

    def __init__(self, sessions: Sessions, recent: Recent) -> None:
        super().__init__(sessions, recent)
        self._heads: dict[str, StoredEntry | None] = {}
        self._next: int | None = None

    def head(self, envelope: str) -> StoredEntry | None:
        """Return the envelope's last entry; within the transaction it is read once, for nobody else can append."""
        if envelope not in self._heads:
            rows = self._session.rows(HEAD, {"envelope": envelope})
            self._heads[envelope] = self._stored(rows[0][:-1]) if rows else None
            if rows:
                self._next = int(rows[0][-1]) + 1
        return self._heads[envelope]

    def append(self, entry: Entry, *, after: bytes | None) -> StoredEntry:
        """Store an entry behind the head that the caller saw."""
        head = self.head(entry.envelope)
        seen = None if head is None else head.digest
        follows = entry.seq == 0 if head is None else entry.seq == head.entry.seq + 1
        prev = None if after is None else canonical.digest_text(after)
        if seen != after or not follows or entry.prev != prev:
            raise StoreLockedError(
                "the envelope has moved on meanwhile",
                code="store.moved",
                hint="look at it again, then repeat the step",
                subject={"envelope": entry.envelope},
            )
        raw, read = entry.settled()
        digest = canonical.digest(raw)
        index = self.size() if self._next is None else self._next
        if index > LAST_NUMBER:
            raise not_written()
        row = {"idx": index, "envelope": entry.envelope, "seq": entry.seq, "digest": digest, "raw": raw}
        self._session.rows(_INSERT, row)
        stored = StoredEntry(index, read, raw, digest)
        self._next = index + 1
        self._heads[entry.envelope] = stored
        self._recent.keep(raw, stored.entry)
        return stored

    def put_opening(self, envelope: str, name: str, value: Json) -> None:
        """Keep an opening."""
        self._put(openings, {"envelope": envelope, "name": name}, {"value": canonical.encode(value)})

    def delete_openings(self, envelope: str, names: Sequence[str] | None = None) -> int:
        """Delete openings of an envelope."""
        statement = sa.delete(openings).where(openings.c.envelope == envelope)
        if names is not None:
            statement = statement.where(openings.c.name.in_(list(names)))
        return self._run(statement)

    def put_evidence(self, envelope: str, data: bytes) -> str:
        """Keep what a provider returned."""
        digest = canonical.digest(data)
        self._put(evidence, {"envelope": envelope, "digest": digest}, {"data": data})
        return canonical.digest_text(digest)

    def delete_evidence(self, envelope: str) -> int:
        """Delete all evidence of an envelope."""
        return self._run(sa.delete(evidence).where(evidence.c.envelope == envelope))

    def put_projection(self, envelope: str, state: str, value: Json) -> None:
        """Cache the fold of an envelope."""
        self._put(projections, {"envelope": envelope}, {"state": state, "value": canonical.encode(value)})

    def put_tile(self, level: int, number: int, hashes: bytes) -> None:
        """Keep a tile."""
        self._put(tiles, {"level": level, "number": number}, {"hashes": hashes})

    def put_checkpoint(self, note: bytes, token: bytes | None) -> None:
        """Keep a signed note, by its text: everything before the blank line."""
        text = note.partition(b"\n\n")[0]
        same = checkpoints.c.text == text
        values: dict[str, Any] = {"note": note} if token is None else {"note": note, "token": token}
        if not self._run(sa.update(checkpoints).where(same).values(values)):
            number = sa.select(sa.func.coalesce(sa.func.max(checkpoints.c.id), 0) + 1).scalar_subquery()
            self._run(sa.insert(checkpoints).values(id=number, text=text, note=note, token=token))

    def _put(self, table: sa.Table, key: dict[str, Any], values: dict[str, Any]) -> None:
        matches = [table.c[name] == value for name, value in key.items()]
        if not self._run(sa.update(table).where(*matches).values(values)):
            self._run(sa.insert(table), {**key, **values})

    def _run(self, statement: sa.Executable, parameters: dict[str, Any] | None = None) -> int:
        with wrapped():
            return self._connection.execute(statement, parameters or {}).rowcount
