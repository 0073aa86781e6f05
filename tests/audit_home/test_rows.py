"""Rows, tables and tiles of a home's database: each change is named, and nothing is signed over what is not whole."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from signkit.errors import JournalCorruptError, StoreCorruptError
from signkit.journal import log
from signkit.journal.writer import append
from signkit.store import DATABASE, open_store

from .conftest import KEY, NOW, ORIGIN, codes, put

TAMPERING: dict[str, tuple[str, str]] = {
    "alter a row": (
        "UPDATE entries SET raw = CAST(replace(CAST(raw AS TEXT), 'system', 'clerk_') AS BLOB) WHERE idx = 300",
        "journal.row_digest",
    ),
    "alter its digest": ("UPDATE entries SET digest = zeroblob(32) WHERE idx = 300", "journal.row_digest"),
    "make it unreadable": ("UPDATE entries SET raw = x'7b' WHERE idx = 300", "journal.row_unreadable"),
    "move it to another envelope": ("UPDATE entries SET envelope = 'zzz' WHERE idx = 300", "journal.row_place"),
    "drop a row": ("DELETE FROM entries WHERE idx = 300", "journal.row_gap"),
    "drop the last row": ("DELETE FROM entries WHERE idx = 603", "journal.behind"),
    "drop an envelope": ("DELETE FROM entries WHERE envelope = 'bbb'", "journal.behind"),
    "change a tile": ("UPDATE tiles SET hashes = zeroblob(64)", "journal.tile"),
    "change a state": ("UPDATE projections SET state = 'completed' WHERE envelope = 'aaa'", "journal.state"),
    "drop a state": ("DELETE FROM projections WHERE envelope = 'aaa'", "journal.state"),
    "invent a state": ("INSERT INTO projections VALUES ('ccc', 'draft', x'6e756c6c')", "journal.state"),
    "change a name": (
        "UPDATE openings SET value = CAST(replace(CAST(value AS TEXT), 'dlund', 'dberg') AS BLOB)",
        "journal.opening",
    ),
    "drop a name": ("DELETE FROM openings WHERE name = 'signatory.s1.name'", "journal.opening_missing"),
    "garble an opening": ("UPDATE openings SET value = x'7b'", "journal.opening_unreadable"),
    "put a name without a commitment": (
        "UPDATE openings SET value = CAST('\"Bo Ek\"' AS BLOB) WHERE name = 'signatory.s1.name'",
        "journal.opening",
    ),
    "invent an opening": ("INSERT INTO openings VALUES ('aaa', 'reason.9', CAST('\"x\"' AS BLOB))", "journal.opening"),
    "take away the salt": (
        "UPDATE openings SET value = CAST('{\"value\":\"x\"}' AS BLOB) WHERE name = 'document.0'",
        "journal.opening",
    ),
    "change the key behind persons": (
        "UPDATE openings SET value = CAST('\"BBBB\"' AS BLOB) WHERE name = 'person_key'",
        "journal.opening",
    ),
    "make that key no key": (
        "UPDATE openings SET value = CAST('5' AS BLOB) WHERE name = 'person_key'",
        "journal.opening",
    ),
    "lay out a tile for later": ("INSERT INTO tiles VALUES (1, 1, zeroblob(32))", "journal.tile"),
    "lay out a tile of the next level": ("INSERT INTO tiles VALUES (2, 0, zeroblob(32))", "journal.tile"),
    "lay out a tile far away": ("INSERT INTO tiles VALUES (7, 12345, zeroblob(32))", "journal.tile"),
    "put values of an envelope that is none": (
        "INSERT INTO openings VALUES ('zzz', 'title', CAST('\"x\"' AS BLOB))",
        "journal.opening_stray",
    ),
    "put evidence of an envelope that is none": (
        "INSERT INTO evidence VALUES ('zzz', zeroblob(32), x'00')",
        "journal.opening_stray",
    ),
    "change a timestamp": ("UPDATE checkpoints SET token = x'3000' WHERE id = 1", "journal.anchor_changed"),
    "change evidence": ("UPDATE evidence SET data = x'00'", "journal.evidence_changed"),
    "drop evidence": ("DELETE FROM evidence", "journal.evidence_missing"),
    "change a checkpoint": ("UPDATE checkpoints SET note = x'00' WHERE id = 1", "journal.note"),
}


@pytest.mark.parametrize("name", TAMPERING)
def test_each_tampering_with_a_row_is_named(home: Path, name: str) -> None:
    """With the triggers out of the way, every change to a table is found under its code."""
    statement, code = TAMPERING[name]
    database = sqlite3.connect(home / DATABASE)
    database.executescript("DROP TRIGGER entries_no_update; DROP TRIGGER entries_no_delete;")
    database.execute(statement)
    database.commit()
    database.close()
    assert code in codes(home)


def test_a_tile_laid_out_for_later_poisons_no_root(home: Path) -> None:
    """Whoever has the database only cannot make the log's owner sign a tree that is not of the entries."""
    database = sqlite3.connect(home / DATABASE)
    database.execute("UPDATE tiles SET hashes = CAST(hashes || zeroblob(32) AS BLOB) WHERE level = 1 AND number = 0")
    database.execute("INSERT INTO tiles VALUES (1, 1, zeroblob(32)), (2, 0, zeroblob(32))")
    database.commit()
    database.close()
    store = open_store(home)
    with store.write() as tx:
        for number in range(400):
            append(tx, "aaa", "noted", actor="system", data={"n": number}, at=NOW)
    log.sign_head(store, origin=ORIGIN, key=KEY)
    store.close()
    assert not {"journal.fork", "journal.row_gap"} & codes(home)
    assert (home / "checkpoint").read_bytes().startswith(f"{ORIGIN}\n1004\n".encode())


@pytest.mark.parametrize("number", [2**62, 2**63 - 1])
def test_a_row_at_the_end_of_all_numbers_is_named(home: Path, number: int) -> None:
    """No row is too far away to be looked at."""
    database = sqlite3.connect(home / DATABASE)
    statement = "INSERT INTO entries SELECT ?, 'zzz', seq, digest, raw FROM entries WHERE idx = 0"
    database.execute(statement, (number,))
    database.commit()
    database.close()
    assert {"journal.row_gap", "journal.row_place"} <= codes(home)
    if number == 2**63 - 1:
        store = open_store(home)
        with pytest.raises(StoreCorruptError), store.write() as tx:
            append(tx, "ccc", "noted", actor="clerk", data={}, at=NOW)
        store.close()


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER more AFTER INSERT ON projections BEGIN DELETE FROM openings; END",
        "DROP TRIGGER entries_no_update; CREATE TRIGGER entries_no_update BEFORE UPDATE ON entries BEGIN SELECT 1; END",
    ],
    ids=["one more", "one that does nothing"],
)
def test_triggers_are_those_that_were_made(home: Path, statement: str) -> None:
    """Counting them is not enough."""
    database = sqlite3.connect(home / DATABASE)
    database.executescript(statement)
    database.close()
    assert codes(home) == {"journal.database"}


@pytest.mark.parametrize("row", [(604, "q", 0, "text", "text"), (604, "q", "x", 5, 7), (604, "q", None, None, None)])
def test_a_table_made_anew_without_types_is_damage(home: Path, row: tuple[object, ...]) -> None:
    """Text where bytes should be, words where numbers should be, nothing at all."""
    database = sqlite3.connect(home / DATABASE)
    database.executescript(
        "ALTER TABLE entries RENAME TO old; CREATE TABLE entries (idx, envelope, seq, digest, raw);"
        "INSERT INTO entries SELECT * FROM old;"
    )
    database.execute("INSERT INTO entries VALUES (?, ?, ?, ?, ?)", row)
    database.commit()
    database.close()
    with pytest.raises(StoreCorruptError):
        codes(home)


def test_nothing_is_signed_over_a_gap(home: Path) -> None:
    """A row far away makes a log of that many entries, most of which do not exist."""
    database = sqlite3.connect(home / DATABASE)
    database.execute("INSERT INTO entries SELECT 1000000000, 'zzz', seq, digest, raw FROM entries WHERE idx = 0")
    database.commit()
    database.close()
    store = open_store(home)
    with pytest.raises(JournalCorruptError) as caught:
        log.sign_head(store, origin=ORIGIN, key=KEY)
    store.close()
    assert caught.value.code == "journal.gap"
    assert {"journal.row_gap", "journal.row_place"} <= codes(home)


UNREADABLE = {
    "no entry": "INSERT INTO entries VALUES (604, 'ccc', 0, zeroblob(32), x'7b')",
    "an entry of another place": "INSERT INTO entries SELECT 604, 'ccc', 0, digest, raw FROM entries WHERE idx = 603",
    "an entry of another number": "UPDATE entries SET seq = 9 WHERE idx = 603",
    "an entry from before the one before it": (
        "UPDATE entries SET raw = CAST(replace(CAST(raw AS TEXT), '02T09', '02T08') AS BLOB) WHERE idx = 603;"
        "UPDATE entries SET digest = sha256(raw) WHERE idx = 603"
    ),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_nothing_is_signed_over_a_row_that_cannot_be_read(home: Path, name: str) -> None:
    """What is signed can never be taken back; without the row the log goes on under its name."""
    put(home, UNREADABLE[name], signed_for=602)
    store = open_store(home)
    with pytest.raises(JournalCorruptError) as caught:
        log.sign_head(store, origin=ORIGIN, key=KEY)
    store.close()
    assert caught.value.code == "journal.unreadable"


def test_no_restart_signs_over_a_row_that_cannot_be_read(home: Path) -> None:
    """A new generation signs for every row anew, so it looks at every row; nothing is written before."""
    put(home, "DELETE FROM entries WHERE idx = 603; UPDATE entries SET raw = x'7b' WHERE idx = 300;")
    store = open_store(home)
    with pytest.raises(JournalCorruptError) as caught:
        log.restart(store, origin=ORIGIN, key=KEY, actor="clerk", at=NOW)
    with store.read() as tx:
        assert tx.size() == 603
    store.close()
    assert caught.value.code == "journal.unreadable"


def test_a_restart_believes_no_tile(home: Path) -> None:
    """A new generation is compared with no checkpoint of its own: what is kept of the tree is made anew."""
    put(home, "DELETE FROM entries WHERE idx = 603; UPDATE tiles SET hashes = zeroblob(64);")
    store = open_store(home)
    log.restart(store, origin=ORIGIN, key=KEY, actor="clerk", at=NOW)
    store.close()
    assert not {"journal.fork", "journal.tile"} & codes(home)


def test_text_that_is_no_text_is_damage(home: Path) -> None:
    """And is said so: no server is at fault."""
    database = sqlite3.connect(home / DATABASE)
    database.execute("UPDATE projections SET state = CAST(x'ff' AS TEXT)")
    database.commit()
    database.close()
    with pytest.raises(StoreCorruptError) as caught:
        codes(home)
    assert caught.value.code == "store.corrupt"


def test_an_entry_in_the_clerks_form_is_the_clerks_until_it_is_signed_for(home: Path) -> None:
    """A limit that is told: who can write the database can add what looks like the clerk's, and alter what is new."""
    signed = (home / "checkpoint").read_bytes()
    store = open_store(home)
    with store.write() as tx:
        append(tx, "aaa", "noted", actor="clerk", data={"n": "a lie"}, at=NOW)
    store.close()
    assert codes(home, checkpoints=(signed,)) == {"journal.home"}
    database = sqlite3.connect(home / DATABASE)
    database.executescript("DROP TRIGGER entries_no_delete; DELETE FROM entries WHERE idx = 604;")
    database.close()
    assert codes(home) == {"journal.database"}  # the trigger, and nothing else


def test_an_index_that_hides_a_row_is_named(home: Path) -> None:
    """A table and its index that disagree are found by the database's own check."""
    database = sqlite3.connect(home / DATABASE)
    database.execute("PRAGMA writable_schema = ON")
    database.execute("UPDATE sqlite_schema SET sql = replace(sql, 'seq = 0', 'seq = 1') WHERE name = 'entries_first'")
    database.commit()
    database.close()
    assert "journal.database" in codes(home)
