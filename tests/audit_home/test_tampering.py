"""Properties of a home under attack: whatever is done to rows, tiles, checkpoints and documents, it is found.

The attacker has the database and every file, but no key. What an operator with the key can do is in ``test_home`` and
``tests/journal/test_witness.py``: it needs an older checkpoint or a witness.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signkit import canonical
from signkit.audit.home import check_home
from signkit.journal import log
from signkit.journal.writer import append
from signkit.model.person import commit
from signkit.store import DATABASE, open_store

from .conftest import KEY, NOW, ORIGIN, VKEY

ROWS = 300
SLOW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of two chains that take turns, with a checkpoint and a document."""
    folder = tmp_path_factory.mktemp("attacked") / "home"
    store = open_store(folder, create=True)
    digest = store.objects.put_bytes(b"%PDF-1.7 document " * 50)
    state = {"size": 900, "sha256": digest}
    title = commit("protokoll.pdf")
    document = {"r0": state, "r1": state, "pages": 1, "name": title.digest, "risks": []}
    with store.write() as tx:
        for name in ("aaa", "bbb"):
            data: Any = {"kind": "protocol", "deadline": None, "disclosure": "none", "environment": "test"}
            data |= {"documents": [document], "signatories": [], "rules": {"quorums": [], "decline": "ends"}}
            append(tx, name, "created", actor="clerk", data=data, at=NOW)
            tx.put_projection(name, "draft", None)
            tx.put_opening(name, "person_key", "AAAA")
            tx.put_opening(name, "document.0", {"salt": title.salt, "value": "protokoll.pdf"})
        for number in range(ROWS - 2):
            at = NOW + timedelta(seconds=number)
            append(tx, ("aaa", "bbb")[number % 2], "noted", actor="system", data={"n": number}, at=at)
    log.sign_head(store, origin=ORIGIN, key=KEY)
    store.close()
    return folder


@contextmanager
def attacked(original: Path, folder: Path) -> Iterator[tuple[Path, sqlite3.Connection]]:
    """Give a copy of the home and its database, without the triggers until it is left: a careful attacker's way in."""
    home = folder / "copy"
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(original, home)
    database = sqlite3.connect(home / DATABASE)
    guards = [sql for (sql,) in database.execute("SELECT sql FROM sqlite_schema WHERE type = 'trigger'")]
    database.executescript("DROP TRIGGER entries_no_update; DROP TRIGGER entries_no_delete;")
    yield home, database
    for guard in guards:
        database.execute(guard)
    database.commit()
    database.close()


def sound(home: Path) -> bool:
    """Tell whether the auditor finds nothing wrong."""
    return codes(home) == {"journal.home"}


def codes(home: Path) -> set[str]:
    """Return the codes of what the auditor finds."""
    store = open_store(home, readonly=True)
    try:
        return {item.code for item in check_home(store, vkey=VKEY).findings}
    finally:
        store.close()


def rows(database: sqlite3.Connection) -> list[tuple[int, str, int, bytes, bytes]]:
    """Return every row of the journal."""
    return database.execute("SELECT idx, envelope, seq, digest, raw FROM entries ORDER BY idx").fetchall()


def rebuild(database: sqlite3.Connection, entries: list[dict[str, Any]]) -> None:
    """Write a history as somebody careful would: numbers, chains and digests that fit, as far as no key is needed."""
    database.execute("DELETE FROM entries")
    database.execute("DELETE FROM tiles")
    heads: dict[str, tuple[int, str]] = {}
    for index, entry in enumerate(entries):
        seq, prev = heads.get(entry["envelope"], (0, None))
        raw = canonical.encode({**entry, "seq": seq, "prev": prev})
        digest = canonical.digest(raw)
        heads[entry["envelope"]] = (seq + 1, canonical.digest_text(digest))
        values = (index, entry["envelope"], seq, digest, raw)
        database.execute("INSERT INTO entries (idx, envelope, seq, digest, raw) VALUES (?, ?, ?, ?, ?)", values)


def test_the_home_is_sound_until_it_is_attacked(original: Path, tmp_path: Path) -> None:
    """And rebuilding it as it was changes nothing: what follows fails for what it changes."""
    with attacked(original, tmp_path) as (home, database):
        rebuild(database, [dict(canonical.decode(row[4])) for row in rows(database)])
    assert codes(home) == {"journal.home"}


@SLOW
@given(data=st.data())
def test_a_row_changed_anywhere_is_found(
    original: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """One bit of an entry, with a digest that fits; one bit of a digest; a row gone, moved or put twice."""
    with attacked(original, tmp_path_factory.getbasetemp()) as (home, database):
        index = data.draw(st.integers(0, ROWS - 1))
        _, envelope, seq, digest, raw = rows(database)[index]
        how = data.draw(st.sampled_from(["raw", "fitting", "digest", "drop", "swap", "repeat", "place"]))
        changed = bytearray(raw)
        changed[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
        if how == "raw":
            database.execute("UPDATE entries SET raw = ? WHERE idx = ?", (bytes(changed), index))
        elif how == "fitting":
            made = canonical.digest(bytes(changed))
            database.execute("UPDATE entries SET raw = ?, digest = ? WHERE idx = ?", (bytes(changed), made, index))
        elif how == "digest":
            database.execute("UPDATE entries SET digest = ? WHERE idx = ?", (digest[::-1], index))
        elif how == "drop":
            database.execute("DELETE FROM entries WHERE idx = ?", (index,))
        elif how == "swap":
            other = (index + data.draw(st.integers(1, ROWS - 1))) % ROWS
            theirs = rows(database)[other]
            for place, row in ((index, theirs), (other, (index, envelope, seq, digest, raw))):
                database.execute("UPDATE entries SET raw = ?, digest = ? WHERE idx = ?", (row[4], row[3], place))
        elif how == "repeat":
            values = (ROWS, envelope, 10_000, digest, raw)
            database.execute("INSERT INTO entries (idx, envelope, seq, digest, raw) VALUES (?, ?, ?, ?, ?)", values)
        else:
            database.execute("UPDATE entries SET seq = seq + 10000 WHERE idx = ?", (index,))
    assert not sound(home)


@SLOW
@given(data=st.data())
def test_a_history_rebuilt_around_a_change_is_found(
    original: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Altered, dropped, reordered, inserted, truncated, back-dated or forked, and every digest and chain made anew."""
    with attacked(original, tmp_path_factory.getbasetemp()) as (home, database):
        entries = [dict(canonical.decode(row[4])) for row in rows(database)]
        index = data.draw(st.integers(2, ROWS - 1))
        how = data.draw(st.sampled_from(["alter", "drop", "reorder", "insert", "truncate", "back-date", "fork"]))
        entry = entries[index]
        if how == "alter":
            entry["actor"] = "clerk"
        elif how == "drop":
            del entries[index]
        elif how == "reorder":
            entries.insert(data.draw(st.integers(2, ROWS - 1).filter(lambda at: at != index)), entries.pop(index))
        elif how == "insert":
            entries.insert(index, {**entry, "nonce": "0" * 32})
        elif how == "truncate":
            del entries[index:]
        elif how == "back-date":
            entry["at"] = "2026-03-02T09:00:00.000Z" if index > 3 else "2026-03-02T08:00:00.000Z"
        else:
            entries[index:] = [{**item, "nonce": "f" * 32} for item in entries[index:]]
        rebuild(database, entries)
    assert not sound(home)


@SLOW
@given(data=st.data())
def test_tiles_checkpoints_and_documents_are_compared(
    original: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """One bit of a kept part of the tree, of a checkpoint inside or outside the database, or of a document."""
    with attacked(original, tmp_path_factory.getbasetemp()) as (home, database):
        what = data.draw(st.sampled_from(["tile", "note", "outer", "document"]))
        path = home / "checkpoint"
        if what == "document":
            path = next(item for item in (home / "objects").rglob("*") if item.is_file())
        read = {"tile": "SELECT hashes FROM tiles", "note": "SELECT note FROM checkpoints"}.get(what)
        whole = database.execute(read).fetchone()[0] if read else path.read_bytes()
        changed = bytearray(whole)
        changed[data.draw(st.integers(0, len(whole) - 1))] ^= 1 << data.draw(st.integers(0, 7))
        if read:
            write = {"tile": "UPDATE tiles SET hashes = ?", "note": "UPDATE checkpoints SET note = ?"}[what]
            database.execute(write, (bytes(changed),))
        else:
            path.chmod(0o600)
            path.write_bytes(changed)
    assert not sound(home)
