"""Killed at any durable event, a store is either before or after, and goes on."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from signkit.errors import StoreError
from signkit.store import open_store
from signkit.testing import crash

PROGRAM = """
import sys
from pathlib import Path
from signkit.store import open_store
from signkit.testing.stores import add
store = open_store(Path(sys.argv[1]), create=True)
with store.write() as tx:
    add(tx, "e1", 2)
digest = store.objects.put_bytes(b"document")
with store.write() as tx:
    add(tx, "e1", 1)
    tx.put_opening("e1", "document", digest)
store.close()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_killed_anywhere_it_tells_a_true_story(tmp_path: Path) -> None:
    """After a kill at each point entries are whole transactions, what they name is there, and a second run succeeds."""
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    total = crash.points([program, tmp_path / "whole"])
    assert total > 20
    seen = set()
    for point in range(1, total + 1, 3):
        home = tmp_path / f"home{point}"
        assert crash.run([program, home], point=point).returncode == crash.KILLED
        try:
            store = open_store(home)
        except StoreError:
            seen.add(-1)
            continue
        with store.read() as tx:
            seen.add(tx.size())
            for digest in tx.openings("e1").values():
                store.objects.check(digest)
            assert len(tx.entries("e1")) == tx.size()
        store.objects.leftovers(remove=True)
        store.close()
    assert {-1, 2} <= seen <= {-1, 0, 2, 3}
    assert crash.run([program, tmp_path / "home1"], point=0).returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_every_commit_is_two_points(tmp_path: Path) -> None:
    """A write is a point just before and just after it; to look is none."""
    totals = []
    for number, more in enumerate(
        ("", "with store.write() as tx:\n    add(tx, 'e1', 1)\n" * 3, "store.read().__enter__()\n")
    ):
        program = tmp_path / f"{number}.py"
        program.write_text(PROGRAM.replace("store.close()\n", f"{more}store.close()\n"))
        totals.append(crash.points([program, tmp_path / str(number)]))
    assert totals == [totals[0], totals[0] + 6, totals[0]]
