"""The structure of the signature pages in a tagged document (ISO 32000-1 clause 14.7).

A ``Sect`` is appended to what hangs on the structure tree's root, and the marked content of each page and each widget
to the parent tree. A widget hangs on its ``Form`` element through the parent tree alone: an object reference the other
way would let strict validators see the signature inside the structure.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from pyhanko.pdf_utils import generic

from signkit.errors import UnsupportedDocumentError
from signkit.pades.objects import array, dictionary, integer, mark_changed, name, resolve, text
from signkit.pades.prepare_pages import AddedPage
from signkit.pades.writer import Writer
from signkit.pages.data import Mark, Tag

__all__ = ["add_tags", "structure_root"]

_MAX_NODES: Final = 100_000
"""Most nodes of a parent tree looked at, ours."""


def structure_root(writer: Writer) -> generic.IndirectObject | None:
    """Return the number of the structure tree's root, None in a document without tags.

    Raises:
        UnsupportedDocumentError: ``document.structure``, there is one that cannot be extended.
    """
    root = writer.root
    reference = root.raw_get("/StructTreeRoot") if "/StructTreeRoot" in root else None
    tree = resolve(reference)
    if tree is None or isinstance(tree, generic.NullObject):
        return None
    if isinstance(reference, generic.IndirectObject) and isinstance(tree, generic.DictionaryObject):
        return reference
    raise _not_extendable()


def add_tags(writer: Writer, root: generic.IndirectObject, tag: Tag, *, pages: tuple[AddedPage, ...]) -> dict[str, int]:
    """Hang ``tag`` into the structure tree; return for each field its widget's ``/StructParent``.

    Raises:
        UnsupportedDocumentError: ``document.structure``, the tree cannot be extended.
    """
    tree: Any = resolve(root)
    builder = _Builder(writer, pages)
    element = builder.element(tag, parent=generic.IndirectObject(root.idnum, root.generation, writer))
    _append_element(writer, root, tree, element)
    first = _next_key(tree)
    entries: list[Any] = []
    for index, page in enumerate(pages):
        marks = builder.marks.get(index, {})
        page.dictionary[name("StructParents")] = integer(first + index)
        page.dictionary[name("Tabs")] = name("S")
        entries += [integer(first + index), writer.add_object(array(marks[mcid] for mcid in sorted(marks)))]
    keys = {}
    for number, (key, form) in enumerate(builder.forms.items(), first + len(pages)):
        keys[key] = number
        entries += [integer(number), form]
    _append_parents(writer, root, tree, entries)
    tree[name("ParentTreeNextKey")] = integer(first + len(pages) + len(keys))
    writer.mark_update(root)
    return keys


@dataclass(slots=True)
class _Builder:
    """Makes structure elements, and remembers who holds which marked content and which field."""

    writer: Writer
    pages: tuple[AddedPage, ...]
    marks: dict[int, dict[int, generic.IndirectObject]] = field(default_factory=dict)
    forms: dict[str, generic.IndirectObject] = field(default_factory=dict)

    def element(self, tag: Tag, *, parent: generic.IndirectObject) -> generic.IndirectObject:
        entries: dict[str, Any] = {"Type": name("StructElem"), "S": name(tag.role), "P": parent}
        if tag.title:
            entries["T"] = text(tag.title)
        if tag.lang:
            entries["Lang"] = text(tag.lang)
        if tag.print_field is not None:
            attributes = {
                "O": name("PrintField"),
                "Role": name(tag.print_field.role),
                "Desc": text(tag.print_field.desc),
            }
            entries["A"] = dictionary(attributes)
        element = dictionary(entries)
        reference = self.writer.add_object(element)
        if tag.field:
            self.forms[tag.field] = reference
        main = next((kid.page for kid in tag.kids if isinstance(kid, Mark)), None)
        if main is not None:
            element[name("Pg")] = self.pages[main].reference
        element[name("K")] = array(self._kid(kid, owner=reference, main=main) for kid in tag.kids)
        return reference

    def _kid(self, kid: Tag | Mark, *, owner: generic.IndirectObject, main: int | None) -> Any:
        if isinstance(kid, Tag):
            return self.element(kid, parent=owner)
        self.marks.setdefault(kid.page, {})[kid.mcid] = owner
        if kid.page == main:
            return integer(kid.mcid)
        entries = {"Type": name("MCR"), "Pg": self.pages[kid.page].reference, "MCID": integer(kid.mcid)}
        return dictionary(entries)


def _append_element(
    writer: Writer, root: generic.IndirectObject, tree: generic.DictionaryObject, element: generic.IndirectObject
) -> None:
    current = tree.raw_get("/K") if "/K" in tree else None
    held: Any = resolve(current)
    if isinstance(held, generic.ArrayObject):
        held.append(element)
        mark_changed(writer, tree, "/K")
        return
    if held is None or isinstance(held, generic.NullObject):
        tree[name("K")] = array([element])
    elif isinstance(held, generic.DictionaryObject):
        tree[name("K")] = array([current, element])
    else:
        raise _not_extendable()
    writer.mark_update(root)


def _append_parents(
    writer: Writer, root: generic.IndirectObject, tree: generic.DictionaryObject, entries: list[Any]
) -> None:
    """Append to the parent tree, a number tree (ISO 32000-1 clause 7.9.7); the keys are above all that it has."""
    parents: Any = resolve(tree.raw_get("/ParentTree")) if "/ParentTree" in tree else None
    if parents is None or isinstance(parents, generic.NullObject):
        tree[name("ParentTree")] = writer.add_object(dictionary({"Nums": array(entries)}))
        writer.mark_update(root)
        return
    if not isinstance(parents, generic.DictionaryObject):
        raise _not_extendable()
    for key in ("/Kids", "/Nums"):
        held: Any = resolve(parents.raw_get(key)) if key in parents else None
        if isinstance(held, generic.ArrayObject):
            held.extend([_leaf(writer, entries)] if key == "/Kids" else entries)
            mark_changed(writer, parents, key)
            return
    parents[name("Nums")] = array(entries)
    writer.update_container(parents)


def _leaf(writer: Writer, entries: list[Any]) -> generic.IndirectObject:
    return writer.add_object(dictionary({"Limits": array([entries[0], entries[-2]]), "Nums": array(entries)}))


def _next_key(tree: generic.DictionaryObject) -> int:
    """Return a key above every one in the parent tree and not below ``/ParentTreeNextKey``."""
    announced = tree.get("/ParentTreeNextKey", 0)
    highest = int(announced) - 1 if isinstance(announced, int) else -1
    stack: list[Any] = [resolve(tree.raw_get("/ParentTree"))] if "/ParentTree" in tree else []
    for _ in range(_MAX_NODES):
        if not stack:
            return highest + 1
        node = stack.pop()
        if not isinstance(node, generic.DictionaryObject):
            continue
        nums: Any = resolve(node.raw_get("/Nums")) if "/Nums" in node else array(())
        kids: Any = resolve(node.raw_get("/Kids")) if "/Kids" in node else array(())
        if not isinstance(nums, generic.ArrayObject) or not isinstance(kids, generic.ArrayObject):
            break
        keys = [resolve(nums.raw_get(index)) for index in range(0, len(nums), 2)]
        highest = max([highest, *(int(key) for key in keys)])
        stack.extend(resolve(kids.raw_get(index)) for index in range(len(kids)))
    raise _not_extendable()


def _not_extendable() -> UnsupportedDocumentError:
    return UnsupportedDocumentError(
        "the structure tree cannot be extended",
        code="document.structure",
        hint="create the envelope with --repair, or let a PDF program write the file anew",
    )
