"""The edge-expanded graph: every arc is a node, every permitted turn an arc between them.

A restriction over several stretches needs memory: who came from its first stretch must be told apart on the stretches
between. Those get copies of their arcs ("states"), entered only from there.
"""

from dataclasses import dataclass

import numpy as np

from thanglong.solve.city import Floats, Ints
from thanglong.solve.routing.network import Arcs, Flags, Network, Restriction

STRAIGHT_DEGREES = 30.0
BACK_DEGREES = 150.0


@dataclass(frozen=True, slots=True)
class Turns:
    """States (S): the arc of each (the first A are the arcs themselves), and the vehicles that must turn back at its
    end. Turns (T): from state, to state, whether it turns back into the same stretch, the angle in degrees (left is
    positive), and the vehicles forbidden to make it.
    """

    arc: Ints
    stuck: Ints
    source: Ints
    target: Ints
    back: Flags
    angle: Floats
    barred: Ints


def turns_of(network: Network, arcs: Arcs) -> Turns:
    """All turns some vehicle may make; turning back only where a kind of vehicle has no other way on."""
    source, target = meeting(arcs)
    together = (arcs.access[source] & arcs.access[target]) > 0
    arc, source, target, barred = _restricted(network, arcs, source[together], target[together])
    a, b = arc[source], arc[target]
    back = (arcs.stretch[a] == arcs.stretch[b]) & (arcs.ahead[a] != arcs.ahead[b])
    onward = np.zeros(len(arc), dtype=np.int64)
    np.bitwise_or.at(onward, source[~back], arcs.access[b[~back]] & ~barred[~back])
    stuck = arcs.access[arc] & ~onward
    keep = ~back | ((stuck[source] & arcs.access[b]) > 0)
    arriving, leaving = _bearings(network, arcs)
    angle = (leaving[b] - arriving[a] + 180) % 360 - 180
    return Turns(arc, stuck, source[keep], target[keep], back[keep], angle[keep], barred[keep])


def meeting(arcs: Arcs) -> tuple[Ints, Ints]:
    """All pairs of arcs that meet head to tail, by the first."""
    order = np.argsort(arcs.tail, kind="stable")
    nodes = int(max(arcs.tail.max(), arcs.head.max())) + 1 if arcs.size else 0
    first = np.searchsorted(arcs.tail[order], np.arange(nodes + 1))
    many = first[arcs.head + 1] - first[arcs.head]
    source = np.repeat(np.arange(arcs.size), many)
    within = np.arange(len(source)) - np.repeat(np.cumsum(many) - many, many)
    return source, order[first[arcs.head][source] + within]


def _bearings(network: Network, arcs: Arcs) -> tuple[Floats, Floats]:
    """Directions in degrees (anticlockwise from east) in which each arc arrives at its head and leaves its tail."""
    first, count = network.shape_first[:-1], np.diff(network.shape_first)
    shaped = count > 0
    safe = np.where(shaped, first, 0)
    end = np.where(shaped, first + count - 1, 0)
    lon = network.shape_lon if len(network.shape_lon) else np.zeros(1)
    lat = network.shape_lat if len(network.shape_lat) else np.zeros(1)
    u, v, k = network.u, network.v, network.squeeze
    second = (np.where(shaped, lon[safe], network.lon[v]), np.where(shaped, lat[safe], network.lat[v]))
    before = (np.where(shaped, lon[end], network.lon[u]), np.where(shaped, lat[end], network.lat[u]))
    at_u = np.degrees(np.arctan2(second[1] - network.lat[u], (second[0] - network.lon[u]) * k))
    at_v = np.degrees(np.arctan2(network.lat[v] - before[1], (network.lon[v] - before[0]) * k))
    s = arcs.stretch
    return np.where(arcs.ahead, at_v[s], at_u[s] + 180), np.where(arcs.ahead, at_u[s], at_v[s] + 180)


def _restricted(network: Network, arcs: Arcs, source: Ints, target: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """States, turns between them and the vehicles barred from each, with the restrictions obeyed."""
    number = {(s, a): i for i, (s, a) in enumerate(zip(arcs.stretch.tolist(), arcs.ahead.tolist(), strict=True))}
    rules: list[tuple[tuple[int, ...], Restriction]] = []
    for rule in network.restrictions:
        path = tuple(number.get(step, -1) for step in zip(rule.stretches, rule.ahead, strict=True))
        if -1 not in path:
            rules.append((path, rule))
    barred = np.zeros(len(source), dtype=np.int64)
    if not rules:
        return np.arange(arcs.size), source, target, barred
    return _with_memory(arcs.size, source, target, rules)


Memory = frozenset[tuple[int, int]]


def _with_memory(
    size: int, source: Ints, target: Ints, rules: list[tuple[tuple[int, ...], Restriction]]
) -> tuple[Ints, Ints, Ints, Ints]:
    """Turns from arcs where a rule begins are made anew; the rest stays as it is."""
    begins: dict[int, list[int]] = {}
    for i, (path, _) in enumerate(rules):
        begins.setdefault(path[0], []).append(i)
    touched = np.isin(source, list(begins))
    inner = np.array(sorted({arc for path, _ in rules for arc in path[1:-1]}), dtype=np.int64)
    onward: dict[int, list[int]] = {}
    wanted = touched | np.isin(source, inner)
    for a, b in zip(source[wanted].tolist(), target[wanted].tolist(), strict=True):
        onward.setdefault(a, []).append(b)
    arc = list(range(size))
    states: dict[tuple[int, Memory], int] = {}
    made: list[tuple[int, int, int]] = []
    todo: list[tuple[int, int, Memory]] = [(a, a, frozenset((i, 0) for i in begins[a])) for a in begins]

    def state(at: int, memory: Memory) -> int:
        if not any(step > 0 for _, step in memory):
            return at
        if (at, memory) not in states:
            states[at, memory] = len(arc)
            arc.append(at)
            todo.append((states[at, memory], at, memory))
        return states[at, memory]

    while todo:
        here, at, memory = todo.pop()
        for b in onward.get(at, ()):
            kept = frozenset(
                (i, step + 1) for i, step in memory if rules[i][0][step + 1] == b and step + 2 < len(rules[i][0])
            )
            fresh = frozenset((i, 0) for i in begins.get(b, ()))
            made.append((here, state(b, kept | fresh), _barred(memory, b, rules)))
    new = np.array(made, dtype=np.int64).reshape(-1, 3)
    rest = ~touched
    return (
        np.array(arc), np.concatenate([source[rest], new[:, 0]]), np.concatenate([target[rest], new[:, 1]]),
        np.concatenate([np.zeros(int(rest.sum()), dtype=np.int64), new[:, 2]]),
    )  # fmt: skip


def _barred(memory: Memory, onto: int, rules: list[tuple[tuple[int, ...], Restriction]]) -> int:
    """The vehicles that may not turn onto an arc, given how far along which rules they are.

    A prescribed way over several stretches binds from its second stretch on: before, nobody has entered it yet.
    """
    bits = 0
    for i, step in memory:
        path, rule = rules[i]
        follows = path[step + 1] == onto
        if rule.only and not follows and (step > 0 or len(path) == 2):
            bits |= rule.vehicles
        if not rule.only and follows and step + 2 == len(path):
            bits |= rule.vehicles
    return bits


def usable(arcs: Arcs, turns: Turns, vehicle: int) -> Flags:
    """Turns a kind of vehicle may make: open on both sides, not forbidden, and back only where nothing else is left."""
    source, target = turns.arc[turns.source], turns.arc[turns.target]
    open_to = ((arcs.access[source] & arcs.access[target] & vehicle) > 0) & ((turns.barred & vehicle) == 0)
    return np.asarray(open_to & (~turns.back | ((turns.stuck[turns.source] & vehicle) > 0)))
