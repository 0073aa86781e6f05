"""What is no certificate, list, token, key or anchor says so with a code of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from asn1crypto import algos, cms

from signkit.testing.pki import ThrowawayKeys
from signkit.x509.algorithms import check_digest, check_signature_algorithm
from signkit.x509.anchors import Purpose, TrustAnchor
from signkit.x509.certificates import Certificate
from signkit.x509.crls import Crl
from signkit.x509.errors import X509Error
from signkit.x509.tokens import TimestampToken, verify_token

IMPRINT = hashlib.sha256(b"signkit").digest()


def signature(name: str) -> Any:
    return algos.SignedDigestAlgorithm({"algorithm": name})


@pytest.mark.parametrize(
    ("action", "code"),
    [
        (lambda: Certificate(b"x"), "certificate.unreadable"),
        (lambda: Crl(b"x"), "crl.unreadable"),
        (lambda: TimestampToken(b"x"), "token.unreadable"),
        (lambda: check_digest("sha1"), "algorithm.digest"),
        (lambda: check_signature_algorithm(signature("sha256_dsa")), "algorithm.signature"),
        (lambda: Purpose("nonsense"), "trust.purpose"),
        (lambda: TrustAnchor(frozenset({Purpose("seal")})), "trust.anchor"),
    ],
    ids=["certificate", "list", "token", "digest", "signature", "purpose", "anchor"],
)
def test_bytes_and_words_that_are_none(action: Callable[[], object], code: str) -> None:
    """Each is refused where it is read."""
    with pytest.raises(X509Error) as caught:
        action()
    assert caught.value.code == code


def changed(der: bytes, change: Callable[[Any], None]) -> bytes:
    """Return a token whose SignerInfo was changed after it was signed."""
    info = cms.ContentInfo.load(der, strict=True)
    change(info["content"])
    made: bytes = info.dump()
    return made


def other_value(signed: Any) -> None:
    value = bytearray(signed["signer_infos"][0]["signature"].native)
    value[-1] ^= 1
    signed["signer_infos"][0]["signature"] = bytes(value)


def no_certificates(signed: Any) -> None:
    signed["certificates"] = None


def other_ess(signed: Any) -> None:
    for item in signed["signer_infos"][0]["signed_attrs"]:
        if item["type"].native == "signing_certificate_v2":
            item["values"][0]["certs"][0]["cert_hash"] = bytes(32)


@pytest.mark.parametrize(
    ("change", "imprint", "codes"),
    [
        (lambda _: None, bytes(32), {"token.imprint"}),
        (other_value, IMPRINT, {"token.signature"}),
        (no_certificates, IMPRINT, {"token.signer"}),
        (other_ess, IMPRINT, {"token.ess"}),
    ],
    ids=["imprint", "value", "certificates", "ess"],
)
def test_tokens_that_do_not_hold(
    change: Callable[[Any], None], imprint: bytes, codes: set[str], home: ThrowawayKeys
) -> None:
    """A token over something else, with another signature, or without its signer, is worth nothing."""
    given = home.timestamper().timestamp(IMPRINT, digest="sha256")
    token = TimestampToken(changed(given.token, change))
    with pytest.raises(X509Error) as caught:
        verify_token(token, anchors=[home.root], imprint=imprint, crls=home.crls())
    assert caught.value.code in codes
