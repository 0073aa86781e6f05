"""A home judged: what is whole passes; histories rewritten, documents changed and what was erased are named."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from signkit import canonical
from signkit.audit.home import check_home
from signkit.errors import StoreError
from signkit.journal import log
from signkit.journal.checkpoint import sign_checkpoint
from signkit.journal.writer import append
from signkit.model.entry import ERASED, HOME
from signkit.store import DATABASE, open_store

from .conftest import KEY, NOW, ORIGIN, VKEY, codes


def test_a_whole_home_is_sound(home: Path) -> None:
    """One finding that counts what was examined; judging writes nothing."""
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    store = open_store(home, readonly=True)
    report = check_home(store, vkey=VKEY)
    (finding,) = report.findings
    assert finding.code == "journal.home"
    assert finding.params == {"entries": 604, "envelopes": 2, "documents": 2}
    assert (report.orphans, report.leftovers) == ((), ())
    store.close()
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == before


def test_an_outer_checkpoint_that_says_nothing_is_named(home: Path) -> None:
    """An empty file is no checkpoint, and one that would be waited for is not waited for."""
    (home / "checkpoint").write_bytes(b"")
    assert "journal.note" in codes(home)
    (home / "checkpoint").unlink()
    os.mkfifo(home / "checkpoint")
    with pytest.raises(StoreError):
        codes(home)


def _rewrite(home: Path) -> None:
    """Rewrite the whole history consistently, as somebody with the database but not the key would."""
    store = open_store(home)
    with store.read() as tx:
        entries = list(tx.rows())
        values = {name: tx.openings(name) for name in ("aaa", "bbb")}
    store.close()
    fresh = open_store(home / "fresh", create=True)
    with fresh.write() as tx:
        for row in entries:
            value = canonical.decode(row.raw)
            append(tx, row.envelope, value["type"], actor=value["actor"], data=value["data"], at=NOW)
        for name, openings in values.items():
            tx.put_projection(name, "draft", None)
            tx.put_evidence(name, b"evidence")
            for key, item in openings.items():
                tx.put_opening(name, key, item)
    fresh.close()
    (home / "fresh" / DATABASE).replace(home / DATABASE)


def test_a_rewritten_history_contradicts_its_checkpoint(home: Path) -> None:
    """A history made anew is a perfect chain; the checkpoint kept outside still finds it."""
    _rewrite(home)
    assert codes(home) == {"journal.fork"}


def test_a_history_rewritten_by_its_operator_needs_an_older_checkpoint(home: Path) -> None:
    """With the key and the outer file changed too nothing here can see it; a checkpoint that a witness kept does."""
    witnessed = (home / "checkpoint").read_bytes()
    _rewrite(home)
    (home / "checkpoint").unlink()
    store = open_store(home)
    log.sign_head(store, origin=ORIGIN, key=KEY)
    store.close()
    assert codes(home) == {"journal.home"}
    assert codes(home, checkpoints=(witnessed,)) == {"journal.fork"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda path: path.write_bytes(b"changed"), "journal.object_changed"),
        (lambda path: path.unlink(), "journal.object_missing"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "journal.object_changed"),
    ],
    ids=["changed", "gone", "cut"],
)
def test_documents_are_compared(home: Path, change: Callable[[Path], object], code: str) -> None:
    """A document that is changed, cut or gone is named."""
    change(next(path for path in (home / "objects").rglob("*") if path.is_file()))
    assert codes(home) == {code}


def test_a_checkpoint_of_the_future_or_of_a_stranger(home: Path) -> None:
    """A checkpoint given by hand that covers more, or that another key signed, is told."""
    ahead = sign_checkpoint(ORIGIN, 9999, b"r" * 32, KEY)
    later = sign_checkpoint(f"{ORIGIN}/2", 1, b"r" * 32, KEY)
    assert codes(home, checkpoints=(ahead,)) == {"journal.behind"}
    assert codes(home, checkpoints=(later,)) == {"journal.behind"}
    assert codes(home, checkpoints=(ahead[:-10] + b"AAAAAAAAA\n",)) & {"journal.note", "journal.checkpoint_signature"}


def test_what_was_erased_is_not_missing(home: Path) -> None:
    """After an erasure that the home's journal tells, absent openings and evidence are as they should be."""
    store = open_store(home)
    with store.write() as tx:
        tx.delete_openings("aaa")
        tx.delete_evidence("aaa")
        append(tx, HOME, ERASED, actor="clerk", data={"envelope": "aaa"}, at=NOW)
    store.close()
    assert codes(home) == {"journal.home"}


def test_what_was_erased_is_gone(home: Path) -> None:
    """Names that lie there although the journal says that they were erased are told: nobody may have them."""
    store = open_store(home)
    with store.write() as tx:
        append(tx, HOME, ERASED, actor="clerk", data={"envelope": "aaa"}, at=NOW)
    store.close()
    assert codes(home) == {"journal.opening_back"}


def test_leftovers_and_orphans_are_told_and_harmless(home: Path) -> None:
    """A document nobody names and a dead workspace do not make a home unsound."""
    store = open_store(home)
    orphan = store.objects.put_bytes(b"orphan")
    (home / "work" / "dead").mkdir(parents=True)
    report = check_home(store, vkey=VKEY)
    assert report.sound
    assert report.orphans == (orphan,)
    assert [path.name for path in report.leftovers] == ["dead"]
    store.close()
