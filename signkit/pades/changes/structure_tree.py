"""The roots of structure tree and parent tree: appended to, in R1 only (proof.md section 2 *Objects*, (d)).

ISO 32000-1 clauses 14.7.2 and 14.7.4.4.
"""

from __future__ import annotations

from signkit.model.report import Finding
from signkit.pades.changes.compare import appended, same, same_but
from signkit.pades.changes.findings import failed
from signkit.pades.changes.story import Step, Story
from signkit.pades.structure import Dict, Ref, Value, View

__all__ = ["check_structure"]


def check_structure(story: Story, step: Step) -> list[Finding]:
    """Return what ``step`` changes in the structure tree beyond elements and parents appended in R1."""
    del story
    old, new = step.before.catalog.get("StructTreeRoot"), step.after.catalog.get("StructTreeRoot")
    if old is None:
        return []
    before, after = step.before.get_dict(old), step.after.get_dict(new)
    good = same(old, new) or (isinstance(old, Dict) and isinstance(new, Dict))
    if step.number > 1:
        good = good and same(before, after) and _same_lists(step, before, after)
    else:
        good = good and same_but(before, after, ("K", "ParentTree", "ParentTreeNextKey")) is None
        good = good and _kids(step, before, after) and _parents(step, before, after)
    return [] if good else [failed("structure_tree", subject=str(step))]


def _same_lists(step: Step, before: Dict, after: Dict) -> bool:
    """Say whether the arrays and the parent tree that may be objects of their own are untouched too."""
    if not same(step.before.get_list(before.get("K")), step.after.get_list(after.get("K"))):
        return False
    old, new = step.before.get_dict(before.get("ParentTree")), step.after.get_dict(after.get("ParentTree"))
    lists = all(same(step.before.get_list(old.get(key)), step.after.get_list(new.get(key))) for key in ("Nums", "Kids"))
    return same(old, new) and lists


def _as_list(view: View, value: Value) -> list[Value]:
    """Return ``/K`` as an array: it may be one element alone."""
    resolved = view.resolve(value)
    if isinstance(resolved, list):
        return resolved
    return [] if value is None else [value]


def _kids(step: Step, before: Dict, after: Dict) -> bool:
    old, new = before.get("K"), after.get("K")
    if isinstance(step.before.resolve(old), list) and isinstance(old, Ref) and not same(old, new):
        return False
    added = appended(_as_list(step.before, old), _as_list(step.after, new))
    return added is not None and all(isinstance(kid, Ref) and kid.num in step.added for kid in added)


def _parents(step: Step, before: Dict, after: Dict) -> bool:
    pointer, pointer_after = before.get("ParentTree"), after.get("ParentTree")
    old, new = step.before.get_dict(pointer), step.after.get_dict(pointer_after)
    if isinstance(pointer, Ref) and not same(pointer, pointer_after):
        return False
    if same_but(old, new, ("Nums", "Kids", "Limits")) is not None:
        return False
    lowest = _lowest_new_key(step.before, before, old)
    next_key = after.get("ParentTreeNextKey")
    if "ParentTreeNextKey" in before and not (type(next_key) is int and next_key >= before["ParentTreeNextKey"]):
        return False
    for key in ("Nums", "Kids"):
        if isinstance(old.get(key), Ref) and not same(old.get(key), new.get(key)):
            return False
        added = appended(step.before.get_list(old.get(key)), step.after.get_list(new.get(key)))
        if added is None or not (_pairs(step, added, lowest) if key == "Nums" else _leaves(step, added, lowest)):
            return False
    return True


def _lowest_new_key(view: View, root: Dict, tree: Dict) -> int:
    """Return the first key that R0 cannot have used."""
    stack, seen, highest = [tree], 0, -1
    while stack and seen < 200_000:
        node = stack.pop()
        seen += 1
        keys = view.get_list(node.get("Nums"))[::2]
        highest = max([highest, *(key for key in keys if type(key) is int)])
        stack.extend(view.get_dict(kid) for kid in view.get_list(node.get("Kids")))
    following = root.get("ParentTreeNextKey")
    return max(highest + 1, following if type(following) is int else 0)


def _pairs(step: Step, added: list[Value], lowest: int) -> bool:
    keys, values = added[::2], added[1::2]
    if len(keys) != len(values) or any(type(key) is not int or key < lowest for key in keys):
        return False
    own = all((isinstance(value, Ref) and value.num in step.added) or isinstance(value, list) for value in values)
    return own and keys == sorted(set(keys))


def _leaves(step: Step, added: list[Value], lowest: int) -> bool:
    for kid in added:
        leaf = step.after.get_dict(kid)
        if not isinstance(kid, Ref) or kid.num not in step.added or not leaf.keys() <= {"Limits", "Nums"}:
            return False
        if not _pairs(step, step.after.get_list(leaf.get("Nums")), lowest):
            return False
    return True
