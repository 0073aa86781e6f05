"""Who else leads to a changed object? Every object of the older revision is asked, only when an old one changed."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from signkit.pades.structure import Dict, Ref, View, references

__all__ = ["Base", "shared_parts", "without_orphans"]


class Base:
    """The revision that was signed first, read once: what its objects name.

    Most changed objects came later, and nothing in it names them: then only later objects need be asked.
    """

    def __init__(self, view: View) -> None:
        self._view = view

    @cached_property
    def named(self) -> set[int]:
        """Numbers that any object of the base names, its security store apart."""
        view = self._view
        store: set[int] = set()
        stack = [view.catalog.get("DSS")]
        while stack:
            new = {ref.num for ref in references(stack.pop())} - store
            store |= new
            stack.extend(view.get(num) for num in new)
        found: set[int] = set()
        for num in view.numbers():
            if num not in store:
                found.update(ref.num for ref in _named_by(view, num, set()))
        return found

    def holders(self, view: View, targets: set[int]) -> Iterable[int]:
        """Yield the numbers of ``view`` that may name one of ``targets``."""
        if targets & self.named:
            yield from view.numbers()
            return
        later: set[int] = set()
        for revision in view.pdf.revisions[self._view.index + 1 : view.index + 1]:
            later.update(revision.entries)
        yield from (num for num in sorted(later) if not view.entry(num).free)


def shared_parts(
    before: View, after: View, base: Base, *, parts: set[int], own: set[int], explained: set[int]
) -> set[int]:
    """Return changed old numbers within a value or appearance to which something else led before as well.

    Args:
        before: the older revision.
        after: the newer one.
        base: the revision that was signed first.
        parts: numbers met on the way through values, appearances and the store.
        own: fields, widgets, form, pages, catalog: looked at key by key elsewhere.
        explained: changed numbers that have a role.
    """
    roots = {ref.num for view in (before, after) for ref in _own_places(view)} | own
    old_parts = {num for num in parts if not before.entry(num).free} - roots
    old = old_parts & explained
    if not old:
        return set()
    trailers = [{**view.trailer, "Root": None, "Info": None} for view in (before, after)]
    stack = [ref.num for ref in references(trailers) if ref.num in old_parts]
    for num in base.holders(before, old_parts):
        if num in own or num not in old_parts:
            stack.extend(ref.num for ref in _named_by(before, num, own) if ref.num in old_parts)
    seen: set[int] = set()
    while stack:
        num = stack.pop()
        if num not in seen:
            seen.add(num)
            stack.extend(ref.num for ref in references(before.get(num)) if ref.num in old_parts)
    return seen & old


def without_orphans(before: View, after: View, base: Base, left: set[int]) -> set[int]:
    """Return ``left`` without new numbers that nothing names: they are not part of the document."""
    new = {num for num in left if before.entry(num).free and not after.entry(num).free}
    if not new:
        return left
    named: set[int] = set()
    for num in base.holders(after, new):
        if num not in new:
            named |= {ref.num for ref in references(after.get(num))} & new
    stack = list(named)
    while stack:
        inner = {ref.num for ref in references(after.get(stack.pop()))} & new - named
        named |= inner
        stack.extend(inner)
    return left - (new - named)


def _named_by(view: View, num: int, own: set[int]) -> Iterable[Ref]:
    """Yield what an object names, its own way to a value, an appearance or the store left out."""
    value = view.get(num)
    if isinstance(value, Dict):
        skipped: tuple[str, ...] = ("V", "AP", "Lock", "SV", "MK", "Kids") if num in own else ()
        if value.get("Type") == "Catalog":
            skipped = ("DSS", "Extensions", "Metadata")
        value = [item for key, item in value.items() if key not in skipped]
    return references(value)


def _own_places(view: View) -> Iterable[Ref]:
    """Yield catalog, form and page numbers, which are explained for themselves and named from many places."""
    places = [view.trailer.get("Root"), view.catalog.get("AcroForm"), *(page.ref for page in view.pages)]
    return (place for place in places if isinstance(place, Ref))
