"""The steps of the recipe over one PDF, in its order (proof.md section 8, recipe.md), and the report drawn from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
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
from signkit.errors import DocumentError, UnreadableDocumentError
from signkit.files import sha256_of
from signkit.model.report import Claim, Completion, Finding, NotChecked, Report, Verdict
from signkit.x509.anchors import TrustAnchors

__all__ = ["Examined", "anchor_facts", "examine", "once", "unread_report", "worst_first"]


@dataclass(frozen=True, slots=True)
class Examined:
    """What came of one PDF."""

    report: Report
    case: Case | None
    """None where the file could not be read, or nothing in it is signed."""


def examine(given: Given) -> Examined:
    """Return what a PDF proves, with what was read of it.

    Raises:
        DocumentError: not a PDF, encrypted, or a path that cannot be read.
    """
    try:
        case = open_case(given)
    except SignedButUnreadableError as exc:
        return Examined(_unread(given, exc, Verdict.FAILED), None)
    except LimitReachedError as exc:
        return Examined(_unread(given, exc, Verdict.INDETERMINATE), None)
    if not case.signatures:
        return Examined(_report(case, {}, Verdict.INDETERMINATE), None)
    try:
        _examine(case)
    except UnreadableDocumentError as exc:
        limit = exc.code == "structure.limit"
        (case.doubt if limit else case.fail)("1", "document.limit" if limit else "document.damaged", reason=exc.message)
    claims = decide_claims(case)
    return Examined(_report(case, claims, decide_verdict(case, claims)), case)


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
        if case.completion is not None:
            case.skip("5", "archive.cut_off")


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
        findings=worst_first(case.findings),
        not_checked=once(case.not_checked),
        trust_anchors=anchor_facts(case.given.anchors),
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
        trust_anchors=anchor_facts(given.anchors),
        completion=Completion.NONE,
    )


def unread_report(path: Path, *, anchors: TrustAnchors, at: datetime, error: DocumentError) -> Report:
    """Return the report on something that is no readable PDF: nothing is decided, and why."""
    try:
        size = path.stat().st_size
    except OSError:
        size = 0
    finding = Finding("1", Verdict.INDETERMINATE, error.code, {"reason": error.message})
    return Report(
        at=at,
        path=str(path),
        sha256=None,
        size=size,
        pages=None,
        verdict=Verdict.INDETERMINATE,
        claims={},
        signatures=(),
        findings=(finding,),
        not_checked=(),
        trust_anchors=anchor_facts(anchors),
    )


def worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings once each: what is wrong, what is open, what holds; within that by step."""
    order = {Verdict.FAILED: 0, Verdict.INDETERMINATE: 1, Verdict.NOT_DECIDED: 2, Verdict.PASSED: 3}
    kept = {(item.check, item.code, item.subject, tuple(sorted(item.params.items()))): item for item in findings}
    return tuple(sorted(kept.values(), key=lambda item: (order[item.verdict], int(item.check))))


def once(skipped: Iterable[NotChecked]) -> tuple[NotChecked, ...]:
    """Return what was not checked, each once."""
    return tuple({(item.check, item.reason, tuple(sorted(item.params.items()))): item for item in skipped}.values())


def anchor_facts(anchors: TrustAnchors) -> tuple[Mapping[str, str], ...]:
    """Return the anchors as a report lists them."""
    found: list[Mapping[str, str]] = []
    for anchor in anchors:
        digest = digest_text(anchor.certificate.digest) if anchor.certificate else ""
        found += [
            {"purpose": str(purpose), "subject": anchor.label, "sha256": digest} for purpose in sorted(anchor.purposes)
        ]
    return tuple(found)
