"""Lamps and cabinets of the demo city: strings of fifty lamps along real streets, switched by the sun."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from thanglong.core.things import service as things
from thanglong.core.things.types import ThingQuery, plain
from thanglong.kit.ports import SYSTEM
from thanglong.solve import workload
from thanglong.solve.city import METRES_PER_DEGREE, City, Floats, Ints, Roads
from thanglong.solve.day import Minute, Wear, broken, sun_elevation
from thanglong.solve.roster import figure, number_of, prop, relation, roster, stamp, urn

LAMP, CABINET = "Streetlight", "StreetlightControlCabinet"
PER_CABINET = 50
SPACING_M = 34.0
LAMP_WEAR = Wear("lamp", 3.0, 600, 2400, 7000)
CABINET_WEAR = Wear("cabinet", 70.0, 15, 80, 400)
STATES = ("off", "on", "fault", "silent")
FIGURE_EVERY = 10


@dataclass(frozen=True, slots=True)
class Stock:
    """Static facts the running day needs: the cabinet of each lamp, and watts per lamp."""

    cabinet: Ints
    watts: Floats
    cabinets: int


def build(city: City, report: Callable[[str], None]) -> None:
    """Place lamps and cabinets and give them the state of this minute, and the figures of the last day."""
    rng = city.rng("lighting", "place")
    wanted = workload.things(LAMP, city.scale, least=3000)
    cabinets = -(-wanted // PER_CABINET)
    lon, lat, cabinet, street, sites = _strings(city, cabinets, rng)
    lon, lat, cabinet = lon[:wanted], lat[:wanted], cabinet[:wanted]
    led = rng.random(len(lon)) < 0.62
    watts = np.where(led, rng.choice([90.0, 120.0, 150.0], len(lon)), rng.choice([150.0, 250.0], len(lon)))
    stock = Stock(cabinet, watts, len(sites))
    city.shared["lighting"] = stock
    minute = Minute.of(city.now)
    at = stamp(minute.at)
    lamps, boxes = _states(city, stock, minute)
    rank = np.arange(len(lon)) - np.searchsorted(cabinet, cabinet)
    city.emit(
        roster(LAMP, city.code, [f"Đèn {rank[i] + 1}, {street[cabinet[i]]}" for i in range(len(lon))],
               lon.tolist(), lat.tolist(), city.units(lon, lat), {
                   "state": [STATES[s] for s in lamps],
                   "powerState": ["on" if s == 1 else "off" for s in lamps],
                   "lampType": [prop("LED" if x else "HPS") for x in led],
                   "power": [prop(w, unit="WTT") for w in watts],
                   "cabinet": [relation(urn(CABINET, city.code, c)) for c in cabinet.tolist()]}, at)
    )  # fmt: skip
    box_lon, box_lat = sites[:, 0], sites[:, 1]
    city.emit(
        roster(CABINET, city.code, [f"Tủ {i + 1:03d}, {street[i]}" for i in range(len(sites))], box_lon.tolist(),
               box_lat.tolist(), city.units(box_lon, box_lat), _cabinet_columns(stock, lamps, boxes), at)
    )  # fmt: skip
    _past(city, stock, minute)
    report(f"{len(lon)} lamps, {len(sites)} cabinets")


def _strings(city: City, count: int, rng: np.random.Generator) -> tuple[Floats, Floats, Ints, list[str], Floats]:
    """Lamps along the streets around ``count`` cabinets: lon, lat, cabinet of each; street and place per cabinet."""
    roads = city.roads
    assert roads is not None
    starts = city.points_on_roads(count * 2, rng, ("primary", "secondary", "tertiary", "residential"), people=0.8)
    edges_at = _edges_at(roads)
    used: set[int] = set()
    parts: list[tuple[Floats, Floats]] = []
    owner: list[int] = []
    streets: list[str] = []
    sites: list[tuple[float, float]] = []
    for edge in starts.edge[rng.permutation(len(starts.edge))].tolist():
        if len(streets) == count:
            break
        if edge in used:
            continue
        string = _walk(roads, edges_at, edge, used)
        lon, lat = _lamps_along(roads, string)
        inside = city.wards_of(lon, lat) >= 0
        lon, lat = lon[inside][:PER_CABINET], lat[inside][:PER_CABINET]
        if len(lon) < PER_CABINET:
            continue
        used.update(string)
        parts.append((lon, lat))
        owner.extend([len(streets)] * len(lon))
        streets.append(roads.names[roads.name[edge]] or "đường làng")
        sites.append((float(roads.lon[roads.u[edge]]) + 0.00008, float(roads.lat[roads.u[edge]]) + 0.00005))
    return (np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts]),
            np.array(owner, dtype=np.int64), streets, np.array(sites))  # fmt: skip


def _edges_at(roads: Roads) -> list[list[int]]:
    found: list[list[int]] = [[] for _ in range(len(roads.lon))]
    for i, (u, v) in enumerate(zip(roads.u.tolist(), roads.v.tolist(), strict=True)):
        found[u].append(i)
        found[v].append(i)
    return found


def _walk(roads: Roads, edges_at: list[list[int]], start: int, used: set[int]) -> list[int]:
    """Streets around a first one, nearest first and its own name before others, until they carry fifty lamps."""
    name = int(roads.name[start])
    queue, string, seen, length = [start], [], {start}, 0.0
    while queue and length < PER_CABINET * SPACING_M * 1.1:
        edge = queue.pop(0)
        if roads.bridge[edge]:
            continue
        string.append(edge)
        length += float(roads.length[edge])
        for node in (int(roads.u[edge]), int(roads.v[edge])):
            for other in edges_at[node]:
                if other not in seen and other not in used:
                    seen.add(other)
                    if int(roads.name[other]) == name:
                        queue.insert(0, other)
                    else:
                        queue.append(other)
    return string


def _lamps_along(roads: Roads, edges: list[int]) -> tuple[Floats, Floats]:
    """A lamp every 34 m, seven metres beside the middle of the street, on alternating sides."""
    lons, lats = [], []
    for edge in edges:
        n = max(int(roads.length[edge] / SPACING_M), 1)
        t = (np.arange(n) + 0.5) / n
        u, v = roads.u[edge], roads.v[edge]
        dx, dy = roads.lon[v] - roads.lon[u], roads.lat[v] - roads.lat[u]
        side = 7.0 / METRES_PER_DEGREE / max(float(np.hypot(dx, dy)), 1e-9) * np.where(np.arange(n) % 2, 1, -1)
        lons.append(roads.lon[u] + dx * t - dy * side)
        lats.append(roads.lat[u] + dy * t + dx * side)
    return np.concatenate(lons), np.concatenate(lats)


def _states(city: City, stock: Stock, minute: Minute) -> tuple[Ints, Ints]:
    """State of each lamp (index into STATES) and of each cabinet (0 working, 1 without power) at a minute."""
    lon, lat = city.centre
    limit = city.rng("lighting", "photocell").uniform(-1.3, 0.2, stock.cabinets)
    lit = sun_elevation(lon, lat, minute.at) < limit
    boxes = np.zeros(stock.cabinets, dtype=np.int64)
    boxes[list(broken(city.seed, CABINET_WEAR, stock.cabinets, minute.number))] = 1
    lamps = lit[stock.cabinet].astype(np.int64)
    lamps[list(broken(city.seed, LAMP_WEAR, len(lamps), minute.number))] = 2
    lamps[boxes[stock.cabinet] == 1] = 3
    return lamps, boxes


def _cabinet_columns(stock: Stock, lamps: Ints, boxes: Ints) -> dict[str, list[Any]]:
    n = stock.cabinets
    on = np.bincount(stock.cabinet[lamps == 1], minlength=n)
    out = np.bincount(stock.cabinet[lamps >= 2], minlength=n)
    load = np.bincount(stock.cabinet, weights=np.where(lamps == 1, stock.watts, 0.0), minlength=n) / 1000
    return {
        "state": ["no_power" if box else "working" for box in boxes.tolist()],
        "lampsOn": on.tolist(),
        "lampsOut": out.tolist(),
        "load": [prop(round(value, 2), unit="KWT") for value in load.tolist()],
    }


def _figures(city: City, lamps: Ints, minute: Minute) -> list[dict[str, Any]]:
    at = stamp(minute.at)
    return [
        figure("lamps-out", int((lamps >= 2).sum()), len(lamps), at),
        figure("lamps-on", int((lamps == 1).sum()), len(lamps), at),
    ]


def _past(city: City, stock: Stock, minute: Minute) -> None:
    for ago in range(24 * 60, -1, -30):
        then = Minute.of(minute.at - timedelta(minutes=ago))
        city.emit(_figures(city, _states(city, stock, then)[0], then))


def _stock(city: City) -> Stock:
    """The static facts, read back from the things once per process."""
    if "lighting" not in city.shared:
        prefix = urn(LAMP, city.code, 0)[:-6]
        lamps = things.query(SYSTEM, ThingQuery(types=(LAMP,), id_prefix=prefix, limit=1_000_000))
        city.shared["lighting"] = Stock(
            np.array([number_of(plain(lamp, "cabinet", "-0")) for lamp in lamps], dtype=np.int64),
            np.array([float(plain(lamp, "power", 0)) for lamp in lamps]),
            things.count(SYSTEM, ThingQuery(types=(CABINET,), id_prefix=urn(CABINET, city.code, 0)[:-6])),
        )
    found: Stock = city.shared["lighting"]
    return found


def tick(city: City, since: datetime, until: datetime) -> None:
    """Lamps whose state changed, their cabinets, and every ten minutes the figures."""
    before, now = Minute.of(since), Minute.of(until)
    if before == now:
        return
    stock = _stock(city)
    old, old_boxes = _states(city, stock, before)
    lamps, boxes = _states(city, stock, now)
    changed = np.flatnonzero(old != lamps)
    at = stamp(now.at)
    city.emit(
        {"id": urn(LAMP, city.code, i), "type": LAMP, "state": prop(STATES[lamps[i]], at),
         "powerState": prop("on" if lamps[i] == 1 else "off", at)}
        for i in changed.tolist()
    )  # fmt: skip
    touched = np.union1d(stock.cabinet[changed], np.flatnonzero(old_boxes != boxes))
    if len(touched):
        columns = _cabinet_columns(stock, lamps, boxes)
        for i in touched.tolist():
            entity: dict[str, Any] = {"id": urn(CABINET, city.code, i), "type": CABINET}
            for key, column in columns.items():
                if key != "state" or old_boxes[i] != boxes[i]:
                    entity[key] = (
                        {**column[i], "observedAt": at} if isinstance(column[i], dict) else prop(column[i], at)
                    )
            city.emit([entity])
    if before.number // FIGURE_EVERY != now.number // FIGURE_EVERY:
        city.emit(_figures(city, lamps, now))
