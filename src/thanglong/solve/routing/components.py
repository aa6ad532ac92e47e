"""For each kind of vehicle the largest part of the network in which it can drive from anywhere to anywhere."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from thanglong.solve.routing.network import VEHICLES, Arcs, Flags, Network
from thanglong.solve.routing.turns import Turns, usable


@dataclass(frozen=True, slots=True)
class Part:
    """Of the arcs open to a kind of vehicle: which are in its largest strongly connected part, and how many parts."""

    vehicle: str
    open: int
    parts: int
    kept: Flags


def largest_parts(arcs: Arcs, turns: Turns) -> list[Part]:
    """The largest part of each kind of vehicle. An arc counts when one of its states is inside."""
    size = len(turns.arc)
    found = []
    for name, vehicle in VEHICLES.items():
        mine = usable(arcs, turns, vehicle)
        source, target = turns.source[mine], turns.target[mine]
        graph = coo_matrix((np.ones(len(source), dtype=np.int8), (source, target)), shape=(size, size))
        _, label = connected_components(graph, directed=True, connection="strong")
        open_arc = (arcs.access & vehicle) > 0
        open_state = open_arc[turns.arc]
        labels, counts = np.unique(label[open_state], return_counts=True)
        kept = np.zeros(arcs.size, dtype=bool)
        if len(labels):
            kept[turns.arc[open_state & (label == labels[counts.argmax()])]] = True
        found.append(Part(name, int(open_arc.sum()), len(labels), kept))
    return found


def keep_largest(network: Network, arcs: Arcs, parts: list[Part]) -> Network:
    """The network with every arc closed to the vehicles whose largest part it is not in."""
    bits = np.zeros(arcs.size, dtype=np.uint8)
    for part in parts:
        bits[part.kept] |= VEHICLES[part.vehicle]
    forward, backward = np.zeros(len(network.u), dtype=np.uint8), np.zeros(len(network.u), dtype=np.uint8)
    forward[arcs.stretch[arcs.ahead]] = bits[arcs.ahead]
    backward[arcs.stretch[~arcs.ahead]] = bits[~arcs.ahead]
    return replace(network, forward=forward, backward=backward)
