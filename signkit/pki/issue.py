"""Building certificates and revocation lists for a key that cannot be seen: we make the bytes, the port signs them."""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from asn1crypto import algos, core, crl, keys, x509
from cryptography import x509 as pyca

from signkit.errors import SealError
from signkit.ports.keys import SigningKey

__all__ = ["REASONS", "RevokedEntry", "build_certificate", "build_crl", "build_name", "digest_for", "new_serial"]

_PRINTABLE: Final = frozenset({"2.5.4.6", "2.5.4.5"})
"""countryName and serialNumber are PrintableString (RFC 5280 appendix A.1)."""
_MAX_VALUE: Final = 256
_SIGNATURES: Final = {"ecdsa-p256": "sha256_ecdsa", "ecdsa-p384": "sha384_ecdsa", "rsa": "sha256_rsa"}


REASONS: Final = {
    "keyCompromise": "key_compromise",
    "cACompromise": "ca_compromise",
    "affiliationChanged": "affiliation_changed",
    "superseded": "superseded",
    "cessationOfOperation": "cessation_of_operation",
    "privilegeWithdrawn": "privilege_withdrawn",
}
"""Reasons for a revocation by their names in RFC 5280 and in asn1crypto. ``unspecified`` SHOULD be absent there."""


@dataclass(frozen=True, slots=True)
class RevokedEntry:
    """One line of a revocation list."""

    serial_number: int
    revoked_at: datetime
    reason: str
    """RFC 5280 name: ``keyCompromise``, ``superseded``, …"""


def new_serial() -> int:
    """Return a positive random serial number of 159 bits (RFC 5280 section 4.1.2.2 allows 20 bytes)."""
    return secrets.randbits(158) | 1 << 158


def digest_for(key: SigningKey) -> str:
    """Return the digest that we use with a key: SHA-384 with P-384, else SHA-256."""
    return "sha384" if key.algorithm == "ecdsa-p384" else "sha256"


def build_name(parts: Iterable[tuple[str, str]]) -> bytes:
    """Return the DER Name of (dotted OID, value) pairs, one per RDN, text in NFC; empty values are left out.

    RFC 5280's upper bound of 64 characters is not enforced: names of people are as long as they are.

    Raises:
        SealError: ``seal.certificate``, control characters or more than 256 characters.
    """
    rdns = []
    for oid, raw in parts:
        value = unicodedata.normalize("NFC", raw)
        if not value:
            continue
        if len(value) > _MAX_VALUE or any(unicodedata.category(char) in {"Cc", "Cs"} for char in value):
            raise SealError(f"a name that no certificate can hold (attribute {oid})", code="seal.certificate")
        if oid in _PRINTABLE:
            spec: Any = core.PrintableString(value) if oid == "2.5.4.6" else _directory("printable_string", value)
        else:
            spec = _directory("utf8_string", value)
        pair = x509.NameTypeAndValue({"type": x509.NameType.map(oid) if _known(oid) else oid, "value": spec})
        rdns.append(x509.RelativeDistinguishedName([pair]))
    return bytes(x509.Name(name="", value=x509.RDNSequence(rdns)).dump())


def build_certificate(
    *,
    subject: bytes,
    spki: bytes,
    issuer: bytes,
    key: SigningKey,
    not_before: datetime,
    not_after: datetime,
    extensions: Sequence[tuple[pyca.ExtensionType, bool]],
) -> bytes:
    """Return a DER certificate, version 3, random serial, signed by ``key``."""
    tbs = x509.TbsCertificate(
        {
            "version": "v3",
            "serial_number": new_serial(),
            "signature": _algorithm(key),
            "issuer": x509.Name.load(issuer),
            "validity": {"not_before": _time(not_before), "not_after": _time(not_after)},
            "subject": x509.Name.load(subject),
            "subject_public_key_info": keys.PublicKeyInfo.load(spki),
            "extensions": [_extension(value, critical=critical) for value, critical in extensions],
        }
    )
    return bytes(
        x509.Certificate(
            {
                "tbs_certificate": tbs,
                "signature_algorithm": _algorithm(key),
                "signature_value": key.sign(tbs.dump(), digest=digest_for(key)),
            }
        ).dump()
    )


def build_crl(
    *,
    issuer: bytes,
    key: SigningKey,
    number: int,
    this_update: datetime,
    next_update: datetime,
    since: datetime,
    authority_key_id: bytes,
    revoked: Sequence[RevokedEntry],
) -> bytes:
    """Return a DER revocation list, version 2.

    ExpiredCertsOnCRL (X.509 clause 9.5.2.8, 2.5.29.60) says that entries stay after expiry, since ``since``: a
    one-time certificate lives ten minutes and is judged for decades.
    """
    body: dict[str, Any] = {
        "version": "v2",
        "signature": _algorithm(key),
        "issuer": x509.Name.load(issuer),
        "this_update": _time(this_update),
        "next_update": _time(next_update),
        "crl_extensions": [
            {"extn_id": "authority_key_identifier", "extn_value": {"key_identifier": authority_key_id}},
            {"extn_id": "crl_number", "extn_value": number},
            {
                "extn_id": "2.5.29.60",
                "extn_value": core.ParsableOctetString(
                    core.GeneralizedTime(since.astimezone(UTC).replace(microsecond=0)).dump()
                ),
            },
        ],
    }
    if revoked:
        body["revoked_certificates"] = [_entry(item) for item in revoked]
    tbs = crl.TbsCertList(body)
    return bytes(
        crl.CertificateList(
            {
                "tbs_cert_list": tbs,
                "signature_algorithm": _algorithm(key),
                "signature": key.sign(tbs.dump(), digest=digest_for(key)),
            }
        ).dump()
    )


def _entry(item: RevokedEntry) -> dict[str, Any]:
    return {
        "user_certificate": item.serial_number,
        "revocation_date": _time(item.revoked_at),
        "crl_entry_extensions": [{"extn_id": "crl_reason", "extn_value": REASONS[item.reason]}],
    }


def _extension(value: pyca.ExtensionType, *, critical: bool) -> x509.Extension:
    return x509.Extension(
        {
            "extn_id": value.oid.dotted_string,
            "critical": critical,
            "extn_value": core.ParsableOctetString(value.public_bytes()),
        }
    )


def _algorithm(key: SigningKey) -> algos.SignedDigestAlgorithm:
    if key.algorithm not in _SIGNATURES:
        raise SealError(f"a key of kind {key.algorithm} issues no certificates", code="seal.certificate")
    return algos.SignedDigestAlgorithm({"algorithm": _SIGNATURES[key.algorithm]})


def _time(at: datetime) -> x509.Time:
    """UTCTime through 2049, GeneralizedTime after (RFC 5280 section 4.1.2.5), whole seconds."""
    whole = at.astimezone(UTC).replace(microsecond=0)
    return x509.Time({"utc_time": whole} if whole.year < 2050 else {"general_time": whole})


def _directory(kind: str, value: str) -> x509.DirectoryString:
    return x509.DirectoryString(name=kind, value=value)


def _known(oid: str) -> bool:
    return oid in x509.NameType._map  # noqa: SLF001 - asn1crypto's documented table
