"""What cannot be signed as it is, each with its code and a cure that works (proof.md section 2 *Input*)."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from signkit.errors import (
    DocumentError,
    EncryptedDocumentError,
    UnreadableDocumentError,
    UnsupportedDocumentError,
)
from signkit.files import sha256_of
from signkit.model.report import Verdict
from signkit.pades.changes import classify_changes
from signkit.pades.examine.facts import ExistingSignature
from signkit.pades.examine.graph import Graph
from signkit.pades.examine.shared import shared_objects
from signkit.pades.structure import MAX_OBJECT_NUMBER, Pdf, View
from signkit.pades.validate import broken_signatures

__all__ = [
    "MAX_BYTES",
    "REPAIR",
    "check_file",
    "check_graph",
    "check_kind",
    "check_locks",
    "check_untouched",
    "file_digest",
    "in_document",
    "opened",
]

MAX_BYTES: Final = 2 * 1024**3
"""Largest document, ours: byte offsets of a classic cross-reference table end at ten digits, patience sooner."""
_ROOM: Final = 100_000
"""Object numbers that must be left for signatures, renewals included."""
REPAIR: Final = "create the envelope with --repair: signkit then signs a clean copy that looks the same"
_PRINT: Final = "print the document to a new PDF and use that"
_CLOSING: Final = frozenset({"All", "Exclude"})
"""FieldMDP actions (ISO 32000-1 table 233) that lock fields nobody has made yet."""
_TRAILING: Final = "changes.tail"
"""A risk of its own, which can be accepted."""
_OTHERS: Final = (
    (b"PK\x03\x04", "a Word, Excel or zip file", "open it in its program and export it as PDF"),
    (b"\xd0\xcf\x11\xe0", "an old Word or Excel file", "open it in its program and export it as PDF"),
    (b"{\\rtf", "a text document", "open it in its program and export it as PDF"),
    (b"\xff\xd8\xff", "a picture", "print or save it as PDF"),
    (b"\x89PNG", "a picture", "print or save it as PDF"),
    (b"<", "a web page or XML file", "print it as PDF from the browser"),
    (b"%!PS", "a PostScript file", "convert it to PDF"),
)


def check_file(path: Path) -> int:
    """Return the size of a regular file that begins like a PDF.

    Raises:
        DocumentError: ``document.missing``, ``document.not_a_file``, ``document.empty``, ``document.too_large``,
        ``document.not_pdf``.
    """
    subject = {"file": str(path)}
    try:
        if not path.exists():
            raise UnreadableDocumentError(
                "there is no such file", code="document.missing", hint="check the path", subject=subject
            )
        if not path.is_file():
            raise UnreadableDocumentError(
                "not a file", code="document.not_a_file", hint="name the PDF itself, not a folder", subject=subject
            )
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(1024 + 16)
    except (OSError, ValueError) as exc:
        raise UnreadableDocumentError(
            "the file cannot be read",
            code="document.unreadable",
            hint="check the path and who may read it",
            subject=subject,
        ) from exc
    if size == 0:
        raise UnreadableDocumentError(
            "the file is empty", code="document.empty", hint="save or download it again", subject=subject
        )
    if size > MAX_BYTES:
        raise UnsupportedDocumentError(
            f"the file is larger than {MAX_BYTES // 1024**2} MB",
            code="document.too_large",
            hint="make the pictures smaller, or send the document in parts",
            subject=subject,
        )
    if b"%PDF-" not in head:
        raise _not_a_pdf(head, subject)
    return size


def _not_a_pdf(head: bytes, subject: dict[str, str]) -> UnreadableDocumentError:
    for mark, what, cure in _OTHERS:
        if head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(mark):
            return UnreadableDocumentError(f"not a PDF but {what}", code="document.not_pdf", hint=cure, subject=subject)
    return UnreadableDocumentError(
        "not a PDF", code="document.not_pdf", hint="save the document as PDF", subject=subject
    )


def opened(path: Path) -> Pdf:
    """Return the opened structure of a file that is one plain, unencrypted PDF from its first byte.

    Raises:
        UnreadableDocumentError: ``document.damaged``.
        EncryptedDocumentError: ``document.encrypted``.
        UnsupportedDocumentError: ``document.hybrid``, ``document.leading_bytes``.
    """
    try:
        pdf = Pdf.open(path)
    except UnreadableDocumentError as exc:
        raise in_document(exc, path) from exc
    subject = {"file": str(path)}
    if pdf.encrypted:
        raise EncryptedDocumentError(
            "the document is encrypted",
            hint="save it without protection; if it opens without a password, --repair does that",
            subject=subject,
        )
    if pdf.header_offset:
        raise UnsupportedDocumentError(
            "there is something before the beginning of the PDF",
            code="document.leading_bytes",
            hint=REPAIR,
            subject=subject,
        )
    if pdf.hybrid:
        raise UnsupportedDocumentError(
            "old and new programs read different parts of the document (hybrid cross-reference)",
            code="document.hybrid",
            hint=REPAIR,
            subject=subject,
        )
    return pdf


def in_document(exc: DocumentError, path: Path) -> UnreadableDocumentError:
    """Return the structure reader's error as one about the document: ``structure.limit`` stays apart from damage."""
    limit = exc.code == "structure.limit"
    return UnreadableDocumentError(
        f"the document is damaged: {exc.message}" if not limit else f"the document has {exc.message}",
        code="document.limit" if limit else "document.damaged",
        hint=_PRINT if limit else f"{REPAIR}; if that fails, {_PRINT}",
        subject={"file": str(path), "detail": exc.code},
    )


def check_kind(path: Path, view: View) -> None:
    """Return only if the document has pages, no XFA form and no usage rights.

    Raises:
        UnsupportedDocumentError: ``document.no_pages``, ``document.xfa``, ``document.usage_rights``.
    """
    subject = {"file": str(path)}
    if not view.pages:
        raise UnsupportedDocumentError(
            "the document has no pages", code="document.no_pages", hint=_PRINT, subject=subject
        )
    form = view.get_dict(view.catalog.get("AcroForm"))
    if view.resolve(form.get("XFA")) is not None:
        raise UnsupportedDocumentError(
            "the form is an XFA form, whose pages only some programs can draw",
            code="document.xfa",
            hint=_PRINT,
            subject=subject,
        )
    perms = view.get_dict(view.catalog.get("Perms"))
    if "UR" in perms or "UR3" in perms:
        raise UnsupportedDocumentError(
            "the document carries usage rights, which signing would break",
            code="document.usage_rights",
            hint=_PRINT,
            subject=subject,
        )


def check_graph(path: Path, graph: Graph, *, signed: bool) -> None:
    """Return only if every name means something, numbers are left, and what signing redefines belongs to one owner.

    Raises:
        UnreadableDocumentError: ``document.unreadable``.
        UnsupportedDocumentError: ``document.numbers``, ``document.shared_objects``.
    """
    cure = _PRINT if signed else REPAIR
    if graph.dangling:
        holder, missing = graph.dangling[0]
        raise UnreadableDocumentError(
            f"{f'object {holder}' if holder else 'the trailer'} names object {missing.num}, which does not exist",
            code="document.unreadable",
            hint=cure,
            subject={"file": str(path)},
        )
    if graph.highest > MAX_OBJECT_NUMBER - _ROOM:
        raise UnsupportedDocumentError(
            "the document has used up its object numbers",
            code="document.numbers",
            hint=cure,
            subject={"file": str(path)},
        )
    for item in shared_objects(graph):
        raise UnsupportedDocumentError(
            f"object {item.number} ({' and '.join(item.roles)}) has a second use that signing would change",
            code="document.shared_objects",
            hint=cure,
            subject={"file": str(path)},
        )


def check_locks(path: Path, signatures: tuple[ExistingSignature, ...]) -> None:
    """Return only if the signatures that are there allow another one.

    Raises:
        UnsupportedDocumentError: ``document.locked``.
    """
    for item in signatures:
        if item.doc_mdp == 1 or _CLOSING.intersection(item.locks):
            raise UnsupportedDocumentError(
                "a signature in the document forbids any further signature",
                code="document.locked",
                hint="ask for the document before it was locked; attach the locked one if it matters",
                subject={"file": str(path), "field": item.field},
            )


def check_untouched(path: Path, pdf: Pdf, signatures: tuple[ExistingSignature, ...]) -> None:
    """Return only if nothing has happened to a signed document but what its signatures cover or permit.

    Signed again it would look whole: people would put their names to what the first ones never saw.

    Raises:
        UnsupportedDocumentError: ``document.signature_broken``, ``document.changed_since_signed``.
    """
    if not signatures:
        return
    for field in broken_signatures(pdf, pdf.view().signatures):
        raise UnsupportedDocumentError(
            "a signature in the document does not hold",
            code="document.signature_broken",
            hint="ask for the document as it was signed; `signkit verify` says what is wrong",
            subject={"file": str(path), "field": field},
        )
    wrong = [item for item in classify_changes(pdf).findings if item.verdict is Verdict.FAILED]
    if any(item.code != _TRAILING for item in wrong):
        raise UnsupportedDocumentError(
            "the document was changed after it was signed, in a way that its signature does not permit",
            code="document.changed_since_signed",
            hint="ask for the document as it was signed; `signkit verify` says what was changed",
            subject={"file": str(path)},
        )


def file_digest(path: Path) -> bytes:
    """Return the SHA-256 of a file.

    Raises:
        UnreadableDocumentError: it cannot be read.
    """
    try:
        return sha256_of(path)
    except OSError as exc:
        raise UnreadableDocumentError(
            "the file cannot be read", hint="check the path and who may read it", subject={"file": str(path)}
        ) from exc
