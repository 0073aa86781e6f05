"""RFC 3161 timestamp tokens: read, and checked.

``TimestampToken`` gives the facts; ``check_token`` says that the token is what it claims (CMS signature, ESS
certificate, key purpose) and ``verify_token`` that somebody trusted made it. Every failure is an ``X509Error``
with a code ``token.*`` or ``chain.*``. What is not here: whether the time suits anybody.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Final

from asn1crypto import cms, tsp
from cryptography.exceptions import InvalidSignature
from pyhanko_certvalidator.sig_validate import DefaultSignatureValidator, SignatureValidationContext

from signkit.x509.algorithms import check_digest, check_public_key, check_signature_algorithm
from signkit.x509.certificates import Certificate
from signkit.x509.crls import Crl
from signkit.x509.errors import MALFORMED, X509Error
from signkit.x509.paths import validate_path

__all__ = [
    "MAX_TOKEN_BYTES",
    "TIME_STAMPING_OID",
    "TimestampToken",
    "TokenFacts",
    "VerifiedToken",
    "check_token",
    "verify_token",
]

MAX_TOKEN_BYTES: Final = 256 * 1024
"""Largest token read, ours."""
TIME_STAMPING_OID: Final = "1.3.6.1.5.5.7.3.8"
_MAX_EMBEDDED: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenFacts:
    """What the token says (TSTInfo, RFC 3161 section 2.4.2)."""

    gen_time: datetime
    digest: str
    """Digest algorithm of the imprint."""
    imprint: bytes = field(repr=False)
    policy: str
    serial_number: int
    nonce: int | None
    accuracy: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedToken:
    """A token that a trusted timestamping authority made."""

    facts: TokenFacts
    signer: Certificate
    path: tuple[Certificate, ...]
    """From the signer to the anchor."""


class TimestampToken:
    """One token, parsed.

    Args:
        der: DER ContentInfo, the TimeStampToken; not a whole TimeStampResp.

    Raises:
        X509Error: ``token.unreadable``.
    """

    __slots__ = ("__dict__", "der")

    def __init__(self, der: bytes) -> None:
        if len(der) > MAX_TOKEN_BYTES:
            raise X509Error("timestamp token too large", code="token.unreadable")
        self.der = bytes(der)
        try:
            self._read()
        except X509Error:
            raise
        except MALFORMED as exc:
            raise X509Error("not a timestamp token", code="token.unreadable") from exc

    def _read(self) -> None:
        info = cms.ContentInfo.load(self.der, strict=True)
        if info["content_type"].native != "signed_data":
            raise X509Error("not signed data", code="token.unreadable")
        self._signed = info["content"]
        encapsulated = self._signed["encap_content_info"]
        if encapsulated["content_type"].native != "tst_info":
            raise X509Error("no timestamp inside", code="token.unreadable")
        self._content = bytes(encapsulated["content"])
        self.facts = _facts(tsp.TSTInfo.load(self._content, strict=True))
        if len(self._signed["signer_infos"]) != 1:
            raise X509Error("not exactly one signer", code="token.unreadable")
        self._signer_info = self._signed["signer_infos"][0]
        _ = self._signer_info["sid"].native

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TimestampToken) and other.der == self.der

    def __hash__(self) -> int:
        return hash(self.der)

    @property
    def gen_time(self) -> datetime:
        """When the authority says the imprint existed, aware UTC."""
        return self.facts.gen_time

    @cached_property
    def certificates(self) -> tuple[Certificate, ...]:
        """The certificates inside, in order, at most fifty.

        Raises:
            X509Error: ``token.unreadable``.
        """
        try:
            choices = list(self._signed["certificates"] or ())[:_MAX_EMBEDDED]
            return tuple(Certificate(item.chosen.dump()) for item in choices if item.name == "certificate")
        except X509Error as exc:
            raise X509Error(exc.message, code="token.unreadable") from exc
        except MALFORMED as exc:
            raise X509Error("certificates in the token cannot be read", code="token.unreadable") from exc

    @cached_property
    def crls(self) -> tuple[Crl, ...]:
        """The revocation lists inside; unreadable ones are left out."""
        found: list[Crl] = []
        try:
            for item in list(self._signed["crls"] or ())[:_MAX_EMBEDDED]:
                if item.name == "certificate_list":
                    found.append(Crl(item.chosen.dump()))  # noqa: PERF401
        except MALFORMED:
            return tuple(found)
        return tuple(found)

    def find_signer(self, others: Iterable[Certificate] = ()) -> Certificate:
        """Return the signer's certificate, from the token or from ``others``.

        Raises:
            X509Error: ``token.signer``, not there.
        """
        for certificate in (*self.certificates, *others):
            if self._names(certificate):
                return certificate
        raise X509Error("the signer's certificate is not there", code="token.signer")

    def _names(self, certificate: Certificate) -> bool:
        try:
            sid = self._signer_info["sid"]
            if sid.name == "subject_key_identifier":
                return bool(certificate.asn1.key_identifier == sid.native)
            return bool(
                sid.chosen["serial_number"].native == certificate.serial_number
                and sid.chosen["issuer"] == certificate.asn1.issuer
            )
        except MALFORMED:
            return False


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
        attributes = _attributes(token._signer_info)  # noqa: SLF001 - one module
        digest = str(token._signer_info["digest_algorithm"]["algorithm"].native)  # noqa: SLF001
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


def _facts(info: Any) -> TokenFacts:
    gen_time = info["gen_time"].native
    if not isinstance(gen_time, datetime):
        raise X509Error("genTime is no time", code="token.unreadable")
    accuracy = info["accuracy"].native
    span = None
    if accuracy:
        span = timedelta(
            seconds=int(accuracy["seconds"] or 0),
            milliseconds=int(accuracy["millis"] or 0),
            microseconds=int(accuracy["micros"] or 0),
        )
    imprint = info["message_imprint"]
    return TokenFacts(
        gen_time=gen_time.astimezone(UTC),
        digest=str(imprint["hash_algorithm"]["algorithm"].native),
        imprint=bytes(imprint["hashed_message"].native),
        policy=info["policy"].dotted,
        serial_number=int(info["serial_number"].native),
        nonce=info["nonce"].native,
        accuracy=span,
    )


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
        check_signature_algorithm(token._signer_info["signature_algorithm"])  # noqa: SLF001
    except X509Error as exc:
        raise X509Error(exc.message, code="token.algorithm") from exc
    if hashlib.new(token.facts.digest).digest_size != len(token.facts.imprint):
        raise X509Error("the imprint's length is not its algorithm's", code="token.imprint")


def _check_attributes(token: TimestampToken, attributes: dict[str, Any], digest: str) -> None:
    kind = attributes.get("content_type")
    if kind is None or kind.native != "tst_info":
        raise X509Error("content-type attribute is missing or wrong", code="token.digest")
    said = attributes.get("message_digest")
    actual = hashlib.new(digest, token._content).digest()  # noqa: SLF001
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
    info = token._signer_info  # noqa: SLF001
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
