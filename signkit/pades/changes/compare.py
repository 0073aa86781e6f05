"""Are two values the same, and what is new in one?

Equality is of what is written, not of what it leads to: references are equal when number and generation are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice

from signkit.pades.structure import Dict, Stream, Value

__all__ = ["appended", "has_repeated_keys", "same", "same_but"]


def same(left: Value, right: Value) -> bool:  # noqa: C901 - one branch per kind of value
    """Say whether two parsed values are written alike (white space and spelling of strings apart)."""
    stack = [(left, right)]
    while stack:
        one, other = stack.pop()
        if isinstance(one, Stream) and isinstance(other, Stream):
            if (one.raw_start, one.raw_end) != (other.raw_start, other.raw_end) and one.raw != other.raw:
                return False
            one, other = one.dict, other.dict
        if isinstance(one, dict) and isinstance(other, dict):
            if one.keys() != other.keys():
                return False
            stack.extend((value, other[key]) for key, value in one.items())
        elif type(one) is list and type(other) is list:
            if len(one) != len(other):
                return False
            stack.extend(zip(one, other, strict=True))
        elif isinstance(one, bytes) and isinstance(other, bytes):
            if bytes(one) != bytes(other):
                return False
        elif (type(one) is not type(other) and {type(one), type(other)} != {int, float}) or one != other:
            return False
    return True


def same_but(left: Mapping[str, Value], right: Mapping[str, Value], keys: Iterable[str]) -> str | None:
    """Return the first key outside ``keys`` in which two dictionaries differ, or None."""
    free = set(keys)
    for key in [*left, *(key for key in right if key not in left)]:
        if key in free:
            continue
        if key not in left or key not in right or not same(left[key], right[key]):
            return key
    return None


def appended(before: list[Value], after: list[Value]) -> list[Value] | None:
    """Return what was added at the end, or None where anything else happened."""
    if len(after) < len(before) or not all(same(a, b) for a, b in zip(before, after, strict=False)):
        return None
    return list(islice(after, len(before), None))


def has_repeated_keys(value: Value) -> bool:
    """Say whether any dictionary inside ``value`` has a key twice."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, Stream):
            item = item.dict
        if isinstance(item, Dict):
            if item.repeated:
                return True
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
    return False
