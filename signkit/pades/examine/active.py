"""Risks that act or fetch: ``active``, ``external`` and ``layers`` (proof.md section 2 *Input*).

Found in structure: names are decoded and references followed, wherever in the reachable document they stand.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from signkit.model.risks import Risk, RiskFound
from signkit.pades.examine.graph import ACTIONS, MULTIMEDIA, Graph, Node, name_at
from signkit.pades.structure import Dict, Ref, Value, View

__all__ = ["active_risks", "external_risks", "layer_risks"]

_PLACES: Final = frozenset({"GoTo"})
_HIDING_POLICIES: Final = frozenset({"AllOff", "AnyOff"})
_MAX_EXPRESSION: Final = 1000


def active_risks(graph: Graph) -> Iterator[RiskFound]:
    """Yield JavaScript, additional actions, acting actions, multimedia, and an opening action that is no place."""
    view = graph.view
    yield from _opening(view)
    names = view.get_dict(view.catalog.get("Names"))
    if view.get_dict(names.get("JavaScript")):
        yield RiskFound(Risk.ACTIVE, "javascript")
    for node in graph.nodes():
        detail = _acting(view, node.dict) or _postscript(view, node)
        if detail:
            yield RiskFound(Risk.ACTIVE, detail, node.number)


def _opening(view: View) -> Iterator[RiskFound]:
    action = view.resolve(view.catalog.get("OpenAction"))
    if isinstance(action, Dict) and name_at(view, action, "S") not in _PLACES:
        yield RiskFound(Risk.ACTIVE, "open-action")


def _acting(view: View, node: Dict) -> str | None:
    """Return what ``node`` does by itself, or None."""
    kind = name_at(view, node, "S")
    if kind in ACTIONS:
        return ACTIONS[kind]
    if "JS" in node and view.resolve(node["JS"]) is not None and kind is None:
        return "javascript"
    if kind == "URI" and _is_script(view.resolve(node.get("URI"))):
        return "javascript"
    if name_at(view, node, "Subtype") in MULTIMEDIA and "Rect" in node:
        return "multimedia"
    return "additional-actions" if "AA" in node and _triggers(view, node["AA"]) else None


def _postscript(view: View, node: Node) -> str | None:
    """Programs for a printer, in their own kind of XObject or in a form (ISO 32000-1 clause 8.8.2, PDF 1.3)."""
    kinds = (name_at(view, node.dict, "Subtype"), name_at(view, node.dict, "Subtype2"))
    return "postscript" if node.stream is not None and "PS" in kinds else None


def _triggers(view: View, value: Value) -> bool:
    """Say whether ``value`` holds any action; a font or colour that happens to be called AA does not."""
    return any(name_at(view, view.get_dict(item), "S") is not None for item in view.get_dict(value).values())


def _is_script(value: Value) -> bool:
    return isinstance(value, bytes) and bytes(value).translate(None, b" \t\r\n\0").lower().startswith(b"javascript:")


def external_risks(graph: Graph) -> Iterator[RiskFound]:
    """Yield streams whose data lies elsewhere (``/F``), reference XObjects (``/Ref``), prepress proxies (``/OPI``)."""
    view = graph.view
    for node in graph.nodes():
        if node.stream is None:
            continue
        if view.resolve(node.dict.get("F")) is not None:
            yield RiskFound(Risk.EXTERNAL, "stream", node.number)
        elif name_at(view, node.dict, "Subtype") == "Form" and view.get_dict(node.dict.get("Ref")):
            yield RiskFound(Risk.EXTERNAL, "reference", node.number)
        elif view.get_dict(node.dict.get("OPI")):
            yield RiskFound(Risk.EXTERNAL, "proxy", node.number)


def layer_risks(graph: Graph) -> Iterator[RiskFound]:
    """Yield usage events, further configurations, and whatever is hidden by default (ISO 32000-1 clause 8.11)."""
    view = graph.view
    properties = view.get_dict(view.catalog.get("OCProperties"))
    default = view.get_dict(properties.get("D"))
    if view.get_list(properties.get("Configs")):
        yield RiskFound(Risk.LAYERS, "configurations")
    if view.get_list(default.get("AS")):
        yield RiskFound(Risk.LAYERS, "usage")
    if name_at(view, default, "BaseState") not in (None, "ON"):
        yield RiskFound(Risk.LAYERS, "hidden-by-default")
    elif off := view.get_list(default.get("OFF")):
        first = off[0]
        yield RiskFound(Risk.LAYERS, "hidden-by-default", first.num if isinstance(first, Ref) else None)
    for node in graph.nodes():
        if _hides(view, node):
            yield RiskFound(Risk.LAYERS, "hidden-by-default", node.number)


def _hides(view: View, node: Node) -> bool:
    """Say whether a membership dictionary hides its content while every layer is shown."""
    if "OCGs" not in node.dict and "VE" not in node.dict:
        return False
    return name_at(view, node.dict, "P") in _HIDING_POLICIES or _negates(view, node.dict.get("VE"))


def _negates(view: View, expression: Value) -> bool:
    stack = [expression]
    for _ in range(_MAX_EXPRESSION):
        if not stack:
            return False
        items = view.get_list(stack.pop())
        if any(view.resolve(item) == "Not" for item in items):
            return True
        stack.extend(item for item in items[1:] if isinstance(view.resolve(item), list))
    return True
