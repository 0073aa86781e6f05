"""A home whose clock is moved by the test, and what an archivist says of its files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from signkit.model.report import Verdict

Judge = Callable[[str], Any]


class MovableClock:
    """The home's clock: real, but shifted."""

    def __init__(self) -> None:
        self.shift = timedelta(0)

    def now(self) -> datetime:
        """Return the present instant of the home."""
        return datetime.now(UTC) + self.shift

    def move(self, **units: float) -> None:
        """Move on."""
        self.shift += timedelta(**units)

    def date(self, days: float) -> str:
        """Return an instant some days from now, as the command line takes it."""
        return (self.now() + timedelta(days=days)).isoformat(timespec="seconds")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> MovableClock:
    """Return the clock of every home that is opened from now on."""
    made = MovableClock()
    monkeypatch.setattr("signkit_cli.composition.SystemClock.now", lambda _: made.now())
    return made


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
