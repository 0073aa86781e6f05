"""What can be read within one transaction, which begins and ends with its ``with`` block."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import sqlalchemy as sa

from signkit import canonical
from signkit.canonical import Json
from signkit.errors import JournalCorruptError, StoreCorruptError
from signkit.model.entry import HOME, Entry
from signkit.ports.store import StoredCheckpoint, StoredEntry, StoredRow
from signkit.store.faults import wrapped
from signkit.store.schema import checkpoints, entries, evidence, openings, projections, tiles
from signkit.store.sessions import Sessions, Transaction

__all__ = ["HEAD", "LAST_NUMBER", "Recent", "SqlReadTransaction", "not_written"]

_ROW: Final = sa.select(entries.c.idx, entries.c.envelope, entries.c.seq, entries.c.digest, entries.c.raw)
_OF_ENVELOPE: Final = _ROW.where(
    entries.c.envelope == sa.bindparam("envelope"),
    entries.c.seq >= sa.bindparam("start"),
    entries.c.seq <= sa.bindparam("last"),
).order_by(entries.c.seq)
# What runs for every entry is text, in words that every database knows: see ``Session.rows``.
_SIZE: Final = sa.text("SELECT coalesce(max(idx) + 1, 0) FROM entries")
HEAD: Final = sa.text(
    "SELECT idx, envelope, seq, digest, raw, (SELECT max(idx) FROM entries) FROM entries "
    "WHERE envelope = :envelope ORDER BY seq DESC LIMIT 1"
)
"""The envelope's last row, and the number of the log's last."""
_KEEP: Final = "keep the files as they are and run signkit doctor"
_BLOCK: Final = 4096
_RECENT: Final = 1024
LAST_NUMBER: Final = 2**63 - 1
"""Largest number that a row can have."""


class Recent:
    """Entries read or written lately, by their bytes: what was decoded once need not be decoded again."""

    def __init__(self) -> None:
        self._entries: dict[bytes, Entry] = {}

    def keep(self, raw: bytes, entry: Entry) -> None:
        """Remember what ``raw`` says."""
        if len(self._entries) >= _RECENT:
            self._entries.clear()
        self._entries[raw] = entry

    def entry(self, raw: bytes) -> Entry:
        """Return what ``raw`` says."""
        entry = self._entries.get(raw)
        if entry is None:
            entry = Entry.decode(raw)
            self.keep(raw, entry)
        return entry


class SqlReadTransaction(Transaction):
    """Implements ``signkit.ports.store.ReadTransaction``."""

    def __init__(self, sessions: Sessions, recent: Recent) -> None:
        super().__init__(sessions)
        self._recent = recent

    @property
    def _connection(self) -> sa.Connection:
        return self._session.connection

    def entries(self, envelope: str, start: int = 0, stop: int | None = None) -> list[StoredEntry]:
        """Return the entries ``start`` to before ``stop`` of an envelope in order."""
        wanted = {"envelope": envelope, "start": start, "last": LAST_NUMBER if stop is None else stop - 1}
        return [self._stored(row) for row in self._all(_OF_ENVELOPE, wanted)]

    def head(self, envelope: str) -> StoredEntry | None:
        """Return the envelope's last entry."""
        rows = self._session.rows(HEAD, {"envelope": envelope})
        return self._stored(rows[0][:-1]) if rows else None

    def size(self) -> int:
        """Return the number of entries in the home."""
        return int(self._session.rows(_SIZE, {})[0][0])

    def leaves(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Give the digests of the entries ``start`` to before ``stop``."""
        for row in self._range(sa.select(entries.c.idx, entries.c.digest), start, stop):
            yield _blob(row.digest)

    def rows(self, start: int = 0, stop: int | None = None) -> Iterator[StoredRow]:
        """Give the rows ``start`` to before ``stop``, unjudged."""
        for row in self._range(_ROW, start, stop):
            yield StoredRow(int(row.idx), str(row.envelope), _number(row.seq), _blob(row.digest), _blob(row.raw))

    def envelopes(self, *, prefix: str = "", state: str | None = None) -> list[str]:
        """Return identifiers, newest first."""
        statement = sa.select(entries.c.envelope).where(entries.c.seq == 0, entries.c.envelope != HOME)
        if prefix:
            statement = statement.where(entries.c.envelope.startswith(prefix, autoescape=True))
        if state is not None:
            statement = statement.join(projections, projections.c.envelope == entries.c.envelope).where(
                projections.c.state == state
            )
        found = [str(row[0]) for row in self._all(statement.order_by(entries.c.idx.desc()))]
        return [envelope for envelope in found if envelope.startswith(prefix)]  # LIKE folds case in SQLite

    def projection(self, envelope: str) -> Json | None:
        """Return the cached fold of an envelope."""
        rows = self._all(sa.select(projections.c.value).where(projections.c.envelope == envelope))
        return _value(rows[0][0]) if rows else None

    def states(self) -> dict[str, str]:
        """Return the cached state of every envelope that has one."""
        rows = self._all(sa.select(projections.c.envelope, projections.c.state))
        return {str(row.envelope): str(row.state) for row in rows}

    def openings(self, envelope: str) -> dict[str, Json]:
        """Return what opens the commitments of an envelope."""
        rows = self._all(
            sa.select(openings.c.name, openings.c.value)
            .where(openings.c.envelope == envelope)
            .order_by(openings.c.name)
        )
        return {str(row.name): _value(row.value) for row in rows}

    def evidence(self, envelope: str) -> dict[str, bytes]:
        """Return the evidence kept for an envelope by its digest."""
        rows = self._all(
            sa.select(evidence.c.digest, evidence.c.data)
            .where(evidence.c.envelope == envelope)
            .order_by(evidence.c.digest)
        )
        return {canonical.digest_text(_blob(row.digest)): _blob(row.data) for row in rows}

    def opened(self) -> set[str]:
        """Return the envelopes that have openings or evidence."""
        both = sa.union(sa.select(openings.c.envelope), sa.select(evidence.c.envelope))
        return {str(row.envelope) for row in self._all(both)}

    def tile(self, level: int, number: int) -> bytes:
        """Return the hashes of a tile, or nothing."""
        rows = self._all(sa.select(tiles.c.hashes).where(tiles.c.level == level, tiles.c.number == number))
        return _blob(rows[0][0]) if rows else b""

    def tiles(self) -> set[tuple[int, int]]:
        """Return level and number of every tile that is kept."""
        return {(int(row.level), int(row.number)) for row in self._all(sa.select(tiles.c.level, tiles.c.number))}

    def checkpoint(self) -> bytes | None:
        """Return the newest signed checkpoint note stored."""
        newest = self.checkpoints(limit=1)
        return newest[0].note if newest else None

    def checkpoints(self, *, limit: int | None = None) -> list[StoredCheckpoint]:
        """Return signed checkpoints with their tokens, newest first."""
        statement = sa.select(checkpoints.c.note, checkpoints.c.token).order_by(checkpoints.c.id.desc()).limit(limit)
        return [
            StoredCheckpoint(_blob(row.note), None if row.token is None else _blob(row.token))
            for row in self._all(statement)
        ]

    def _stored(self, row: Sequence[Any]) -> StoredEntry:
        """Return the entry of a row of ``_ROW``, compared with the row that it lies in."""
        index, envelope, seq, stored, raw = row
        raw = _blob(raw)
        digest = canonical.digest(raw)
        subject = {"envelope": str(envelope), "entry": str(seq)}
        try:
            entry = self._recent.entry(raw)
        except JournalCorruptError as exc:
            raise JournalCorruptError(exc.message, code=exc.code, hint=exc.hint or _KEEP, subject=subject) from exc
        if (entry.envelope, entry.seq, digest) != (envelope, seq, _blob(stored)):
            raise StoreCorruptError("a stored entry does not agree with its own row", hint=_KEEP, subject=subject)
        return StoredEntry(int(index), entry, raw, digest)

    def _all(self, statement: sa.Executable, parameters: dict[str, Any] | None = None) -> Sequence[sa.Row[Any]]:
        with wrapped():
            return self._connection.execute(statement, parameters or {}).all()

    def _range(self, statement: sa.Select[Any], start: int, stop: int | None) -> Iterator[sa.Row[Any]]:
        """Give rows by number in blocks, so that no cursor stays open while the caller works."""
        statement = statement.where(entries.c.idx >= sa.bindparam("start"), entries.c.idx <= sa.bindparam("last"))
        statement = statement.order_by(entries.c.idx).limit(_BLOCK)
        last = LAST_NUMBER if stop is None else stop - 1
        while start <= last:
            rows = self._all(statement, {"start": start, "last": last})
            yield from rows
            if len(rows) < _BLOCK:
                return
            start = int(rows[-1].idx) + 1


def _blob(value: object) -> bytes:
    """Return bytes as bytes; a table that was made anew may hold anything."""
    if not isinstance(value, bytes | memoryview):
        raise not_written()
    return bytes(value)


def _number(value: object) -> int:
    if not isinstance(value, int):
        raise not_written()
    return value


def not_written() -> StoreCorruptError:
    """Return the error for a value that no version of ours wrote."""
    return StoreCorruptError("a stored value is not what was written", code="store.corrupt", hint=_KEEP)


def _value(data: object) -> Json:
    try:
        return canonical.decode(_blob(data))
    except canonical.CanonicalError as exc:
        raise not_written() from exc
