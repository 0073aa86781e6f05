"""The fields of R1 and of archive timestamps, exactly as proof.md section 2 *Fields* has them."""

from __future__ import annotations

from typing import Final

from signkit.model.report import Finding
from signkit.pades.changes.findings import failed
from signkit.pades.changes.form import added_fields
from signkit.pades.changes.pagetree import new_pages, page_box
from signkit.pades.changes.story import Step, Story
from signkit.pades.structure import Dict, Ref, Stream, Value, View, decode_text

__all__ = ["check_field", "check_fields", "check_lock", "is_empty_appearance"]

_KEYS: Final = frozenset(
    ("Type", "Subtype", "FT", "T", "TU", "Rect", "F", "P", "AP", "Lock", "StructParent", "V", "Ff")
)
_PRINT_LOCKED: Final = 132
"""Print and Locked (ISO 32000-1 table 165)."""


def check_fields(story: Story, step: Step) -> list[Finding]:
    """Return what is wrong with the fields that R1 made."""
    facts, view = story.facts, step.after
    added = added_fields(step)
    names = [decode_text(text) for item in added or [] if isinstance(text := view.get_dict(item).get("T"), bytes)]
    found: list[Finding] = []
    if sorted(names) != sorted(facts.names) or len(added or []) != len(names):
        found.append(failed("field_set", subject=str(step)))
    earlier = {field.name for field in story.r0.fields}
    if earlier & set(names):
        found.append(failed("field_name", subject=str(step)))
    for item in added or []:
        field = view.get_dict(item)
        if not isinstance(item, Ref) or item.num not in step.added:
            found.append(failed("field_set", subject=str(step)))
            continue
        name = decode_text(field["T"]) if isinstance(field.get("T"), bytes) else ""
        found += check_field(story, step, item, seal=name not in facts.persons)
        if "V" in field or ("Lock" in field and name != facts.complete):
            found.append(failed("field", subject=name, key="V" if "V" in field else "Lock"))
    return found + check_lock(story, view)


def check_field(story: Story, step: Step, ref: Ref, *, seal: bool) -> list[Finding]:
    """Return what is wrong with one field of ours: merged with its widget, in its place, with an appearance."""
    field = step.after.get_dict(ref)
    name = decode_text(field["T"]) if isinstance(field.get("T"), bytes) else ""
    found = [failed("field", subject=name, key=key[:40]) for key in field if key not in _KEYS]
    if field.get("FT") != "Sig" or field.get("Subtype") != "Widget" or "." in name:
        found.append(failed("field", subject=name, key="FT"))
    if field.get("F") != _PRINT_LOCKED:
        found.append(failed("field", subject=name, key="F"))
    if not _place_is_right(story, step, ref, field):
        found.append(failed("field_place", subject=name))
    if not (_is_nowhere(field.get("Rect")) if seal else _lies_on_page(story, step, field)):
        found.append(failed("field_rectangle", subject=name))
    appearance = step.after.get_dict(field.get("AP"))
    good = appearance.keys() == {"N"} and isinstance(step.after.resolve(appearance["N"]), Stream)
    if not good or (seal and not is_empty_appearance(story, step.after, appearance["N"])):
        found.append(failed("appearance", subject=name))
    return found


def is_empty_appearance(story: Story, view: View, value: Value) -> bool:
    """Say whether ``value`` is an appearance made in R1 that draws nothing."""
    if not isinstance(value, Ref) or value.num not in story.steps[0].added:
        return False
    stream = view.resolve(value)
    return isinstance(stream, Stream) and not stream.data.strip() and stream.dict.get("Subtype") == "Form"


def _is_nowhere(rectangle: Value) -> bool:
    return isinstance(rectangle, list) and len(rectangle) == 4 and all(item == 0 for item in rectangle)


def _lies_on_page(story: Story, step: Step, field: Dict) -> bool:
    """Say whether a person's place is inside the page it stands on; on signed input it is nowhere."""
    if story.signed_input:
        return _is_nowhere(field.get("Rect"))
    rectangle, box = field.get("Rect"), page_box(step.after.get_dict(field.get("P")))
    if box is None or not isinstance(rectangle, list) or len(rectangle) != 4:
        return False
    if not all(type(side) in {int, float} for side in rectangle):
        return False
    left, bottom, right, top = (float(side) for side in rectangle)
    return box[0] <= left < right <= box[2] and box[1] <= bottom < top <= box[3]


def _place_is_right(story: Story, step: Step, ref: Ref, field: Dict) -> bool:
    """A widget lies on an added page and in its ``/Annots``; on signed input on page 1, in no ``/Annots``."""
    view = step.after
    pages = view.pages
    holders = [page.ref for page in pages if ref in view.get_list(page.dict.get("Annots"))]
    if story.signed_input:
        return not holders and bool(pages) and field.get("P") == pages[0].ref
    return len(holders) == 1 and holders[0] == field.get("P") and holders[0] in new_pages(story, story.steps[0])


def check_lock(story: Story, view: View) -> list[Finding]:
    """Return whether the completion's field locks exactly the fields of the manifest (ISO 32000-2 clause 12.7.5.5)."""
    facts = story.facts
    found = story.fields_by_name(view).get(facts.complete)
    lock = view.get_dict(found[1].get("Lock")) if found else Dict()
    names = view.get_list(lock.get("Fields"))
    decoded = sorted(decode_text(item) for item in names if isinstance(item, bytes))
    good = (
        lock.keys() == {"Type", "Action", "Fields", "P"}
        and (lock["Type"], lock["Action"]) == ("SigFieldLock", "Include")
        and type(lock["P"]) is int
        and lock["P"] == 1
        and decoded == sorted(facts.names)
        and len(names) == len(decoded)
    )
    return [] if good else [failed("lock", subject=facts.complete)]
