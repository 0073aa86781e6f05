"""Export an envelope: the signed files, and the evidence with its openings as one file beside them."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final

from signkit.canonical import digest_text
from signkit.errors import DocumentChangedError, EnvelopeError, StoreLockedError, TransitionError, UsageError
from signkit.files import atomic_path, sha256_of, write_atomic
from signkit.journal.writer import append
from signkit.model.envelope import Envelope, EnvelopeState
from signkit.model.evidence_file import CeremonyEvidence, EvidenceFile
from signkit.model.statement import FileState
from signkit.model.words import clean_name
from signkit.pades.embed import copy_file
from signkit.pades.sign import archive
from signkit.ports.store import ReadTransaction
from signkit.texts import text
from signkit.workflows.desk import Desk, load
from signkit.workflows.layout import archive_field, fields_of
from signkit.workflows.openings import Openings

__all__ = ["Exported", "export_envelope"]

_STEM_BYTES: Final = 150
"""Room for the word, the suffix and what ``atomic_path`` adds within the 255 bytes that file systems allow."""
_ATTEMPTS: Final = 20
"""How often a copy starts over because somebody signed the envelope meanwhile."""


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
    Running it again replaces what is a copy of the same version and nothing else, so it finishes what a crash cut off.

    Raises:
        TransitionError: nothing has been sent yet.
        UsageError: another file of that name exists and ``overwrite`` is false; nothing is written then.
    """
    for _ in range(_ATTEMPTS):
        parcel = _parcel(desk, envelope_id)
        _check_targets(parcel, folder, overwrite=overwrite)
        try:
            made = [_document(desk, parcel.envelope, index, folder / name) for index, name in enumerate(parcel.names)]
            break
        except (DocumentChangedError, OSError):
            if _parcel(desk, envelope_id).envelope.head == parcel.envelope.head:
                raise  # else somebody has signed meanwhile, and the version that was copied is gone
    else:
        raise StoreLockedError("the envelope keeps moving", hint="try again")
    if parcel.evidence is not None:
        proof = folder / parcel.proof
        write_atomic(proof, parcel.evidence, mode=0o600)
        made.append(Exported(proof, digest_text(sha256_of(proof)), "evidence"))
    with desk.store.write() as tx:
        data = {
            "files": [{"kind": item.kind, "sha256": item.sha256} for item in made],
            "finished": _finished(parcel.envelope),
        }
        append(tx, envelope_id, "exported", actor="clerk", data=data, at=desk.clock.now())
    return made


@dataclass(frozen=True, slots=True)
class _Parcel:
    """What is to be written."""

    envelope: Envelope
    names: list[str]
    proof: str
    """Name of the evidence's file."""
    evidence: bytes | None = field(repr=False)


def _parcel(desk: Desk, envelope_id: str) -> _Parcel:
    with desk.store.read() as tx:
        envelope = load(tx, envelope_id)
        openings = Openings(tx.openings(envelope_id))
        evidence = _evidence(tx, envelope, openings)
    if envelope.documents[0].r2 is None:
        raise TransitionError(
            f"envelope {envelope_id} has not been sent", hint="send it first", subject={"envelope": envelope_id}
        )
    names = _names(envelope, openings)
    stem = Path(names[0]).stem if len(names) == 1 else envelope_id
    return _Parcel(envelope, names, f"{stem}.evidence.json", evidence.encode() if evidence is not None else None)


def _check_targets(parcel: _Parcel, folder: Path, *, overwrite: bool) -> None:
    """Return if nothing is lost by writing: a file that is there already is what would be written, or may go."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder", code="usage.output", hint="make it first")
    if overwrite:
        return
    documents = parcel.envelope.documents
    same = [_holds(folder / name, item.current) for name, item in zip(parcel.names, documents, strict=True)]
    wanted = [folder / name for name in parcel.names]
    if parcel.evidence is not None:
        wanted.append(folder / parcel.proof)
        same.append(_is(wanted[-1], parcel.evidence))
    taken = [path for path, known in zip(wanted, same, strict=True) if os.path.lexists(path) and not known]
    if taken:
        raise UsageError(
            f"{taken[0]} exists already", code="usage.exists", hint="write somewhere else, or add --yes to replace it"
        )


def _holds(path: Path, version: FileState) -> bool:
    """Tell whether a file is a copy of that version, or one of ours with validation data behind it."""
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size < version.size:
            return False
        return digest_text(sha256_of(path, size=version.size)) == version.sha256
    except OSError:
        return False


def _is(path: Path, data: bytes) -> bool:
    try:
        return not path.is_symlink() and path.is_file() and path.read_bytes() == data
    except OSError:
        return False


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
