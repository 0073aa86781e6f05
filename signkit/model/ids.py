"""Identifiers: random, lower-case, without letters that look like digits, short enough to read aloud."""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

__all__ = ["ALPHABET", "ID_LENGTH", "field_prefix", "new_id"]

ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32 in lower case."""
ID_LENGTH: Final = 20
"""100 bits."""


def new_id() -> str:
    """Return a fresh identifier for an envelope or a ceremony."""
    return "".join(secrets.choice(ALPHABET) for _ in range(ID_LENGTH))


def field_prefix(envelope: str) -> str:
    """Return the prefix of every form field that signkit makes for an envelope: ``signkit-<8 hex>-``.

    It holds no dot, which would make a field a child of another (ISO 32000-1 section 12.7.3.2).
    """
    return f"signkit-{hashlib.sha256(envelope.encode('ascii')).hexdigest()[:8]}-"
