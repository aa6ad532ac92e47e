"""Ways of a map become stretches between junctions, and turn rules between ways become rules between stretches."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from thanglong.domains.roads.rules import tags as words
from thanglong.domains.roads.types import Problem
from thanglong.formats.osm import Extract, TurnRule
from thanglong.solve.city import METRES_PER_DEGREE
from thanglong.solve.routing.network import Network, Restriction, Timed

EXAMPLES = 5


@dataclass
class Stretches:
    """Stretches while they are cut: lists of columns, and per way its stretches in order."""

    ends: list[tuple[int, int]] = field(default_factory=list)
    inner: list[tuple[int, ...]] = field(default_factory=list)
    way: list[int] = field(default_factory=list)
    meaning: list[words.Meaning] = field(default_factory=list)
    of_way: dict[int, list[int]] = field(default_factory=dict)


class Findings:
    """What could not be used: counted by kind, with a few examples of where."""

    def __init__(self) -> None:
        self.count: Counter[str] = Counter()
        self.where: dict[str, list[int]] = {}

    def note(self, kind: str, id: int) -> None:
        self.count[kind] += 1
        if self.count[kind] <= EXAMPLES:
            self.where.setdefault(kind, []).append(id)

    def all(self) -> tuple[Problem, ...]:
        return tuple(Problem(kind, n, tuple(self.where.get(kind, ()))) for kind, n in self.count.most_common())


def cut(extract: Extract, findings: Findings) -> Stretches:
    """Cut drivable ways where they meet, end, carry a barrier or lights, or where a turn rule turns."""
    drivable: list[tuple[int, tuple[int, ...], words.Meaning]] = []
    for way in extract.ways:
        problems: list[str] = []
        found = words.meaning(way.tags, problems)
        if found is not None:
            drivable.append((way.id, way.nodes, found))
            for kind in problems:
                findings.note(kind, way.id)
    uses: Counter[int] = Counter()
    for _, nodes, _ in drivable:
        uses.update(nodes)
        uses[nodes[0]] += 1
        uses[nodes[-1]] += 1
    special = {n for rule in extract.rules for n in rule.via_nodes}
    special.update(n for n, tags in extract.marks.items() if is_lights(tags) or words.barred_at(tags))
    result = Stretches()
    for id, nodes, found in drivable:
        begin = 0
        for i in range(1, len(nodes)):
            if i == len(nodes) - 1 or uses[nodes[i]] > 1 or nodes[i] in special:
                result.of_way.setdefault(id, []).append(len(result.ends))
                result.ends.append((nodes[begin], nodes[i]))
                result.inner.append(nodes[begin + 1 : i])
                result.way.append(id)
                result.meaning.append(found)
                begin = i
    return result


def is_lights(tags: words.Tags) -> bool:
    """Whether a node carries traffic lights."""
    return tags.get("highway") == "traffic_signals" or tags.get("crossing") == "traffic_signals"


def assemble(extract: Extract, pieces: Stretches, findings: Findings) -> Network:
    """The network of the stretches, with turn rules and barriers as restrictions."""
    ids = sorted({node for ends in pieces.ends for node in ends})
    number = {node: i for i, node in enumerate(ids)}
    places = np.array([extract.places[node] for node in ids]).reshape(-1, 2)
    inner = [extract.places[node] for nodes in pieces.inner for node in nodes]
    shape = np.array(inner).reshape(-1, 2)
    names = ["", *sorted({found.name for found in pieces.meaning} - {""})]
    index = {name: i for i, name in enumerate(names)}
    m = len(pieces.ends)
    column = pieces.meaning
    lights = [is_lights(extract.marks.get(node, {})) for node in ids]
    network = Network(
        places[:, 0], places[:, 1], np.array(lights, dtype=bool),
        np.array([number[a] for a, _ in pieces.ends], dtype=np.int64),
        np.array([number[b] for _, b in pieces.ends], dtype=np.int64), np.empty(m),
        np.array([x.kind for x in column], dtype=np.int64), np.array([x.speed for x in column], dtype=float),
        np.array([index[x.name] for x in column], dtype=np.int64), np.array(pieces.way, dtype=np.int64),
        np.array([x.bridge for x in column], dtype=bool), np.array([x.forward for x in column], dtype=np.uint8),
        np.array([x.backward for x in column], dtype=np.uint8),
        np.cumsum([0, *(len(nodes) for nodes in pieces.inner)]), shape[:, 0], shape[:, 1], tuple(names),
        (*_rules(extract, pieces, findings), *_barriers(extract, pieces)), _timed(pieces),
    )  # fmt: skip
    return measured(network)


def _timed(pieces: Stretches) -> tuple[Timed, ...]:
    """Signs that hold at certain hours, the stretches of one text together."""
    found: dict[tuple[int, str], list[int]] = {}
    for stretch, meaning in enumerate(pieces.meaning):
        for sign in meaning.timed:
            found.setdefault(sign, []).append(stretch)
    return tuple(Timed(tuple(stretches), vehicles, text) for (vehicles, text), stretches in found.items())


def measured(network: Network) -> Network:
    """The same network with the length of each stretch along its shape (equirectangular: 0.01 % in a city)."""
    m, inner = len(network.u), np.diff(network.shape_first)
    owner = np.repeat(np.arange(m), inner + 2)
    start = np.cumsum(inner + 2) - (inner + 2)
    step = np.arange(len(owner)) - start[owner]
    shaped = (step > 0) & (step <= inner[owner])
    lon, lat = np.empty(len(owner)), np.empty(len(owner))
    node = np.where(step == 0, network.u[owner], network.v[owner])
    lon, lat = network.lon[node], network.lat[node]
    lon[shaped], lat[shaped] = network.shape_lon, network.shape_lat
    east = np.diff(lon) * np.cos(np.radians(lat[1:]))
    gap = np.hypot(east, np.diff(lat)) * METRES_PER_DEGREE
    length = np.bincount(owner[1:], weights=np.where(owner[1:] == owner[:-1], gap, 0.0), minlength=m)
    network.length[:] = np.maximum(length, 0.5)
    return network


def _barriers(extract: Extract, pieces: Stretches) -> Iterator[Restriction]:
    """Barriers forbid to drive on from any stretch at their node to any other."""
    barred = {node: bits for node, tags in extract.marks.items() if (bits := words.barred_at(tags))}
    at: dict[int, list[int]] = {}
    for i, (a, b) in enumerate(pieces.ends):
        for node in {a, b}:
            if node in barred:
                at.setdefault(node, []).append(i)
    for node, stretches in at.items():
        for s in stretches:
            for t in stretches:
                if s != t:
                    # a loop at the barrier counts along its nodes only: rare, and a bar too few
                    towards, away = pieces.ends[s][1] == node, pieces.ends[t][0] == node
                    yield Restriction((s, t), (towards, away), False, barred[node])


def _rules(extract: Extract, pieces: Stretches, findings: Findings) -> Iterator[Restriction]:
    for rule in extract.rules:
        known = words.restriction(rule.tags)
        if known is None:
            timed = any(key.endswith(":conditional") for key in rule.tags)
            findings.note("restriction_timed" if timed else "restriction_unknown", rule.id)
            continue
        only, _, vehicles = known
        made = [found for origin in rule.origins for target in rule.targets
                if (found := _path(rule, origin, target, pieces)) is not None]  # fmt: skip
        if not made:
            findings.note("restriction_unplaced", rule.id)
        if vehicles:
            for stretches, ahead in made:
                yield Restriction(stretches, ahead, only, vehicles)


Steps = tuple[tuple[int, ...], tuple[bool, ...]]


def _path(rule: TurnRule, origin: int, target: int, pieces: Stretches) -> Steps | None:
    """The stretches from a rule's first way over what lies between to its last; None when they do not meet."""
    if len(rule.via_nodes) == 1 and not rule.via_ways:
        first = _touching(pieces, origin, rule.via_nodes[0], arriving=True)
        last = _touching(pieces, target, rule.via_nodes[0], arriving=False)
        return ((first[0], last[0]), (first[1], last[1])) if first and last else None
    chain = [origin, *rule.via_ways, target]
    if len(chain) < 3:
        return None
    nodes = [_shared(pieces, a, b) for a, b in pairwise(chain)]
    if None in nodes:
        return None
    joints = [node for node in nodes if node is not None]
    first = _touching(pieces, origin, joints[0], arriving=True)
    last = _touching(pieces, target, joints[-1], arriving=False)
    middle: list[tuple[int, bool]] = []
    for way, a, b in zip(rule.via_ways, joints, joints[1:], strict=False):
        steps = _along(pieces, way, a, b)
        if steps is None:
            return None
        middle.extend(steps)
    if not first or not last or not middle:
        return None
    whole = [first, *middle, last]
    return tuple(s for s, _ in whole), tuple(ahead for _, ahead in whole)


def _touching(pieces: Stretches, way: int, node: int, *, arriving: bool) -> tuple[int, bool] | None:
    """The one stretch of a way that ends (or begins) at a node, and whether it is driven along its nodes."""
    found = [(s, (pieces.ends[s][1] == node) == arriving) for s in pieces.of_way.get(way, ()) if node in pieces.ends[s]]
    return found[0] if len(found) == 1 and pieces.ends[found[0][0]][0] != pieces.ends[found[0][0]][1] else None


def _shared(pieces: Stretches, a: int, b: int) -> int | None:
    """The node at which two ways meet; None when there is none or several."""
    nodes = [{n for s in pieces.of_way.get(way, ()) for n in pieces.ends[s]} for way in (a, b)]
    both = nodes[0] & nodes[1]
    return next(iter(both)) if len(both) == 1 else None


def _along(pieces: Stretches, way: int, start: int, end: int) -> list[tuple[int, bool]] | None:
    """The stretches of a way from one of its nodes to another, in the direction driven."""
    stretches = pieces.of_way.get(way, [])
    nodes = [pieces.ends[stretches[0]][0], *(pieces.ends[s][1] for s in stretches)] if stretches else []
    if start not in nodes or end not in nodes:
        return None
    a, b = nodes.index(start), nodes.index(end)
    return [(s, True) for s in stretches[a:b]] if a < b else [(s, False) for s in reversed(stretches[b:a])]
