"""Export an envelope: the signed files, and the evidence with its openings as one file beside them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from signkit.canonical import digest_text
from signkit.errors import EnvelopeError, TransitionError, UsageError
from signkit.files import atomic_path, sha256_of, write_atomic
from signkit.journal.writer import append
from signkit.model.envelope import Envelope, EnvelopeState
from signkit.model.evidence_file import CeremonyEvidence, EvidenceFile
from signkit.pades.embed import copy_file
from signkit.pades.sign import archive
from signkit.ports.store import ReadTransaction
from signkit.texts import text
from signkit.workflows.desk import Desk, load
from signkit.workflows.layout import archive_field, fields_of
from signkit.workflows.openings import Openings

__all__ = ["Exported", "export_envelope"]


@dataclass(frozen=True, slots=True)
class Exported:
    """One file that left the house."""

    path: Path
    sha256: str
    kind: str
    """``signed`` or ``evidence``."""


def export_envelope(desk: Desk, envelope_id: str, folder: Path, *, overwrite: bool = False) -> list[Exported]:
    """Write an envelope's files into ``folder`` and return them.

    A file that is not finished gets validation data and a document timestamp on the copy only (proof.md section 2).

    Raises:
        TransitionError: nothing has been sent yet.
        UsageError: a file exists and ``overwrite`` is false; nothing is written then.
    """
    with desk.store.read() as tx:
        envelope = load(tx, envelope_id)
        openings = Openings(tx.openings(envelope_id))
        evidence = _evidence(tx, envelope, openings)
    if envelope.documents[0].r2 is None:
        raise TransitionError(
            f"envelope {envelope_id} has not been sent", hint="send it first", subject={"envelope": envelope_id}
        )
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder", code="usage.output", hint="make it first")
    names = _names(envelope, openings)
    proof = folder / f"{Path(names[0]).stem if len(names) == 1 else envelope_id}.evidence.json"
    wanted = [folder / name for name in names] + ([proof] if evidence else [])
    taken = [path for path in wanted if path.exists()]
    if taken and not overwrite:
        raise UsageError(
            f"{taken[0]} exists already", code="usage.exists", hint="write somewhere else, or add --yes to replace it"
        )
    made = [_document(desk, envelope, index, folder / name) for index, name in enumerate(names)]
    if evidence is not None:
        write_atomic(proof, evidence.encode(), mode=0o600)
        made.append(Exported(proof, digest_text(sha256_of(proof)), "evidence"))
    with desk.store.write() as tx:
        data = {"files": [{"kind": item.kind, "sha256": item.sha256} for item in made], "finished": _finished(envelope)}
        append(tx, envelope_id, "exported", actor="clerk", data=data, at=desk.clock.now())
    return made


def _finished(envelope: Envelope) -> bool:
    return envelope.stage == "archived"


def _document(desk: Desk, envelope: Envelope, index: int, target: Path) -> Exported:
    document = envelope.documents[index]
    desk.store.objects.check(document.current.sha256)
    source = desk.store.objects.path(document.current.sha256)
    with atomic_path(target) as partial:
        if _finished(envelope):
            copy_file(source, partial)
        else:
            with desk.store.objects.workspace() as room:
                dated = room / "dated.pdf"
                archive(
                    source,
                    dated,
                    field=archive_field(envelope.id),
                    beside=fields_of(envelope).certify,
                    material=desk.material(desk.clock.now()),
                    timestamper=desk.stamps,
                )
                copy_file(dated, partial)
    return Exported(target, digest_text(sha256_of(target)), "signed")


def _names(envelope: Envelope, openings: Openings) -> list[str]:
    """Return a file name for each document: its own with a word added, made safe and each once."""
    code = "export.finished" if envelope.state is EnvelopeState.COMPLETED else f"export.{envelope.state.value}"
    word = text(code, envelope.language)
    names: list[str] = []
    for index in range(len(envelope.documents)):
        stem = PurePosixPath(openings.document(index).replace("\\", "/")).name
        stem = stem.removesuffix(".pdf").removesuffix(".PDF") or f"document-{index + 1}"
        name = f"{stem[:150]}-{word}.pdf"
        if name in names:
            name = f"{stem[:150]}-{word}-{index + 1}.pdf"
        names.append(name)
    return names


def _evidence(tx: ReadTransaction, envelope: Envelope, openings: Openings) -> EvidenceFile | None:
    """Return the evidence of the ceremonies that ended in a signature; None if there is none, or it was erased."""
    key = openings.person_key
    if key is None:
        return None
    blobs = tx.evidence(envelope.id)
    signed = {stored.entry.data["ceremony"] for stored in tx.entries(envelope.id) if stored.entry.type == "signed"}
    ceremonies = []
    for ceremony, opening in openings.ceremonies():
        blob = blobs.get(str(opening.get("blob")))
        if ceremony in signed and blob is not None:
            ceremonies.append(_ceremony(ceremony, opening, json.loads(blob)))
    if not ceremonies:
        return None
    return EvidenceFile(
        envelope=envelope.id,
        ceremonies=tuple(ceremonies),
        person_key=key,
        openings={name: value for name, value in openings.values.items() if name != "person_key"},
    )


def _ceremony(ceremony: str, opening: Mapping[str, Any], stored: Mapping[str, Any]) -> CeremonyEvidence:
    try:
        return CeremonyEvidence(
            ceremony=ceremony,
            provider=stored["provider"],
            environment=stored["environment"],
            format=stored["format"],
            parts={name: base64.b64decode(part) for name, part in stored["parts"].items()},
            salt=opening["salt"],
        )
    except (KeyError, TypeError, ValueError) as exc:
        raise EnvelopeError("stored evidence cannot be read", hint="run: signkit doctor") from exc
