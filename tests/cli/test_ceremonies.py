"""How ceremonies end, and what is left of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from signkit.store import open_store

REHEARSE = ("--provider", "rehearsal", "--rehearse")


def _outcomes(home: Path, envelope: str) -> list[tuple[str, str]]:
    store = open_store(home, readonly=True)
    with store.read() as tx:
        found = [
            (item.entry.data["outcome"], item.entry.data["code"])
            for item in tx.entries(envelope)
            if item.entry.type == "ceremony_ended"
        ]
    store.close()
    return found


@pytest.mark.parametrize(
    ("script", "code", "error", "outcome"),
    [
        ("decline", 20, "ceremony.declined", "declined"),
        ("expire", 21, "ceremony.expired", "expired"),
        ("fail", 23, "ceremony.failed", "failed"),
        ("wrong-person", 25, "ceremony.identity_mismatch", "identity_mismatch"),
    ],
)
def test_a_ceremony_without_a_signature(sent: Any, script: str, code: int, error: str, outcome: str) -> None:
    """Every other end than success has its exit code, leaves nothing signed, and the person can try again."""
    before = sent.signkit.show(sent.id)
    ended = sent.signkit("sign", sent.id, "--as", "s1", *REHEARSE, script, "--json", code=code)
    assert ended.out == ""
    assert (ended.error["code"], ended.error["exit_code"]) == (error, code)
    after = sent.signkit.show(sent.id)
    assert after["documents"] == before["documents"]
    assert after["signatories"] == before["signatories"]
    assert [item[0] for item in _outcomes(sent.signkit.home, sent.id)] == [outcome]
    sent.signkit("sign", sent.id, "--as", "s1", *REHEARSE, "success")
    assert sent.signkit("doctor", "--json").json["findings"] == []


def test_an_unknown_script_and_provider(sent: Any) -> None:
    """What the rehearsal does not know is refused; one that nobody has installed is missing."""
    refused = sent.signkit("sign", sent.id, "--as", "s1", *REHEARSE, "maybe", "--json", code=23)
    assert "success" in refused.error["hint"]
    assert sent.signkit("sign", sent.id, "--as", "s1", "--provider", "bankd", "--json", code=24).error["code"] == (
        "plugin.not_found"
    )
    sent.signkit("sign", sent.id, "--as", "s1", "--provider", "bankid", "--rehearse", "fail", code=2)
    sent.signkit("sign", sent.id, "--as", "s9", "--provider", "rehearsal", code=10)


def test_ctrl_c_cancels_the_ceremony(sent: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupt while the person is asked ends the ceremony in the journal and the process with 130."""
    from signkit_providers.rehearsal import RehearsalProvider as Rehearsal

    def interrupted(*_: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr(Rehearsal, "poll", interrupted)
    sent.signkit("sign", sent.id, "--as", "s1", "--provider", "rehearsal", code=130)
    assert _outcomes(sent.signkit.home, sent.id) == [("cancelled", "cancelled")]


@pytest.mark.parametrize("where", ["approve", "check_new_revision", "verifier_for"])
def test_an_interrupt_or_a_fault_while_embedding(sent: Any, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever stops the embedding, the ceremony is ended, nothing is signed, and no file is left over."""

    def fault(*_: object, **__: object) -> object:
        raise OSError(28, "No space left on device") if where == "approve" else KeyboardInterrupt

    monkeypatch.setattr(f"signkit.workflows.signing.{where}", fault)
    code = 11 if where == "approve" else 130
    sent.signkit("sign", sent.id, "--as", "s1", "--provider", "rehearsal", code=code)
    assert [item[0] for item in _outcomes(sent.signkit.home, sent.id)] == ["failed" if code == 11 else "cancelled"]
    monkeypatch.undo()
    assert sent.signkit("doctor", "--json").json["findings"] == []


@pytest.mark.parametrize("raised", [ValueError("secret"), RuntimeError(), KeyError("x")])
@pytest.mark.parametrize("where", ["start", "poll"])
def test_a_provider_that_raises_anything(
    sent: Any, raised: Exception, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A provider's own exception becomes one of ours, its words are not repeated, the ceremony is ended."""
    from signkit_providers.rehearsal import RehearsalProvider as Rehearsal

    def fault(*_: object) -> object:
        raise raised

    monkeypatch.setattr(Rehearsal, where, fault)
    ended = sent.signkit("sign", sent.id, "--as", "s1", "--provider", "rehearsal", "--json", code=22)
    assert ended.error["code"] == "provider.response"
    assert "secret" not in ended.err
    assert [item[0] for item in _outcomes(sent.signkit.home, sent.id)] == ["failed"]


def test_an_identity_that_nothing_proves(sent: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Evidence over another text or for another person signs nothing, whatever the provider says of it."""
    from signkit_providers.rehearsal import RehearsalProvider as Rehearsal

    real = Rehearsal.start

    def other_text(self: Any, request: Any) -> Any:
        return real(self, replace(request, text="something else"))

    monkeypatch.setattr(Rehearsal, "start", other_text)
    ended = sent.signkit("sign", sent.id, "--as", "s1", "--provider", "rehearsal", "--json", code=23)
    assert ended.error["code"] == "ceremony.evidence"


def test_a_deadline_that_passes(signkit: Any, protokoll: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the deadline the next command ends the envelope, closes its files and says so; again, it says so again."""
    from datetime import UTC, datetime, timedelta

    from signkit_cli.composition import SystemClock

    envelope = signkit.create(protokoll, people=["A", "B"], more=["--deadline", "2099-01-01"])
    signkit("envelope", "send", envelope)
    now = datetime.now(UTC)
    assert signkit.show(envelope)["deadline"].startswith("2099-01-01T22:59:59")
    signkit("sign", envelope, "--as", "A", "--provider", "rehearsal")
    short = signkit.create(protokoll, more=["--deadline", (now + timedelta(minutes=3)).isoformat()])
    signkit("envelope", "send", short)
    monkeypatch.setattr(SystemClock, "now", lambda _self: datetime.now(UTC) + timedelta(minutes=5))
    notes = [item["code"] for item in signkit("doctor", "--json").json["findings"]]
    assert notes == ["doctor.overdue"]
    for _ in range(2):
        ended = signkit("sign", short, "--as", "all", "--provider", "rehearsal", "--json", code=21)
        assert ended.error["code"] == "envelope.deadline"
        assert signkit.show(short)["state"] == "expired"


PLUGIN = '''
import time
from signkit_providers.rehearsal import RehearsalProvider as Rehearsal

class Slow:
    """Asks and waits for ever."""

    @staticmethod
    def create(context):
        made = Rehearsal.create(context)
        made.poll = lambda started: made_pending()
        return made

def made_pending():
    from signkit.ports.provider import CeremonyState, PollResult, Prompt
    return PollResult(CeremonyState.PENDING, Prompt(message="waiting"))
'''


@pytest.fixture
def plugin(tmp_path: Path) -> dict[str, str]:
    """Return an environment in which a third party's distribution publishes the provider ``slow``."""
    folder = tmp_path / "site"
    info = folder / "slow_provider-1.0.dist-info"
    info.mkdir(parents=True)
    (folder / "slow_provider.py").write_text(PLUGIN)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: slow-provider\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[signkit.providers]\nslow = slow_provider:Slow\n")
    path = os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH", "")]))
    return {**os.environ, "PYTHONPATH": path}


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGINT")
def test_ctrl_c_at_a_real_process(sent: Any, plugin: dict[str, str]) -> None:
    """SIGINT to a process that waits for a third party's provider ends it with 130, and the journal knows."""
    words = ["--home", str(sent.signkit.home), "sign", sent.id, "--as", "s1", "--provider", "slow"]
    process = subprocess.Popen(
        [sys.executable, "-m", "signkit_cli", *words], env=plugin, stderr=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stderr is not None
    waiting = b""
    until = time.monotonic() + 60
    while b"waiting" not in waiting and time.monotonic() < until and process.poll() is None:
        waiting += process.stderr.readline()
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, b"")
    assert _outcomes(sent.signkit.home, sent.id) == [("cancelled", "cancelled")]
    assert sent.signkit("doctor", "--json").json["findings"] == []
