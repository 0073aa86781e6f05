"""The rules of one envelope as data: ``signkit.rules/1``, and the form that came before it.

A member that nobody here knows is not ignored: a rule that is not applied would excuse what it forbids.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from signkit.canonical import Json
from signkit.model.assurance import LEVELS
from signkit.model.paragraphs import parse_paragraphs

__all__ = [
    "ALL_PARAGRAPHS",
    "Capacity",
    "DeadlinePolicy",
    "Decline",
    "Place",
    "Quorum",
    "Rules",
    "Terms",
    "all_must_sign",
]

SCHEMA: Final = "signkit.rules/1"
ALL_PARAGRAPHS: Final = "all"
_OLD_MEMBERS: Final = frozenset({"quorums", "decline"})
_MEMBERS: Final = _OLD_MEMBERS | {
    *("schema", "roles", "comment_required", "deadline", "level", "providers", "places", "immediate")
}
_TERMS: Final = frozenset({"capacity", "paragraphs", "level", "providers"})


@dataclass(frozen=True, slots=True)
class Place:
    """One place to fill."""

    id: str
    role: str
    order: int


@dataclass(frozen=True, slots=True)
class Quorum:
    """At least ``needed`` of the places ``of`` must be filled."""

    of: tuple[str, ...]
    needed: int


class Decline(enum.StrEnum):
    """What one refusal does to the envelope."""

    ENDS = "ends"
    CONTINUES = "continues"
    """The others go on for as long as the rules can still be met."""


class DeadlinePolicy(enum.StrEnum):
    """What the deadline does to an envelope whose quorums are not met."""

    EXPIRES = "expires"
    COMPLETES = "completes"
    """It is completed with the signatures that are there; the other fields stay empty and are locked."""


class Capacity(enum.StrEnum):
    """What somebody does in an envelope. Only the first two have a place in the document."""

    SIGNATORY = "signatory"
    APPROVER = "approver"
    VIEWER = "viewer"
    """Is told of everything, signs nothing."""
    COPY = "copy"
    """Gets the finished document."""

    @property
    def has_place(self) -> bool:
        """Whether there is a field to fill."""
        return self in {Capacity.SIGNATORY, Capacity.APPROVER}


@dataclass(frozen=True, slots=True)
class Terms:
    """What is asked of one place beyond a signature."""

    capacity: Capacity = Capacity.SIGNATORY
    paragraphs: str | None = None
    """The paragraphs that this signature adjusts; None: the whole document."""
    level: str | None = None
    providers: tuple[str, ...] | None = None

    def to_json(self) -> dict[str, Json]:
        """Return the terms as the manifest carries them."""
        return {
            "capacity": self.capacity.value,
            "paragraphs": self.paragraphs,
            "level": self.level,
            "providers": None if self.providers is None else list(self.providers),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Terms:
        """Return the terms that a manifest carries.

        Raises:
            KeyError, TypeError, ValueError: not the form that ``to_json`` gives.
        """
        if set(value) - _TERMS:
            raise ValueError("terms of a place hold what nobody here knows")
        capacity = Capacity(value.get("capacity", Capacity.SIGNATORY))
        if not capacity.has_place:
            raise ValueError("somebody without a place has one")
        paragraphs = value.get("paragraphs")
        if paragraphs is not None:
            parse_paragraphs(_text(paragraphs))
        return cls(capacity, paragraphs, _level(value.get("level")), _providers(value.get("providers")))


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one envelope."""

    quorums: tuple[Quorum, ...]
    decline: Decline = Decline.ENDS
    roles: Mapping[str, int] = field(default_factory=dict)
    """Role → how many places of it must be filled, whatever the quorums say."""
    comment_required: bool = False
    """Whether a refusal must say why."""
    deadline: DeadlinePolicy = DeadlinePolicy.EXPIRES
    level: str | None = None
    """Least assurance level of every signature."""
    providers: tuple[str, ...] | None = None
    """The only eIDs that count; None: any."""
    terms: Mapping[str, Terms] = field(default_factory=dict)
    """Place → what is asked of it in particular (``places`` in JSON)."""
    immediate: str | None = None
    """Paragraphs adjusted at once at the meeting (omedelbar justering), ``all``, or None."""
    old: bool = False
    """Whether these came in the form before ``signkit.rules/1``, and are written so again."""

    def of(self, place: str) -> Terms:
        """Return what is asked of a place, the general rules included."""
        own = self.terms.get(place, Terms())
        return Terms(own.capacity, own.paragraphs, own.level or self.level, own.providers or self.providers)

    def to_json(self) -> Json:
        """Return the rules as the manifest carries them."""
        common = {
            "quorums": [{"of": list(quorum.of), "needed": quorum.needed} for quorum in self.quorums],
            "decline": self.decline.value,
        }
        if self.old:
            return common
        return {
            "schema": SCHEMA,
            **common,
            "roles": dict(self.roles),
            "comment_required": self.comment_required,
            "deadline": self.deadline.value,
            "level": self.level,
            "providers": None if self.providers is None else list(self.providers),
            "places": {name: terms.to_json() for name, terms in self.terms.items()},
            "immediate": self.immediate,
        }

    @classmethod
    def from_json(cls, value: Json) -> Rules:
        """Return the rules that a manifest carries.

        Raises:
            ValueError: not the form that ``to_json`` gives, or a rule that nobody here knows.
        """
        try:
            old = "schema" not in value
            if not old and value["schema"] != SCHEMA:
                raise ValueError("rules of another version")
            if set(value) - (_OLD_MEMBERS if old else _MEMBERS):
                raise ValueError("rules hold what nobody here knows")
            return cls(
                quorums=tuple(_quorum(item) for item in value["quorums"]),
                decline=Decline(value["decline"]),
                roles={_text(role): _count(number) for role, number in _table(value.get("roles", {})).items()},
                comment_required=_flag(value.get("comment_required", False)),
                deadline=DeadlinePolicy(value.get("deadline", DeadlinePolicy.EXPIRES)),
                level=_level(value.get("level")),
                providers=_providers(value.get("providers")),
                terms={_text(name): Terms.from_json(item) for name, item in _table(value.get("places", {})).items()},
                immediate=_immediate(value.get("immediate")),
                old=old,
            )
        except (AttributeError, KeyError, TypeError) as exc:
            raise ValueError("rules are not in the known form") from exc


def all_must_sign(places: Iterable[Place]) -> Rules:
    """Return the rules under which every place must be filled."""
    ids = tuple(place.id for place in places)
    return Rules((Quorum(ids, len(ids)),))


def _quorum(value: Mapping[str, Any]) -> Quorum:
    if set(value) != {"of", "needed"} or not isinstance(value["of"], list):
        raise ValueError("a quorum is not in the known form")
    of, needed = tuple(map(_text, value["of"])), _count(value["needed"])
    if len(set(of)) != len(of) or needed > len(of):
        raise ValueError("a quorum that nobody can meet")
    return Quorum(of, needed)


def _table(value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise TypeError("not an object")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not text")
    return value


def _count(value: object) -> int:
    if type(value) is not int or value < 0:
        raise TypeError("not a number of places")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError("neither true nor false")
    return value


def _level(value: object) -> str | None:
    if value is not None and value not in LEVELS:
        raise ValueError("no assurance level")
    return None if value is None else _text(value)


def _providers(value: object) -> tuple[str, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not value:
        raise TypeError("no list of providers")
    return tuple(map(_text, value))


def _immediate(value: object) -> str | None:
    if value is None or value == ALL_PARAGRAPHS:
        return None if value is None else ALL_PARAGRAPHS
    parse_paragraphs(_text(value))
    return _text(value)
