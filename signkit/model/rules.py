"""Who must have signed, and in which order: one evaluator for the clerk and the archivist.

Rules are data, written into the manifest. Signatories with the same order number may sign in any order among
themselves; a lower number comes first. A quorum names places and how many of them must be filled; the envelope is
complete when every quorum is met.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from signkit.canonical import Json

__all__ = ["Decline", "Evaluation", "Place", "Quorum", "Rules", "all_must_sign", "evaluate", "may_sign"]


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


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one envelope."""

    quorums: tuple[Quorum, ...]
    decline: Decline = Decline.ENDS

    def to_json(self) -> Json:
        """Return the rules as the manifest carries them."""
        return {
            "quorums": [{"of": list(q.of), "needed": q.needed} for q in self.quorums],
            "decline": self.decline.value,
        }

    @classmethod
    def from_json(cls, value: Json) -> Rules:
        """Return the rules that a manifest carries.

        Raises:
            ValueError: not the form that ``to_json`` gives, or a rule that nobody here knows.
        """
        try:
            quorums = tuple(Quorum(tuple(map(_text, q["of"])), int(q["needed"])) for q in value["quorums"])
            return cls(quorums, Decline(value["decline"]))
        except (KeyError, TypeError) as exc:
            raise ValueError("rules are not in the known form") from exc


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What became of the rules."""

    met: bool
    missing: int
    """How many more signatures the quorums need."""
    out_of_order: tuple[str, ...]
    """Places filled before an earlier place that had to come first."""
    unknown: tuple[str, ...]
    """Places filled that nobody was asked to fill."""

    def to_json(self) -> Json:
        """Return the evaluation as the completion statement carries it."""
        return {"met": self.met, "missing": self.missing, "out_of_order": list(self.out_of_order)}


def all_must_sign(places: Iterable[Place]) -> Rules:
    """Return the rules under which every place must be filled."""
    ids = tuple(place.id for place in places)
    return Rules((Quorum(ids, len(ids)),))


def evaluate(rules: Rules, places: Sequence[Place], signed: Sequence[str]) -> Evaluation:
    """Judge the places ``signed``, in the order in which they were filled."""
    known = {place.id: place for place in places}
    done = set(signed)
    missing = sum(max(0, quorum.needed - len(done & set(quorum.of))) for quorum in rules.quorums)
    late = tuple(
        name
        for position, name in enumerate(signed)
        if name in known and _blocking(known[name], places, set(signed[:position]))
    )
    unknown = tuple(name for name in signed if name not in known)
    return Evaluation(met=not missing and not late and not unknown, missing=missing, out_of_order=late, unknown=unknown)


def may_sign(place: Place, places: Sequence[Place], signed: Iterable[str]) -> bool:
    """Tell whether it is this place's turn."""
    return not _blocking(place, places, set(signed))


def _blocking(place: Place, places: Sequence[Place], signed: set[str]) -> list[str]:
    return [other.id for other in places if other.order < place.order and other.id not in signed]


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not text")
    return value
