"""A week of a fictive municipality, lived through by ``python -m simulation`` in processes of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]


def test_a_small_week(tmp_path: Path):
    """Some envelopes, weather, kills: the home is as a model says, every file is judged, every letter accounted for."""
    words = ["-m", "simulation", "--envelopes", "6", "--seed", "1", "--folder", str(tmp_path / "town")]
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["envelopes"] >= 4
    assert told["verdicts"]["PASSED"] > 0
    assert told["letters"]["sent"] > 0
