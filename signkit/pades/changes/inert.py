"""What a revision of ours brings shows what it holds, always the same, and does nothing (proof.md section 2).

R0's own risks are accepted by name; nobody accepted any in what comes after it. So no new object acts, fetches, carries
a file, or is shown at some times and not at others.
"""

from __future__ import annotations

from typing import Final

from signkit.model.report import Finding
from signkit.pades.changes.findings import failed
from signkit.pades.changes.story import Step
from signkit.pades.structure import Dict, Stream, Value

__all__ = ["check_inert"]

_KEYS: Final = frozenset(("AA", "JS", "EF", "OCGs", "OC", "Alternates", "OPI", "PMD", "RichMediaContent"))
"""Additional actions, scripts, embedded files, optional content, other pictures for other occasions."""
_STREAM_KEYS: Final = frozenset(("F", "FFilter", "FDecodeParms", "Ref"))
"""Data or pages of another file (ISO 32000-1 table 5 and clause 8.10.4)."""
_TYPES: Final = frozenset(("OCG", "OCMD", "Filespec", "EmbeddedFile", "Action", "OPI"))
_SUBTYPES: Final = frozenset(("PS", "RichMedia", "Movie", "Screen", "3D", "Sound", "FileAttachment", "Link"))
_ACTIONS: Final = frozenset(
    (
        *("JavaScript", "Launch", "SubmitForm", "ImportData", "ResetForm", "Hide", "SetOCGState", "Rendition", "Movie"),
        *("Sound", "GoTo3DView", "RichMediaExecute", "URI", "GoTo", "GoToR", "GoToE", "Thread", "Named", "Trans"),
    )
)


def check_inert(step: Step) -> list[Finding]:
    """Return the new objects of ``step`` that act, fetch, hide or carry something."""
    return [
        failed("not_inert", subject=str(step), number=num, what=what)
        for num in step.added
        if (what := _found(step, step.now(num))) is not None
    ]


def _found(step: Step, value: Value) -> str | None:
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, Stream):
            if bad := sorted(_STREAM_KEYS & item.dict.keys()):
                return bad[0]
            item = item.dict
        if isinstance(item, Dict):
            if what := _marked(step, item):
                return what
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
    return None


def _marked(step: Step, node: Dict) -> str | None:
    if bad := sorted(_KEYS & node.keys()):
        return bad[0]
    for key, names in (("Type", _TYPES), ("Subtype", _SUBTYPES), ("S", _ACTIONS)):
        value = step.after.resolve(node.get(key))
        if isinstance(value, str) and value in names:
            return str(value)
    return None
