"""The road network as routing sees it: stretches between junctions, who may drive them, and forbidden turns."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thanglong.solve.city import CLASSES, METRES_PER_DEGREE, Floats, Ints, Roads

CAR, MOTORBIKE, EMERGENCY = 1, 2, 4
EVERYONE = CAR | MOTORBIKE | EMERGENCY
VEHICLES = {"car": CAR, "motorbike": MOTORBIKE, "emergency": EMERGENCY}
Bits = NDArray[np.uint8]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Restriction:
    """A forbidden (``only`` False) or prescribed way over stretches, each with the direction it is driven in.

    Two stretches are a restriction at a node; more name the stretches between (a "via way").
    """

    stretches: tuple[int, ...]
    ahead: tuple[bool, ...]
    only: bool
    vehicles: int = CAR | MOTORBIKE


@dataclass(frozen=True, slots=True)
class Timed:
    """Stretches that some vehicles (bits) may not enter at certain hours, as the sign writes them."""

    stretches: tuple[int, ...]
    vehicles: int
    hours: str


@dataclass(frozen=True, slots=True)
class Network:
    """Nodes (N): ``lon``, ``lat``, ``signals``. Stretches (M) from node ``u`` to ``v``: ``length`` in metres, ``kind``
    index into ``CLASSES``, ``speed`` in km/h on an empty road, ``name`` index into ``names`` (0: none), ``way`` (the
    number in OpenStreetMap, 0: none), ``bridge``, and for each direction the vehicles that may drive it (bits).
    ``shape_first`` (M+1) cuts ``shape_lon``/``shape_lat``, the points between the ends, in pieces. ``timed`` are signs
    that hold at certain hours.
    """

    lon: Floats
    lat: Floats
    signals: Flags
    u: Ints
    v: Ints
    length: Floats
    kind: Ints
    speed: Floats
    name: Ints
    way: Ints
    bridge: Flags
    forward: Bits
    backward: Bits
    shape_first: Ints
    shape_lon: Floats
    shape_lat: Floats
    names: tuple[str, ...]
    restrictions: tuple[Restriction, ...] = field(default=())
    timed: tuple[Timed, ...] = field(default=())

    def line(self, stretch: int, ahead: bool = True) -> Floats:
        """The points of a stretch (K, 2) in degrees, in the direction it is driven."""
        a, b = self.shape_first[stretch], self.shape_first[stretch + 1]
        lon = np.concatenate([[self.lon[self.u[stretch]]], self.shape_lon[a:b], [self.lon[self.v[stretch]]]])
        lat = np.concatenate([[self.lat[self.u[stretch]]], self.shape_lat[a:b], [self.lat[self.v[stretch]]]])
        points = np.column_stack([lon, lat])
        return points if ahead else points[::-1]

    def plane(self) -> tuple[Floats, Floats]:
        """Nodes in metres, east and north (equal scale around the middle latitude)."""
        return self.lon * METRES_PER_DEGREE * self.squeeze, self.lat * METRES_PER_DEGREE

    @property
    def squeeze(self) -> float:
        """Metres east per degree, as a part of metres north per degree."""
        return float(np.cos(np.radians(self.lat.mean()))) if len(self.lat) else 1.0


@dataclass(frozen=True, slots=True)
class Arcs:
    """Stretches in the directions in which they may be driven (A): from ``tail`` to ``head``."""

    tail: Ints
    head: Ints
    stretch: Ints
    ahead: Flags
    access: Bits

    @property
    def size(self) -> int:
        return len(self.tail)


def arcs_of(network: Network) -> Arcs:
    """All arcs, those along their stretch first."""
    there, back = np.flatnonzero(network.forward), np.flatnonzero(network.backward)
    return Arcs(
        np.concatenate([network.u[there], network.v[back]]),
        np.concatenate([network.v[there], network.u[back]]),
        np.concatenate([there, back]),
        np.arange(len(there) + len(back)) < len(there),
        np.concatenate([network.forward[there], network.backward[back]]),
    )


def from_roads(roads: Roads, signals: Any = ()) -> Network:
    """A generated network: straight stretches, open to everyone, one-way where it says so."""
    n, m = len(roads.lon), len(roads.u)
    lights = np.zeros(n, dtype=bool)
    lights[np.asarray(signals, dtype=np.int64)] = True
    everyone = np.full(m, EVERYONE, dtype=np.uint8)
    return Network(
        roads.lon, roads.lat, lights, roads.u, roads.v, roads.length, roads.kind, roads.speed, roads.name,
        np.zeros(m, dtype=np.int64), roads.bridge, everyone, np.where(roads.oneway, 0, everyone).astype(np.uint8),
        np.zeros(m + 1, dtype=np.int64), np.empty(0), np.empty(0), roads.names,
    )  # fmt: skip


def to_roads(network: Network, areas: tuple[Any, ...] = ()) -> Roads:
    """The network as straight edges, a node at every bend, as drawing and the demo city want it."""
    n, m = len(network.lon), len(network.u)
    inner = np.diff(network.shape_first)
    owner = np.repeat(np.arange(m), inner + 1)
    start = np.cumsum(inner + 1) - (inner + 1)
    step = np.arange(len(owner)) - start[owner]
    point = n + network.shape_first[owner] + step
    u = np.where(step == 0, network.u[owner], point - 1)
    v = np.where(step == inner[owner], network.v[owner], point)
    lon, lat = np.concatenate([network.lon, network.shape_lon]), np.concatenate([network.lat, network.shape_lat])
    wrong = (network.forward == 0)[owner]
    oneway = ((network.forward == 0) | (network.backward == 0))[owner]
    k = np.cos(np.radians(lat.mean()))
    length = np.hypot((lon[v] - lon[u]) * k, lat[v] - lat[u]) * METRES_PER_DEGREE
    return Roads(
        lon, lat, np.where(wrong, v, u), np.where(wrong, u, v), network.kind[owner], np.maximum(length, 1.0),
        network.speed[owner], network.name[owner], oneway, network.bridge[owner], network.names, areas,
    )  # fmt: skip


__all__ = [
    "CAR", "CLASSES", "EMERGENCY", "EVERYONE", "MOTORBIKE", "VEHICLES", "Arcs", "Network", "Restriction", "arcs_of",
    "from_roads", "to_roads",
]  # fmt: skip
