"""What leaves the house with an envelope: names of its files, its documents as they stand, its evidence."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final

from signkit.errors import EnvelopeError, TransitionError
from signkit.model.entry import format_time
from signkit.model.envelope import Envelope, EnvelopeState
from signkit.model.evidence_file import CeremonyEvidence, EvidenceFile
from signkit.model.words import clean_name
from signkit.pades.embed import copy_file
from signkit.pades.sign import archive
from signkit.ports.store import ReadTransaction
from signkit.texts import text
from signkit.workflows.desk import Desk, load
from signkit.workflows.erase import erasures
from signkit.workflows.layout import archive_field, fields_of
from signkit.workflows.openings import Openings

__all__ = ["Parcel", "copy_document", "is_finished", "parcel_of"]

_STEM_BYTES: Final = 150
"""Room for the word, the suffix and what ``atomic_path`` adds within the 255 bytes that file systems allow."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is to be written."""

    envelope: Envelope
    names: list[str]
    """A file name for each document."""
    originals: list[str]
    """The names under which the documents came."""
    stem: str
    """For what is beside them: the first document's, or the envelope's identifier where there are several."""
    openings: Openings = field(repr=False)
    evidence: EvidenceFile | None = field(repr=False)
    """None where nobody has signed. Where it was erased, a file that says so."""


def parcel_of(desk: Desk, envelope_id: str) -> Parcel:
    """Return what leaves the house with an envelope.

    Raises:
        TransitionError: it has not been sent.
        EnvelopeError: its evidence cannot be read.
    """
    with desk.store.read() as tx:
        envelope = load(tx, envelope_id)
        openings = Openings(tx.openings(envelope_id))
        evidence = _evidence(tx, envelope, openings)
    if envelope.documents[0].r2 is None:
        raise TransitionError(
            f"envelope {envelope_id} has not been sent", hint="send it first", subject={"envelope": envelope_id}
        )
    names = _names(envelope, openings)
    originals = [openings.document(index) for index in range(len(envelope.documents))]
    stem = Path(names[0]).stem if len(names) == 1 else envelope_id
    return Parcel(envelope, names, originals, stem, openings, evidence)


def is_finished(envelope: Envelope) -> bool:
    """Tell whether the files of an envelope are closed and archived."""
    return envelope.stage == "archived"


def copy_document(desk: Desk, envelope: Envelope, index: int, target: Path) -> None:
    """Write a document as it stands to ``target``; an unfinished one gets validation data and a timestamp (B-LTA).

    Raises:
        DocumentChangedError: the stored document is not what the journal says.
        SealError: the timestamp failed.
    """
    document = envelope.documents[index]
    desk.store.objects.check(document.current.sha256)
    source = desk.store.objects.path(document.current.sha256)
    if is_finished(envelope):
        copy_file(source, target)
        return
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
        copy_file(dated, target)


def _names(envelope: Envelope, openings: Openings) -> list[str]:
    """Return a file name for each document: its own with a word added, made safe and each once."""
    code = "export.finished" if envelope.state is EnvelopeState.COMPLETED else f"export.{envelope.state.value}"
    word = text(code, envelope.language)
    names: list[str] = []
    for index in range(len(envelope.documents)):
        stem = _stem(openings.document(index)) or f"document-{index + 1}"
        name = f"{stem}-{word}.pdf"
        if name.casefold() in {other.casefold() for other in names}:
            name = f"{stem}-{word}-{index + 1}.pdf"
        names.append(name)
    return names


def _stem(name: str) -> str:
    """Return a file name without folder, suffix, characters that mislead, and more bytes than a disk takes."""
    stem = PurePosixPath(name.replace("\\", "/")).name
    stem = stem[:-4] if stem.lower().endswith(".pdf") else stem
    stem = clean_name(stem).strip()
    return stem.encode("utf-8", "replace")[:_STEM_BYTES].decode("utf-8", "ignore")


def _evidence(tx: ReadTransaction, envelope: Envelope, openings: Openings) -> EvidenceFile | None:
    """Return the evidence of the ceremonies that ended in a signature; None if there is none."""
    key = openings.person_key
    if key is None:
        return _erased(tx, envelope)
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


def _erased(tx: ReadTransaction, envelope: Envelope) -> EvidenceFile | None:
    found = erasures(tx, envelope.id)
    if not found:
        return None
    said = {"at": format_time(found[-1].at), "rule": found[-1].rule}
    return EvidenceFile(envelope=envelope.id, ceremonies=(), person_key=b"", erased=said)


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
