"""A report as ``signkit.report/1`` (design contract; schema in docs/formats/report.schema.json)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata
from typing import Final

from signkit.audit.words import sentence
from signkit.canonical import Json
from signkit.model.report import CLAIMS, Claim, Finding, NotChecked, Report, SignatureReport, Verdict

__all__ = ["SCHEMA", "report_to_json"]

SCHEMA = "signkit.report/1"
_OPEN: Final = Claim(Verdict.NOT_DECIDED, (), "claim.open")
"""What a report says of a claim that it does not come to."""


def report_to_json(report: Report, lang: str) -> Json:
    """Return the report as JSON, its messages in ``lang``."""
    return {
        "schema": SCHEMA,
        "tool": {"name": "signkit", "version": _version()},
        "at": _time(report.at),
        "input": {"path": report.path, "sha256": report.sha256, "size": report.size, "pages": report.pages},
        "verdict": report.verdict.value,
        "nothing_to_verify": report.nothing_to_verify,
        "claims": {name: _claim(report.claims.get(name, _OPEN), lang) for name in CLAIMS},
        "envelope": report.envelope,
        "organisation": report.organisation,
        "environment": report.environment,
        "completion": report.completion.value,
        "original": dict(report.original) if report.original else None,
        "signatures": [_signature(item) for item in report.signatures],
        "findings": [_finding(item, lang) for item in report.findings],
        "not_checked": [_not_checked(item, lang) for item in report.not_checked],
        "trust_anchors": [dict(item) for item in report.trust_anchors],
        **({"contents": [report_to_json(item, lang) for item in report.contents]} if report.contents else {}),
    }


def _claim(claim: Claim, lang: str) -> Mapping[str, Json]:
    return {
        "verdict": claim.verdict.value,
        "vouched_by": [voucher.value for voucher in claim.vouched_by],
        "code": claim.code,
        "message": sentence(claim.code, lang, claim.params),
        "hint": sentence(claim.hint, lang, claim.params) if claim.hint else None,
    }


def _signature(item: SignatureReport) -> Mapping[str, Json]:
    return {
        "field": item.field,
        "kind": item.kind.value,
        "name": item.name,
        "role": item.role,
        "person": item.person,
        "time": _time(item.time),
        "gen_time": _time(item.gen_time),
        "level": item.level,
        "verdict": item.verdict.value,
        "sub_indication": item.sub_indication,
        "changes_after": item.changes_after.value,
        "evidence": item.evidence,
        "environment": item.environment,
    }


def _finding(item: Finding, lang: str) -> Mapping[str, Json]:
    return {
        "check": item.check,
        "verdict": item.verdict.value,
        "code": item.code,
        "sub_indication": item.sub_indication,
        "message": sentence(item.code, lang, item.params),
        "subject": item.subject,
    }


def _not_checked(item: NotChecked, lang: str) -> Mapping[str, Json]:
    return {"check": item.check, "code": item.reason, "reason": sentence(item.reason, lang, item.params)}


def _time(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if at else None


def _version() -> str:
    try:
        return metadata.version("signkit")
    except metadata.PackageNotFoundError:
        return "0"
