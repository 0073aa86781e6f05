"""The evidence bundle: everything that proves an envelope, in one sealed container (ETSI EN 319 162-1, ASiC-E).

It is checked offline, elsewhere, by ``signkit verify`` or with nothing but sha256sum and openssl: the README says how.
It holds names, openings and evidence: whoever gets it can tell who signed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final
from zipfile import LargeZipFile

from signkit import canonical
from signkit.canonical import Json, digest_text
from signkit.errors import DocumentChangedError, StoreLockedError, UsageError
from signkit.files import atomic_path, sha256_of
from signkit.journal.writer import append
from signkit.model.bundle import BUNDLE_INDEX, MAX_INDEX_BYTES, BundleDocument, BundleIndex
from signkit.model.entry import format_time
from signkit.model.evidence_file import EvidenceFile
from signkit.model.notices import NOTIFIED
from signkit.model.statement import StatementError
from signkit.pades.asic.layout import fit_name
from signkit.pades.asic.reader import ContainerReader, ContainerReadError
from signkit.pades.asic.writer import Content, write_container
from signkit.texts import text
from signkit.workflows.bundle_journal import JournalPart, journal_part
from signkit.workflows.desk import Desk
from signkit.workflows.export import ATTEMPTS, Exported
from signkit.workflows.parcel import Parcel, copy_document, is_finished, parcel_of
from signkit.x509.anchor_files import format_anchors

__all__ = ["BundledDocument", "Reporter", "bundle_languages", "export_bundle"]

_SUFFIX: Final = ".asice"
_LANGUAGES: Final = ("sv", "en")
"""Of every bundle, wherever it goes; the home's own stands before them."""
_LEAVING_IT: Final = frozenset({"exported", NOTIFIED})
"""Entries after which an envelope stands as it stood before."""


@dataclass(frozen=True, slots=True)
class BundledDocument:
    """One document of the bundle, for whoever writes the report on it."""

    name: str
    path: Path
    original: Path
    evidence: EvidenceFile | None = field(repr=False)


Reporter = Callable[[BundledDocument], Mapping[str, bytes]]
"""Returns what is reported on a document: suffix of the file's name, such as ``.json``, to content."""


def export_bundle(
    desk: Desk, envelope_id: str, folder: Path, *, report: Reporter, overwrite: bool = False
) -> list[Exported]:
    """Write an envelope's evidence bundle into ``folder`` and return it.

    The log is signed and anchored as it stands first, so that every entry of the envelope so far has its proof.
    Running it again replaces a bundle of the same version and nothing else, so it finishes what a crash cut off.

    Args:
        desk: the clerk's desk.
        envelope_id: whose.
        folder: where to.
        report: writes the reports; the archivist's work, handed in.
        overwrite: replace a file of that name.

    Raises:
        TransitionError: nothing has been sent yet.
        UsageError: another file of that name exists and ``overwrite`` is false, or the bundle would be larger than
            4 GiB; nothing is written then.
        JournalError: the log cannot be signed, or too few witnesses vouch.
        SealError: seal or timestamp failed.
    """
    for _ in range(ATTEMPTS):
        parcel = parcel_of(desk, envelope_id)
        try:
            made = _made(desk, parcel, folder, report=report, overwrite=overwrite)
            break
        except (StoreLockedError, DocumentChangedError, OSError):
            if parcel_of(desk, envelope_id).envelope.head == parcel.envelope.head:
                raise  # else somebody has gone on with the envelope meanwhile
    else:
        raise StoreLockedError("the envelope keeps moving", hint="try again")
    with desk.store.write() as tx:
        data: dict[str, Json] = {
            "files": [{"kind": made.kind, "sha256": made.sha256}],
            "finished": is_finished(parcel.envelope),
        }
        append(tx, envelope_id, "exported", actor="clerk", data=data, at=desk.clock.now())
    return [made]


def _made(desk: Desk, parcel: Parcel, folder: Path, *, report: Reporter, overwrite: bool) -> Exported:
    target = folder / f"{parcel.stem}{_SUFFIX}"
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is not a folder", code="usage.output", hint="name a folder")
    folder.mkdir(parents=True, exist_ok=True)
    if os.path.lexists(target) and not overwrite and not _holds(target, desk, parcel.envelope.id):
        raise UsageError(
            f"{target} exists already", code="usage.exists", hint="write somewhere else, or add --yes to replace it"
        )
    journal = journal_part(desk, parcel.envelope)
    with desk.store.objects.workspace() as room, atomic_path(target, mode=0o600) as partial:
        files = _files(desk, parcel, journal, room, report=report)
        _write(desk, partial, files)
    return Exported(target, digest_text(sha256_of(target)), "bundle")


def _holds(path: Path, desk: Desk, envelope_id: str) -> bool:
    """Tell whether a file is a bundle of the envelope as it stands: since then it was only exported, or people told."""
    try:
        if path.is_symlink() or not path.is_file():
            return False
        with ContainerReader(path) as container:
            index = BundleIndex.decode(container.read(BUNDLE_INDEX, limit=MAX_INDEX_BYTES))
            last = container.read(index.entries[-1].entry, limit=MAX_INDEX_BYTES)
    except (ContainerReadError, StatementError, OSError, IndexError):
        return False
    with desk.store.read() as tx:
        for stored in reversed(tx.entries(envelope_id)):
            if stored.raw == last or stored.entry.type not in _LEAVING_IT:
                return stored.raw == last
    return False


def _write(desk: Desk, target: Path, files: Mapping[str, Content]) -> None:
    now = desk.clock.now()
    try:
        write_container(target, files, identity=desk.seal, at=now, material=desk.material(now), stamps=desk.stamps)
    except LargeZipFile as exc:
        raise UsageError(
            "the bundle would be larger than 4 GiB", code="usage.bundle_size", hint="export the files without --bundle"
        ) from exc


def _files(desk: Desk, parcel: Parcel, journal: JournalPart, room: Path, *, report: Reporter) -> dict[str, Content]:
    documents: dict[str, Content] = {}
    reports: dict[str, bytes] = {}
    names: list[BundleDocument] = []
    for index, state in enumerate(parcel.envelope.documents):
        signed = f"documents/{_name(parcel.names, index)}"
        original = f"originals/{_name(parcel.originals, index)}"
        path, source = room / f"{index}.pdf", desk.store.objects.path(state.r0.sha256)
        path.touch(mode=0o600)
        copy_document(desk, parcel.envelope, index, path)
        desk.store.objects.check(state.r0.sha256)
        documents |= {signed: path, original: source}
        names.append(BundleDocument(signed, original))
        made = report(BundledDocument(signed, path, source, parcel.evidence))
        reports |= {f"report/{PurePosixPath(signed).stem}{suffix}": data for suffix, data in made.items()}
    kept = _evidence(parcel)
    index_file = BundleIndex(
        envelope=parcel.envelope.id,
        at=format_time(desk.clock.now()),
        documents=tuple(names),
        evidence=next((name for name in kept if name.endswith("evidence.json")), None),
        openings=next((name for name in kept if name.endswith("openings.json")), None),
        entries=journal.entries,
        erasures=journal.erasures,
        checkpoint=journal.checkpoint,
        token=journal.token,
        consistency=journal.consistency,
    )
    files: dict[str, Content] = {
        **documents,
        **kept,
        **journal.files,
        "trust/trust.pem": format_anchors(desk.anchors).encode(),
        **reports,
        BUNDLE_INDEX: index_file.encode(),
    }
    files = {"README.txt": _readme(parcel, journal, bundle_languages(desk)), **files}
    return {**files, "SHA256SUMS": _sums(files)}


def _name(names: list[str], index: int) -> str:
    """Return a document's name in the bundle, numbered where there are several: so each is there once."""
    bare = fit_name(names[index], otherwise="document")
    return f"{index + 1}-{bare}" if len(names) > 1 else bare


def _evidence(parcel: Parcel) -> dict[str, bytes]:
    kept: dict[str, bytes] = {}
    if parcel.evidence is not None:
        kept["evidence/evidence.json"] = parcel.evidence.encode()
    openings = {name: value for name, value in parcel.openings.values.items() if name != "person_key"}
    if openings:
        value = {"schema": "signkit.openings/1", "envelope": parcel.envelope.id, "openings": openings}
        kept["evidence/openings.json"] = canonical.encode(value)
    return kept


def bundle_languages(desk: Desk) -> tuple[str, ...]:
    """Return the languages in which a bundle tells people something: the home's own first."""
    return tuple(dict.fromkeys((desk.language, *_LANGUAGES)))


def _readme(parcel: Parcel, journal: JournalPart, languages: tuple[str, ...]) -> bytes:
    first = parcel.envelope.documents[0]
    params: dict[str, str | int] = {
        "envelope": parcel.envelope.id,
        "signed": f"documents/{_name(parcel.names, 0)}",
        "original": f"originals/{_name(parcel.originals, 0)}",
        "size": first.r0.size,
    }
    last = journal.entries[-1]
    loop = text("journal_check.loop", "en", entry=last.entry, proof=last.proof, key="journal/log.pem").lstrip("\n")
    pages = [text("bundle.readme", lang, loop=loop, **params).lstrip("\n") for lang in languages]
    return f"\n{'=' * 78}\n\n".join(pages).encode()


def _sums(files: Mapping[str, Content]) -> bytes:
    """Return what ``sha256sum -c`` reads."""
    lines = []
    for name, content in files.items():
        digest = canonical.digest(content) if isinstance(content, bytes) else sha256_of(content)
        lines.append(f"{digest.hex()}  {name}\n")
    return "".join(lines).encode()
