"""The end of a ceremony: evidence kept and judged, the one-time key certified, the signatures embedded and checked."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from signkit import canonical
from signkit.errors import (
    CeremonyFailedError,
    IdentityMismatchError,
    SealError,
    SignkitError,
    StoreLockedError,
    TransitionError,
)
from signkit.evidence import verifier_for
from signkit.journal.writer import append
from signkit.model.assurance import reaches
from signkit.model.envelope import Envelope, EnvelopeState
from signkit.model.evidence_file import evidence_digest
from signkit.model.person import Identity, person_of, same_name
from signkit.model.report import Verdict
from signkit.model.statement import FileState, JournalHead, SignatureStatement
from signkit.pades.cms import SigningIdentity
from signkit.pades.sign import SignatureRequest, approve
from signkit.pages.appearance import APPEARANCE_HEIGHT, layout_appearance
from signkit.pages.data import Appearance, AppearanceDescription
from signkit.pages.signature_page import PLACE_WIDTH
from signkit.pki.authority import PersonFacts
from signkit.ports.keys import KeyName
from signkit.ports.provider import Binding, Evidence, Signed
from signkit.ports.store import ReadTransaction
from signkit.texts import language as known_language
from signkit.texts import text
from signkit.workflows.acting import acting, delegation_of
from signkit.workflows.ceremony import OpenCeremony, Slot, abort
from signkit.workflows.checking import check_new_revision
from signkit.workflows.desk import Desk, expect_state, load, overdue
from signkit.workflows.layout import fields_of, place_words, provider_words
from signkit.workflows.openings import Openings, OpeningsDraft
from signkit.workflows.stamping import expect_named
from signkit.workflows.tidy import discard, tidy

__all__ = ["finish"]

SKEW: Final = timedelta(seconds=30)
"""Most that the eID's clock and ours may differ (proof.md section 4)."""
ATTEMPTS: Final = 50
"""How often an embedding starts over because somebody else signed the same file meanwhile."""


@dataclass(frozen=True, slots=True)
class _Judged:
    """A ceremony whose evidence holds, by the person who was invited."""

    identity: Identity
    signed: Signed
    commitments: Mapping[str, str]
    """Envelope → commitment to the evidence."""


@dataclass(frozen=True, slots=True)
class _Filled:
    """What is known of one slot once the ceremony is judged."""

    slot: Slot
    identity: Identity
    person: str
    identified_by: str
    commitment: str
    certificate: bytes = field(repr=False)


def finish(desk: Desk, ceremony: OpenCeremony, signed: Signed) -> None:
    """Judge a completed ceremony and embed its signatures; afterwards every slot is *signed*, durably.

    Raises:
        IdentityMismatchError: somebody else completed it; nothing is signed.
        CeremonyFailedError: the evidence does not prove what it should; nothing is signed.
        SealError: certificate, timestamp or embedding failed; the ceremony is ended, slots already embedded stay so.
    """
    try:
        commitments = _keep_evidence(desk, ceremony, signed.evidence)
        identity = _judged(desk, ceremony, signed)
        _check_clock(desk.clock.now(), signed.completed_at)
        judged = _Judged(identity, signed, commitments)
        for filled in [_certified(desk, ceremony, slot, judged) for slot in ceremony.slots]:
            _embed(desk, ceremony, filled)
    except BaseException as exc:
        outcome = "identity_mismatch" if isinstance(exc, IdentityMismatchError) else "failed"
        if isinstance(exc, KeyboardInterrupt):
            outcome = "cancelled"
        with contextlib.suppress(SignkitError):  # the disk may be full; the ceremony is orphaned then
            abort(desk, ceremony, outcome=outcome, code=exc.code if isinstance(exc, SignkitError) else outcome)
        raise


def _keep_evidence(desk: Desk, ceremony: OpenCeremony, evidence: Evidence) -> dict[str, str]:
    """Keep the evidence byte for byte in every envelope; return the commitments by envelope."""
    digest = evidence_digest(evidence.format, evidence.parts)
    stored = {
        "provider": evidence.provider,
        "environment": evidence.environment,
        "format": evidence.format,
        "parts": {name: base64.b64encode(part).decode("ascii") for name, part in evidence.parts.items()},
    }
    blob = canonical.encode(stored)
    commitments = {}
    with desk.store.write() as tx:
        for slot in ceremony.slots:
            draft = OpeningsDraft()
            commitments[slot.envelope] = draft.commit(f"evidence.{ceremony.id}", digest)
            opening = draft.values[f"evidence.{ceremony.id}"]
            opening["blob"] = tx.put_evidence(slot.envelope, blob)
            draft.store(tx, slot.envelope)
            append(
                tx,
                slot.envelope,
                "evidence_received",
                actor=f"signatory:{slot.signatory}",
                data={"ceremony": ceremony.id, "evidence": commitments[slot.envelope]},
                at=desk.clock.now(),
            )
    return commitments


def _judged(desk: Desk, ceremony: OpenCeremony, signed: Signed) -> Identity:
    """Return who signed, as the evidence proves; the provider's own word counts only where it binds nothing."""
    identity = signed.identity
    if ceremony.provider.facts().binds is not Binding.NOTHING:
        identity = _proved(desk, ceremony, signed.evidence)
    request = ceremony.request
    asked = request.value is None or (identity.scheme, identity.value) == (request.scheme, request.value)
    if not asked or (ceremony.by_name and not same_name(identity.name, ceremony.name)):
        raise IdentityMismatchError(
            f"somebody else than {ceremony.name} completed the ceremony; nothing was signed",
            hint="let the invited person sign, or void the envelope and invite the right person",
            params={"name": ceremony.name},
        )
    return identity


def _proved(desk: Desk, ceremony: OpenCeremony, evidence: Evidence) -> Identity:
    verifier = verifier_for(evidence.format)
    if verifier is None:
        raise CeremonyFailedError("the provider's evidence has an unknown format", code="ceremony.evidence")
    purpose = f"eid:{evidence.provider}:{evidence.environment}"
    anchors = [certificate.der for certificate in desk.anchors.for_purpose(purpose)]
    facts = verifier.verify(evidence, anchors=anchors)
    bad = [finding.code for finding in facts.findings if finding.verdict is not Verdict.PASSED]
    bound = facts.data == ceremony.request.data and facts.text == ceremony.request.text
    if bad or not bound or facts.identity is None or evidence.environment != desk.environment:
        raise CeremonyFailedError(
            "the evidence does not prove this signature",
            code="ceremony.evidence",
            hint="try again; if it repeats, report it with these codes: "
            + ", ".join(bad or ["evidence.other_content"]),
        )
    return facts.identity


def _check_clock(now: datetime, completed_at: datetime) -> None:
    if abs(now - completed_at) > SKEW:
        raise SealError(
            "the eID's clock and ours differ by more than 30 seconds",
            code="clock_skew",
            hint="synchronise this machine's clock",
        )


def _certified(desk: Desk, ceremony: OpenCeremony, slot: Slot, judged: _Judged) -> _Filled:
    """Certify the one-time key for one envelope; the journal knows the certificate before anybody uses it."""
    now = desk.clock.now()
    with desk.store.read() as tx:
        openings, envelope = Openings(tx.openings(slot.envelope)), load(tx, slot.envelope)
    key, invited = openings.person_key, acting(envelope.signatory(slot.signatory), openings).person
    if key is None:
        raise CeremonyFailedError("the envelope's key for persons has been erased", code="ceremony.erased")
    identity, signed = judged.identity, judged.signed
    _check_level(envelope, slot, identity.level)
    person = person_of(key, identity.scheme, identity.value)
    facts = PersonFacts(
        name=identity.name,
        given_name=identity.given_name,
        surname=identity.surname,
        country="SE" if identity.scheme.startswith("se.") else None,
        person=person,
        provider=signed.evidence.provider,
        authenticated_at=signed.completed_at,
        level=identity.level,
        intent_digest=ceremony.intent.digest,
    )
    certificate = desk.authority.certify_person(ceremony.key.spki, facts=facts, now=now)
    with desk.store.write() as tx:
        _still_open(tx, ceremony, slot, now)
        append(
            tx,
            slot.envelope,
            "certified",
            actor="system",
            data={
                "ceremony": ceremony.id,
                "signatory": slot.signatory,
                "certificate": canonical.digest_text(canonical.digest(certificate)),
            },
            at=now,
        )
    return _Filled(
        slot, identity, person, "number" if invited else "name", judged.commitments[slot.envelope], certificate
    )


def _check_level(envelope: Envelope, slot: Slot, level: str) -> None:
    wanted = envelope.rules.of(slot.signatory).level
    if not reaches(level, wanted, environment=envelope.environment):
        raise CeremonyFailedError(
            f"the rules ask for the level {wanted}, the eID gives {level}; nothing was signed",
            code="ceremony.level",
            hint="sign with an eID of a higher level",
            subject={"envelope": slot.envelope, "signatory": slot.signatory},
        )


def _embed(desk: Desk, ceremony: OpenCeremony, filled: _Filled) -> None:
    for _ in range(ATTEMPTS):
        with desk.store.read() as tx:
            envelope = load(tx, filled.slot.envelope)
            openings = Openings(tx.openings(envelope.id))
            _still_open(tx, ceremony, filled.slot, desk.clock.now())  # else its field is to stay empty
        with desk.store.objects.workspace() as folder:
            try:
                made = _all_documents(desk, ceremony, filled, (envelope, openings), folder)
            except (SignkitError, OSError):
                if _unmoved(desk, envelope):
                    raise
                continue  # the file that was being read has been replaced: start over from the newer one
            if _committed(desk, ceremony, filled, envelope, made):
                break
    else:
        raise StoreLockedError("others keep signing the same envelope", hint="try again")
    tidy(desk, envelope.id)


def _unmoved(desk: Desk, before: Envelope) -> bool:
    with desk.store.read() as tx:
        current = load(tx, before.id)
    return [item.current for item in current.documents] == [item.current for item in before.documents]


def _all_documents(
    desk: Desk, ceremony: OpenCeremony, filled: _Filled, matter: tuple[Envelope, Openings], folder: Path
) -> list[tuple[Path, FileState]]:
    """Sign the newest version of every document; nothing in the home has changed yet."""
    now, (envelope, openings) = desk.clock.now(), matter
    chain = (filled.certificate, *desk.keys.certificates(KeyName.PERSON_CA))
    signer = SigningIdentity(key=ceremony.key, chain=chain)
    place = envelope.signatory(filled.slot.signatory)
    role = place_words(envelope, place.id, envelope.language)
    delegation = delegation_of(place, openings)
    if delegation is not None:
        role = text("place.delegate", envelope.language, role=role, name=openings.name(place.id))
    appearance = _appearance(desk, ceremony, envelope, filled.identity, role=role, at=now)
    names = fields_of(envelope)
    made = []
    for index, document in enumerate(envelope.documents):
        statement = SignatureStatement(
            envelope=envelope.id,
            document=index,
            signatory=place.id,
            role=place.role,
            person=filled.person,
            identified_by=filled.identified_by,
            ceremony=ceremony.id,
            provider=ceremony.provider.facts().name,
            environment=ceremony.provider.facts().environment,
            level=filled.identity.level,
            intent=ceremony.intent.digest,
            evidence=filled.commitment,
            version=document.current,
            journal=JournalHead(desk.origin, envelope.head, envelope.entries),
            delegation=delegation.to_json() if delegation else None,
        )
        request = SignatureRequest(
            field=names.signatories[place.id],
            identity=signer,
            statement=statement.encode(),
            at=now,
            material=desk.material(now),
            timestamper=desk.stamps,
            role=role,
        )
        target = folder / f"{index}.pdf"
        source = desk.store.objects.path(document.current.sha256)
        visible = appearance if (document.details or {}).get("page", True) else None
        embedded = approve(source, target, request, appearance=visible)
        check_new_revision(target, envelope, index, expected=2 + len(envelope.signed))
        expect_named(desk, target, [embedded.token], field=names.certify)
        made.append((target, FileState(embedded.size, embedded.sha256)))
    return made


def _appearance(
    desk: Desk, ceremony: OpenCeremony, envelope: Envelope, identity: Identity, *, role: str, at: datetime
) -> Appearance:
    lang = known_language(envelope.language)
    provider = ceremony.provider.facts().name
    description = AppearanceDescription(
        name=identity.name,
        role=role,
        signed_at=at,
        provider=provider_words(provider, identity.level, lang),
        envelope=envelope.id,
        language=lang,
        test=desk.environment == "test",
    )
    return layout_appearance(description, width=PLACE_WIDTH, height=APPEARANCE_HEIGHT)


def _committed(
    desk: Desk, ceremony: OpenCeremony, filled: _Filled, before: Envelope, made: Sequence[tuple[Path, FileState]]
) -> bool:
    """Put the new versions into the home and write *signed*; False if another signature came in between."""
    try:
        for path, state in made:
            desk.store.objects.adopt(path, state.sha256)
        return _written(desk, ceremony, filled, before, [state for _, state in made])
    finally:
        discard(desk, before.id, [state.sha256 for _, state in made])  # what has not been written down


def _written(
    desk: Desk, ceremony: OpenCeremony, filled: _Filled, before: Envelope, states: Sequence[FileState]
) -> bool:
    with desk.store.write() as tx:
        _still_open(tx, ceremony, filled.slot, desk.clock.now())
        current = load(tx, before.id)
        if [item.current for item in current.documents] == [item.current for item in before.documents]:
            append(
                tx,
                before.id,
                "signed",
                actor=f"signatory:{filled.slot.signatory}",
                data={
                    "ceremony": ceremony.id,
                    "signatory": filled.slot.signatory,
                    "person": filled.person,
                    "documents": [
                        {"before": document.current.sha256, "after": state.sha256, "size": state.size}
                        for document, state in zip(before.documents, states, strict=True)
                    ],
                },
                at=desk.clock.now(),
            )
            return True
    return False


def _still_open(tx: ReadTransaction, ceremony: OpenCeremony, slot: Slot, now: datetime) -> None:
    envelope = load(tx, slot.envelope)
    expect_state(envelope, EnvelopeState.SENT, step="signing")
    if envelope.overdue(now):
        raise overdue(envelope.id)
    if envelope.ended:
        raise TransitionError(
            f"enough have signed envelope {envelope.id} meanwhile",
            code="envelope.not_needed",
            hint=f"see: signkit envelope show {envelope.id}",
            subject={"envelope": slot.envelope, "signatory": slot.signatory},
        )
    state = envelope.signatory(slot.signatory)
    if state.ceremony != ceremony.id or not state.open:
        raise TransitionError(
            "the ceremony was overtaken by another of the same person",
            code="envelope.overtaken",
            hint=f"see: signkit envelope show {slot.envelope}",
            subject={"envelope": slot.envelope, "signatory": slot.signatory},
        )
