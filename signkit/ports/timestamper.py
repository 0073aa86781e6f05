"""The timestamp port (RFC 3161): one service that answers requests, and what the rest of the house is handed.

``TimestampService`` is what an implementation writes: bytes in, bytes out, nothing judged. ``Timestamper`` is what use
cases take: it makes the request, tries its services in order and checks every answer before giving it out. Errors:
``TimestampError`` only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

__all__ = [
    "MAX_RESPONSE_BYTES",
    "Timestamp",
    "TimestampMaterial",
    "TimestampService",
    "Timestamper",
]

MAX_RESPONSE_BYTES = 64 * 1024
"""Largest response taken from a service, ours: tokens with a chain of four RSA-4096 certificates need 10 KB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimestampMaterial:
    """What a later verifier needs to trust a token without asking anybody; everything DER."""

    certificates: tuple[bytes, ...] = ()
    """The signer's certificate, then issuers as far as known."""
    crls: tuple[bytes, ...] = field(default=(), repr=False)
    ocsps: tuple[bytes, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timestamp:
    """A token that was checked against its request."""

    token: bytes = field(repr=False)
    """DER ContentInfo (the TimeStampToken of RFC 3161 section 2.4.2)."""
    gen_time: datetime
    service: str
    """Name of the service that made it."""


class TimestampService(Protocol):
    """One timestamping authority."""

    @property
    def name(self) -> str:
        """Short name for reports and errors; no credentials."""
        ...

    def respond(self, request: bytes, *, timeout_seconds: float) -> bytes:
        """Return the DER TimeStampResp to the DER TimeStampReq, at most ``MAX_RESPONSE_BYTES`` bytes.

        Raises:
            TimestampError: no answer within the time, or none that is a timestamp response.
        """
        ...

    def material(self, token: bytes, *, now: datetime) -> TimestampMaterial:
        """Return certificates and revocation data for a token of this service, as fresh as ``now``.

        Raises:
            TimestampError: the data cannot be had.
        """
        ...


class Timestamper(Protocol):
    """Gives checked timestamps."""

    def timestamp(self, imprint: bytes, *, digest: str = "sha256") -> Timestamp:
        """Return a token over ``imprint``, the digest (``sha256``, ``sha384``, ``sha512``) of what is timestamped.

        Raises:
            TimestampError: no service gave one that holds; ``clock_skew`` is in the code when the times disagree.
        """
        ...

    def material(self, timestamp: Timestamp) -> TimestampMaterial:
        """Return certificates and revocation data for a token that this timestamper gave, as fresh as now.

        Raises:
            TimestampError: the data cannot be had.
        """
        ...
