"""Keys, a home, and a timestamper for the journal's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from signkit.store import SqlStore, open_store
from signkit.testing.journal import EchoTimestamper, MemoryKey


@pytest.fixture(scope="session")
def key() -> MemoryKey:
    """The home's journal key."""
    return MemoryKey(1)


@pytest.fixture(scope="session")
def other_key() -> MemoryKey:
    """A stranger's key."""
    return MemoryKey(2)


@pytest.fixture(scope="session")
def origin() -> str:
    """The log's name."""
    return "signkit.example.se/journal"


@pytest.fixture
def timestamper() -> EchoTimestamper:
    """Timestamps without a service."""
    return EchoTimestamper()


@pytest.fixture
def store(tmp_path: Path) -> SqlStore:
    """An empty home."""
    return open_store(tmp_path / "home", create=True)
