"""The log of a home: kept as tiles, signed, anchored, and never forked by a restored backup."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signkit.errors import JournalCorruptError, JournalError, JournalForkError
from signkit.journal import log
from signkit.journal.checkpoint import log_vkey, parse_checkpoint, verify_checkpoint
from signkit.journal.merkle import fold_root, leaf_hash, verify_consistency
from signkit.journal.proof import Inclusion
from signkit.journal.reader import current_log, require_whole
from signkit.journal.tree import Tree
from signkit.journal.writer import append, grow
from signkit.model.entry import HOME
from signkit.ports.keys import SigningKey
from signkit.ports.store import StoredEntry
from signkit.ports.timestamper import Timestamper
from signkit.store import DATABASE, SqlStore, open_store
from signkit.testing.stores import add

NOW = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)


class Leaves:
    """Stands for a store with many leaves, without the entries."""

    def __init__(self, count: int) -> None:
        self.all = [number.to_bytes(32, "big") for number in range(count)]
        self.tiles: dict[tuple[int, int], bytes] = {}
        self.read = 0

    def size(self) -> int:
        """Count the leaves."""
        return len(self.all)

    def leaves(self, start: int = 0, stop: int | None = None) -> object:
        """Give leaves, and count how many were asked for."""
        chosen = self.all[start:stop]
        self.read += len(chosen)
        return iter(chosen)

    def tile(self, level: int, number: int) -> bytes:
        """Return a tile."""
        return self.tiles.get((level, number), b"")

    def put_tile(self, level: int, number: int, hashes: bytes) -> None:
        """Keep a tile."""
        self.tiles[level, number] = hashes


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 513, 66_000])
def test_tiles_give_the_same_tree(size: int) -> None:
    """Roots and proofs from tiles are those computed from all leaves, kept or not."""
    source = Leaves(size)
    hashes = [leaf_hash(leaf) for leaf in source.all]
    for kept in (False, True):
        if kept:
            grow(source)  # type: ignore[arg-type]
        tree = Tree(source)  # type: ignore[arg-type]
        assert tree.size == size
        assert tree.root() == fold_root(hashes)
        for old in {0, 1, size // 2, size - size % 256, size}:
            if 0 <= old <= size:
                root = tree.root(old)
                assert root == fold_root(hashes[:old])
                proof = tree.consistency(old)
                assert verify_consistency(old=old, new=size, proof=proof, old_root=root, new_root=tree.root())


def test_a_proof_reads_few_leaves() -> None:
    """With tiles kept, root and proof of a large tree read two tiles of leaves at most."""
    source = Leaves(200_100)
    grow(source)  # type: ignore[arg-type]
    source.read = 0
    tree = Tree(source)  # type: ignore[arg-type]
    tree.root()
    tree.inclusion(77_777)
    assert source.read <= 2 * 256
    assert sum(map(len, source.tiles.values())) < 200_100 // 256 * 33 + 96


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 300), min_size=1, max_size=6), st.data())
def test_growing_step_by_step_is_growing_at_once(steps: list[int], data: st.DataObject) -> None:
    """However the tree grew, its tiles and proofs are the same."""
    source = Leaves(0)
    for step in steps:
        source.all += [number.to_bytes(32, "big") for number in range(len(source.all), len(source.all) + step)]
        grow(source)  # type: ignore[arg-type]
    whole = Leaves(len(source.all))
    grow(whole)  # type: ignore[arg-type]
    assert source.tiles == whole.tiles
    index = data.draw(st.integers(0, len(source.all) - 1))
    size = data.draw(st.integers(index + 1, len(source.all)))
    tree = Tree(source)  # type: ignore[arg-type]
    checkpoint_root = fold_root(leaf_hash(leaf) for leaf in source.all[:size])
    assert tree.root(size) == checkpoint_root


def test_sign_anchor_and_prove(store: SqlStore, key: SigningKey, origin: str, timestamper: Timestamper) -> None:
    """A checkpoint is kept twice, its text is what is timestamped, and every entry can be proved in it."""
    with store.write() as tx:
        stored = add(tx, "e1", 5)
    anchored = log.anchor(store, origin=origin, key=key, timestamper=timestamper)
    checkpoint = verify_checkpoint(anchored.note, log_vkey(origin, key.spki))
    assert checkpoint.size == 5
    assert anchored.token == b"sha256" + checkpoint.imprint
    assert store.kept_checkpoints() == (anchored.note,)
    with store.read() as tx:
        assert [(item.note, item.token) for item in tx.checkpoints()] == [(anchored.note, anchored.token)]
    for item in stored:
        proof = log.prove(store, item.index, origin=origin, checkpoint=checkpoint)
        assert Inclusion.from_json(proof.to_json()).holds(item.digest, checkpoint=checkpoint)
    with store.write() as tx:
        (later,) = add(tx, "e1")
    with pytest.raises(JournalError) as caught:
        log.prove(store, later.index, origin=origin, checkpoint=checkpoint)
    assert caught.value.code == "journal.not_covered"


def test_an_empty_log_is_not_signed(store: SqlStore, key: SigningKey, origin: str) -> None:
    """There is nothing to say about nothing."""
    with pytest.raises(JournalError) as caught:
        log.sign_head(store, origin=origin, key=key)
    assert caught.value.code == "journal.empty"
    assert store.kept_checkpoints() == ()


@pytest.fixture
def restored(tmp_path: Path, key: SigningKey, origin: str) -> SqlStore:
    """A home whose database was put back to 300 entries after 700 had been signed for."""
    home = tmp_path / "old"
    store = open_store(home, create=True)
    with store.write() as tx:
        add(tx, "e1", 300)
    log.sign_head(store, origin=origin, key=key)
    store.close()
    shutil.copy(home / DATABASE, tmp_path / "backup")
    store = open_store(home)
    with store.write() as tx:
        add(tx, "e1", 400)
    log.sign_head(store, origin=origin, key=key)
    store.close()
    shutil.copy(tmp_path / "backup", home / DATABASE)
    return open_store(home)


def test_a_restored_backup_never_forks_the_log(restored: SqlStore, key: SigningKey, origin: str) -> None:
    """It is not signed, neither at once nor when it has grown past the checkpoint with other entries."""
    with pytest.raises(JournalForkError) as caught:
        log.sign_head(restored, origin=origin, key=key)
    assert caught.value.code == "journal.behind"
    assert caught.value.hint
    with restored.write() as tx:
        for number in range(500):
            append(tx, "e2", "other", actor="clerk", data={"n": number}, at=NOW)
    with pytest.raises(JournalForkError) as caught:
        log.sign_head(restored, origin=origin, key=key)
    assert caught.value.code == "journal.fork"


def test_a_new_generation_quotes_the_old(restored: SqlStore, key: SigningKey, origin: str) -> None:
    """After a restart the log goes on under a new name whose first entry holds the last checkpoint of the old one."""
    kept = restored.kept_checkpoints()[0]
    first = log.restart(restored, origin=origin, key=key, actor="clerk", at=NOW)
    assert first.entry.envelope == HOME
    assert first.entry.data == {
        "origin": f"{origin}/2",
        "generation": 2,
        "checkpoint": kept.decode(),
        "entries": 300,
    }
    with restored.write() as tx:
        stored: list[StoredEntry] = add(tx, "e1", 3)
    note = log.sign_head(restored, origin=origin, key=key)
    checkpoint = verify_checkpoint(note, log_vkey(origin, key.spki), generations=True)
    assert (checkpoint.origin, checkpoint.size) == (f"{origin}/2", 304)
    proof = log.prove(restored, stored[-1].index, origin=origin, checkpoint=checkpoint)
    assert proof.index == 303
    assert proof.holds(stored[-1].digest, checkpoint=checkpoint)
    with restored.read() as tx:
        survivor = tx.entries("e1")[0]
    assert log.prove(restored, 0, origin=origin, checkpoint=checkpoint).holds(survivor.digest, checkpoint=checkpoint)
    with pytest.raises(JournalError) as caught:
        log.restart(restored, origin=origin, key=key, actor="clerk", at=NOW)
    assert caught.value.code == "journal.not_behind"


def test_a_second_restore_makes_a_third_generation(
    restored: SqlStore, key: SigningKey, origin: str, tmp_path: Path
) -> None:
    """Even when the restored database knows nothing of the second."""
    home = tmp_path / "old"
    restored.close()
    shutil.copy(home / DATABASE, home / "copy")
    store = open_store(home)
    log.restart(store, origin=origin, key=key, actor="clerk", at=NOW)
    store.close()
    shutil.copy(home / "copy", home / DATABASE)
    store = open_store(home)
    with pytest.raises(JournalForkError):
        log.sign_head(store, origin=origin, key=key)
    first = log.restart(store, origin=origin, key=key, actor="clerk", at=NOW)
    assert first.entry.data["origin"] == f"{origin}/3"
    with store.read() as tx:
        assert current_log(tx, origin=origin).generation == 3


def test_a_crash_between_restart_and_first_checkpoint(restored: SqlStore, key: SigningKey, origin: str) -> None:
    """When only the entry was written, the next signing goes on with the new generation."""
    kept = restored.kept_checkpoints()[0]
    log.restart(restored, origin=origin, key=key, actor="clerk", at=NOW)
    restored.keep_checkpoint(kept)
    assert parse_checkpoint(log.sign_head(restored, origin=origin, key=key)).origin == f"{origin}/2"


def test_the_database_own_checkpoint_counts_too(store: SqlStore, key: SigningKey, origin: str, tmp_path: Path) -> None:
    """Entries changed behind the triggers are noticed even when the outer checkpoint is lost."""
    with store.write() as tx:
        add(tx, "e1", 3)
    log.sign_head(store, origin=origin, key=key)
    with store.write() as tx:
        raw = tx._connection.connection.driver_connection
        assert raw is not None
        raw.execute("DROP TRIGGER entries_no_update")
        raw.execute("UPDATE entries SET digest = zeroblob(32) WHERE idx = 1")
    (tmp_path / "home" / "checkpoint").unlink()
    with store.read() as tx, pytest.raises(JournalForkError):
        require_whole(tx, kept=store.kept_checkpoints(), vkey=log_vkey(origin, key.spki))


def test_a_stranger_checkpoint_stops_signing(
    store: SqlStore, key: SigningKey, other_key: SigningKey, origin: str
) -> None:
    """An outer checkpoint of another key or one that is damaged is no permission to sign."""
    with store.write() as tx:
        add(tx, "e1", 3)
    log.sign_head(store, origin=origin, key=key)
    note = store.kept_checkpoints()[0]
    for wrong in (note[:-9], b"rubbish", note.replace(b"\n3\n", b"\n2\n")):
        store.keep_checkpoint(wrong)
        with pytest.raises(JournalCorruptError):
            log.sign_head(store, origin=origin, key=key)
    store.keep_checkpoint(note)
    with pytest.raises(JournalCorruptError):
        log.sign_head(store, origin=origin, key=other_key)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sizes=st.lists(st.integers(1, 30), min_size=1, max_size=4))
def test_checkpoints_are_consistent_with_each_other(
    tmp_path_factory: pytest.TempPathFactory, key: SigningKey, origin: str, sizes: list[int]
) -> None:
    """Whatever happens between them, each checkpoint is a prefix of the next, across restarts of the process."""
    home = tmp_path_factory.mktemp("home")
    notes = []
    for size in sizes:
        store = open_store(home, create=True)
        with store.write() as tx:
            add(tx, "e1", size)
        notes.append(parse_checkpoint(log.sign_head(store, origin=origin, key=key)))
        with store.read() as tx:
            tree = Tree(tx)
            for older in notes:
                proof = tree.consistency(older.size)
                assert verify_consistency(
                    old=older.size, new=tree.size, proof=proof, old_root=older.root, new_root=tree.root()
                )
        store.close()
