"""Correct an envelope: a new one in place of one that was declined, voided or has expired, linked to it by digest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from signkit.canonical import digest_text
from signkit.errors import TransitionError, UsageError
from signkit.files import sha256_of
from signkit.model.entry import parse_time
from signkit.model.envelope import Envelope, EnvelopeState
from signkit.model.rule_request import RuleRequest
from signkit.model.rules import Rules, Terms
from signkit.model.signatory import Invitee
from signkit.pades.embed import copy_file
from signkit.pades.repair import RepairReport
from signkit.ports.store import ReadTransaction
from signkit.workflows.complete import complete_envelope
from signkit.workflows.create import EnvelopeDraft, create_envelope
from signkit.workflows.desk import Desk, expect_state, load
from signkit.workflows.openings import Openings

__all__ = ["Correction", "correct"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What is different in the new envelope; what is not said stays as it was."""

    paths: Sequence[Path] = ()
    invitees: Sequence[Invitee] | None = None
    rules: RuleRequest | None = None
    title: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    deadline: datetime | None = None
    accepted_risks: frozenset[str] = frozenset()
    repair: bool = False


def correct(
    desk: Desk,
    envelope_id: str,
    correction: Correction,
    *,
    on_repair: Callable[[RepairReport], None] | None = None,
) -> str:
    """Make the envelope that replaces another and return its id; both journals say so.

    The link is the digest of the entry with which the old one ended: its completion statement carries that entry, so
    the two finished files prove the link without any journal. Saying the same again returns the same draft.

    Raises:
        TransitionError: the old one has not ended without completion, or is replaced already.
        UsageError: the new one contradicts itself.
        DocumentError: a document cannot be signed.
    """
    complete_envelope(desk, envelope_id)  # what a crash cut off
    with desk.store.read() as tx:
        old = load(tx, envelope_id)
        expect_state(old, EnvelopeState.DECLINED, EnvelopeState.VOIDED, EnvelopeState.EXPIRED, step="correcting")
        again = _made_before(tx, old, correction)
        head, openings = _end_of(tx, old), Openings(tx.openings(envelope_id))
    if again is not None:
        return again
    if not openings.values:
        raise TransitionError(
            f"what envelope {envelope_id} was about has been erased",
            code="envelope.erased",
            hint="make a new envelope with: signkit envelope create",
            subject={"envelope": envelope_id},
        )
    with desk.store.objects.workspace() as folder:
        paths = list(correction.paths) or _documents(desk, old, openings, folder)
        draft = _draft(desk, old, openings, correction, paths=paths, head=head)
        return create_envelope(desk, draft, on_repair=on_repair)


def _made_before(tx: ReadTransaction, old: Envelope, correction: Correction) -> str | None:
    if old.corrected_by is None:
        return None
    new = load(tx, old.corrected_by)
    wanted = [digest_text(sha256_of(path)) for path in correction.paths] or [item.r0.sha256 for item in old.documents]
    if new.state is EnvelopeState.DRAFT and [item.r0.sha256 for item in new.documents] == wanted:
        return new.id
    raise TransitionError(
        f"envelope {new.id} replaces it already",
        code="envelope.corrected",
        hint=f"see: signkit envelope show {new.id}",
        subject={"envelope": old.id},
    )


def _end_of(tx: ReadTransaction, old: Envelope) -> str:
    """Return the digest of the entry with which signing ended."""
    ends = {"completing", "voided", "declined", "expired"}
    found = [stored.entry for stored in tx.entries(old.id) if stored.entry.type in ends]
    return found[-1].digest_text


def _documents(desk: Desk, old: Envelope, openings: Openings, folder: Path) -> list[Path]:
    paths = []
    for index, document in enumerate(old.documents):
        room = folder / str(index)
        room.mkdir()
        paths.append(room / Path(openings.document(index)).name)
        paths[-1].touch(mode=0o600)
        copy_file(desk.store.objects.path(document.r0.sha256), paths[-1])
    return paths


def _draft(
    desk: Desk, old: Envelope, openings: Openings, correction: Correction, *, paths: Sequence[Path], head: str
) -> EnvelopeDraft:
    with desk.store.read() as tx:
        accepted = frozenset(tx.entries(old.id)[0].entry.data.get("accepted_risks", ()))
    return EnvelopeDraft(
        paths=paths,
        kind=old.kind,
        invitees=_invitees(old, openings) if correction.invitees is None else correction.invitees,
        title=correction.title or openings.title,
        metadata={**openings.metadata, **correction.metadata},
        deadline=correction.deadline or _deadline(desk, old),
        disclosure=old.disclosure,
        accepted_risks=accepted | correction.accepted_risks,
        repair=correction.repair,
        language=old.language,
        rules=_rules(old.rules, same_people=correction.invitees is None, request=correction.rules),
        corrects=(old.id, head),
    )


def _deadline(desk: Desk, old: Envelope) -> datetime | None:
    if old.deadline is None:
        return None
    deadline = parse_time(old.deadline)
    if deadline <= desk.clock.now():
        raise UsageError(
            "the old deadline has passed", code="usage.old_deadline", hint="give a new one: --deadline DATE"
        )
    return deadline


def _invitees(old: Envelope, openings: Openings) -> list[Invitee]:
    """Return those who were invited, as they were; mandates that they gave are not taken over."""
    found = []
    for item in old.signatories:
        identity, terms = openings.identity(item.id), old.rules.terms.get(item.id, Terms())
        found.append(
            Invitee(
                name=openings.name(item.id),
                email=openings.email(item.id),
                role=item.role,
                order=item.order,
                scheme=identity[0] if identity else None,
                value=identity[1] if identity else None,
                provider=item.provider,
                capacity=terms.capacity,
                paragraphs=terms.paragraphs,
                level=terms.level,
                providers=terms.providers,
            )
        )
    for told in old.recipients:
        prefix = f"recipient.{told.id}"
        email = openings.text(f"{prefix}.email") or None
        found.append(Invitee(openings.text(f"{prefix}.name", told.id), email, capacity=told.capacity))
    return found


def _rules(rules: Rules, *, same_people: bool, request: RuleRequest | None) -> RuleRequest:
    """Return the old rules with what is asked for over them; quorums only where the places are the same."""
    base = RuleRequest(
        quorums=tuple((quorum.of, quorum.needed) for quorum in rules.quorums) if same_people else (),
        roles=dict(rules.roles) if same_people else {},
        decline=rules.decline,
        comment_required=rules.comment_required,
        deadline=rules.deadline,
        level=rules.level,
        providers=rules.providers,
        immediate=rules.immediate,
    )
    return base if request is None else request.over(base)
