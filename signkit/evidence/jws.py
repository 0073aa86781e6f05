"""Compact JWS (RFC 7515) with ES256 and a certificate in ``x5c``: the one form that the rehearsal's evidence has.

Everything that RFC 7515 leaves open is closed here: one algorithm, one key source, no ``crit``, no unencoded payload.
What is not here: whether the certificate is trusted, and what the payload says.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from signkit import canonical
from signkit.x509.certificates import Certificate
from signkit.x509.errors import X509Error

__all__ = ["MAX_JWS_BYTES", "Jws", "JwsError", "parse", "protected_header"]

MAX_JWS_BYTES: Final = 4 * 1024 * 1024
"""Largest JWS read, ours."""
_MAX_CHAIN: Final = 4
_P256_BYTES: Final = 32
_PART: Final = re.compile(rb"[A-Za-z0-9_-]+")


class JwsError(ValueError):
    """Bytes are not a JWS of the one form."""


@dataclass(frozen=True, slots=True)
class Jws:
    """A parsed JWS; nothing of it is verified yet."""

    payload: bytes = field(repr=False)
    chain: tuple[Certificate, ...]
    """The signer's certificate, then whatever issuers were sent along."""
    signed: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    def verified(self) -> bool:
        """Tell whether the first certificate's key made the signature (RFC 7518 section 3.4)."""
        key = self.chain[0].public_key
        if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
            return False
        r, s = (int.from_bytes(part, "big") for part in (self.signature[:_P256_BYTES], self.signature[_P256_BYTES:]))
        try:
            key.verify(encode_dss_signature(r, s), self.signed, ec.ECDSA(hashes.SHA256()))
        except (InvalidSignature, ValueError):
            return False
        return True


def protected_header(chain: list[bytes], kind: str) -> bytes:
    """Return the canonical protected header for these DER certificates and this ``typ``."""
    return canonical.encode({"alg": "ES256", "typ": kind, "x5c": [base64.b64encode(item).decode() for item in chain]})


def parse(data: bytes, *, kind: str) -> Jws:
    """Return the JWS in ``data``.

    Raises:
        JwsError: anything but the one form, with header ``typ`` equal to ``kind``.
    """
    parts = data.split(b".") if len(data) <= MAX_JWS_BYTES else []
    if len(parts) != 3 or not all(_PART.fullmatch(part) for part in parts):
        raise JwsError("not a compact JWS")
    raw_header, payload, signature = map(_decoded, parts)
    try:
        header = canonical.decode(raw_header)
    except canonical.CanonicalError as exc:
        raise JwsError("the header is not canonical JSON") from exc
    if not isinstance(header, dict) or set(header) != {"alg", "typ", "x5c"}:
        raise JwsError("header members")
    if header["alg"] != "ES256" or header["typ"] != kind or len(signature) != 2 * _P256_BYTES:
        raise JwsError("algorithm or type")
    return Jws(payload=payload, chain=_chain(header["x5c"]), signed=parts[0] + b"." + parts[1], signature=signature)


def _chain(value: object) -> tuple[Certificate, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= _MAX_CHAIN:
        raise JwsError("x5c")
    try:
        chain = tuple(Certificate(base64.b64decode(item, validate=True)) for item in value)
        chain[0].public_key  # noqa: B018 - unreadable keys are refused here
    except (X509Error, binascii.Error, ValueError, TypeError) as exc:
        raise JwsError("x5c holds no certificates") from exc
    return chain


def _decoded(part: bytes) -> bytes:
    try:
        raw = base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4))
    except (binascii.Error, ValueError) as exc:
        raise JwsError("not base64url") from exc
    if base64.urlsafe_b64encode(raw).rstrip(b"=") != part:
        raise JwsError("not base64url")
    return raw
