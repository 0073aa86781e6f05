"""Witnesses that nobody here wrote: torchwood's watches our home, and ours watches a log of Tessera's."""

from __future__ import annotations

import base64
import contextlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from signkit.journal.checkpoint import log_vkey, parse_checkpoint, verify_checkpoint
from signkit.journal.cosignature import find_cosignatures, witness_vkey
from signkit.journal.witness import Witness
from signkit.testing.clock import SteppingClock
from signkit.testing.journal import MemoryKey
from signkit_cli.witness_server import WitnessServer

pytestmark = pytest.mark.judge

OURS = witness_vkey("witness.grannkommun.se/w1", MemoryKey(7).spki)


def complete(at: Any, protokoll: Path, *, code: int = 0) -> Any:
    """Send and sign one envelope."""
    envelope = at.create(protokoll)
    at("envelope", "send", envelope)
    return at("sign", envelope, "--as", "all", "--provider", "rehearsal", "--json", code=code)


def name_witness(home: Path, url: str, key: str) -> None:
    """Write a witness into a home's settings: it must vouch for every completion."""
    config = (home / "config.toml").read_text().partition("\n[journal]\n")[0]
    settings = f'\n[journal]\nwitnesses_needed = 1\n[witness.neighbour]\nurl = "{url}"\nkey = "{key}"\n'
    (home / "config.toml").write_text(config + settings)


def test_torchwoods_witness_vouches_for_our_home(
    signkit: Any, signkit_at: Any, protokoll: Path, litewitness: Any, tmp_path: Path
) -> None:
    """As the log grows, over its restart, and when the home forgot; a home that was copied and went on is refused."""
    (line,) = [line for line in (signkit.home / "trust.pem").read_text().splitlines() if line.startswith("Log: ")]
    with litewitness.run() as url:
        litewitness.watch(line.removeprefix("Log: "))
        name_witness(signkit.home, url, litewitness.vkey)
        for _ in range(2):
            complete(signkit, protokoll)
            assert signkit("journal", "checkpoint", "--json").json["witnesses"] == [litewitness.name]
        signkit.create(protokoll)
        copy = signkit_at(shutil.copytree(signkit.home, tmp_path / "copy"))
        for home in (signkit, copy):
            assert home("journal", "checkpoint", "--json").json["witnesses"] == [litewitness.name]
    with litewitness.run() as url:
        for home in (signkit.home, copy.home):
            name_witness(home, url, litewitness.vkey)
        complete(signkit, protokoll)
        refused = complete(copy, protokoll, code=11)
        assert refused.error["code"] == "journal.too_few_witnesses"
        assert signkit("journal", "verify")


@contextlib.contextmanager
def our_witness(folder: Path, logs: dict[str, str]) -> Iterator[str]:
    """Run a witness of ours on what it remembers in a folder; give its address."""
    witness = Witness(vkey=OURS, key=MemoryKey(7), logs=logs, folder=folder, clock=SteppingClock())
    server = WitnessServer(witness, host="127.0.0.1", port=0)
    try:
        yield server.url
    finally:
        server.stop()


def test_our_witness_vouches_for_a_log_of_tesseras(outside: Callable[..., Any], tmp_path: Path) -> None:
    """At first sight, as it grows, for a log that starts anew without knowing the size, and over our own restart."""
    origin, folder = "tessera.example/log", tmp_path / "log"
    vkey = log_vkey(origin, MemoryKey(3).spki)
    signer = signer_key(origin, 3)
    sizes = []
    for count in (3, 4, 300):
        with our_witness(tmp_path / "seen", {origin: vkey}) as url:
            note = outside("log", folder, signer, f"witness w1 {OURS} {url}\nquorum w1\n", count, "20s")
        (seen,) = find_cosignatures(verify_checkpoint(note.encode(), vkey), [OURS])
        assert seen.witness == OURS.partition("+")[0]
        sizes.append(parse_checkpoint(note.encode()).size)
    assert sizes == [3, 7, 307]


@pytest.mark.parametrize(
    ("size", "why"), [(5, "larger than log size 5"), (7, "root hash did not match"), (9, "consistency proof is bad")]
)
def test_our_witness_refuses_a_rewritten_log_of_tesseras(
    outside: Callable[..., Any], tmp_path: Path, size: int, why: str
) -> None:
    """Smaller, of the same size, or larger: it gets no cosignature, and Tessera understands the reason."""
    origin = "tessera.example/log"
    signer = signer_key(origin, 3)
    outside("log", tmp_path / "second", signer, "quorum none\n", 3, "20s")
    with our_witness(tmp_path / "seen", {origin: log_vkey(origin, MemoryKey(3).spki)}) as url:
        policy = f"witness w1 {OURS} {url}\nquorum w1\n"
        outside("log", tmp_path / "first", signer, policy, 7, "20s")
        with pytest.raises(AssertionError, match=why):
            outside("log", tmp_path / "second", signer, policy, size - 3, "1s")


def signer_key(name: str, seed: int) -> str:
    """Return the private key of a log as sumdb's note reads it."""
    vkey = log_vkey(name, MemoryKey(seed).spki)
    secret = base64.b64encode(b"\x01" + bytes([seed]) * 32).decode()
    return f"PRIVATE+KEY+{'+'.join(vkey.split('+')[:2])}+{secret}"
