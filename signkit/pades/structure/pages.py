"""The page tree, flattened without recursion (ISO 32000-1 clause 7.7.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from signkit.pades.structure.limits import over, unreadable
from signkit.pades.structure.values import Dict, Ref, Value

if TYPE_CHECKING:
    from signkit.pades.structure.view import View

__all__ = ["Page", "inherited", "read_pages"]

_INHERITED = ("Resources", "MediaBox", "CropBox", "Rotate")


@dataclass(frozen=True, slots=True)
class Page:
    """One page."""

    index: int
    """From 0."""
    ref: Ref
    dict: Dict
    """The page object as it stands."""
    parents: tuple[Ref, ...]
    """Nodes above it, root first."""


def read_pages(view: View) -> tuple[Page, ...]:
    """Return all pages of ``view``.

    Raises:
        UnreadableDocumentError: no tree, a node twice, a node that is no dictionary, or a limit.
    """
    root = view.catalog.get("Pages")
    if not isinstance(root, Ref):
        raise unreadable("no page tree", code="pages")
    limit = view.pdf.limits.max_pages
    pages: list[Page] = []
    seen: set[int] = set()
    stack: list[tuple[Ref, tuple[Ref, ...]]] = [(root, ())]
    while stack:
        ref, parents = stack.pop()
        if ref.num in seen:
            raise unreadable("a page or node stands twice in the page tree", code="page_loop")
        seen.add(ref.num)
        if len(seen) > limit:
            raise over("pages", limit)
        if len(parents) > view.pdf.limits.max_depth:
            raise over("levels of the page tree", view.pdf.limits.max_depth)
        node = view.resolve(ref)
        if not isinstance(node, Dict):
            raise unreadable(f"a page or node that is no dictionary (object {ref.num})", code="pages")
        if not _is_node(node, parents):
            pages.append(Page(len(pages), ref, node, parents))
            continue
        below = (*parents, ref)
        stack.extend((_kid(kid), below) for kid in reversed(view.get_list(node.get("Kids"))))
    return tuple(pages)


def _is_node(node: Dict, parents: tuple[Ref, ...]) -> bool:
    if node.get("Type") == "Page":
        return False
    return "Kids" in node or node.get("Type") == "Pages" or not parents


def _kid(kid: Value) -> Ref:
    if not isinstance(kid, Ref):
        raise unreadable("a page that is no object of its own", code="pages")
    return kid


def inherited(view: View, page: Page, key: str) -> Value:
    """Return ``key`` of the page, or of the nearest node above that has it (clause 7.7.3.4)."""
    if key in page.dict or key not in _INHERITED:
        return view.resolve(page.dict.get(key))
    for ref in reversed(page.parents):
        node = view.get_dict(ref)
        if key in node:
            return view.resolve(node[key])
    return None
