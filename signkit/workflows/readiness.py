"""Whether a place may be filled now, by whom and with what: the rules at the moment when somebody begins to sign."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from signkit.errors import TransitionError, UsageError
from signkit.model.envelope import FILLED, Envelope, EnvelopeState, SignatoryState
from signkit.model.rules import Place, in_the_way
from signkit.ports.store import WriteTransaction
from signkit.texts import text
from signkit.workflows.acting import Acting, acting
from signkit.workflows.desk import expect_state, load, overdue
from signkit.workflows.layout import place_words
from signkit.workflows.openings import Openings
from signkit.workflows.wording import Matter

__all__ = ["Ready", "Slot", "check_provider", "matters_of", "one_person", "ready"]


@dataclass(frozen=True, slots=True)
class Slot:
    """One place in one envelope that a ceremony fills."""

    envelope: str
    signatory: str


@dataclass(frozen=True, slots=True)
class Ready:
    """A place whose turn it is, with all that a ceremony needs of it."""

    envelope: Envelope
    openings: Openings
    state: SignatoryState
    acting: Acting


def ready(tx: WriteTransaction, slot: Slot, now: datetime) -> Ready:
    """Return a place that may be filled now.

    Raises:
        TransitionError: the envelope is not sent, the place is filled, declined or not needed, or it is not its turn.
        CeremonyExpiredError: the deadline has passed.
    """
    envelope = load(tx, slot.envelope)
    expect_state(envelope, EnvelopeState.SENT, step="signing")
    state = envelope.signatory(slot.signatory)
    openings = Openings(tx.openings(envelope.id))
    who = {"envelope": envelope.id, "signatory": state.id}
    person = acting(state, openings)
    _check_open(envelope, state, person.name)
    place = Place(state.id, state.role, state.order)
    first = in_the_way(envelope.rules, place, envelope.places, set(envelope.signed), declined=set(envelope.declined))
    if first:
        waiting = [openings.name(item) for item in first]
        raise TransitionError(
            f"it is not yet {person.name}'s turn in envelope {envelope.id}",
            code="envelope.not_your_turn",
            hint="first: " + ", ".join(waiting),
            subject=who,
            params={"name": openings.name(state.id), "waiting": ", ".join(waiting)},
        )
    if envelope.overdue(now):
        raise overdue(envelope.id)
    if now < envelope.created:
        raise TransitionError("the clock stands before the envelope was made", code="clock_skew", subject=who)
    return Ready(envelope, openings, state, person)


def _check_open(envelope: Envelope, state: SignatoryState, name: str) -> None:
    who = {"envelope": envelope.id, "signatory": state.id}
    if state.status in FILLED:
        raise TransitionError(
            f"{name} has already signed envelope {envelope.id}",
            code="envelope.already_signed",
            subject=who,
        )
    if not state.open:
        raise TransitionError(
            f"{name} has declined to sign envelope {envelope.id}", code="envelope.declined", subject=who
        )
    if envelope.ended:
        raise TransitionError(
            f"everybody who must sign envelope {envelope.id} has done so",
            code="envelope.already_signed",
            hint=f"finish it with: signkit sign {envelope.id} --as all",
            subject=who,
        )


def check_provider(place: Ready, provider: str) -> None:
    """Return if the rules let this place be filled with that eID.

    Raises:
        TransitionError: they do not.
    """
    allowed = place.envelope.rules.of(place.state.id).providers
    if allowed is not None and provider not in allowed:
        raise TransitionError(
            f"the rules of envelope {place.envelope.id} do not allow {provider} for {place.acting.name}",
            code="envelope.provider",
            hint="use --provider " + " or ".join(allowed),
            subject={"envelope": place.envelope.id, "signatory": place.state.id, "provider": provider},
        )


def one_person(places: Sequence[Ready]) -> tuple[str | None, str | None, str]:
    """Return scheme, value and name of the one person who fills the places.

    Raises:
        UsageError: they are several people's.
    """
    people = {(place.acting.identity, place.acting.name) for place in places}
    if len(people) != 1:
        raise UsageError(
            "one ceremony is for one person, the places named belong to several",
            code="usage.several_people",
            hint="sign for one person at a time",
        )
    identity, name = people.pop()
    return (identity[0], identity[1], name) if identity else (None, None, name)


def matters_of(place: Ready, language: str) -> list[Matter]:
    """Return the documents of a place as the person is told of them."""
    case = place.openings.metadata.get("case")
    role = place_words(place.envelope, place.state.id, language)
    if place.acting.instead_of is not None:
        role = text("place.delegate", language, role=role, name=place.acting.instead_of)
    return [
        Matter(
            title=place.openings.title,
            case=case,
            role=role,
            name=place.openings.document(index),
            pages=document.pages,
            digest=document.r2 or "",
        )
        for index, document in enumerate(place.envelope.documents)
    ]
