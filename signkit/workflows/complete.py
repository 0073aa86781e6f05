"""Complete an envelope: *completing* → checkpoint → token → completion seal → archive timestamp (proof.md section 7).

Every step is written when it is done, so the work goes on where it stopped. An envelope that was declined, voided or
expired is closed the same way, with that outcome: no half-signed file is left looking open.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from signkit.canonical import Json
from signkit.errors import StoreLockedError
from signkit.journal.log import Anchor, anchor, prove
from signkit.journal.writer import append
from signkit.model.envelope import Envelope, EnvelopeState, SignatoryStatus
from signkit.model.rules import evaluate
from signkit.model.statement import Completion, FileState
from signkit.pades.embed import Embedded
from signkit.pades.sign import SignatureRequest, archive, complete
from signkit.ports.keys import KeyName
from signkit.ports.store import StoredEntry
from signkit.workflows.checking import check_new_revision, check_whole
from signkit.workflows.desk import Desk, load
from signkit.workflows.layout import archive_field, fields_of

__all__ = ["complete_envelope", "needs_completion"]


def needs_completion(envelope: Envelope) -> bool:
    """Tell whether signing has ended and the files are not closed yet."""
    if envelope.stage in {"completing", "sealed"}:
        return True
    if envelope.stage != "sent":
        return False
    return envelope.outcome is not None or evaluate(envelope.rules, envelope.places, envelope.signed).met


def complete_envelope(desk: Desk, envelope_id: str) -> bool:
    """Close the files of an envelope whose signing has ended; return whether they are closed now.

    Running it again finishes what a crash cut off.

    Raises:
        SealError: seal or timestamp failed; what is done stays done.
        JournalForkError: the log would contradict a checkpoint that was signed.
    """
    with desk.store.read() as tx:
        envelope = load(tx, envelope_id)
    if envelope.stage == "archived":
        return True
    if not needs_completion(envelope):
        return False
    if envelope.stage == "sent":
        envelope = _write_completing(desk, envelope_id)
    if envelope.stage == "completing":
        desk.observer.step("complete.seal", envelope=envelope_id)
        envelope = _seal(desk, envelope)
    if envelope.stage == "sealed":
        desk.observer.step("complete.archive", envelope=envelope_id)
        envelope = _archive(desk, envelope)
    return envelope.stage == "archived"


def _write_completing(desk: Desk, envelope_id: str) -> Envelope:
    with desk.store.write() as tx:
        envelope = load(tx, envelope_id)
        if envelope.stage == "sent" and needs_completion(envelope):
            outcome = envelope.outcome or EnvelopeState.COMPLETED.value
            append(
                tx,
                envelope_id,
                "completing",
                actor="system",
                data={
                    "outcome": outcome,
                    "documents": [document.current.sha256 for document in envelope.documents],
                    "signatories": _outcomes(envelope),
                    "rules": evaluate(envelope.rules, envelope.places, envelope.signed).to_json(),
                },
                at=desk.clock.now(),
            )
        return load(tx, envelope_id)


def _outcomes(envelope: Envelope) -> dict[str, str]:
    """Return what became of each place; one that nobody filled and the rules did not need is *not needed*."""
    open_states = {SignatoryStatus.WAITING, SignatoryStatus.INVITED}
    return {
        item.id: SignatoryStatus.NOT_NEEDED.value if item.status in open_states else item.status.value
        for item in envelope.signatories
    }


def _seal(desk: Desk, envelope: Envelope) -> Envelope:
    with desk.store.read() as tx:
        entries = tx.entries(envelope.id)
    completing = max(index for index, stored in enumerate(entries) if stored.entry.type == "completing")
    entries = entries[: completing + 1]
    anchored = anchor(
        desk.store, origin=desk.origin, key=desk.keys.key(KeyName.JOURNAL), timestamper=desk.stamps.timestamper
    )
    proof = prove(desk.store, entries[-1].index, origin=desk.origin, checkpoint=anchored.checkpoint)
    names = fields_of(envelope)

    def make(index: int, source: Path, target: Path) -> Embedded:
        now = desk.clock.now()
        statement = _statement(envelope, index, entries, anchored, proof=proof.to_json())
        request = SignatureRequest(
            field=names.complete,
            identity=desk.seal,
            statement=statement.encode(),
            at=now,
            material=desk.material(now),
            timestamper=desk.stamps,
        )
        made = complete(source, target, request)
        check_new_revision(target, envelope, index, expected=2 + len(envelope.signed))
        return made

    return _advance(desk, envelope, "completed", make)


def _archive(desk: Desk, envelope: Envelope) -> Envelope:
    names = fields_of(envelope)

    def make(index: int, source: Path, target: Path) -> Embedded:
        made = archive(
            source,
            target,
            field=archive_field(envelope.id),
            beside=names.certify,
            material=desk.material(desk.clock.now()),
            timestamper=desk.stamps,
        )
        check_whole(target, envelope, index, expected=3 + len(envelope.signed))
        return made

    return _advance(desk, envelope, "archived", make)


def _statement(
    envelope: Envelope, index: int, entries: list[StoredEntry], anchored: Anchor, *, proof: Json
) -> Completion:
    data: Mapping[str, Any] = entries[-1].entry.data
    return Completion(
        envelope=envelope.id,
        document=index,
        outcome=data["outcome"],
        signatories=data["signatories"],
        rules=data["rules"],
        documents=tuple(data["documents"]),
        entries=tuple(stored.entry.to_json() for stored in entries),
        proof=proof,
        checkpoint=anchored.note.decode("utf-8"),
        token=base64.b64encode(anchored.token).decode("ascii"),
    )


def _advance(desk: Desk, envelope: Envelope, step: str, make: Callable[[int, Path, Path], Embedded]) -> Envelope:
    """Make the next revision of every document and write ``step``, all or nothing."""
    with desk.store.objects.workspace() as folder:
        made = []
        for index, document in enumerate(envelope.documents):
            target = folder / f"{index}.pdf"
            embedded = make(index, desk.store.objects.path(document.current.sha256), target)
            made.append((target, FileState(embedded.size, embedded.sha256)))
        for path, state in made:
            desk.store.objects.adopt(path, state.sha256)
    with desk.store.write() as tx:
        if load(tx, envelope.id).head != envelope.head:
            raise StoreLockedError(
                "somebody else is completing the same envelope", code="store.moved", hint="look again"
            )
        records = [
            {"before": document.current.sha256, "after": state.sha256, "size": state.size}
            for document, (_, state) in zip(envelope.documents, made, strict=True)
        ]
        append(tx, envelope.id, step, actor="system", data={"documents": records}, at=desk.clock.now())
        advanced = load(tx, envelope.id)
        tx.put_projection(envelope.id, advanced.state.value, None)
    for document in envelope.documents:
        if document.current.sha256 != document.r0.sha256:
            desk.store.objects.remove(document.current.sha256)
    return advanced
