"""R0's pages stay where they are; new ones come after them, in R1 only (proof.md section 2 *Objects*, (b))."""

from __future__ import annotations

from typing import Final

from signkit.model.report import Finding
from signkit.pades.changes.compare import appended, same, same_but
from signkit.pades.changes.findings import failed
from signkit.pades.changes.story import Step, Story
from signkit.pades.structure import Dict, Ref, Value

__all__ = ["check_pages", "new_pages", "page_box"]

_PAGE_KEYS: Final = frozenset(
    ("Type", "Parent", "MediaBox", "CropBox", "Rotate", "Resources", "Contents", "Annots", "StructParents", "Tabs")
)
_RESOURCES: Final = frozenset(("Font", "ColorSpace", "ProcSet"))
"""A page of ours is text and lines: no pictures, patterns, layers or forms."""
_LEAST_SIDE: Final = 72
_MOST_SIDE: Final = 14_400
"""ISO 32000-1 annex C.2."""


def check_pages(story: Story, step: Step) -> list[Finding]:
    """Return what ``step`` does to the page tree beyond appending pages of our kind to its root, once."""
    root_before = step.before.get_dict(step.before.catalog.get("Pages"))
    root_after = step.after.get_dict(step.after.catalog.get("Pages"))
    old, new = root_before.get("Kids"), root_after.get("Kids")
    where = str(step)
    if step.number > 1 or story.signed_input:
        touched = not same(root_before, root_after) or not same(step.before.resolve(old), step.after.resolve(new))
        return [failed("pages", subject=where)] if touched else []
    added = appended(step.before.get_list(old), step.after.get_list(new))
    if added is None or (isinstance(old, Ref) and not same(old, new)):
        return [failed("pages", subject=where)]
    found: list[Finding] = []
    if same_but(root_before, root_after, ("Kids", "Count")) is not None:
        found.append(failed("pages", subject=where))
    counts = root_before.get("Count"), root_after.get("Count")
    counts = step.before.resolve(counts[0]), step.after.resolve(counts[1])
    if type(counts[0]) is not int or counts[1] != counts[0] + len(added):
        found.append(failed("page_count", subject=where))
    if len(step.after.pages) != len(step.before.pages) + len(added):
        found.append(failed("pages", subject=where))
    for kid in added:
        found += _page(story, step, kid)
    return found


def page_box(page: Dict) -> tuple[float, float, float, float] | None:
    """Return the one box of a page of ours, all of it shown and upright; None for any other."""
    box = page.get("MediaBox")
    if not isinstance(box, list) or len(box) != 4 or not all(type(side) in {int, float} for side in box):
        return None
    left, bottom, right, top = (float(side) for side in box)
    fits = all(_LEAST_SIDE <= side <= _MOST_SIDE for side in (right - left, top - bottom))
    whole = same(page.get("CropBox", box), box) and (page.get("Rotate", 0), left, bottom) == (0, 0, 0)
    return (left, bottom, right, top) if fits and whole else None


def new_pages(story: Story, step: Step) -> list[Ref]:
    """Return the pages that R1 appended."""
    count = len(story.r0.pages)
    return [page.ref for page in step.after.pages[count:]]


def _page(story: Story, step: Step, kid: Value) -> list[Finding]:
    where = str(step)
    page = step.after.get_dict(kid)
    if not isinstance(kid, Ref) or kid.num not in step.added or page.get("Type") != "Page":
        return [failed("page_keys", subject=where, key="Type")]
    found = [failed("page_keys", subject=where, key=key[:40]) for key in page if key not in _PAGE_KEYS]
    if not same(page.get("Parent"), step.after.catalog.get("Pages")):
        found.append(failed("page_keys", subject=where, key="Parent"))
    resources = page.get("Resources")
    if not isinstance(resources, Dict | Ref) or not step.after.get_dict(resources).keys() <= _RESOURCES:
        found.append(failed("page_keys", subject=where, key="Resources"))
    if page_box(page) is None:
        found.append(failed("page_box", subject=where))
    return found + _annotations(story, step, kid, page)


def _annotations(story: Story, step: Step, kid: Ref, page: Dict) -> list[Finding]:
    """Everything that lies on a new page is a field of the manifest, and knows it."""
    ours = dict(story.fields_by_name(step.after).values())
    annotations = step.after.get_list(page.get("Annots"))
    if len({item.num for item in annotations if isinstance(item, Ref)}) != len(annotations):
        return [failed("foreign_annotation", subject=str(step))]
    for item in annotations:
        field = ours.get(item.num) if isinstance(item, Ref) else None
        if field is None or not same(field.get("P"), kid):
            return [failed("foreign_annotation", subject=str(step))]
    return []
