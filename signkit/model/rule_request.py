"""The rules as a clerk writes them, and what they become once the places are known.

A table ``[rules]`` in a file of signatories or a template, and ``--rule KEY=VALUE`` on the command line, say the same
things by the same keys (docs/rules.md). Members of a quorum are places (``s2``), e-mail addresses, or every place of a
role (``role:adjuster``). Whoever is in no quorum must sign.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any, Final, TypeVar

from signkit.errors import UsageError
from signkit.model.assurance import LEVELS
from signkit.model.paragraphs import format_paragraphs, parse_paragraphs
from signkit.model.rules import ALL_PARAGRAPHS, DeadlinePolicy, Decline, Quorum, Rules, Terms
from signkit.model.signatory import Invitee

__all__ = ["RuleRequest", "parse_rule_options", "parse_rule_table", "resolve_rules"]

KEYS: Final = ("any_of", "some_of", "roles", "decline", "comment", "deadline", "level", "providers", "immediate")
MAX_QUORUMS: Final = 200
_HINT: Final = "known: " + ", ".join(KEYS)
_Kind = TypeVar("_Kind", bound=StrEnum)
_SOME: Final = re.compile(r"([0-9]{1,3})[-_]of")


@dataclass(frozen=True, slots=True)
class RuleRequest:
    """What is asked for; None and empty: not said."""

    quorums: tuple[tuple[tuple[str, ...], int], ...] = ()
    """Members as written, and how many of them are needed."""
    roles: Mapping[str, int] = field(default_factory=dict)
    decline: Decline | None = None
    comment_required: bool | None = None
    deadline: DeadlinePolicy | None = None
    level: str | None = None
    providers: tuple[str, ...] | None = None
    immediate: str | None = None

    def over(self, base: RuleRequest) -> RuleRequest:
        """Return ``base`` with what is said here in place of what it says."""
        said = {item.name: getattr(self, item.name) for item in fields(self)}
        return replace(base, **{name: value for name, value in said.items() if value not in (None, (), {})})


def parse_rule_table(table: Mapping[str, Any], *, where: str) -> RuleRequest:
    """Return what a table ``rules`` asks for.

    Raises:
        UsageError: an unknown key, or a value that does not fit; says which.
    """
    for key in table:
        if key not in KEYS:
            near = difflib.get_close_matches(str(key), KEYS, n=1)
            raise _wrong(f"{where}: unknown rule {str(key)[:40]!r}", f"did you mean {near[0]!r}?" if near else _HINT)
    quorums = [(_names(item, f"{where}: any_of"), 1) for item in _list(table.get("any_of", []), f"{where}: any_of")]
    for item in _list(table.get("some_of", []), f"{where}: some_of"):
        if not isinstance(item, Mapping) or set(item) != {"of", "needed"}:
            raise _wrong(f"{where}: some_of holds tables like {{ of = […], needed = 2 }}")
        quorums.append((_names(item["of"], f"{where}: some_of"), _count(item["needed"], f"{where}: some_of")))
    roles = table.get("roles", {})
    if not isinstance(roles, Mapping):
        raise _wrong(f"{where}: roles is a table like {{ chair = 1 }}")
    comment = table.get("comment")
    if comment not in {None, "required", "optional"}:
        raise _wrong(f"{where}: comment is required or optional")
    providers = table.get("providers")
    return RuleRequest(
        quorums=tuple(quorums),
        roles={str(role): _count(number, f"{where}: roles") for role, number in roles.items()},
        decline=_one_of(table.get("decline"), Decline, f"{where}: decline"),
        comment_required=None if comment is None else comment == "required",
        deadline=_one_of(table.get("deadline"), DeadlinePolicy, f"{where}: deadline"),
        level=_level(table.get("level"), where),
        providers=None if providers is None else _names(providers, f"{where}: providers"),
        immediate=_immediate(table.get("immediate"), where),
    )


def parse_rule_options(options: Sequence[str]) -> RuleRequest:
    """Return what ``--rule KEY=VALUE`` options ask for, such as ``any-of=s2,s3``, ``2-of=s2,s3,s4``, ``role=chair:1``.

    Raises:
        UsageError: one cannot be understood.
    """
    table: dict[str, Any] = {}
    for option in options:
        key, equals, value = option.partition("=")
        key, value = key.strip().lower(), value.strip()
        if not equals or not value:
            raise _wrong(f"a rule is written KEY=VALUE, found {option[:40]!r}")
        some = _SOME.fullmatch(key)
        if key in {"any-of", "any_of"}:
            table.setdefault("any_of", []).append(value.split(","))
        elif some:
            table.setdefault("some_of", []).append({"of": value.split(","), "needed": int(some[1])})
        elif key in {"role", "roles"}:
            role, _, number = value.partition(":")
            table.setdefault("roles", {})[role.strip()] = int(number) if number.strip().isdecimal() else 1
        elif key in table:
            raise _wrong(f"--rule {key} is given twice")
        else:
            key = "providers" if key == "provider" else key
            table[key] = value.split(",") if key == "providers" else value
    return parse_rule_table(table, where="--rule")


def resolve_rules(
    request: RuleRequest, invitees: Sequence[tuple[str, Invitee]], *, deadline: bool, paragraphs: str | None
) -> Rules:
    """Return the rules of an envelope with these places.

    Args:
        request: what is asked for.
        invitees: places with the people asked to fill them, signatories and approvers only.
        deadline: whether the envelope has one.
        paragraphs: the paragraphs of the whole document, where the metadata names them.

    Raises:
        UsageError: rules that contradict each other, that nobody can meet, or that name nobody.
    """
    quorums = _quorums(request, invitees)
    for role, needed in request.roles.items():
        there = sum(1 for _, invitee in invitees if invitee.role == role)
        if there < needed:
            raise _wrong(f"the rules need {needed} of the role {role!r}, {there} are asked", "add them with role=ROLE")
    if request.deadline is DeadlinePolicy.COMPLETES and not deadline:
        raise _wrong("the deadline shall complete the envelope, and there is none", "add --deadline DATE")
    _check_paragraphs(request, invitees, paragraphs)
    allowed = request.providers
    for name, invitee in invitees:
        own = invitee.providers or allowed
        if invitee.provider is not None and own is not None and invitee.provider not in own:
            raise _wrong(f"{name} is asked to use {invitee.provider}, which the rules do not allow")
    return Rules(
        quorums=quorums,
        decline=request.decline or Decline.ENDS,
        roles=dict(request.roles),
        comment_required=bool(request.comment_required),
        deadline=request.deadline or DeadlinePolicy.EXPIRES,
        level=request.level,
        providers=request.providers,
        terms={name: terms for name, invitee in invitees if (terms := _terms(invitee)) != Terms()},
        immediate=request.immediate,
    )


def _quorums(request: RuleRequest, invitees: Sequence[tuple[str, Invitee]]) -> tuple[Quorum, ...]:
    if len(request.quorums) > MAX_QUORUMS:
        raise _wrong(f"more than {MAX_QUORUMS} quorums")
    found: list[Quorum] = []
    for members, needed in request.quorums:
        of = tuple(dict.fromkeys(name for member in members for name in _members(member, invitees)))
        if needed > len(of):
            raise _wrong(f"{needed} of {len(of)} places can never be filled")
        found.append(Quorum(of, needed))
    named = {name for quorum in found for name in quorum.of}
    rest = tuple(name for name, _ in invitees if name not in named)
    return (*([Quorum(rest, len(rest))] if rest else []), *found)


def _members(member: str, invitees: Sequence[tuple[str, Invitee]]) -> list[str]:
    wanted = member.strip()
    role = wanted.removeprefix("role:") if wanted.startswith("role:") else None
    found = [
        name
        for name, invitee in invitees
        if (role is not None and invitee.role == role)
        or name == wanted
        or (invitee.email or "").casefold() == wanted.casefold()
    ]
    if not found:
        known = ", ".join(f"{name} ({invitee.name})" for name, invitee in invitees[:6])
        raise _wrong(f"a rule names {wanted[:60]!r}, which is nobody's place", f"places: {known}; or role:ROLE")
    return found


def _check_paragraphs(request: RuleRequest, invitees: Sequence[tuple[str, Invitee]], paragraphs: str | None) -> None:
    try:
        whole = parse_paragraphs(paragraphs) if paragraphs else None
    except ValueError:
        whole = None  # the clerk may write there what they like
    asked = {name: invitee.paragraphs for name, invitee in invitees if invitee.paragraphs}
    if request.immediate not in {None, ALL_PARAGRAPHS}:
        asked["immediate"] = request.immediate
    for name, text in asked.items():
        if whole is not None and not parse_paragraphs(text or "") <= whole:
            raise UsageError(
                f"{name}: paragraphs {text} are not all among the document's, {paragraphs}",
                code="usage.paragraphs",
                hint="compare with --meta paragraph=…",
            )


def _terms(invitee: Invitee) -> Terms:
    return Terms(invitee.capacity, invitee.paragraphs, invitee.level, invitee.providers)


def _list(value: object, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise _wrong(f"{where} is a list")
    return value


def _names(value: object, where: str) -> tuple[str, ...]:
    items = _list(value, where)
    names = tuple(item.strip() for item in items if isinstance(item, str) and item.strip())
    if not names or len(names) != len(items):
        raise _wrong(f"{where} holds a list of names")
    return names


def _count(value: object, where: str) -> int:
    if type(value) is not int or value < 0:
        raise _wrong(f"{where}: not a number of places")
    return value


def _one_of(value: object, kind: type[_Kind], where: str) -> _Kind | None:
    if value is None:
        return None
    known = {item.value: item for item in kind}
    if not isinstance(value, str) or value not in known:
        raise _wrong(f"{where} is one of {', '.join(known)}")
    return known[value]


def _level(value: object, where: str) -> str | None:
    if value is None:
        return None
    if value not in LEVELS:
        raise UsageError(f"{where}: level is one of {', '.join(LEVELS)}", code="usage.level", hint=_HINT)
    return str(value)


def _immediate(value: object, where: str) -> str | None:
    if value is None or value == ALL_PARAGRAPHS:
        return None if value is None else ALL_PARAGRAPHS
    try:
        return format_paragraphs(parse_paragraphs(str(value)))
    except ValueError as exc:
        raise UsageError(f"{where}: immediate: {exc}", code="usage.paragraphs", hint="or: all") from exc


def _wrong(message: str, hint: str = _HINT) -> UsageError:
    return UsageError(message, code="usage.rules", hint=hint)
