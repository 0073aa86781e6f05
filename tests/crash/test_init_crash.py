"""A killed ``init`` is finished by running it again."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from signkit.testing import crash


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_killed_init_is_finished_by_the_next(tmp_path: Path, signkit_at: Any) -> None:
    """Killed anywhere, init leaves no home or part of one; run again it makes a sound one, with the keys it had."""
    words = ["init", "--environment", "test"]
    total = crash.points(["signkit", "--home", tmp_path / "whole", *words])
    for point in range(1, total + 1, max(1, total // 5)):
        home = tmp_path / str(point)
        assert crash.run(["signkit", "--home", home, *words], point=point).returncode == crash.KILLED
        root = home / "keys" / "root.p12"
        before = root.read_bytes() if root.is_file() else None
        signkit = signkit_at(home)
        again = signkit(*words, code=None)
        assert again.code == 0 or (again.code == 12 and "already" in again.err), (point, again.err)
        assert before in {None, root.read_bytes()}
        assert signkit("doctor", "--json").json["sound"]
        signkit("doctor", "--fix", "--yes")
        assert signkit("doctor", "--json").json["findings"] == []
        assert not [path for path in home.rglob("*") if ".partial" in path.name or "incomplete" in path.name]
