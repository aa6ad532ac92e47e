"""Compiled loops of the hierarchy: contraction, customization, climbing, sweeping, unpacking.

Nodes are ranks (0 is contracted first). ``up_first``/``up_head`` list the higher neighbours of each node; ``up`` holds
the milliseconds from the lower to the higher end of such an edge, ``down`` those from the higher to the lower. All
higher neighbours of a node are its ancestors in the elimination tree, so a climb keeps its times in a small array
indexed by depth.
"""

import numpy as np

from thanglong.solve.routing.compiled import CLOSED, Array, compiled


@compiled
def contract(first: Array, head: Array) -> tuple[Array, Array, Array]:
    """Higher neighbours after contracting all nodes in order, and each node's parent (-1 at a root).

    ``first``/``head`` the higher neighbours before, as CSR. A node hands its neighbours on to the lowest of them (the
    symbolic part of Cholesky's factorization).
    """
    n = first.size - 1
    parent = np.full(n, -1, dtype=np.int32)
    child, sibling = np.full(n, -1, dtype=np.int32), np.full(n, -1, dtype=np.int32)
    seen = np.full(n, -1, dtype=np.int32)
    up_first = np.empty(n + 1, dtype=np.int64)
    up_head = np.empty(head.size * 3 + 16, dtype=np.int32)
    end = 0
    for v in range(n):
        up_first[v] = end
        if end + n - v > up_head.size:
            room = np.empty(max(up_head.size * 2, end + n - v), dtype=np.int32)
            room[:end] = up_head[:end]
            up_head = room
        begin = end
        seen[v] = v
        for i in range(first[v], first[v + 1]):
            if seen[head[i]] != v:
                seen[head[i]] = v
                up_head[end] = head[i]
                end += 1
        c = child[v]
        while c >= 0:
            for i in range(up_first[c], up_first[c + 1]):
                if seen[up_head[i]] != v:
                    seen[up_head[i]] = v
                    up_head[end] = up_head[i]
                    end += 1
            c = sibling[c]
        up_head[begin:end].sort()
        if end > begin:
            p = up_head[begin]
            parent[v] = p
            sibling[v] = child[p]
            child[p] = v
    up_first[n] = end
    return up_first, up_head[:end].copy(), parent


@compiled
def depths(parent: Array) -> Array:
    """Steps from the root of the elimination tree, per node."""
    n = parent.size
    depth = np.zeros(n, dtype=np.int32)
    for v in range(n - 1, -1, -1):
        if parent[v] >= 0:
            depth[v] = depth[parent[v]] + 1
    return depth


@compiled
def lower_side(up_first: Array, up_head: Array) -> tuple[Array, Array, Array]:
    """The same edges seen from their higher end, as CSR: first, lower node (ascending), number of the edge."""
    n = up_first.size - 1
    first = np.zeros(n + 1, dtype=np.int64)
    for h in up_head:
        first[h + 1] += 1
    for v in range(n):
        first[v + 1] += first[v]
    at = first[:-1].copy()
    node, edge = np.empty(up_head.size, dtype=np.int32), np.empty(up_head.size, dtype=np.int32)
    for v in range(n):
        for e in range(up_first[v], up_first[v + 1]):
            i = at[up_head[e]]
            node[i], edge[i] = v, e
            at[up_head[e]] += 1
    return first, node, edge


@compiled
def edge_numbers(low: Array, high: Array, up_first: Array, up_head: Array) -> Array:
    """The edge between each pair of ranks ``low < high``, which must be neighbours."""
    found = np.empty(low.size, dtype=np.int32)
    for i in range(low.size):
        a, b = up_first[low[i]], up_first[low[i] + 1]
        found[i] = a + np.searchsorted(up_head[a:b], high[i])
    return found


@compiled
def seed(
    turn_edge: Array, turn_rises: Array, turn_ms: Array, turn_to: Array, node_ms: Array, up: Array, down: Array
) -> None:
    """Times of the edges that are turns: the turn, then the whole arc it leads into; everything else is closed."""
    up[:] = CLOSED
    down[:] = CLOSED
    for t in range(turn_edge.size):
        ms = min(turn_ms[t] + node_ms[turn_to[t]], CLOSED)
        e = turn_edge[t]
        if turn_rises[t]:
            up[e] = min(up[e], ms)
        else:
            down[e] = min(down[e], ms)


@compiled
def customize(
    up_first: Array, up_head: Array, low_first: Array, low_node: Array, low_edge: Array, up: Array, down: Array
) -> None:
    """Lower each edge x-y to the best way over a node below both, bottom up (Dibbelt, Strasser, Wagner 2016)."""
    n = up_first.size - 1
    spot = np.empty(n, dtype=np.int32)
    for x in range(n):
        a, b = up_first[x], up_first[x + 1]
        if a == b:
            continue
        for e in range(a, b):
            spot[up_head[e]] = e
        for i in range(low_first[x], low_first[x + 1]):
            e, end = low_edge[i], up_first[low_node[i] + 1]
            rise, fall = down[e], up[e]
            if rise < CLOSED:
                for f in range(e + 1, end):
                    g = spot[up_head[f]]
                    up[g] = min(up[g], rise + up[f])
            if fall < CLOSED:
                for f in range(e + 1, end):
                    g = spot[up_head[f]]
                    down[g] = min(down[g], fall + down[f])


@compiled
def climb(
    v: int, start: int, up_first: Array, up_head: Array, ms: Array, parent: Array, depth: Array
) -> tuple[Array, Array]:
    """Times from ``v`` (``ms`` = up) or to it (``ms`` = down) to each ancestor, and the ancestors; both by depth."""
    size = depth[v] + 1
    times, nodes = np.full(size, CLOSED, dtype=np.int32), np.empty(size, dtype=np.int32)
    times[size - 1] = start
    for d in range(size - 1, -1, -1):
        nodes[d] = v
        here = times[d]
        if here < CLOSED:
            for e in range(up_first[v], up_first[v + 1]):
                h = depth[up_head[e]]
                times[h] = min(times[h], here + ms[e])
        v = parent[v]
    return times, nodes


@compiled
def meet(out: Array, out_nodes: Array, back: Array, back_nodes: Array) -> tuple[int, int]:
    """The best sum of two climbs over common ancestors: milliseconds, and the depth at which they meet (-1: none)."""
    best, at = CLOSED, -1
    for d in range(min(out.size, back.size)):
        if out_nodes[d] != back_nodes[d]:
            break
        if out[d] < CLOSED and back[d] < CLOSED and out[d] + back[d] < best:
            best, at = out[d] + back[d], d
    return best, at


@compiled
def ancestors(chosen: Array, parent: Array) -> Array:
    """All ancestors of the chosen nodes and they themselves, every node after its parent."""
    n = parent.size
    seen = np.zeros(n, dtype=np.uint8)
    order = np.empty(n, dtype=np.int32)
    end = 0
    for c in chosen:
        v, begin = c, end
        while v >= 0 and not seen[v]:
            seen[v] = 1
            order[end] = v
            end += 1
            v = parent[v]
        a, b = begin, end - 1
        while a < b:
            order[a], order[b] = order[b], order[a]
            a, b = a + 1, b - 1
    return order[:end].copy()


@compiled
def sweep(
    order: Array, times: Array, nodes: Array, up_first: Array, up_head: Array, ms: Array, depth: Array, reached: Array
) -> None:
    """Spread a climb's times down to the nodes of ``order`` (each after its parent), into ``reached`` by node.

    With the climb over ``down`` and ``ms`` = up: times *to* the climb's start; the other way round: *from* it.
    """
    for v in order:
        d = depth[v]
        best = times[d] if d < times.size and nodes[d] == v else np.int32(CLOSED)
        for e in range(up_first[v], up_first[v + 1]):
            best = min(best, reached[up_head[e]] + ms[e])
        reached[v] = min(best, np.int32(CLOSED))


@compiled
def flood(
    starts: Array, offsets: Array, up_first: Array, up_head: Array, climb_ms: Array, sweep_ms: Array, reached: Array
) -> None:
    """Milliseconds to every node from whichever of several starts (ranks, each with its offset) is nearest, into
    ``reached``: up over all edges from the lowest node on, then down again.
    """
    reached[:] = CLOSED
    for i in range(starts.size):
        reached[starts[i]] = min(reached[starts[i]], offsets[i])
    for v in range(reached.size):
        if reached[v] >= CLOSED:
            continue
        for e in range(up_first[v], up_first[v + 1]):
            ms = reached[v] + climb_ms[e]
            if ms < reached[up_head[e]]:
                reached[up_head[e]] = ms
    for v in range(reached.size - 1, -1, -1):
        best = reached[v]
        for e in range(up_first[v], up_first[v + 1]):
            best = min(best, reached[up_head[e]] + sweep_ms[e])
        reached[v] = best


@compiled
def table(
    starts: Array, offsets: Array, order: Array, ends: Array, up_first: Array, up_head: Array, climb_ms: Array,
    sweep_ms: Array, parent: Array, depth: Array,
) -> Array:  # fmt: skip
    """Milliseconds between each start (rank, with its own offset) and each end whose ancestors are in ``order``."""
    result = np.empty((starts.size, ends.size), dtype=np.int32)
    reached = np.empty(parent.size, dtype=np.int32)
    for i in range(starts.size):
        times, nodes = climb(starts[i], offsets[i], up_first, up_head, climb_ms, parent, depth)
        sweep(order, times, nodes, up_first, up_head, sweep_ms, depth, reached)
        for j in range(ends.size):
            result[i, j] = reached[ends[j]]
    return result


@compiled
def rise(times: Array, nodes: Array, at: int, up_first: Array, up_head: Array, ms: Array, depth: Array) -> Array:
    """The nodes from a climb's start up to its ancestor at depth ``at``, one edge a step."""
    way = np.empty(times.size, dtype=np.int32)
    end, d, last = 0, at, times.size - 1
    way[0] = nodes[at]
    while d < last:
        target, want = nodes[d], times[d]
        for below in range(d + 1, last + 1):
            v = nodes[below]
            if times[below] >= CLOSED:
                continue
            a, b = up_first[v], up_first[v + 1]
            e = a + np.searchsorted(up_head[a:b], target)
            if e < b and up_head[e] == target and times[below] + ms[e] == want:
                d = below
                break
        else:
            break
        end += 1
        way[end] = nodes[d]
    return way[: end + 1][::-1].copy()


@compiled
def between(low: int, high: int, up_first: Array, up_head: Array) -> int:
    """The number of the edge between two neighbours."""
    a, b = up_first[low], up_first[low + 1]
    return int(a + np.searchsorted(up_head[a:b], high))


@compiled
def unpack(
    way: Array, up_first: Array, up_head: Array, low_first: Array, low_node: Array, low_edge: Array, up: Array,
    down: Array, own_up: Array, own_down: Array,
) -> Array:  # fmt: skip
    """The nodes of a way whose steps are turns (``own_up``/``own_down`` hold their times), not shortcuts."""
    out = np.empty(256, dtype=np.int32)
    out[0] = way[0]
    end = 1
    stack = [(int(way[i - 1]), int(way[i])) for i in range(way.size - 1, 0, -1)]
    while stack:
        u, v = stack.pop()
        rises = u < v
        e = between(min(u, v), max(u, v), up_first, up_head)
        ms = up[e] if rises else down[e]
        if (own_up[e] if rises else own_down[e]) == ms:
            if end == out.size:
                room = np.empty(out.size * 2, dtype=np.int32)
                room[:end] = out
                out = room
            out[end] = v
            end += 1
            continue
        m = _middle(u, v, ms, low_first, low_node, low_edge, up, down)
        stack.append((m, v))
        stack.append((u, m))
    return out[:end].copy()


@compiled
def _middle(u: int, v: int, ms: int, low_first: Array, low_node: Array, low_edge: Array, up: Array, down: Array) -> int:
    """The lower node over which the shortcut u-v of ``ms`` milliseconds runs."""
    i, j = low_first[u + 1] - 1, low_first[v + 1] - 1
    while i >= low_first[u] and j >= low_first[v]:
        a, b = low_node[i], low_node[j]
        if a == b:
            if down[low_edge[i]] + up[low_edge[j]] == ms:
                return int(a)
            i, j = i - 1, j - 1
        elif a > b:
            i -= 1
        else:
            j -= 1
    return -1
