"""One walk over every object of a view: who names whom, and every dictionary with its place.

Detectors look at ``nodes``: dictionaries that the catalog reaches, direct ones included. What nothing reaches cannot
act, but is still checked for names of undefined numbers. A cross-reference stream is no object here: its dictionary
is the trailer. Limits are those of the structure reader.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from signkit.pades.structure import Dict, Name, Ref, Stream, Value, View

__all__ = ["Graph", "Node", "name_at", "nodes_of", "read_graph"]


@dataclass(frozen=True, slots=True)
class Node:
    """One dictionary."""

    number: int | None
    """The object that holds it; None in the trailer."""
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

    def nodes(self) -> Iterator[Node]:
        """Yield every dictionary that the catalog reaches."""
        for number in sorted(self.reached):
            yield from nodes_of(number, self.view.get(number))


def nodes_of(number: int | None, value: Value) -> Iterator[Node]:
    """Yield every dictionary inside ``value``, itself included, without following references."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, Stream):
            yield Node(number, item.dict, item)
            stack.extend(item.dict.values())
        elif isinstance(item, Dict):
            yield Node(number, item)
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)


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
            stack.extend(item.dict.items())
        elif isinstance(item, dict):
            stack.extend(item.items())
        elif isinstance(item, list):
            stack.extend((key, part) for part in item)
    return found


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
