"""A person as the eID names them, and as the journal and the PDF may name them (proof.md section 6).

The PDF carries ``person``: a keyed commitment to one identity within one envelope. The key is secret and per
envelope, so two places filled by the same person show within an envelope and nobody can link them across envelopes.
"""

from __future__ import annotations

import base64
import hmac
import secrets
import unicodedata
from dataclasses import dataclass, field

from signkit import canonical

__all__ = [
    "Commitment",
    "Identity",
    "commit",
    "commitment_of",
    "disclosed",
    "new_person_key",
    "person_of",
    "same_name",
]

KEY_BYTES = 32
SALT_BYTES = 32
PERSON_BYTES = 16


@dataclass(frozen=True, slots=True)
class Identity:
    """Who completed a ceremony, as the eID says."""

    scheme: str
    """``se.personnummer``, ``dk.mitid.uuid``, ``oidc:<issuer>``…"""
    value: str = field(repr=False)
    """The identifier within the scheme; for ``se.personnummer`` twelve digits. Never logged."""
    name: str
    given_name: str | None = None
    surname: str | None = None
    birthdate: str | None = field(default=None, repr=False)
    """ISO 8601 date, or None."""
    level: str = "loa3"
    """Assurance level in the provider's words: ``loa2``, ``loa3``, ``loa4``, ``substantial``, ``high``, ``test``…"""


@dataclass(frozen=True, slots=True)
class Commitment:
    """A salted commitment to one value, and what opens it."""

    digest: str
    """``sha256:<hex>``; what an entry carries."""
    salt: str = field(repr=False)
    """base64url without padding, 32 bytes; lives in the openings only."""


def new_person_key() -> bytes:
    """Return a fresh secret key for one envelope, 32 bytes."""
    return secrets.token_bytes(KEY_BYTES)


def person_of(key: bytes, scheme: str, value: str) -> str:
    """Return ``person``: the first 16 bytes, in hex, of HMAC-SHA256(key, scheme ‖ 0x00 ‖ value)."""
    message = scheme.encode("utf-8") + b"\x00" + value.encode("utf-8")
    return hmac.new(key, message, "sha256").digest()[:PERSON_BYTES].hex()


def commit(value: canonical.Json) -> Commitment:
    """Return a commitment to ``value`` under a fresh salt."""
    salt = base64.urlsafe_b64encode(secrets.token_bytes(SALT_BYTES)).rstrip(b"=").decode("ascii")
    return Commitment(digest=commitment_of(salt, value), salt=salt)


def commitment_of(salt: str, value: canonical.Json) -> str:
    """Return SHA-256(JCS([salt, value])) as ``sha256:<hex>``: what a given opening opens."""
    return canonical.digest_text(canonical.digest(canonical.encode([salt, value])))


def disclosed(identity: tuple[str, str] | None, disclosure: str) -> dict[str, str] | None:
    """Return what a file may say in clear of an identity, scheme and value: nothing, the date of birth, or all."""
    if identity is None or disclosure == "none":
        return None
    scheme, value = identity
    if disclosure == "full":
        return {"scheme": scheme, "value": value}
    if scheme != "se.personnummer":
        return None
    day = int(value[6:8])
    return {"birthdate": f"{value[:4]}-{value[4:6]}-{day - 60 if day > 60 else day:02d}"}


def same_name(one: str, other: str) -> bool:
    """Tell whether two names are the same: NFC, case-folded, runs of white space as one space (proof.md section 4)."""
    return _folded(one) == _folded(other)


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold()).split())
