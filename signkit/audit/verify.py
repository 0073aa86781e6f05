"""The archivist's way through one file: the steps of the recipe, in its order (proof.md section 8, recipe.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from signkit.audit.case import Case, Given
from signkit.audit.changes import check_changes
from signkit.audit.document import LimitReachedError, SignedButUnreadableError, check_second_parser, open_case
from signkit.audit.evidence import check_evidence
from signkit.audit.journal import check_journal
from signkit.audit.original import check_original
from signkit.audit.people import check_people, check_seals
from signkit.audit.rules import check_rules
from signkit.audit.signatures import check_signatures, signature_reports
from signkit.audit.statements import check_completion, check_presence, decode_statements, find_manifest
from signkit.audit.verdict import decide_claims, decide_verdict, independent_time, is_test
from signkit.canonical import digest_text
from signkit.errors import DocumentError, UnreadableDocumentError, UsageError
from signkit.files import sha256_of
from signkit.model.evidence_file import MAX_EVIDENCE_BYTES, EvidenceFile
from signkit.model.report import CLAIMS, Claim, Completion, Finding, NotChecked, Report, Verdict
from signkit.model.statement import StatementError
from signkit.x509.anchors import TrustAnchors

__all__ = ["read_evidence", "verify_file"]


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
        path: the PDF.
        anchors: whom to trust, and for what.
        at: the moment of verification, aware.
        original: the file that people were asked to sign, to compare with.
        evidence: what the eIDs signed, for C3b, read or as a file.
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
    try:
        case = open_case(given)
    except SignedButUnreadableError as exc:
        return _unread(given, exc, Verdict.FAILED)
    except LimitReachedError as exc:
        return _unread(given, exc, Verdict.INDETERMINATE)
    if not case.signatures:
        return _report(case, {}, Verdict.INDETERMINATE)
    try:
        _examine(case)
    except UnreadableDocumentError as exc:
        limit = exc.code == "structure.limit"
        (case.doubt if limit else case.fail)("1", "document.limit" if limit else "document.damaged", reason=exc.message)
    claims = decide_claims(case)
    return _report(case, claims, decide_verdict(case, claims))


def read_evidence(path: Path) -> EvidenceFile:
    """Return the evidence that a file holds.

    Raises:
        DocumentError: it cannot be read, or is no evidence file.
    """
    try:
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


def _examine(case: Case) -> None:
    check_second_parser(case)  # 1
    find_manifest(case)
    check_signatures(case)  # 2, 4, 5
    decode_statements(case)
    check_changes(case)  # 2, 3
    check_original(case)  # 6
    check_presence(case)  # 7
    check_completion(case)
    check_seals(case)
    check_people(case)
    check_evidence(case)  # 8
    check_rules(case)  # 9
    check_journal(case)  # 10
    _note_what_is_left(case)  # 4, 5


def _note_what_is_left(case: Case) -> None:
    if any(fact.token is not None and fact.token.path for fact in case.facts) and not independent_time(case):
        case.skip("4", "timestamp.own_root")
    levels = [fact.level or "B-B" for fact in case.ours() if not fact.timestamp]
    least = next((level for level in ("B-B", "B-T", "B-LT") if level in levels), None)
    if least is not None:
        case.skip("5", "archive.not_long_term", level=least)


def _report(case: Case, claims: Mapping[str, Claim], verdict: Verdict) -> Report:
    manifest, certified = case.manifest, case.fact(case.certify or "")
    seal = certified.certificate if certified and certified.path else None
    return Report(
        at=case.given.at,
        path=str(case.given.path),
        sha256=case.prefix(case.pdf.size),
        size=case.pdf.size,
        pages=case.pages,
        verdict=verdict,
        claims=claims,
        signatures=signature_reports(case),
        findings=_worst_first(case.findings),
        not_checked=_once(case.not_checked),
        trust_anchors=_anchors(case.given.anchors),
        envelope=manifest.envelope if manifest else None,
        organisation=seal.organisation if seal else None,
        environment=manifest.environment if manifest else "test" if is_test(case) else None,
        completion=case.state,
        original={"sha256": manifest.own.r0.sha256, "size": manifest.own.r0.size} if manifest else None,
        nothing_to_verify=not case.signatures,
    )


def _unread(given: Given, exc: UnreadableDocumentError, verdict: Verdict) -> Report:
    """Return the report on a file that names a signature and cannot be read, or is beyond a limit."""
    finding = Finding("1", verdict, exc.code, {"reason": exc.message}, "FORMAT_FAILURE")
    return Report(
        at=given.at,
        path=str(given.path),
        sha256=digest_text(sha256_of(given.path)),
        size=given.path.stat().st_size,
        pages=None,
        verdict=verdict,
        claims={},
        signatures=(),
        findings=(finding,),
        not_checked=(),
        trust_anchors=_anchors(given.anchors),
        completion=Completion.NONE,
    )


def _worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings once each: what is wrong, what is open, what holds; within that by step."""
    order = {Verdict.FAILED: 0, Verdict.INDETERMINATE: 1, Verdict.NOT_DECIDED: 2, Verdict.PASSED: 3}
    kept = {(item.check, item.code, item.subject, tuple(sorted(item.params.items()))): item for item in findings}
    return tuple(sorted(kept.values(), key=lambda item: (order[item.verdict], int(item.check))))


def _once(skipped: Iterable[NotChecked]) -> tuple[NotChecked, ...]:
    return tuple({(item.check, item.reason, tuple(sorted(item.params.items()))): item for item in skipped}.values())


def _anchors(anchors: TrustAnchors) -> tuple[Mapping[str, str], ...]:
    found: list[Mapping[str, str]] = []
    for anchor in anchors:
        digest = digest_text(anchor.certificate.digest) if anchor.certificate else ""
        found += [
            {"purpose": str(purpose), "subject": anchor.label, "sha256": digest} for purpose in sorted(anchor.purposes)
        ]
    return tuple(found)
