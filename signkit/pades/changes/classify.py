"""Recipe step 3 for anybody's PDF: every revision after a signature classified, and which pages may look different."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from signkit.errors import UnreadableDocumentError
from signkit.model.report import ChangeLevel, Finding
from signkit.pades.changes.findings import failed, undecided
from signkit.pades.changes.levels import ORDER, RevisionChanges, highest_level
from signkit.pades.changes.locks import Permissions, permissions_of
from signkit.pades.changes.places import Place, places
from signkit.pades.changes.sharing import Base
from signkit.pades.structure import Pdf, Ref, Stream, Value, View
from signkit.pades.structure.limits import over

__all__ = ["Classified", "changed_pages", "classify_changes"]

_NOT_CONTENT: Final = frozenset(("Parent", "P", "Dest", "A", "AA", "StructParent", "Popup", "IRT", "B", "V", "Lock"))
"""Keys of pages and annotations that lead away from what is drawn."""
_HARMLESS: Final = frozenset((ChangeLevel.NONE, ChangeLevel.VALIDATION_DATA, ChangeLevel.TIMESTAMP))
_MAX_REVISIONS: Final = 1_000
"""Most revisions that are classified."""
_MAX_WORK: Final = 4_000_000
"""Pages and fields, times the revisions in which each is looked at."""
_MAX_OBJECTS: Final = 500_000


@dataclass(frozen=True, slots=True)
class Classified:
    """What happened after each signature."""

    places: tuple[Place, ...]
    levels: Mapping[str, ChangeLevel]
    """Field name → what came after that signature (``changes_after`` of signkit.report/1)."""
    findings: tuple[Finding, ...]
    changed_pages: tuple[int, ...]
    """Pages, from 0, that lead to objects changed after the first signature: compare their images."""
    first_signed: int | None
    """Index of the oldest signed revision."""


def classify_changes(pdf: Pdf) -> Classified:
    """Return what each revision after a signature did; nothing is raised, what cannot be read is a finding."""
    try:
        return _classify(pdf)
    except UnreadableDocumentError as exc:
        limit = exc.code == "structure.limit"
        finding = (undecided if limit else failed)("limit" if limit else "unreadable", reason=exc.message)
        return Classified((), {}, (finding,), (), None)


def _classify(pdf: Pdf) -> Classified:
    found = places(pdf)
    signed = sorted({place.revision for place in found if place.revision is not None})
    if not signed:
        levels = {place.field: ChangeLevel.OTHER for place in found}
        return Classified(tuple(found), levels, (), (), None)
    later = len(pdf.revisions) - signed[0]
    newest = pdf.view()
    if later > _MAX_REVISIONS or later * (len(newest.pages) + len(newest.fields)) > _MAX_WORK:
        raise over("revisions after a signature", _MAX_REVISIONS)
    base = Base(pdf.view(signed[0]))
    changes = {index: RevisionChanges(pdf, index, base) for index in range(signed[0] + 1, len(pdf.revisions))}
    levels = {}
    for place in found:
        after = ChangeLevel.OTHER
        if place.revision is not None:
            after = highest_level(item.level for index, item in changes.items() if index > place.revision)
        levels[place.field] = highest_level([levels.get(place.field, ChangeLevel.NONE), after])
    findings = _findings(pdf, changes, signed, found)
    touched = set().union(*(item.changed for item in changes.values())) if changes else set()
    return Classified(tuple(found), levels, tuple(findings), changed_pages(pdf.view(), touched), signed[0])


def _findings(pdf: Pdf, changes: Mapping[int, RevisionChanges], signed: list[int], found: list[Place]) -> list[Finding]:
    problems: list[Finding] = []
    last = signed[-1]
    permissions = [said for place in found if (said := permissions_of(pdf, place)) is not None]
    allowed = _permitted(permissions, len(pdf.revisions))
    for index, item in changes.items():
        if [page.ref for page in pdf.view(index - 1).pages] != [page.ref for page in pdf.view(index).pages]:
            problems.append(failed("pages_moved", subject=f"revision {index + 1}"))
        if item.level is ChangeLevel.OTHER:
            numbers = ", ".join(str(num) for num in item.unexplained[:8])
            problems.append(failed("unexplained", subject=f"revision {index + 1}", numbers=numbers or "-"))
        elif ORDER.index(item.level) > ORDER.index(allowed.get(index, ChangeLevel.FORM_FILL)):
            problems.append(failed("not_permitted", subject=f"revision {index + 1}", level=item.level.value))
        elif item.level is ChangeLevel.ANNOTATION:
            problems.append(undecided("annotated", subject=f"revision {index + 1}"))
        problems += _locked(permissions, index, item)
        if index > last and item.empty:
            problems.append(failed("empty_section", subject=f"revision {index + 1}"))
        elif index > last and item.level is not ChangeLevel.VALIDATION_DATA:
            problems.append(failed("after_last", subject=f"revision {index + 1}", level=item.level.value))
    covered = [place.byte_range[-2] + place.byte_range[-1] for place in found if place.byte_range and place.revision]
    if pdf.size > max([pdf.revisions[-1].end, *covered]):
        problems.append(failed("tail"))
    return problems


def _permitted(found: Sequence[Permissions], count: int) -> dict[int, ChangeLevel]:
    """Return the highest level that DocMDP and locks leave to each later revision (ISO 32000-2 table 257)."""
    levels = {1: ChangeLevel.TIMESTAMP, 2: ChangeLevel.FORM_FILL, 3: ChangeLevel.ANNOTATION}
    permitted: dict[int, ChangeLevel] = {}
    for item in found:
        if item.level is None:
            continue
        for index in range(item.revision + 1, count):
            ceiling = levels[item.level]
            if index not in permitted or ORDER.index(ceiling) < ORDER.index(permitted[index]):
                permitted[index] = ceiling
    return permitted


def _locked(found: Sequence[Permissions], index: int, item: RevisionChanges) -> list[Finding]:
    """Return fields that a signature locked and that a later revision filled, made or drew anew (clause 12.8.2.4).

    A document timestamp is such a field where everything is locked: validators disagree, so that stays open.
    """
    names = {name for signed in found if signed.revision < index for name in signed.locked(item.filled)}
    where = f"revision {index + 1}"
    if item.level in _HARMLESS:
        return [undecided("timestamp_locked", subject=where)] if names else []
    return [failed("locked_field", subject=where, field=name[:60]) for name in sorted(names)[:20]]


def changed_pages(view: View, touched: set[int]) -> tuple[int, ...]:
    """Return the pages whose content, resources or annotations lead to a number in ``touched``."""
    if not touched:
        return ()
    clean: set[int] = set()
    return tuple(
        page.index
        for page in view.pages
        if _leads_to(view, [page.ref, *_inherited_resources(view, page.parents)], touched, clean)
    )


def _inherited_resources(view: View, parents: tuple[Ref, ...]) -> list[Value]:
    return [view.get_dict(ref).get("Resources") for ref in parents]


def _leads_to(view: View, roots: list[Value], touched: set[int], clean: set[int]) -> bool:
    """Say whether ``roots`` lead to ``touched``; what was walked in vain is added to ``clean``."""
    seen: set[int] = set()
    stack = list(roots)
    while stack:
        item = stack.pop()
        if isinstance(item, Ref):
            if item.num in touched:
                return True
            if item.num in seen or item.num in clean:
                continue
            seen.add(item.num)
            if len(seen) > _MAX_OBJECTS:
                return True
            stack.append(view.get(item.num))
        elif isinstance(item, Stream):
            stack.extend(part for key, part in item.dict.items() if key not in _NOT_CONTENT)
        elif isinstance(item, dict):
            stack.extend(part for key, part in item.items() if key not in _NOT_CONTENT)
        elif isinstance(item, list):
            stack.extend(item)
    clean |= seen
    return False
