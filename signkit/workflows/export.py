"""Export an envelope: the signed files, and the evidence with its openings as one file beside them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from signkit.canonical import digest_text
from signkit.errors import DocumentChangedError, StoreLockedError, UsageError
from signkit.files import atomic_path, sha256_of, write_atomic
from signkit.journal.writer import append
from signkit.model.envelope import Envelope
from signkit.model.statement import FileState
from signkit.workflows.desk import Desk
from signkit.workflows.parcel import Parcel, copy_document, is_finished, parcel_of

__all__ = ["ATTEMPTS", "Exported", "export_envelope"]

ATTEMPTS: Final = 20
"""How often a copy starts over because somebody signed the envelope meanwhile."""


@dataclass(frozen=True, slots=True)
class Exported:
    """One file that left the house."""

    path: Path
    sha256: str
    kind: str
    """``signed``, ``evidence`` or ``bundle``."""


def export_envelope(desk: Desk, envelope_id: str, folder: Path, *, overwrite: bool = False) -> list[Exported]:
    """Write an envelope's files into ``folder`` and return them.

    A file that is not finished gets validation data and a document timestamp on the copy only (proof.md section 2).
    Running it again replaces what is a copy of the same version and nothing else, so it finishes what a crash cut off.

    Raises:
        TransitionError: nothing has been sent yet.
        UsageError: another file of that name exists and ``overwrite`` is false; nothing is written then.
    """
    for _ in range(ATTEMPTS):
        parcel = parcel_of(desk, envelope_id)
        _check_targets(parcel, folder, overwrite=overwrite)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            made = [_document(desk, parcel.envelope, index, folder / name) for index, name in enumerate(parcel.names)]
            break
        except (DocumentChangedError, OSError):
            if parcel_of(desk, envelope_id).envelope.head == parcel.envelope.head:
                raise  # else somebody has signed meanwhile, and the version that was copied is gone
    else:
        raise StoreLockedError("the envelope keeps moving", hint="try again")
    if (beside := _proof(parcel)) is not None:
        proof = folder / beside[0]
        write_atomic(proof, beside[1], mode=0o600)
        made.append(Exported(proof, digest_text(sha256_of(proof)), "evidence"))
    with desk.store.write() as tx:
        data = {
            "files": [{"kind": item.kind, "sha256": item.sha256} for item in made],
            "finished": is_finished(parcel.envelope),
        }
        append(tx, envelope_id, "exported", actor="clerk", data=data, at=desk.clock.now())
    return made


def _check_targets(parcel: Parcel, folder: Path, *, overwrite: bool) -> None:
    """Return if nothing is lost by writing: a file that is there already is what would be written, or may go."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is not a folder", code="usage.output", hint="name a folder")
    if overwrite:
        return
    documents = parcel.envelope.documents
    same = [_holds(folder / name, item.current) for name, item in zip(parcel.names, documents, strict=True)]
    wanted = [folder / name for name in parcel.names]
    if (beside := _proof(parcel)) is not None:
        wanted.append(folder / beside[0])
        same.append(_is(wanted[-1], beside[1]))
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


def _document(desk: Desk, envelope: Envelope, index: int, target: Path) -> Exported:
    with atomic_path(target) as partial:
        copy_document(desk, envelope, index, partial)
    return Exported(target, digest_text(sha256_of(target)), "signed")


def _proof(parcel: Parcel) -> tuple[str, bytes] | None:
    """Return name and content of the evidence's file."""
    return None if parcel.evidence is None else (f"{parcel.stem}.evidence.json", parcel.evidence.encode())
