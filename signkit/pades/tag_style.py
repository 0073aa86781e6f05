"""How a document's structure tree names its headings, so that ours are named alike (ISO 14289-1 clause 7.4)."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import Any, Final

from signkit.pades.structure import Dict, Pdf, Ref, View
from signkit.pages.data import TitleTag

__all__ = ["title_tag"]

_ENOUGH: Final = 20_000
"""Elements looked at, ours: a document whose first twenty thousand elements have no heading hardly has any."""


def title_tag(path: Path) -> TitleTag | None:
    """Return how a title of ours is to be tagged; None where the document has no structure tree.

    ``H`` where the document uses only that, ``P`` where it mixes both kinds, else ``H1``.

    Raises:
        UnreadableDocumentError: the document cannot be read.
    """
    view = Pdf.open(path).view()
    root = view.resolve(view.catalog.get("StructTreeRoot"))
    if not isinstance(root, Dict):
        return None
    strong = weak = False
    for kind in _kinds(view, root):
        strong |= kind == "H"
        weak |= len(kind) == 2 and kind[0] == "H" and kind[1] in "123456"
        if strong and weak:
            return "P"
    return "H" if strong else "H1"


def _kinds(view: View, root: Dict) -> Any:
    roles = view.get_dict(root.get("RoleMap"))
    waiting: deque[Any] = deque([root.get("K")])
    seen: set[int] = set()
    for _ in range(_ENOUGH):
        if not waiting:
            return
        item = waiting.popleft()
        if isinstance(item, Ref):
            if item.num in seen:
                continue
            seen.add(item.num)
        value = view.resolve(item)
        if isinstance(value, list):
            waiting.extend(value[:_ENOUGH])
        elif isinstance(value, Dict):
            kind = view.resolve(value.get("S"))
            if isinstance(kind, str):
                standard = view.resolve(roles.get(kind))
                yield standard if isinstance(standard, str) else kind
            waiting.append(value.get("K"))
