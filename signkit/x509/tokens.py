"""RFC 3161 timestamp tokens: read, and checked.

``TimestampToken`` gives the facts; ``check_token`` says that the token is what it claims (CMS signature, ESS
certificate, key purpose) and ``verify_token`` that somebody trusted made it. Every failure is an ``X509Error``
with a code ``token.*`` or ``chain.*``. What is not here: whether the time suits anybody.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from pyhanko_certvalidator.sig_validate import DefaultSignatureValidator, SignatureValidationContext

from signkit.x509.algorithms import check_digest, check_public_key, check_signature_algorithm
from signkit.x509.certificates import Certificate
from signkit.x509.crls import Crl
from signkit.x509.errors import MALFORMED, X509Error
from signkit.x509.paths import validate_path
from signkit.x509.token_facts import MAX_TOKEN_BYTES, TimestampToken, TokenFacts

__all__ = [
    "MAX_TOKEN_BYTES",
    "TIME_STAMPING_OID",
    "TimestampToken",
    "TokenFacts",
    "VerifiedToken",
    "check_token",
    "verify_token",
]

TIME_STAMPING_OID: Final = "1.3.6.1.5.5.7.3.8"


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedToken:
    """A token that a trusted timestamping authority made."""

    facts: TokenFacts
    signer: Certificate
    path: tuple[Certificate, ...]
    """From the signer to the anchor."""


def check_token(token: TimestampToken, *, others: Iterable[Certificate] = ()) -> Certificate:
    """Return the signer's certificate: the token is signed by it, and it may sign timestamps. Trust is not asked.

    Checked: strong algorithms, content type and message digest attributes (RFC 5652 section 5.4), signature
    value, ESS certificate (RFC 5816; version 1 with SHA-1 identifies, too), key purpose timeStamping alone and
    critical (RFC 3161 section 2.3), genTime inside the signer's validity.

    Raises:
        X509Error: ``token.signer``, ``.algorithm``, ``.digest``, ``.signature``, ``.ess``, ``.usage``, ``.validity``.
    """
    signer = token.find_signer(others)
    try:
        attributes = _attributes(token.signer_info)
        digest = str(token.signer_info["digest_algorithm"]["algorithm"].native)
        _check_algorithms(token, signer, digest)
        _check_attributes(token, attributes, digest)
        _check_ess(attributes, signer)
        _check_signature(token, signer, digest)
        _check_usage(signer)
    except X509Error:
        raise
    except MALFORMED as exc:
        raise X509Error("the token cannot be checked", code="token.unreadable") from exc
    if not signer.valid_at(token.gen_time):
        raise X509Error("the token's time lies outside its signer's validity", code="token.validity")
    return signer


def verify_token(
    token: TimestampToken,
    *,
    anchors: Iterable[Certificate],
    imprint: bytes | None = None,
    certificates: Iterable[Certificate] = (),
    crls: Iterable[Crl] = (),
    ocsps: Iterable[bytes] = (),
    at: datetime | None = None,
    require_revocation: bool = True,
) -> VerifiedToken:
    """Return the token with the path of its signer to one of ``anchors`` (those for the purpose tsa).

    The path holds at ``at``, by default the token's own time. ``imprint`` is the digest, by the token's
    algorithm, of what is said to be timestamped. A signer revoked for compromise, or for no stated reason, makes
    all its tokens worthless whatever their time (RFC 3161 section 4).

    Raises:
        X509Error: ``token.imprint``, or as ``check_token`` and ``paths.validate_path``.
    """
    if imprint is not None and not hmac.compare_digest(imprint, token.facts.imprint):
        raise X509Error("the token is over something else", code="token.imprint")
    others, lists = tuple(certificates), (*crls, *token.crls)
    signer = check_token(token, others=others)
    path = validate_path(
        signer,
        anchors=anchors,
        at=at or token.gen_time,
        intermediates=(*token.certificates, *others),
        crls=lists,
        ocsps=ocsps,
        require_revocation=require_revocation,
        extended_key_usage=frozenset({"time_stamping"}),
    )
    if len(path) > 1:
        _check_compromise(signer, path[1], lists)
    return VerifiedToken(facts=token.facts, signer=signer, path=path)


def _attributes(signer_info: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for attribute in signer_info["signed_attrs"]:
        name = str(attribute["type"].native)
        if name in found or len(attribute["values"]) != 1:
            raise X509Error(f"signed attribute {name} is repeated", code="token.signature")
        found[name] = attribute["values"][0]
    return found


def _check_algorithms(token: TimestampToken, signer: Certificate, digest: str) -> None:
    try:
        check_digest(token.facts.digest)
        check_digest(digest)
        check_public_key(signer.public_key)
        check_signature_algorithm(token.signer_info["signature_algorithm"])
    except X509Error as exc:
        raise X509Error(exc.message, code="token.algorithm") from exc
    if hashlib.new(token.facts.digest).digest_size != len(token.facts.imprint):
        raise X509Error("the imprint's length is not its algorithm's", code="token.imprint")


def _check_attributes(token: TimestampToken, attributes: dict[str, Any], digest: str) -> None:
    kind = attributes.get("content_type")
    if kind is None or kind.native != "tst_info":
        raise X509Error("content-type attribute is missing or wrong", code="token.digest")
    said = attributes.get("message_digest")
    actual = hashlib.new(digest, token.content).digest()
    if said is None or not hmac.compare_digest(bytes(said.native), actual):
        raise X509Error("message digest does not match", code="token.digest")


def _check_ess(attributes: dict[str, Any], signer: Certificate) -> None:
    modern, old = attributes.get("signing_certificate_v2"), attributes.get("signing_certificate")
    if modern is None and old is None:
        raise X509Error("no signing-certificate attribute", code="token.ess")
    for value, fixed in ((modern, None), (old, "sha1")):
        if value is None:
            continue
        first = value["certs"][0]
        name = fixed or str(first["hash_algorithm"]["algorithm"].native)
        if fixed is None:
            check_digest(name)
        actual = hashlib.new(name, signer.der, usedforsecurity=False).digest()
        if not hmac.compare_digest(bytes(first["cert_hash"].native), actual):
            raise X509Error("signing-certificate attribute names another certificate", code="token.ess")
        issuer_serial = first["issuer_serial"].native
        if issuer_serial is not None and issuer_serial["serial_number"] != signer.serial_number:
            raise X509Error("signing-certificate attribute names another certificate", code="token.ess")


def _check_signature(token: TimestampToken, signer: Certificate, digest: str) -> None:
    info = token.signer_info
    signed = info["signed_attrs"].untag().dump()
    try:
        DefaultSignatureValidator().validate_signature(
            bytes(info["signature"].native),
            signed,
            signer.asn1.public_key,
            info["signature_algorithm"],
            SignatureValidationContext(contextual_md_algorithm=digest),
        )
    except (InvalidSignature, NotImplementedError, *MALFORMED) as exc:
        raise X509Error("the signature does not match", code="token.signature") from exc


def _check_usage(signer: Certificate) -> None:
    if signer.extended_key_usage != frozenset({TIME_STAMPING_OID}):
        raise X509Error("the signer's key is not for timestamps alone", code="token.usage")
    for extension in signer.asn1["tbs_certificate"]["extensions"]:
        if extension["extn_id"].native == "extended_key_usage" and extension["critical"].native is not True:
            raise X509Error("the signer's key purpose is not critical", code="token.usage")


def _check_compromise(signer: Certificate, issuer: Certificate, lists: tuple[Crl, ...]) -> None:
    harmless = {"unspecified", "affiliationChanged", "superseded", "cessationOfOperation", "removeFromCRL"}
    for item in lists:
        entry = item.revocation(signer.serial_number) if item.issued_by(issuer) else None
        if entry is not None and entry.reason not in harmless:
            raise X509Error("the timestamping authority's key was revoked", code="chain.revoked")
