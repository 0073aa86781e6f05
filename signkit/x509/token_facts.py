"""What an RFC 3161 timestamp token says: parsed, and not yet believed (``tokens`` checks it)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Final

from asn1crypto import cms, tsp

from signkit.x509.certificates import Certificate
from signkit.x509.crls import Crl
from signkit.x509.errors import MALFORMED, X509Error

__all__ = ["MAX_TOKEN_BYTES", "TimestampToken", "TokenFacts"]

MAX_TOKEN_BYTES: Final = 256 * 1024
"""Largest token read, ours."""
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


class TimestampToken:
    """One token, parsed.

    Args:
        der: DER ContentInfo, the TimeStampToken; not a whole TimeStampResp.

    ``content`` is the encapsulated TSTInfo's bytes, ``signer_info`` asn1crypto's SignerInfo.

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
        self.content = bytes(encapsulated["content"])
        self.facts = _facts(tsp.TSTInfo.load(self.content, strict=True))
        if len(self._signed["signer_infos"]) != 1:
            raise X509Error("not exactly one signer", code="token.unreadable")
        self.signer_info = self._signed["signer_infos"][0]
        _ = self.signer_info["sid"].native

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
            sid = self.signer_info["sid"]
            if sid.name == "subject_key_identifier":
                return bool(certificate.asn1.key_identifier == sid.native)
            return bool(
                sid.chosen["serial_number"].native == certificate.serial_number
                and sid.chosen["issuer"] == certificate.asn1.issuer
            )
        except MALFORMED:
            return False


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
