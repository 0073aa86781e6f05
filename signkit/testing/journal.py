"""A journal key in memory and a timestamper that echoes, for tests of logs and witnesses."""

from __future__ import annotations

from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from signkit.ports.timestamper import Timestamp, TimestampMaterial

__all__ = ["EchoTimestamper", "MemoryKey"]


class MemoryKey:
    """An Ed25519 key, the same from the same seed; implements ``signkit.ports.keys.SigningKey``."""

    algorithm = "ed25519"

    def __init__(self, seed: int) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
        self.spki = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, data: bytes, *, digest: str = "sha256") -> bytes:  # noqa: ARG002 - Ed25519 has its own
        """Return the signature over ``data``."""
        return self._key.sign(data)


class EchoTimestamper:
    """Gives tokens that only repeat what they were asked for; implements ``signkit.ports.timestamper.Timestamper``."""

    def timestamp(self, imprint: bytes, *, digest: str = "sha256") -> Timestamp:
        """Return a token that proves nothing."""
        token = digest.encode("ascii") + imprint
        return Timestamp(token=token, gen_time=datetime(2026, 3, 2, 9, 0, tzinfo=UTC), service="echo")

    def material(self, timestamp: Timestamp) -> TimestampMaterial:  # noqa: ARG002 - nothing checks it
        """Return nothing."""
        return TimestampMaterial()
