"""``signkit doctor --file``: can this PDF be signed, what is risky about it, and what helps?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from signkit.texts import text
from signkit_cli.exit_codes import ExitCode
from signkit_cli.terminal import printable

if TYPE_CHECKING:
    from signkit.model.risks import RiskFound
    from signkit.pades.examine import Examination
    from signkit_cli.session import Session

__all__ = ["tell_file"]

_SHOWN = 5
"""Places told of one risk; the JSON holds them all."""


def tell_file(session: Session, path: Path) -> ExitCode:
    """Tell what is known of a file; 13 if it cannot be signed as it is.

    Raises:
        DocumentError: it cannot be signed or read at all; says why and what helps.
    """
    from signkit.model.risks import refused
    from signkit.pades.examine import examine

    found = examine(path)
    stopping = refused(found.risks)
    if session.terminal.as_json:
        session.terminal.json(_json(path, found, [str(risk) for risk in stopping]))
    elif stopping or not session.terminal.quiet:
        lang = session.terminal.lang
        words = text("doctor.file_risky" if stopping else "doctor.file_ok", lang, name=printable(path.name))
        session.terminal.line(words, style="red" if stopping else "green")
        for line in _lines(found, lang):
            session.terminal.line(f"  {line}")
    return ExitCode.DOCUMENT if stopping else ExitCode.OK


def _lines(found: Examination, lang: str) -> Iterator[str]:
    facts = found.facts
    yield text("doctor.file_facts", lang, version=facts.version, pages=facts.pages, size=facts.size)
    if facts.claims.label:
        yield text("doctor.file_claims", lang, claims=facts.claims.label)
    if facts.signatures:
        yield text("doctor.file_signed", lang, count=len(facts.signatures))
    by_risk: dict[str, list[RiskFound]] = {}
    for item in sorted(found.risks, key=lambda item: (not item.risk.refuses, item.risk)):
        by_risk.setdefault(item.risk.value, []).append(item)
    for risk, items in by_risk.items():
        yield f"{'✗' if items[0].risk.refuses else '·'} {text(f'risk.{risk}', lang)}"
        for item in items[:_SHOWN]:
            yield f"    {_detail(item, lang)}"
        if len(items) > _SHOWN:
            yield f"    … +{len(items) - _SHOWN}"


def _detail(item: RiskFound, lang: str) -> str:
    params: dict[str, Any] = {key: printable(value) for key, value in item.params.items()}
    words = text(f"risk.{item.risk}.detail.{item.detail}", lang, **params)
    return f"{words}, {text('doctor.file_page', lang, page=item.page)}" if item.page else words


def _json(path: Path, found: Examination, refusing: list[str]) -> dict[str, Any]:
    facts = found.facts
    return {
        "schema": "signkit.doctor/1",
        "file": {"path": str(path), "sha256": found.sha256, "size": found.size, "pages": found.pages},
        "sound": not refusing,
        "refused": refusing,
        "version": facts.version,
        "claims": facts.claims.label or None,
        "signatures": len(facts.signatures),
        "findings": [
            {
                "severity": "fault" if item.risk.refuses else "note",
                "code": f"risk.{item.risk}",
                "detail": item.detail,
                "page": item.page,
                "object": item.number,
                "params": dict(item.params),
            }
            for item in found.risks
        ],
    }
