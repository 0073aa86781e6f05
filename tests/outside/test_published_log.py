"""A published log, read by libraries that nobody here wrote, over a plain web server."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from signkit.journal import log
from signkit.journal.checkpoint import log_vkey
from signkit.journal.cosigning import ask_witnesses
from signkit.journal.publish import FolderSink, publish
from signkit.ports.witness import WitnessService
from signkit.store import SqlStore, open_store
from signkit.testing.journal import MemoryKey
from signkit.testing.stores import add
from signkit_providers.witness import HttpWitness

pytestmark = pytest.mark.judge

ORIGIN = "signkit.example.se/journal"
KEY = MemoryKey(1)
VKEY = log_vkey(ORIGIN, KEY.spki)
PROVED = (0, 17, 255, 256, 299)


@pytest.fixture
def store(tmp_path: Path) -> SqlStore:
    """An empty home."""
    return open_store(tmp_path / "home", create=True)


def grow(store: SqlStore, folder: Path, size: int, *, witnesses: tuple[WitnessService, ...] = ()) -> bytes:
    """Append until the log has ``size`` entries, sign, ask, and publish, with proofs of some entries."""
    with store.write() as tx:
        add(tx, "e1", size - tx.size())
    note = ask_witnesses(store, log.sign_head(store, origin=ORIGIN, key=KEY), witnesses=witnesses).note
    with store.read() as tx:
        publish(tx, FolderSink(folder), note=note, vkey=VKEY, proofs=[at for at in PROVED if at < size])
    return note


def leaves(store: SqlStore) -> list[str]:
    """Return the digests of all entries."""
    with store.read() as tx:
        return [leaf.hex() for leaf in tx.leaves(0, tx.size())]


@pytest.mark.parametrize("size", [1, 255, 256, 257, 600])
def test_strangers_read_every_entry(
    store: SqlStore, tmp_path: Path, outside: Callable[..., Any], served: Callable[[Path], str], size: int
) -> None:
    """The checkpoint opens, each entry is proved and is ours, and all tiles are as the entries make them."""
    folder = tmp_path / "www"
    grow(store, folder, size)
    address = served(folder)
    assert outside("read", address, VKEY) == {"origin": ORIGIN, "size": size, "leaves": leaves(store)}
    assert outside("fsck", address, VKEY) == "whole"


def test_strangers_prove_that_it_grew(
    store: SqlStore, tmp_path: Path, outside: Callable[..., Any], served: Callable[[Path], str]
) -> None:
    """Each older checkpoint is consistent with the newest; a checkpoint of a rewritten log is not."""
    folder = tmp_path / "www"
    kept = tmp_path / "kept"
    address = served(folder)
    for size in (3, 256, 300, 513):
        note = grow(store, folder, size)
        (tmp_path / f"{size}").write_bytes(note)
    for size in (3, 256, 300, 513):
        assert outside("grown", address, VKEY, tmp_path / f"{size}") == {"old": size, "new": 513}
    other = open_store(tmp_path / "other", create=True)
    with other.write() as tx:
        add(tx, "another", 300)
    kept.write_bytes(log.sign_head(other, origin=ORIGIN, key=KEY))
    with pytest.raises(AssertionError, match=r"invalid|mismatch|proof"):
        outside("grown", address, VKEY, kept)


def test_strangers_see_what_was_altered(
    store: SqlStore, tmp_path: Path, outside: Callable[..., Any], served: Callable[[Path], str]
) -> None:
    """A changed entry, a changed tile and another key are refused by them too."""
    folder = tmp_path / "www"
    grow(store, folder, 300)
    for path in ("tile/entries/000", "tile/0/000", "tile/1/000.p/1"):
        shutil.copytree(folder, tmp_path / "altered", dirs_exist_ok=True)
        data = (folder / path).read_bytes()
        (tmp_path / "altered" / path).write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        address = served(tmp_path / "altered")
        for command in ("read", "fsck"):
            with pytest.raises(AssertionError):
                outside(command, address, VKEY)
    with pytest.raises(AssertionError, match="no verifiable signatures"):
        outside("read", served(folder), log_vkey(ORIGIN, MemoryKey(2).spki))


def test_strangers_verify_our_proofs_with_their_policy(
    store: SqlStore, tmp_path: Path, outside: Callable[..., Any], litewitness: Any
) -> None:
    """A .tlog-proof holds for torchwood: the log's signature, the witness's, and the place; for no other entry."""
    folder, entry, policy = tmp_path / "www", tmp_path / "entry", tmp_path / "policy"
    witness = litewitness.vkey
    policy.write_text(f"log {VKEY}\nwitness w1 {witness}\nquorum w1\n")
    with litewitness.run() as url:
        litewitness.watch(VKEY)
        grow(store, folder, 300, witnesses=(HttpWitness(url=url, vkey=witness),))
    with store.read() as tx:
        rows = tx.entries("e1")
    for number in PROVED:
        entry.write_bytes(rows[number].raw)
        proof = folder / "proof" / f"{rows[number].digest.hex()}.tlog-proof"
        assert outside("proof", proof, policy, entry) == "proved"
        entry.write_bytes(rows[number - 1].raw)
        with pytest.raises(AssertionError, match="inclusion proof verification failed"):
            outside("proof", proof, policy, entry)
    unseen = policy.with_name("unseen")
    unseen.write_text(f"log {VKEY}\nwitness w2 {log_vkey('a.example', MemoryKey(9).spki)}\nquorum w2\n")
    with pytest.raises(AssertionError):
        outside("proof", proof, unseen, entry)
