"""A home whose clock is moved by the test, and what an archivist says of its files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from signkit.model.report import Verdict
from signkit.testing.clock import MovableClock

Judge = Callable[[str], Any]


@pytest.fixture
def home(signkit_at: Any, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, clock: MovableClock) -> Any:
    """Return the command line over a test home with that clock."""
    made = signkit_at(tmp_path / "home")
    made("init", "--environment", "test", "--organisation", "Björkviks kommun")
    return made


@pytest.fixture
def judge(home: Any, tmp_path: Path, clock: MovableClock) -> Judge:
    """Return what exports an envelope's only file and verifies it as an archivist with the evidence at hand."""

    def examine(envelope: str) -> Any:
        out = tmp_path / f"out-{envelope}"
        out.mkdir()
        files = home("envelope", "export", envelope, "--output", out, "--json").json["files"]
        signed = next(item["path"] for item in files if item["kind"] == "signed")
        words = ["verify", signed, "--at", clock.date(0), "--json"]
        for item in files:
            words += ["--evidence", item["path"]] if item["kind"] == "evidence" else []
        return home(*words, code=None).json

    return examine


def codes(report: Any, verdict: Verdict | None = None) -> set[str]:
    """Return the codes of a report's findings, of one verdict or of all that are not PASSED."""
    return {
        item["code"]
        for item in report["findings"]
        if (item["verdict"] == verdict.value if verdict else item["verdict"] != "PASSED")
    }
