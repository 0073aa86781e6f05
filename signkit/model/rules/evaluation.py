"""The one evaluator: what signatures, refusals and a deadline make of the rules.

A place stands in the way of later ones (with a higher order number) until it is filled, has declined, or is not needed
any more because its quorums and its role are satisfied without it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from signkit.canonical import Json
from signkit.model.paragraphs import format_paragraphs, parse_paragraphs
from signkit.model.rules.data import ALL_PARAGRAPHS, DeadlinePolicy, Place, Rules

__all__ = ["Evaluation", "evaluate", "in_the_way", "may_sign", "possible"]

_NOBODY: Mapping[str, int] = {}


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
    roles: Mapping[str, int] = field(default_factory=dict)
    """Role → how many more places of it must be filled."""
    paragraphs: str = ""
    """Paragraphs that somebody was to adjust and nobody has."""
    deadline: bool = False
    """Whether the deadline stands in for the quorums."""

    def to_json(self) -> Json:
        """Return the evaluation as the completion statement carries it; what is empty is left out."""
        value: dict[str, Json] = {"met": self.met, "missing": self.missing, "out_of_order": list(self.out_of_order)}
        if self.roles:
            value["roles"] = dict(self.roles)
        if self.paragraphs:
            value["paragraphs"] = self.paragraphs
        if self.deadline:
            value["deadline"] = True
        return value


def evaluate(
    rules: Rules,
    places: Sequence[Place],
    signed: Sequence[str],
    *,
    declined: Mapping[str, int] = _NOBODY,
    closed: bool = False,
) -> Evaluation:
    """Judge the places ``signed``, in the order in which they were filled.

    Args:
        rules: the rules.
        places: every place.
        signed: places filled, in order.
        declined: place → how many places were filled before it declined.
        closed: whether the deadline has passed; matters only where the rules let it complete the envelope.
    """
    known = {place.id: place for place in places}
    late = tuple(
        name
        for position, name in enumerate(signed)
        if name in known
        and in_the_way(
            rules,
            known[name],
            places,
            set(signed[:position]),
            declined={item for item, before in declined.items() if before <= position},
        )
    )
    unknown = tuple(name for name in signed if name not in known)
    done = set(signed) & set(known)
    missing = _missing(rules, done)
    roles = _missing_roles(rules, places, done)
    paragraphs = _missing_paragraphs(rules, places, done)
    by_deadline = closed and bool(missing) and bool(done) and rules.deadline is DeadlinePolicy.COMPLETES
    good = not late and not unknown and not roles and not paragraphs
    return Evaluation(
        met=good and (not missing or by_deadline),
        missing=missing,
        out_of_order=late,
        unknown=unknown,
        roles=roles,
        paragraphs=format_paragraphs(paragraphs),
        deadline=by_deadline,
    )


def possible(rules: Rules, places: Sequence[Place], declined: Iterable[str]) -> bool:
    """Tell whether the rules can still be met once these have declined."""
    left = {place.id for place in places} - set(declined)
    quorums = not _missing(rules, left) or (bool(left) and rules.deadline is DeadlinePolicy.COMPLETES)
    return quorums and not _missing_roles(rules, places, left) and not _missing_paragraphs(rules, places, left)


def may_sign(
    place: Place,
    places: Sequence[Place],
    signed: Iterable[str],
    *,
    rules: Rules,
    declined: Iterable[str] = (),
) -> bool:
    """Tell whether it is this place's turn."""
    return not in_the_way(rules, place, places, set(signed), declined=set(declined))


def in_the_way(
    rules: Rules, place: Place, places: Sequence[Place], signed: set[str], *, declined: set[str]
) -> list[str]:
    """Return the earlier places that must be filled before this one."""
    settled = signed | declined
    earlier = [other for other in places if other.order < place.order and other.id not in settled]
    if not earlier:
        return []
    short = _missing_roles(rules, places, signed)
    wanted = {name for quorum in rules.quorums if len(signed & set(quorum.of)) < quorum.needed for name in quorum.of}
    return [other.id for other in earlier if other.id in wanted or other.role in short]


def _missing(rules: Rules, done: set[str]) -> int:
    return sum(max(0, quorum.needed - len(done & set(quorum.of))) for quorum in rules.quorums)


def _missing_roles(rules: Rules, places: Sequence[Place], done: set[str]) -> dict[str, int]:
    found = {}
    for role, needed in rules.roles.items():
        filled = sum(1 for place in places if place.role == role and place.id in done)
        if filled < needed:
            found[role] = needed - filled
    return found


def _missing_paragraphs(rules: Rules, places: Sequence[Place], done: set[str]) -> frozenset[int]:
    """Return paragraphs given to somebody of a role that nobody of that role adjusted, and immediate ones left out."""
    missing: set[int] = set()
    for role in {place.role for place in places}:
        own = {place.id: rules.of(place.id).paragraphs for place in places if place.role == role}
        if any(own.values()) and not any(own[name] is None for name in own if name in done):
            asked = _all(own[name] for name in own)
            missing |= asked - _all(own[name] for name in own if name in done)
    if rules.immediate not in {None, ALL_PARAGRAPHS} and all(rules.of(name).paragraphs for name in done):
        missing |= _all([rules.immediate]) - _all(rules.of(name).paragraphs for name in done)
    return frozenset(missing)


def _all(texts: Iterable[str | None]) -> set[int]:
    return {number for text in texts if text is not None for number in parse_paragraphs(text)}
