"""The tours of ``examples/`` run as they are written, and end where they say."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def tour(name: str, *words: object, home: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a tour with the program of this environment."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("SIGNKIT_")}
    variables |= {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "SIGNKIT_LANG": "en"}
    if home is not None:
        variables["SIGNKIT_HOME"] = str(home)
    command = ["bash", str(EXAMPLES / f"{name}.sh"), *map(str, words)]
    return subprocess.run(command, env=variables, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.slow
def test_minutes_with_two_adjusters_and_the_nightly_check(tmp_path: Path) -> None:
    """The minutes are proved and announced; the archive passes at night, and no longer when a byte has changed."""
    done = tour("protokoll", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "C3b" in done.stdout
    assert sorted(path.suffix for path in tmp_path.glob("anslag-*")) == [".html", ".json", ".txt"]
    assert len(list((tmp_path / "home" / "outbox").glob("*.invited-*.eml"))) == 3
    archive = tmp_path / "archive"
    archive.mkdir()
    (signed,) = tmp_path.glob("*.pdf")
    kept = archive / signed.name
    kept.write_bytes(signed.read_bytes())
    night = tour("nattkontroll", archive, home=tmp_path / "home")
    assert (night.returncode, night.stdout) == (0, "1 of 1 files pass\n"), night.stderr
    data = bytearray(kept.read_bytes())
    data[2000] ^= 1
    kept.write_bytes(data)
    night = tour("nattkontroll", archive, home=tmp_path / "home")
    assert night.returncode == 1
    assert f"{kept}: FAILED" in night.stdout


@pytest.mark.slow
def test_a_group_signs_five_documents_in_one_ceremony_each(tmp_path: Path) -> None:
    """Everybody signs five documents in one ceremony; what is due for review is listed. Three people here, not 20."""
    done = tour("samverkansgrupp", tmp_path, 3)
    assert done.returncode == 0, done.stderr
    assert len(list(tmp_path.glob("*.pdf"))) == 5
    assert "delegationsordning" in done.stdout.splitlines()[-1] + done.stdout.splitlines()[-2]


@pytest.mark.slow
def test_an_employment_contract(tmp_path: Path) -> None:
    """The employee is invited first, and no letter says what it is about."""
    done = tour("anstallning", tmp_path)
    assert done.returncode == 0, done.stderr
    letters = {path.name.split(".", 1)[1].rpartition("-")[0]: path for path in (tmp_path / "home" / "outbox").iterdir()}
    assert sorted(letters) == ["s1.completed", "s1.invited", "s2.completed", "s2.invited"]
    assert all("anstallningsavtal" not in path.read_text(encoding="utf-8") for path in letters.values())
