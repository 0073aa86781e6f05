"""Growing the log to ten million entries: an append, a root and a proof must cost as good as the same at every size."""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from benchmarks.harness import Row
from signkit.journal.tree import Tree
from signkit.journal.writer import append, grow
from signkit.store import DATABASE, SqlStore, open_store

__all__ = ["measure"]

SIZES: Final = (10_000, 100_000, 1_000_000, 10_000_000)
REPEATS: Final = 40
NOW: Final = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_FILL: Final = """
WITH RECURSIVE n(i) AS (SELECT ? UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?)
INSERT INTO entries (idx, envelope, seq, digest, raw) SELECT i, 'e' || (i / 20), i % 20, randomblob(32), x'7b7d' FROM n
"""


def measure(rounds: int) -> list[Row]:
    """Return the cost at ten million entries against that at ten thousand; a new process opens the log each time."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name) / "home"
        open_store(home, create=True).close()
        found = [_at(home, size, rounds) for size in SIZES]
    first, last = found[0], found[-1]
    return [
        Row(
            f"{what} in a log of 10 000 000 entries",
            "the same with 10 000",
            last[what] / first[what],
            goal,
            " → ".join(f"{item[what] * 1000:.2f}" for item in found) + " ms at 10⁴, 10⁵, 10⁶, 10⁷",
        )
        for what, goal in (("one entry appended", 2.0), ("an inclusion proof", 3.0), ("the root", 4.0))
    ]


def _at(home: Path, size: int, rounds: int) -> dict[str, float]:
    """Fill the log up to a size and return the median seconds of each step; every one starts with an empty cache."""
    database = sqlite3.connect(home / DATABASE)
    (have,) = database.execute("SELECT coalesce(max(idx) + 1, 0) FROM entries").fetchone()
    database.execute(_FILL, (have, size))
    database.commit()
    database.close()
    store = open_store(home)
    with store.write() as tx:
        grow(tx)
    store.close()
    store = open_store(home)
    try:
        return {
            "an inclusion proof": _median(lambda number: _proof(store, number * size // REPEATS), rounds),
            "the root": _median(lambda _: _root(store), rounds),
            "one entry appended": _median(lambda number: _append(store, f"b{size}x{number}"), rounds),
        }
    finally:
        store.close()


def _median(step: Callable[[int], object], rounds: int) -> float:
    step(1)
    times = []
    for number in range(REPEATS * max(1, rounds // 4)):
        start = time.perf_counter()
        step(number)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def _proof(store: SqlStore, index: int) -> None:
    with store.read() as tx:
        tree = Tree(tx)
        tree.inclusion(index % tree.size)


def _root(store: SqlStore) -> None:
    with store.read() as tx:
        Tree(tx).root()


def _append(store: SqlStore, envelope: str) -> None:
    with store.write() as tx:
        append(tx, envelope, "noted", actor="clerk", data={"text": "x" * 100}, at=NOW)
