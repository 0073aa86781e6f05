"""A report as styled lines."""

from __future__ import annotations

from signkit.audit import render_report
from signkit.model.report import Report, Verdict
from signkit_cli.terminal import printable

__all__ = ["report_lines"]

_MARKS = {Verdict.PASSED: "✓", Verdict.FAILED: "✗", Verdict.INDETERMINATE: "?", Verdict.NOT_DECIDED: "–"}
_STYLES = {Verdict.PASSED: "green", Verdict.FAILED: "red", Verdict.INDETERMINATE: "yellow"}


def report_lines(report: Report, lang: str) -> list[tuple[str, str | None]]:
    """Return a report as lines, each with a style or none; the first names the file."""
    lines: list[tuple[str, str | None]] = [(printable(report.path), "bold")]
    for line in render_report(report, lang):
        words, style = printable(line.text), None
        if line.kind == "heading":
            lines.append(("", None))
            style = "bold"
        elif line.kind == "verdict":
            style = f"bold {_STYLES[line.verdict]}" if line.verdict in _STYLES else "bold"
        elif line.kind in {"voucher", "skipped"}:
            style = "dim"
        elif line.verdict is not None:
            words = f"{_MARKS[line.verdict]} {words}"
            style = _STYLES.get(line.verdict)
        lines.append(("  " * line.indent + words, style))
    return lines
