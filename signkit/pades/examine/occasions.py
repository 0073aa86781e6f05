"""Risk ``layers``, other forms of it: what is shown at one time and not at another (ISO 32000-1 clauses 8.9.5, 12.5.3).

On paper otherwise than on the screen, or otherwise under the pointer: people would sign what they saw, and somebody
else holds a sheet that says more.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from signkit.model.risks import Risk, RiskFound
from signkit.pades.examine.graph import Graph, name_at
from signkit.pades.structure import Dict, Ref, Stream, Value, View

__all__ = ["occasion_risks"]

_HIDDEN: Final = 2
_PRINT: Final = 4
_NO_VIEW: Final = 32
_TOGGLES: Final = 256
_MAX_ANNOTATIONS: Final = 100_000
_STATES: Final = (("View", "ViewState"), ("Print", "PrintState"), ("Export", "ExportState"))


def occasion_risks(graph: Graph) -> Iterator[RiskFound]:
    """Yield layers that say when they are off, pictures with another for print, and annotations that come and go."""
    view = graph.view
    for node in graph.nodes():
        if "Usage" in node.dict and _is_off_somewhere(view, node.dict):
            yield RiskFound(Risk.LAYERS, "usage", node.number)
        elif node.stream is not None and view.get_list(node.dict.get("Alternates")):
            yield RiskFound(Risk.LAYERS, "other-on-paper", node.number)
    annotations = (item for page in view.pages for item in view.get_list(page.dict.get("Annots")))
    for item in islice(annotations, _MAX_ANNOTATIONS):
        detail = _comes_and_goes(view, view.get_dict(item))
        if detail:
            yield RiskFound(Risk.LAYERS, detail, item.num if isinstance(item, Ref) else None)


def _is_off_somewhere(view: View, group: Dict) -> bool:
    """Say whether a layer asks to be off at times: some readers obey without the event that the standard demands."""
    usage = view.get_dict(group.get("Usage"))
    return any(name_at(view, view.get_dict(usage.get(kind)), key) == "OFF" for kind, key in _STATES)


def _comes_and_goes(view: View, node: Dict) -> str | None:
    flags = view.resolve(node.get("F"))
    looks = view.get_dict(node.get("AP"))
    if type(flags) is int and not flags & _HIDDEN and looks:
        if flags & _TOGGLES:
            return "under-pointer"
        if flags & _NO_VIEW and flags & _PRINT:
            return "other-on-paper"
    rollover = looks.get("R")
    if rollover is None or _same_look(view, rollover, looks.get("N")):
        return None
    return "under-pointer"


def _same_look(view: View, one: Value, other: Value) -> bool:
    left, right = view.resolve(one), view.resolve(other)
    if isinstance(left, Stream) and isinstance(right, Stream):
        return bool(left.raw == right.raw and left.dict == right.dict)
    return bool(left == right)
