"""X.509 certificates (RFC 5280): loaded, and asked.

A ``Certificate`` is its DER bytes; equality and hash are over them. Properties are parsed when asked. What is not here:
whether anybody should trust it (``paths``), and issuing (``signkit.pki``).
"""

from __future__ import annotations

import hashlib
import re
import warnings
from base64 import b64decode
from binascii import Error as BinasciiError
from datetime import datetime
from functools import cached_property
from typing import Any, Final, cast

from asn1crypto import x509 as asn1
from cryptography import x509 as pyca
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from signkit.x509.errors import MALFORMED, X509Error

__all__ = [
    "MAX_BUNDLE",
    "MAX_CERTIFICATE_BYTES",
    "Certificate",
    "decode_pem_body",
    "load_bundle",
    "load_certificate",
    "whole_octets",
]

MAX_CERTIFICATE_BYTES: Final = 64 * 1024
"""Largest certificate read, ours: real ones stay below 8 KB."""
MAX_BUNDLE: Final = 1000
"""Most certificates in one bundle, ours."""

_PEM: Final = re.compile(rb"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----(.*?)-----END", re.DOTALL)


def whole_octets(der: bytes, signature: bytes) -> bool:
    """Tell whether the bit string that ends a certificate or list has no unused bits.

    A signature is whole octets (RFC 5280 section 4.1.1.3, X.690 clause 11.2.1). Our libraries do not look at the count
    of unused bits, which no signature covers: with another count there, the same certificate would have another digest.
    """
    return der[-len(signature) - 1 : -len(signature)] == b"\0"


class Certificate:
    """One certificate, readable by both of our libraries.

    Args:
        der: the certificate's DER bytes.

    Raises:
        X509Error: ``certificate.unreadable``.
    """

    __slots__ = ("__dict__", "der")

    def __init__(self, der: bytes) -> None:
        if len(der) > MAX_CERTIFICATE_BYTES:
            raise X509Error("certificate too large", code="certificate.unreadable")
        self.der = bytes(der)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self.__dict__["pyca"] = pyca.load_der_x509_certificate(self.der)
        except MALFORMED as exc:
            raise X509Error("not a certificate", code="certificate.unreadable") from exc
        if not whole_octets(self.der, self.pyca.signature):
            raise X509Error("the signature is not whole octets", code="certificate.unreadable")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Certificate) and other.der == self.der

    def __hash__(self) -> int:
        return hash(self.der)

    def __reduce__(self) -> tuple[type[Certificate], tuple[bytes]]:
        return type(self), (self.der,)  # read anew in the other process: what was parsed cannot travel

    def __repr__(self) -> str:
        return f"<Certificate {self.digest.hex()[:16]}>"

    @property
    def pyca(self) -> pyca.Certificate:
        """The same certificate for the package cryptography."""
        return cast("pyca.Certificate", self.__dict__["pyca"])

    @cached_property
    def asn1(self) -> asn1.Certificate:
        """The same certificate for asn1crypto, pyHanko's library."""
        try:
            return asn1.Certificate.load(self.der, strict=True)
        except MALFORMED as exc:
            raise X509Error("not a certificate", code="certificate.unreadable") from exc

    @cached_property
    def digest(self) -> bytes:
        """SHA-256 of the DER bytes."""
        return hashlib.sha256(self.der).digest()

    @cached_property
    def spki(self) -> bytes:
        """DER SubjectPublicKeyInfo."""
        return bytes(self.public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))

    @cached_property
    def spki_digest(self) -> bytes:
        """SHA-256 of the DER SubjectPublicKeyInfo: what intent and manifest name."""
        return hashlib.sha256(self.spki).digest()

    @cached_property
    def public_key(self) -> Any:
        """The public key, as the package cryptography has it."""
        try:
            return self.pyca.public_key()
        except MALFORMED as exc:
            raise X509Error("unsupported public key", code="certificate.unreadable") from exc

    @property
    def serial_number(self) -> int:
        """The serial number; RFC 5280 demands a positive one, which is not checked."""
        return int(self.asn1.serial_number)

    @property
    def not_before(self) -> datetime:
        """First instant of validity, aware UTC."""
        return self.pyca.not_valid_before_utc

    @property
    def not_after(self) -> datetime:
        """Last instant of validity, aware UTC."""
        return self.pyca.not_valid_after_utc

    def valid_at(self, at: datetime) -> bool:
        """Tell whether ``at`` lies within the validity period, both ends included (RFC 5280 section 4.1.2.5)."""
        return self.not_before <= at <= self.not_after

    @cached_property
    def subject(self) -> dict[str, tuple[str, ...]]:
        """Subject attributes: dotted OID to values, in order."""
        return _name_fields(self.asn1.subject)

    @cached_property
    def issuer(self) -> dict[str, tuple[str, ...]]:
        """Issuer attributes: dotted OID to values, in order."""
        return _name_fields(self.asn1.issuer)

    def subject_field(self, oid: str) -> str | None:
        """Return the subject's only value of ``oid``, None if absent or repeated."""
        values = self.subject.get(oid, ())
        return values[0] if len(values) == 1 else None

    @property
    def common_name(self) -> str | None:
        """Subject commonName (2.5.4.3)."""
        return self.subject_field("2.5.4.3")

    @property
    def organisation(self) -> str | None:
        """Subject organizationName (2.5.4.10)."""
        return self.subject_field("2.5.4.10")

    @property
    def is_test(self) -> bool:
        """True where our pki wrote TEST as an organisational unit."""
        return "TEST" in self.subject.get("2.5.4.11", ())

    @cached_property
    def policies(self) -> frozenset[str]:
        """Certificate policies, dotted OIDs (RFC 5280 section 4.2.1.4)."""
        value = self._extension(pyca.CertificatePolicies)
        return frozenset(item.policy_identifier.dotted_string for item in value or ())

    @cached_property
    def key_usage(self) -> frozenset[str] | None:
        """Asserted key usages by asn1crypto's names (``non_repudiation`` is contentCommitment); None if absent."""
        value = self._extension(pyca.KeyUsage)
        if value is None:
            return None
        names = {
            "digital_signature": value.digital_signature,
            "non_repudiation": value.content_commitment,
            "key_encipherment": value.key_encipherment,
            "data_encipherment": value.data_encipherment,
            "key_agreement": value.key_agreement,
            "key_cert_sign": value.key_cert_sign,
            "crl_sign": value.crl_sign,
        }
        return frozenset(name for name, asserted in names.items() if asserted)

    @cached_property
    def extended_key_usage(self) -> frozenset[str] | None:
        """Extended key usages, dotted OIDs; None if absent."""
        value = self._extension(pyca.ExtendedKeyUsage)
        return None if value is None else frozenset(item.dotted_string for item in value)

    @cached_property
    def is_ca(self) -> bool:
        """True if basic constraints say so."""
        value = self._extension(pyca.BasicConstraints)
        return value is not None and bool(value.ca)

    @cached_property
    def self_signed(self) -> bool:
        """True if subject and issuer are equal and the own key verifies the signature."""
        try:
            self.pyca.verify_directly_issued_by(self.pyca)
        except (InvalidSignature, *MALFORMED):
            return False
        return True

    def issued_by(self, issuer: Certificate) -> bool:
        """Tell whether names match and ``issuer``'s key verifies the signature; no other check of a path."""
        try:
            self.pyca.verify_directly_issued_by(issuer.pyca)
        except (InvalidSignature, *MALFORMED):
            return False
        return True

    def extension_value(self, oid: str) -> bytes | None:
        """Return the DER value of the extension ``oid``, None if absent.

        Raises:
            X509Error: ``certificate.unreadable``, the extensions cannot be parsed.
        """
        for extension in self._asn1_extensions():
            if extension["extn_id"].dotted == oid:
                return bytes(extension["extn_value"].contents)
        return None

    def pem(self) -> str:
        """Return the certificate as one PEM block (RFC 7468)."""
        return self.pyca.public_bytes(Encoding.PEM).decode("ascii")

    def _asn1_extensions(self) -> list[Any]:
        try:
            return list(self.asn1["tbs_certificate"]["extensions"] or ())
        except MALFORMED as exc:
            raise X509Error("extensions cannot be read", code="certificate.unreadable") from exc

    def _extension(self, kind: Any) -> Any:
        try:
            return self.pyca.extensions.get_extension_for_class(kind).value
        except pyca.ExtensionNotFound:
            return None
        except MALFORMED as exc:
            raise X509Error("extensions cannot be read", code="certificate.unreadable") from exc


def load_certificate(data: bytes) -> Certificate:
    """Return the certificate in ``data``: DER, or PEM with exactly one.

    Raises:
        X509Error: ``certificate.unreadable``.
    """
    if b"-----BEGIN" not in data:
        return Certificate(data)
    found = load_bundle(data)
    if len(found) != 1:
        raise X509Error(f"{len(found)} certificates where one was expected", code="certificate.unreadable")
    return found[0]


def load_bundle(data: bytes) -> tuple[Certificate, ...]:
    """Return the certificates of a PEM bundle or of one DER certificate, in order; text between blocks is ignored.

    Raises:
        X509Error: ``certificate.unreadable``, none or more than ``MAX_BUNDLE``, or one that cannot be read.
    """
    if b"-----BEGIN" not in data:
        return (Certificate(data),)
    found: list[Certificate] = []
    for match in _PEM.finditer(data):
        if len(found) >= MAX_BUNDLE:
            raise X509Error(f"more than {MAX_BUNDLE} certificates", code="certificate.unreadable")
        found.append(Certificate(decode_pem_body(match.group(1))))
    if not found:
        raise X509Error("no certificate in the file", code="certificate.unreadable")
    return tuple(found)


def decode_pem_body(body: bytes) -> bytes:
    """Return what a PEM body encodes.

    Raises:
        X509Error: ``certificate.unreadable``, not base64.
    """
    try:
        return b64decode(b"".join(body.split()), validate=True)
    except (BinasciiError, ValueError) as exc:
        raise X509Error("not base64 between the PEM lines", code="certificate.unreadable") from exc


def _name_fields(name: Any) -> dict[str, tuple[str, ...]]:
    """Read with asn1crypto: names of people are longer than the 64 characters that cryptography warns of."""
    fields: dict[str, list[str]] = {}
    try:
        for rdn in name.chosen:
            for pair in rdn:
                fields.setdefault(pair["type"].dotted, []).append(str(pair["value"].native))
    except MALFORMED as exc:
        raise X509Error("a name cannot be read", code="certificate.unreadable") from exc
    return {oid: tuple(values) for oid, values in fields.items()}
