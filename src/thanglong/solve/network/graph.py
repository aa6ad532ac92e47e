"""A road graph while it grows, and what graphs are asked for: Gabriel neighbours, components."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from thanglong.solve.city import CLASSES, Floats, Ints

MOTORWAY, TRUNK, PRIMARY, SECONDARY, TERTIARY, RESIDENTIAL = range(len(CLASSES))


@dataclass
class Graph:
    """Nodes (metres) and edges while they grow."""

    xy: Floats
    u: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    v: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    kind: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    name: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    bridge: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, dtype=np.bool_))

    def add_nodes(self, xy: Floats) -> Ints:
        first = len(self.xy)
        self.xy = np.concatenate([self.xy, xy])
        return np.arange(first, len(self.xy))

    def add_edges(self, u: Ints, v: Ints, kind: Any, name: Any = -1, bridge: Any = False) -> None:
        full = len(u)
        self.u, self.v = np.concatenate([self.u, u]), np.concatenate([self.v, v])
        self.kind = np.concatenate([self.kind, np.broadcast_to(kind, full)])
        self.name = np.concatenate([self.name, np.broadcast_to(name, full)])
        self.bridge = np.concatenate([self.bridge, np.broadcast_to(bridge, full)])

    def kind_at(self, nodes: Ints) -> Ints:
        """The highest class (lowest number) of road at each node; a high number where there is none."""
        best = np.full(len(self.xy), 99, dtype=np.int64)
        np.minimum.at(best, self.u, self.kind)
        np.minimum.at(best, self.v, self.kind)
        return best[nodes]

    def lines(self) -> Any:
        return shapely.linestrings(np.stack([self.xy[self.u], self.xy[self.v]], axis=1))

    def keep(self, edges: Any) -> None:
        self.u, self.v, self.kind = self.u[edges], self.v[edges], self.kind[edges]
        self.name, self.bridge = self.name[edges], self.bridge[edges]


def middles(graph: Graph) -> Floats:
    return (graph.xy[graph.u] + graph.xy[graph.v]) / 2


def distance_to(graph: Graph, xy: Floats) -> Floats:
    tree = shapely.STRtree(graph.lines())
    _, distance = tree.query_nearest(shapely.points(xy), return_distance=True, all_matches=False)
    return np.asarray(distance)


def gabriel(xy: Floats, limit: float = 90.0) -> tuple[Ints, Ints]:
    """The edges (u < v) of the Gabriel graph of points (N, 2): Delaunay edges not seen under an obtuse angle.

    A smaller ``limit`` in degrees gives a sparser graph (60 would open every triangle).
    """
    triangles = shapely.get_parts(shapely.delaunay_triangles(shapely.MultiPoint(xy)))
    corners = shapely.get_coordinates(triangles).reshape(-1, 4, 2)[:, :3]
    order = np.lexsort((xy[:, 1], xy[:, 0]))
    index = order[np.searchsorted(_key(xy[order]), _key(corners.reshape(-1, 2)))].reshape(-1, 3)
    a, b, c = index[:, [0, 1, 2]].ravel(), index[:, [1, 2, 0]].ravel(), index[:, [2, 0, 1]].ravel()
    p, q = xy[a] - xy[c], xy[b] - xy[c]
    cosine = (p * q).sum(axis=1) / np.maximum(np.hypot(*p.T) * np.hypot(*q.T), 1e-9)
    obtuse = cosine < np.cos(np.radians(limit))
    u, v = np.minimum(a, b), np.maximum(a, b)
    code = u * len(xy) + v
    every = np.unique(code)
    good = every[~np.isin(every, code[obtuse])]
    return good // len(xy), good % len(xy)


def _key(xy: Floats) -> NDArray[np.void]:
    """Points as sortable records (x, then y)."""
    record = np.ascontiguousarray(xy + 0.0).view([("x", "f8"), ("y", "f8")])
    return np.asarray(record.reshape(-1))


def largest_component(
    graph: Graph, oneway: NDArray[np.bool_], speed: Floats
) -> tuple[Graph, NDArray[np.bool_], Floats]:
    """The strongly connected component of the busiest node, with node numbers made dense."""
    size = len(graph.xy)
    start = int(np.argmax(np.bincount(graph.u, minlength=size) + np.bincount(graph.v, minlength=size)))
    two = ~oneway
    out = _reached(size, np.concatenate([graph.u, graph.v[two]]), np.concatenate([graph.v, graph.u[two]]), start)
    back = _reached(size, np.concatenate([graph.v, graph.u[two]]), np.concatenate([graph.u, graph.v[two]]), start)
    inside = out & back
    edges = inside[graph.u] & inside[graph.v]
    graph.keep(edges)
    number = np.cumsum(inside) - 1
    graph.xy, graph.u, graph.v = graph.xy[inside], number[graph.u], number[graph.v]
    return graph, oneway[edges], speed[edges]


def _reached(size: int, tail: Ints, head: Ints, start: int) -> NDArray[np.bool_]:
    """Nodes reachable from ``start`` along arcs, by sweeps over the frontier."""
    order = np.argsort(tail, kind="stable")
    head = head[order]
    first = np.searchsorted(tail[order], np.arange(size + 1))
    seen = np.zeros(size, dtype=np.bool_)
    seen[start] = True
    frontier = np.array([start])
    while len(frontier):
        counts = first[frontier + 1] - first[frontier]
        offsets = np.repeat(first[frontier] - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
        found = np.unique(head[offsets])
        frontier = found[~seen[found]]
        seen[frontier] = True
    return seen
