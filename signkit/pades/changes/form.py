"""The form dictionary: fields are appended, nothing else (proof.md section 2 *Objects*, (c), and *Fields*)."""

from __future__ import annotations

from typing import Final

from signkit.model.report import Finding
from signkit.pades.changes.compare import appended, same, same_but
from signkit.pades.changes.findings import failed
from signkit.pades.changes.story import Step
from signkit.pades.structure import Dict, Ref, Value

__all__ = ["added_fields", "check_form"]

_NEW_FORM_KEYS: Final = frozenset(("Fields", "SigFlags"))


def check_form(step: Step) -> list[Finding]:
    """Return what ``step`` changes in the form beyond appended fields and (R1) ``/SigFlags``."""
    before, after = _forms(step)
    where = str(step)
    free = {"Fields", "SigFlags"} if step.number == 1 else {"Fields"}
    key = same_but(before, after, free)
    if key is not None and not (step.number == 1 and "AcroForm" not in step.before.catalog and key in _NEW_FORM_KEYS):
        return [failed("form", subject=where, key=key[:40])]
    found: list[Finding] = []
    if after.get("SigFlags") != 3:
        found.append(failed("form", subject=where, key="SigFlags"))
    old, new = before.get("Fields"), after.get("Fields")
    if (isinstance(old, Ref) or (step.number > 1 and isinstance(new, Ref))) and not same(old, new):
        found.append(failed("form", subject=where, key="Fields"))
    if added_fields(step) is None:
        found.append(failed("form", subject=where, key="Fields"))
    return found


def added_fields(step: Step) -> list[Value] | None:
    """Return what ``step`` appended to ``/Fields``; None where it did anything else to the array."""
    before, after = _forms(step)
    return appended(step.before.get_list(before.get("Fields")), step.after.get_list(after.get("Fields")))


def _forms(step: Step) -> tuple[Dict, Dict]:
    return (
        step.before.get_dict(step.before.catalog.get("AcroForm")),
        step.after.get_dict(step.after.catalog.get("AcroForm")),
    )
