"""The demo: what it tells at the end can be done as it stands."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path


def test_the_demo_and_its_last_command(tmp_path: Path):
    """The whole job runs, also where signkit is on no path; the command that it ends with passes."""
    program = Path(sys.executable).with_name("signkit")
    places = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
    shown = subprocess.run([program, "demo"], cwd=tmp_path, env=places, capture_output=True, text=True, check=True)
    command = shlex.split(shown.stdout.rstrip().splitlines()[-1])
    assert command[:2] == [str(program), "verify"]
    again = subprocess.run(command, cwd=tmp_path, env=places, capture_output=True, text=True, check=True)
    assert "Passed" in again.stdout
