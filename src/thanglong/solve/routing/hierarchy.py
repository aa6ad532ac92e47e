"""Customizable contraction hierarchies (Dibbelt, Strasser, Wagner 2016) on the edge-expanded road graph.

Three steps: an order and the shortcuts, once for each network; weights, in milliseconds of computing, as often as
speeds change; queries. A :class:`Metric` never changes once made: whoever holds one sees one state of the city.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thanglong.solve.city import Floats, Ints
from thanglong.solve.routing import elimination as loops
from thanglong.solve.routing.compiled import CLOSED
from thanglong.solve.routing.dissection import DIRECTIONS, dissect

Ms = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """Nodes are arcs of the road graph (states), known by rank inside; edges join ranks low to high."""

    rank: Ints
    node: Ints
    up_first: Any
    up_head: Any
    parent: Any
    depth: Any
    low_first: Any
    low_node: Any
    low_edge: Any
    turn_edge: Any
    turn_rises: Any
    turn_to: Any

    @property
    def edges(self) -> int:
        """Edges after contraction, shortcuts included."""
        return len(self.up_head)


def rank_arcs(x: Floats, y: Floats, tail: Ints, head: Ints, state_arc: Ints) -> Ints:
    """Each state's rank by nested dissection; ``x``, ``y`` metres per node, ``state_arc`` the arc of each state."""
    low, high = np.minimum(tail, head), np.maximum(tail, head)
    code = low * len(x) + high
    streets, street = np.unique(code, return_inverse=True)
    a, b = streets // len(x), streets % len(x)
    real = a != b
    number = np.cumsum(real) - 1
    a, b = a[real], b[real]
    start, end = np.concatenate([a, b]), np.concatenate([b, a])
    by_start = np.argsort(start, kind="stable")
    first = np.searchsorted(start[by_start], np.arange(len(x) + 1))
    of = np.concatenate([np.arange(len(a)), np.arange(len(a))])[by_start]
    cut = dissect(x, y, first.astype(np.int64), end[by_start].astype(np.int32), of.astype(np.int32), len(a), DIRECTIONS)
    importance = np.empty(len(a), dtype=np.int64)
    importance[cut] = np.arange(len(a), 0, -1)
    # a loop is contracted first: nothing runs over it but itself
    of_arc = np.where(real[street], importance[number[street]] if len(a) else 0, 0)
    order = np.lexsort((np.arange(len(state_arc)), of_arc[state_arc]))
    rank = np.empty(len(state_arc), dtype=np.int64)
    rank[order] = np.arange(len(state_arc))
    return rank


def build(rank: Ints, source: Ints, target: Ints) -> Hierarchy:
    """Contract states in the order of their rank; ``source``/``target`` the states each turn joins."""
    n = len(rank)
    node = np.argsort(rank)
    a, b = rank[source], rank[target]
    low, high = np.minimum(a, b), np.maximum(a, b)
    real = low != high
    code = np.unique(low[real] * n + high[real])
    lows, highs = code // max(n, 1), code % max(n, 1)
    first = np.searchsorted(lows, np.arange(n + 1)).astype(np.int64)
    up_first, up_head, parent = loops.contract(first, highs.astype(np.int32))
    low_first, low_node, low_edge = loops.lower_side(up_first, up_head)
    turn_edge = loops.edge_numbers(low[real].astype(np.int32), high[real].astype(np.int32), up_first, up_head)
    edge = np.full(len(source), -1, dtype=np.int32)
    edge[real] = turn_edge
    return Hierarchy(
        rank, node, up_first, up_head, parent, loops.depths(parent), low_first, low_node, low_edge, edge, a < b,
        target.astype(np.int32),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Metric:
    """One state of the city for one kind of vehicle: milliseconds of every edge up and down, before (``own``) and
    after customization, of every arc, and the time each turn takes.
    """

    hierarchy: Hierarchy
    node_ms: Ms
    turn_ms: Ms
    own_up: Ms
    own_down: Ms
    up: Ms
    down: Ms

    def climb_out(self, state: int, start: int = 0) -> tuple[Any, Any]:
        """Times from a state up to its ancestors."""
        h = self.hierarchy
        return _pair(loops.climb(h.rank[state], start, h.up_first, h.up_head, self.up, h.parent, h.depth))

    def climb_back(self, state: int, start: int = 0) -> tuple[Any, Any]:
        """Times to a state down from its ancestors."""
        h = self.hierarchy
        return _pair(loops.climb(h.rank[state], start, h.up_first, h.up_head, self.down, h.parent, h.depth))

    def between(self, start: int, end: int) -> int:
        """Milliseconds from the end of one state's arc to the end of another's; CLOSED when there is no way."""
        return int(loops.meet(*self.climb_out(start), *self.climb_back(end))[0])

    def way(self, start: int, end: int) -> tuple[int, Ints]:
        """The time and the states driven, the first and last included; none when there is no way."""
        h = self.hierarchy
        out, back = self.climb_out(start), self.climb_back(end)
        ms, at = loops.meet(*out, *back)
        if at < 0:
            return CLOSED, np.empty(0, dtype=np.int64)
        there = loops.rise(*out, at, h.up_first, h.up_head, self.up, h.depth)
        onward = loops.rise(*back, at, h.up_first, h.up_head, self.down, h.depth)[::-1]
        packed = np.concatenate([there, onward[1:]]).astype(np.int32)
        ranks = loops.unpack(
            packed, h.up_first, h.up_head, h.low_first, h.low_node, h.low_edge, self.up, self.down, self.own_up,
            self.own_down,
        )  # fmt: skip
        return int(ms), h.node[ranks]


def _pair(found: Any) -> tuple[Any, Any]:
    return found[0], found[1]


def customize(hierarchy: Hierarchy, node_ms: Any, turn_ms: Any) -> Metric:
    """Weights for every edge: ``node_ms`` per state and ``turn_ms`` per turn, whole milliseconds >= 0, CLOSED bars."""
    h = hierarchy
    nodes, turns = np.asarray(node_ms, dtype=np.int32), np.asarray(turn_ms, dtype=np.int32)
    up, down = np.empty(h.edges, dtype=np.int32), np.empty(h.edges, dtype=np.int32)
    loops.seed(h.turn_edge, h.turn_rises, turns, h.turn_to, nodes, up, down)
    own_up, own_down = up.copy(), down.copy()
    loops.customize(h.up_first, h.up_head, h.low_first, h.low_node, h.low_edge, up, down)
    return Metric(h, nodes, turns, own_up, own_down, up, down)


@dataclass(frozen=True, slots=True)
class Pinned:
    """States chosen once (the units, the hospitals), to be asked for many times: ``order`` is what a sweep visits."""

    hierarchy: Hierarchy
    ranks: Any
    order: Any

    def times_to(self, metric: Metric, ends: Any, offsets: Any | None = None) -> Ms:
        """Milliseconds from every pinned state to each of ``ends`` (E, P); ``offsets`` are added per end."""
        return self._table(metric, ends, offsets, metric.down, metric.up)

    def times_from(self, metric: Metric, starts: Any, offsets: Any | None = None) -> Ms:
        """Milliseconds from each of ``starts`` to every pinned state (E, P)."""
        return self._table(metric, starts, offsets, metric.up, metric.down)

    def _table(self, metric: Metric, states: Any, offsets: Any | None, climb_ms: Ms, sweep_ms: Ms) -> Ms:
        h = self.hierarchy
        ranks = h.rank[np.atleast_1d(states)]
        start = np.zeros(len(ranks), dtype=np.int32) if offsets is None else np.asarray(offsets, dtype=np.int32)
        return np.asarray(
            loops.table(
                ranks, start, self.order, self.ranks, h.up_first, h.up_head, climb_ms, sweep_ms, h.parent, h.depth
            )
        )


def pin(hierarchy: Hierarchy, states: Any) -> Pinned:
    """Choose states to be asked for together."""
    ranks = hierarchy.rank[np.atleast_1d(np.asarray(states, dtype=np.int64))]
    return Pinned(hierarchy, ranks, loops.ancestors(ranks, hierarchy.parent))


def everywhere(metric: Metric, states: Any, starts: Any = 0, *, towards: bool = False) -> Ms:
    """Milliseconds from the nearest of some states, each with its own ``starts``, to every state (or, ``towards``, from
    every state to the nearest of them)."""
    h = metric.hierarchy
    ranks = h.rank[np.atleast_1d(states)]
    offsets = np.broadcast_to(np.asarray(starts, dtype=np.int32), ranks.shape)
    climb_ms, sweep_ms = (metric.down, metric.up) if towards else (metric.up, metric.down)
    reached = np.empty(len(h.rank), dtype=np.int32)
    loops.flood(ranks, np.ascontiguousarray(offsets), h.up_first, h.up_head, climb_ms, sweep_ms, reached)
    return np.asarray(reached[h.rank])
