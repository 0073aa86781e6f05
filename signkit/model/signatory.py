"""The people who are asked to sign: what the clerk writes down, read strictly.

One signatory is ``NAME <EMAIL>; role=ROLE; order=N; id=PERSONAL_NUMBER; provider=P`` on the command line, or a row of a
CSV, TOML or JSON file with the same keys; more keys: ``capacity``, ``paragraphs``, ``level``, ``providers``. A TOML or
JSON file may also hold the envelope's ``rules``. No error quotes a personal number.
"""

from __future__ import annotations

import csv
import difflib
import io
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from signkit.errors import UsageError
from signkit.model.assurance import LEVELS
from signkit.model.paragraphs import format_paragraphs, parse_paragraphs
from signkit.model.rules import Capacity
from signkit.model.words import clean_words, misleads

__all__ = [
    "DEFAULT_ROLE",
    "Invitee",
    "SignatoryFile",
    "check_number",
    "normal_personal_number",
    "parse_signatories",
    "parse_signatory",
    "parse_signatory_file",
]

DEFAULT_ROLE: Final = "signatory"
MAX_SIGNATORIES: Final = 200
"""More places than any Swedish assembly has seats to fill in one document (Stockholm's council: 101)."""
MAX_TEXT: Final = 200
KEYS: Final = ("name", "email", "role", "order", "id", "provider", "capacity", "paragraphs", "level", "providers")
SCHEME: Final = "se.personnummer"

_OPTION = re.compile(r"^\s*(?P<name>[^<>;]*?)\s*(?:<\s*(?P<email>[^<>;]*?)\s*>)?\s*(?:;(?P<rest>.*))?$", re.DOTALL)
_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$|^[^@\s]+@localhost$")


@dataclass(frozen=True, slots=True)
class Invitee:
    """One person to be asked, as the clerk wrote it."""

    name: str
    email: str | None = field(default=None, repr=False)
    role: str = DEFAULT_ROLE
    order: int = 1
    scheme: str | None = None
    value: str | None = field(default=None, repr=False)
    """The identifier in ``scheme``; None: invited by name only."""
    provider: str | None = None
    """The eID that is used unless another is named when signing."""
    capacity: Capacity = Capacity.SIGNATORY
    paragraphs: str | None = None
    """Paragraphs that this person adjusts, in normal form; None: the whole document."""
    level: str | None = None
    """Least assurance level."""
    providers: tuple[str, ...] | None = None
    """The only eIDs that count."""


@dataclass(frozen=True, slots=True)
class SignatoryFile:
    """What a file of signatories holds."""

    invitees: tuple[Invitee, ...]
    rules: Mapping[str, Any] = field(default_factory=dict)
    """The table ``rules``, unread (see :mod:`signkit.model.rule_request`)."""


def parse_signatory(text: str) -> Invitee:
    """Return the signatory that one ``--signatory`` option describes.

    Raises:
        UsageError: it cannot be understood; says which part.
    """
    match = _OPTION.match(text)
    if match is None:
        raise UsageError(
            "a signatory cannot be understood",
            code="usage.signatory",
            hint="write: NAME <EMAIL>; role=ROLE; order=N; id=PERSONAL_NUMBER",
        )
    values: dict[str, Any] = {"name": match["name"]}
    if match["email"]:
        values["email"] = match["email"]
    for part in (match["rest"] or "").split(";"):
        if not part.strip():
            continue
        key, equals, value = part.partition("=")
        key = key.strip().lower()
        if not equals:
            raise _unknown(f"after the name comes KEY=VALUE, found a part without '=' for {values['name']!r}")
        _known(key)
        if key in values:
            raise _unknown(f"{key} is given twice for {values['name']!r}")
        values[key] = value.strip()
    return _invitee(values, str(values["name"])[:40] or "a signatory")


def parse_signatories(data: bytes, *, suffix: str, file: str) -> list[Invitee]:
    """Return the signatories that a CSV, TOML or JSON file lists; see ``parse_signatory_file``."""
    return list(parse_signatory_file(data, suffix=suffix, file=file).invitees)


def parse_signatory_file(data: bytes, *, suffix: str, file: str) -> SignatoryFile:
    """Return the signatories that a CSV, TOML or JSON file lists, and its table ``rules`` if it has one.

    Args:
        data: the file's bytes; UTF-8, for CSV also Windows-1252 as spreadsheets write it.
        suffix: ``.csv``, ``.toml`` or ``.json``.
        file: its name, for messages.

    Raises:
        UsageError: it cannot be understood; says which row.
    """
    readers = {".csv": _csv_rows, ".toml": _toml_rows, ".json": _json_rows}
    reader = readers.get(suffix.lower())
    if reader is None:
        raise UsageError(
            f"{file}: not a list of signatories",
            code="usage.signatories",
            hint="use a file that ends in .csv, .toml or .json",
        )
    try:
        rows, rules = reader(data)
    except (KeyError, ValueError, TypeError, AttributeError, csv.Error, RecursionError) as exc:
        raise UsageError(
            f"{file}: cannot be read as {suffix.lower()[1:]}",
            code="usage.signatories",
            hint="compare it with examples/signatories" + suffix.lower(),
        ) from exc
    if not rows:
        raise UsageError(f"{file}: names nobody", code="usage.signatories", hint="add one row per signatory")
    if len(rows) > MAX_SIGNATORIES:
        raise UsageError(f"{file}: more than {MAX_SIGNATORIES} signatories", code="usage.signatories")
    invitees = [_invitee(row, f"{file}, row {number}") for number, row in enumerate(rows, start=1)]
    return SignatoryFile(tuple(invitees), rules)


def normal_personal_number(text: str) -> str:
    """Return a Swedish personal identity or co-ordination number as twelve digits.

    Accepts ``YYYYMMDDNNNN`` with or without a hyphen before the last four. Ten-digit forms are refused: the century
    would be a guess.

    Raises:
        ValueError: not such a number, or its check digit is wrong. The message never holds the number.
    """
    digits = re.sub(r"[\s-]", "", text)
    if not re.fullmatch(r"[0-9]{12}", digits):
        raise ValueError("a personal number is written with twelve digits, YYYYMMDDNNNN")
    total = 0
    for position, char in enumerate(digits[2:]):
        product = int(char) * (2 if position % 2 == 0 else 1)
        total += product // 10 + product % 10
    month, day = int(digits[4:6]), int(digits[6:8])
    if total % 10 or not 1 <= month <= 12 or not (1 <= day <= 31 or 61 <= day <= 91):
        raise ValueError("the personal number does not exist: its date or check digit is wrong")
    return digits


def _csv_rows(data: bytes) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252")
    first = text.split("\n", 1)[0]
    delimiter = max((";", ",", "\t"), key=first.count)
    reader = csv.DictReader(io.StringIO(text), delimiter=delimiter, strict=True)
    rows = []
    for row in reader:
        if None in row or any(value is None for value in row.values()):
            raise ValueError("a row has more or fewer fields than the header")
        cleaned = {key.strip().lower(): value.strip() for key, value in row.items()}
        if any(cleaned.values()):
            rows.append({key: value for key, value in cleaned.items() if value or key == "name"})
    return rows, {}


def _toml_rows(data: bytes) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    return _table(tomllib.loads(data.decode("utf-8-sig")), "signatory")


def _json_rows(data: bytes) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    value = json.loads(data.decode("utf-8-sig"))
    return _table(value, "signatories") if isinstance(value, dict) else (list(value), {})


def _table(value: dict[str, Any], people: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return rows and rules of a file; what it holds beside them would be ignored, so it is refused."""
    for key in value:
        if key not in {people, "rules"}:
            raise _unknown(f"unknown table {key[:40]!r} in a list of signatories", hint=f"known: {people}, rules")
    rules = value.get("rules", {})
    if not isinstance(rules, dict):
        raise TypeError("rules are a table")
    return list(value[people]), rules


def _invitee(values: Mapping[str, Any], where: str) -> Invitee:
    if not isinstance(values, Mapping):
        raise UsageError(f"{where}: not a table of names and values", code="usage.signatories")
    for key in values:
        _known(str(key))
    name = _text(values.get("name", ""), "name", where)
    if not name:
        raise UsageError(f"{where}: the name is missing", code="usage.signatory", hint="write: NAME <EMAIL>")
    invitee = Invitee(name=name, role=_text(values.get("role") or DEFAULT_ROLE, "role", where))
    email = _text(values.get("email") or "", "email", where)
    if email:
        if not _EMAIL.match(email):
            raise UsageError(f"{where}: the e-mail address does not look like one", code="usage.signatory")
        invitee = replace(invitee, email=email)
    if values.get("provider"):
        invitee = replace(invitee, provider=_text(values["provider"], "provider", where))
    invitee = replace(invitee, order=_order(values.get("order", 1), where), **_terms(values, where))
    if values.get("id"):
        try:
            invitee = replace(invitee, scheme=SCHEME, value=normal_personal_number(str(values["id"])))
        except ValueError as exc:
            raise UsageError(f"{where}: {exc}", code="usage.personal_number") from exc
    return invitee


def _terms(values: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return what is asked of a person beyond a signature."""
    capacity = values.get("capacity") or Capacity.SIGNATORY
    known = [item.value for item in Capacity]
    if capacity not in known:
        raise UsageError(
            f"{where}: capacity is one of {', '.join(known)}",
            code="usage.signatory",
            hint="write: capacity=approver",
        )
    found: dict[str, Any] = {"capacity": Capacity(capacity)}
    if values.get("paragraphs"):
        try:
            found["paragraphs"] = format_paragraphs(parse_paragraphs(_text(str(values["paragraphs"]), "", where)))
        except ValueError as exc:
            raise UsageError(f"{where}: {exc}", code="usage.paragraphs", hint="write: paragraphs=41-45, 48") from exc
    if values.get("level"):
        if values["level"] not in LEVELS:
            raise UsageError(f"{where}: level is one of {', '.join(LEVELS)}", code="usage.level")
        found["level"] = values["level"]
    if values.get("providers"):
        listed = values["providers"]
        names = listed.split(",") if isinstance(listed, str) else list(listed) if isinstance(listed, list) else [listed]
        found["providers"] = tuple(name for name in (_text(item, "providers", where) for item in names) if name)
    if not Capacity(capacity).has_place and len(found) > 1:
        raise UsageError(
            f"{where}: a {capacity} signs nothing, so nothing can be asked of the signature", code="usage.signatory"
        )
    return found


def _order(value: object, where: str) -> int:
    try:
        order = int(str(value))
    except ValueError:
        order = 0
    if not 1 <= order <= MAX_SIGNATORIES:
        raise UsageError(
            f"{where}: order is a whole number from 1 to {MAX_SIGNATORIES}",
            code="usage.signatory",
            hint="the same number means in any order among themselves",
        )
    return order


def _text(value: object, key: str, where: str) -> str:
    if not isinstance(value, str):
        raise UsageError(f"{where}: {key} is not text", code="usage.signatory")
    text = clean_words(value)
    if len(text) > MAX_TEXT or any(map(misleads, text)):
        raise UsageError(f"{where}: {key} is too long or holds control characters", code="usage.signatory")
    return text


def _known(key: str) -> None:
    if key not in KEYS:
        near = difflib.get_close_matches(key, KEYS, n=1)
        raise _unknown(f"unknown key {key[:40]!r}", hint=f"did you mean {near[0]!r}?" if near else None)


def _unknown(message: str, *, hint: str | None = None) -> UsageError:
    return UsageError(message, code="usage.signatory", hint=hint or "known keys: " + ", ".join(KEYS[1:]))


def check_number(invitees: Sequence[Invitee]) -> None:
    """Refuse an empty list, too many, and the same place written twice.

    Raises:
        UsageError: nobody, too many, or the same name and role twice.
    """
    if not any(item.capacity.has_place for item in invitees):
        raise UsageError(
            "nobody is asked to sign",
            code="usage.signatories",
            hint="add --signatory 'NAME <EMAIL>' or --signatories FILE",
        )
    if len(invitees) > MAX_SIGNATORIES:
        raise UsageError(f"more than {MAX_SIGNATORIES} signatories", code="usage.signatories")
    seen: set[tuple[str, str | None, str]] = set()
    for invitee in invitees:
        key = (invitee.name.casefold(), invitee.value, invitee.role)
        if key in seen:
            raise UsageError(f"{invitee.name} is asked twice as {invitee.role}", code="usage.signatories")
        seen.add(key)
