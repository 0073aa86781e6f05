"""A journal key, a home, and a timestamper for the journal's tests."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from signkit.ports.keys import SigningKey
from signkit.ports.timestamper import Timestamp, TimestampMaterial
from signkit.store import SqlStore, open_store

ORIGIN = "signkit.example.se/journal"


class Ed25519Key:
    """A journal key in memory, the same from the same seed."""

    algorithm = "ed25519"

    def __init__(self, seed: int) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
        self.spki = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, data: bytes, *, digest: str = "sha256") -> bytes:
        """Return the signature; Ed25519 has its own digest."""
        assert digest
        return self._key.sign(data)


class EchoTimestamper:
    """Gives tokens that only repeat what they were asked for."""

    def timestamp(self, imprint: bytes, *, digest: str = "sha256") -> Timestamp:
        """Return a mock token."""
        token = digest.encode() + imprint
        return Timestamp(token=token, gen_time=datetime(2026, 3, 2, 9, 0, tzinfo=UTC), service="echo")

    def material(self, timestamp: Timestamp) -> TimestampMaterial:
        """Return nothing, for nothing checks it."""
        assert timestamp.token
        return TimestampMaterial()


@pytest.fixture
def key() -> SigningKey:
    """The home's journal key."""
    return Ed25519Key(1)


@pytest.fixture
def other_key() -> SigningKey:
    """A stranger's key."""
    return Ed25519Key(2)


@pytest.fixture
def timestamper() -> EchoTimestamper:
    """Timestamps without a service."""
    return EchoTimestamper()


@pytest.fixture
def store(tmp_path: Path) -> SqlStore:
    """An empty home."""
    return open_store(tmp_path / "home", create=True)


@pytest.fixture
def origin() -> str:
    """The log's name."""
    return ORIGIN
