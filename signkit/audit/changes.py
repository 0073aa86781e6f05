"""Step 3: what has happened to the file, by object number (``signkit.pades.changes``), and how its pages look. C2."""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path
from typing import Final

from signkit.audit.case import Case
from signkit.errors import DocumentError, UnreadableDocumentError
from signkit.model.report import ChangeLevel, Verdict
from signkit.model.risks import Risk
from signkit.model.statement import Manifest
from signkit.pades.changes import (
    Classified,
    LayoutFacts,
    check_places,
    check_signkit_file,
    classify_changes,
    forbidding,
    highest_level,
)
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
    _check_earlier(case, manifest)
    if case.passed("3"):
        case.note("3", "changes.only_signing")


def _check_earlier(case: Case, manifest: Manifest) -> None:
    """Signatures that R0 brought along cover what people were asked to sign: being sent again mends nothing.

    Their revisions are classified as in anybody's file; what signkit added afterwards is judged by its own closed list.
    """
    size = manifest.own.r0.size
    earlier = [fact.field for fact in case.facts if 0 < fact.end <= size]
    if not earlier or not 0 < size <= case.pdf.size:
        return
    try:
        pdf = case.pdf.prefix(size)
    except UnreadableDocumentError:
        return  # step 6 says so
    found = classify_changes(pdf)
    trailing = Risk.TRAILING_BYTES.value in manifest.own.risks
    for item in found.findings:
        if not (trailing and item.code == "changes.tail"):
            case.findings.append(dataclasses.replace(item, subject=f"R0, {item.subject}" if item.subject else "R0"))
    case.findings += forbidding(pdf, found.places)
    levels = {name: found.levels.get(name, ChangeLevel.OTHER) for name in earlier}
    case.levels = {**case.levels, **{name: highest_level((case.levels[name], levels[name])) for name in earlier}}
    if found.changed_pages and found.first_signed is not None:
        with tempfile.TemporaryDirectory(prefix="signkit-") as folder:
            newest = Path(folder) / "brought.pdf"
            _write_prefix(case, newest, size)
            _compare_images(case, found, newest)


def _level_after(case: Case, end: int) -> ChangeLevel:
    later = [fact for fact in case.facts if fact.end > end]
    if any(not fact.timestamp for fact in later):
        return ChangeLevel.FORM_FILL
    return ChangeLevel.TIMESTAMP if later else ChangeLevel.NONE


def _check_others(case: Case) -> None:
    found = classify_changes(case.pdf)
    case.findings += found.findings
    case.levels = dict(found.levels)
    if found.changed_pages:
        _compare_images(case, found, case.given.path)
    if case.passed("3"):
        worst = [level for level in found.levels.values() if level not in _SILENT]
        case.note("3", "changes.explained" if worst else "changes.none")


def _write_prefix(case: Case, target: Path, size: int) -> None:
    with target.open("wb") as stream:
        for at in range(0, size, _CHUNK):
            stream.write(case.pdf.bytes(at, min(size, at + _CHUNK)))


def _compare_images(case: Case, found: Classified, newest: Path) -> None:
    """Pages whose objects changed look the same, unless something was filled in or noted on them."""
    if found.first_signed is None:
        return
    pages = found.changed_pages
    if any(level not in _SILENT for level in found.levels.values()):
        case.skip("3", "changes.images_differ_by_right", pages=len(pages))
        return
    with tempfile.TemporaryDirectory(prefix="signkit-") as folder:
        before = Path(folder) / "signed.pdf"
        try:
            _write_prefix(case, before, case.pdf.revisions[found.first_signed].end)
            different = differing_pages(before, newest, pages=pages[:_MAX_PAGES])
        except (DocumentError, OSError):
            case.doubt("3", "changes.images_not_compared")
            return
    for page in different[:20]:
        case.fail("3", "changes.page_looks_different", page=page + 1)
