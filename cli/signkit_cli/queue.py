"""Who signs next: one person at a time, with every place that this person may fill now, over all envelopes named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from signkit.model.envelope import FILLED, Envelope, SignatoryState
from signkit.ports.store import Store
from signkit.workflows.acting import acting
from signkit.workflows.ceremony import Slot
from signkit.workflows.desk import load
from signkit.workflows.openings import Openings

__all__ = ["PersonToSign", "next_person"]


@dataclass(frozen=True, slots=True)
class PersonToSign:
    """One person, and the places that one ceremony fills for them."""

    name: str
    slots: tuple[Slot, ...]
    provider: str | None
    ready: bool
    """Whether it is this person's turn."""
    identified: bool
    """Whether the invitation names a number."""


@dataclass(frozen=True, slots=True)
class _Open:
    """A place that is not filled."""

    slot: Slot
    person: tuple[object, ...]
    """What makes two places one person's: identity or else name, and the eID they are asked to use."""
    name: str
    provider: str | None
    ready: bool
    order: int
    identified: bool


def next_person(
    store: Store, wanted: Sequence[tuple[str, Sequence[str]]], *, every: bool = False
) -> PersonToSign | None:
    """Return who signs next of the places ``wanted`` (envelope, signatory ids); None when all of them are filled.

    With ``every``, places that nobody needs to fill any more are passed over: everybody was asked for, not anyone.

    Those whose turn it is come first, in signing order; where nobody's turn it is, the first one is returned, and the
    ceremony says why it cannot begin. A second place of the same person in one envelope waits for the next ceremony:
    each has a certificate of its own.
    """
    places: list[_Open] = []
    with store.read() as tx:
        for envelope_id, signatories in wanted:
            envelope = load(tx, envelope_id)
            openings = Openings(tx.openings(envelope_id))
            places += [
                _open(envelope, openings, place)
                for place in map(envelope.signatory, signatories)
                if _waits(envelope, place, every=every)
            ]
    if not places:
        return None
    first = min(places, key=lambda item: (not item.ready, item.order))  # min keeps the order of equals
    slots: dict[str, Slot] = {}
    for place in places:
        if place.person == first.person and place.ready == first.ready:
            slots.setdefault(place.slot.envelope, place.slot)
    return PersonToSign(first.name, tuple(slots.values()), first.provider, first.ready, first.identified)


def _waits(envelope: Envelope, place: SignatoryState, *, every: bool) -> bool:
    if every:
        return place.open and not envelope.ended
    return place.status not in FILLED


def _open(envelope: Envelope, openings: Openings, place: SignatoryState) -> _Open:
    person = acting(place, openings)
    return _Open(
        Slot(envelope.id, place.id),
        (person.identity or person.name.casefold(), person.provider),
        person.name,
        person.provider,
        envelope.may_sign(place.id),
        place.order,
        person.identity is not None,
    )
