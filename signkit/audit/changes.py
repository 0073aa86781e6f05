"""Step 3: what has happened to the file, by object number (``signkit.pades.changes``), and how its pages look. C2."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from signkit.audit.case import Case
from signkit.errors import DocumentError
from signkit.model.report import ChangeLevel, Verdict
from signkit.model.risks import Risk
from signkit.pades.changes import LayoutFacts, check_places, check_signkit_file, classify_changes
from signkit.pages.render import differing_pages

__all__ = ["check_changes"]

_CHUNK: Final = 1024 * 1024
_SILENT: Final = frozenset({ChangeLevel.NONE, ChangeLevel.VALIDATION_DATA, ChangeLevel.TIMESTAMP})
_MAX_PAGES: Final = 2_000


def check_changes(case: Case) -> None:
    """Judge every revision after R0 (a signkit file) or after the first signature (anybody's)."""
    manifest = case.manifest
    after = manifest.own.r0.size if manifest else None
    case.findings += check_places(case.pdf, signkit_after=after)
    if manifest is None:
        _check_others(case)
        return
    completion = case.completion
    unsigned = [
        manifest.fields.signatories[key]
        for key, outcome in (completion.signatories.items() if completion else ())
        if outcome not in {"signed", "approved"} and key in manifest.fields.signatories
    ]
    facts = LayoutFacts(
        size_r0=manifest.own.r0.size,
        size_r1=manifest.own.r1.size,
        certify=manifest.fields.certify,
        complete=manifest.fields.complete,
        persons=tuple(manifest.fields.signatories.values()),
        unsigned=tuple(unsigned),
        trailing_bytes=Risk.TRAILING_BYTES.value in manifest.own.risks,
    )
    findings = check_signkit_file(case.pdf, facts)
    case.findings += findings
    clean = all(item.verdict is Verdict.PASSED for item in findings)
    case.levels = {fact.field: _level_after(case, fact.end) if clean else ChangeLevel.OTHER for fact in case.facts}
    if case.passed("3"):
        case.note("3", "changes.only_signing")


def _level_after(case: Case, end: int) -> ChangeLevel:
    later = [fact for fact in case.facts if fact.end > end]
    if any(not fact.timestamp for fact in later):
        return ChangeLevel.FORM_FILL
    return ChangeLevel.TIMESTAMP if later else ChangeLevel.NONE


def _check_others(case: Case) -> None:
    found = classify_changes(case.pdf)
    case.findings += found.findings
    case.levels = dict(found.levels)
    if found.changed_pages and found.first_signed is not None:
        _compare_images(case, found.changed_pages, case.pdf.revisions[found.first_signed].end)
    if case.passed("3"):
        worst = [level for level in found.levels.values() if level not in _SILENT]
        case.note("3", "changes.explained" if worst else "changes.none")


def _compare_images(case: Case, pages: tuple[int, ...], end: int) -> None:
    """Pages whose objects changed look the same, unless something was filled in or noted on them."""
    visible = [level for level in case.levels.values() if level not in _SILENT]
    if visible:
        case.skip("3", "changes.images_differ_by_right", pages=len(pages))
        return
    with tempfile.TemporaryDirectory(prefix="signkit-") as folder:
        before = Path(folder) / "signed.pdf"
        try:
            with before.open("wb") as stream:
                for at in range(0, end, _CHUNK):
                    stream.write(case.pdf.bytes(at, min(end, at + _CHUNK)))
            different = differing_pages(before, case.given.path, pages=pages[:_MAX_PAGES])
        except (DocumentError, OSError):
            case.doubt("3", "changes.images_not_compared")
            return
    for page in different[:20]:
        case.fail("3", "changes.page_looks_different", page=page + 1)
