"""The bytes of a statement in a signature dictionary: ``/SGNK_Statement``, an array of byte strings.

Rules, the same for writing and for reading:

1. the statement is canonical JSON (``signkit.canonical``), and digests of it are always over that;
2. up to ``PART_BYTES`` bytes it stands as it is, in one string;
3. longer, it is one zlib stream (RFC 1950, first byte 0x78), cut into strings of exactly ``PART_BYTES`` bytes but for
   the last; inflated it is at most ``MAX_STATEMENT_BYTES``;
4. nothing before, between or after.

So a statement has one shape. What is not here: what the statement says (``signkit.model.statement``), and the PDF
around it.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Final

from signkit import canonical

__all__ = ["MAX_PARTS", "MAX_STATEMENT_BYTES", "PART_BYTES", "StatementBytesError", "join", "split"]

PART_BYTES: Final = 32_000
"""Most bytes in one string; PDF/A-1 allows 65 535 and PDF/A-2 32 767 (ISO 19005-2 clause 6.1.13)."""
MAX_STATEMENT_BYTES: Final = 8 * 1024 * 1024
"""Most bytes of canonical JSON, ours: 20 documents and 60 people need 300 KB."""
MAX_PARTS: Final = 1 + MAX_STATEMENT_BYTES // PART_BYTES
_ZLIB_FIRST: Final = 0x78


class StatementBytesError(ValueError):
    """The strings are not a statement, or a statement cannot be written."""


def split(statement: bytes) -> tuple[bytes, ...]:
    """Return the strings that carry ``statement``, canonical JSON.

    Raises:
        StatementBytesError: not canonical, or more than ``MAX_STATEMENT_BYTES`` bytes.
    """
    _require_canonical(statement)
    if len(statement) <= PART_BYTES:
        return (statement,)
    packed = zlib.compress(statement, 9)
    return tuple(packed[start : start + PART_BYTES] for start in range(0, len(packed), PART_BYTES))


def join(parts: Sequence[bytes]) -> bytes:
    """Return the canonical JSON that ``parts`` carry.

    Raises:
        StatementBytesError: anything that ``split`` would not have written in shape: a string too long or too short, an
            incomplete stream, data after it, too much inflated, bytes that are not their own canonical form.
    """
    if not parts or len(parts) > MAX_PARTS:
        raise StatementBytesError("no strings, or too many")
    if any(len(part) != PART_BYTES for part in parts[:-1]) or not 0 < len(parts[-1]) <= PART_BYTES:
        raise StatementBytesError("a string of the wrong length")
    first = parts[0][0]
    if first == _ZLIB_FIRST:
        statement = _inflate(b"".join(parts))
        if len(statement) <= PART_BYTES:
            raise StatementBytesError("a short statement must not be compressed")
    elif len(parts) == 1:
        statement = parts[0]
    else:
        raise StatementBytesError("a long statement must be compressed")
    _require_canonical(statement)
    return statement


def _inflate(packed: bytes) -> bytes:
    inflater = zlib.decompressobj()
    try:
        statement = inflater.decompress(packed, MAX_STATEMENT_BYTES + 1)
    except zlib.error as exc:
        raise StatementBytesError("not a zlib stream") from exc
    if len(statement) > MAX_STATEMENT_BYTES:
        raise StatementBytesError(f"more than {MAX_STATEMENT_BYTES} bytes inflated")
    if not inflater.eof:
        raise StatementBytesError("the zlib stream is cut off")
    if inflater.unused_data:
        raise StatementBytesError("data after the zlib stream")
    return statement


def _require_canonical(statement: bytes) -> None:
    try:
        canonical.decode(statement, max_bytes=MAX_STATEMENT_BYTES)
    except canonical.CanonicalError as exc:
        raise StatementBytesError(f"not canonical JSON: {exc}") from exc
