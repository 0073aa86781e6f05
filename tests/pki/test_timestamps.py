"""The embedded timestamper: its tokens hold, OpenSSL and DSS agree, and what it does not serve is refused."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from asn1crypto import tsp
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st

from signkit.errors import TimestampError
from signkit.pki.authority import Authority
from signkit.pki.issue import build_name
from signkit.pki.keys import LocalKey
from signkit.pki.profiles import Extensions, Holder, end_extensions, issue
from signkit.pki.timestamp_chain import build_request, parse_response
from signkit.pki.timestamper import EmbeddedTimestamper, TimestampResponse
from signkit.ports.keys import KeyName
from signkit.testing.clock import SteppingClock
from signkit.testing.pki import ThrowawayKeys
from signkit.x509.certificates import Certificate
from signkit.x509.crls import Crl
from signkit.x509.errors import X509Error
from signkit.x509.tokens import TimestampToken, check_token, verify_token

from .conftest import DATA, imprint_of


@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
def test_a_token_holds(home: ThrowawayKeys, digest: str) -> None:
    """A token over each digest verifies to the root with its revocation list, and says our time in whole seconds."""
    home.clock.advance(microseconds=700_000)
    timestamp = home.timestamper().timestamp(imprint_of(digest), digest=digest)
    material = home.timestamper().material(timestamp)
    token = TimestampToken(timestamp.token)
    verified = verify_token(
        token, anchors=[home.root], imprint=imprint_of(digest), crls=[Crl(der) for der in material.crls]
    )
    assert verified.facts.digest == digest
    assert timestamp.gen_time == verified.facts.gen_time == home.clock.at.replace(microsecond=0)
    assert timestamp.service == "embedded"
    assert [item.der for item in verified.path] == list(material.certificates)
    assert token.certificates == (verified.signer,)
    assert verified.facts.accuracy == timedelta(seconds=1)
    assert Crl(material.crls[0]).this_update >= timestamp.gen_time


def test_serial_numbers_differ(home: ThrowawayKeys) -> None:
    """Two tokens over the same bytes have different serial numbers."""
    tokens = [TimestampToken(home.timestamper().timestamp(imprint_of()).token) for _ in range(2)]
    assert tokens[0].facts.serial_number != tokens[1].facts.serial_number


@pytest.mark.parametrize(
    ("request_", "failure"),
    [
        (b"", "bad_data_format"),
        (b"\x30\x00", "bad_data_format"),
        (b"x" * 9000, "bad_data_format"),
        (build_request(hashlib.sha1(b"x", usedforsecurity=False).digest(), digest="sha1", nonce=1), "bad_alg"),
        (build_request(b"short", digest="sha256", nonce=1), "bad_data_format"),
    ],
)
def test_rejections(home: ThrowawayKeys, request_: bytes, failure: str) -> None:
    """What it does not serve is refused by RFC 3161's names, SHA-1 among it."""
    response = TimestampResponse.load(home.tsa.respond(request_), strict=True)
    assert response["status"]["status"].native == "rejection"
    assert response["status"]["fail_info"].native == {failure}
    with pytest.raises(X509Error) as caught:
        parse_response(home.tsa.respond(request_))
    assert caught.value.code == "token.refused"


def test_unknown_policy_is_refused(home: ThrowawayKeys) -> None:
    """A request for another policy is refused."""
    request = tsp.TimeStampReq.load(build_request(imprint_of(), digest="sha256", nonce=1))
    request["req_policy"] = "1.2.3.4"
    with pytest.raises(X509Error):
        parse_response(home.tsa.respond(request.dump(force=True)))


@given(data=st.binary(max_size=300))
def test_any_bytes_as_answer(data: bytes) -> None:
    """Whatever a service answers, only X509Error comes out."""
    with pytest.raises(X509Error):
        parse_response(data)


def test_no_key_no_token(home: ThrowawayKeys, tmp_path: Path) -> None:
    """A home without a TSA key says so."""
    folder = tmp_path / "keys"
    shutil.copytree(home.folder, folder)
    (folder / "tsa.p12").unlink()
    home.authority.keys = type(home.keys)(folder)
    with pytest.raises(TimestampError):
        home.timestamper().timestamp(imprint_of())


def test_every_bit_counts(home: ThrowawayKeys) -> None:
    """A token with any one flipped bit does not verify, or says the same by the same signer: only unsigned wrapping."""
    timestamp = home.timestamper().timestamp(imprint_of())
    honest = TimestampToken(timestamp.token)
    signer = check_token(honest)
    for position in range(0, len(timestamp.token) * 8, 101):
        changed = bytearray(timestamp.token)
        changed[position // 8] ^= 1 << position % 8
        try:
            token = TimestampToken(bytes(changed))
            assert check_token(token) == signer
            assert token.facts == honest.facts
        except X509Error as exc:
            assert exc.code.startswith("token.")  # noqa: PT017 - either way is right


@pytest.mark.parametrize("case", ["superseded later", "keyCompromise later", "superseded before"])
def test_revoked_timestamper(home: ThrowawayKeys, case: str) -> None:
    """Tokens from before a plain revocation stay good, from after it not; a compromised key's never were."""
    reason, when = case.split()
    later, holds = when == "later", case == "superseded later"
    signer = home.keys.certificates(KeyName.TSA)[0]
    if not later:
        home.authority.revoke(signer, reason=reason, now=home.clock.at)
        home.clock.advance(minutes=1)
    timestamp = home.timestamper().timestamp(imprint_of())
    if later:
        home.clock.advance(minutes=1)
        home.authority.revoke(signer, reason=reason, now=home.clock.at)
    token = TimestampToken(timestamp.token)
    for required in (True, False):
        if holds:
            assert verify_token(token, anchors=[home.root], crls=home.crls(), require_revocation=required).path
            continue
        with pytest.raises(X509Error) as caught:
            verify_token(token, anchors=[home.root], crls=home.crls(), require_revocation=required)
        assert caught.value.code == "chain.revoked"


def _purposes(*, critical: bool, more: bool) -> list[tuple[x509.ExtensionType, bool]]:
    purposes = [ExtendedKeyUsageOID.TIME_STAMPING, *([ExtendedKeyUsageOID.CLIENT_AUTH] if more else [])]
    return [(x509.ExtendedKeyUsage(purposes), critical)]


@pytest.mark.parametrize(
    "extensions",
    [end_extensions(), _purposes(critical=False, more=False), _purposes(critical=True, more=True)],
    ids=["none", "not critical", "two"],
)
def test_only_keys_for_timestamps_alone(home: ThrowawayKeys, extensions: Extensions) -> None:
    """A signer without the purpose, with a second one, or whose purpose is not critical is refused."""

    @dataclass
    class Keys:
        local: LocalKey
        chain: tuple[bytes, ...]

        def has(self, name: KeyName) -> bool:
            return name is KeyName.TSA

        def key(self, name: KeyName) -> LocalKey:
            assert name is KeyName.TSA
            return self.local

        def certificates(self, name: KeyName) -> tuple[bytes, ...]:
            assert name is KeyName.TSA
            return self.chain

    local = LocalKey(rsa.generate_private_key(65537, 3072))
    der = issue(
        subject=build_name([("2.5.4.3", "TEST odd timestamps")]),
        spki=local.spki,
        issuer=Holder(home.keys.key(KeyName.ROOT), home.root),
        not_before=home.clock.at - timedelta(hours=1),
        lasts=timedelta(days=1),
        extensions=extensions,
    )
    authority = Authority(Keys(local, (der, home.root.der)), home.authority.revocations)
    with pytest.raises(TimestampError) as caught:
        home.timestamper(services=[EmbeddedTimestamper(authority, home.clock)]).timestamp(imprint_of())
    assert "timestamps alone" in caught.value.message or "not critical" in caught.value.message


def test_token_outside_its_signers_validity(home: ThrowawayKeys) -> None:
    """A token from before its signer was certified is refused."""
    clock = SteppingClock(home.clock.at - timedelta(days=1))
    answer = EmbeddedTimestamper(home.authority, clock).respond(build_request(imprint_of(), digest="sha256", nonce=1))
    with pytest.raises(X509Error) as caught:
        check_token(parse_response(answer))
    assert caught.value.code == "token.validity"


@pytest.mark.judge
@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not at hand")
@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
def test_openssl_agrees(home: ThrowawayKeys, tmp_path: Path, digest: str) -> None:
    """OpenSSL makes the request and verifies the answer; it refuses it for other data."""
    (tmp_path / "data").write_bytes(DATA)
    (tmp_path / "other").write_bytes(b"other")
    (tmp_path / "root.pem").write_text(home.root.pem())

    def openssl(*arguments: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(["openssl", "ts", *arguments], cwd=tmp_path, capture_output=True, check=False)

    openssl("-query", "-data", "data", f"-{digest}", "-cert", "-out", "request.tsq")
    (tmp_path / "answer.tsr").write_bytes(home.tsa.respond((tmp_path / "request.tsq").read_bytes()))
    at = ["-attime", str(int(home.clock.at.timestamp())), "-CAfile", "root.pem", "-in", "answer.tsr"]
    good = openssl("-verify", *at, "-queryfile", "request.tsq")
    assert good.returncode == 0, good.stderr
    assert openssl("-verify", *at, "-data", "data").returncode == 0
    assert openssl("-verify", *at, "-data", "other").returncode != 0


@pytest.mark.judge
def test_openssl_tokens_are_read(home: ThrowawayKeys, tmp_path: Path) -> None:
    """A token made by OpenSSL, with its own serial file and certificate, verifies here."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not at hand")
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12

    key, certificate, _ = pkcs12.load_key_and_certificates((home.folder / "tsa.p12").read_bytes(), None)
    assert key is not None
    assert certificate is not None
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "tsa.key").write_bytes(pem)
    (tmp_path / "tsa.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (tmp_path / "ts.cnf").write_text(
        "[tsa]\ndefault_tsa = t\n[t]\nserial = serial\nsigner_digest = sha384\ndefault_policy = 1.2.3.4\n"
        "digests = sha256, sha512\naccuracy = secs:1\ness_cert_id_alg = sha256\n"
    )
    (tmp_path / "serial").write_text("01\n")
    (tmp_path / "q").write_bytes(build_request(imprint_of("sha512"), digest="sha512", nonce=7))
    command = ["openssl", "ts", "-reply", "-config", "ts.cnf", "-queryfile", "q", "-inkey", "tsa.key"]
    command += ["-signer", "tsa.pem", "-out", "r"]
    made = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    token = parse_response((tmp_path / "r").read_bytes())
    assert check_token(token) == Certificate(certificate.public_bytes(Encoding.DER))
    assert token.facts.nonce == 7
    assert token.facts.policy == "1.2.3.4"


@pytest.mark.judge
@pytest.mark.slow
def test_dss_agrees(home: ThrowawayKeys, tmp_path: Path, shared: Path) -> None:
    """EU DSS passes the token, with the anchor file as we export it as the only source of trust."""
    from signkit.x509.anchor_files import format_anchors
    from signkit.x509.anchors import TrustAnchors

    judge = shared / "judges" / "run"
    if not judge.exists() or shutil.which("java") is None:
        pytest.skip("EU DSS is not at hand")
    timestamp = home.timestamper().timestamp(imprint_of("sha512"), digest="sha512")
    (tmp_path / "data").write_bytes(DATA)
    (tmp_path / "t.tst").write_bytes(timestamp.token)
    (tmp_path / "root.crl").write_bytes(home.timestamper().material(timestamp).crls[0])
    (tmp_path / "anchors.pem").write_text(format_anchors(TrustAnchors.of([home.root])))
    command = [str(judge), "dss", "--trust", "anchors.pem", "--adjunct-crl", "root.crl", "--detached", "data"]
    command += ["--at", (home.clock.at + timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ"), "t.tst"]
    asked = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    if asked.returncode != 0:
        pytest.skip(f"EU DSS is not at hand: {asked.stderr[:200]}")
    report = json.loads(asked.stdout.splitlines()[0])
    assert [item["indication"] for item in report["timestamps"]] == ["PASSED"], report
