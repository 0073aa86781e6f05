"""Forgeries by name: what each does, to which revision, and the finding that must answer it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from signkit.pades.structure import Pdf

__all__ = ["Attack", "Forge", "attack", "attacks", "register"]

Forge = Callable[[Pdf], bytes]
"""From a file to the forged one."""


@dataclass(frozen=True, slots=True)
class Attack:
    """One forgery."""

    name: str
    on: str
    """The revision whose file it is given: ``r1``, ``r2``, ``s1``, ``completed``, ``archived``."""
    code: str
    """The finding that must be among those that ``verify`` reports."""
    forge: Forge
    needs: str = ""
    """``rich``, ``needs-appearances`` or ``undefined``: the original is a ``rich_document``, with that peculiarity."""
    continues: bool = False
    """Life goes on afterwards: later revisions are made honestly over the forged file."""


_KNOWN: Final[dict[str, Attack]] = {}


def register(
    name: str, *, on: str, code: str, needs: str = "", continues: bool | None = None
) -> Callable[[Forge], Forge]:
    """Make the decorated function known by ``name``."""

    def keep(forge: Forge) -> Forge:
        going_on = on == "r1" if continues is None else continues
        _KNOWN[name] = Attack(name, on, f"changes.{code}", forge, needs, going_on)
        return forge

    return keep


def attacks() -> Mapping[str, Attack]:
    """Return every forgery of structure by name."""
    # NOTE: the modules register themselves; imported here, for they need this one.
    from signkit.testing.attacks import added, after, in_r1, in_signed  # noqa: F401, PLC0415

    return dict(_KNOWN)


def attack(name: str, path_in: Path, path_out: Path) -> Attack:
    """Write the forged ``path_in`` to ``path_out`` and return what was done."""
    found = attacks()[name]
    path_out.write_bytes(found.forge(Pdf.open(path_in)))
    return found
