"""The signature dictionary of each kind of revision (proof.md sections 2 and 4; ISO 32000-2 table 255)."""

from __future__ import annotations

from typing import Final

from signkit.model.report import Finding
from signkit.pades.changes.findings import failed
from signkit.pades.changes.story import Step, Story
from signkit.pades.structure import Dict, Ref, Value, View, decode_text

__all__ = ["check_dictionary"]

_KEYS: Final = frozenset(
    (
        "Type",
        "Filter",
        "SubFilter",
        "Contents",
        "ByteRange",
        "M",
        "Reference",
        "SGNK_Statement",
    )
)
_TOKEN_KEYS: Final = frozenset(("Type", "Filter", "SubFilter", "Contents", "ByteRange"))
"""A timestamp has no text: whoever adds one after completion would have the last word."""
_KINDS: Final = {"archive": ("DocTimeStamp", "ETSI.RFC3161")}


def check_dictionary(story: Story, step: Step, field: Dict, *, kind: str, name: str) -> list[Finding]:
    """Return what is wrong with the signature that ``field`` gained: its type, keys and transforms."""
    pointer = field.get("V")
    value = step.after.get_dict(pointer)
    if not isinstance(pointer, Ref) or pointer.num not in step.added:
        return [failed("signature_dictionary", subject=name, key="V")]
    expected = _KINDS.get(kind, ("Sig", "ETSI.CAdES.detached"))
    allowed = _TOKEN_KEYS if kind == "archive" else _KEYS
    found = [failed("signature_dictionary", subject=name, key=key[:40]) for key in value if key not in allowed]
    if (value.get("Type"), value.get("SubFilter")) != expected:
        found.append(failed("signature_dictionary", subject=name, key="SubFilter"))
    references = step.after.get_list(value.get("Reference"))
    methods = {}
    for item in references:
        transform = step.after.get_dict(item)
        methods[transform.get("TransformMethod")] = step.after.get_dict(transform.get("TransformParams"))
    if len(methods) != len(references) or not _transforms(story, step.after, kind, methods):
        found.append(failed("transforms", subject=name))
    return found


def _transforms(story: Story, view: View, kind: str, methods: dict[Value, Dict]) -> bool:
    """Certification: DocMDP 2. Completion: FieldMDP over its lock's fields, and P 1. Others: none."""
    if kind == "certify":
        return not methods if story.signed_input else _only_docmdp(methods, 2)
    if kind != "complete":
        return not methods
    fields = methods.get("FieldMDP", Dict())
    names = sorted(decode_text(item) for item in view.get_list(fields.get("Fields")) if isinstance(item, bytes))
    if methods.keys() - {"FieldMDP", "DocMDP"} or fields.get("Action") != "Include":
        return False
    if names != sorted(story.facts.names):
        return False
    return "DocMDP" not in methods or methods["DocMDP"].get("P") == 1


def _only_docmdp(methods: dict[Value, Dict], level: int) -> bool:
    return set(methods) == {"DocMDP"} and methods["DocMDP"].get("P") == level
