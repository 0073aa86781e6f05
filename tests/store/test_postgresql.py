"""The same store in PostgreSQL: the public conformance suite, several writers at once, and the life of an envelope."""

from __future__ import annotations

import concurrent.futures
import itertools
import json
import multiprocessing
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa

from signkit.errors import StoreCorruptError, StoreError, StoreLockedError
from signkit.store import open_store
from signkit.store.sql import SqlStore
from signkit.testing.stores import StoreConformance, add

from .postgres import missing, running

_REASON = missing()
pytestmark = [
    pytest.mark.skipif(_REASON is not None, reason=_REASON or ""),
    pytest.mark.xdist_group("postgresql"),
    pytest.mark.judge,
]
_COUNT = itertools.count(1)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Return the URL of a server of our own."""
    with running() as url:
        yield url


@pytest.fixture
def database(server: str) -> str:
    """Return the URL of an empty database."""
    name = f"home{next(_COUNT)}"
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    return server.replace("/postgres?", f"/{name}?")


class TestPostgresql(StoreConformance):
    """Everything that the suite asks of a store."""

    url: ClassVar[str] = ""
    opened: ClassVar[list[SqlStore]] = []

    @pytest.fixture(autouse=True)
    def _database(self, database: str) -> Iterator[None]:
        type(self).url = database
        yield
        while self.opened:
            self.opened.pop().close()

    def open_store(self, folder: Path) -> SqlStore:
        """Return the store of this test's database."""
        self.opened.append(open_store(folder, create=True, url=self.url))
        return self.opened[-1]


def _append(job: tuple[str, str, int]) -> int:
    home, url, number = job
    store = open_store(Path(home), url=url)
    done = 0
    while done < 20:
        try:
            with store.write() as tx:
                add(tx, f"e{number % 2}")
            done += 1
        except StoreLockedError:
            continue
    store.close()
    return done


def test_writers_in_several_processes_lose_nothing(database: str, tmp_path: Path) -> None:
    """Four processes append to two envelopes: every entry is there, numbered without a gap, each chain whole."""
    open_store(tmp_path, create=True, url=database).close()
    jobs = [(str(tmp_path), database, number) for number in range(4)]
    with concurrent.futures.ProcessPoolExecutor(4, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert sum(pool.map(_append, jobs)) == 80
    store = open_store(tmp_path, url=database, readonly=True)
    with store.read() as tx:
        assert tx.size() == 80
        assert [row.index for row in tx.rows()] == list(range(80))
        for envelope in ("e0", "e1"):
            chain = tx.entries(envelope)
            assert [item.entry.seq for item in chain] == list(range(40))
    store.check()
    store.close()


def test_the_server_refuses_change_and_the_check_sees_a_missing_guard(database: str, tmp_path: Path) -> None:
    """UPDATE, DELETE and TRUNCATE of entries are refused by name; without the trigger the check says so."""
    store = open_store(tmp_path, create=True, url=database)
    with store.write() as tx:
        add(tx, "e1")
    for verb in ("UPDATE entries SET seq = 9", "DELETE FROM entries", "TRUNCATE entries"):
        with pytest.raises(StoreError) as caught, store.write() as tx:
            tx._all(sa.text(verb).execution_options(autocommit=False))
        assert caught.value.code == "store.append_only"
    store.check()
    engine = sa.create_engine(database)
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE entries DISABLE TRIGGER entries_append_only")
    with pytest.raises(StoreCorruptError) as unguarded:
        store.check()
    assert unguarded.value.code == "store.unguarded"
    engine.dispose()
    store.close()


def test_a_writer_that_waits_too_long_is_told(database: str, tmp_path: Path) -> None:
    """Another writer holds the lock: store.locked, after the time that was asked for."""
    first = open_store(tmp_path, create=True, url=database)
    second = open_store(tmp_path, url=database, busy_seconds=0.3)
    with first.write() as tx:
        add(tx, "e1")
        with pytest.raises(StoreLockedError) as caught, second.write():
            pass
    assert caught.value.code == "store.locked"
    first.close()
    second.close()


def test_a_server_that_is_not_there(server: str, tmp_path: Path) -> None:
    """No server or no such database is a store that is unavailable, without the address in the message."""
    for url in (server.replace("host=", "host=/nowhere"), server.replace("/postgres?", "/nosuch?")):
        with pytest.raises(StoreError) as caught:
            open_store(tmp_path, url=url)
        assert caught.value.code == "store.unavailable"
        assert "nowhere" not in caught.value.message


def _start(home: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "signkit_cli", "--home", str(home), "--json", "--lang", "en", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_life_of_an_envelope(database: str, signkit_at: Any, tmp_path: Path, protokoll: Path) -> None:
    """init, create, send, three people at once, export, verify, doctor: as with SQLite, which is not there."""
    home = tmp_path / "home"
    signkit = signkit_at(home)
    signkit("init", "--environment", "test", "--organisation", "Björkviks kommun", "--database", database)
    assert not list(home.glob("*.sqlite*"))
    envelope = signkit.create(protokoll, people=["Anna Ek", "Bo Ek", "Cia Ek"])
    signkit("envelope", "send", envelope)
    running_now = [_start(home, "sign", envelope, "--as", f"s{number}") for number in (1, 2, 3)]
    for process in running_now:
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
    assert signkit.show(envelope)["state"] == "completed"
    made = signkit("envelope", "export", envelope, "--output", tmp_path / "out", "--json").json["files"]
    signed = next(item["path"] for item in made if item["kind"] == "signed")
    assert signkit("verify", signed, "--json").json["verdict"] == "PASSED"
    health = signkit("doctor", "--json").json
    assert health["sound"], health
    store = open_store(home, readonly=True, url=database)
    with store.read() as tx:
        kinds = Counter(item.entry.type for item in tx.entries(envelope))
    store.close()
    assert (kinds["signed"], kinds["completing"], kinds["archived"]) == (3, 1, 1)
    assert json.loads(signkit("envelope", "list", "--json").out)["id"] == envelope


def test_several_clerks_and_cron_at_once(database: str, signkit_at: Any, tmp_path: Path, protokoll: Path) -> None:
    """Two batches and the clock's errands at once on one home: nothing is lost, and the journal holds together."""
    home = tmp_path / "home"
    signkit = signkit_at(home)
    signkit("init", "--environment", "test", "--organisation", "Björkviks kommun", "--database", database)
    steps = [{"op": "create", "ref": "a", "documents": [str(protokoll)], "signatories": ["Anna Ek", "Bo Ek"]}]
    steps += [{"op": "send", "envelope": "a"}, {"op": "sign", "envelope": "a", "as": "all"}]
    for name in ("one", "two"):
        lines = [json.dumps(step) for step in steps * 2]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    jobs = [("batch", str(tmp_path / "one.jsonl")), ("batch", str(tmp_path / "two.jsonl")), ("tick",)]
    for process in [_start(home, *job) for job in jobs]:
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
    listed = [json.loads(line) for line in signkit("envelope", "list", "--json").out.splitlines()]
    assert [item["state"] for item in listed] == ["completed"] * 4
    assert signkit("doctor", "--json").json["sound"]
