"""The archivist's door: one file, a PDF or an evidence bundle, and what it proves."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from signkit.audit.bundle import evidence_of, verify_bundle
from signkit.audit.case import Given
from signkit.audit.examine import examine, unread_report
from signkit.errors import DocumentError, UsageError
from signkit.model.evidence_file import MAX_EVIDENCE_BYTES, EvidenceFile
from signkit.model.report import CLAIMS, Report
from signkit.model.statement import StatementError
from signkit.pades.asic.reader import looks_like_container
from signkit.x509.anchors import TrustAnchors

__all__ = ["read_evidence", "unread_report", "verify_file"]


def verify_file(
    path: Path,
    *,
    anchors: TrustAnchors,
    at: datetime,
    original: Path | None = None,
    evidence: EvidenceFile | Path | None = None,
    require: frozenset[str] = frozenset(),
) -> Report:
    """Return what a file proves, by the recipe; nothing is fetched and nothing is written.

    Args:
        path: the PDF, or the evidence bundle (ASiC-E) that holds it.
        anchors: whom to trust, and for what.
        at: the moment of verification, aware.
        original: the file that people were asked to sign, to compare with.
        evidence: what the eIDs signed, for C3b, read or as a file; a bundle brings its own.
        require: claims that must be decided for PASSED, such as ``C3b`` and ``C5``.

    Raises:
        DocumentError: not a PDF, encrypted, no evidence file, or a path that cannot be read. Whatever is wrong inside a
            PDF that names a signature is a verdict.
        UsageError: an unknown claim in ``require``.
    """
    if unknown := sorted(require - set(CLAIMS)):
        raise UsageError(f"there is no claim {unknown[0]!r}", code="usage.claim", hint="one of " + ", ".join(CLAIMS))
    bundle = read_evidence(evidence) if isinstance(evidence, Path) else evidence
    given = Given(path=path, anchors=anchors, at=at, original=original, evidence=bundle, require=require)
    if _is_bundle(path):
        return verify_bundle(given)
    return examine(given).report


def read_evidence(path: Path) -> EvidenceFile:
    """Return the evidence that a file holds.

    Raises:
        DocumentError: it cannot be read, or is no evidence file.
    """
    try:
        if _is_bundle(path):
            return evidence_of(path)
        with path.open("rb") as stream:
            return EvidenceFile.decode(stream.read(MAX_EVIDENCE_BYTES + 1))
    except OSError as exc:
        raise DocumentError(
            f"the evidence file {path.name} cannot be read: {exc.strerror}", code="document.evidence"
        ) from exc
    except StatementError as exc:
        raise DocumentError(
            f"{path.name} is no evidence file: {exc}",
            code="document.evidence",
            hint="give the file that `signkit envelope export` wrote beside the PDF",
        ) from exc


def _is_bundle(path: Path) -> bool:
    try:
        return looks_like_container(path)
    except OSError:
        return False  # said where it is opened
