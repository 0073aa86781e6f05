"""Reading a template: TOML in, :class:`signkit.model.template.Template` out, or an error that names the key."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from signkit.errors import ConfigError, UsageError
from signkit.model.assurance import LEVELS
from signkit.model.rule_request import RuleRequest, parse_rule_table
from signkit.model.template import Key, KeyType, Label, Role, Template

__all__ = ["parse_template"]

SCHEMA: Final = "signkit.template/1"
MAX_ITEMS: Final = 100
MAX_TEXT: Final = 300
_LANGUAGES: Final = ("sv", "en", "da")
_MEMBERS: Final = (
    "schema",
    "kind",
    "label",
    "description",
    "key",
    "role",
    "rules",
    "disclosure",
    "level",
    "deadline_days",
    "deadline_from",
    "retention",
    "notice",
    "review",
    "other_keys",
)
_KEY: Final = ("name", "type", "required", "values", "label")
_ROLE: Final = ("code", "needed", "most", "order", "label")
_RETENTION: Final = ("erase_after_days", "note")
_NOTICES: Final = ("minutes", "decision")
_MAX_DAYS: Final = 36_525


def parse_template(tree: Mapping[str, Any], *, name: str, kinds: Sequence[str], file: str) -> Template:
    """Return the template that a TOML tree holds.

    Raises:
        ConfigError: an unknown key, or a value that does not fit; says which.
    """
    try:
        return _template(tree, name, kinds)
    except UsageError as exc:
        raise _wrong(f"{file}: {exc.message}", exc.hint) from exc
    except ValueError as exc:
        raise _wrong(f"{file}: {exc}", getattr(exc, "hint", None)) from exc


class _FormError(ValueError):
    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


def _template(tree: Mapping[str, Any], name: str, kinds: Sequence[str]) -> Template:
    _known(tree, _MEMBERS, "")
    if tree.get("schema") != SCHEMA:
        raise _FormError(f'schema is not "{SCHEMA}"', f'write as the first line: schema = "{SCHEMA}"')
    retention = _table(tree, "retention")
    _known(retention, _RETENTION, "retention.")
    keys = tuple(_key(item) for item in _list(tree, "key"))
    roles = tuple(_role(item) for item in _list(tree, "role"))
    rules = parse_rule_table(_table(tree, "rules"), where="rules")
    level = _choice(tree, "level", LEVELS, None)
    dates = tuple(key.name for key in keys if key.type is KeyType.DATE)
    needed = {role.code: role.needed for role in roles if role.needed}
    return Template(
        name=name,
        kind=_choice(tree, "kind", tuple(kinds), None) or _missing("kind"),
        label=_label(tree, "label"),
        description=_label(tree, "description"),
        keys=keys,
        other_keys=_flag(tree, "other_keys"),
        roles=roles,
        rules=rules.over(RuleRequest(roles=needed, level=level)),
        disclosure=_choice(tree, "disclosure", ("none", "birthdate", "full"), "none") or "none",
        deadline_days=_count(tree, "deadline_days", None),
        deadline_from=_choice(tree, "deadline_from", dates, None),
        erase_after_days=_count(retention, "erase_after_days", None),
        retention_note=_label(retention, "note"),
        notice=_choice(tree, "notice", _NOTICES, None),
        review=_choice(tree, "review", dates, None),
    )


def _key(item: Mapping[str, Any]) -> Key:
    _known(item, _KEY, "key.")
    name = _text(item, "name") or _missing("key.name")
    kind = KeyType(_choice(item, "type", tuple(item.value for item in KeyType), "text") or "text")
    values = tuple(str(value) for value in _list(item, "values"))
    if (kind is KeyType.CHOICE) != bool(values):
        raise _FormError(f"key {name}: a choice has values, and nothing else has")
    return Key(name, kind, _flag(item, "required"), values, _label(item, "label"))


def _role(item: Mapping[str, Any]) -> Role:
    _known(item, _ROLE, "role.")
    code = _text(item, "code") or _missing("role.code")
    return Role(
        code,
        _count(item, "needed", 0) or 0,
        _count(item, "most", None),
        _count(item, "order", None),
        _label(item, "label"),
    )


def _label(table: Mapping[str, Any], key: str) -> Label:
    value = _table(table, key)
    _known(value, _LANGUAGES, f"{key}.")
    return Label({lang: _text(value, lang) or _missing(f"{key}.{lang}") for lang in value})


def _known(table: Mapping[str, Any], keys: tuple[str, ...], where: str) -> None:
    if not isinstance(table, Mapping):
        raise _FormError(f"{where.rstrip('.')} is not a table")
    for key in table:
        if key not in keys:
            near = difflib.get_close_matches(str(key), keys, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "known here: " + ", ".join(keys)
            raise _FormError(f"unknown key {where + str(key)[:60]!r}", hint)


def _table(table: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = table.get(key, {})
    if not isinstance(value, Mapping):
        raise _FormError(f"{key} is not a table")
    return value


def _list(table: Mapping[str, Any], key: str) -> list[Any]:
    value = table.get(key, [])
    if not isinstance(value, list) or len(value) > MAX_ITEMS:
        raise _FormError(f"{key} is not a list of at most {MAX_ITEMS}")
    return value


def _text(table: Mapping[str, Any], key: str) -> str | None:
    value = table.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_TEXT or any(char < " " for char in value):
        raise _FormError(f"{key} is not one line of text")
    return value


def _choice(table: Mapping[str, Any], key: str, allowed: tuple[str, ...], otherwise: str | None) -> str | None:
    value = _text(table, key)
    if value is None:
        return otherwise
    if value not in allowed:
        near = difflib.get_close_matches(value, allowed, n=1)
        hint = f"did you mean {near[0]!r}?" if near else None
        raise _FormError(f"{key} is {value[:40]!r}, not one of {', '.join(allowed) or 'nothing'}", hint)
    return value


def _count(table: Mapping[str, Any], key: str, otherwise: int | None) -> int | None:
    value = table.get(key, otherwise)
    if value is not None and (type(value) is not int or not 0 <= value <= _MAX_DAYS):
        raise _FormError(f"{key} is not a number from 0 to {_MAX_DAYS}")
    return value


def _flag(table: Mapping[str, Any], key: str) -> bool:
    value = table.get(key, False)
    if not isinstance(value, bool):
        raise _FormError(f"{key} is neither true nor false")
    return value


def _missing(key: str) -> str:
    raise _FormError(f"{key} is missing")


def _wrong(message: str, hint: str | None) -> ConfigError:
    return ConfigError(message, code="config.template", hint=hint or "see docs/kinds.md")
