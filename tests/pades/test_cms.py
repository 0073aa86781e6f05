"""The CMS of a signature, byte by byte, with asn1crypto and pyHanko's classes as the second reading."""

from __future__ import annotations

import datetime as dt
import hashlib

import pytest
from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhanko.sign.ades import cades_asn1

from signkit.errors import KeyUnavailableError, SealError
from signkit.pades.cms import Commitment, SignatureDraft, SigningIdentity
from signkit.pki.keys import LocalKey


def _identity(private: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, serial: int = 77) -> SigningIdentity:
    name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "Åsa")])
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    builder = x509.CertificateBuilder(name, name, private.public_key(), serial, start, start.replace(year=2030))
    certificate = builder.sign(private, hashes.SHA256()).public_bytes(Encoding.DER)
    return SigningIdentity(key=LocalKey(private), chain=(certificate,))


@pytest.fixture(scope="module")
def keys() -> dict[str, SigningIdentity]:
    """Return an identity of every kind that may sign."""
    return {
        "p256": _identity(ec.generate_private_key(ec.SECP256R1())),
        "p384": _identity(ec.generate_private_key(ec.SECP384R1())),
        "rsa": _identity(rsa.generate_private_key(65537, 3072)),
    }


@pytest.mark.parametrize("kind", ["p256", "p384", "rsa"])
@pytest.mark.parametrize("role", [None, "Ordförande"])
def test_the_bytes_are_der_and_fit(keys: dict[str, SigningIdentity], kind: str, role: str | None) -> None:
    """A signature re-encodes to itself, is at most as long as announced, and says what PAdES wants and no more."""
    identity = keys[kind]
    draft = SignatureDraft(identity, commitment=Commitment.APPROVAL, role=role)
    token = cms.ContentInfo({"content_type": "data", "content": b"a token"}).dump()
    digest = hashlib.new(draft.digest, b"document").digest()
    attributes, value = draft.sign(digest)
    der = draft.finish(attributes, value, token=token)
    room = draft.size(token_bytes=len(token))
    assert room - 8 <= len(der) <= room
    info = cms.ContentInfo.load(der, strict=True)
    signer = info["content"]["signer_infos"][0]
    assert len(info["content"]["signer_infos"]) == 1
    assert info.copy().dump(force=True) == der
    held = {item["type"].native: item["values"] for item in signer["signed_attrs"]}
    expected = {
        "content_type",
        "message_digest",
        "signing_certificate_v2",
        "cms_algorithm_protection",
        "commitment_type",
    }
    assert set(held) == expected | ({"signer_attributes_v2"} if role else set())
    assert held["message_digest"][0].native == digest
    assert held["commitment_type"][0]["commitment_type_id"].native == "proof_of_approval"
    if role:
        claimed = cades_asn1.SignerAttributesV2.load(held["signer_attributes_v2"][0].dump())["claimed_attributes"]
        assert claimed[0]["type"].dotted == "2.5.4.12"
        assert role.encode() in claimed.dump()
    assert [item["type"].native for item in signer["unsigned_attrs"]] == ["signature_time_stamp_token"]


@given(serial=st.integers(min_value=1, max_value=2**159 - 1))
@settings(max_examples=20, deadline=None)
def test_every_serial_number_is_written_rightly(serial: int) -> None:
    """The signer is named by a serial number of any length."""
    identity = _identity(ec.derive_private_key(serial, ec.SECP256R1()), serial)
    draft = SignatureDraft(identity, commitment=Commitment.ORIGIN)
    attributes, value = draft.sign(bytes(32))
    der = draft.finish(attributes, value, token=b"\x05\x00")
    signer = cms.ContentInfo.load(der)["content"]["signer_infos"][0]
    assert signer["sid"].chosen["serial_number"].native == serial


def test_a_key_that_lies_is_found_out(keys: dict[str, SigningIdentity]) -> None:
    """A signature that the certificate does not confirm is an error, not a file."""

    class Liar:
        algorithm = "ecdsa-p256"
        spki = keys["p256"].key.spki

        def sign(self, data: bytes, *, digest: str = "sha256") -> bytes:
            return keys["p256"].key.sign(data + b"!", digest=digest)

    draft = SignatureDraft(SigningIdentity(key=Liar(), chain=keys["p256"].chain), commitment=Commitment.ORIGIN)
    with pytest.raises(SealError, match="does not confirm"):
        draft.sign(bytes(32))


def test_a_key_of_another_certificate_is_refused(keys: dict[str, SigningIdentity]) -> None:
    """Key and certificate must belong together."""
    with pytest.raises(KeyUnavailableError):
        SigningIdentity(key=keys["p256"].key, chain=keys["p384"].chain)


def test_kinds_of_keys_that_may_not_sign_are_refused() -> None:
    """Curves and lengths that TS 119 312 does not give us are refused before anything is signed."""

    class Weak:
        algorithm = "rsa"

        def __init__(self, spki: bytes) -> None:
            self.spki = spki

        def sign(self, data: bytes, *, digest: str = "sha256") -> bytes:
            raise AssertionError(data, digest)

    private = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "x")])
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    builder = x509.CertificateBuilder(name, name, private.public_key(), 1, start, start.replace(year=2030))
    certificate = builder.sign(private, hashes.SHA256())
    spki = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(KeyUnavailableError, match="may not sign"):
        SigningIdentity(key=Weak(spki), chain=(certificate.public_bytes(Encoding.DER),))
