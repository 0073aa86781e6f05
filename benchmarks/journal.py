"""Appending to the journal, durably and one entry at a time, against writing and flushing as many bytes to a file."""

from __future__ import annotations

import os
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from benchmarks.harness import Row, medians
from signkit.journal.writer import append
from signkit.store import open_store

__all__ = ["measure"]

COUNT: Final = 200
BYTES: Final = 350
START: Final = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def measure(rounds: int) -> list[Row]:
    """Return the ratio of time per entry; the goal is 70 % of the speed of the disk."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store = open_store(folder / "home", create=True)
        state = {"next": 0}

        def journal() -> None:
            for _ in range(COUNT):
                number = state["next"] = state["next"] + 1
                with store.write() as tx:
                    at = START + timedelta(seconds=number)
                    append(tx, "bench", "noted", actor="clerk", data={"text": "x" * 100}, at=at)

        def disk() -> None:
            with (folder / "plain").open("ab", buffering=0) as stream:
                for _ in range(COUNT):
                    stream.write(b"x" * BYTES)
                    os.fsync(stream.fileno())

        took = medians({"journal": journal, "disk": disk}, rounds=rounds)
        store.close()
    rate = f"{COUNT / took['journal']:,.0f} entries a second here".replace(",", " ")
    return [
        Row(
            "one entry appended, in a transaction of its own",
            "350 bytes written and flushed",
            took["journal"] / took["disk"],
            1 / 0.7,
            rate,
        )
    ]
