"""Canonical JSON (RFC 8785), and digests of it.

The subset that signkit signs is narrower than RFC 8785, so that two implementations can hardly disagree:

* integers only, and of magnitude below 2**53 (RFC 8785 section 3.2.2.3 leaves floats to ECMAScript: we have none);
* text in Unicode normal form C, and without lone surrogates;
* objects with text keys, each once, sorted by UTF-16 code units (RFC 8785 section 3.2.3);
* no white space.

``decode`` accepts nothing but its own form: bytes that would not come out again are refused, so a statement has one
set of bytes and one digest. What is not here: schemas, and the meaning of any field.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final

__all__ = [
    "MAX_DEPTH",
    "CanonicalError",
    "Json",
    "decode",
    "digest",
    "digest_text",
    "encode",
    "parse_digest",
    "settled",
]

Json = Any
"""A JSON value: dict, list, str, int, bool or None."""

MAX_DEPTH: Final = 64
"""Deepest nesting, ours: no statement needs eight."""

_LIMIT: Final = 2**53
_MOST_DIGITS: Final = 17
"""Of an integer below the limit, its sign included."""
_DIGEST: Final = re.compile("sha256:[0-9a-f]{64}")
_WRITER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, check_circular=False)
"""Given only what ``_prepared`` made, which is a tree."""


class CanonicalError(ValueError):
    """A value has no canonical form, or bytes are not one."""


def encode(value: Json) -> bytes:
    """Return the canonical bytes of ``value`` (UTF-8).

    Text is normalised to NFC first; two keys that become equal by that are refused.

    Raises:
        CanonicalError: a float, an integer of 2**53 or more, a key that is not text, a lone surrogate, or too deep.
    """
    return settled(value)[0]


def settled(value: Json) -> tuple[bytes, Json]:
    """Return the canonical bytes of ``value``, and what ``decode`` makes of them: a copy of its own, text in NFC.

    Raises:
        CanonicalError: as ``encode``.
    """
    try:
        prepared = _prepared(value, 0)
        return _WRITER.encode(prepared).encode("utf-8"), prepared
    except UnicodeEncodeError as exc:
        raise CanonicalError("a lone surrogate") from exc


def decode(data: bytes, *, max_bytes: int = 8 * 1024 * 1024) -> Json:
    """Return the value whose canonical form is exactly ``data``.

    Raises:
        CanonicalError: not JSON, a repeated key, not canonical, too large or too deep.
    """
    if len(data) > max_bytes:
        raise CanonicalError(f"more than {max_bytes} bytes")
    try:
        value = _READER.decode(data.decode("utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as exc:
        raise CanonicalError("not JSON in UTF-8") from exc
    if encode(value) != data:
        raise CanonicalError("not in canonical form")
    return value


def digest(data: bytes) -> bytes:
    """Return the SHA-256 digest of ``data``, 32 bytes."""
    return hashlib.sha256(data).digest()


def digest_text(raw: bytes) -> str:
    """Return a digest as it is written at every edge: ``sha256:`` and 64 lower-case hex digits."""
    return "sha256:" + raw.hex()


def parse_digest(text: str) -> bytes:
    """Return the 32 bytes of a digest written as ``sha256:<64 lower-case hex digits>``.

    Raises:
        CanonicalError: anything else.
    """
    if not _DIGEST.fullmatch(text):
        raise CanonicalError("not a sha256 digest")
    return bytes.fromhex(text.removeprefix("sha256:"))


def _prepared(value: Json, depth: int) -> Json:
    if depth > MAX_DEPTH:
        raise CanonicalError("nested too deep")
    if isinstance(value, str):
        return value if type(value) is str and value.isascii() else _text(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        if not -_LIMIT < value < _LIMIT:
            raise CanonicalError("integer of 2**53 or more")
        return int(value)
    if isinstance(value, (dict, Mapping)):  # dict first: asking an abstract class takes longer
        return _object(value, depth + 1)
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        return [_prepared(item, depth + 1) for item in value]
    raise CanonicalError(f"no JSON form for {type(value).__name__}")


def _object(value: Mapping[Any, Json], depth: int) -> dict[str, Json]:
    result: dict[str, Json] = {}
    ascii_only = True
    for key, item in value.items():
        plain = type(key) is str and key.isascii()
        ascii_only = ascii_only and plain
        result[key if plain else _key(key)] = _prepared(item, depth)
    if len(result) != len(value):
        raise CanonicalError("a repeated key")
    # Between ASCII texts the order of code points is that of UTF-16 code units.
    names = sorted(result) if ascii_only else sorted(result, key=lambda name: name.encode("utf-16-be"))
    return {name: result[name] for name in names}


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise CanonicalError("a key that is not text")
    return _text(key)


def _text(value: str) -> str:
    return unicodedata.normalize("NFC", str(value))


def _once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise CanonicalError("a repeated key")
    return result


def _integer(text: str) -> Json:
    # NOTE: int() itself refuses some thousand digits with a ValueError of its own.
    if len(text) > _MOST_DIGITS:
        raise CanonicalError("integer of 2**53 or more")
    return int(text)


def _no_float(text: str) -> Json:
    raise CanonicalError(f"a number that is not an integer: {text[:20]}")


_READER: Final = json.JSONDecoder(
    object_pairs_hook=_once, parse_int=_integer, parse_float=_no_float, parse_constant=_no_float
)
"""Refuses while it reads what no canonical form has."""
