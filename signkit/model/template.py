"""A template: what one kind of document needs, as data. ``signkit.template/1`` in TOML (docs/kinds.md).

It gives a schema of the metadata, the roles with the words for them, rules, disclosure, level, retention and the usual
number of days. Nothing in it can be run; what nobody knows is refused, with a suggestion.
"""

from __future__ import annotations

import difflib
import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from signkit.errors import UsageError
from signkit.model.paragraphs import format_paragraphs, parse_paragraphs
from signkit.model.rule_request import RuleRequest
from signkit.model.signatory import DEFAULT_ROLE, Invitee

__all__ = ["Key", "KeyType", "Label", "Role", "Template"]


class KeyType(enum.StrEnum):
    """What a value of the metadata looks like."""

    TEXT = "text"
    DATE = "date"
    """``2026-09-01``."""
    PARAGRAPHS = "paragraphs"
    """``41-45, 48``."""
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Label:
    """The same words in three languages; a language that is missing falls back to Swedish."""

    words: Mapping[str, str] = field(default_factory=dict)

    def said(self, lang: str, otherwise: str = "") -> str:
        """Return the words in a language."""
        return self.words.get(lang) or self.words.get("sv") or otherwise


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the metadata."""

    name: str
    type: KeyType = KeyType.TEXT
    required: bool = False
    values: tuple[str, ...] = ()
    """The only values, for a choice."""
    label: Label = field(default_factory=Label)

    def normal(self, value: str) -> str:
        """Return a value in its normal form.

        Raises:
            ValueError: it does not fit; says what would.
        """
        if self.type is KeyType.DATE:
            try:
                return date.fromisoformat(value).isoformat()
            except ValueError as exc:
                raise ValueError("is a date: 2026-09-01") from exc
        if self.type is KeyType.PARAGRAPHS:
            return format_paragraphs(parse_paragraphs(value))
        if self.type is KeyType.CHOICE and value not in self.values:
            near = difflib.get_close_matches(value, self.values, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"is one of {', '.join(self.values)}{hint}")
        return value


@dataclass(frozen=True, slots=True)
class Role:
    """One role of those who sign."""

    code: str
    needed: int = 0
    most: int | None = None
    order: int | None = None
    label: Label = field(default_factory=Label)


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """What one kind of document needs."""

    name: str
    kind: str
    label: Label
    description: Label
    keys: tuple[Key, ...] = ()
    other_keys: bool = False
    """Whether metadata may hold keys beside these."""
    roles: tuple[Role, ...] = ()
    rules: RuleRequest = field(default_factory=RuleRequest)
    disclosure: str = "none"
    deadline_days: int | None = None
    deadline_from: str | None = None
    """Key of a date from which the days count; None: today."""
    erase_after_days: int | None = None
    """Days after its end until names and evidence are due to be erased; None: kept."""
    retention_note: Label = field(default_factory=Label)
    notice: str | None = None
    """What is announced on the notice board: ``minutes``, ``decision`` or nothing."""
    review: str | None = None
    """Key of the date by which the document is to be reviewed."""

    def metadata(self, given: Mapping[str, str], *, strict: bool) -> dict[str, str]:
        """Return the metadata in normal form, this template's keys first, in its order.

        Args:
            given: as the clerk wrote it.
            strict: whether keys may be missing or unknown.

        Raises:
            UsageError: what is wrong with it, all at once.
        """
        known = {key.name: key for key in self.keys}
        wrong: list[str] = []
        values: dict[str, str] = {}
        for name, key in known.items():
            if name in given:
                try:
                    values[name] = key.normal(given[name])
                except ValueError as exc:
                    wrong.append(f"{name} {exc}")
            elif strict and key.required:
                wrong.append(f"{name} is missing")
        for name in given:
            if name not in known and strict and not self.other_keys:
                near = difflib.get_close_matches(name, known, n=1)
                wrong.append(f"{name[:60]} is unknown" + (f", did you mean {near[0]}?" if near else ""))
        if wrong:
            raise UsageError(
                f"metadata of {self.name}: " + "; ".join(wrong),
                code="usage.meta",
                hint=f"see: signkit template show {self.name}",
            )
        return values | {name: value for name, value in given.items() if name not in known}

    def people(self, invitees: Sequence[Invitee]) -> list[Invitee]:
        """Return the people with the roles' codes for words that mean them, in the order that the template gives.

        Raises:
            UsageError: a role that this template does not know, or too many of one.
        """
        if not self.roles:
            return list(invitees)
        words = {said.casefold(): role for role in self.roles for said in (role.code, *role.label.words.values())}
        people, counts = [], dict.fromkeys((role.code for role in self.roles), 0)
        for invitee in invitees:
            role = words.get(invitee.role.casefold())
            if not invitee.capacity.has_place:
                people.append(invitee)
                continue
            if role is None:
                raise self._unknown_role(invitee, words)
            counts[role.code] += 1
            order = role.order if role.order is not None and invitee.order == 1 else invitee.order
            people.append(replace(invitee, role=role.code, order=order))
        for role in self.roles:
            if role.most is not None and counts[role.code] > role.most:
                raise UsageError(
                    f"{self.name}: at most {role.most} as {role.code}, {counts[role.code]} are asked",
                    code="usage.role",
                    hint=f"see: signkit template show {self.name}",
                )
        return people

    def _unknown_role(self, invitee: Invitee, words: Mapping[str, Role]) -> UsageError:
        near = difflib.get_close_matches(invitee.role.casefold(), list(words), n=1)
        known = ", ".join(role.code for role in self.roles)
        missing = invitee.role == DEFAULT_ROLE
        return UsageError(
            f"{self.name}: {invitee.name} has no role" if missing else f"{self.name}: no role {invitee.role[:40]!r}",
            code="usage.role",
            hint=f"did you mean role={near[0]}?" if near else f"add role=…, one of: {known}",
        )
