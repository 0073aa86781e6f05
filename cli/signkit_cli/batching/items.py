"""A batch file: JSON Lines or CSV, one step per line, each in the words of a command (docs/batch.md)."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from signkit.errors import UsageError

__all__ = ["OPERATIONS", "Item", "read_items"]

MAX_BYTES: Final = 256 << 20
MAX_ITEMS: Final = 100_000
_MAX_NAME: Final = 200
_MAX_WORDS: Final = 1000
"""Most values of one item."""

OPERATIONS: Final[Mapping[str, tuple[tuple[str, ...], str]]] = {
    "create": (("envelope", "create"), "documents"),
    "send": (("envelope", "send"), "envelope"),
    "remind": (("envelope", "remind"), "envelope"),
    "extend": (("envelope", "extend"), "envelope"),
    "void": (("envelope", "void"), "envelope"),
    "export": (("envelope", "export"), "envelope"),
    "show": (("envelope", "show"), "envelope"),
    "sign": (("sign",), "envelope"),
    "decline": (("decline",), "envelope"),
    "delegate": (("delegate",), "envelope"),
    "verify": (("verify",), "paths"),
}
"""Operation → its command, and the key that holds what stands without a name on its line."""
_SAME: Final = {"documents": ("document", "pdf", "paths"), "envelope": ("id", "envelopes"), "paths": ("path", "file")}
_OWN: Final = frozenset({"op", "key", "ref"})
_SEPARATOR: Final = "|"
"""Between several values in one cell of a CSV file."""


@dataclass(frozen=True, slots=True)
class Item:
    """One step."""

    number: int
    """From 1, as in the file."""
    op: str
    key: str
    """What it is known by when the batch is run again."""
    ref: str | None = None
    """Name by which later items mean the envelope that this one makes."""
    operands: tuple[str, ...] = ()
    """Documents, envelopes or paths."""
    options: tuple[str, ...] = ()
    """``--name=value`` and ``--flag``."""
    people: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    """Signatories that were written as tables."""
    problem: str | None = None
    """Why it cannot be done at all."""


def read_items(path: Path) -> list[Item]:
    """Return the steps of a file; a step that makes no sense is an item with a problem.

    Raises:
        UsageError: the file cannot be read, is too large, holds nothing, or two items have one key.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UsageError(f"{path} is larger than 256 MiB", code="usage.batch")
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as exc:
        raise UsageError(f"{path} cannot be read: {exc.strerror}", code="usage.batch") from exc
    except UnicodeDecodeError as exc:
        raise UsageError(f"{path} is not UTF-8", code="usage.batch") from exc
    rows = _csv(text) if path.suffix.lower() == ".csv" else _jsonl(text)
    seen: Counter[str] = Counter()
    items: list[Item] = []
    for number, row in enumerate(rows, start=1):
        if number > MAX_ITEMS:
            raise UsageError(f"{path} holds more than {MAX_ITEMS} items", code="usage.batch", hint="split it")
        items.append(_item(number, row, seen))
    if not items:
        raise UsageError(f"{path} holds no items", code="usage.batch", hint='a line: {"op": "send", "envelope": "…"}')
    double = next((key for key, count in Counter(item.key for item in items).items() if count > 1), None)
    if double is not None:
        raise UsageError(f"two items have the key {double[:60]!r}", code="usage.batch")
    return items


def _jsonl(text: str) -> Iterator[object]:
    for line in text.split("\n"):
        if line.strip():
            try:
                yield json.loads(line)
            except (ValueError, RecursionError):
                yield "the line is not JSON"


def _csv(text: str) -> Iterator[object]:
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    try:
        for row in csv.DictReader(io.StringIO(text, newline=""), delimiter=separator, strict=True):
            if None in row:
                yield "the line has more cells than the heading"
                continue
            yield {name.strip(): _cell(value) for name, value in row.items() if value and value.strip()}
    except csv.Error as exc:
        raise UsageError(f"the file is not CSV: {exc}", code="usage.batch") from exc


def _cell(value: str) -> str | list[str]:
    parts = [part.strip() for part in value.split(_SEPARATOR)]
    return parts if len(parts) > 1 else parts[0]


def _item(number: int, row: object, seen: Counter[str]) -> Item:
    digest = hashlib.sha256(json.dumps(row, sort_keys=True, ensure_ascii=True).encode("ascii")).hexdigest()[:32]
    seen[digest] += 1
    key = f"{digest}-{seen[digest]}"
    if not isinstance(row, dict):
        return Item(number, "", key, problem=row if isinstance(row, str) else "the line is not an object")
    given, op, ref = row.get("key"), row.get("op"), row.get("ref")
    name = op[:40] if isinstance(op, str) else ""
    try:
        if given is not None:
            key = "=" + _name("key", given)
        operands, options, people = _words(name, row)
        return Item(number, name, key, None if ref is None else _name("ref", ref), operands, options, people)
    except ValueError as exc:
        return Item(number, name, key, problem=str(exc))


def _name(what: str, value: object) -> str:
    text = str(value)
    if isinstance(value, bool) or not isinstance(value, (str, int)) or not 0 < len(text) <= _MAX_NAME:
        raise ValueError(f"{what} is a text of at most {_MAX_NAME} characters")
    return text


def _words(op: str, row: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...], tuple[Mapping[str, Any], ...]]:
    """Return operands, options and people of a row, in the words of the command."""
    if op not in OPERATIONS:
        raise ValueError("op is one of " + ", ".join(OPERATIONS))
    main = OPERATIONS[op][1]
    names = {main, *_SAME[main]}
    operands: list[str] = []
    options: list[str] = []
    people: list[Mapping[str, Any]] = []
    for name, value in row.items():
        if name in _OWN or value is None:
            continue
        values = value if isinstance(value, list) else [value]
        if len(values) > _MAX_WORDS:
            raise ValueError(f"{name[:40]} holds too many values")
        if name in names:
            operands += [_text(name, item) for item in values]
        elif name == "signatories" and all(isinstance(item, dict) for item in values):
            people += values
        elif name == "signatories" and isinstance(value, list):
            options += [f"--signatory={_text(name, item)}" for item in values]
        else:
            options += _options(name, value)
    if not operands:
        raise ValueError(f"{main} is missing")
    return tuple(operands), tuple(options), tuple(people)


def _options(name: str, value: Any) -> list[str]:
    flag = "--" + name.replace("_", "-")
    if not name.replace("_", "").replace("-", "").isalnum():
        raise ValueError(f"{name[:40]!r} is no option")
    if value is True:
        return [flag]
    if value is False:
        return []
    if isinstance(value, dict):
        return [f"{flag}={key}={_text(name, item)}" for key, item in value.items()]
    values = value if isinstance(value, list) else [value]
    return [f"{flag}={_text(name, item)}" for item in values]


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int)) or "\0" in str(value):
        raise ValueError(f"{name[:40]} is not text")
    return str(value)
