"""Who is asked to fill a place now: the person invited, or the one who was given their mandate."""

from __future__ import annotations

from dataclasses import dataclass, field

from signkit.model.envelope import SignatoryState
from signkit.model.statement import Delegation
from signkit.workflows.openings import Openings

__all__ = ["Acting", "acting", "delegation_of"]


@dataclass(frozen=True, slots=True)
class Acting:
    """The person who signs in a place."""

    name: str
    identity: tuple[str, str] | None = field(repr=False)
    """Scheme and value; None: known by name only."""
    email: str | None = field(repr=False)
    provider: str | None
    person: str | None
    """Commitment to the person, as the journal has it."""
    instead_of: str | None = None
    """Name of the person who gave the mandate; None: nobody did."""


def acting(state: SignatoryState, openings: Openings) -> Acting:
    """Return who fills a place; what has been erased is empty."""
    delegate = state.delegate
    if delegate is None:
        return Acting(
            openings.name(state.id), openings.identity(state.id), openings.email(state.id), state.provider, state.person
        )
    prefix = f"delegate.{delegate.seq}"
    value = openings.get(f"{prefix}.identity")
    identity = (str(value["scheme"]), str(value["value"])) if isinstance(value, dict) else None
    return Acting(
        name=openings.text(f"{prefix}.name", state.id),
        identity=identity,
        email=openings.text(f"{prefix}.email") or None,
        provider=delegate.provider,
        person=delegate.person,
        instead_of=openings.name(state.id),
    )


def delegation_of(state: SignatoryState, openings: Openings) -> Delegation | None:
    """Return what a signature statement says of the mandate; None where the invited person signs."""
    delegate = state.delegate
    if delegate is None:
        return None
    return Delegation(
        entry=delegate.entry,
        name=acting(state, openings).name,
        person=delegate.person,
        mandate=delegate.mandate,
        by=delegate.by,
        at=delegate.at,
    )
