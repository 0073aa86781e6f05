"""Envelopes and repairs as lines for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from signkit.texts import text
from signkit_cli.terminal import printable

__all__ = ["envelope_lines", "envelope_row", "local_time", "repair_lines"]

Line = tuple[str, str | None]
_MARKS = {"signed": "✓", "approved": "✓", "declined": "✗", "expired": "–", "not_needed": "–"}


def envelope_lines(value: Mapping[str, Any], lang: str) -> list[Line]:
    """Return an envelope as lines, each with a style or none."""
    lines: list[Line] = [(_title(value, lang), "bold")]
    facts = list(_facts(value, lang))
    width = max(len(label) for label, _ in facts)
    lines += [(f"  {label:<{width}}  {words}", None) for label, words in facts]
    lines.append(("", None))
    rows = [_place(item, lang) for item in value["signatories"]]
    widths = [max((len(row[column]) for row in rows), default=0) for column in (0, 1)]
    for item, (name, role, status) in zip(value["signatories"], rows, strict=True):
        mark = _MARKS.get(item["state"], "·")
        lines.append((f"  {mark} {name:<{widths[0]}}  {role:<{widths[1]}}  {status}", _style(item["state"])))
    return lines


def _facts(value: Mapping[str, Any], lang: str) -> Iterator[tuple[str, str]]:
    """Give label and words of what an envelope is; an empty label goes on with the one before."""
    test = "  TEST" if value["environment"] == "test" else ""
    yield text("cli.envelope", lang), f"{value['id']}  {text('state.' + value['state'], lang)}{test}"
    if value["deadline"]:
        yield text("cli.deadline", lang), _deadline(value["deadline"])
    for key, item in value["metadata"].items():
        label = text(f"meta.{key}", lang)
        words = key if label == f"meta.{key}" else label
        yield printable(words[:1].upper() + words[1:]), printable(item)
    for number, document in enumerate(value["documents"]):
        count = document["pages"]
        pages = text("cli.pages_one" if count == 1 else "cli.pages", lang, count=count)
        yield "" if number else text("cli.documents", lang), f"{_name(document, lang)} ({pages})"
    if value["erased"]:
        yield text("cli.erased", lang), f"{value['erased']['at'][:10]} ({printable(value['erased']['rule'])})"
    for key in ("corrects", "corrected_by"):
        if value[key]:
            yield text(f"cli.{key}", lang), value[key]
    for number, told in enumerate(value["recipients"]):
        words = f"{_name(told, lang)} ({text('capacity.' + told['capacity'], lang)})"
        yield "" if number else text("cli.recipients", lang), words


def _place(item: Mapping[str, Any], lang: str) -> tuple[str, str, str]:
    role = text(f"role.{item['role']}", lang)
    words = item["role"] if role.startswith("role.") else role
    if item["paragraphs"]:
        words = text("place.paragraphs", lang, role=words, paragraphs=item["paragraphs"].replace("-", "\u2013"))
    at = f" {local_time(item['at'])}" if item["at"] and item["state"] in {"signed", "approved", "declined"} else ""
    name = _name(item, lang)
    name = name if item["delegate"] is None else f"{name} → {printable(item['delegate'])}"
    return name, printable(words), text(f"signatory.{item['state']}", lang) + at


def _title(value: Mapping[str, Any], lang: str) -> str:
    """Return the title, or the words for one that was erased."""
    return text("cli.erased_title", lang) if value["erased"] else printable(value["title"])


def _name(value: Mapping[str, Any], lang: str) -> str:
    """Return the name of a person or a document, or the words for one that was erased."""
    return text("cli.erased_name", lang) if value["name"] is None else printable(value["name"])


def _deadline(moment: str) -> str:
    """Return a deadline in Swedish time, as it was set; the hour only where it is not the end of a day."""
    local = datetime.fromisoformat(moment).astimezone(ZoneInfo("Europe/Stockholm"))
    return f"{local:%Y-%m-%d}" if (local.hour, local.minute) == (23, 59) else f"{local:%Y-%m-%d %H:%M}"


def envelope_row(value: Mapping[str, Any], lang: str) -> str:
    """Return an envelope as one line of a list."""
    done = sum(1 for item in value["signatories"] if item["state"] in {"signed", "approved"})
    state = text(f"state.{value['state']}", lang)
    count = f"{done}/{len(value['signatories'])}"
    return f"{value['id'][:8]}  {value['created'][:10]}  {state:<14} {count:>5}  {_title(value, lang)}"


def local_time(moment: str) -> str:
    """Return an instant to the minute, in UTC and saying so: the one clock of every proof."""
    return f"{moment[:10]} {moment[11:16]} UTC"


def repair_lines(report: Any, lang: str) -> list[str]:
    """Return what a repair changed."""
    lines = [text("cli.repair.changed", lang)]
    lines += [f"  - {text(f'repair.{change}', lang)}" for change in report.changes]
    return lines


def _style(state: str) -> str | None:
    return {"signed": "green", "approved": "green", "declined": "red"}.get(state)
