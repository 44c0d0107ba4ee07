"""Named things with edges, as a drawing folds them: scopes within scopes, every edge lifted to the scopes around its ends.

The rules are those of the contract's chapter 8.2, which computation graphs and structure graphs share.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from embedding_explorer.errors import LimitExceeded

# A graph is drawn by a browser. Real ones have some thousand operations, ten levels and a few edges an operation.
MAX_OPERATIONS = 200_000
MAX_NODES = 400_000  # scopes included
MAX_LEVELS = 100  # also what writers of JSON nest without a word
MAX_EDGES = 1_000_000  # after lifting


@dataclass(frozen=True)
class Source:
    """Where an edge comes from: which operation that has edges, counted in their order, and its info there."""

    order: int
    info: str


@dataclass
class Edge:
    """One edge of the drawing, made of those of its sources."""

    control: bool = True
    sources: dict[int, str] = field(default_factory=dict)

    def add(self, source: Source, control: bool) -> None:
        """Merge one more; of the same operation only the first counts."""
        self.control = self.control and control
        self.sources.setdefault(source.order, source.info)

    def to_json(self, target: str) -> dict[str, Any]:
        """As a target of its node."""
        infos = [self.sources[order] for order in sorted(self.sources)]
        info = ";".join(info or "()" for info in infos) if any(infos) and len(infos) > 1 else infos[0]
        return {
            "id": target,
            "info": info if any(infos) else "",
            "control": str(self.control).lower(),
            "num": len(infos),
        }


@dataclass
class Node:
    """A scope, an operation, or both."""

    label: str
    parent: str
    uid: str
    layer: int
    op: str = ""
    attrs: dict[str, Any] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)  # further keys of its JSON
    targets: dict[str, Edge] = field(default_factory=dict)
    children: list["Node"] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """With all that is inside it."""
        return {
            "label": self.label,
            "parent": self.parent,
            "uid": self.uid,
            "op": self.op,
            "layer": self.layer,
            "attrs": self.attrs,
            **self.more,
            "targets": [edge.to_json(target) for target, edge in self.targets.items()],
            "sub_net": [child.to_json() for child in self.children],
        }


@dataclass(frozen=True)
class Link:
    """An edge between two operations, before it is lifted."""

    source: str
    target: str
    info: str = ""
    control: bool = False


class Tree:
    """All nodes by uid, in order of first appearance."""

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}
        self.top: list[Node] = []
        self._edges = 0

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes.values())

    def add(self, uid: str, op: str, attrs: Mapping[str, Any], more: Mapping[str, Any] | None = None) -> Node:
        """Put an operation in its place, with the scopes around it; raises LimitExceeded."""
        node = self._scope(uid)
        node.op, node.attrs, node.more = op, dict(attrs), dict(more or {})
        return node

    def link(self, links: Iterable[Link]) -> None:
        """Draw edges between operations that are there; raises LimitExceeded.

        What is an operation and a scope, and has an edge to or from something inside, gets a twin inside first.
        """
        known = list(links)
        twins = {uid: self._twin(self.nodes[uid]) for uid in inner_ends(known)}
        order: dict[str, int] = {}
        for link in known:
            source = Source(order.setdefault(link.source, len(order)), link.info)
            for one in ends(link.source, twins):
                for other in ends(link.target, twins):
                    self._lift(one, other, source, link.control)

    def to_json(self) -> list[dict[str, Any]]:
        """The nodes at the top, each with what is inside it."""
        return [node.to_json() for node in self.top]

    def _scope(self, uid: str) -> Node:
        found = self.nodes.get(uid)
        if found is not None:
            return found
        parts = uid.split("/")
        check("levels of scopes", len(parts), MAX_LEVELS)
        node = parent = None
        for layer in range(1, len(parts) + 1):
            node = self._child(parent, "/".join(parts[:layer]), parts[layer - 1], layer)
            parent = node
        assert node is not None
        return node

    def _child(self, parent: Node | None, uid: str, label: str, layer: int) -> Node:
        found = self.nodes.get(uid)
        if found is None:
            check("nodes", len(self.nodes) + 1, MAX_NODES)
            found = self.nodes[uid] = Node(label, parent.uid if parent else "", uid, layer)
            (parent.children if parent else self.top).append(found)
        return found

    def _twin(self, node: Node) -> str:
        label = f"({node.label})"
        twin = self._child(node, f"{node.uid}/{label}", label, node.layer + 1)
        twin.op, twin.attrs, twin.more = node.op, node.attrs, node.more
        return twin.uid

    def _lift(self, one: str, other: str, source: Source, control: bool) -> None:
        starts, stops = diverging(one, other)
        for start in starts:
            targets = self.nodes[start].targets
            for stop in stops:
                if stop not in targets:
                    self._edges += 1
                    check("edges", self._edges, MAX_EDGES)
                targets.setdefault(stop, Edge()).add(source, control)


def diverging(one: str, other: str) -> tuple[Sequence[str], Sequence[str]]:
    """The uids from where two paths part, each down to its end; none where one path is the beginning of the other."""
    first, second = one.split("/"), other.split("/")
    common = 0
    while common < min(len(first), len(second)) and first[common] == second[common]:
        common += 1
    if common in (len(first), len(second)):
        return (), ()
    return prefixes(first, common), prefixes(second, common)


def prefixes(parts: list[str], common: int) -> list[str]:
    """The uids with more than `common` components."""
    return ["/".join(parts[:length]) for length in range(common + 1, len(parts) + 1)]


def inner_ends(links: Iterable[Link]) -> list[str]:
    """Operations with an edge to or from something inside themselves."""
    found: dict[str, None] = {}
    for link in links:
        if link.target.startswith(f"{link.source}/"):
            found[link.source] = None
        elif link.source.startswith(f"{link.target}/"):
            found[link.target] = None
    return list(found)


def ends(uid: str, twins: Mapping[str, str]) -> tuple[str, ...]:
    """Where the edges of an operation are drawn to: itself, and its twin."""
    return (uid, twins[uid]) if uid in twins else (uid,)


def check(what: str, count: int, most: int) -> None:
    """Raise LimitExceeded for a graph that no browser draws."""
    if count > most:
        raise LimitExceeded(f"The graph has more than {most} {what}, too many to be drawn.", limit=most)
