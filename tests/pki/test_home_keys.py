"""The keys of a home: made whole, kept private, opened once."""

from __future__ import annotations

import shutil
import signal
import stat
import subprocess
import sys
import textwrap
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from signkit.errors import ConfigError, KeyUnavailableError, SealError
from signkit.pki import home as home_module
from signkit.pki.home import Organisation, init_keys
from signkit.pki.keys import FileKeys, LocalKey, key_path, new_one_time_key
from signkit.pki.profiles import PERSON_POLICY, SEAL_POLICY
from signkit.ports.keys import KeyName
from signkit.testing.clock import SteppingClock
from signkit.testing.pki import ThrowawayKeys
from signkit.x509.certificates import Certificate

NOW = SteppingClock().at
ORGANISATION = Organisation(name="Exempel kommun", identifier="NTRSE-2120000000")


def _init(folder: Path, **more: object) -> None:
    arguments: dict[str, object] = {"organisation": ORGANISATION, "environment": "test", "now": NOW, **more}
    init_keys(folder, **arguments)  # type: ignore[arg-type]


def test_every_file_is_private(made_keys: Path) -> None:
    """The folder has mode 0700, every key mode 0600, and all six keys are there."""
    assert stat.S_IMODE(made_keys.stat().st_mode) == 0o700
    files = sorted(made_keys.iterdir())
    assert [item.name for item in files] == sorted(key_path(made_keys, name).name for name in KeyName)
    assert {stat.S_IMODE(item.stat().st_mode) for item in files} == {0o600}


def test_hierarchy(home: ThrowawayKeys) -> None:
    """Root issues CAs of path length 0 with different policies, the seal CA the seal, the root the timestamper."""
    certificates: dict[KeyName, list[Certificate]] = {
        name: [Certificate(der) for der in home.keys.certificates(name)] for name in KeyName if name != KeyName.JOURNAL
    }
    root = certificates[KeyName.ROOT][0]
    assert root.self_signed
    assert root.is_ca
    assert home.keys.key(KeyName.ROOT).algorithm == "ecdsa-p384"
    for name, policy in ((KeyName.PERSON_CA, PERSON_POLICY), (KeyName.SEAL_CA, SEAL_POLICY)):
        ca, issuer = certificates[name]
        assert issuer == root
        assert ca.policies == {policy}
        assert ca.asn1.max_path_length == 0
        assert ca.key_usage == frozenset({"key_cert_sign", "crl_sign"})
    seal, seal_ca, _ = certificates[KeyName.SEAL]
    assert seal.issued_by(seal_ca)
    assert seal.key_usage == frozenset({"non_repudiation"})
    assert seal.policies == frozenset({SEAL_POLICY})
    tsa = certificates[KeyName.TSA][0]
    assert tsa.issued_by(root)
    assert home.keys.key(KeyName.TSA).algorithm == "rsa"
    assert home.keys.certificates(KeyName.JOURNAL) == ()
    assert home.keys.key(KeyName.JOURNAL).algorithm == "ed25519"


def test_test_stands_in_every_subject(home: ThrowawayKeys) -> None:
    """A test home says TEST in every subject and names the organisation plainly."""
    for name in KeyName:
        for der in home.keys.certificates(name):
            certificate = Certificate(der)
            assert certificate.is_test
            assert (certificate.common_name or "").startswith("TEST ")
            assert certificate.organisation == "Exempel kommun"


def test_production_says_nothing_of_test_and_has_no_timestamper(tmp_path: Path) -> None:
    """A production home has no TSA of its own and TEST in no subject."""
    _init(tmp_path / "keys", environment="production")
    keys = FileKeys(tmp_path / "keys")
    assert not keys.has(KeyName.TSA)
    assert not Certificate(keys.certificates(KeyName.ROOT)[0]).is_test
    seal = Certificate(keys.certificates(KeyName.SEAL)[0])
    assert seal.common_name == "Exempel kommun"
    assert seal.subject_field("2.5.4.97") == "NTRSE-2120000000"


@pytest.mark.parametrize(("target", "mode", "wanted"), [("file", 0o640, "chmod 600"), ("folder", 0o750, "chmod 700")])
def test_readable_by_others_is_refused(made_keys: Path, tmp_path: Path, target: str, mode: int, wanted: str) -> None:
    """A key that others could read is refused, and the hint is the command that mends it."""
    folder = tmp_path / "keys"
    shutil.copytree(made_keys, folder)
    folder.chmod(0o700)
    (key_path(folder, KeyName.SEAL) if target == "file" else folder).chmod(mode)
    with pytest.raises(KeyUnavailableError) as caught:
        FileKeys(folder).key(KeyName.SEAL)
    assert caught.value.code == "seal.key.permissions"
    assert wanted in (caught.value.hint or "")


def test_passphrase(tmp_path: Path) -> None:
    """Encrypted keys open with their passphrase; a wrong one and a missing one are told apart from damage."""
    folder = tmp_path / "keys"
    _init(folder, passphrase=b"r\xc3\xa4tt", embedded_tsa=False)
    assert b"ENCRYPTED" in key_path(folder, KeyName.JOURNAL).read_bytes()
    assert FileKeys(folder, b"r\xc3\xa4tt").key(KeyName.SEAL).sign(b"x")
    for given in (b"fel", None):
        for name in (KeyName.SEAL, KeyName.JOURNAL):
            with pytest.raises(KeyUnavailableError) as caught:
                FileKeys(folder, given).key(name)
            assert caught.value.code == "seal.key.passphrase"
            assert "fel" not in str(caught.value)
    with pytest.raises(ConfigError):
        _init(tmp_path / "other", passphrase=b"")


def test_passphrase_for_open_keys_is_no_harm(home: ThrowawayKeys) -> None:
    """A passphrase given where keys are not encrypted opens them all the same."""
    assert FileKeys(home.folder, b"unneeded").key(KeyName.SEAL).spki == home.keys.key(KeyName.SEAL).spki


@pytest.mark.parametrize("damage", [b"", b"garbage", b"\x30\x03\x02\x01\x00"])
def test_damaged_files(made_keys: Path, tmp_path: Path, damage: bytes) -> None:
    """A damaged key file is an error of ours, never an exception of a library."""
    folder = tmp_path / "keys"
    shutil.copytree(made_keys, folder)
    folder.chmod(0o700)
    for name in (KeyName.SEAL, KeyName.JOURNAL):
        key_path(folder, name).write_bytes(damage)
        with pytest.raises(KeyUnavailableError):
            FileKeys(folder).key(name)


def test_missing_key(tmp_path: Path) -> None:
    """A folder that is not there, or holds no such key, says so."""
    with pytest.raises(KeyUnavailableError) as caught:
        FileKeys(tmp_path / "none").key(KeyName.SEAL)
    assert caught.value.code == "seal.key.missing"


def test_swapped_files_are_refused(made_keys: Path, tmp_path: Path) -> None:
    """A PKCS#12 in the journal's place is refused."""
    folder = tmp_path / "keys"
    shutil.copytree(made_keys, folder)
    folder.chmod(0o700)
    shutil.copy(key_path(folder, KeyName.SEAL), key_path(folder, KeyName.JOURNAL))
    with pytest.raises(KeyUnavailableError):
        FileKeys(folder).key(KeyName.JOURNAL)


def test_each_key_is_read_once(made_keys: Path, tmp_path: Path) -> None:
    """After the first use the file is not needed any more."""
    folder = tmp_path / "keys"
    shutil.copytree(made_keys, folder)
    folder.chmod(0o700)
    keys = FileKeys(folder)
    first = keys.key(KeyName.SEAL)
    key_path(folder, KeyName.SEAL).unlink()
    assert keys.key(KeyName.SEAL) is first


def test_keys_are_never_overwritten(made_keys: Path) -> None:
    """A second init in the same folder is refused and changes nothing."""
    before = {item.name: item.read_bytes() for item in made_keys.iterdir()}
    with pytest.raises(ConfigError) as caught:
        _init(made_keys)
    assert caught.value.code == "config.keys_exist"
    assert before == {item.name: item.read_bytes() for item in made_keys.iterdir()}


def test_an_error_half_way_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk fills up, neither the folder nor a leftover is there, and the next init succeeds."""
    folder = tmp_path / "keys"
    written: list[str] = []

    def full(path: Path, data: bytes) -> None:
        if len(written) == 3:
            raise OSError(28, "No space left on device")
        written.append(path.name)
        path.write_bytes(data)

    with monkeypatch.context() as patched:
        patched.setattr(home_module, "write_private", full)
        with pytest.raises(KeyUnavailableError) as caught:
            _init(folder)
    assert caught.value.code == "seal.key.write"
    assert list(tmp_path.iterdir()) == []
    _init(folder, embedded_tsa=False)
    assert FileKeys(folder).key(KeyName.SEAL).spki


def test_killed_half_way_starts_over(tmp_path: Path) -> None:
    """A kill -9 in the middle of init leaves no home, and the next init cleans up and makes one."""
    folder = tmp_path / "keys"
    script = textwrap.dedent(
        """
        import os, signal, sys
        from datetime import UTC, datetime
        from pathlib import Path
        from signkit.pki import home

        real, count = home.write_private, [0]

        def write(path: str, data: bytes):
            count[0] += 1
            if count[0] == 4:
                os.kill(os.getpid(), signal.SIGKILL)
            real(path, data)

        home.write_private = write
        home.init_keys(
            Path(sys.argv[1]), organisation=home.Organisation(name="X"), environment="test",
            now=datetime(2026, 3, 2, tzinfo=UTC), embedded_tsa=False,
        )
        """
    )
    killed = subprocess.run([sys.executable, "-c", script, str(folder)], check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert not folder.exists()
    assert len(list(tmp_path.iterdir())) == 1
    _init(folder, embedded_tsa=False)
    assert [item.name for item in tmp_path.iterdir()] == ["keys"]


@pytest.mark.parametrize("organisation", [Organisation(name="  "), Organisation(name="X", country="SWE")])
def test_organisation_needs_name_and_country(tmp_path: Path, organisation: Organisation) -> None:
    """No name, or a country that is no two letters, is refused before anything is made."""
    with pytest.raises(ConfigError):
        _init(tmp_path / "keys", organisation=organisation)
    with pytest.raises(SealError):
        _init(tmp_path / "keys", organisation=Organisation(name="a\x00b"))
    assert list(tmp_path.iterdir()) == []


def test_one_time_key_is_p256_and_cannot_be_pickled() -> None:
    """A one-time key is P-256, signs what its public half verifies, and is not copied."""
    import pickle

    key = new_one_time_key()
    public = load_der_public_key(key.spki)
    assert isinstance(public, ec.EllipticCurvePublicKey)
    from cryptography.hazmat.primitives import hashes

    public.verify(key.sign(b"x", digest="sha384"), b"x", ec.ECDSA(hashes.SHA384()))
    with pytest.raises(TypeError):
        pickle.dumps(key)
    with pytest.raises(KeyUnavailableError):
        key.sign(b"x", digest="sha1")


def test_weak_keys_are_refused_by_name() -> None:
    """An RSA key of 2048 bits, and a curve that we do not make, are refused."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    for private in (rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256K1())):
        with pytest.raises(KeyUnavailableError) as caught:
            LocalKey(private)
        assert caught.value.code == "seal.key.weak"


def test_validity_never_exceeds_the_issuer(home: ThrowawayKeys) -> None:
    """Nothing is valid longer than what issued it."""
    for name in KeyName:
        chain = [Certificate(der) for der in home.keys.certificates(name)]
        for below, above in pairwise(chain):
            assert above.not_before <= below.not_before
            assert below.not_after <= above.not_after
            assert below.not_after - below.not_before > timedelta(days=365)
