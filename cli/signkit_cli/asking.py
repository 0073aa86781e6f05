"""What a clerk writes on the command line about an envelope, read strictly."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from signkit.errors import UsageError

if TYPE_CHECKING:
    from datetime import datetime

    from signkit.model.rule_request import RuleRequest
    from signkit.model.signatory import Invitee

__all__ = ["read_deadline", "read_invitees", "read_kind", "read_metadata", "read_risks"]


def read_metadata(pairs: list[str]) -> dict[str, str]:
    """Return decision metadata given as KEY=VALUE."""
    metadata: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        key, value = key.strip(), " ".join(value.split())
        if not equals or not key or not value or len(key) > 60 or len(value) > 300 or len(metadata) >= 40:
            raise UsageError(
                "metadata is written KEY=VALUE, at most 40 of them", code="usage.meta", hint="--meta case=KS2026/118"
            )
        if key in metadata:
            raise UsageError(f"metadata {key!r} is given twice", code="usage.meta")
        metadata[key] = value
    return metadata


def read_invitees(options: list[str], file: Path | None, rules: list[str]) -> tuple[list[Invitee], RuleRequest]:
    """Return the people asked and the rules; what the command line says goes over what the file says."""
    from signkit.model.rule_request import RuleRequest, parse_rule_options, parse_rule_table
    from signkit.model.signatory import parse_signatory, parse_signatory_file

    invitees = [parse_signatory(option) for option in options]
    request = RuleRequest()
    if file is not None:
        try:
            if file.stat().st_size > 1 << 20:
                raise UsageError(f"{file} is larger than 1 MiB", code="usage.signatories")
            data = file.read_bytes()
        except OSError as exc:
            raise UsageError(f"{file} cannot be read: {exc.strerror}", code="usage.signatories") from exc
        found = parse_signatory_file(data, suffix=file.suffix, file=str(file))
        invitees += found.invitees
        request = parse_rule_table(found.rules, where=str(file))
    return invitees, parse_rule_options(rules).over(request)


def read_risks(codes: list[str]) -> frozenset[str]:
    """Return the risks that the clerk accepts."""
    import difflib

    from signkit.model.risks import REFUSING

    known = sorted({risk.value for risk in REFUSING} | {"unidentified"})
    for code in codes:
        if code not in known:
            near = difflib.get_close_matches(code, known, n=1)
            raise UsageError(
                f"no risk is called {code[:40]!r}",
                code="usage.risk",
                hint=f"did you mean {near[0]!r}?" if near else "known: " + ", ".join(known),
            )
    return frozenset(codes)


def read_kind(kind: str) -> str:
    """Return a kind of document that exists."""
    import difflib

    from signkit.model.envelope import DocumentKind

    known = [item.value for item in DocumentKind]
    if kind not in known:
        near = difflib.get_close_matches(kind, known, n=1)
        raise UsageError(
            f"no kind of document is called {kind[:40]!r}",
            code="usage.kind",
            hint=f"did you mean {near[0]!r}?" if near else "known: " + ", ".join(known),
        )
    return kind


def read_deadline(text: str) -> datetime:
    """Return the instant meant: a date is the end of that day in Sweden, a time without a zone is Swedish time."""
    from datetime import UTC, datetime, time
    from zoneinfo import ZoneInfo

    try:
        moment = datetime.fromisoformat(text)
    except ValueError as exc:
        raise UsageError(
            f"{text[:40]!r} is not a date", code="usage.deadline", hint="write 2026-12-24 or 2026-12-24T16:00+01:00"
        ) from exc
    if len(text) <= len("2026-12-24"):
        moment = datetime.combine(moment.date(), time(23, 59, 59))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo("Europe/Stockholm"))
    return moment.astimezone(UTC)
