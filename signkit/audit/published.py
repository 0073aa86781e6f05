"""A published log, judged from its files alone: signature, every tile, bundle and proof, and older checkpoints.

Each proof lies beside the checkpoint that it was published with, so the log's own older word is compared too. Nothing
is believed but the log's key: the whole tree is computed anew from the bundles of leaf data.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from signkit.audit.published_proofs import check_keys, read_proofs, read_published
from signkit.errors import JournalCorruptError
from signkit.journal.chain import STEP, failed
from signkit.journal.checkpoint import Checkpoint, generation_of, verify_checkpoint
from signkit.journal.cosignature import find_cosignatures
from signkit.journal.merkle import EMPTY_ROOT, HASH_BYTES, Growing, LeafNodes, leaf_hash
from signkit.journal.note import MAX_NOTE_BYTES
from signkit.journal.tiles import CHECKPOINT_PATH, ENTRIES, tile_path, tile_resources
from signkit.journal.tree import TILE_HEIGHT, TILE_WIDTH
from signkit.model.report import Finding, Verdict

__all__ = ["check_published"]

_RECORD: Final = 2 + HASH_BYTES
_LENGTH: Final = HASH_BYTES.to_bytes(2, "big")


def check_published(
    folder: Path,
    *,
    vkey: str,
    checkpoints: Sequence[bytes] = (),
    witnesses: Sequence[str] = (),
    needed: int = 0,
) -> list[Finding]:
    """Return what is wrong with the log published in ``folder``, or findings PASSED.

    Args:
        folder: what ``signkit journal publish`` wrote, or a copy of what a web server gives.
        vkey: the log's verifier key.
        checkpoints: older signed checkpoints that somebody kept.
        witnesses: verifier keys of witnesses.
        needed: how many of them must vouch for the checkpoint.
    """
    try:
        checkpoint = verify_checkpoint(read_published(folder / CHECKPOINT_PATH, MAX_NOTE_BYTES), vkey, generations=True)
        older = [verify_checkpoint(note, vkey, generations=True) for note in checkpoints]
        vouched = len(find_cosignatures(checkpoint, witnesses))
    except JournalCorruptError as exc:
        return [failed(exc.code)]
    proved, findings = read_proofs(folder, vkey, checkpoint.origin)
    findings += check_keys(folder, vkey, checkpoint.origin)
    findings += _tree(folder, vkey.partition("+")[0], checkpoint, [*older, *proved])
    if not findings:
        findings = [Finding(STEP, Verdict.PASSED, "journal.published", {"entries": checkpoint.size})]
    if witnesses:
        params: dict[str, str | int] = {"count": vouched, "needed": needed}
        enough = vouched >= needed
        verdict = Verdict.PASSED if enough else Verdict.INDETERMINATE
        code = "journal.witnessed" if enough else "journal.too_few_witnesses"
        findings.append(Finding(STEP, verdict, code, params))
    return findings


def _tree(folder: Path, origin: str, checkpoint: Checkpoint, older: Sequence[Checkpoint]) -> Iterator[Finding]:
    wanted = {item.size for item in older}
    roots = {0: EMPTY_ROOT}
    tree = Growing(collect=TILE_HEIGHT)
    for number, width in ((at, width) for level, at, width in tile_resources(checkpoint.size) if level == 0):
        leaves = _bundle(folder / tile_path(ENTRIES, number, width), width)
        if leaves is None:
            yield failed("journal.published_bundle", tile=number)
            return
        if not _begins(folder, ENTRIES, number, b"".join(_LENGTH + leaf for leaf in leaves), _RECORD):
            yield failed("journal.published_bundle", tile=number)
        hashes = [leaf_hash(leaf) for leaf in leaves]
        for leaf in hashes:
            tree.add(leaf)
            if tree.size in wanted:
                roots[tree.size] = tree.root()
        yield from _tile(folder, 0, number, b"".join(hashes))
    yield from _upper(folder, bytes(tree.collected))
    for item in (checkpoint, *older):
        params: dict[str, str | int] = {"size": item.size, "entries": tree.size}
        begun = (generation_of(origin, checkpoint.origin) or 0) - (generation_of(origin, item.origin) or 0)
        if begun < 0 or (not begun and item.size > tree.size):
            yield Finding(STEP, Verdict.FAILED, "journal.behind", params)
        elif (tree.root() if item is checkpoint else roots.get(item.size)) != item.root:
            yield Finding(STEP, Verdict.FAILED, "journal.fork", params) if not begun else _restarted(checkpoint, item)


def _restarted(checkpoint: Checkpoint, older: Checkpoint) -> Finding:
    """Say that the log began again since: whether all that is gone was lost in a restore only the home can show."""
    params: dict[str, str | int] = {"size": older.size, "name": checkpoint.origin}
    return Finding(STEP, Verdict.INDETERMINATE, "journal.other_generation", params)


def _upper(folder: Path, hashes: bytes) -> Iterator[Finding]:
    """Give what is wrong with the tiles above the leaves."""
    level, tile_bytes = 1, TILE_WIDTH * HASH_BYTES
    while hashes:
        tiles = [hashes[at : at + tile_bytes] for at in range(0, len(hashes), tile_bytes)]
        for number, tile in enumerate(tiles):
            yield from _tile(folder, level, number, tile)
        hashes, level = b"".join(_root(tile) for tile in tiles if len(tile) == tile_bytes), level + 1


def _tile(folder: Path, level: int, number: int, right: bytes) -> Iterator[Finding]:
    found = read_published(folder / tile_path(level, number, len(right) // HASH_BYTES), len(right))
    if found != right or not _begins(folder, level, number, right, HASH_BYTES):
        yield failed("journal.tile", level=level, tile=number)


def _begins(folder: Path, level: int | str, number: int, right: bytes, size: int) -> bool:
    """Tell whether what is there of a tile or bundle for smaller trees is how it begins."""
    narrower = (folder / f"{tile_path(level, number)}.p").glob("[1-9]*")
    widths = [int(path.name) for path in narrower if path.name.isascii() and path.name.isdigit()]
    return all(
        read_published(folder / tile_path(level, number, width), len(right)) == right[: width * size]
        for width in widths
        if width * size < len(right)
    )


def _bundle(path: Path, width: int) -> list[bytes] | None:
    data = read_published(path, width * _RECORD)
    records = [data[at : at + _RECORD] for at in range(0, len(data), _RECORD)]
    if len(records) != width or any(len(item) != _RECORD or item[:2] != _LENGTH for item in records):
        return None
    return [item[2:] for item in records]


def _root(tile: bytes) -> bytes:
    return LeafNodes([tile[at : at + HASH_BYTES] for at in range(0, len(tile), HASH_BYTES)]).node(TILE_HEIGHT, 0)
