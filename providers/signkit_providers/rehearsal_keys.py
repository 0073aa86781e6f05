"""The rehearsal's issuer: a test root that certifies a fresh key for whoever is rehearsed.

It is made by ``init`` and lives with a test home's keys as PKCS#12. Every subject says TEST. It is trusted for
``eid:rehearsal:test`` and nothing else.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    pkcs12,
)
from cryptography.x509.oid import NameOID

from signkit.errors import KeyUnavailableError

__all__ = ["RehearsalIssuer", "load_issuer", "make_issuer"]

_MAX_FILE_BYTES: Final = 64 * 1024
_ROOT_YEARS: Final = 30
_LEAF_MINUTES: Final = 10
_LONG_NAME: Final = x509.ObjectIdentifier("2.5.4.41")
_MAX_COMMON_NAME: Final = 64


@dataclass(frozen=True, slots=True)
class RehearsalIssuer:
    """The test root with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    @property
    def der(self) -> bytes:
        """The root certificate: the anchor for ``eid:rehearsal:test``."""
        return self.certificate.public_bytes(Encoding.DER)

    def to_pkcs12(self, passphrase: bytes | None = None) -> bytes:
        """Return root and key as PKCS#12, encrypted where a passphrase is given."""
        encryption: KeySerializationEncryption = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
        return pkcs12.serialize_key_and_certificates(b"rehearsal TEST", self.key, self.certificate, None, encryption)

    def issue(self, *, name: str, value: str, at: dt.datetime) -> tuple[ec.EllipticCurvePrivateKey, bytes]:
        """Return a fresh key and the certificate that names the person, valid for ten minutes around ``at``."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "TEST"),
                x509.NameAttribute(NameOID.SERIAL_NUMBER, value),
                x509.NameAttribute(_LONG_NAME, name),
                x509.NameAttribute(NameOID.COMMON_NAME, f"TEST {name}"[:_MAX_COMMON_NAME]),
            ]
        )
        span = dt.timedelta(minutes=_LEAF_MINUTES)
        builder = _builder(subject, self.certificate.subject, key.public_key(), at - span, at + span)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_usage(content_commitment=True), critical=True)
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False
        )
        return key, builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.DER)


def make_issuer(*, organisation: str, now: dt.datetime) -> RehearsalIssuer:
    """Return a fresh test root for the rehearsals of one organisation."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "TEST"),
            x509.NameAttribute(NameOID.COMMON_NAME, "TEST rehearsal eID root"),
        ]
    )
    until = now + dt.timedelta(days=366 * _ROOT_YEARS)
    builder = _builder(name, name, key.public_key(), now - dt.timedelta(days=1), until)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    return RehearsalIssuer(builder.sign(key, hashes.SHA256()), key)


def load_issuer(path: Path, *, passphrase: bytes | None = None) -> RehearsalIssuer:
    """Return the issuer that a PKCS#12 file holds.

    Raises:
        KeyUnavailableError: missing, locked, or no test root.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(_MAX_FILE_BYTES)
        key, certificate, _ = pkcs12.load_key_and_certificates(data, passphrase)
    except OSError as exc:
        raise KeyUnavailableError(
            f"the rehearsal key {path.name} cannot be read: {exc.strerror}",
            code="seal.key.missing",
            hint="run `signkit init` with --environment test",
        ) from exc
    except (ValueError, TypeError) as exc:
        raise KeyUnavailableError(
            f"the rehearsal key {path.name} cannot be opened", code="seal.key.locked", hint="check the passphrase"
        ) from exc
    if not isinstance(key, ec.EllipticCurvePrivateKey) or certificate is None:
        raise KeyUnavailableError(f"{path.name} is no rehearsal root", code="seal.key.kind")
    units = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
    if "TEST" not in {str(unit.value) for unit in units}:
        raise KeyUnavailableError(f"{path.name} does not say TEST", code="seal.key.kind")
    return RehearsalIssuer(certificate, key)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    start: dt.datetime,
    end: dt.datetime,
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public_key)
    return builder.serial_number(x509.random_serial_number()).not_valid_before(start).not_valid_after(end)


def _usage(*, content_commitment: bool = False, key_cert_sign: bool = False, crl_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=False,
        content_commitment=content_commitment,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )
