"""Where the files of a published log are (C2SP tlog-tiles): names only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from signkit.journal.tree import TILE_HEIGHT, TILE_WIDTH

__all__ = ["CHECKPOINT_PATH", "ENTRIES", "proof_path", "tile_path", "tile_resources"]

CHECKPOINT_PATH: Final = "checkpoint"
ENTRIES: Final = "entries"
"""Stands where the level stands, for bundles of leaf data."""


def proof_path(digest: bytes) -> str:
    """Return where the proof of an entry with that digest is published."""
    return f"proof/{digest.hex()}.tlog-proof"


def tile_resources(size: int) -> Iterator[tuple[int, int, int]]:
    """Give level, number and width of every tile of a tree of ``size`` leaves, full ones and the last partial one."""
    level, count = 0, size
    while count:
        for number in range(count // TILE_WIDTH):
            yield level, number, TILE_WIDTH
        if count % TILE_WIDTH:
            yield level, count // TILE_WIDTH, count % TILE_WIDTH
        level, count = level + 1, count >> TILE_HEIGHT


def tile_path(level: int | str, number: int, width: int = TILE_WIDTH) -> str:
    """Return the path of a tile or bundle below the log's prefix: ``tile/0/x001/x234/067.p/8``."""
    digits = [f"{number % 1000:03d}"]
    while number := number // 1000:
        digits.insert(0, f"x{number % 1000:03d}")
    return f"tile/{level}/{'/'.join(digits)}" + ("" if width == TILE_WIDTH else f".p/{width}")
