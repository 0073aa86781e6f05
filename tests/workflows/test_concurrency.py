"""Several processes at work on one envelope: nothing is lost, and who comes too late is told so."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from signkit.pages.render import inspect
from signkit.store import open_store
from signkit.workflows import signing


def _start(home: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "signkit_cli", "--home", str(home), "--json", "--lang", "en", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _ends(running: list[subprocess.Popen[str]]) -> list[tuple[int, str]]:
    ended = []
    for process in running:
        _, err = process.communicate(timeout=120)
        ended.append((process.returncode, err))
    return ended


def _kinds(home: Path, envelope: str) -> Counter[str]:
    store = open_store(home, readonly=True)
    with store.read() as tx:
        kinds = Counter(item.entry.type for item in tx.entries(envelope))
    store.close()
    return kinds


def _signatures(home: Path, envelope: Any) -> set[int]:
    digests = [item["current"]["sha256"].removeprefix("sha256:") for item in envelope["documents"]]
    return {len(inspect(home / "objects" / digest[:2] / digest[2:]).signatures) for digest in digests}


def _sound(signkit: Any) -> None:
    health = signkit("doctor", "--json").json
    assert health["sound"]
    assert health["findings"] == []


@pytest.mark.slow
def test_five_people_sign_at_once(signkit: Any, protokoll: Path) -> None:
    """Five processes sign for five people of one envelope: all five signatures are in, and it is completed once."""
    envelope = signkit.create(protokoll, people=[f"Person {letter}" for letter in "ABCDE"])
    signkit("envelope", "send", envelope)
    running = [_start(signkit.home, "sign", envelope, "--as", f"s{n}", "--provider", "rehearsal") for n in range(1, 6)]
    assert [code for code, _ in _ends(running)] == [0] * 5
    shown = signkit.show(envelope)
    assert shown["state"] == "completed"
    assert _signatures(signkit.home, shown) == {1 + 5 + 2}
    kinds = _kinds(signkit.home, envelope)
    assert (kinds["signed"], kinds["completing"], kinds["completed"], kinds["archived"]) == (5, 1, 1, 1)
    _sound(signkit)


def test_two_people_sign_two_documents_at_once(signkit: Any, protokoll: Path) -> None:
    """Two processes sign the same two documents: the one that was overtaken starts over from the newer files."""
    envelope = signkit.create(protokoll, protokoll.with_name("reglemente.pdf"), people=["A", "B", "C"])
    signkit("envelope", "send", envelope)
    running = [_start(signkit.home, "sign", envelope, "--as", name, "--provider", "rehearsal") for name in "AB"]
    assert [code for code, _ in _ends(running)] == [0, 0]
    shown = signkit.show(envelope)
    assert [item["state"] for item in shown["signatories"]] == ["signed", "signed", "invited"]
    assert _signatures(signkit.home, shown) == {3}
    _sound(signkit)


def test_two_sends_at_once(signkit: Any, protokoll: Path) -> None:
    """Two processes send one envelope: it is sent once, and whoever came second is told or finds it done."""
    envelope = signkit.create(protokoll)
    ended = _ends([_start(signkit.home, "envelope", "send", envelope) for _ in range(2)])
    assert 0 in [code for code, _ in ended]
    for code, err in ended:
        assert code == 0 or json.loads(err.splitlines()[-1])["code"] == "store.moved"
    assert _kinds(signkit.home, envelope)["sent"] == 1
    assert _signatures(signkit.home, signkit.show(envelope)) == {1}
    _sound(signkit)


def test_signing_against_voiding(signkit: Any, protokoll: Path) -> None:
    """One process signs while another voids: either may win, the files are closed, and the journal holds together."""
    envelope = signkit.create(protokoll, people=["A", "B"])
    signkit("envelope", "send", envelope)
    signing = _start(signkit.home, "sign", envelope, "--as", "A", "--provider", "rehearsal")
    voiding = _start(signkit.home, "envelope", "void", envelope, "--yes")
    (signed, err), (voided, void_err) = _ends([signing, voiding])
    assert voided == 0, void_err
    if signed != 0:
        assert json.loads(err.splitlines()[-1])["exit_code"] == signed == 10
    shown = signkit.show(envelope)
    assert shown["state"] == "voided"
    assert _signatures(signkit.home, shown) == {3 + _kinds(signkit.home, envelope)["signed"]}
    _sound(signkit)


def test_one_person_at_two_desks(signkit: Any, protokoll: Path) -> None:
    """Two ceremonies of the same person at once leave one signature; the one that was overtaken says so."""
    envelope = signkit.create(protokoll, people=["A", "B"])
    signkit("envelope", "send", envelope)
    ended = _ends([_start(signkit.home, "sign", envelope, "--as", "A", "--provider", "rehearsal") for _ in range(2)])
    assert 0 in [code for code, _ in ended]
    for code, err in ended:
        assert code == 0 or json.loads(err.splitlines()[-1])["exit_code"] == 10
    assert _kinds(signkit.home, envelope)["signed"] == 1
    assert _signatures(signkit.home, signkit.show(envelope)) == {2}
    _sound(signkit)


def test_enough_have_signed_just_before_the_file_is_made(signkit: Any, protokoll: Path, monkeypatch: Any) -> None:
    """Another signature meets the rules after one's certificate is made: who comes too late is told just that."""
    envelope = signkit.create(protokoll, people=("A", "B"), more=["--rule", "any-of=s1,s2"])
    signkit("envelope", "send", envelope)
    done: list[bool] = []
    real = signing._certified

    def certified(desk: Any, *words: Any) -> Any:
        made = real(desk, *words)
        if not done:
            done.append(True)
            signkit("sign", envelope, "--as", "s2", "--provider", "rehearsal")
        return made

    monkeypatch.setattr(signing, "_certified", certified)
    late = signkit("sign", envelope, "--as", "s1", "--provider", "rehearsal", "--json", code=10)
    assert late.error["code"] in {"envelope.not_needed", "envelope.transition"}
    assert [item["state"] for item in signkit.show(envelope)["signatories"]] == ["not_needed", "signed"]
    _sound(signkit)
