"""What is timestamped in this folder."""

from __future__ import annotations

import hashlib

DATA = b"what is timestamped"


def imprint_of(digest: str = "sha256", data: bytes = DATA) -> bytes:
    """Return a digest of it."""
    return hashlib.new(digest, data).digest()
