r"""A revision's bytes are its objects, its section and its end, and nothing else (proof.md section 2 *Objects*).

Exactly, as written by pyHanko 0.38: optional LF (R1 only), objects in file order each at the offset that the section
names and each followed by one LF, the section, ``startxref``, the offset, ``%%EOF`` and LF. After a cross-reference
stream one empty line may come before ``startxref``.
"""

from __future__ import annotations

import re
from typing import Final

from signkit.errors import UnreadableDocumentError
from signkit.model.report import Finding
from signkit.pades.changes.findings import failed
from signkit.pades.changes.story import Step, Story
from signkit.pades.structure import Stream

__all__ = ["check_tiling"]

_END: Final = re.compile(rb"\n\n?startxref\n(\d{1,12})\n%%EOF\n")


def check_tiling(story: Story, step: Step) -> list[Finding]:  # noqa: PLR0911 - the first gap ends it
    """Return where the bytes of ``step`` hold anything but what its section names."""
    pdf, revision = story.pdf, step.revision
    pos = step.start
    if step.number == 1 and pdf.bytes(pos - 1, pos) not in {b"\r", b"\n"}:
        if pdf.bytes(pos, pos + 1) != b"\n":
            return [_gap(step, pos)]
        pos += 1
    section = revision.sections[0]
    offsets = sorted(
        (entry.offset + pdf.base, num)
        for num, entry in step.entries.items()
        if not entry.free and entry.container is None
    )
    for offset, num in offsets:
        if offset != pos:
            return [_gap(step, pos)]
        try:
            found = step.after.object(num)
        except UnreadableDocumentError:
            return [failed("object_damaged", subject=str(step), number=num)]
        if found is None or found.start != pos or pdf.bytes(found.end, found.end + 1) != b"\n":
            return [_gap(step, pos)]
        pos = found.end + 1
    if section.offset != pos:
        return [_gap(step, pos)]
    end = _END.fullmatch(pdf.bytes(section.end, min(revision.end, section.end + 64)))
    if end is None or int(end[1]) + pdf.base != section.offset or section.loose:
        return [_gap(step, section.end)]
    return _packed(step)


def _packed(step: Step) -> list[Finding]:
    """Check that each object stream holds exactly the numbers that the section says it does, once each."""
    by_holder: dict[int, dict[int, int]] = {}
    for num, entry in step.entries.items():
        if entry.container is not None:
            by_holder.setdefault(entry.container, {})[entry.offset] = num
    for holder, expected in by_holder.items():
        where = step.entries.get(holder)
        value = step.now(holder)
        if where is None or where.free or not isinstance(value, Stream):
            return [failed("object_stream", subject=str(step), number=holder)]
        count, first = value.dict.get("N"), value.dict.get("First")
        if type(count) is not int or type(first) is not int or "Extends" in value.dict:
            return [failed("object_stream", subject=str(step), number=holder)]
        words = value.data[:first].split()
        inside = {index: int(word) for index, word in enumerate(words[::2]) if word.isdigit()}
        if len(words) != 2 * count or inside != expected:
            return [failed("object_stream", subject=str(step), number=holder)]
    return []


def _gap(step: Step, pos: int) -> Finding:
    return failed("bytes_between", subject=str(step), offset=pos)
