"""Which algorithms are strong enough (ETSI TS 119 312 V1.5.1).

Two standards: what we make, and what we accept from others. Weak ones are refused by name. What is not here: dates at
which an algorithm ends; the audit judges those at the proven time.
"""

from __future__ import annotations

from typing import Any, Final

from asn1crypto import algos, keys
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from signkit.x509.errors import X509Error

__all__ = [
    "DIGESTS",
    "STRONG_DIGESTS",
    "check_digest",
    "check_public_key",
    "check_signature_algorithm",
    "key_algorithm",
]

DIGESTS: Final = ("sha256", "sha384", "sha512")
"""What we make and ask for."""

STRONG_DIGESTS: Final = frozenset({*DIGESTS, "sha3_256", "sha3_384", "sha3_512"})
"""What we accept (TS 119 312 clause 5)."""

_CURVES: Final = {"secp256r1": "ecdsa-p256", "secp384r1": "ecdsa-p384", "secp521r1": "ecdsa-p521"}
_BRAINPOOL: Final = frozenset({"brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1"})
_MIN_RSA_MAKE: Final = 3072
_MIN_RSA_READ: Final = 2048
_MAX_RSA_READ: Final = 16384
"""Verifying with larger keys costs seconds: a denial of service, not security."""


def key_algorithm(public_key: object) -> str:
    """Return ``ecdsa-p256``, ``ecdsa-p384``, ``ecdsa-p521``, ``rsa`` or ``ed25519``.

    Raises:
        X509Error: ``algorithm.key``, any other kind.
    """
    if isinstance(public_key, rsa.RSAPublicKey):
        return "rsa"
    if isinstance(public_key, ed25519.Ed25519PublicKey):
        return "ed25519"
    if isinstance(public_key, ec.EllipticCurvePublicKey):
        if public_key.curve.name in _CURVES:
            return _CURVES[public_key.curve.name]
        if public_key.curve.name in _BRAINPOOL:
            return f"ecdsa-{public_key.curve.name.lower()}"
        raise X509Error(f"elliptic curve {public_key.curve.name} is not accepted", code="algorithm.key")
    raise X509Error(f"key type {type(public_key).__name__} is not accepted", code="algorithm.key")


def check_public_key(public_key: object, *, ours: bool = False) -> None:
    """Return if the key is strong enough: to be made by us, or to be accepted from others.

    Raises:
        X509Error: ``algorithm.key``, naming it.
    """
    name = key_algorithm(public_key)
    if isinstance(public_key, rsa.RSAPublicKey):
        least = _MIN_RSA_MAKE if ours else _MIN_RSA_READ
        if not least <= public_key.key_size <= _MAX_RSA_READ:
            raise X509Error(
                f"RSA key of {public_key.key_size} bits, {least} to {_MAX_RSA_READ} are accepted",
                code="algorithm.key",
            )
    elif ours and name not in {"ecdsa-p256", "ecdsa-p384", "ed25519"}:
        raise X509Error(f"{name} is not among the keys that we make", code="algorithm.key")


def check_digest(name: str) -> None:
    """Return if the digest algorithm is strong.

    Raises:
        X509Error: ``algorithm.digest``, naming it.
    """
    if name not in STRONG_DIGESTS:
        raise X509Error(f"digest algorithm {name} is not accepted", code="algorithm.digest")


def check_signature_algorithm(algorithm: algos.SignedDigestAlgorithm, *, key: keys.PublicKeyInfo | None = None) -> None:
    """Return if the signature algorithm, with its digest and key, is strong.

    Raises:
        X509Error: ``algorithm.digest``, ``algorithm.key`` or ``algorithm.signature``, naming it.
    """
    name = _native(algorithm["algorithm"])
    try:
        family = str(algorithm.signature_algo)
    except ValueError:
        family = name
    if family not in {"rsassa_pkcs1v15", "rsassa_pss", "ecdsa", "ed25519"}:
        raise X509Error(f"signature algorithm {name} is not accepted", code="algorithm.signature")
    if family != "ed25519" and name not in {"rsassa_pkcs1v15", "rsa", "ecdsa"}:
        try:
            check_digest(str(algorithm.hash_algo))
        except ValueError as exc:
            if isinstance(exc, X509Error):
                raise
            raise X509Error(f"signature algorithm {name} names no digest", code="algorithm.digest") from exc
    if key is not None and key.algorithm == "rsa" and not _MIN_RSA_READ <= key.bit_size <= _MAX_RSA_READ:
        raise X509Error(f"RSA key of {key.bit_size} bits", code="algorithm.key")


def _native(value: Any) -> str:
    return str(value.native)
