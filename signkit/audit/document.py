"""Step 1: read with strict limits, and ask a second parser whether it sees the same file (proof.md section 8)."""

from __future__ import annotations

import mmap
import os
import re
from pathlib import Path
from typing import Final

from signkit.audit.case import Case, Given
from signkit.errors import EncryptedDocumentError, UnreadableDocumentError
from signkit.pades.structure import HexString, Pdf
from signkit.pades.validate import preview_signatures
from signkit.pades.validate_container import PrefixHasher
from signkit.pages.render import inspect

__all__ = ["LimitReachedError", "SignedButUnreadableError", "check_second_parser", "open_case"]

_NAMES_SIGNATURE: Final = re.compile(rb"/ByteRange|/DocTimeStamp|/ETSI\.|/adbe\.|/Type\s*/Sig\b")
_HEADER_WINDOW: Final = 1024


class SignedButUnreadableError(UnreadableDocumentError):
    """The file names a signature but cannot be read: a verdict FAILED, not an error."""


class LimitReachedError(UnreadableDocumentError):
    """A limit was met: a verdict INDETERMINATE, not an error."""


def open_case(given: Given) -> Case:
    """Return the file opened: revisions, signatures and what they carry.

    Raises:
        LimitReachedError: it may be sound, but is larger or deeper than is read.
        SignedButUnreadableError: it names a signature and cannot be read.
        EncryptedDocumentError: it is encrypted.
        UnreadableDocumentError: not a PDF, or the path cannot be read.
    """
    try:
        pdf = _opened(given.path)
        if pdf.encrypted:
            raise EncryptedDocumentError(
                "the document is encrypted",
                hint="verify the file as it was before it was encrypted",
                subject={"file": given.path.name},
            )
        view = pdf.view()
        signatures = view.signatures
        previews = preview_signatures(pdf, signatures)
        case = Case(given, pdf, PrefixHasher(pdf), signatures, previews)
        case.pages = len(view.pages)
    except UnreadableDocumentError as exc:
        raise _sorted(exc, given.path) from exc
    return case


def _opened(path: Path) -> Pdf:
    """Open a document.

    Raises:
        UnreadableDocumentError: nothing is there (``document.missing``), no file (``document.not_a_file``), or no PDF.
    """
    subject = {"file": path.name}
    if not os.path.lexists(path):
        raise UnreadableDocumentError(
            "there is no such file", code="document.missing", hint="check the path", subject=subject
        )
    if path.exists() and not path.is_file():
        raise UnreadableDocumentError(
            "not a file", code="document.not_a_file", hint="name the PDF itself, not a folder", subject=subject
        )
    return Pdf.open(path)


def _sorted(exc: UnreadableDocumentError, path: Path) -> UnreadableDocumentError:
    if exc.code.startswith("document."):
        return exc
    if exc.code == "structure.limit":
        return LimitReachedError(exc.message, code="document.limit", hint=exc.hint)
    if exc.code not in {"structure.open", "structure.header", "structure.empty"} and _names_signature(path):
        return SignedButUnreadableError(exc.message, code="document.signed_unreadable", hint=exc.hint)
    code, hint = "document.unreadable", "is it a PDF, and whole?"
    if exc.code in {"structure.header", "structure.empty"}:
        code = "document.not_pdf"
    elif exc.code == "structure.open":
        code, hint = "document.not_opened", exc.hint or "check the path and who may read it"
    return UnreadableDocumentError(exc.message, code=code, hint=hint, subject={"file": path.name})


def _names_signature(path: Path) -> bool:
    """Tell whether the bytes of a PDF mention a signature in clear."""
    try:
        with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
            if b"%PDF-" not in data[:_HEADER_WINDOW]:
                return False
            return _NAMES_SIGNATURE.search(data) is not None
    except (OSError, ValueError):
        return False


def check_second_parser(case: Case) -> None:
    """Ask PDFium for pages, signatures with contents and revision ends; every difference is a finding."""
    try:
        seen = inspect(case.given.path)
    except EncryptedDocumentError:
        case.fail("1", "document.parsers_disagree", what="encryption")
        return
    except UnreadableDocumentError:
        case.doubt("1", "document.second_parser")
        return
    if seen.pages != case.pages:
        case.fail("1", "document.parsers_disagree", what="pages")
    theirs = {(item.contents_bytes, item.byte_range) for item in seen.signatures}
    ours = {
        (len(item.contents), item.byte_range)
        for item in case.signatures
        if isinstance(item.contents, HexString) and item.byte_range and len(item.contents)
    }
    direct = {
        (len(item.contents), item.byte_range)
        for item in case.signatures
        if isinstance(item.contents, HexString) and item.byte_range and "." not in item.field.name
    }
    if theirs - ours or (direct - theirs and len(theirs) < len(direct)):
        case.fail("1", "document.parsers_disagree", what="signatures")
    ends = set(seen.revision_ends)
    missing = [item.end for item in case.previews if item.end and not {item.end, item.end - 1, item.end - 2} & ends]
    if missing and max(ends, default=0) > min(missing):
        case.fail("1", "document.parsers_disagree", what="revisions")
    elif missing:  # it finds no end there or later: it stopped looking, which is no other opinion
        case.skip("1", "document.no_revision_opinion")
    if not any(item.code == "document.parsers_disagree" for item in case.findings):
        case.note("1", "document.read", pages=case.pages or 0, revisions=len(case.pdf.revisions))
