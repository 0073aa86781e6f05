"""Keys: who may read them, and the passphrase that opens them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def locked(tmp_path: Path, signkit_at: Any) -> Any:
    """Return a home whose keys are encrypted, its passphrase in ``pass``."""
    (tmp_path / "pass").write_text("hemligt lösen\n")
    signkit = signkit_at(tmp_path / "locked")
    signkit("init", "--environment", "test", "--passphrase-file", tmp_path / "pass")
    return signkit


def test_a_passphrase_opens_the_keys(locked: Any, protokoll: Path, tmp_path: Path) -> None:
    """With the passphrase the whole job runs; without it reading works and sealing says what is missing."""
    given = ["--passphrase-file", tmp_path / "pass"]
    assert b"hemligt" not in b"".join(path.read_bytes() for path in (locked.home / "keys").iterdir())
    envelope = locked("envelope", "create", protokoll, "--signatory", "A", "--json").json["id"]
    assert locked("envelope", "list", "--json").json["id"] == envelope
    refused = locked("envelope", "send", envelope, "--json", code=30).error
    assert refused["code"] == "seal.key.passphrase"
    assert "--passphrase-file" in refused["hint"]
    locked("envelope", "send", envelope, *given)
    locked("sign", envelope, "--as", "A", "--provider", "rehearsal", *given)
    assert locked("doctor", "--json", *given).json["findings"] == []
    assert [item["code"] for item in locked("doctor", "--json").json["findings"]] == ["doctor.locked"]


@pytest.mark.parametrize("content", [None, b"", b"\n", b"wrong\n", "hemligt lösen fel".encode()])
def test_a_passphrase_file_that_does_not_open(
    locked: Any, protokoll: Path, tmp_path: Path, content: bytes | None
) -> None:
    """Missing, empty or wrong: the same kind of error, and the passphrase is not repeated."""
    path = tmp_path / "other"
    if content is not None:
        path.write_bytes(content)
    envelope = locked("envelope", "create", protokoll, "--signatory", "A", "--json").json["id"]
    refused = locked("envelope", "send", envelope, "--passphrase-file", path, "--json", code=30)
    assert refused.error["code"].startswith("seal.key")
    assert "hemligt" not in refused.err


@pytest.mark.parametrize(("name", "mode"), [("seal.p12", 0o640), ("seal.p12", 0o604), (".", 0o750)])
def test_keys_that_others_can_read_are_refused(signkit: Any, protokoll: Path, name: str, mode: int) -> None:
    """A key file or folder that others can read stops the sealing, with the command that mends it."""
    envelope = signkit.create(protokoll)
    path = signkit.home / "keys" / name
    kept = path.stat().st_mode & 0o777
    path.chmod(mode)
    refused = signkit("envelope", "send", envelope, "--json", code=30).error
    assert refused["code"] == "seal.key.permissions"
    assert "chmod" in refused["hint"]
    health = signkit("doctor", "--json", code=11).json
    assert "doctor.permissions" in [item["code"] for item in health["findings"]]
    path.chmod(kept)
    signkit("envelope", "send", envelope)


@pytest.mark.parametrize("name", ["seal.p12", "person-ca.p12", "journal.pem", "tsa.p12", "root.p12"])
def test_keys_that_are_missing_or_damaged(sent: Any, name: str) -> None:
    """Doctor names the key; signing stops with exit code 30, nothing is signed, and goes on when it is back."""
    path = sent.signkit.home / "keys" / name
    data = path.read_bytes()
    for broken in (None, b"", b"junk", data[: len(data) // 2]):
        if broken is None:
            path.unlink()
        else:
            path.write_bytes(broken)
            path.chmod(0o600)
        health = sent.signkit("doctor", "--json", code=11).json
        assert any(item["severity"] == "fault" and item["code"].startswith("seal.key") for item in health["findings"])
    sent.signkit("sign", sent.id, "--as", "s1", "--provider", "rehearsal", code=None)
    done = sent.signkit("sign", sent.id, "--as", "all", "--provider", "rehearsal", "--json", code=30)
    assert done.error["code"].startswith("seal")
    path.write_bytes(data)
    sent.signkit("sign", sent.id, "--as", "all", "--provider", "rehearsal")
    assert sent.state() == "completed"
    assert sent.signkit("doctor", "--json").json["findings"] == []
