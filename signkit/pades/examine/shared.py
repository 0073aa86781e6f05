"""Objects that R1 must redefine, and whether anything else depends on them (proof.md section 2 *Objects*).

Incremental signing redefines the catalog, the page-tree root, the form and the roots of the structure tree. A number
that holds two of these, or that something else names as well, would change more than signing; such a document is
refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from signkit.pades.examine.graph import Graph
from signkit.pades.structure import Dict, Ref, View

__all__ = ["SharedObject", "shared_objects"]


@dataclass(frozen=True, slots=True)
class SharedObject:
    """One number that cannot be redefined safely."""

    number: int
    roles: tuple[str, ...]
    named_by: int | None
    """An object that names it without being its owner; 0 for the trailer; None where it has two roles."""


@dataclass(frozen=True, slots=True)
class _Role:
    name: str
    number: int
    owner: int
    """The only object that may name it; 0 for the trailer."""
    keys: tuple[str, ...]
    """Keys under which anybody may name it: the way back up."""


def shared_objects(graph: Graph) -> Iterator[SharedObject]:
    """Yield every number with two roles or a stranger that names it; the first reason of each number only."""
    roles = list(_roles(graph.view))
    by_number: dict[int, list[_Role]] = {}
    for role in roles:
        by_number.setdefault(role.number, []).append(role)
    for number, held in by_number.items():
        names = tuple(role.name for role in held)
        if len(held) > 1:
            yield SharedObject(number, names, None)
            continue
        stranger = _stranger(graph, held[0])
        if stranger is not None:
            yield SharedObject(number, names, stranger)


def _stranger(graph: Graph, role: _Role) -> int | None:
    for other, keys in graph.names.get(role.number, {}).items():
        if other and other not in graph.reached:
            continue  # a catalog that a later one has replaced, for one, is no part of the document any more
        left = [key for key in keys if key not in role.keys]
        own = left == [role.name] if other == role.owner else not left
        if not own:
            return other
    return None


def _roles(view: View) -> Iterator[_Role]:
    root = view.trailer.get("Root")
    if not isinstance(root, Ref):
        return
    catalog = view.catalog
    yield _Role("Root", root.num, 0, ("Data",))
    yield from _chain(view, catalog, root.num, "Pages", inner=("Kids",), back=("Parent",))
    yield from _chain(view, catalog, root.num, "AcroForm", inner=("Fields",))
    yield from _chain(view, catalog, root.num, "StructTreeRoot", inner=("K", "ParentTree"), back=("P",))
    for key in ("Extensions", "Perms"):
        yield from _chain(view, catalog, root.num, key)


def _chain(
    view: View, owner: Dict, number: int, key: str, *, inner: tuple[str, ...] = (), back: tuple[str, ...] = ()
) -> Iterator[_Role]:
    """Yield the role of ``owner``'s ``key`` where it is an object of its own, and of the parts that are appended to.

    ``number`` is the object that ``owner`` stands in; a part of something direct is named by that same object.
    """
    value = owner.get(key)
    if isinstance(value, Ref):
        yield _Role(key, value.num, number, back)
        number = value.num
    held = view.get_dict(value)
    for part in inner:
        item = held.get(part)
        if part == "ParentTree":
            yield from _chain(view, held, number, part, inner=("Nums", "Kids"))
        elif isinstance(item, Ref) and isinstance(view.resolve(item), list):
            yield _Role(part, item.num, number, ())
