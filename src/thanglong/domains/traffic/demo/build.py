"""Where junction controllers and detectors stand."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np

from thanglong.domains.traffic.demo.model import DETECTOR, FLOW, SIGNAL, Streets, figures, flows, signals
from thanglong.solve import workload
from thanglong.solve.city import CLASSES, City, Ints, Roads
from thanglong.solve.day import Minute
from thanglong.solve.fleet import spread
from thanglong.solve.roster import prop, roster, shape, stamp, urn

# vehicles an hour in both directions that a class of road carries, and its lanes
CAPACITY = {"motorway": 5200, "trunk": 3800, "primary": 2900, "secondary": 1700}
LANES = {"motorway": 6, "trunk": 6, "primary": 4, "secondary": 2}
HISTORY_EVERY = 30
WITH_PAST = 80


def build(city: City, report: Callable[[str], None]) -> None:
    """Place controllers at real junctions and detectors on main roads, with their state and the last day's flows."""
    nodes, names = _junctions(city, workload.things(SIGNAL, city.scale, least=150))
    count, streets = _detectors(city, workload.things(DETECTOR, city.scale, least=240), nodes, names)
    _past(city, streets)
    report(f"{len(nodes)} junctions, {count} detectors")


def _junctions(city: City, most: int) -> tuple[Ints, list[str]]:
    """Nodes where main streets of different names meet, the busiest first; and what people call them."""
    roads = city.roads
    assert roads is not None
    names_at = _names_at(roads)
    size = len(roads.lon)
    weight = np.where(roads.kind <= 4, 5.0 - roads.kind, 0.0) * (~roads.bridge) * (roads.kind > 0)
    rank = np.bincount(roads.u, weights=weight, minlength=size) + np.bincount(roads.v, weights=weight, minlength=size)
    arms = np.bincount(roads.u[weight > 0], minlength=size) + np.bincount(roads.v[weight > 0], minlength=size)
    several = np.array([len(found) > 1 for found in names_at])
    score = (
        rank
        * np.sqrt(city.density.at(roads.lon, roads.lat) + 50)
        * ((arms >= 3) & several & (city.wards_of(roads.lon, roads.lat) >= 0))
    )
    x, y = city.plane.xy(roads.lon, roads.lat)
    good = np.flatnonzero(score > 0)
    nodes = good[spread(score[good], x[good], y[good], 260.0, most)]
    return nodes, [" – ".join(names_at[n][:2]) for n in nodes.tolist()]


def _names_at(roads: Roads) -> list[list[str]]:
    """Names of the streets at each node, the widest first, without alleys."""
    found: list[list[str]] = [[] for _ in range(len(roads.lon))]
    for edge in np.argsort(roads.kind, kind="stable").tolist():
        name = roads.names[roads.name[edge]]
        if name and not name.startswith("Ngõ "):
            for node in (int(roads.u[edge]), int(roads.v[edge])):
                if name not in found[node]:
                    found[node].append(name)
    return found


def _detectors(city: City, wanted: int, nodes: Ints, names: list[str]) -> tuple[int, Streets]:
    rng = city.rng("traffic", "place")
    roads = city.roads
    assert roads is not None
    spots = city.points_on_roads(wanted, rng, ("motorway", "trunk", "primary", "secondary"), people=0.45)
    kinds = [CLASSES[k] for k in roads.kind[spots.edge]]
    site = np.round(rng.uniform(0.72, 1.22, wanted), 4)
    capacity = np.array([CAPACITY[kind] for kind in kinds], dtype=float)
    streets = Streets(np.array([roads.speed[e] for e in spots.edge]), capacity, site, len(nodes))
    city.shared["traffic"] = streets
    minute = Minute.of(city.now)
    flow, speed, state = flows(city, streets, minute)
    at = stamp(minute.at)
    stretches = _stretches(roads, spots.edge)
    city.emit(
        roster(DETECTOR, city.code, [name or "đường không tên" for name in spots.name], spots.lon.tolist(),
               spots.lat.tolist(), city.units(spots.lon, spots.lat), {
                   "state": [FLOW[s] for s in state],
                   "intensity": flow.tolist(), "averageVehicleSpeed": speed.tolist(),
                   "roadClass": [prop(kind) for kind in kinds], "laneCount": [prop(LANES[kind]) for kind in kinds],
                   "freeSpeed": [prop(v) for v in streets.free.tolist()], "capacity": [prop(int(c)) for c in capacity],
                   "siteFactor": [prop(s) for s in site.tolist()],
                   "stretch": stretches}, at)
    )  # fmt: skip
    broken = signals(city, streets, minute)
    lon, lat = roads.lon[nodes], roads.lat[nodes]
    city.emit(
        roster(SIGNAL, city.code, names, lon.tolist(), lat.tolist(), city.units(lon, lat), {
            "state": [
                prop(broken[i][0], stamp(minute.before(minute.number - broken[i][1]))) if i in broken
                else prop("working", at) for i in range(len(nodes))],
            "controller": [prop(f"{city.code.upper()}-{i + 1:04d}") for i in range(len(nodes))],
            "phases": [prop(int(p)) for p in rng.integers(2, 5, len(nodes))]}, at)
    )  # fmt: skip
    return wanted, streets


def _stretches(roads: Roads, edges: Ints) -> list[dict[str, Any]]:
    """The piece of road each detector speaks for: its edge and up to three more of the same name on either side."""
    at: dict[tuple[int, int], list[int]] = {}
    for i, (u, v, name) in enumerate(zip(roads.u.tolist(), roads.v.tolist(), roads.name.tolist(), strict=True)):
        at.setdefault((u, name), []).append(i)
        at.setdefault((v, name), []).append(i)

    def onward(edge: int, node: int) -> list[int]:
        nodes = [node]
        for _ in range(3):
            found = [e for e in at[(node, int(roads.name[edge]))] if e != edge]
            if len(found) != 1:
                break
            edge = found[0]
            node = int(roads.v[edge]) if int(roads.u[edge]) == node else int(roads.u[edge])
            nodes.append(node)
        return nodes

    lines = []
    for edge in edges.tolist():
        chain = [*onward(edge, int(roads.u[edge]))[::-1], *onward(edge, int(roads.v[edge]))]
        points = [[round(float(roads.lon[n]), 6), round(float(roads.lat[n]), 6)] for n in chain]
        lines.append(shape({"type": "LineString", "coordinates": points}))
    return lines


def _past(city: City, streets: Streets) -> None:
    """The last 24 hours: flow and speed of a sample of detectors, and the city's figures."""
    minute = Minute.of(city.now)
    sample = range(0, len(streets.free), max(len(streets.free) // WITH_PAST, 1))
    for ago in range(24 * 60, 0, -HISTORY_EVERY):
        then = Minute.of(minute.at - timedelta(minutes=ago))
        at = stamp(then.at)
        flow, speed, state = flows(city, streets, then)
        city.emit(
            {"id": urn(DETECTOR, city.code, i), "type": DETECTOR, "intensity": prop(flow[i], at),
             "averageVehicleSpeed": prop(speed[i], at), "state": prop(FLOW[state[i]], at)}
            for i in sample
        )  # fmt: skip
        city.emit(figures(city, streets, then, flow, speed))
    flow, speed, state = flows(city, streets, minute)
    at = stamp(minute.at)
    city.emit(
        {"id": urn(DETECTOR, city.code, i), "type": DETECTOR, "intensity": prop(flow[i], at),
         "averageVehicleSpeed": prop(speed[i], at), "state": prop(FLOW[state[i]], at)}
        for i in sample
    )  # fmt: skip
    city.emit(figures(city, streets, minute, flow, speed))
