"""Write a clean copy of a document that cannot be signed as it is, and prove that it looks the same.

The copy is R0 of its own: ``envelope create --repair`` signs it, and the manifest records the digest of the file that
it came from. A page may look different only where something that was removed or drawn anew explains it, and the report
says so. Files that carry signatures are never repaired: the copy would lose them.

What is not here: fixing damaged content streams, XFA forms, hidden content or hidden layers. They stay, and stay
reported.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pikepdf

from signkit.canonical import digest_text
from signkit.errors import (
    DocumentError,
    EncryptedDocumentError,
    UnreadableDocumentError,
    UnsupportedDocumentError,
    UsageError,
)
from signkit.files import atomic_path, sha256_of
from signkit.pades.examine import Examination, examine
from signkit.pades.examine.refusals import check_file
from signkit.pades.repair.cleaning import Cleaning, clean, is_signed
from signkit.pages.render import differing_pages

__all__ = ["RepairReport", "repair", "still_refused"]

_PRINT: Final = "print the document to a new PDF and use that"
_PDFA_KEYS: Final = ("pdfaid:part", "pdfaid:conformance", "pdfaid:rev", "pdfuaid:part")


@dataclass(frozen=True, slots=True)
class RepairReport:
    """What a clean copy is, and how it differs from the file that it came from."""

    source_sha256: str
    """``sha256:<hex>`` of the file it came from."""
    source_size: int
    changes: tuple[str, ...]
    """Codes, sorted, each once; the sentences are ``repair.<code>``. Always ``rewritten``."""
    pages_changed: tuple[tuple[int, str], ...]
    """Pages (from 1) that look different, each with the code of the change that explains it."""
    examination: Examination
    """Of the copy: its digest, and the risks that are left."""


def repair(source: Path, target: Path, *, password: str = "") -> RepairReport:
    """Write a clean copy of ``source`` to ``target``, which then can be signed; ``source`` is not touched.

    ``target`` appears only if everything holds: it is examined without refusal, has the same pages, and looks the same.

    Raises:
        UsageError: ``target`` is ``source``.
        EncryptedDocumentError: it opens only with a password, and this is not it.
        UnsupportedDocumentError: ``document.signed``, ``document.repair_differs``.
        UnreadableDocumentError: ``document.repair_failed``: damaged beyond repair, or the copy is refused as well.
        DocumentError: what ``examine`` says of a file that is no PDF at all.
        FileExistsError: ``target`` exists.
        OSError: the folder of ``target`` cannot be written.
    """
    if source.absolute() == target.absolute():
        raise UsageError("the clean copy needs a name of its own", subject={"file": str(source)})
    size = check_file(source)
    with atomic_path(target, overwrite=False) as partial:
        with _reading(source):
            done = _rewritten(source, partial, password)
        pages_changed = _compared(source, partial, done, password)
        examination = _examined(source, partial, target)
    done.changes["rewritten"] += 1
    return RepairReport(digest_text(sha256_of(source)), size, tuple(sorted(done.changes)), pages_changed, examination)


def _rewritten(source: Path, partial: Path, password: str) -> Cleaning:
    with pikepdf.open(source, password=password, suppress_warnings=True, access_mode=pikepdf.AccessMode.stream) as pdf:
        if is_signed(pdf):
            raise UnsupportedDocumentError(
                "the document carries signatures, which a clean copy would lose",
                code="document.signed",
                hint="ask for the document before it was signed, or send it as it is without --repair",
                subject={"file": str(source)},
            )
        encrypted = pdf.is_encrypted
        damaged = bool(pdf.get_warnings())
        done = clean(pdf)
        if "fields-drawn" in done.changes and _withdraw_claims(pdf):
            done.changes["pdfa-claim-removed"] += 1
        pdf.save(
            partial,
            encryption=False,
            fix_metadata_version=False,
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
            deterministic_id=not encrypted,
        )
    done.changes["encryption-removed"] += int(encrypted)
    done.changes["structure-rebuilt"] += int(damaged)
    done.changes = +done.changes
    return done


def _withdraw_claims(pdf: pikepdf.Pdf) -> bool:
    """Take back a PDF/A or PDF/UA claim that drawn fields, with fonts not embedded, would make untrue."""
    if "/Metadata" not in pdf.Root:
        return False
    with pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as metadata:
        held = [key for key in _PDFA_KEYS if key in metadata]
        for key in held:
            del metadata[key]
    return bool(held)


def _compared(source: Path, partial: Path, done: Cleaning, password: str) -> tuple[tuple[int, str], ...]:
    """Return the pages that look different and why, after making sure that each difference is explained."""
    subject = {"file": str(source)}
    before = source
    plain = partial.with_name(partial.name + ".plain")
    try:
        if password:
            with (
                _reading(source),
                pikepdf.open(
                    source, password=password, suppress_warnings=True, access_mode=pikepdf.AccessMode.stream
                ) as pdf,
            ):
                pdf.save(plain, encryption=False)
            before = plain
        try:
            pages = sorted(set(differing_pages(before, partial)) | set(differing_pages(partial, before)))
        except UnreadableDocumentError as exc:
            raise UnreadableDocumentError(
                "the document is so damaged that nobody can say what it should look like",
                code="document.repair_failed",
                hint=_PRINT,
                subject=subject,
            ) from exc
    finally:
        plain.unlink(missing_ok=True)
    for index in pages:
        if index not in done.pages:
            raise UnsupportedDocumentError(
                f"a clean copy would look different on page {index + 1}",
                code="document.repair_differs",
                hint=_PRINT,
                subject={**subject, "page": str(index + 1)},
            )
    return tuple((index + 1, done.pages[index]) for index in pages)


def _examined(source: Path, partial: Path, target: Path) -> Examination:
    try:
        found = examine(partial)
    except DocumentError as exc:
        raise still_refused(exc, source) from exc
    return Examination(str(target), found.sha256, found.facts)


def still_refused(error: DocumentError, source: Path) -> UnreadableDocumentError:
    """Return what to say where the clean copy of ``source`` is refused as well: repair is no cure for it."""
    return UnreadableDocumentError(
        f"a clean copy cannot be signed either: {error.message}",
        code="document.repair_failed",
        hint=_PRINT,
        subject={"file": str(source), "reason": error.code},
    )


@contextmanager
def _reading(source: Path) -> Iterator[None]:
    """Turn whatever pikepdf raises into errors about the document, and keep its warnings out of the log."""
    logger = logging.getLogger("pikepdf")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    subject: dict[str, Any] = {"file": str(source)}
    try:
        yield
    except (DocumentError, OSError):
        raise
    except pikepdf.PasswordError as exc:
        raise EncryptedDocumentError(
            "the document opens only with its password",
            hint="open it with the password, save it without protection, and use that",
            subject=subject,
        ) from exc
    except Exception as exc:  # the border of a foreign parser: whatever it raises means the same
        raise UnreadableDocumentError(
            "the document is damaged beyond repair", code="document.repair_failed", hint=_PRINT, subject=subject
        ) from exc
    finally:
        logger.setLevel(level)
