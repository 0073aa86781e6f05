"""A report in plain sentences, for an archivist.

Verdict, claims and who vouches, signatures, what is wrong, what was not checked and why, what to do next. Lines carry
what they are; how they look is the terminal's affair.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from signkit.model.report import Finding, Report, SignatureReport, Verdict
from signkit.texts import text

__all__ = ["Line", "render_report", "sentence"]


_WORTH_TELLING: Final = frozenset(
    {
        "original.repaired",
        "original.risk_accepted",
        "original.risk_informing",
        "original.same",
        "original.same_before_repair",
        "person.by_name",
        "person.other_name",
    }
)
"""What holds, and an archivist wants to know all the same."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a report."""

    kind: str
    """``verdict``, ``note``, ``heading``, ``claim``, ``voucher``, ``signature``, ``finding``, ``skipped``, ``hint``."""
    text: str
    verdict: Verdict | None = None
    """For verdicts, claims, signatures and findings."""
    indent: int = 0


def sentence(code: str, lang: str, params: Mapping[str, str | int]) -> str:
    """Return the sentence of a code; where nobody wrote one, a sentence that names the code."""
    found = text(code, lang, **params)
    return text("report.code_only", lang, code=code) if found == code else found


def render_report(report: Report, lang: str) -> list[Line]:
    """Return the report as lines in ``lang``, the most important first."""
    return list(_lines(report, lang))


def _lines(report: Report, lang: str) -> Iterator[Line]:
    if report.nothing_to_verify:
        yield Line("verdict", text("report.nothing", lang))
        return
    yield Line("verdict", text(f"report.verdict.{report.verdict.value.lower()}", lang), report.verdict)
    yield from _facts(report, lang)
    yield from _claims(report, lang)
    yield from _signatures(report, lang)
    yield from _problems(report, lang)
    if report.not_checked:
        yield Line("heading", text("report.heading.not_checked", lang))
        for item in report.not_checked:
            yield Line("skipped", sentence(item.reason, lang, item.params), indent=1)
    yield from _hints(report, lang)


def _facts(report: Report, lang: str) -> Iterator[Line]:
    if report.environment == "test":
        yield Line("note", text("report.test", lang))
    if report.organisation:
        yield Line("note", text("report.organisation", lang, organisation=report.organisation))
    if report.envelope:
        yield Line("note", text("report.envelope", lang, envelope=report.envelope))
        yield Line("note", text(f"report.completion.{report.completion.value}", lang))
    if report.original:
        yield Line("note", text("report.original", lang, **dict(report.original)))
    for item in report.findings:
        if item.code in _WORTH_TELLING:
            yield Line("note", _finding(item, lang, code=False))
    yield Line("note", text("report.at", lang, time=_time(report.at)))


def _claims(report: Report, lang: str) -> Iterator[Line]:
    decided = {name: claim for name, claim in report.claims.items() if claim.code != "claim.not_a_signkit_file"}
    if decided:
        yield Line("heading", text("report.heading.claims", lang))
    for name, claim in decided.items():
        yield Line("claim", f"{name}  {sentence(claim.code, lang, claim.params)}", claim.verdict, indent=1)
        if claim.vouched_by and claim.verdict is Verdict.PASSED:
            who = ", ".join(text(f"report.voucher.{voucher.value}", lang) for voucher in claim.vouched_by)
            yield Line("voucher", text("report.vouched_by", lang, who=who), indent=2)
    if len(decided) < len(report.claims):
        yield Line("note", text("claim.not_a_signkit_file", lang), indent=1)


def _signatures(report: Report, lang: str) -> Iterator[Line]:
    if report.signatures:
        yield Line("heading", text("report.heading.signatures", lang))
    for item in report.signatures:
        yield Line("signature", _signature(item, lang), item.verdict, indent=1)


def _signature(item: SignatureReport, lang: str) -> str:
    kind = text(f"report.kind.{item.kind.value}", lang)
    role = _role(item.role, lang) if item.role else None
    name = f"{item.name}, {role}" if item.name and role else item.name or item.field
    parts = [f"{kind}: {name}"]
    if item.gen_time:
        parts.append(text("report.proved_at", lang, time=_time(item.gen_time)))
    elif item.time:
        parts.append(text("report.claimed_at", lang, time=_time(item.time)))
    if item.level:
        parts.append(f"PAdES {item.level}")
    if item.sub_indication:
        parts.append(item.sub_indication)
    return " – ".join(parts)


def _role(role: str, lang: str) -> str:
    known = text(f"role.{role}", lang)
    return role if known == f"role.{role}" else known


def _problems(report: Report, lang: str) -> Iterator[Line]:
    wrong = [item for item in report.findings if item.verdict is not Verdict.PASSED]
    if not wrong:
        return
    yield Line("heading", text("report.heading.findings", lang))
    for item in wrong:
        yield Line("finding", _finding(item, lang), item.verdict, indent=1)


def _finding(item: Finding, lang: str, *, code: bool = True) -> str:
    words = sentence(item.code, lang, item.params)
    place = f" ({item.subject})" if item.subject else ""
    return f"{words}{place} [{item.code}]" if code else f"{words}{place}"


def _hints(report: Report, lang: str) -> Iterator[Line]:
    hints = {claim.hint: claim.params for claim in report.claims.values() if claim.hint}
    if hints:
        yield Line("heading", text("report.heading.hints", lang))
    for code, params in hints.items():
        yield Line("hint", sentence(code, lang, params), indent=1)


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
