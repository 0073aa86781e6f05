"""Complete an envelope: *completing*, checkpoint, token, cosignatures, completion seal, archive timestamp.

The order is that of proof.md section 7. Every step is written when it is done, so the work goes on where it stopped. An
envelope that was declined, voided or expired is closed the same way, with that outcome: no half-signed file is left
looking open.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from signkit.canonical import Json
from signkit.errors import SignkitError, StoreLockedError
from signkit.journal.log import Anchor, prove
from signkit.journal.writer import append
from signkit.model.envelope import Envelope, EnvelopeState, SignatoryStatus
from signkit.model.statement import Completion, FileState
from signkit.pades.embed import Embedded
from signkit.pades.sign import SignatureRequest, archive, complete
from signkit.ports.store import StoredEntry
from signkit.workflows.checking import check_new_revision, check_whole
from signkit.workflows.desk import Desk, load
from signkit.workflows.layout import archive_field, fields_of
from signkit.workflows.stamping import expect_named
from signkit.workflows.tidy import discard, tidy
from signkit.workflows.vouching import promised_witnesses, vouched_anchor

__all__ = ["complete_envelope", "needs_completion"]

_STEPS: Final = 20
"""Three are needed; more only where several processes complete the same envelope."""


def needs_completion(envelope: Envelope, now: datetime | None = None) -> bool:
    """Tell whether signing has ended and the files are not closed yet.

    With ``now``, a deadline that completes the envelope ends the signing too.
    """
    if envelope.stage == "sent":
        return envelope.ended or (now is not None and envelope.overdue(now) and envelope.evaluation(closed=True).met)
    return envelope.stage in {"completing", "sealed"}


def complete_envelope(desk: Desk, envelope_id: str) -> bool:
    """Close the files of an envelope whose signing has ended; return whether they are closed now.

    Running it again finishes what a crash cut off.

    Raises:
        SealError: seal or timestamp failed; what is done stays done.
        JournalForkError: the log would contradict a checkpoint that was signed.
        JournalError: too few witnesses vouch; it goes on when they answer (``journal.too_few_witnesses``).
    """
    for _ in range(_STEPS):
        with desk.store.read() as tx:
            envelope = load(tx, envelope_id)
        if not needs_completion(envelope, desk.clock.now()):
            tidy(desk, envelope_id)
            return envelope.stage == "archived"
        try:
            _next_step(desk, envelope)
        except (SignkitError, OSError):
            if not _moved(desk, envelope):
                raise  # else somebody else has written something: got further, or told people
    raise StoreLockedError("others keep completing the same envelope", hint="try again")


def _next_step(desk: Desk, envelope: Envelope) -> None:
    if envelope.stage == "sent":
        _write_completing(desk, envelope.id)
    elif envelope.stage == "completing":
        desk.observer.step("complete.seal", envelope=envelope.id)
        _seal(desk, envelope)
    else:
        desk.observer.step("complete.archive", envelope=envelope.id)
        _archive(desk, envelope)


def _moved(desk: Desk, before: Envelope) -> bool:
    with desk.store.read() as tx:
        return load(tx, before.id).head != before.head


def _write_completing(desk: Desk, envelope_id: str) -> None:
    with desk.store.write() as tx:
        envelope, now = load(tx, envelope_id), desk.clock.now()
        if envelope.stage == "sent" and needs_completion(envelope, now):
            closed = envelope.overdue(now)
            outcome = envelope.outcome or EnvelopeState.COMPLETED.value
            append(
                tx,
                envelope_id,
                "completing",
                actor="system",
                data={
                    "outcome": outcome,
                    "documents": [document.current.sha256 for document in envelope.documents],
                    "signatories": _outcomes(envelope, closed=closed),
                    "rules": envelope.evaluation(closed=closed).to_json(),
                },
                at=now,
            )
            load(tx, envelope_id)


def _outcomes(envelope: Envelope, *, closed: bool) -> dict[str, str]:
    """Return what became of each place; one that nobody filled was not needed, or the deadline came first."""
    left = SignatoryStatus.EXPIRED if closed else SignatoryStatus.NOT_NEEDED
    return {item.id: (left if item.open else item.status).value for item in envelope.signatories}


def _seal(desk: Desk, envelope: Envelope) -> None:
    with desk.store.read() as tx:
        entries = tx.entries(envelope.id)
    completing = max(index for index, stored in enumerate(entries) if stored.entry.type == "completing")
    entries = entries[: completing + 1]
    names = fields_of(envelope)
    first = desk.store.objects.path(envelope.documents[0].current.sha256)
    anchored, cosignatures = vouched_anchor(desk, promised=promised_witnesses(first, names.certify))
    proof = prove(desk.store, entries[-1].index, origin=desk.origin, checkpoint=anchored.checkpoint)

    def make(index: int, source: Path, target: Path) -> Embedded:
        now = desk.clock.now()
        statement = _statement(envelope, index, entries, anchored, proof=proof.to_json(), cosignatures=cosignatures)
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
        expect_named(desk, target, [made.token, anchored.token], field=names.certify)
        return made

    _advance(desk, envelope, "completed", make)


def _archive(desk: Desk, envelope: Envelope) -> None:
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
        expect_named(desk, target, [made.token], field=names.certify)
        return made

    _advance(desk, envelope, "archived", make)


def _statement(
    envelope: Envelope,
    index: int,
    entries: list[StoredEntry],
    anchored: Anchor,
    *,
    proof: Json,
    cosignatures: tuple[str, ...],
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
        cosignatures=cosignatures,
    )


def _advance(desk: Desk, envelope: Envelope, step: str, make: Callable[[int, Path, Path], Embedded]) -> None:
    """Make the next revision of every document and write ``step``, all or nothing."""
    with desk.store.objects.workspace() as folder:
        made = []
        for index, document in enumerate(envelope.documents):
            target = folder / f"{index}.pdf"
            embedded = make(index, desk.store.objects.path(document.current.sha256), target)
            made.append((target, FileState(embedded.size, embedded.sha256)))
        try:
            for path, state in made:
                desk.store.objects.adopt(path, state.sha256)
            _written(desk, envelope, step, [state for _, state in made])
        finally:
            discard(desk, envelope.id, [state.sha256 for _, state in made])  # what has not been written down


def _written(desk: Desk, envelope: Envelope, step: str, states: list[FileState]) -> None:
    with desk.store.write() as tx:
        if load(tx, envelope.id).head != envelope.head:
            raise StoreLockedError(
                "somebody else is completing the same envelope", code="store.moved", hint="look again"
            )
        records = [
            {"before": document.current.sha256, "after": state.sha256, "size": state.size}
            for document, state in zip(envelope.documents, states, strict=True)
        ]
        append(tx, envelope.id, step, actor="system", data={"documents": records}, at=desk.clock.now())
        tx.put_projection(envelope.id, load(tx, envelope.id).state.value, None)
