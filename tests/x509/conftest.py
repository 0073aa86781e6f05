"""A small home's keys, made once for all tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from signkit.testing.pki import ThrowawayKeys, make_keys, open_keys


@pytest.fixture(scope="session")
def made_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the keys of a test home, made at nine o'clock."""
    folder = tmp_path_factory.mktemp("home") / "keys"
    make_keys(folder)
    return folder


@pytest.fixture
def home(made_keys: Path, tmp_path: Path) -> ThrowawayKeys:
    """Return those keys ten minutes later, with their own record of revocations."""
    return open_keys(made_keys, revocations=tmp_path / "revocations.json")
