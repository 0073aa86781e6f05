"""What ``signkit doctor`` found, as lines for people and as ``signkit.doctor/1``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from signkit.canonical import Json
from signkit.texts import text
from signkit_cli.health import Health, Symptom
from signkit_cli.terminal import printable

__all__ = ["health_json", "health_lines"]

Line = tuple[str, str | None]
Fixed = Sequence[tuple[str, str]]


def health_json(health: Health, folder: Path, fixed: Fixed, lang: str) -> dict[str, Json]:
    """Return ``signkit.doctor/1``."""
    return {
        "schema": "signkit.doctor/1",
        "home": str(folder),
        "sound": health.sound,
        "entries": health.entries,
        "envelopes": health.envelopes,
        "findings": [
            {
                "severity": item.severity,
                "code": item.code,
                "message": _message(item, lang),
                "hint": item.hint or item.params.get("command"),
                "subject": item.subject,
            }
            for item in health.symptoms
        ],
        "fixed": [{"kind": kind, "subject": subject} for kind, subject in fixed],
    }


def health_lines(health: Health, fixed: Fixed, lang: str) -> list[Line]:
    """Return what was found: faults first, then notes, each with what to do."""
    lines: list[Line] = []
    for kind, count in sorted(Counter(kind for kind, _ in fixed).items()):
        lines.append((text(f"doctor.fixed_{kind}", lang, count=count), None))
    faults = [item for item in health.symptoms if item.severity == "fault"]
    notes = [item for item in health.symptoms if item.severity != "fault"]
    params: dict[str, Any] = {"envelopes": health.envelopes, "entries": health.entries, "count": len(faults)}
    lines.append((text("doctor.unsound" if faults else "doctor.sound", lang, **params), "red" if faults else "green"))
    for mark, style, items in (("✗", "red", faults), ("·", None, notes)):
        for item in items:
            lines.append((f"  {mark} {_message(item, lang)}", style))
            hint = item.hint or item.params.get("command")
            if hint:
                lines.append((f"      {printable(hint)}", "dim"))
    return lines


def _message(item: Symptom, lang: str) -> str:
    if item.message is not None:
        translated = text(item.code, lang, **item.params)
        return printable(item.message if lang == "en" or translated == item.code else translated)
    params = {key: printable(value) if isinstance(value, str) else value for key, value in item.params.items()}
    words = text(item.code, lang, **params)
    subject = item.subject
    return f"{words} ({printable(subject)})" if subject and subject not in words else words
