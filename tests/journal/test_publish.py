"""A published log: files that strangers can check, with our own auditor and with nothing but openssl and sha256sum."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signkit.audit.published import check_published
from signkit.errors import JournalError, JournalForkError
from signkit.journal import log
from signkit.journal.checkpoint import log_vkey, parse_checkpoint, sign_checkpoint
from signkit.journal.proof import TlogProof
from signkit.journal.publish import FolderSink, Published, publish
from signkit.journal.tiles import proof_path, tile_path, tile_resources
from signkit.journal.tree import Tree
from signkit.model.report import Verdict
from signkit.ports.keys import SigningKey
from signkit.store import SqlStore, open_store
from signkit.testing.pages import commands_of, follow
from signkit.testing.stores import add
from signkit.texts import text


def codes(folder: Path, vkey: str, *older: bytes) -> set[str]:
    """Return what the auditor says."""
    return {finding.code for finding in check_published(folder, vkey=vkey, checkpoints=older)}


def put_out(store: SqlStore, folder: Path, origin: str, key: SigningKey, *, proofs: tuple[int, ...] = ()) -> Published:
    """Sign the log as it stands and publish it."""
    note = log.sign_head(store, origin=origin, key=key)
    with store.read() as tx:
        return publish(tx, FolderSink(folder), note=note, vkey=log_vkey(origin, key.spki), proofs=proofs)


def test_paths_are_those_of_the_specification() -> None:
    """The examples of C2SP tlog-tiles."""
    assert tile_path(0, 1234067) == "tile/0/x001/x234/067"
    assert tile_path("entries", 0, 7) == "tile/entries/000.p/7"
    tiles = list(tile_resources(70_000))
    assert [sum(level == at for at, _, _ in tiles) for level in range(4)] == [274, 2, 1, 0]
    assert [item for item in tiles if item[2] < 256] == [(0, 273, 112), (1, 1, 17), (2, 0, 1)]
    assert list(tile_resources(256)) == [(0, 0, 256), (1, 0, 1)]
    assert list(tile_resources(0)) == []


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, key: SigningKey, origin: str) -> tuple[Path, Path]:
    """A log of 600 entries, published, and the checkpoint it had at 300."""
    folder = tmp_path_factory.mktemp("published")
    store = open_store(tmp_path_factory.mktemp("home"), create=True)
    with store.write() as tx:
        add(tx, "e1", 300)
    old = folder.parent / "old-checkpoint"
    old.write_bytes(log.sign_head(store, origin=origin, key=key))
    with store.write() as tx:
        add(tx, "e2", 300)
    put_out(store, folder, origin, key, proofs=(0, 299, 599))
    store.close()
    return folder, old


def test_publishing_again_writes_only_what_is_new(
    store: SqlStore, tmp_path: Path, key: SigningKey, origin: str
) -> None:
    """Full tiles are written once; a proof stays as it was first published."""
    with store.write() as tx:
        stored = add(tx, "e1", 300)
    assert put_out(store, tmp_path / "www", origin, key, proofs=(5,)).written == 4 + 1 + 1 + 1
    proof = tmp_path / "www" / proof_path(stored[5].digest)
    before = proof.read_bytes()
    with store.write() as tx:
        add(tx, "e1", 1)
    assert put_out(store, tmp_path / "www", origin, key, proofs=(5, 300)).written == 2 + 1 + 1
    assert proof.read_bytes() == before
    assert codes(tmp_path / "www", log_vkey(origin, key.spki)) == {"journal.published"}


def test_tiles_of_older_checkpoints_are_there_and_judged(
    store: SqlStore, tmp_path: Path, key: SigningKey, origin: str
) -> None:
    """The last tile of each checkpoint in a document is published, until that tile is full; none may differ."""
    sizes = (3, 250, 260, 300, 310)
    for size in sizes:
        with store.write() as tx:
            add(tx, "e1", size - tx.size())
        log.sign_head(store, origin=origin, key=key)
    www, vkey = tmp_path / "www", log_vkey(origin, key.spki)
    put_out(store, www, origin, key)
    for level in (0, "entries"):
        assert {path.name for path in (www / f"tile/{level}/001.p").iterdir()} == {"4", "44", "54"}
        assert not (www / f"tile/{level}/000.p").exists()
    assert codes(www, vkey) == {"journal.published"}
    for path, code in (("tile/0/001.p/4", "journal.tile"), ("tile/entries/001.p/44", "journal.published_bundle")):
        whole = (www / path).read_bytes()
        for changed in (whole[:-1] + b"\0", whole[:-1], whole + b"\0"):
            (www / path).write_bytes(changed)
            assert codes(www, vkey) == {code}
        (www / path).write_bytes(whole)


def test_a_later_generation_lies_beside_what_was_published(
    store: SqlStore, tmp_path: Path, key: SigningKey, origin: str
) -> None:
    """A restored log has other tiles of the same names: the old log stays whole, the new one is below its number."""
    www, vkey = tmp_path / "www", log_vkey(origin, key.spki)
    with store.write() as tx:
        add(tx, "e1", 20)
    assert put_out(store, www, origin, key).prefix == ""
    restored = open_store(tmp_path / "restored", create=True)
    with restored.write() as tx:
        add(tx, "e2", 20)
        note = sign_checkpoint(f"{origin}/2", 20, Tree(tx).root(20), key)
    with restored.read() as tx:
        assert publish(tx, FolderSink(www), note=note, vkey=vkey).prefix == "2/"
    assert codes(www, vkey) == codes(www / "2", vkey) == {"journal.published"}
    assert (www / "2" / "log.vkey").read_text().strip() == log_vkey(f"{origin}/2", key.spki)


def test_nothing_is_published_over_a_newer_log(store: SqlStore, tmp_path: Path, key: SigningKey, origin: str) -> None:
    """A home restored whole remembers nothing; what it published does, and is left as it is."""
    home, www, vkey = tmp_path / "restored", tmp_path / "www", log_vkey(origin, key.spki)
    with open_store(home, create=True).write() as tx:
        add(tx, "e1", 5)
    with store.write() as tx:
        add(tx, "e1", 20)
    put_out(store, www, origin, key)
    newest = (www / "checkpoint").read_bytes()
    with pytest.raises(JournalForkError) as caught:
        put_out(open_store(home), www, origin, key)
    assert caught.value.code == "journal.published_other"
    assert (www / "checkpoint").read_bytes() == newest
    assert codes(www, vkey) == {"journal.published"}


def test_a_generation_that_has_ended_is_not_published_again(
    store: SqlStore, tmp_path: Path, key: SigningKey, origin: str
) -> None:
    """Where the next one is published already, the home is an older copy of itself; garbage is nobody's beginning."""
    with store.write() as tx:
        add(tx, "e1", 5)
    put_out(store, tmp_path / "a", origin, key)
    (tmp_path / "a" / "2").mkdir()
    (tmp_path / "a" / "2" / "checkpoint").write_bytes(b"x")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "checkpoint").write_bytes(b"x")
    for name in ("a", "b"):
        with pytest.raises(JournalForkError):
            put_out(store, tmp_path / name, origin, key)


def test_every_byte_of_a_published_proof_is_judged(
    published: tuple[Path, Path], tmp_path: Path, key: SigningKey, origin: str
) -> None:
    """Whoever takes a proof from the folder takes what the auditor has judged; under another name it proves nothing."""
    www, vkey = shutil.copytree(published[0], tmp_path / "www"), log_vkey(origin, key.spki)
    path = min((www / "proof").iterdir())
    whole = path.read_bytes()
    for at in range(0, len(whole), 7):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert codes(www, vkey) == {"journal.published_proof"}, at
    path.unlink()
    (www / "proof" / f"{'0' * 64}.tlog-proof").write_bytes(whole)
    assert codes(www, vkey) == {"journal.published_proof"}


def test_a_proof_of_a_log_that_was_exchanged_gives_it_away(
    published: tuple[Path, Path], store: SqlStore, tmp_path: Path, key: SigningKey, origin: str
) -> None:
    """An operator who lays another log in place of the published one must take every old proof away too."""
    with store.write() as tx:
        add(tx, "other", 700)
    www = tmp_path / "www"
    put_out(store, www, origin, key)
    shutil.copytree(published[0] / "proof", www / "proof", dirs_exist_ok=True)
    assert codes(www, log_vkey(origin, key.spki)) == {"journal.fork"}


@pytest.mark.parametrize("name", ["log.vkey", "log.pem"])
def test_a_published_key_is_the_logs(
    published: tuple[Path, Path], tmp_path: Path, key: SigningKey, origin: str, name: str
) -> None:
    """A key that somebody exchanged is named; one that was not copied along is missed by nobody."""
    www, vkey = shutil.copytree(published[0], tmp_path / "www"), log_vkey(origin, key.spki)
    (www / name).write_bytes(b"another key\n")
    assert codes(www, vkey) == {"journal.published_key"}
    (www / name).unlink()
    assert codes(www, vkey) == {"journal.published"}


@pytest.mark.parametrize("what", ["pipe", "folder", "link"])
def test_what_is_no_file_is_no_tile(
    published: tuple[Path, Path], tmp_path: Path, key: SigningKey, origin: str, what: str
) -> None:
    """A pipe would be waited for; a folder or a link to nowhere is as good as nothing."""
    www = shutil.copytree(published[0], tmp_path / "www")
    path = www / "tile/0/000"
    path.unlink()
    make: dict[str, Callable[[Path], None]] = {
        "pipe": os.mkfifo,
        "folder": Path.mkdir,
        "link": lambda at: at.symlink_to("nowhere"),
    }
    make[what](path)
    assert codes(www, log_vkey(origin, key.spki)) == {"journal.tile"}


def test_a_checkpoint_of_another_log_is_not_published(
    store: SqlStore, tmp_path: Path, key: SigningKey, origin: str
) -> None:
    """Nothing is written for a checkpoint that the entries contradict."""
    other = open_store(tmp_path / "other", create=True)
    with other.write() as tx:
        add(tx, "x", 3)
    note = log.sign_head(other, origin=origin, key=key)
    with store.write() as tx:
        add(tx, "y", 3)
    with store.read() as tx, pytest.raises(JournalError):
        publish(tx, FolderSink(tmp_path / "www"), note=note, vkey=log_vkey(origin, key.spki))
    assert not (tmp_path / "www").exists()


def test_a_whole_log_passes(published: tuple[Path, Path], key: SigningKey, origin: str) -> None:
    """Together with an older checkpoint, and not under another key."""
    folder, old = published
    assert codes(folder, log_vkey(origin, key.spki), old.read_bytes()) == {"journal.published"}
    assert codes(folder, log_vkey("other.se/log", key.spki)) == {"journal.other_log"}
    assert codes(folder / "none", log_vkey(origin, key.spki)) == {"journal.note"}


def test_published_proofs_hold(published: tuple[Path, Path]) -> None:
    """Each proof file is named after its entry's digest and leads to its own checkpoint."""
    folder, _ = published
    files = list((folder / "proof").iterdir())
    assert len(files) == 3
    for path in files:
        proof = TlogProof.decode(path.read_bytes())
        leaf = bytes.fromhex(path.name.partition(".")[0])
        assert proof.inclusion().holds(leaf, checkpoint=parse_checkpoint(proof.note))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_changed_byte_is_found(
    published: tuple[Path, Path], key: SigningKey, origin: str, data: st.DataObject
) -> None:
    """Flipping, cutting, lengthening or dropping any tile, bundle or the checkpoint is found."""
    folder, _ = published
    tiles = sorted(path for path in (folder / "tile").rglob("*") if path.is_file())
    path = data.draw(st.sampled_from([*tiles, folder / "checkpoint"]))
    whole = path.read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    changed = data.draw(
        st.sampled_from([whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :], whole[:at], whole + b"x", None])
    )
    try:
        path.unlink() if changed is None else path.write_bytes(changed)
        found = check_published(folder, vkey=log_vkey(origin, key.spki))
        assert any(finding.verdict is Verdict.FAILED for finding in found)
    finally:
        path.write_bytes(whole)


def test_a_rewritten_log_needs_an_older_checkpoint(
    published: tuple[Path, Path], tmp_path: Path, key: SigningKey, origin: str
) -> None:
    """Its operator, who has the key, can publish another history; whoever kept a checkpoint sees it."""
    _, old = published
    store = open_store(tmp_path / "forged", create=True)
    with store.write() as tx:
        add(tx, "e9", 600)
    put_out(store, tmp_path / "www", origin, key)
    vkey = log_vkey(origin, key.spki)
    assert codes(tmp_path / "www", vkey) == {"journal.published"}
    assert codes(tmp_path / "www", vkey, old.read_bytes()) == {"journal.fork"}
    short = open_store(tmp_path / "short", create=True)
    with short.write() as tx:
        add(tx, "e1", 200)
    put_out(short, tmp_path / "www2", origin, key)
    assert codes(tmp_path / "www2", vkey, old.read_bytes()) == {"journal.behind"}


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not at hand")
@pytest.mark.parametrize("lang", ["sv", "en", "da"])
def test_openssl_verifies_what_the_page_says(published: tuple[Path, Path], tmp_path: Path, lang: str) -> None:
    """The commands of the page, run as they stand there, accept the checkpoint and refuse a changed one."""
    folder, _ = published
    shutil.copytree(folder, tmp_path / "www")
    first, *_ = commands_of(text("journal_check.page", lang, origin="x", loop=""))
    assert follow([first], tmp_path / "www").returncode == 0
    note = (folder / "checkpoint").read_bytes()
    (tmp_path / "www" / "checkpoint").write_bytes(note.replace(b"\n600\n", b"\n601\n"))
    assert follow([first], tmp_path / "www").returncode != 0


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 13])
def test_the_page_s_way_up_the_tree(tmp_path: Path, key: SigningKey, origin: str, size: int) -> None:
    """Hashing by hand as the page tells leads from every entry to the root, at the right edge of the tree too."""
    store = open_store(tmp_path / "home", create=True)
    with store.write() as tx:
        add(tx, "e1", size)
        entries = [stored.raw for stored in tx.entries("e1")]
    put_out(store, tmp_path, origin, key, proofs=tuple(range(size)))
    loop = text("journal_check.loop", "en", entry="entry.json", proof="proof/p", key="log.pem")
    for raw in entries[-3:]:
        (tmp_path / "entry.json").write_bytes(raw)
        proof = tmp_path / proof_path(hashlib.sha256(raw).digest())
        shutil.copy(proof, tmp_path / "proof" / "p")
        assert follow([loop], tmp_path).stdout.endswith(b"yes\n")
    (tmp_path / "entry.json").write_bytes(raw + b" ")
    assert b"yes" not in follow([loop], tmp_path).stdout


@pytest.mark.parametrize("change", ["swapped", "repeated", "short"])
def test_entries_moved_between_bundles_are_found(
    published: tuple[Path, Path], key: SigningKey, origin: str, change: str
) -> None:
    """Records dropped, put twice or in another order, in a file of the right length or not."""
    folder, _ = published
    path = next(path for path in (folder / "tile" / "entries").rglob("000"))
    whole = path.read_bytes()
    first, second, rest = whole[:34], whole[34:68], whole[68:]
    try:
        path.write_bytes(
            {"swapped": second + first + rest, "repeated": first + first + rest, "short": first + rest}[change]
        )
        found = check_published(folder, vkey=log_vkey(origin, key.spki))
        assert any(finding.verdict is Verdict.FAILED for finding in found)
    finally:
        path.write_bytes(whole)
