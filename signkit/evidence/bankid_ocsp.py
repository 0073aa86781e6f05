"""The OCSP answer that BankID sends along: who made it, what it says, and that it belongs to this signature.

The nonce is SHA-1 of the signature's base64 text and twelve random bytes, raw in a critical extension
(providers.md 2.6; not the form of RFC 8954). SHA-1 here only ties two things together that are both signed otherwise:
a second pre-image would be needed. What is not here: asking anybody for a newer answer.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography import x509 as pyca
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp

from signkit.evidence.bankid_chain import UNREADABLE, ChainFlaw, check_issuer
from signkit.x509.algorithms import STRONG_DIGESTS, check_public_key
from signkit.x509.certificates import Certificate

__all__ = ["MAX_OCSP_BYTES", "OcspAnswer", "OcspFlaw", "check", "load"]

MAX_OCSP_BYTES: Final = 64 * 1024
"""Ours: real answers are some 2 kB."""
NONCE_BYTES: Final = 32
SHA1_BYTES: Final = 20
_NONCE_OID: Final = bytes.fromhex("06092b0601050507300102")
_CRITICAL: Final = bytes.fromhex("0101ff")
_OCSP_SIGNING: Final = "1.3.6.1.5.5.7.3.9"
_FRESHNESS: Final = timedelta(minutes=5)
"""Ours: BankID makes the answer for this signature, thisUpdate equals producedAt."""


@dataclass
class OcspFlaw(Exception):  # noqa: N818 - a finding, never an error of the program
    """What is wrong with an answer; ``code`` is the last part of the finding's code."""

    code: str
    sub_indication: str
    params: dict[str, str | int] | None = None


@dataclass(frozen=True, slots=True)
class OcspAnswer:
    """A successful answer about one certificate, read and not yet believed."""

    produced_at: datetime
    response: Any
    single: Any


def load(der: bytes) -> OcspAnswer:
    """Return the answer in ``der``.

    Raises:
        OcspFlaw: ``ocsp_unreadable``, not one successful basic answer about one certificate.
    """
    if len(der) > MAX_OCSP_BYTES:
        raise OcspFlaw("ocsp_unreadable", "FORMAT_FAILURE")
    try:
        response = ocsp.load_der_ocsp_response(der)
        if (
            response.public_bytes(Encoding.DER) != der
            or response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL
        ):
            raise OcspFlaw("ocsp_unreadable", "FORMAT_FAILURE")
        singles = list(response.responses)
        if len(singles) != 1:
            raise OcspFlaw("ocsp_unreadable", "FORMAT_FAILURE")
        return OcspAnswer(produced_at=response.produced_at_utc, response=response, single=singles[0])
    except UNREADABLE as exc:
        raise OcspFlaw("ocsp_unreadable", "FORMAT_FAILURE") from exc


def check(answer: OcspAnswer, *, signature_text: bytes, signer: Certificate, issuer: Certificate) -> list[OcspFlaw]:
    """Return all that is wrong with ``answer`` as the answer about ``signer`` for this signature; empty: nothing.

    Args:
        answer: as loaded.
        signature_text: the base64 text of the signature, exactly as received.
        signer: the person's certificate.
        issuer: the CA that issued it, already verified; it must have issued the responder's certificate too.
    """
    flaws: list[OcspFlaw] = []
    steps: tuple[Callable[[], None], ...] = (
        lambda: _check_nonce(answer, signature_text),
        lambda: _check_responder(answer, issuer),
        lambda: _check_subject(answer, signer, issuer),
        lambda: _check_status(answer),
        lambda: _check_times(answer),
    )
    for step in steps:
        try:
            step()
        except OcspFlaw as flaw:
            flaws.append(flaw)
        except UNREADABLE:
            flaws.append(OcspFlaw("ocsp_unreadable", "FORMAT_FAILURE"))
    return flaws


def _check_nonce(answer: OcspAnswer, signature_text: bytes) -> None:
    extensions = list(answer.response.extensions)
    if [item.oid.dotted_string for item in extensions] != ["1.3.6.1.5.5.7.48.1.2"]:
        raise OcspFlaw("ocsp_nonce", "SIG_CONSTRAINTS_FAILURE")
    nonce = _raw_nonce(answer.response.tbs_response_bytes)
    expected = hashlib.sha1(signature_text, usedforsecurity=False).digest()
    if len(nonce) != NONCE_BYTES or not hmac.compare_digest(nonce[:SHA1_BYTES], expected):
        raise OcspFlaw("ocsp_nonce", "SIG_CONSTRAINTS_FAILURE")


def _raw_nonce(signed: bytes) -> bytes:
    """Return the octets of the nonce extension, unwrapped where it has the form of RFC 8954; empty if not found.

    NOTE: the library takes a raw nonce that happens to begin with 04 1e, one of 65 536, for a wrapped one of 30 bytes.
    """
    if signed.count(_NONCE_OID) != 1:
        return b""
    rest = signed.partition(_NONCE_OID)[2].removeprefix(_CRITICAL)
    length = rest[1] if rest[:1] == b"\x04" and len(rest) > 1 else 0
    value = rest[2 : 2 + length]
    return value[2:] if length == NONCE_BYTES + 2 and value[:2] == bytes((4, NONCE_BYTES)) else value


def _check_responder(answer: OcspAnswer, issuer: Certificate) -> None:
    response = answer.response
    if len(response.certificates) != 1:
        raise OcspFlaw("ocsp_responder", "CHAIN_CONSTRAINTS_FAILURE")
    responder = Certificate(response.certificates[0].public_bytes(Encoding.DER))
    try:
        check_issuer(responder, issuer, below=0)
        usages = responder.extended_key_usage
        check_public_key(responder.public_key)
    except (ChainFlaw, *UNREADABLE) as exc:
        raise OcspFlaw("ocsp_responder", "CHAIN_CONSTRAINTS_FAILURE") from exc
    named = response.responder_name == responder.pyca.subject or response.responder_key_hash == _key_hash(responder)
    if usages is None or _OCSP_SIGNING not in usages or responder.is_ca or not named:
        raise OcspFlaw("ocsp_responder", "CHAIN_CONSTRAINTS_FAILURE")
    if not responder.valid_at(answer.produced_at):
        raise OcspFlaw("ocsp_responder", "OUT_OF_BOUNDS_NO_POE")
    _check_signature(response, responder)


def _check_signature(response: Any, responder: Certificate) -> None:
    digest, key = response.signature_hash_algorithm, responder.public_key
    if digest is None or digest.name not in STRONG_DIGESTS or not isinstance(key, rsa.RSAPublicKey):
        raise OcspFlaw("ocsp_signature", "CRYPTO_CONSTRAINTS_FAILURE")
    try:
        key.verify(response.signature, response.tbs_response_bytes, padding.PKCS1v15(), digest)
    except InvalidSignature as exc:
        raise OcspFlaw("ocsp_signature", "SIG_CRYPTO_FAILURE") from exc


def _check_subject(answer: OcspAnswer, signer: Certificate, issuer: Certificate) -> None:
    single = answer.single
    name_hash = _hash(single.hash_algorithm, issuer.pyca.subject.public_bytes())
    key_hash = _hash(single.hash_algorithm, _key_bits(issuer))
    given = (single.serial_number, single.issuer_name_hash, single.issuer_key_hash)
    if given != (signer.serial_number, name_hash, key_hash):
        raise OcspFlaw("ocsp_certificate", "SIG_CONSTRAINTS_FAILURE")


def _check_status(answer: OcspAnswer) -> None:
    status = answer.single.certificate_status
    if status is ocsp.OCSPCertStatus.REVOKED:
        raise OcspFlaw(
            "ocsp_revoked", "REVOKED_NO_POE", {"since": answer.single.revocation_time_utc.date().isoformat()}
        )
    if status is not ocsp.OCSPCertStatus.GOOD:
        raise OcspFlaw("ocsp_status", "TRY_LATER")


def _check_times(answer: OcspAnswer) -> None:
    this_update, next_update = answer.single.this_update_utc, answer.single.next_update_utc
    if not timedelta(0) <= answer.produced_at - this_update <= _FRESHNESS:
        raise OcspFlaw("ocsp_time", "SIG_CONSTRAINTS_FAILURE")
    if next_update is not None and next_update < answer.produced_at:
        raise OcspFlaw("ocsp_time", "SIG_CONSTRAINTS_FAILURE")


def _hash(algorithm: Any, data: bytes) -> bytes:
    if not isinstance(algorithm, (hashes.SHA1, hashes.SHA256, hashes.SHA384, hashes.SHA512)):
        raise OcspFlaw("ocsp_certificate", "CRYPTO_CONSTRAINTS_FAILURE")
    return hashlib.new(algorithm.name, data, usedforsecurity=False).digest()


def _key_bits(certificate: Certificate) -> bytes:
    """Return the content of the subjectPublicKey bit string (RFC 6960 section 4.1.1)."""
    return bytes(certificate.public_key.public_bytes(Encoding.DER, PublicFormat.PKCS1))


def _key_hash(certificate: Certificate) -> bytes:
    return pyca.SubjectKeyIdentifier.from_public_key(certificate.public_key).digest
