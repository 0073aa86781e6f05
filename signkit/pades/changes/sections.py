"""One cross-reference section per revision, chained, with R0's own trailer (ISO 32000-1 clause 7.5.5)."""

from __future__ import annotations

from typing import Final

from signkit.model.report import Finding
from signkit.pades.changes.compare import same, same_but
from signkit.pades.changes.findings import failed
from signkit.pades.changes.story import Step, Story
from signkit.pades.structure import Dict

__all__ = ["check_sections"]

_FREE_KEYS: Final = (
    "Size",
    "Prev",
    "ID",
    "Type",
    "W",
    "Index",
    "Length",
    "Filter",
    "DecodeParms",
    "XRefStm",
)


def check_sections(story: Story, step: Step) -> list[Finding]:
    """Return what is wrong with the section of ``step``, without looking at any object."""
    revision, found = step.revision, []
    if revision.kind == "hybrid" or len(revision.sections) != 1:
        found.append(failed("sections", subject=str(step)))
    before = story.pdf.revisions[revision.index - 1]
    if revision.trailer.get("Prev") != before.xref_offset - story.pdf.base:
        found.append(failed("previous_section", subject=str(step)))
    rows = [num for section in revision.sections for num in section.numbers()]
    if len(rows) != len(set(rows)):
        found.append(failed("number_twice", subject=str(step)))
    size, highest = revision.trailer.get("Size"), max(rows, default=0)
    earlier = before.trailer.get("Size")
    if type(size) is not int or type(earlier) is not int or size <= highest or size < earlier:
        found.append(failed("trailer_size", subject=str(step)))
    found += _trailer(story.r0.trailer, revision.trailer, step)
    if _misplaced(step) or "XRefStm" in revision.trailer:
        found.append(failed("sections", subject=str(step)))
    for num, entry in step.entries.items():
        earlier_entry = step.before.entry(num)
        expected = 0 if earlier_entry.free else earlier_entry.gen
        if not entry.free and entry.gen != expected:
            found.append(failed("generation", subject=str(step), number=num))
    if any(entry.free for entry in step.entries.values()):
        found.append(failed("object_freed", subject=str(step)))
    return found


def _misplaced(step: Step) -> bool:
    """Say whether number 0 is in use, or a cross-reference stream's own row or number is not its own."""
    for section in step.revision.sections:
        zero = section.lookup(0)
        if zero is not None and not zero.free:
            return True
        if section.number is None:
            continue
        row = section.lookup(section.number)
        if row is not None and (row.offset + step.story.pdf.base, row.gen, row.container) != (section.offset, 0, None):
            return True
        if not step.before.entry(section.number).free:
            return True
    return False


def _trailer(first: Dict, trailer: Dict, step: Step) -> list[Finding]:
    found: list[Finding] = []
    key = same_but(first, trailer, _FREE_KEYS)
    if key is not None:
        found.append(failed("trailer", subject=str(step), key=key[:40]))
    if trailer.repeated:
        found.append(failed("repeated_keys", subject=str(step)))
    old, new = first.get("ID"), trailer.get("ID")
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new) == 2:
        if not same(old[0], new[0]) or not isinstance(new[1], bytes):
            found.append(failed("trailer", subject=str(step), key="ID"))
    elif not same(old, new):
        found.append(failed("trailer", subject=str(step), key="ID"))
    return found
