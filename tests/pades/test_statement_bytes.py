"""The strings of a statement."""

from __future__ import annotations

import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signkit import canonical
from signkit.pades.statement_bytes import MAX_STATEMENT_BYTES, PART_BYTES, StatementBytesError, join, split


def _statement(size: int) -> bytes:
    noise = random.Random(size)  # noqa: S311 - not a secret
    text = "".join(noise.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(size - 2))
    return b'"' + text.encode() + b'"'


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=40), max_size=8))
def test_short_statements_stand_as_they_are(value: dict[str, str]) -> None:
    """A short statement is one string, its own canonical bytes."""
    try:
        statement = canonical.encode(value)
    except canonical.CanonicalError:
        return
    assert split(statement) == (statement,)
    assert join([statement]) == statement


@pytest.mark.parametrize("size", [PART_BYTES, PART_BYTES + 1, 270_000])
def test_statements_survive_the_round_trip(size: int) -> None:
    """What is split is joined again, at the border and far above it, in strings of the same length but the last."""
    statement = _statement(size)
    parts = split(statement)
    assert join(parts) == statement
    assert all(len(part) == PART_BYTES for part in parts[:-1])
    assert len(parts[-1]) <= PART_BYTES
    assert (parts[0][0] == 0x78) == (size > PART_BYTES)


def test_only_one_shape_is_read() -> None:
    """Every other way to carry the same statement is refused."""
    short, long = _statement(100), _statement(100_000)
    packed = zlib.compress(long, 9)
    wrong = {
        "nothing": [],
        "an empty string": [b""],
        "not canonical": [b'{"b":1,"a":2}'],
        "a repeated key": [b'{"a":1,"a":2}'],
        "not JSON": [b"hello"],
        "short but compressed": [zlib.compress(short)],
        "short but in two": [short[:50], short[50:]],
        "long but not compressed": [long[at : at + PART_BYTES] for at in range(0, len(long), PART_BYTES)],
        "cut elsewhere": [packed[:100], packed[100:PART_BYTES]],
        "cut off": [packed[:PART_BYTES]],
        "more after the stream": [*split(long)[:-1], split(long)[-1] + b"x"],
        "one string too long": [b'"' + b"a" * PART_BYTES + b'"'],
    }
    for why, parts in wrong.items():
        with pytest.raises(StatementBytesError):
            pytest.fail(f"{why} was read: {join(parts)[:20]!r}")


def test_a_bomb_is_not_inflated() -> None:
    """A stream that inflates beyond the limit is refused before it does."""
    bomb = zlib.compress(b'"' + b"a" * (MAX_STATEMENT_BYTES * 4) + b'"', 9)
    parts = [bomb[at : at + PART_BYTES] for at in range(0, len(bomb), PART_BYTES)]
    with pytest.raises(StatementBytesError, match="inflated"):
        join(parts)


def test_what_is_not_canonical_is_not_written() -> None:
    """A statement that is not canonical JSON is refused when it is written, too."""
    with pytest.raises(StatementBytesError):
        split(b'{ "a": 1 }')
