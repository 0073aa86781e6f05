"""Make an envelope: documents read and judged, pages and fields added, everything written down (R0, R1)."""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from signkit.canonical import Json
from signkit.errors import DocumentError, StoreError, TransitionError, UnreadableDocumentError, UsageError
from signkit.journal.writer import append
from signkit.model.entry import format_time
from signkit.model.ids import new_id
from signkit.model.person import person_of
from signkit.model.rule_request import RuleRequest, resolve_rules
from signkit.model.rules import ALL_PARAGRAPHS, Rules
from signkit.model.signatory import Invitee, check_number
from signkit.model.statement import FileState
from signkit.model.words import clean_name, clean_words, misleads
from signkit.pades.changes import LayoutFacts, check_revision
from signkit.pades.embed import copy_file
from signkit.pades.examine import Examination, examine
from signkit.pades.examine.refusals import check_file
from signkit.pades.first_revision import Prepared, prepare
from signkit.pades.repair import RepairReport, repair, still_refused
from signkit.pades.structure import Pdf
from signkit.pages.data import SignaturePages
from signkit.pages.render import inspect
from signkit.ports.store import WriteTransaction
from signkit.texts import language as known_language
from signkit.texts import text
from signkit.workflows.desk import Desk, load
from signkit.workflows.layout import field_names, page_for, signatory_ids
from signkit.workflows.openings import OpeningsDraft

__all__ = ["MAX_DOCUMENTS", "EnvelopeDraft", "create_envelope"]

MAX_DOCUMENTS = 100
"""Most documents of one envelope, ours: an entry names them all."""
MAX_TITLE = 300
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})
"""What a disk says that takes no more: the home's fault, not the document's."""
DISCLOSURES = ("none", "birthdate", "full")


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvelopeDraft:
    """What the clerk asks for."""

    paths: Sequence[Path]
    kind: str
    invitees: Sequence[Invitee]
    title: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    deadline: datetime | None = None
    disclosure: str = "none"
    accepted_risks: frozenset[str] = frozenset()
    repair: bool = False
    language: str = "sv"
    rules: RuleRequest = field(default_factory=RuleRequest)
    corrects: tuple[str, str] | None = None
    """The envelope that this one replaces: its id, and the digest of its last entry."""

    @property
    def signers(self) -> list[Invitee]:
        """Those who have a place in the documents, in order."""
        return [item for item in self.invitees if item.capacity.has_place]

    @property
    def recipients(self) -> list[Invitee]:
        """Those who are only told."""
        return [item for item in self.invitees if not item.capacity.has_place]


@dataclass(frozen=True, slots=True)
class _Document:
    name: str
    path: Path
    """R0, in the workspace if it was repaired."""
    found: Examination
    repaired: RepairReport | None
    prepared: Prepared
    signatures: int
    """Signatures with contents that PDFium counts in R0."""


def create_envelope(
    desk: Desk,
    draft: EnvelopeDraft,
    *,
    on_repair: Callable[[RepairReport], None] | None = None,
    envelope: str | None = None,
) -> str:
    """Make an envelope and return its id; documents, openings and the entry *created* are stored together.

    Args:
        desk: the clerk's desk.
        draft: what is asked for.
        on_repair: told of each repair before anything is kept.
        envelope: the identifier to make it under, by ``new_id``, for a caller who must not make it twice.

    Raises:
        StoreLockedError: an envelope of that identifier is there.
        UsageError: the draft contradicts itself, or names people by name only in a production home without saying so.
        DocumentError: a document cannot be signed; says why and what helps.
    """
    _check_draft(desk, draft, desk.clock.now())
    envelope = envelope or new_id()
    with desk.store.objects.workspace() as folder:
        title = clean_words(draft.title or clean_name(draft.paths[0].stem)) or draft.kind
        documents = [
            _document(desk, draft, path, folder=folder, index=index, envelope=envelope, title=title)
            for index, path in enumerate(draft.paths)
        ]
        for item in documents:
            if item.repaired is not None and on_repair is not None:
                on_repair(item.repaired)
        for item in documents:
            desk.store.objects.put(item.path)
            desk.store.objects.adopt(item.prepared.path, item.prepared.sha256_r1)
        openings = OpeningsDraft()
        data = _entry_data(desk, draft, documents, openings, title)
        with desk.store.write() as tx:  # inside the workspace: who holds one has documents that no entry names yet
            now = desk.clock.now()  # not earlier: documents take time, and meanwhile others go on with the old envelope
            openings.store(tx, envelope)
            append(tx, envelope, "created", actor="clerk", data=data, at=now)
            if draft.corrects is not None:
                _link(tx, envelope, draft.corrects, now)
            tx.put_projection(envelope, load(tx, envelope).state.value, None)
    return envelope


def _check_draft(desk: Desk, draft: EnvelopeDraft, now: datetime) -> None:
    if not draft.paths:
        raise UsageError("no document is named", code="usage.documents", hint="name one or more PDF files")
    if len(draft.paths) > MAX_DOCUMENTS:
        raise UsageError(f"more than {MAX_DOCUMENTS} documents", code="usage.documents", hint="make several envelopes")
    places = [path.absolute() for path in draft.paths]
    double = next((path for path in places if places.count(path) > 1), None)
    if double is not None:
        raise UsageError(f"{double.name} is named twice", code="usage.documents", hint="name each document once")
    check_number(list(draft.invitees))
    title = None if draft.title is None else clean_words(draft.title)
    if title is not None and (not title or len(title) > MAX_TITLE or any(map(misleads, title))):
        raise UsageError(
            f"a title has 1 to {MAX_TITLE} characters, none of which steers the display", code="usage.title"
        )
    for key, value in draft.metadata.items():
        if any(map(misleads, key + value)):
            raise UsageError("metadata holds characters that steer the display", code="usage.meta")
    if draft.disclosure not in DISCLOSURES:
        raise UsageError(f"disclosure is one of {', '.join(DISCLOSURES)}", code="usage.disclosure")
    if draft.deadline is not None and draft.deadline <= now:
        raise UsageError("the deadline has passed already", code="usage.deadline", hint="give a later date")
    _rules(draft)
    unnamed = [item.name for item in draft.signers if item.value is None]
    if desk.environment == "production" and unnamed and "unidentified" not in draft.accepted_risks:
        raise UsageError(
            "invited without a personal number: " + ", ".join(unnamed[:5]),
            code="usage.unidentified",
            hint="add id=… to each, or accept that a name is all that is compared: --accept-risk unidentified",
        )


def _document(
    desk: Desk, draft: EnvelopeDraft, path: Path, *, folder: Path, index: int, envelope: str, title: str
) -> _Document:
    desk.observer.step("create.document", name=path.name)
    try:
        check_file(path)
        room = folder / str(index)
        room.mkdir()
        return _read(desk, draft, path, room=room, envelope=envelope, title=title)
    except DocumentError as exc:
        exc.subject["file"] = str(path)  # not the copy that was looked at
        raise
    except OSError as exc:
        if exc.errno in _FULL:
            raise StoreError(
                f"the home has no room for {path.name}: {exc.strerror}",
                code="store.full",
                hint="make room on its disk, then repeat the step",
            ) from exc
        raise UnreadableDocumentError(
            f"{path} cannot be read: {exc.strerror}", subject={"file": str(path)}, hint="check its permissions"
        ) from exc


def _read(desk: Desk, draft: EnvelopeDraft, path: Path, *, room: Path, envelope: str, title: str) -> _Document:
    """Copy, examine and prepare one document; the copy is what is examined and kept, whoever writes to the original."""
    frozen = room / path.name
    frozen.touch(mode=0o600)
    copy_file(path, frozen)
    repaired = None
    if draft.repair:
        clean = room / f"repaired-{path.name}"
        repaired = repair(frozen, clean)
        frozen = clean
    found = examine(frozen)
    found.raise_for_risks(accepted=draft.accepted_risks)
    if desk.pdfa_check is not None and found.facts.claims.pdfa_part is not None:
        desk.pdfa_check(frozen)
    pages = None if found.signed else _pages(desk, draft, frozen, found, name=path.name, envelope=envelope, title=title)
    try:
        prepared = _prepared(draft, frozen, found, room=room, pages=pages, envelope=envelope)
    except DocumentError as exc:
        if repaired is None:
            raise
        raise still_refused(exc, path) from exc
    return _Document(path.name, frozen, found, repaired, prepared, len(inspect(frozen, ends=False).signatures))


def _prepared(
    draft: EnvelopeDraft, frozen: Path, found: Examination, *, room: Path, pages: SignaturePages | None, envelope: str
) -> Prepared:
    """Write R1 and check it.

    Raises:
        DocumentError: pages and fields cannot be added without touching what the document holds.
    """
    names = field_names(envelope, signatory_ids(len(draft.signers)))
    prepared = prepare(
        frozen,
        room / "r1.pdf",
        pages=pages,
        fields=names,
        highest_number=found.facts.highest_number,
        language=known_language(draft.language),
    )
    facts = LayoutFacts(
        size_r0=prepared.size_r0,
        size_r1=prepared.size_r1,
        certify=names.certify,
        complete=names.complete,
        persons=tuple(names.signatories.values()),
        trailing_bytes="trailing-bytes" in found.facts.risk_codes,
        highest_r0=found.facts.highest_number,
    )
    bad = check_revision(Pdf.open(prepared.path), 1, facts)
    if bad:
        raise DocumentError(
            f"{frozen.name} cannot be prepared without touching what it holds: {bad[0].code}",
            code="document.layout",
            hint="create it with --repair, which first writes a clean copy",
            subject={"file": str(frozen)},
        )
    return prepared


def _pages(
    desk: Desk, draft: EnvelopeDraft, source: Path, found: Examination, *, name: str, envelope: str, title: str
) -> SignaturePages:
    return page_for(
        source,
        envelope=envelope,
        invitees=draft.signers,
        organisation=desk.organisation,
        title=title,
        kind=draft.kind,
        metadata=_metadata(draft),
        document_name=clean_name(name),
        page_count=found.pages,
        size=found.size,
        digest=found.sha256,
        deadline=format_time(draft.deadline) if draft.deadline else None,
        language=draft.language,
        test=desk.environment == "test",
    )


def _entry_data(
    desk: Desk, draft: EnvelopeDraft, documents: Sequence[_Document], openings: OpeningsDraft, title: str
) -> dict[str, Json]:
    """Return what *created* says; names, numbers and words go into the openings, as commitments into the entry."""
    key = openings.new_person_key()
    places = list(zip(signatory_ids(len(draft.signers)), draft.signers, strict=True))
    return {
        "kind": draft.kind,
        "title": openings.commit("title", title),
        "metadata": openings.commit("metadata", _metadata(draft)),
        "environment": desk.environment,
        "origin": desk.origin,
        "language": draft.language,
        "disclosure": draft.disclosure,
        "deadline": format_time(draft.deadline) if draft.deadline else None,
        "accepted_risks": sorted(draft.accepted_risks),
        "documents": [_document_data(item, index, openings) for index, item in enumerate(documents)],
        "signatories": [_signatory_data(name, invitee, key, openings) for name, invitee in places],
        "rules": _rules(draft).to_json(),
        "recipients": [
            _recipient_data(f"r{number}", invitee, openings) for number, invitee in enumerate(draft.recipients, start=1)
        ],
    }


def _rules(draft: EnvelopeDraft) -> Rules:
    """Return the rules with their places; refuses what contradicts itself or nobody can meet."""
    places = list(zip(signatory_ids(len(draft.signers)), draft.signers, strict=True))
    paragraphs = draft.metadata.get("paragraph")
    return resolve_rules(draft.rules, places, deadline=draft.deadline is not None, paragraphs=paragraphs)


def _metadata(draft: EnvelopeDraft) -> dict[str, str]:
    """Return the metadata; paragraphs adjusted at once are said there too, where people read them."""
    immediate = draft.rules.immediate
    if immediate is None or "immediate" in draft.metadata:
        return dict(draft.metadata)
    words = text("meta_value.all", known_language(draft.language)) if immediate == ALL_PARAGRAPHS else immediate
    return {**draft.metadata, "immediate": words}


def _recipient_data(name: str, invitee: Invitee, openings: OpeningsDraft) -> dict[str, Any]:
    email = openings.commit(f"recipient.{name}.email", invitee.email) if invitee.email else None
    return {
        "id": name,
        "capacity": invitee.capacity.value,
        "name": openings.commit(f"recipient.{name}.name", invitee.name),
        "email": email,
    }


def _link(tx: WriteTransaction, envelope: str, corrects: tuple[str, str], now: datetime) -> None:
    """Write into both envelopes that the one replaces the other."""
    old, head = corrects
    if load(tx, old).corrected_by is not None:
        raise TransitionError(
            "somebody else is correcting the same envelope", code="envelope.corrected", subject={"envelope": old}
        )
    append(tx, envelope, "corrected", actor="clerk", data={"envelope": old, "head": head}, at=now)
    append(tx, old, "superseded", actor="clerk", data={"envelope": envelope}, at=now)
    load(tx, old)  # whatever the fold refuses is not written


def _document_data(item: _Document, index: int, openings: OpeningsDraft) -> dict[str, Any]:
    prepared = item.prepared
    attachments = [{"name": found.name, "size": found.size, "sha256": found.sha256} for found in item.found.attachments]
    return {
        "name": openings.commit(f"document.{index}", clean_name(item.name)),
        "r0": FileState(prepared.size_r0, prepared.sha256_r0).to_json(),
        "r1": FileState(prepared.size_r1, prepared.sha256_r1).to_json(),
        "pages": item.found.pages,
        "risks": list(item.found.facts.risk_codes),
        "attachments": openings.commit(f"attachments.{index}", attachments),
        "page": not item.found.signed,
        "signatures": item.signatures,
        "repaired_from": item.repaired.source_sha256 if item.repaired else None,
        "repairs": list(item.repaired.changes) if item.repaired else [],
    }


def _signatory_data(name: str, invitee: Invitee, key: bytes, openings: OpeningsDraft) -> dict[str, Any]:
    person = identity = email = None
    if invitee.scheme is not None and invitee.value is not None:
        person = person_of(key, invitee.scheme, invitee.value)
        value: Json = {"scheme": invitee.scheme, "value": invitee.value}
        identity = openings.commit(f"signatory.{name}.identity", value)
    if invitee.email:
        email = openings.commit(f"signatory.{name}.email", invitee.email)
    return {
        "id": name,
        "role": invitee.role,
        "order": invitee.order,
        "name": openings.commit(f"signatory.{name}.name", invitee.name),
        "person": person,
        "identity": identity,
        "email": email,
        "provider": invitee.provider,
    }
