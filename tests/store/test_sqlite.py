"""The SQLite store: the public suite, and what happens when the file is not as it should be."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
import threading
from pathlib import Path

import pytest

from signkit.errors import SignkitError, StoreCorruptError, StoreError, StoreLockedError, UnreadableDocumentError
from signkit.ports.store import Store
from signkit.store import DATABASE, SqlStore, open_store
from signkit.testing.stores import StoreConformance, add


class TestSqliteStore(StoreConformance):
    """The public suite over the default store."""

    def open_store(self, folder: Path) -> Store:
        """Return a store in a home below the folder."""
        return open_store(folder / "home", create=True)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with 300 entries, closed."""
    store = open_store(tmp_path / "home", create=True)
    with store.write() as tx:
        add(tx, "e1", 300)
        tx.put_opening("e1", "name:s1", "Åsa Hemlig-Ödlund")
    store.close()
    return tmp_path / "home"


def _raw(home: Path) -> sqlite3.Connection:
    return sqlite3.connect(home / DATABASE, isolation_level=None)


def test_only_the_owner_may_read(home: Path) -> None:
    """The folder is 0700, and every file in it 0600."""
    store = open_store(home)
    with store.write() as tx:
        add(tx, "e1")
        store.keep_checkpoint(b"note")
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
        for path in home.iterdir():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name


@pytest.mark.parametrize("statement", ["UPDATE entries SET raw = x'00' WHERE idx = 1", "DELETE FROM entries"])
def test_the_database_refuses_to_change_entries(home: Path, statement: str) -> None:
    """Triggers stop UPDATE and DELETE, whoever asks."""
    with pytest.raises(sqlite3.IntegrityError, match="only ever appended"):
        _raw(home).execute(statement)


def test_it_is_durable_and_foreign_pragmas_hold(home: Path) -> None:
    """Write-ahead log, a flush at every commit, and erasing that overwrites."""
    with open_store(home).write() as tx:
        driver = tx._connection.connection.driver_connection
        assert driver is not None
        values = [driver.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
        assert values == ["wal", 2]
        assert driver.execute("PRAGMA secure_delete").fetchone()[0] == 1


def test_erased_openings_leave_no_bytes(home: Path) -> None:
    """What was erased is not in the files any more once the store is closed."""
    assert b"Hemlig" in (home / DATABASE).read_bytes()
    store = open_store(home)
    with store.write() as tx:
        tx.delete_openings("e1")
    store.close()
    assert all(b"Hemlig" not in path.read_bytes() for path in home.iterdir() if path.is_file())


def test_a_missing_database_is_named(tmp_path: Path) -> None:
    """Without ``create`` nothing is made."""
    with pytest.raises(StoreError) as caught:
        open_store(tmp_path)
    assert caught.value.code == "store.missing"
    assert list(tmp_path.iterdir()) == []


def test_an_empty_file_is_finished_by_creating(tmp_path: Path) -> None:
    """A crash between making the file and the tables is mended by the same command."""
    (tmp_path / DATABASE).touch()
    with pytest.raises(StoreError) as caught:
        open_store(tmp_path)
    assert caught.value.code == "store.missing"
    with open_store(tmp_path, create=True).read() as tx:
        assert tx.size() == 0


@pytest.mark.parametrize(("version", "code"), [("2", "store.newer"), ("0", "store.older"), ("x", "store.older")])
def test_another_schema_is_refused(home: Path, version: str, code: str) -> None:
    """A database of another version is neither read nor written."""
    _raw(home).execute("UPDATE meta SET value = ? WHERE key = 'schema'", (version,))
    for readonly in (True, False):
        with pytest.raises(StoreError) as caught:
            open_store(home, readonly=readonly)
        assert caught.value.code == code
        assert caught.value.hint


def test_a_second_writer_waits_then_gives_up(home: Path) -> None:
    """While somebody writes, another writer is refused after its patience, and readers are not."""
    store, other = open_store(home), open_store(home, busy_seconds=0.05)
    with store.write() as tx:
        add(tx, "e1")
        with pytest.raises(StoreLockedError) as caught, other.write():
            pass
        assert caught.value.code == "store.locked"
        with other.read() as view:
            assert view.size() == 300


def test_a_transaction_that_has_ended_reaches_nothing(home: Path) -> None:
    """Its connection is another transaction's by then: what is used late is refused, and disturbs nobody."""
    store = open_store(home)
    with store.read() as view:
        rows = view.rows()
    with store.write() as tx:
        add(tx, "e1")
    for late in (view.size, tx.size, lambda: next(rows), lambda: add(tx, "e1")):
        with pytest.raises(StoreError, match="the transaction has ended"):
            late()
    with store.write() as tx:
        assert tx.size() == 301
        add(tx, "e1")
    with store.read() as view:
        assert view.size() == 302


def test_a_transaction_is_used_once(home: Path) -> None:
    """A second block of the same transaction is refused, and holds no lock: what it knew of the log may be old."""
    store, other = open_store(home), open_store(home, busy_seconds=0.0)
    tx = store.write()
    with tx:
        add(tx, "e1")
    with pytest.raises(StoreError, match="the transaction has ended"), tx:
        add(tx, "e1")
    with other.write() as again:
        assert again.size() == 301


def test_what_failed_leaves_nothing_open(home: Path) -> None:
    """After a step that raised, before or after a statement of any kind, another process may write at once."""
    store, other = open_store(home), open_store(home, busy_seconds=0.0)

    def fail(number: int) -> None:
        with store.write() as tx:
            if number:
                add(tx, "e1")
            if number > 1:
                tx.put_opening("e1", "name:s2", "Nobody")
            raise KeyError

    for number in range(3):
        with pytest.raises(KeyError):
            fail(number)
        with other.write() as tx:
            assert (tx.size(), "name:s2" in tx.openings("e1")) == (300 + number, False)
            add(tx, "e1")


def test_writers_in_threads_make_one_line(home: Path) -> None:
    """Four threads appending at once leave one gapless log."""
    store = open_store(home)

    def work() -> None:
        for _ in range(10):
            with store.write() as tx:
                add(tx, "e1")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as tx:
        assert [row.index for row in tx.rows()] == list(range(340))
        assert [item.entry.seq for item in tx.entries("e1")] == list(range(340))


def _use(home: Path) -> None:
    store = open_store(home)
    try:
        with store.write() as tx:
            tx.entries("e1")
            list(tx.rows())
            add(tx, "e1")
    finally:
        store.close()


def test_a_file_that_is_no_database(home: Path) -> None:
    """Rubbish is called damaged, with a hint."""
    (home / DATABASE).write_bytes(b"rubbish" * 1000)
    with pytest.raises(StoreCorruptError) as caught:
        _use(home)
    assert caught.value.hint


@pytest.mark.parametrize("keep", [100, 5000, 20_000, 60_000])
def test_a_truncated_database(home: Path, keep: int) -> None:
    """A file cut off anywhere is damaged, not a traceback."""
    path = home / DATABASE
    assert path.stat().st_size > keep
    os.truncate(path, keep)
    with pytest.raises(StoreCorruptError):
        _use(home)


def test_flipped_bytes_never_escape_as_foreign_errors(home: Path) -> None:
    """Whatever page is overwritten, only our own errors come out, or nothing."""
    whole = (home / DATABASE).read_bytes()
    for page in range(1, len(whole) // 4096):
        (home / DATABASE).write_bytes(whole[: page * 4096 + 8] + b"\xff" * 64 + whole[page * 4096 + 72 :])
        with contextlib.suppress(SignkitError):
            _use(home)
        for name in ("-wal", "-shm"):
            (home / (DATABASE + name)).unlink(missing_ok=True)


def test_a_row_that_contradicts_itself(home: Path) -> None:
    """An entry changed behind the triggers is noticed when it is read."""
    raw = _raw(home)
    raw.executescript("DROP TRIGGER entries_no_update; UPDATE entries SET seq = 999 WHERE idx = 299;")
    with open_store(home).read() as tx, pytest.raises(StoreCorruptError):
        tx.entries("e1")


def test_reading_writes_nothing(home: Path) -> None:
    """A store opened for reading leaves every byte, name and time, and refuses to write."""
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in home.iterdir()}
    store = open_store(home, readonly=True)
    with store.read() as tx:
        assert tx.size() == 300
    with pytest.raises(StoreError) as caught, store.write():
        pass
    assert caught.value.code == "store.readonly"
    for action in (lambda: store.keep_checkpoint(b"x"), lambda: store.objects.put_bytes(b"x")):
        with pytest.raises(StoreError):
            action()
    store.close()
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in home.iterdir()} == before


def test_a_store_that_cannot_be_written_can_be_read(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a read-only disk reading works; writing says so."""
    monkeypatch.setattr(os, "access", lambda *_: False)
    store = open_store(home, readonly=True)
    with store.read() as tx:
        assert tx.size() == 300
    store.close()


def test_a_full_disk_is_named(home: Path) -> None:
    """When the database cannot grow, the error says that the disk is full and nothing is half done."""
    store = open_store(home)
    with store.write() as tx:
        driver = tx._connection.connection.driver_connection
        assert driver is not None
        driver.execute("PRAGMA max_page_count = 1")
        with pytest.raises(StoreError) as caught:
            tx.put_evidence("e1", b"x" * 200_000)
    assert caught.value.code == "store.full"
    with open_store(home).read() as tx:
        assert tx.evidence("e1") == {}


def test_an_unreadable_source_is_the_documents_fault(home: Path, tmp_path: Path) -> None:
    """A document that is not there is no fault of the store."""
    with pytest.raises(UnreadableDocumentError):
        open_store(home).objects.put(tmp_path / "none.pdf")


def test_what_a_crash_leaves_is_found_and_removed(home: Path) -> None:
    """Dead workspaces are named and swept when nobody is at work, by whoever works next too; a living one is safe."""
    store: SqlStore = open_store(home)
    store.objects.put_bytes(b"x")
    with store.objects.workspace() as living:
        (home / "work" / "dead").mkdir(parents=True)
        (home / "work" / "dead" / "half.pdf").write_bytes(b"half")
        assert [path.name for path in store.objects.leftovers()] == ["dead"]
        with pytest.raises(StoreLockedError):
            store.objects.leftovers(remove=True)
        assert living.is_dir()
    store.objects.leftovers(remove=True)
    assert store.objects.leftovers() == []
    (home / "work" / "dead").mkdir()
    with store.objects.workspace() as living:
        assert list((home / "work").iterdir()) == [living]
    assert store.objects.leftovers() == []
