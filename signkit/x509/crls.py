"""Certificate revocation lists (RFC 5280 section 5): loaded, and asked. Validity is judged in ``paths``."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final

from asn1crypto import crl as asn1
from cryptography import x509 as pyca
from cryptography.exceptions import InvalidSignature

from signkit.x509.certificates import Certificate, decode_pem_body, whole_octets
from signkit.x509.errors import MALFORMED, X509Error

__all__ = ["MAX_CRL_BYTES", "Crl", "Revocation", "load_crl"]

MAX_CRL_BYTES: Final = 16 * 1024 * 1024
"""Largest list read, ours."""


@dataclass(frozen=True, slots=True)
class Revocation:
    """What a list says about one certificate."""

    serial_number: int
    revoked_at: datetime
    reason: str | None
    """Reason by its RFC 5280 name (``keyCompromise``, …), None if not said."""


class Crl:
    """One revocation list.

    Raises:
        X509Error: ``crl.unreadable``.
    """

    __slots__ = ("__dict__", "der")

    def __init__(self, der: bytes) -> None:
        if len(der) > MAX_CRL_BYTES:
            raise X509Error("revocation list too large", code="crl.unreadable")
        self.der = bytes(der)
        try:
            self._list = pyca.load_der_x509_crl(self.der)
        except MALFORMED as exc:
            raise X509Error("not a revocation list", code="crl.unreadable") from exc
        if not whole_octets(self.der, self._list.signature):
            raise X509Error("the signature is not whole octets", code="crl.unreadable")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Crl) and other.der == self.der

    def __hash__(self) -> int:
        return hash(self.der)

    @cached_property
    def asn1(self) -> asn1.CertificateList:
        """The same list for asn1crypto, pyHanko's library."""
        try:
            return asn1.CertificateList.load(self.der, strict=True)
        except MALFORMED as exc:
            raise X509Error("not a revocation list", code="crl.unreadable") from exc

    @cached_property
    def digest(self) -> bytes:
        """SHA-256 of the DER bytes."""
        return hashlib.sha256(self.der).digest()

    @property
    def this_update(self) -> datetime:
        """When it was issued, aware UTC."""
        return self._list.last_update_utc

    @property
    def next_update(self) -> datetime | None:
        """When the next one is due, aware UTC."""
        return self._list.next_update_utc

    @cached_property
    def number(self) -> int | None:
        """The CRL number (RFC 5280 section 5.2.3), None if absent."""
        try:
            return self._list.extensions.get_extension_for_class(pyca.CRLNumber).value.crl_number
        except pyca.ExtensionNotFound:
            return None
        except MALFORMED as exc:
            raise X509Error("list extensions cannot be read", code="crl.unreadable") from exc

    def issued_by(self, issuer: Certificate) -> bool:
        """Tell whether the names match and ``issuer``'s key verifies the signature."""
        try:
            same = self.asn1.issuer.dump() == issuer.asn1.subject.dump()
            return same and bool(self._list.is_signature_valid(issuer.public_key))
        except (InvalidSignature, *MALFORMED):
            return False

    def revocation(self, serial_number: int) -> Revocation | None:
        """Return what the list says about the serial number, None if it does not name it.

        Raises:
            X509Error: ``crl.unreadable``, the entry cannot be read.
        """
        try:
            entry = self._list.get_revoked_certificate_by_serial_number(serial_number)
            if entry is None:
                return None
            try:
                reason = entry.extensions.get_extension_for_class(pyca.CRLReason).value.reason.value
            except pyca.ExtensionNotFound:
                reason = None
            return Revocation(serial_number, entry.revocation_date_utc, reason)
        except MALFORMED as exc:
            raise X509Error("list entry cannot be read", code="crl.unreadable") from exc


def load_crl(data: bytes) -> Crl:
    """Return the list in ``data``, DER or PEM.

    Raises:
        X509Error: ``crl.unreadable``.
    """
    begin, end = b"-----BEGIN X509 CRL-----", b"-----END X509 CRL-----"
    if begin not in data:
        return Crl(data)
    body = data.partition(begin)[2].partition(end)[0]
    try:
        return Crl(decode_pem_body(body))
    except X509Error as exc:
        raise X509Error("not a revocation list", code="crl.unreadable") from exc
