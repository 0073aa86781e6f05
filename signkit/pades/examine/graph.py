"""One walk over every object of a view: who names whom, and every dictionary with its place.

Detectors look at ``nodes``: dictionaries that the catalog reaches, direct ones included, and that carry a mark of
theirs. What nothing reaches cannot act, but is still checked for names of undefined numbers. A cross-reference stream
is no object here: its dictionary is the trailer. Limits are those of the structure reader.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from signkit.pades.structure import Dict, Name, Ref, Stream, Value, View

__all__ = ["ACTIONS", "LINKS", "MULTIMEDIA", "Graph", "Node", "name_at", "read_graph"]

ACTIONS: Final = {
    "JavaScript": "javascript",
    "Launch": "launch",
    "SubmitForm": "submit-form",
    "ImportData": "import-data",
    "ResetForm": "reset-form",
    "Hide": "hide",
    "SetOCGState": "set-layers",
    "Rendition": "multimedia",
    "Movie": "multimedia",
    "Sound": "multimedia",
    "GoTo3DView": "multimedia",
    "RichMediaExecute": "multimedia",
}
"""Action types (ISO 32000-1 table 198) that run, send, load or change what is seen."""
MULTIMEDIA: Final = frozenset({"RichMedia", "Movie", "Screen", "3D", "Sound"})
LINKS: Final = {"URI": "net", "GoToR": "file", "GoToE": "embedded", "Thread": "file"}
_KEYS: Final = frozenset({"AA", "JS", "OCGs", "VE", "EF", "Usage"})
_STREAM_KEYS: Final = frozenset({"F", "Ref", "OPI", "Alternates"})
_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "S": (*ACTIONS, *LINKS),
    "Subtype": (*MULTIMEDIA, "PS"),
    "Subtype2": ("PS",),
    "Type": ("Font",),
}
"""Names, by key, that make a dictionary worth keeping; a tuple, for a stranger's list has no hash."""


@dataclass(frozen=True, slots=True)
class Node:
    """One dictionary."""

    number: int
    """The object that holds it; 0: the trailer."""
    dict: Dict
    stream: Stream | None = None


@dataclass(slots=True)
class Graph:
    """All objects of one view."""

    view: View
    names: dict[int, dict[int, list[str]]] = field(default_factory=dict)
    """Number → number that names it (0: the trailer) → keys under which it does (``[]`` for a bare array item)."""
    dangling: list[tuple[int, Ref]] = field(default_factory=list)
    """Names of numbers that nothing defines, and who says them (0: the trailer)."""
    highest: int = 0
    defined: frozenset[int] = frozenset()
    reached: frozenset[int] = frozenset()
    kept: list[Node] = field(default_factory=list)
    """Dictionaries that a detector may ask about."""

    def nodes(self) -> Iterator[Node]:
        """Yield every dictionary that the catalog reaches and that has a key some detector looks at."""
        return (node for node in self.kept if node.number in self.reached)


def name_at(view: View, node: Dict, key: str) -> str | None:
    """Return the name under ``key``; None for anything else, so that a stranger's list is never taken for one."""
    value = view.resolve(node.get(key))
    return str(value) if isinstance(value, Name) else None


def read_graph(view: View) -> Graph:
    """Return the graph of ``view``; every object is read once.

    Raises:
        UnreadableDocumentError: an object that is not where it should be, or damaged.
    """
    graph = Graph(view, defined=frozenset(view.numbers()))
    graph.highest = max(graph.defined, default=0)
    forward: dict[int, set[int]] = {0: _note(graph, 0, view.trailer)}
    for number in sorted(graph.defined):
        value = view.get(number)
        if not (isinstance(value, Stream) and value.dict.get("Type") == "XRef"):
            forward[number] = _note(graph, number, value)
    root = view.trailer.get("Root")
    graph.reached = frozenset(_reach(forward, root.num)) if isinstance(root, Ref) else frozenset()
    return graph


def _note(graph: Graph, number: int, value: Value) -> set[int]:
    """Note every name inside ``value``, and return the numbers."""
    found: set[int] = set()
    stack: list[tuple[str, Value]] = [("", value)]
    while stack:
        key, item = stack.pop()
        if type(item) is Ref:
            found.add(item.num)
            graph.names.setdefault(item.num, {}).setdefault(number, []).append(key)
            if item.num not in graph.defined or graph.view.entry(item.num).gen != item.gen:
                graph.dangling.append((number, item))
                graph.highest = max(graph.highest, item.num)
        elif isinstance(item, Stream):
            if not _STREAM_KEYS.isdisjoint(item.dict) or _is_kept(item.dict):
                graph.kept.append(Node(number, item.dict, item))
            stack.extend(item.dict.items())
        elif isinstance(item, Dict):
            if _is_kept(item):
                graph.kept.append(Node(number, item))
            stack.extend(item.items())
        elif isinstance(item, list):
            stack.extend((key, part) for part in item)
    return found


def _is_kept(node: Dict) -> bool:
    """Say whether a detector may want ``node``; a reference in place of a name is followed later, so it counts."""
    if not _KEYS.isdisjoint(node):
        return True
    return any(key in node and (type(node[key]) is Ref or node[key] in names) for key, names in _NAMES.items())


def _reach(forward: dict[int, set[int]], start: int) -> set[int]:
    seen: set[int] = set()
    stack = [start]
    while stack:
        number = stack.pop()
        if number in seen or number not in forward:
            continue
        seen.add(number)
        stack.extend(forward[number])
    return seen
