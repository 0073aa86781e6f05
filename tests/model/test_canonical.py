"""Canonical JSON: the form of RFC 8785, the narrower subset that we sign, and another implementation beside it."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from signkit import canonical
from signkit.canonical import CanonicalError

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
NORMAL = TEXT.map(lambda value: unicodedata.normalize("NFC", value))
INTEGERS = st.integers(-(2**53) + 1, 2**53 - 1)
SCALARS = st.none() | st.booleans() | INTEGERS | NORMAL
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(NORMAL, inner, max_size=5), max_leaves=30
)


@given(VALUES)
def test_another_implementation_writes_the_same_bytes(value: Any) -> None:
    """Whatever we can sign, an independent RFC 8785 library writes byte for byte alike."""
    assert canonical.encode(value) == rfc8785.dumps(value)


@given(VALUES)
def test_what_is_written_is_read_again(value: Any) -> None:
    """A value survives its canonical form, and the form is its own canonical form."""
    data = canonical.encode(value)
    assert canonical.decode(data) == value
    assert canonical.encode(canonical.decode(data)) == data


@given(st.dictionaries(TEXT, TEXT, max_size=5))
def test_text_is_in_normal_form_c(value: dict[str, str]) -> None:
    """Two ways of writing the same characters have one set of bytes; keys that thereby collide are refused."""
    keys = [unicodedata.normalize("NFC", key) for key in value]
    if len(set(keys)) < len(keys):
        with pytest.raises(CanonicalError, match="repeated key"):
            canonical.encode(value)
        return
    text = canonical.encode(value).decode("utf-8")
    assert unicodedata.is_normalized("NFC", "".join(canonical.decode(text.encode())))
    bytes_, kept = canonical.settled(value)
    assert kept == canonical.decode(bytes_)


def test_keys_are_sorted_by_utf_16_code_units() -> None:
    """RFC 8785 section 3.2.3: a character beyond U+FFFF comes before U+FF21, though its code point is higher."""
    value = {"\uff21": 1, "\U0001f600": 2, "\u20ac": 3, "\r": 4, "1": 5, "ö": 6, "\u0080": 7}
    order = list(json.loads(canonical.encode(value)))
    assert order == ["\r", "1", "\u0080", "ö", "\u20ac", "\U0001f600", "\uff21"]


def test_the_escapes_of_the_standard() -> None:
    """RFC 8785 section 3.2.2.2: two-letter escapes where JSON has them, else lower-case hexadecimal, nothing else."""
    assert canonical.encode('€$\u000f\nA\'B"\\\\"/\u007f') == '"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/\u007f"'.encode()
    assert canonical.encode("\b\t\f\r\u001f") == b'"\\b\\t\\f\\r\\u001f"'


@pytest.mark.parametrize(
    "data",
    [
        b'{"b":1,"a":2}',
        b'{"a": 1}',
        b'{"a":1}\n',
        b'{"a":1,"a":1}',
        b'{"a":1,"\\u0061":1}',
        b'"\\u00e5"',
        b'"\\/"',
        b'"\\u000F"',
        b'"a\xcc\x8a"',
        b'"\\ud800"',
        b"1.0",
        b"1e2",
        b"-0",
        b"01",
        b"9007199254740992",
        b"-9007199254740992",
        b"1" * 5000,
        b"NaN",
        b"Infinity",
        b"\xef\xbb\xbf{}",
        b"\xff",
        b"",
        b"{}{}",
        b"[" * 66 + b"]" * 66,
        b"[" * 100_000,
    ],
)
def test_only_its_own_form_is_read(data: bytes) -> None:
    """Bytes that would not come out again are refused by name, so that a statement has one digest."""
    with pytest.raises(CanonicalError):
        canonical.decode(data)


@pytest.mark.parametrize("value", [1.5, 2**53, -(2**53), {1: 2}, "\ud800", {"a": b"x"}, object(), {"a": {"b": 0.1}}])
def test_what_has_no_form_is_refused(value: Any) -> None:
    """Floats, large integers, keys that are no text, lone surrogates and foreign types have no canonical form."""
    with pytest.raises(CanonicalError):
        canonical.encode(value)


def test_limits_are_kept() -> None:
    """More bytes than allowed are refused before they are read; nesting ends at the limit, on both ways."""
    with pytest.raises(CanonicalError, match="more than 10 bytes"):
        canonical.decode(b'"0123456789"', max_bytes=10)
    deep: Any = "x"
    for _ in range(canonical.MAX_DEPTH):
        deep = [deep]
    assert canonical.decode(canonical.encode(deep)) == deep
    with pytest.raises(CanonicalError, match="too deep"):
        canonical.encode([deep])


@given(st.binary(max_size=100))
def test_a_digest_has_one_way_of_writing(data: bytes) -> None:
    """SHA-256 is written as its name, a colon and 64 lower-case digits, and read from nothing else."""
    raw = canonical.digest(data)
    assert raw == hashlib.sha256(data).digest()
    text = canonical.digest_text(raw)
    assert canonical.parse_digest(text) == raw
    for wrong in (text[:-1], text + "0", text.replace("sha256", "SHA256"), text[7:], f"{text[:-1]}g", f"{text[:-1]}٣"):
        with pytest.raises(CanonicalError):
            canonical.parse_digest(wrong)
