"""What a stranger's signature forbids to come after it: DocMDP, FieldMDP and the field's lock.

ISO 32000-2 clauses 12.7.5.5, 12.8.2.2 and 12.8.2.4. References are followed in the signed revision.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from signkit.model.report import Finding
from signkit.pades.changes.findings import failed
from signkit.pades.changes.places import Place
from signkit.pades.structure import Dict, Pdf, Value, View, decode_text

__all__ = ["Permissions", "forbidding", "permissions_of"]

_LEVELS: Final = frozenset((1, 2, 3))
_ACTIONS: Final = frozenset(("All", "Include", "Exclude"))
_MAX_REFERENCES: Final = 64


@dataclass(frozen=True, slots=True)
class Permissions:
    """What one signature leaves to later revisions."""

    revision: int
    """Index of the revision that it covers."""
    level: int | None
    """1 to 3 of DocMDP or of the field's lock; None where neither says anything."""
    locks: tuple[tuple[str, frozenset[str]], ...]
    """Actions with names of fields."""

    def locked(self, names: Iterable[str]) -> list[str]:
        """Return those of ``names`` that may not be filled any more."""
        return sorted(name for name in names if any(_covers(action, fields, name) for action, fields in self.locks))


def permissions_of(pdf: Pdf, place: Place) -> Permissions | None:
    """Return what the signature in ``place`` forbids; what cannot be understood counts as the strictest.

    None for a signature that covers no revision: it fails elsewhere.
    """
    if place.revision is None:
        return None
    view = pdf.view(place.revision)
    levels: list[int] = []
    locks: list[tuple[str, frozenset[str]]] = []
    for item in view.get_list(place.dict.get("Reference"))[:_MAX_REFERENCES]:
        transform = view.get_dict(item)
        method, parameters = view.resolve(transform.get("TransformMethod")), transform.get("TransformParams")
        if method == "DocMDP":
            levels.append(_level(view, view.get_dict(parameters).get("P", 2)))
        elif method == "FieldMDP":
            locks.append(_lock(view, view.get_dict(parameters)))
    field = next((item for item in view.fields if item.name == place.field), None)
    lock = view.get_dict(field.dict.get("Lock")) if field else Dict()
    if "P" in lock:
        levels.append(_level(view, lock["P"]))
    return Permissions(place.revision, min(levels, default=None), tuple(locks))


def forbidding(pdf: Pdf, found: Iterable[Place]) -> list[Finding]:
    """Return the signatures in ``found`` that forbid any further field: nothing may be signed after them."""
    forbidden: list[Finding] = []
    for place in found:
        said = permissions_of(pdf, place)
        if said is not None and (said.level == 1 or any(action != "Include" for action, _ in said.locks)):
            forbidden.append(failed("closed", subject=place.field))
    return forbidden


def _level(view: View, value: Value) -> int:
    level = view.resolve(value)
    return level if type(level) is int and level in _LEVELS else 1


def _lock(view: View, parameters: Dict) -> tuple[str, frozenset[str]]:
    action = view.resolve(parameters.get("Action"))
    names = [view.resolve(item) for item in view.get_list(parameters.get("Fields"))]
    fields = frozenset(decode_text(item) for item in names if isinstance(item, bytes))
    return (str(action), fields) if action in _ACTIONS else ("All", frozenset())


def _covers(action: str, fields: frozenset[str], name: str) -> bool:
    """Say whether a lock holds for ``name``; a name stands for everything below it too."""
    parts = name.split(".")
    named = any(".".join(parts[: count + 1]) in fields for count in range(len(parts)))
    return action == "All" or named is (action == "Include")
