"""R0 is a file of its own, and what follows hangs on its last section (recipe step 6)."""

from __future__ import annotations

import re
from typing import Final

from signkit.errors import UnreadableDocumentError
from signkit.model.report import Finding
from signkit.pades.changes.findings import failed
from signkit.pades.changes.story import Story
from signkit.pades.structure import Pdf

__all__ = ["check_prefix"]

_EOF: Final = re.compile(rb"%%EOF(?:\r\n|\r|\n)?\Z")


def check_prefix(story: Story) -> list[Finding]:
    """Return whether the first ``size`` bytes parse alone, end where a PDF ends, and are what R1 builds on."""
    pdf, facts = story.pdf, story.facts
    if not 0 < facts.size_r0 < facts.size_r1 <= pdf.size:
        return [failed("sizes", check="6")]
    try:
        alone = Pdf.prefix(pdf, facts.size_r0)
        count = len(alone.view().pages)
    except UnreadableDocumentError:
        return [failed("prefix_unreadable", check="6")]
    found: list[Finding] = []
    if not facts.trailing_bytes and not _EOF.search(pdf.bytes(facts.size_r0 - 8, facts.size_r0)):
        found.append(failed("prefix_end", check="6"))
    later = [rev for rev in pdf.revisions if rev.sections[0].offset >= facts.size_r0]
    if not later or later[0].trailer.get("Prev") != alone.revisions[-1].xref_offset - alone.base:
        found.append(failed("prefix_chain", check="6"))
    shared = len(pdf.revisions) - len(later)
    if shared != len(alone.revisions) or alone.base != pdf.base or count != len(pdf.view(shared - 1).pages):
        found.append(failed("prefix_chain", check="6"))
    if not later or later[0].end != facts.size_r1:
        found.append(failed("prepared_end", check="6"))
    return found
