"""Areas to study: an ELASPY folder (driving-time matrix) or a JEMSS one (roads, stations, population)."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from thanglong.formats import elaspy, jemss_area, jemss_roads
from thanglong.kit.errors import Invalid
from thanglong.solve import relocation, simulation
from thanglong.solve.simulation import laws
from thanglong.solve.simulation.types import Calls, Floats, Ints

NO_SIREN, TURNOUT, CARRIED = 0.95, 1.0, 0.63
ZONES, CALM_FROM = 250, 2
KM_PER_DEGREE = 111.32
OFF_ROAD = (46.0, 32.0)
"""Kilometres an hour from the centre of a zone to its road, with siren and without."""


@dataclass(frozen=True, slots=True)
class Study:
    """An area and a question: how many units, which calls. ``authors``: units at each base as the data's authors placed
    them (empty: not told, or for another number of units)."""

    ground: relocation.Ground
    demand: laws.Demand
    units: int
    calls: int
    busy: float
    authors: Ints

    def days(self, seeds: Sequence[int], calls: int | None = None) -> list[Calls]:
        """The day-books of seeds."""
        return [self.demand.draw(calls or self.calls, seed) for seed in seeds]


def study(
    folder: Path, units: int, calls: int, between: float | None = None, target: float | None = None, busy: float = 0.3
) -> Study:
    """The area of a folder; ``between`` and ``target`` (minutes) when others than the area's own are asked.

    Raises Unreadable or Invalid, naming the file.
    """
    if (folder / "stations.csv").is_file():
        return _jemss(folder, units, calls, between, target, busy)
    return _elaspy(folder, units, calls, between or 7.75, target or 12.0, busy)


def _elaspy(folder: Path, units: int, calls: int, between: float, target: float, busy: float) -> Study:
    """With the laws of the emergency notes: on scene Weibull(1.4, 30 min), 63 % to a hospital, handover Weibull(2.5,
    28 min), one minute of turnout, home without siren at 0.95 of the speed."""
    told = elaspy.describe(folder)
    area = elaspy.read_area(folder, told["common"])
    index = {code: number for number, code in enumerate(area.codes)}
    if not area.bases or not area.hospitals:
        raise elaspy.Unreadable("runs/runs.json: simulated days need “bases” and “hospitals” in common")
    missing = [code for code in (*area.bases, *area.hospitals) if code not in index]
    if missing:
        raise elaspy.Unreadable(f"{missing[0]} is not in the driving-time matrix")
    urgent = np.array(area.minutes)
    bases = np.array(sorted({index[code] for code in area.bases}), np.int64)
    hospitals = np.array([index[code] for code in area.hospitals], np.int64)
    land = simulation.Land(
        urgent, urgent / NO_SIREN, np.array(area.x), np.array(area.y), bases, hospitals,
        np.zeros(len(hospitals), np.int64), np.array(area.km) if area.km else np.zeros((0, 0)),
    )  # fmt: skip
    demand = laws.Demand(
        laws.exponential(between), np.array(area.inhabitants), laws.weibull(1.4, 30.0), laws.weibull(2.5, 28.0), CARRIED
    )
    ground = relocation.Ground(
        land, simulation.Rules(turnout=TURNOUT), urgent[bases] + TURNOUT <= target,
        demand.weights / demand.weights.sum(), np.array([target]),
    )  # fmt: skip
    return Study(ground, demand, units, calls, busy, np.zeros(0, np.int64))


def _jemss(folder: Path, units: int, calls: int, between: float | None, target: float | None, busy: float) -> Study:
    """The authors' laws. Calls come from zones of the population, each at its nearest road; a call's clock begins when
    a unit is sent, so the authors' delay is taken off the norms. Calls of the lowest priority are driven to without
    siren."""
    area = jemss_area.read(folder)
    zones, people = _zones(area.cells)
    nodes = np.concatenate([area.stations, area.hospitals, zones])
    first, stations = len(area.stations) + len(area.hospitals), len(area.stations)
    urgent, calm, km, xy = _matrices(folder / "roads.zip", nodes, first)
    bases, hospitals = np.arange(stations), np.arange(stations, first)
    land = simulation.Land(urgent, calm, xy[:, 0], xy[:, 1], bases, hospitals, np.zeros(len(hospitals), np.int64), km)
    weights = np.concatenate([np.zeros(first), people])
    shares = np.array(area.priorities)
    norms = np.array([target] * len(shares)) if target else np.array(area.norms) - area.delay
    minutes = [(calm if priority >= CALM_FROM else urgent)[bases] for priority in range(len(shares))]
    covers, points = relocation.by_priority(minutes, norms.tolist(), [weights * share for share in shares])
    demand = laws.Demand(
        laws.exponential(between or area.between), weights, laws.exponential(area.on_scene),
        laws.weibull(*area.handover), area.carried, area.priorities,
    )  # fmt: skip
    rules = simulation.Rules(calm_from=CALM_FROM)
    asked = points > 0  # places and priorities that never call would only cost time
    ground = relocation.Ground(land, rules, covers[:, asked], points[asked], norms)
    authors = np.array(area.stand, np.int64)
    return Study(ground, demand, units, calls, busy, authors if authors.sum() == units else np.zeros(0, np.int64))


def _zones(cells: Floats) -> tuple[Floats, Floats]:
    """Squares of the population's cells, as large as it takes to be at most ZONES: centres (lon, lat) and people."""
    shrink = np.cos(np.radians(cells[:, 1].mean()))
    xy = np.column_stack([cells[:, 0] * shrink, cells[:, 1]]) * KM_PER_DEGREE
    side = 0.5
    while True:
        places = np.floor(xy / side).astype(np.int64)
        found, zone = np.unique(places, axis=0, return_inverse=True)
        if len(found) <= ZONES:
            break
        side *= 1.05
    people = np.bincount(zone, cells[:, 2]).astype(np.float64)
    centre = [np.bincount(zone, cells[:, 2] * cells[:, axis]) / people for axis in (0, 1)]
    return np.column_stack(centre), people


def _matrices(path: Path, places: Floats, first: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Minutes with siren and without, and kilometres between places (lon, lat) over the roads; their plane coordinates
    in kilometres. Places from ``first`` lie off the road."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components, dijkstra
    from scipy.spatial import cKDTree

    roads = jemss_roads.read(path)
    count = len(roads.lon)
    order = np.lexsort((roads.siren_ms, roads.head, roads.tail))  # of parallel arcs the fastest
    tail, head = roads.tail[order], roads.head[order]
    kept = order[np.concatenate([[True], (np.diff(tail) != 0) | (np.diff(head) != 0)])]
    index = (roads.tail[kept], roads.head[kept])
    graph = csr_array((roads.siren_ms[kept].astype(np.float64), index), shape=(count, count))
    _, part = connected_components(graph, connection="strong")
    inside = np.flatnonzero(part == np.bincount(part).argmax())
    scale = np.array([np.cos(np.radians(roads.lat.mean())), 1.0]) * KM_PER_DEGREE
    apart, near = cKDTree(np.column_stack([roads.lon, roads.lat])[inside] * scale).query(places * scale)
    at = inside[near]
    made = []
    for weights, speed in ((roads.siren_ms / 60_000, OFF_ROAD[0]), (roads.normal_ms / 60_000, OFF_ROAD[1]),
                           (np.maximum(roads.metres, 0.1) / 1000, 0.0)):  # fmt: skip
        graph = csr_array((weights[kept], index), shape=(count, count))
        table = np.array([dijkstra(graph, indices=one)[at] for one in at])
        if speed:
            walk = np.where(np.arange(len(places)) >= first, apart / speed * 60.0, 0.0)
            table = table + walk[:, None] + walk[None, :]
            np.fill_diagonal(table, 0.0)
        made.append(table)
    if not all(np.isfinite(table).all() for table in made):
        raise Invalid(f"{path.name}: some stations or zones cannot be reached from others")
    return made[0], made[1], made[2], places * scale


def standing(study: Study, text: str) -> Ints:
    """Units at each base from a list like ``1,0,2``; greedy when empty. Raises ValueError."""
    from thanglong.solve import placing

    if not text:
        return placing.greedy(study.ground.covers, study.ground.demand, study.units, study.busy).count
    try:
        count = np.array([int(part) for part in text.split(",")], np.int64)
    except ValueError:
        raise ValueError("--stand takes whole numbers with commas between them, one a base") from None
    bases = len(study.ground.land.bases)
    if len(count) != bases or count.min() < 0 or count.sum() != study.units:
        raise ValueError(f"--stand needs {bases} numbers whose sum is {study.units}")
    return count
