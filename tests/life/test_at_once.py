"""Cron and clerks at once: several processes on one home do each thing once."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from signkit.store import open_store

pytestmark = pytest.mark.slow
SIGN = ("--provider", "rehearsal")
LATER = Path(__file__).resolve().parents[1] / "later.py"


def start(home: Path, *words: str, days: int = 0) -> subprocess.Popen[str]:
    """Start a command in a process of its own, whose clock is so many days ahead."""
    return subprocess.Popen(
        [sys.executable, str(LATER), str(days * 86400), "--home", str(home), "--json", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ends(running: list[subprocess.Popen[str]]) -> list[tuple[int, str]]:
    return [(process.returncode, err) for process in running for _, err in [process.communicate(timeout=120)]]


def kinds(home: Path, envelope: str) -> Counter[str]:
    store = open_store(home, readonly=True)
    with store.read() as tx:
        found = Counter(item.entry.type for item in tx.entries(envelope))
    store.close()
    return found


def test_ticks_at_once_close_each_envelope_once(signkit: Any, protokoll: Path):
    """Four ticks over envelopes that are due: one expires, one is completed, each by one process, and all end well."""
    due = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    late = signkit.create(protokoll, more=["--deadline", due])
    rest = signkit.create(protokoll, people=("A", "B"), more=["--deadline", due, "--rule", "deadline=completes"])
    signkit("envelope", "send", late, rest)
    signkit("sign", rest, "--as", "s1", *SIGN)
    assert [code for code, _ in ends([start(signkit.home, "tick", days=2) for _ in range(4)])] == [0, 0, 0, 0]
    for envelope, state, expired in ((late, "expired", 1), (rest, "completed", 0)):
        assert signkit.show(envelope)["state"] == state
        found = kinds(signkit.home, envelope)
        assert [found[kind] for kind in ("expired", "completing", "completed", "archived")] == [expired, 1, 1, 1]
    assert signkit("doctor", "--json").json["sound"]


def test_the_same_said_by_several_is_said_once(signkit: Any, protokoll: Path):
    """Reminders, mandates and corrections by several clerks at once."""
    envelope = signkit.create(protokoll, people=("A", "B"))
    old = signkit.create(protokoll)
    signkit("envelope", "send", envelope)
    signkit("envelope", "void", old, "--yes")
    running = [start(signkit.home, "envelope", "remind", envelope) for _ in range(3)]
    running += [
        start(signkit.home, "delegate", envelope, "--as", "s1", "--to", "C", "--mandate", "m") for _ in range(3)
    ]
    ended = ends(running)
    assert all(code == 0 for code, _ in ended), ended
    found = kinds(signkit.home, envelope)
    assert found["delegated"] == 1
    assert found["reminded"] in {2, 3}  # who is given a mandate in between may be reminded too
    running = [start(signkit.home, "envelope", "correct", old) for _ in range(3)]
    assert {code for code, _ in ends(running)} <= {0, 10}
    assert kinds(signkit.home, old)["superseded"] == 1
    assert len(signkit("envelope", "list", "--json").out.splitlines()) == 3
