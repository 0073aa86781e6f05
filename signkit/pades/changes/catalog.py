"""What may change in the catalog and what hangs directly on it (proof.md section 2 *Objects*, (a))."""

from __future__ import annotations

from signkit.model.report import Finding
from signkit.pades.changes.compare import same, same_but
from signkit.pades.changes.findings import failed
from signkit.pades.changes.story import Step, Story
from signkit.pades.structure import Dict, Ref, Value

__all__ = ["check_catalog"]


def check_catalog(story: Story, step: Step) -> list[Finding]:
    """Return what ``step`` changes beyond the form's pointer, ``/Perms``, ``/DSS`` and ``/Extensions``."""
    before, after = step.before.catalog, step.after.catalog
    where = str(step)
    found: list[Finding] = []
    key = same_but(before, after, _free_keys(story, step))
    if key is not None:
        found.append(failed("catalog", subject=where, key=key[:40]))
    found += _form_pointer(story, step, before.get("AcroForm"), after.get("AcroForm"))
    found += _dss_pointer(story, step, before.get("DSS"), after.get("DSS"))
    if step.number in (1, 2):
        found += _grown(step, "Extensions")
    if step.number == 2:
        found += _permissions(story, step)
    elif not same(step.before.resolve(before.get("Perms")), step.after.resolve(after.get("Perms"))):
        found.append(failed("permissions", subject=where))
    return found


def _free_keys(story: Story, step: Step) -> set[str]:
    """Return the keys that are looked at one by one."""
    free = {"AcroForm", "DSS", "Perms"}
    if step.number in (1, 2):
        free.add("Extensions")
    if step.number == 1 and isinstance(story.r0.catalog.get("StructTreeRoot"), Dict):
        free.add("StructTreeRoot")
    return free


def _form_pointer(story: Story, step: Step, before: Value, after: Value) -> list[Finding]:
    """A form keeps its number; one that had none (absent, or directly in the catalog) gets a new one in R1."""
    if isinstance(before, Ref) or step.number > 1:
        good = isinstance(after, Ref) and same(before, after)
    else:
        good = isinstance(after, Ref) and story.r0.entry(after.num).free
    return [] if good else [failed("form_pointer", subject=str(step))]


def _dss_pointer(story: Story, step: Step, before: Value, after: Value) -> list[Finding]:
    """``/DSS`` comes with R2 as a new object, and stays where it is; a stranger's in R0 is left alone until then."""
    if same(before, after):
        return []
    arrives = step.number >= 2 and (before is None or same(before, story.r0.catalog.get("DSS")))
    good = arrives and isinstance(after, Ref) and after.num in step.added
    return [] if good else [failed("dss_pointer", subject=str(step))]


def _grown(step: Step, key: str) -> list[Finding]:
    """Developer extensions may be added; none that was there may change (ISO 32000-1 clause 7.12)."""
    before, after = step.before.catalog.get(key), step.after.catalog.get(key)
    if isinstance(before, Ref) and not same(before, after):
        return [failed("extensions", subject=str(step))]
    old, new = step.before.get_dict(before), step.after.get_dict(after)
    for name, value in new.items():
        if name in old and same(old[name], value):
            continue
        if name in old or not isinstance(value, Dict) or not _is_extension(value):
            return [failed("extensions", subject=str(step))]
    gone = any(name not in new for name in old)
    return [failed("extensions", subject=str(step))] if gone else []


def _is_extension(value: Dict) -> bool:
    allowed = {"Type", "BaseVersion", "ExtensionLevel", "URL", "ExtensionRevision"}
    return value.keys() <= allowed and not any(isinstance(item, list | dict | Ref) for item in value.values())


def _permissions(story: Story, step: Step) -> list[Finding]:
    """R2 names its certification in ``/Perms /DocMDP``; on input that was signed before, nothing changes."""
    before, after = step.before.catalog.get("Perms"), step.after.catalog.get("Perms")
    old, new = step.before.get_dict(before), step.after.get_dict(after)
    if story.signed_input:
        return [] if same(old, new) and same(before, after) else [failed("permissions", subject=str(step))]
    if isinstance(before, Ref) and not same(before, after):
        return [failed("permissions", subject=str(step))]
    field = story.fields_by_name(step.after).get(story.facts.certify)
    expected = field[1].get("V") if field else None
    good = isinstance(expected, Ref) and same(new.get("DocMDP"), expected) and same_but(old, new, ("DocMDP",)) is None
    return [] if good else [failed("permissions", subject=str(step))]
