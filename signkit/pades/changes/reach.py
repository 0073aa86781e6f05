"""Every new object hangs on what its revision may add, and names little of R0 (proof.md section 2 *Objects*)."""

from __future__ import annotations

from collections.abc import Iterator

from signkit.model.report import Finding
from signkit.pades.changes.compare import has_repeated_keys, same
from signkit.pades.changes.findings import failed
from signkit.pades.changes.story import Step, Story
from signkit.pades.structure import Dict, Ref, Stream, Value, references

__all__ = ["check_reach"]


def check_reach(story: Story, step: Step) -> list[Finding]:
    """Return new objects that nothing leads to, that name R0's objects or undefined numbers, or repeat a key."""
    found: list[Finding] = []
    added = set(step.added)
    reached: set[int] = set()
    stack = [step.now(num) for num in step.changed]
    while stack:
        for ref in references(stack.pop()):
            if ref.num in added and ref.num not in reached:
                reached.add(ref.num)
                stack.append(step.now(ref.num))
    found += [failed("orphan", subject=str(step), number=num) for num in sorted(added - reached)]
    copied = _copied(story, step)
    for num in step.added:
        value = step.now(num)
        found += _names(story, step, num, value, copied)
        if has_repeated_keys(value):
            found.append(failed("repeated_keys", subject=str(step)))
    if any(has_repeated_keys(step.now(num)) and not has_repeated_keys(step.was(num)) for num in step.changed):
        found.append(failed("repeated_keys", subject=str(step)))
    return found


def _copied(story: Story, step: Step) -> set[int]:
    """Return the new objects that may hold R0's own references: a moved form, and the DSS that R2 copies."""
    found: set[int] = set()
    for key in ("AcroForm", "DSS"):
        ref = step.after.catalog.get(key)
        if isinstance(ref, Ref) and ref.num in step.added:
            found.add(ref.num)
    del story
    return found


def _names(story: Story, step: Step, num: int, value: Value, copied: set[int]) -> list[Finding]:
    found: list[Finding] = []
    known = story.r0
    for holder, key, ref in _with_holders(value):
        if not known.entry(ref.num).free or ref.num < story.first_new:
            if num not in copied and not _may_name(story, step, holder, key, ref):
                found.append(failed("names_original", subject=str(step), number=num))
        elif step.after.entry(ref.num).free or step.now(ref.num) is None:
            found.append(failed("dangling", subject=str(step), number=num))
    return found


def _with_holders(value: Value) -> Iterator[tuple[Dict, str, Ref]]:
    """Yield each reference with the dictionary and key under which it stands."""
    stack: list[tuple[Dict, str, Value]] = [(Dict(), "", value)]
    while stack:
        holder, key, item = stack.pop()
        if type(item) is Ref:
            yield holder, key, item
        elif isinstance(item, Stream):
            stack.extend((item.dict, name, part) for name, part in item.dict.items())
        elif isinstance(item, Dict):
            stack.extend((item, name, part) for name, part in item.items())
        elif type(item) is list:
            stack.extend((holder, key, part) for part in item)


def _may_name(story: Story, step: Step, holder: Dict, key: str, ref: Ref) -> bool:
    roles = story.roles
    if key == "Parent":
        return holder.get("Type") == "Page" and ref.num == roles.pages
    if key == "Data":
        return ref.num == roles.catalog
    if key == "P":
        widget = holder.get("Subtype") == "Widget" and story.signed_input
        first_page = widget and bool(step.before.pages) and same(ref, step.before.pages[0].ref)
        return first_page or (ref.num == roles.structure and holder.get("Type", "StructElem") == "StructElem")
    return False
