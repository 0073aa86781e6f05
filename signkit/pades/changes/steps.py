"""After R1 each revision is exactly one of: a manifest field gains its signature; one document timestamp."""

from __future__ import annotations

import re
from typing import Final

from signkit.model.report import Finding
from signkit.pades.changes.compare import same, same_but
from signkit.pades.changes.dss import check_dss, dss_numbers
from signkit.pades.changes.fields import check_field
from signkit.pades.changes.findings import failed
from signkit.pades.changes.form import added_fields
from signkit.pades.changes.pagetree import new_pages
from signkit.pades.changes.signature import check_dictionary
from signkit.pades.changes.story import Step, Story
from signkit.pades.structure import Dict, Ref, decode_text

__all__ = ["check_step", "kind_of"]

_NOTHING: Final = ""


def kind_of(story: Story, step: Step) -> tuple[str, str]:
    """Return what ``step`` is (``certify``, ``person``, ``complete``, ``archive`` or nothing) and its field's name."""
    facts = story.facts
    before, after = story.fields_by_name(step.before), story.fields_by_name(step.after)
    signed = [name for name, (_, field) in after.items() if "V" in field and "V" not in _dict(before.get(name))]
    signed = [name for name in signed if name not in before or before[name][0] in step.changed]
    if len(signed) != 1:
        return _NOTHING, _NOTHING
    name = signed[0]
    if name == facts.certify:
        return "certify", name
    if name == facts.complete:
        return "complete", name
    if name in facts.persons:
        return "person", name
    return ("archive", name) if name not in before else (_NOTHING, name)


def check_step(story: Story, step: Step, kind: str, name: str) -> list[Finding]:
    """Return what ``step`` does beyond its kind."""
    if not kind:
        return [failed("revision", subject=str(step))]
    found: list[Finding] = []
    if (kind == "certify") != (step.number == 2) or name in story.facts.unsigned:
        found.append(failed("order", subject=name))
    num, field = story.fields_by_name(step.after)[name]
    allowed = dss_numbers(step)
    if kind == "archive":
        allowed |= _archive_numbers(story, step)
        found += _archive_field(story, step, num)
    else:
        allowed.add(num)
        found += _signed_field(step, num, person=kind == "person")
    if kind == "certify":
        roles = story.roles
        allowed |= {item for item in (roles.catalog, roles.extensions, roles.perms) if item is not None}
    else:
        allowed |= _rewritten(step, story.roles.catalog)
    for changed in step.changed:
        if changed not in allowed:
            found.append(failed("revision_object", subject=name, number=changed))
    found += check_dss(step)
    return found + check_dictionary(story, step, field, kind=kind, name=name)


def _dict(found: tuple[int, Dict] | None) -> Dict:
    return found[1] if found else Dict()


def _rewritten(step: Step, num: int) -> set[int]:
    """Return the catalog's number if this revision brings the first ``/DSS`` (checked where the catalog is)."""
    gains = step.before.catalog.get("DSS") is None and step.after.catalog.get("DSS") is not None
    return {num} if gains else set()


def _signed_field(step: Step, num: int, *, person: bool) -> list[Finding]:
    """A field gains ``/V``, a person's its own appearance too, and stays the same in all else."""
    before, after = step.was(num), step.now(num)
    name = decode_text(after["T"])
    free = ("V", "AP") if person else ("V",)
    if not isinstance(before, Dict) or same_but(before, after, free) is not None:
        return [failed("field_changed", subject=name)]
    old, new = step.before.get_dict(before.get("AP")), step.after.get_dict(after.get("AP"))
    if same(before.get("AP"), after.get("AP")):
        return [] if same(old, new) else [failed("appearance", subject=name)]
    normal = new.get("N")
    if new.keys() != {"N"} or not isinstance(normal, Ref) or normal.num not in step.added:
        return [failed("appearance", subject=name)]
    pointer = after.get("AP")
    if isinstance(pointer, Ref) and pointer.num not in step.added:
        return [failed("appearance", subject=name)]
    return []


def _archive_numbers(story: Story, step: Step) -> set[int]:
    """Return what a timestamp's new field rewrites: the form or its array, and the added page's array."""
    found: set[int] = set()
    form = step.after.catalog.get("AcroForm")
    if isinstance(form, Ref):
        fields = step.after.get_dict(form).get("Fields")
        found.add(fields.num if isinstance(fields, Ref) else form.num)
    for page in new_pages(story, story.steps[0]):
        annotations = step.after.get_dict(page).get("Annots")
        if isinstance(annotations, Ref):
            found.add(annotations.num)
    return found


def _is_archive_name(story: Story, field: Dict) -> bool:
    """A timestamp's name says nothing but its number: readers show it beside the signatures."""
    raw = field.get("T")
    prefix = story.facts.certify.rpartition("-")[0]
    name = decode_text(raw) if isinstance(raw, bytes) else ""
    return re.fullmatch(re.escape(prefix) + r"-archive-[1-9][0-9]{0,5}", name, re.ASCII) is not None


def _archive_field(story: Story, step: Step, num: int) -> list[Finding]:
    added = added_fields(step)
    if added is None or len(added) != 1 or not isinstance(added[0], Ref) or added[0].num != num:
        return [failed("field_set", subject=str(step))]
    found = check_field(story, step, added[0], seal=True)
    field = step.after.get_dict(added[0])
    if "Lock" in field:
        found.append(failed("lock", subject=str(step)))
    certified = story.fields_by_name(step.after).get(story.facts.certify)
    if not _is_archive_name(story, field) or certified is None or not same(field.get("TU"), certified[1].get("TU")):
        found.append(failed("timestamp_field", subject=str(step)))
    changed = set(step.changed)
    for page in new_pages(story, story.steps[0]):
        pointer = step.after.get_dict(page).get("Annots")
        if not isinstance(pointer, Ref) or pointer.num not in changed:
            continue
        before, after = step.before.get_list(pointer), step.after.get_list(pointer)
        if not same([*before, added[0]], after):
            found.append(failed("foreign_annotation", subject=str(step)))
    return found
