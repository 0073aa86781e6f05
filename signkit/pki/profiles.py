"""The certificate profiles of a home (proof.md section 4): who is called what, may do what, for how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_der_public_key
from cryptography.x509.oid import ExtendedKeyUsageOID

from signkit.pki.issue import build_certificate
from signkit.ports.keys import SigningKey
from signkit.x509.certificates import Certificate

__all__ = [
    "PERSON_POLICY",
    "SEAL_POLICY",
    "Holder",
    "ca_extensions",
    "end_extensions",
    "issue",
    "key_id",
    "self_signed",
]

PERSON_POLICY: Final = "2.25.244167443113667141328698285225369947.1"
SEAL_POLICY: Final = "2.25.244167443113667141328698285225369947.2"

Extensions = Sequence[tuple[x509.ExtensionType, bool]]


@dataclass(frozen=True, slots=True)
class Holder:
    """A key with its certificate, able to issue."""

    key: SigningKey
    certificate: Certificate


def key_id(spki: bytes) -> bytes:
    """Return the key identifier of a SubjectPublicKeyInfo (RFC 5280 section 4.2.1.2, method 1)."""
    return x509.SubjectKeyIdentifier.from_public_key(load_der_public_key(spki)).digest  # type: ignore[arg-type]


def issue(
    *,
    subject: bytes,
    spki: bytes,
    issuer: Holder,
    not_before: datetime,
    lasts: timedelta,
    extensions: Extensions,
) -> bytes:
    """Return a DER certificate from ``issuer``; its validity never reaches beyond the issuer's."""
    return build_certificate(
        subject=subject,
        spki=spki,
        issuer=issuer.certificate.asn1.subject.dump(),
        key=issuer.key,
        not_before=max(not_before, issuer.certificate.not_before),
        not_after=min(not_before + lasts, issuer.certificate.not_after),
        extensions=[*extensions, *_key_ids(spki, issuer.certificate.spki)],
    )


def ca_extensions(*, path_length: int, policy: str | None = None) -> Extensions:
    """Return what a CA's certificate says; with ``policy`` all below must be issued under it."""
    found: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(ca=True, path_length=path_length), True),
        (_usage(cert_sign=True), True),
    ]
    return [*found, (_policies(policy), False)] if policy else found


def end_extensions(
    *, policy: str | None = None, content_commitment: bool = True, timestamping: bool = False
) -> Extensions:
    """Return what an end entity's certificate says; ``timestamping`` adds the only, critical purpose of RFC 3161."""
    found: list[tuple[x509.ExtensionType, bool]] = [(_usage(commitment=content_commitment), True)]
    if policy:
        found.append((_policies(policy), False))
    if timestamping:
        found.append((x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True))
    return found


def self_signed(
    *, subject: bytes, key: SigningKey, not_before: datetime, lasts: timedelta, extensions: Extensions
) -> bytes:
    """Return a self-signed certificate."""
    return build_certificate(
        subject=subject,
        spki=key.spki,
        issuer=subject,
        key=key,
        not_before=not_before,
        not_after=not_before + lasts,
        extensions=[*extensions, *_key_ids(key.spki, key.spki)],
    )


def _key_ids(spki: bytes, issuer_spki: bytes) -> Extensions:
    authority = x509.AuthorityKeyIdentifier(key_id(issuer_spki), None, None)
    return [(x509.SubjectKeyIdentifier(key_id(spki)), False), (authority, False)]


def _policies(oid: str) -> x509.CertificatePolicies:
    return x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier(oid), None)])


def _usage(*, commitment: bool = False, cert_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not commitment and not cert_sign,
        content_commitment=commitment,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=cert_sign,
        crl_sign=cert_sign,
        encipher_only=False,
        decipher_only=False,
    )
