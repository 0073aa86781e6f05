"""An envelope as people and scripts see it: ``signkit.envelope/1``, the fold with its openings."""

from __future__ import annotations

from signkit.canonical import Json
from signkit.errors import EnvelopeNotFoundError
from signkit.model.entry import format_time
from signkit.model.envelope import Envelope
from signkit.model.person import same_name
from signkit.ports.store import ReadTransaction
from signkit.workflows.acting import acting
from signkit.workflows.desk import load
from signkit.workflows.erase import Erasure, erasures
from signkit.workflows.openings import Openings

__all__ = ["envelope_json", "find_signatories", "show"]


def show(tx: ReadTransaction, envelope: str) -> Json:
    """Return ``signkit.envelope/1`` for one envelope."""
    openings = Openings(tx.openings(envelope))
    erased = erasures(tx, envelope)[-1:] if not openings.values else []
    return envelope_json(load(tx, envelope), openings, erased=erased[0] if erased else None)


def envelope_json(envelope: Envelope, openings: Openings, *, erased: Erasure | None = None) -> Json:
    """Return ``signkit.envelope/1``; names that were erased are null, and ``erased`` says when and by which rule."""
    return {
        "schema": "signkit.envelope/1",
        "id": envelope.id,
        "state": envelope.state.value,
        "kind": envelope.kind,
        "title": openings.title,
        "metadata": openings.metadata,
        "environment": envelope.environment,
        "deadline": envelope.deadline,
        "created": format_time(envelope.created),
        "documents": [
            {
                "name": None if erased else openings.document(index),
                "size": document.r0.size,
                "sha256": document.r0.sha256,
                "pages": document.pages,
                "current": document.current.to_json(),
            }
            for index, document in enumerate(envelope.documents)
        ],
        "signatories": [
            {
                "id": item.id,
                "name": None if erased else openings.name(item.id),
                "role": item.role,
                "order": item.order,
                "state": item.status.value,
                "at": format_time(item.at) if item.at else None,
                "capacity": envelope.rules.of(item.id).capacity.value,
                "paragraphs": envelope.rules.of(item.id).paragraphs,
                "delegate": acting(item, openings).name if item.delegate and not erased else None,
            }
            for item in envelope.signatories
        ],
        "recipients": [
            {
                "id": item.id,
                "name": None if erased else openings.text(f"recipient.{item.id}.name", item.id),
                "capacity": item.capacity.value,
            }
            for item in envelope.recipients
        ],
        "rules": envelope.rules.to_json(),
        "corrects": envelope.corrects[0] if envelope.corrects else None,
        "corrected_by": envelope.corrected_by,
        "sealed": envelope.stage == "archived",
        "head": envelope.head,
        "erased": {"at": format_time(erased.at), "rule": erased.rule} if erased else None,
    }


def _folded(*addresses: str | None) -> set[str]:
    return {address.casefold() for address in addresses if address}


def find_signatories(envelope: Envelope, openings: Openings, wanted: str) -> list[str]:
    """Return the places that ``wanted`` names: an id, an e-mail address, or a name; ``all`` in signing order.

    One person may hold several places.

    Raises:
        EnvelopeNotFoundError: nobody, or several people.
    """
    places = sorted(envelope.signatories, key=lambda item: (item.order, envelope.signatories.index(item)))
    if wanted == "all":
        return [item.id for item in places]
    exact = [item.id for item in places if item.id == wanted]
    people = {item.id: (acting(item, openings), openings.name(item.id), openings.email(item.id)) for item in places}
    mail = [key for key, (now, _, own) in people.items() if wanted.casefold() in _folded(now.email, own)]
    name = [key for key, (now, own, _) in people.items() if same_name(now.name, wanted) or same_name(own, wanted)]
    found = exact or mail or name
    if not found:
        known = ", ".join(f"{item.id} ({openings.name(item.id)})" for item in places[:6])
        raise EnvelopeNotFoundError(
            f"nobody in envelope {envelope.id} answers to that name",
            code="envelope.signatory",
            hint=f"use one of: {known}",
            subject={"envelope": envelope.id},
            params={"known": known},
        )
    several = {now.identity or (now.name, now.email) for now in (people[item][0] for item in found)}
    if len(several) > 1:
        raise EnvelopeNotFoundError(
            f"{len(several)} people in envelope {envelope.id} answer to that name",
            code="envelope.signatory_ambiguous",
            hint="use the id: " + ", ".join(found),
            subject={"envelope": envelope.id},
            params={"known": ", ".join(found)},
        )
    return found
