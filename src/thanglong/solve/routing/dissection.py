"""An order of road arcs for contraction, by nested dissection: cut the city in two where the fewest roads cross.

Each cut is found by inertial flow (Schild and Sommer 2015): nodes are sorted along a direction, the first and last
quarter become source and sink, and a maximum flow over the streets between gives the fewest streets that separate
them. Four directions are tried; the cut with the fewest streets for the smaller side wins. A street cut in the road
graph is a node cut of the edge-expanded graph, where arcs are the nodes, so the arcs of the streets cut first are
contracted last (Buchhold, Wagner, Zeitz, Zündorf 2020).
"""

import numpy as np

from thanglong.solve.routing.compiled import Array, compiled

DIRECTIONS = np.array([[1.0, 0.0], [0.0, 1.0], [0.7071, 0.7071], [0.7071, -0.7071]])
SHARE = 0.25
"""The part of the nodes that is source, and that is sink."""


@compiled
def dissect(x: Array, y: Array, first: Array, other: Array, street: Array, streets: int, directions: Array) -> Array:
    """Streets in the order in which they are cut, the most important first.

    ``x``, ``y`` metres per node; ``first``, ``other``, ``street`` the neighbours of each node as CSR with the number
    of the street (0..streets-1) to each: every street stands at both its ends, none leads from a node to itself.
    """
    n = x.size
    members = np.arange(n)
    block = np.zeros(n, dtype=np.int32)
    level, current = np.empty(n, dtype=np.int32), np.empty(n, dtype=np.int32)
    queue, path = np.empty(n, dtype=np.int32), np.empty(n, dtype=np.int32)
    side, best_side = np.zeros(n, dtype=np.int8), np.zeros(n, dtype=np.int8)
    flow = np.zeros(streets, dtype=np.int8)
    cut = np.empty(streets, dtype=np.int32)
    found, blocks = 0, 1
    stack = [(0, n)]
    while stack:
        lo, hi = stack.pop()
        if hi - lo < 2:
            continue
        inside = members[lo:hi]
        b = block[inside[0]]
        middle = _component(inside, first, other, block, b, best_side, queue)
        if middle == hi - lo:
            best = np.inf
            for d in range(directions.shape[0]):
                order = np.argsort(x[inside] * directions[d, 0] + y[inside] * directions[d, 1])
                score, _ = _cut(
                    inside[order], first, other, street, block, b, level, current, queue, path, side, flow, best
                )
                if score < best:
                    best = score
                    for i in inside:
                        best_side[i] = side[i]
            for u in inside:
                if best_side[u]:
                    for i in range(first[u], first[u + 1]):
                        if block[other[i]] == b and not best_side[other[i]]:
                            cut[found] = street[i]
                            found += 1
        middle = _part(inside, best_side)
        for u in inside[middle:]:
            block[u] = blocks
        blocks += 1
        stack.append((lo, lo + middle))
        stack.append((lo + middle, hi))
    return cut[:found]


@compiled
def _component(inside: Array, first: Array, other: Array, block: Array, b: int, mark: Array, queue: Array) -> int:
    """Mark the part of a block that hangs together with its first node; its size."""
    for u in inside:
        mark[u] = 0
    queue[0] = inside[0]
    mark[inside[0]] = 1
    end, at = 1, 0
    while at < end:
        u = queue[at]
        at += 1
        for i in range(first[u], first[u + 1]):
            v = other[i]
            if block[v] == b and not mark[v]:
                mark[v] = 1
                queue[end] = v
                end += 1
    return end


@compiled
def _part(inside: Array, mark: Array) -> int:
    """Put the marked nodes in front; how many they are."""
    kept = inside[mark[inside] == 1]
    rest = inside[mark[inside] == 0]
    inside[: kept.size] = kept
    inside[kept.size :] = rest
    return int(kept.size)


@compiled
def _cut(
    order: Array, first: Array, other: Array, street: Array, block: Array, b: int, level: Array, current: Array,
    queue: Array, path: Array, side: Array, flow: Array, best: float,
) -> tuple[float, int]:  # fmt: skip
    """Fewest streets between the first and last quarter of ``order``: score and number; ``side`` is 1 on one bank.

    The score is streets per node of the smaller bank; infinite once it cannot become better than ``best``.
    """
    n = order.size
    ends = max(1, int(n * SHARE))
    for u in order:
        side[u] = 0
        for i in range(first[u], first[u + 1]):
            flow[street[i]] = 0
    for i in range(ends):
        side[order[i]] = 1
        side[order[n - 1 - i]] = 2
    total = 0
    while True:
        if not _levels(order, ends, first, other, street, block, b, level, current, queue, side, flow):
            break
        total += _push(order, ends, first, other, street, block, b, level, current, path, side, flow)
        if total / (n / 2) >= best:
            return np.inf, total
    near = _bank(order[:ends], 1, first, other, street, block, b, queue, level, flow, order)
    small_near = min(near, n - near)
    for u in order:
        current[u] = level[u]
    far = _bank(order[n - ends :], -1, first, other, street, block, b, queue, level, flow, order)
    if min(far, n - far) > small_near:
        for u in order:
            side[u] = 0 if level[u] == 1 else 1
        return total / min(far, n - far), total
    for u in order:
        side[u] = current[u]
    return total / small_near, total


@compiled
def _levels(
    order: Array, ends: int, first: Array, other: Array, street: Array, block: Array, b: int, level: Array,
    current: Array, queue: Array, side: Array, flow: Array,
) -> bool:  # fmt: skip
    """Steps from the source along streets with room; whether the sink is reached (Dinic's phases)."""
    for u in order:
        level[u] = -1
        current[u] = first[u]
    for i in range(ends):
        level[order[i]] = 0
        queue[i] = order[i]
    at, end, reached = 0, ends, False
    while at < end:
        u = queue[at]
        at += 1
        for i in range(first[u], first[u + 1]):
            v = other[i]
            sign = 1 if u < v else -1
            if block[v] == b and level[v] < 0 and flow[street[i]] * sign < 1:
                level[v] = level[u] + 1
                if side[v] == 2:
                    reached = True
                else:
                    queue[end] = v
                    end += 1
    return reached


@compiled
def _push(
    order: Array, ends: int, first: Array, other: Array, street: Array, block: Array, b: int, level: Array,
    current: Array, path: Array, side: Array, flow: Array,
) -> int:  # fmt: skip
    """Send as much as fits along the levels; how many streets were filled from end to end."""
    total = 0
    for s in range(ends):
        while True:
            depth, arrived = 0, False
            path[0] = order[s]
            while depth >= 0:
                u = path[depth]
                if side[u] == 2:
                    arrived = True
                    break
                onward = False
                while current[u] < first[u + 1]:
                    i = current[u]
                    v = other[i]
                    sign = 1 if u < v else -1
                    if block[v] == b and level[v] == level[u] + 1 and flow[street[i]] * sign < 1:
                        depth += 1
                        path[depth] = v
                        onward = True
                        break
                    current[u] += 1
                if not onward:
                    level[u] = -1
                    depth -= 1
                    if depth >= 0:
                        current[path[depth]] += 1
            if not arrived:
                break
            for d in range(depth):
                u = path[d]
                flow[street[current[u]]] += 1 if u < path[d + 1] else -1
            total += 1
    return total


@compiled
def _bank(
    starts: Array, way: int, first: Array, other: Array, street: Array, block: Array, b: int, queue: Array,
    mark: Array, flow: Array, order: Array,
) -> int:  # fmt: skip
    """Mark what still can be reached from (way 1) or can still reach (way -1) the starts; how many nodes."""
    for u in order:
        mark[u] = 0
    end = 0
    for u in starts:
        mark[u] = 1
        queue[end] = u
        end += 1
    at = 0
    while at < end:
        u = queue[at]
        at += 1
        for i in range(first[u], first[u + 1]):
            v = other[i]
            sign = 1 if u < v else -1
            if block[v] == b and not mark[v] and flow[street[i]] * sign * way < 1:
                mark[v] = 1
                queue[end] = v
                end += 1
    return end
