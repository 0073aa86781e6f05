"""Step 2, the CMS: one SignerInfo, digest, signature value and signer's certificate (RFC 5652, EN 319 122-1).

``read_cms`` takes it apart; ``check_cms`` says what is wrong. Trust and time are asked elsewhere.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Any, Final

from asn1crypto import cms
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from pyhanko_certvalidator.errors import AlgorithmNotSupported
from pyhanko_certvalidator.sig_validate import DefaultSignatureValidator, SignatureValidationContext

from signkit.x509.algorithms import check_digest, check_public_key, check_signature_algorithm
from signkit.x509.certificates import Certificate
from signkit.x509.crls import Crl
from signkit.x509.errors import X509Error

__all__ = ["Cms", "CmsError", "check_cms", "form_holds", "names_exactly", "read_cms"]

_MAX_CERTIFICATES: Final = 100
_MAX_VALUES: Final = 20
_SINGLE: Final = frozenset(
    {
        "content_type",
        "message_digest",
        "signing_time",
        "signing_certificate",
        "signing_certificate_v2",
        "signer_attributes_v2",
        "cms_algorithm_protection",
    }
)
"""Attributes that are read here, and so have one value (RFC 5652 clause 11); others may have several."""
_READ_ERRORS: Final = (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError, RecursionError)


class CmsError(ValueError):
    """The CMS is wrong; ``code`` is the finding's, without its prefix, ``sub`` the EN 319 102-1 sub-indication."""

    def __init__(self, code: str, sub: str) -> None:
        super().__init__(code)
        self.code = code
        self.sub = sub


@dataclass(frozen=True, slots=True, kw_only=True)
class Cms:
    """A SignedData with one SignerInfo, taken apart."""

    certificates: tuple[Certificate, ...]
    signer: Certificate
    digest: str
    signature: bytes = field(repr=False)
    signed_der: bytes = field(repr=False)
    """The signed attributes as they were signed."""
    attributes: dict[str, Any] = field(repr=False)
    """Signed attributes with their one value, or with the first of several where we do not know the attribute."""
    unsigned: tuple[str, ...]
    """Types of the unsigned attributes."""
    tokens: tuple[bytes, ...] = field(repr=False)
    """Signature timestamps, DER."""
    algorithm: Any = field(repr=False)
    detached: bool

    @property
    def role(self) -> str | None:
        """The claimed role, None if there is none or it cannot be told."""
        try:
            for item in self.attributes["signer_attributes_v2"]["claimed_attributes"]:
                if item["type"].dotted == "2.5.4.12":
                    return str(item["values"][0].native)
        except _READ_ERRORS:
            return None
        return None


def read_cms(data: bytes) -> Cms:
    """Return the one signature in ``data``.

    Raises:
        CmsError: ``cms_unreadable``, ``signer_infos``, ``signed_attributes``, ``no_signed_attributes``,
        ``no_certificate``.
    """
    try:
        info = cms.ContentInfo.load(data, strict=True)
        return _read(info)
    except CmsError:
        raise
    except _READ_ERRORS as exc:
        raise CmsError("cms_unreadable", "FORMAT_FAILURE") from exc


def check_cms(signature: Cms, document_digest: bytes, *, ess_required: bool) -> list[CmsError]:
    """Return what is wrong with a signature over a document with that digest (by ``signature.digest``)."""
    wrong: list[CmsError] = []
    attributes = signature.attributes
    said = attributes.get("message_digest")
    if said is None or not hmac.compare_digest(bytes(said.native), document_digest):
        wrong.append(CmsError("digest", "HASH_FAILURE"))
    kind = attributes.get("content_type")
    if kind is None or kind.native != "data" or not signature.detached:
        wrong.append(CmsError("content_type", "FORMAT_FAILURE"))
    wrong += _value_errors(signature)
    wrong += _certificate_errors(signature, ess_required=ess_required)
    return wrong


def form_holds(data: bytes, *, token: bool) -> bool:
    """Tell whether what no signature protects in a CMS is exactly what it must be: versions, algorithms, attributes.

    RFC 5652 clause 5.1 fixes the versions; one digest algorithm is named, the signer's, and no algorithm has parameters
    but NULL or none; a token has no unsigned attribute.
    """
    try:
        signed = cms.ContentInfo.load(data, strict=True)["content"]
        signer = signed["signer_infos"][0]
        named = signed["digest_algorithms"]
        ski = signer["sid"].name == "subject_key_identifier"
        versions = ("v3" if token or ski else "v1", "v3" if ski else "v1")
        return (
            (signed["version"].native, signer["version"].native) == versions
            and len(named) == 1
            and named[0]["algorithm"].native == signer["digest_algorithm"]["algorithm"].native
            and all(map(_plain, (named[0], signer["digest_algorithm"], signer["signature_algorithm"])))
            and not (token and len(signer["unsigned_attrs"] or ()))
            and all(item.name == "certificate" for item in signed["certificates"] or ())
            and all(item.name == "crl" and Crl(item.chosen.dump()) for item in signed["crls"] or ())
        )
    except (X509Error, *_READ_ERRORS):
        return False


def names_exactly(data: bytes, signer: Certificate) -> bool:
    """Tell whether the CMS names its signer byte for byte: two names may be equal and differ in case (RFC 5280 7.1)."""
    try:
        sid = cms.ContentInfo.load(data, strict=True)["content"]["signer_infos"][0]["sid"]
        if sid.name == "subject_key_identifier":
            return True
        return bool(sid.chosen["issuer"].dump() == signer.asn1.issuer.dump())
    except (X509Error, *_READ_ERRORS):
        return False


def _plain(algorithm: Any) -> bool:
    if algorithm["algorithm"].native == "rsassa_pss":
        return True
    oid = algorithm["algorithm"].dump()
    return bool(algorithm.contents in {oid, oid + b"\x05\x00"})


def _read(info: Any) -> Cms:
    if info["content_type"].native != "signed_data":
        raise CmsError("cms_unreadable", "FORMAT_FAILURE")
    signed = info["content"]
    if len(signed["signer_infos"]) != 1:
        raise CmsError("signer_infos", "FORMAT_FAILURE")
    signer_info = signed["signer_infos"][0]
    choices = list(signed["certificates"] or ())
    if len(choices) > _MAX_CERTIFICATES:
        raise CmsError("cms_unreadable", "FORMAT_FAILURE")
    try:
        certificates = tuple(Certificate(item.chosen.dump()) for item in choices if item.name == "certificate")
    except X509Error as exc:
        raise CmsError("cms_unreadable", "FORMAT_FAILURE") from exc
    signer = next((item for item in certificates if _names(signer_info["sid"], item)), None)
    if signer is None:
        raise CmsError("no_certificate", "NO_SIGNING_CERTIFICATE_FOUND")
    attributes = _signed_attributes(signer_info)
    unsigned, tokens = _unsigned_attributes(signer_info)
    return Cms(
        certificates=certificates,
        signer=signer,
        digest=str(signer_info["digest_algorithm"]["algorithm"].native),
        signature=bytes(signer_info["signature"].native),
        signed_der=signer_info["signed_attrs"].untag().dump(),
        attributes=attributes,
        unsigned=unsigned,
        tokens=tokens,
        algorithm=signer_info["signature_algorithm"],
        detached=signed["encap_content_info"]["content"].native is None
        and signed["encap_content_info"]["content_type"].native == "data",
    )


def _names(sid: Any, certificate: Certificate) -> bool:
    if sid.name == "subject_key_identifier":
        return bool(certificate.asn1.key_identifier == sid.native)
    issuer, serial = sid.chosen["issuer"], sid.chosen["serial_number"].native
    return bool(serial == certificate.serial_number and issuer == certificate.asn1.issuer)


def _signed_attributes(signer_info: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if not signer_info["signed_attrs"]:
        raise CmsError("no_signed_attributes", "SIG_CONSTRAINTS_FAILURE")
    for attribute in signer_info["signed_attrs"]:
        name = str(attribute["type"].native)
        if name in found or not len(attribute["values"]) or (len(attribute["values"]) > 1 and name in _SINGLE):
            raise CmsError("signed_attributes", "FORMAT_FAILURE")
        found[name] = attribute["values"][0]
    return found


def _key_usage(signer: Certificate) -> frozenset[str] | None:
    """Return the key usage, leniently where another extension breaks its rules: real authorities write such ones."""
    try:
        return signer.key_usage
    except X509Error:
        value = signer.asn1.key_usage_value
        return None if value is None else frozenset(value.native)


def _unsigned_attributes(signer_info: Any) -> tuple[tuple[str, ...], tuple[bytes, ...]]:
    names: list[str] = []
    tokens: list[bytes] = []
    for attribute in signer_info["unsigned_attrs"] or ():
        names.append(str(attribute["type"].native))
        if names[-1] == "signature_time_stamp_token":
            tokens += [value.dump() for value in list(attribute["values"])[:_MAX_VALUES]]
    return tuple(names), tuple(tokens[:_MAX_VALUES])


def _value_errors(signature: Cms) -> list[CmsError]:
    """Return what is wrong with the value and its algorithms; a method unknown here makes no value wrong."""
    wrong = _algorithm_errors(signature)
    try:
        DefaultSignatureValidator().validate_signature(
            signature.signature,
            signature.signed_der,
            signature.signer.asn1.public_key,
            signature.algorithm,
            SignatureValidationContext(contextual_md_algorithm=signature.digest),
        )
    except AlgorithmNotSupported:
        return [CmsError("algorithm", "CRYPTO_CONSTRAINTS_FAILURE")]
    except InvalidSignature:
        return [CmsError("value", "SIG_CRYPTO_FAILURE"), *wrong]
    except (UnsupportedAlgorithm, NotImplementedError, *_READ_ERRORS):  # the method is unknown, or else misused
        return wrong or [CmsError("value", "SIG_CRYPTO_FAILURE")]
    return wrong


def _algorithm_errors(signature: Cms) -> list[CmsError]:
    try:
        check_digest(signature.digest)
        check_public_key(signature.signer.public_key)
        check_signature_algorithm(signature.algorithm)
    except (X509Error, *_READ_ERRORS):
        return [CmsError("algorithm", "CRYPTO_CONSTRAINTS_FAILURE")]
    protection = signature.attributes.get("cms_algorithm_protection")
    try:
        if protection is not None and (
            protection["digest_algorithm"]["algorithm"].native != signature.digest
            or protection["signature_algorithm"].native != signature.algorithm.native
        ):
            return [CmsError("algorithm_protection", "SIG_CONSTRAINTS_FAILURE")]
    except _READ_ERRORS:
        return [CmsError("algorithm_protection", "SIG_CONSTRAINTS_FAILURE")]
    return []


def _certificate_errors(signature: Cms, *, ess_required: bool) -> list[CmsError]:
    try:
        modern = signature.attributes.get("signing_certificate_v2")
        old = signature.attributes.get("signing_certificate")
        if modern is None and (old is None or ess_required):
            return [CmsError("no_ess", "SIG_CONSTRAINTS_FAILURE")] if ess_required else []
        ok = all(
            _ess_matches(value, signature.signer, fixed)
            for value, fixed in ((modern, None), (old, "sha1"))
            if value is not None
        )
    except (X509Error, *_READ_ERRORS):
        ok = False
    wrong = [] if ok else [CmsError("ess", "SIG_CONSTRAINTS_FAILURE")]
    try:
        usage = _key_usage(signature.signer)
    except _READ_ERRORS:
        usage = frozenset()
    if usage is not None and not usage & {"digital_signature", "non_repudiation"}:
        wrong.append(CmsError("key_usage", "CHAIN_CONSTRAINTS_FAILURE"))
    return wrong


def _ess_matches(value: Any, signer: Certificate, fixed: str | None) -> bool:
    first = value["certs"][0]
    name = fixed or str(first["hash_algorithm"]["algorithm"].native)
    if fixed is None:
        check_digest(name)
    actual = hashlib.new(name, signer.der, usedforsecurity=False).digest()
    if not hmac.compare_digest(bytes(first["cert_hash"].native), actual):
        return False
    issuer_serial = first["issuer_serial"]
    return issuer_serial.native is None or issuer_serial["serial_number"].native == signer.serial_number
