"""Envelopes and repairs as lines for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from signkit.texts import text
from signkit_cli.terminal import printable

__all__ = ["envelope_lines", "envelope_row", "local_time", "repair_lines"]

Line = tuple[str, str | None]
_MARKS = {"signed": "✓", "approved": "✓", "declined": "✗", "expired": "–", "not_needed": "–"}


def envelope_lines(value: Mapping[str, Any], lang: str) -> list[Line]:
    """Return an envelope as lines, each with a style or none."""
    state = text(f"state.{value['state']}", lang)
    lines: list[Line] = [(printable(value["title"]), "bold")]
    test = "  TEST" if value["environment"] == "test" else ""
    lines.append((f"  {text('cli.envelope', lang)} {value['id']}  ·  {state}{test}", None))
    if value["deadline"]:
        lines.append((f"  {text('cli.deadline', lang)} {local_time(value['deadline'])}", None))
    for key, item in value["metadata"].items():
        label = text(f"meta.{key}", lang)
        lines.append((f"  {printable(key if label == f'meta.{key}' else label)}: {printable(item)}", "dim"))
    for document in value["documents"]:
        pages = text("cli.pages", lang, count=document["pages"])
        lines.append((f"  {printable(document['name'])}  ({pages})", None))
    width = max((len(printable(item["name"])) for item in value["signatories"]), default=0)
    for item in value["signatories"]:
        mark = _MARKS.get(item["state"], "·")
        role = text(f"role.{item['role']}", lang)
        words = printable(item["role"] if role.startswith("role.") else role)
        at = f"  {local_time(item['at'])}" if item["at"] and item["state"] in {"signed", "declined"} else ""
        status = text(f"signatory.{item['state']}", lang)
        lines.append((f"  {mark} {printable(item['name']):<{width}}  {words}  –  {status}{at}", _style(item["state"])))
    return lines


def envelope_row(value: Mapping[str, Any], lang: str) -> str:
    """Return an envelope as one line of a list."""
    done = sum(1 for item in value["signatories"] if item["state"] == "signed")
    state = text(f"state.{value['state']}", lang)
    count = f"{done}/{len(value['signatories'])}"
    return f"{value['id'][:8]}  {value['created'][:10]}  {state:<14} {count:>5}  {printable(value['title'])}"


def local_time(moment: str) -> str:
    """Return an instant to the minute, in UTC and saying so: the one clock of every proof."""
    return f"{moment[:10]} {moment[11:16]} UTC"


def repair_lines(report: Any, lang: str) -> list[str]:
    """Return what a repair changed."""
    lines = [text("cli.repair.changed", lang)]
    lines += [f"  - {text(f'repair.{change}', lang)}" for change in report.changes]
    return lines


def _style(state: str) -> str | None:
    return {"signed": "green", "declined": "red"}.get(state)
