"""The key port: the named keys of a home, wherever they are kept.

A back end may hold them in files, in a hardware module or in a service. It gives signatures, never private keys, and
reads each key at most once per process. Errors: ``KeyUnavailableError`` only.
"""

from __future__ import annotations

import enum
from typing import Protocol

__all__ = ["KeyName", "KeyPort", "SigningKey"]


class KeyName(enum.StrEnum):
    """The keys of one home (proof.md section 4)."""

    ROOT = "root"
    """Self-signed; issues the two CAs, and the embedded timestamper of a test home."""
    PERSON_CA = "person-ca"
    """Issues one-time certificates."""
    SEAL_CA = "seal-ca"
    """Issues the organisation's seal certificate."""
    SEAL = "seal"
    """Makes the certification and the completion seal."""
    TSA = "tsa"
    """Signs timestamp tokens; absent where only external timestampers are used."""
    JOURNAL = "journal"
    """Ed25519, no certificate; signs checkpoints and nothing else."""


class SigningKey(Protocol):
    """A private key that can be used and not seen."""

    @property
    def algorithm(self) -> str:
        """Key kind: ``ecdsa-p256``, ``ecdsa-p384``, ``ecdsa-p521``, ``rsa`` or ``ed25519``."""
        ...

    @property
    def spki(self) -> bytes:
        """DER SubjectPublicKeyInfo of the public half."""
        ...

    def sign(self, data: bytes, *, digest: str = "sha256") -> bytes:
        """Return the signature over ``data``.

        ECDSA gives the DER form, RSA PKCS#1 v1.5, Ed25519 ignores ``digest``. ``digest`` is ``sha256``, ``sha384`` or
        ``sha512``.

        Raises:
            KeyUnavailableError: the back end cannot sign, or the digest is not one of these.
        """
        ...


class KeyPort(Protocol):
    """Hands out the keys of a home by name."""

    def has(self, name: KeyName) -> bool:
        """Tell whether the key exists; does not open it."""
        ...

    def key(self, name: KeyName) -> SigningKey:
        """Return the key.

        Raises:
            KeyUnavailableError: missing, locked, unreadable, or readable by others.
        """
        ...

    def certificates(self, name: KeyName) -> tuple[bytes, ...]:
        """Return the key's own certificate, then its issuers up to and with the root, DER; empty for the journal key.

        Raises:
            KeyUnavailableError: as ``key``.
        """
        ...
