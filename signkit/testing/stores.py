"""The conformance suite for stores: what every implementation of the store port must do, ours and a stranger's.

Subclass :class:`StoreConformance` in a test module, name the class ``Test…`` and say how a store comes about. The suite
needs no network and no pytest feature but collection and ``tmp_path``; version 1 will not change its meaning::

    class TestMine(StoreConformance):
        def open_store(self, folder): return MyStore(folder)

What is not here: durability over a power cut, and how a store is made fast.
"""

from __future__ import annotations

import abc
import contextlib
import functools
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from signkit import canonical
from signkit.errors import DocumentChangedError, SignkitError, StoreLockedError
from signkit.model.entry import HOME, Entry
from signkit.ports.store import Store, StoredEntry, WriteTransaction

__all__ = ["StoreConformance", "add", "entry_after"]

_START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def entry_after(head: StoredEntry | None, envelope: str, *, number: int = 0) -> Entry:
    """Return an entry that may follow ``head``."""
    return Entry(
        envelope=envelope,
        seq=0 if head is None else head.entry.seq + 1,
        at=_START + timedelta(seconds=number),
        type="created" if head is None else "changed",
        actor="clerk",
        data={"number": number, "text": "Åre"},
        nonce=f"{number:032x}",
        prev=None if head is None else canonical.digest_text(head.digest),
    )


def add(tx: WriteTransaction, envelope: str, count: int = 1) -> list[StoredEntry]:
    """Append ``count`` entries to an envelope and return them."""
    added: list[StoredEntry] = []
    for _ in range(count):
        head = tx.head(envelope)
        entry = entry_after(head, envelope, number=tx.size())
        added.append(tx.append(entry, after=None if head is None else head.digest))
    return added


def _stop() -> None:
    raise ZeroDivisionError


def _refused(error: type[SignkitError], action: Callable[[], object]) -> str:
    """Return the code with which ``action`` is refused."""
    try:
        action()
    except error as exc:
        return exc.code
    raise AssertionError(f"no {error.__name__}")


class StoreConformance(abc.ABC):
    """Version 1 of the suite."""

    @abc.abstractmethod
    def open_store(self, folder: Path) -> Store:
        """Return a store that keeps its files in ``folder``; the same folder again is the same store."""

    def test_a_new_store_is_empty(self, tmp_path: Path) -> None:
        """Nothing is in a store before something was put there."""
        store = self.open_store(tmp_path)
        store.check()
        with store.read() as tx:
            assert tx.size() == 0
            assert tx.head("e1") is None
            assert tx.entries("e1") == []
            assert list(tx.leaves()) == []
            assert tx.envelopes() == []
            assert tx.openings("e1") == {}
            assert tx.evidence("e1") == {}
            assert tx.projection("e1") is None
            assert tx.checkpoint() is None
            assert tx.opened() == set()
            assert tx.tile(1, 0) == b""
            assert tx.tiles() == set()

    def test_entries_are_numbered_and_come_back(self, tmp_path: Path) -> None:
        """Entries of several envelopes share one numbering without gaps and return byte for byte."""
        store = self.open_store(tmp_path)
        with store.write() as tx:
            stored = [*add(tx, "e1", 2), *add(tx, "e2", 1), *add(tx, "e1", 1), *add(tx, HOME, 1)]
        store.close()
        with self.open_store(tmp_path).read() as tx:
            assert [item.index for item in stored] == [0, 1, 2, 3, 4]
            assert tx.entries("e1") == [stored[0], stored[1], stored[3]]
            assert tx.entries("e1", 1, 2) == [stored[1]]
            assert tx.entries("e1", 0, 0) == []
            assert tx.head("e2") == stored[2]
            assert list(tx.leaves()) == [item.digest for item in stored]
            assert list(tx.leaves(1, 3)) == [item.digest for item in stored[1:3]]
            assert [row.raw for row in tx.rows(3)] == [item.raw for item in stored[3:]]
            assert all(canonical.digest(item.raw) == item.digest for item in stored)
            assert tx.envelopes() == ["e2", "e1"]

    def test_envelopes_are_found_by_prefix_and_state(self, tmp_path: Path) -> None:
        """Prefixes are compared letter by letter, wild cards are letters too, and a state is what was last put."""
        store = self.open_store(tmp_path)
        with store.write() as tx:
            for envelope in ("abc", "aBd", "a_e", "b"):
                add(tx, envelope)
                tx.put_projection(envelope, "draft", {"id": envelope})
            tx.put_projection("abc", "sent", {"id": "abc", "sent": True})
        with store.read() as tx:
            assert tx.envelopes(prefix="ab") == ["abc"]
            assert tx.envelopes(prefix="a_") == ["a_e"]
            assert tx.envelopes(prefix="%") == []
            assert tx.envelopes(state="draft") == ["b", "a_e", "aBd"]
            assert tx.envelopes(prefix="a", state="sent") == ["abc"]
            assert tx.projection("abc") == {"id": "abc", "sent": True}
            assert tx.states() == {"abc": "sent", "aBd": "draft", "a_e": "draft", "b": "draft"}

    def test_append_compares_and_swaps(self, tmp_path: Path) -> None:
        """An entry that does not follow the head is refused as moved, whatever is wrong with it."""
        store = self.open_store(tmp_path)
        with store.write() as tx:
            first, second = add(tx, "e1", 2)
        with store.write() as tx:
            late = entry_after(first, "e1", number=9)
            again = entry_after(None, "e1", number=9)
            ahead = entry_after(second, "e1", number=9)
            for entry, after in ((late, first.digest), (again, None), (ahead, None), (ahead, first.digest)):
                attempt = functools.partial(tx.append, entry, after=after)
                assert _refused(StoreLockedError, attempt) == "store.moved"
            assert _refused(StoreLockedError, lambda: tx.append(entry_after(first, "e2"), after=first.digest))
            assert tx.append(ahead, after=second.digest).index == 2

    def test_a_block_that_raises_changes_nothing(self, tmp_path: Path) -> None:
        """Everything in a block is undone together, and the numbers are used again."""
        store = self.open_store(tmp_path)
        with contextlib.suppress(ZeroDivisionError), store.write() as tx:
            add(tx, "e1", 3)
            tx.put_opening("e1", "key", "secret")
            tx.put_evidence("e1", b"evidence")
            _stop()
        with store.write() as tx:
            assert (tx.size(), tx.openings("e1"), tx.evidence("e1")) == (0, {}, {})
            assert add(tx, "e1")[0].index == 0

    def test_readers_see_one_instant(self, tmp_path: Path) -> None:
        """A view that has begun does not change when somebody writes."""
        store = self.open_store(tmp_path)
        with store.write() as tx:
            add(tx, "e1")
        with store.read() as view:
            assert view.size() == 1
            with store.write() as tx:
                add(tx, "e1")
            assert view.size() == 1
            assert len(view.entries("e1")) == 1
        with store.read() as view:
            assert view.size() == 2

    def test_openings_can_be_replaced_and_erased(self, tmp_path: Path) -> None:
        """Openings belong to one envelope and go when told to; entries stay."""
        store = self.open_store(tmp_path)
        with store.write() as tx:
            add(tx, "e1")
            for envelope in ("e1", "e2"):
                tx.put_opening(envelope, "key", "00" * 32)
                tx.put_opening(envelope, "name:s1", {"salt": "x", "value": "Åsa Ödlund"})
            tx.put_opening("e1", "key", "11" * 32)
        with store.write() as tx:
            assert tx.openings("e1") == {"key": "11" * 32, "name:s1": {"salt": "x", "value": "Åsa Ödlund"}}
            assert tx.delete_openings("e1", ["key", "none"]) == 1
            assert list(tx.openings("e1")) == ["name:s1"]
            assert tx.delete_openings("e1") == 1
            assert tx.delete_openings("e1") == 0
        with store.read() as tx:
            assert tx.openings("e1") == {}
            assert len(tx.openings("e2")) == 2
            assert tx.opened() == {"e2"}
            assert tx.size() == 1

    def test_evidence_is_kept_byte_for_byte(self, tmp_path: Path) -> None:
        """Evidence comes back as it was, once however often it is put, and can be erased."""
        store = self.open_store(tmp_path)
        data = bytes(range(256)) * 40
        with store.write() as tx:
            digest = tx.put_evidence("e1", data)
            assert tx.put_evidence("e1", data) == digest
            tx.put_evidence("e1", b"")
        with store.write() as tx:
            assert tx.evidence("e1")[digest] == data
            assert tx.opened() == {"e1"}
            assert digest == canonical.digest_text(canonical.digest(data))
            assert tx.delete_evidence("e1") == 2
            assert tx.evidence("e1") == {}

    def test_checkpoints_come_newest_first(self, tmp_path: Path) -> None:
        """A token joins its note later without making it newer; cosignatures replace the note."""
        store = self.open_store(tmp_path)
        with store.write() as tx:
            tx.put_checkpoint(b"log\n1\nroot\n\nsig\n", None)
            tx.put_checkpoint(b"log\n2\nroot\n\nsig\n", None)
            tx.put_checkpoint(b"log\n1\nroot\n\nsig\nmore\n", b"token")
            tx.put_checkpoint(b"log\n1\nroot\n\nsig\nmore\n", None)
        with store.read() as tx:
            assert tx.checkpoint() == b"log\n2\nroot\n\nsig\n"
            newest, oldest = tx.checkpoints()
            assert (newest.token, oldest.token, oldest.note) == (None, b"token", b"log\n1\nroot\n\nsig\nmore\n")
            assert len(tx.checkpoints(limit=1)) == 1

    def test_tiles_are_kept_by_level_and_number(self, tmp_path: Path) -> None:
        """A longer tile replaces a shorter one."""
        store = self.open_store(tmp_path)
        with store.write() as tx:
            tx.put_tile(1, 0, b"a" * 32)
            tx.put_tile(1, 0, b"a" * 64)
            tx.put_tile(2, 0, b"b" * 32)
            assert tx.tile(1, 0) == b"a" * 64
            assert tx.tile(2, 0) == b"b" * 32
            assert tx.tiles() == {(1, 0), (2, 0)}

    def test_a_checkpoint_is_kept_outside(self, tmp_path: Path) -> None:
        """The outer checkpoint is the last one kept, and survives the store."""
        store = self.open_store(tmp_path)
        assert store.kept_checkpoints() == ()
        store.keep_checkpoint(b"first")
        store.keep_checkpoint(b"second")
        store.close()
        assert self.open_store(tmp_path).kept_checkpoints() == (b"second",)

    def test_objects_are_what_their_digest_says(self, tmp_path: Path) -> None:
        """Documents are put, adopted, found, compared and removed by digest; only the owner may read them."""
        objects = self.open_store(tmp_path).objects
        source = tmp_path / "källa.pdf"
        source.write_bytes(b"%PDF-1.7 " + b"x" * 3_000_000)
        digest = objects.put(source)
        assert objects.put(source) == digest
        assert objects.path(digest).read_bytes() == source.read_bytes()
        assert stat.S_IMODE(objects.path(digest).stat().st_mode) == 0o600
        objects.check(digest)
        small = objects.put_bytes(b"small")
        assert list(objects.digests()) == sorted([digest, small])
        with objects.workspace() as folder:
            made = folder / "made.pdf"
            made.write_bytes(b"made")
            assert _refused(DocumentChangedError, lambda: objects.adopt(made, small))
            assert made.exists()
            adopted = canonical.digest_text(canonical.digest(b"made"))
            objects.adopt(made, adopted)
            assert not made.exists()
            assert objects.leftovers() == []
        assert not folder.exists()
        objects.path(adopted).write_bytes(b"changed")
        assert _refused(DocumentChangedError, lambda: objects.check(adopted))
        objects.remove(adopted)
        objects.remove(adopted)
        assert _refused(DocumentChangedError, lambda: objects.path(adopted))
        assert _refused(DocumentChangedError, lambda: objects.path("../../etc/passwd"))

    def test_closing_twice_is_closing_once(self, tmp_path: Path) -> None:
        """A store may be closed again."""
        store = self.open_store(tmp_path)
        store.close()
        store.close()
