"""Send an envelope: each document certified by the organisation's seal with its manifest (R2), then all are invited."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from signkit import canonical
from signkit.canonical import Json
from signkit.errors import StoreLockedError, TransitionError
from signkit.journal.checkpoint import log_vkey
from signkit.journal.writer import append
from signkit.model.entry import format_time
from signkit.model.envelope import Envelope, EnvelopeState
from signkit.model.person import disclosed
from signkit.model.rules import possible
from signkit.model.statement import (
    DocumentRecord,
    FileState,
    Issuers,
    JournalHead,
    Manifest,
    SignatoryRecord,
)
from signkit.pades.sign import SignatureRequest, certify
from signkit.ports.keys import KeyName
from signkit.workflows.checking import check_new_revision
from signkit.workflows.desk import Desk, expect_state, load
from signkit.workflows.layout import fields_of
from signkit.workflows.openings import Openings
from signkit.workflows.stamping import tsa_keys
from signkit.workflows.tidy import discard, tidy
from signkit.workflows.vouching import expect_whole_log
from signkit.x509.certificates import Certificate

__all__ = ["send_envelope"]


def send_envelope(desk: Desk, envelope_id: str) -> None:
    """Certify every document and invite every signatory; afterwards the envelope is *sent*, durably.

    Running it again after a crash finishes the work; running it on an envelope that is sent does nothing.

    Raises:
        TransitionError: the envelope is not a draft, or its deadline has passed.
        DocumentChangedError: a stored document is not what the journal says.
        SealError: seal or timestamp failed; the envelope stays a draft.
        JournalForkError: the home was restored from a backup; nothing may be signed yet.
    """
    now = desk.clock.now()
    if _is_sent(desk, envelope_id):
        return
    with desk.store.write() as tx:
        envelope = load(tx, envelope_id)
        expect_state(envelope, EnvelopeState.DRAFT, step="sending")
        if envelope.deadline is not None and envelope.deadline <= format_time(now):
            raise TransitionError(
                "the deadline has passed", code="envelope.deadline", subject={"envelope": envelope_id}
            )
        expect_whole_log(desk, tx)
        if not possible(envelope.rules, envelope.places, ()):
            raise TransitionError(
                "the rules cannot be met by those who are asked",
                code="envelope.rules",
                subject={"envelope": envelope_id},
            )
        append(tx, envelope_id, "sending", actor="clerk", data={}, at=now)
        envelope = load(tx, envelope_id)
        openings = Openings(tx.openings(envelope_id))
    with desk.store.objects.workspace() as folder:
        made = [
            _certified(desk, envelope, openings, index, folder=folder, now=now)
            for index in range(len(envelope.documents))
        ]
        try:
            _write_sent(desk, envelope, made)
        except BaseException:
            discard(desk, envelope_id, [state.sha256 for _, state in made])
            if _is_sent(desk, envelope_id):
                return  # by somebody else, meanwhile
            raise
    tidy(desk, envelope_id)


def _is_sent(desk: Desk, envelope_id: str) -> bool:
    with desk.store.read() as tx:
        sent = load(tx, envelope_id).state is EnvelopeState.SENT
    if sent:
        tidy(desk, envelope_id)
    return sent


def _write_sent(desk: Desk, envelope: Envelope, made: list[tuple[Path, FileState]]) -> None:
    for path, state in made:
        desk.store.objects.adopt(path, state.sha256)
    with desk.store.write() as tx:
        current = load(tx, envelope.id)
        if current.head != envelope.head:
            expect_state(current, EnvelopeState.DRAFT, step="sending")
            raise StoreLockedError("somebody else is sending the same envelope", code="store.moved", hint="look again")
        append(
            tx,
            envelope.id,
            "sent",
            actor="clerk",
            data={"documents": [state.to_json() for _, state in made]},
            at=desk.clock.now(),
        )
        tx.put_projection(envelope.id, load(tx, envelope.id).state.value, None)


def _certified(
    desk: Desk, envelope: Envelope, openings: Openings, index: int, *, folder: Path, now: datetime
) -> tuple[Path, FileState]:
    document = envelope.documents[index]
    desk.store.objects.check(document.r0.sha256)
    desk.store.objects.check(document.r1.sha256)
    names = fields_of(envelope)
    target = folder / f"{index}.pdf"
    request = SignatureRequest(
        field=names.certify,
        identity=desk.seal,
        statement=_manifest(desk, envelope, openings, index).encode(),
        at=now,
        material=desk.material(now),
        timestamper=desk.stamps,
    )
    page = bool((document.details or {}).get("page", True))
    embedded = certify(desk.store.objects.path(document.r1.sha256), target, request, docmdp=page)
    check_new_revision(target, envelope, index, expected=1)
    return target, FileState(embedded.size, embedded.sha256)


def _manifest(desk: Desk, envelope: Envelope, openings: Openings, index: int) -> Manifest:
    with desk.store.read() as tx:
        created = tx.entries(envelope.id)[0].entry.data
    return Manifest(
        envelope=envelope.id,
        kind=envelope.kind,
        title=openings.title,
        metadata=openings.metadata,
        environment=envelope.environment,
        disclosure=envelope.disclosure,
        document=index,
        documents=tuple(
            _record(envelope, openings, number, own=number == index) for number in range(len(envelope.documents))
        ),
        signatories=tuple(
            SignatoryRecord(
                id=item.id,
                role=item.role,
                order=item.order,
                name=openings.name(item.id),
                person=item.person,
                identity=disclosed(openings.identity(item.id), envelope.disclosure),
            )
            for item in envelope.signatories
        ),
        fields=fields_of(envelope),
        rules=created["rules"],
        deadline=envelope.deadline,
        issuers=_issuers(desk),
        journal=JournalHead(desk.origin, envelope.head, envelope.entries),
        extra={"accepted_risks": created.get("accepted_risks", []), **_correction(envelope)},
    )


def _correction(envelope: Envelope) -> dict[str, Json]:
    """Return the link to the envelope that this one replaces."""
    if envelope.corrects is None:
        return {}
    old, head = envelope.corrects
    return {"corrects": {"envelope": old, "head": head}}


def _record(envelope: Envelope, openings: Openings, number: int, *, own: bool) -> DocumentRecord:
    document = envelope.documents[number]
    details: Any = document.details or {}
    attachments: Json = openings.get(f"attachments.{number}") if own else []
    return DocumentRecord(
        name=openings.document(number) if own else None,
        name_commitment=document.name,
        r0=document.r0,
        r1=document.r1,
        pages=document.pages,
        risks=document.risks,
        attachments=tuple(attachments or ()),
        repaired_from=details.get("repaired_from"),
        repairs=tuple(details.get("repairs", ())),
    )


def _issuers(desk: Desk) -> Issuers:
    return Issuers(
        person=(_spki(desk.keys.certificates(KeyName.PERSON_CA)[0]),),
        seal=(_spki(desk.keys.certificates(KeyName.SEAL_CA)[0]),),
        tsa=tsa_keys(desk),
        log=log_vkey(desk.origin, desk.keys.key(KeyName.JOURNAL).spki),
        witnesses=tuple(witness.vkey for witness in desk.witnesses),
        k=desk.witnesses_needed,
    )


def _spki(certificate: bytes) -> str:
    return canonical.digest_text(Certificate(certificate).spki_digest)
