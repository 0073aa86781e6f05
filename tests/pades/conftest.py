"""One throw-away authority and one finished file for all tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from signkit.testing.signed import SignedFile, ThrowawayAuthority, make_signed_pdf


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> ThrowawayAuthority:
    """Return keys of a test environment."""
    return ThrowawayAuthority(folder=tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def finished(authority: ThrowawayAuthority, tmp_path_factory: pytest.TempPathFactory) -> SignedFile:
    """Return a file with two persons, archived."""
    return make_signed_pdf(tmp_path_factory.mktemp("finished"), persons=2, authority=authority)


@pytest.fixture(scope="session")
def protokoll() -> Path:
    """Return the example protocol, tagged PDF/A-2a."""
    return Path(__file__).resolve().parents[2] / "examples" / "protokoll.pdf"
