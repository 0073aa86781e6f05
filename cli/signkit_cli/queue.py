"""Who signs next: the places named, gathered by person, in signing order, without those that are filled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from signkit.model.envelope import SignatoryStatus
from signkit.ports.store import Store
from signkit.workflows.ceremony import Slot
from signkit.workflows.desk import load
from signkit.workflows.openings import Openings

__all__ = ["PersonToSign", "people_to_sign"]


@dataclass(frozen=True, slots=True)
class PersonToSign:
    """One person, and the places that one ceremony fills for them."""

    name: str
    slots: tuple[Slot, ...]
    provider: str | None


def people_to_sign(store: Store, wanted: Sequence[tuple[str, Sequence[str]]]) -> list[PersonToSign]:
    """Return the people behind the places ``wanted`` (envelope, signatory ids) who have not signed, in order.

    Places of one person with different order numbers in one envelope are filled by one ceremony each.
    """
    gathered: dict[tuple[object, ...], list[Slot]] = {}
    about: dict[tuple[object, ...], tuple[int, str, str | None]] = {}
    with store.read() as tx:
        for envelope_id, signatories in wanted:
            envelope = load(tx, envelope_id)
            openings = Openings(tx.openings(envelope_id))
            for signatory in signatories:
                place = envelope.signatory(signatory)
                if place.status is SignatoryStatus.SIGNED:
                    continue
                identity = openings.identity(signatory)
                name = openings.name(signatory)
                person: tuple[object, ...] = (identity or name.casefold(), place.order, place.provider)
                while any(slot.envelope == envelope_id for slot in gathered.get(person, [])):
                    person = (*person, "again")
                gathered.setdefault(person, []).append(Slot(envelope_id, signatory))
                about.setdefault(person, (place.order, name, place.provider))
    ordered = sorted(gathered, key=lambda person: about[person][0])
    return [PersonToSign(about[person][1], tuple(gathered[person]), about[person][2]) for person in ordered]
