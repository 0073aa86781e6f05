"""Restored homes: no restore, however often, forks the log, and a restart hides nothing that somebody has kept."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signkit.audit.home import check_home
from signkit.errors import JournalForkError
from signkit.journal import log
from signkit.journal.checkpoint import Checkpoint, log_vkey, sign_checkpoint, verify_checkpoint
from signkit.journal.cosignature import witness_vkey
from signkit.journal.cosigning import ask_witnesses
from signkit.journal.tree import Tree
from signkit.journal.witness import Witness
from signkit.journal.writer import append
from signkit.model.entry import HOME
from signkit.model.report import Finding, Verdict
from signkit.ports.witness import WitnessAnswer
from signkit.store import DATABASE, open_store
from signkit.testing.clock import SteppingClock
from signkit.testing.journal import MemoryKey

from .conftest import KEY, NOW, ORIGIN, VKEY


class Home:
    """A home whose only entries are its own: enough for a log."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        open_store(folder, create=True).close()

    def add(self, count: int) -> None:
        """Append entries that nobody has written before."""
        with self._open() as store, store.write() as tx:
            for _ in range(count):
                append(tx, HOME, "noted", actor="clerk", data={}, at=NOW)

    def sign(self) -> bytes:
        """Sign the log as it stands."""
        with self._open() as store:
            return log.sign_head(store, origin=ORIGIN, key=KEY)

    def restart(self, *elsewhere: bytes) -> bytes:
        """Begin a new generation; return its first checkpoint."""
        with self._open() as store:
            log.restart(store, origin=ORIGIN, key=KEY, actor="clerk", at=NOW, elsewhere=elsewhere)
            first: bytes = store.kept_checkpoints()[0]
            return first

    def findings(self, *checkpoints: bytes) -> list[Finding]:
        """Judge the home."""
        with self._open(readonly=True) as store:
            return list(check_home(store, vkey=VKEY, checkpoints=checkpoints).findings)

    def codes(self, *checkpoints: bytes) -> set[str]:
        """Return the codes of what is found."""
        return {item.code for item in self.findings(*checkpoints)}

    def backup(self, name: str, *, whole: bool) -> None:
        """Keep a copy of the home, or of its database alone."""
        target = self.folder.parent / name
        target.mkdir()
        shutil.copy(self.folder / DATABASE, target)
        if whole and (self.folder / "checkpoint").exists():
            shutil.copy(self.folder / "checkpoint", target)

    def restore(self, name: str) -> None:
        """Put such a copy back."""
        for path in (self.folder.parent / name).iterdir():
            shutil.copy(path, self.folder)

    def _open(self, *, readonly: bool = False) -> Any:
        return contextlib.closing(open_store(self.folder, readonly=readonly))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with 50 entries signed for, a backup of it, and 50 more."""
    made = Home(tmp_path / "home")
    made.add(50)
    made.sign()
    made.backup("database", whole=False)
    made.backup("whole", whole=True)
    made.add(50)
    return made


def test_a_restart_excuses_no_rewriting(home: Home) -> None:
    """With every key a history is made anew and called restored: whoever kept a checkpoint of the old one sees it."""
    early = home.sign()
    home.add(10)
    last = home.sign()
    shutil.rmtree(home.folder)
    forged = Home(home.folder)
    forged.add(115)
    (forged.folder / "checkpoint").write_bytes(last)
    forged.restart()
    forged.add(5)
    forged.sign()
    assert forged.codes() == {"journal.home", "journal.restarted_lost"}
    for kept in (early, last):
        assert "journal.fork" in forged.codes(kept)


def test_what_was_lost_in_a_restore_is_said_and_not_passed(home: Home) -> None:
    """The survivors are compared, what came after them cannot be shown, and more than was quoted is denied."""
    survivor = (home.folder / "checkpoint").read_bytes()
    home.sign()
    home.add(10)
    middle = home.sign()
    home.add(10)
    last = home.sign()
    beyond = sign_checkpoint(ORIGIN, 130, b"r" * 32, KEY)
    another = sign_checkpoint(ORIGIN, 120, b"r" * 32, KEY)
    home.restore("database")
    home.restart()
    home.add(100)
    home.sign()
    assert home.codes() == {"journal.home", "journal.restarted_lost"}
    assert home.codes(survivor) == {"journal.home", "journal.restarted_lost"}
    for note in (middle, last):
        (finding,) = [item for item in home.findings(note) if item.verdict is not Verdict.PASSED]
        assert (finding.code, finding.verdict) == ("journal.lost", Verdict.INDETERMINATE)
    for note in (beyond, another):
        assert "journal.denied" in home.codes(note)


def test_a_restart_that_says_something_impossible_is_named(home: Home) -> None:
    """Of another log, of a number it does not have, of a generation that comes later, of another place."""
    last = home.sign()
    quoted = last.decode()
    future = sign_checkpoint(f"{ORIGIN}/2", 3, b"r" * 32, KEY).decode()
    right: dict[str, Any] = {"origin": f"{ORIGIN}/2", "generation": 2, "checkpoint": quoted, "entries": 100}
    wrong: list[dict[str, Any]] = [
        {"generation": 3},
        {"generation": "2"},
        {"entries": 99},
        {"checkpoint": future},
        {"checkpoint": quoted.replace("\n100\n", "\n99\n")},
        {"checkpoint": None},
        {"origin": "elsewhere/2"},
    ]
    home.backup("before", whole=True)
    for change in wrong:
        home.restore("before")
        with home._open() as store, store.write() as tx:
            append(tx, HOME, "log_restarted", actor="clerk", data={**right, **change}, at=NOW)
        assert "journal.restart" in home.codes(), change


def test_the_newest_checkpoint_known_is_quoted(home: Home) -> None:
    """Not the one in the home, where others have a newer one: what was signed is not denied."""
    last = home.sign()
    home.restore("whole")
    home.restart(last)
    assert home.codes() == {"journal.home", "journal.restarted_lost"}
    assert "journal.denied" not in home.codes(last)


def test_a_database_without_its_outer_checkpoint_signs_nothing(home: Home) -> None:
    """A backup of the database put back on a new disk looks whole: it goes on under a new name, or not at all."""
    last = home.sign()
    home.restore("database")
    (home.folder / "checkpoint").unlink()
    assert "journal.kept_missing" in home.codes()
    with pytest.raises(JournalForkError) as caught:
        home.sign()
    assert caught.value.code == "journal.kept_missing"
    assert b"/2\n" in home.restart()
    assert home.codes() == {"journal.home", "journal.restarted"}
    assert "journal.denied" in home.codes(last)


def test_an_older_outer_checkpoint_is_named(home: Home) -> None:
    """Somebody who cannot sign puts an old one in place, to cut the history to its size later."""
    old = (home.folder / "checkpoint").read_bytes()
    home.sign()
    (home.folder / "checkpoint").write_bytes(old)
    assert home.codes() == {"journal.kept_old"}


class Neighbour:
    """A witness in the same process, asked as over the network."""

    def __init__(self, folder: Path) -> None:
        self.vkey = witness_vkey("witness.example.se/w", MemoryKey(7).spki)
        self._folder = folder
        self.watch(ORIGIN)

    def watch(self, *origins: str) -> None:
        """Watch these logs from now on; what was seen is remembered."""
        logs = {origin: log_vkey(origin, KEY.spki) for origin in origins}
        self.witness = Witness(vkey=self.vkey, key=MemoryKey(7), logs=logs, folder=self._folder, clock=SteppingClock())

    def add_checkpoint(self, body: bytes) -> WitnessAnswer:
        """Answer."""
        answer = self.witness.add_checkpoint(body)
        return WitnessAnswer(answer.status, answer.body)


def _asked(home: Home, note: bytes, neighbour: Neighbour) -> tuple[int, set[str]]:
    with home._open() as store:
        done = ask_witnesses(store, note, witnesses=[neighbour])
    return len(done.vouched), {code for _, code in done.problems}


def test_a_witness_remembers_what_a_whole_restore_forgets(home: Home, tmp_path: Path) -> None:
    """Restored twice from one whole backup: the witness refuses each fork, and its memory names the next generation."""
    neighbour = Neighbour(tmp_path / "seen")
    assert _asked(home, home.sign(), neighbour) == (1, set())
    home.restore("whole")
    home.add(1)
    assert _asked(home, home.sign(), neighbour) == (0, {"witness.ahead"})
    second = home.restart(_memory(neighbour, ORIGIN))
    assert _asked(home, second, neighbour) == (0, {"witness.refused_404"})
    neighbour.watch(ORIGIN, f"{ORIGIN}/2")
    assert _asked(home, second, neighbour) == (1, set())
    home.add(5)
    assert _asked(home, home.sign(), neighbour) == (1, set())

    home.restore("whole")
    forked = home.restart(_memory(neighbour, ORIGIN))
    assert forked.startswith(f"{ORIGIN}/2\n".encode())
    assert _asked(home, forked, neighbour)[0] == 0
    third = home.restart(_memory(neighbour, f"{ORIGIN}/2"))
    assert third.startswith(f"{ORIGIN}/3\n".encode())
    neighbour.watch(ORIGIN, f"{ORIGIN}/2", f"{ORIGIN}/3")
    assert _asked(home, third, neighbour) == (1, set())


def _memory(neighbour: Neighbour, origin: str) -> bytes:
    return neighbour.witness._path(origin).read_bytes()


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_order_of_backups_and_restores_forks_the_log(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """While the checkpoint outside the database is kept, every two checkpoints of one name are consistent."""
    home = Home(tmp_path_factory.mktemp("restored") / "home")
    signed: list[tuple[Checkpoint, Callable[[int], bytes]]] = []
    backups: list[str] = []

    def keep(note: bytes) -> None:
        checkpoint = verify_checkpoint(note, VKEY, generations=True)
        with home._open() as store, store.read() as tx:
            tree = Tree(tx)
            roots = {size: tree.root(size) for size in range(1, checkpoint.size + 1)}
        signed.append((checkpoint, roots.__getitem__))

    home.add(2)
    keep(home.sign())
    steps = st.lists(st.sampled_from(["add", "sign", "backup", "restore"]), min_size=3, max_size=10)
    for step in [*data.draw(steps), "sign"]:
        if step == "add":
            home.add(data.draw(st.integers(1, 5)))
        elif step == "backup":
            backups.append(f"b{len(backups)}")
            home.backup(backups[-1], whole=False)
        elif step == "restore" and backups:
            home.restore(data.draw(st.sampled_from(backups)))
        else:
            try:
                keep(home.sign())
            except JournalForkError:
                keep(home.restart())
    for at, (older, _) in enumerate(signed):
        for newer, root in signed[at:]:
            if older.origin == newer.origin:
                assert older.size <= newer.size
                assert root(older.size) == older.root
    assert not {"journal.fork", "journal.denied", "journal.restart"} & home.codes()


def test_a_checkpoint_row_of_another_time_is_named(home: Home) -> None:
    """The table of checkpoints is no way round the file outside."""
    home.sign()
    database = sqlite3.connect(home.folder / DATABASE)
    database.execute("UPDATE checkpoints SET note = ? WHERE id = 2", (sign_checkpoint(ORIGIN, 99, b"r" * 32, KEY),))
    database.commit()
    database.close()
    assert home.codes() == {"journal.fork"}


def test_a_database_from_before_the_first_signing_remembers_none(tmp_path: Path) -> None:
    """A limit that is told: with the file beside it gone too, only who kept a checkpoint sees the fork."""
    home = Home(tmp_path / "home")
    home.add(5)
    home.backup("early", whole=True)
    home.add(5)
    kept = home.sign()
    (home.folder / "checkpoint").unlink()
    home.restore("early")
    home.add(5)
    home.sign()
    assert home.codes() == {"journal.home"}
    assert home.codes(kept) == {"journal.fork"}
