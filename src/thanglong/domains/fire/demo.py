"""Stations, engines and hydrants of the demo city, and their day."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy as np

from thanglong.core.things import service as things
from thanglong.core.things.types import ThingQuery, plain, position
from thanglong.kit.ports import SYSTEM
from thanglong.solve import workload
from thanglong.solve.city import City
from thanglong.solve.day import Minute, Wear, broken
from thanglong.solve.fleet import Duty, Fleet, Seen, clock_second, positions, reports, router_of, spread
from thanglong.solve.roster import number_of, prop, relation, roster, stamp, urn

ENGINE, STATION, HYDRANT = "FireEngine", "FireStation", "FireHydrant"
DUTY = Duty("fire", 1.8, (15, 48), None, 4800.0)
OUT_OF_SERVICE = Wear("fire-engine", 25.0, 120, 480, 1800)
HYDRANT_WEAR = Wear("hydrant", 2.0, 1440, 5000, 12_000)
KINDS = ("pump", "pump", "tanker", "ladder", "rescue")
PACE = 0.85


def build(city: City, report: Callable[[str], None]) -> None:
    """Place stations with their engines, and hydrants along the streets where people live."""
    rng = city.rng("fire", "place")
    minute = Minute.of(city.now)
    at = stamp(minute.at)
    count = workload.things(ENGINE, city.scale, least=36)
    lon, lat, names = _stations(city, max(12, count // 3), rng)
    units = city.units(lon, lat)
    city.emit(
        roster(STATION, city.code, names, lon.tolist(), lat.tolist(), units, {"state": ["open"] * len(names)}, at)
    )
    home = np.sort(np.arange(count) % len(names))
    city.emit(
        roster(ENGINE, city.code, [f"114-{i + 1:02d}" for i in range(count)], lon[home].tolist(), lat[home].tolist(),
               [units[h] for h in home], {
                   "state": ["free"] * count, "speed": [0] * count,
                   "category": [prop(KINDS[i % len(KINDS)]) for i in range(count)],
                   "station": [relation(urn(STATION, city.code, h)) for h in home.tolist()]}, at)
    )  # fmt: skip
    hydrants = _hydrants(city, workload.things(HYDRANT, city.scale, least=340), minute, rng)
    fleet = _fleet(city, [(float(lon[h]), float(lat[h])) for h in home])
    city.shared["fire"] = (fleet, hydrants)
    city.emit(reports(ENGINE, city.code, [None] * count, _at(city, fleet, city.now), clock_second(city.now)[1]))
    report(f"{len(names)} stations, {count} engines, {hydrants} hydrants")


def _stations(city: City, wanted: int, rng: np.random.Generator) -> tuple[Any, Any, list[str]]:
    spots = city.points_on_roads(wanted * 14, rng, ("primary", "secondary", "tertiary"), people=0.7)
    x, y = city.plane.xy(spots.lon, spots.lat)
    chosen = spread(rng.random(len(x)), x, y, 2200.0, wanted)
    lon, lat = spots.lon[chosen] - 0.0003, spots.lat[chosen] + 0.0002
    names = []
    for i, ward in enumerate(city.wards_of(lon, lat).tolist()):
        name = city.wards[ward].name if ward >= 0 else city.name
        for kind in ("Phường ", "Xã ", "Đặc khu "):
            name = name.removeprefix(kind)
        names.append(f"Đội chữa cháy số {i + 1}, {name}")
    return lon, lat, names


def _hydrants(city: City, wanted: int, minute: Minute, rng: np.random.Generator) -> int:
    spots = city.points_on_roads(wanted, rng, ("primary", "secondary", "tertiary", "residential"), people=0.9)
    lon, lat = spots.lon + 0.00005, spots.lat - 0.00004
    bad = broken(city.seed, HYDRANT_WEAR, wanted, minute.number)
    flow = rng.integers(8, 34, wanted)
    city.emit(
        roster(HYDRANT, city.code, [f"Trụ nước {i + 1:04d}, {name}" if name else f"Trụ nước {i + 1:04d}"
                                    for i, name in enumerate(spots.name)],
               lon.tolist(), lat.tolist(), city.units(lon, lat), {
                   "state": ["out_of_order" if i in bad else "working" for i in range(wanted)],
                   "flow": [prop(f, unit="L2") for f in flow]}, stamp(minute.at))
    )  # fmt: skip
    return wanted


def _fleet(city: City, homes: list[tuple[float, float]]) -> Fleet:
    router = router_of(city, PACE)
    return Fleet(city.seed, DUTY, router, [router.node_near(lon, lat) for lon, lat in homes], [])


def _at(city: City, fleet: Fleet, moment: datetime) -> list[Seen]:
    out = list(broken(city.seed, OUT_OF_SERVICE, len(fleet.homes), Minute.of(moment).number))
    return positions(fleet, clock_second(moment)[0], out)


def tick(city: City, since: datetime, until: datetime) -> None:
    """Engines that move or change state; hydrants that break or are mended."""
    if clock_second(since)[0] == clock_second(until)[0]:
        return
    fleet, hydrants = _loaded(city)
    city.emit(reports(ENGINE, city.code, _at(city, fleet, since), _at(city, fleet, until), clock_second(until)[1]))
    before, now = Minute.of(since), Minute.of(until)
    if before != now:
        was = set(broken(city.seed, HYDRANT_WEAR, hydrants, before.number))
        bad = set(broken(city.seed, HYDRANT_WEAR, hydrants, now.number))
        city.emit(
            {"id": urn(HYDRANT, city.code, i), "type": HYDRANT,
             "state": prop("out_of_order" if i in bad else "working", stamp(now.at))}
            for i in sorted(was ^ bad)
        )  # fmt: skip


def _loaded(city: City) -> tuple[Fleet, int]:
    """The fleet and the number of hydrants, read back from the things once per process."""
    if "fire" not in city.shared:
        found = {
            kind: things.query(
                SYSTEM, ThingQuery(types=(kind,), id_prefix=urn(kind, city.code, 0)[:-6], limit=1_000_000)
            )
            for kind in (ENGINE, STATION)
        }
        where = [position(entity) or city.centre for entity in found[STATION]]
        homes = [where[number_of(plain(entity, "station", "-0"))] for entity in found[ENGINE]]
        count = things.count(SYSTEM, ThingQuery(types=(HYDRANT,), id_prefix=urn(HYDRANT, city.code, 0)[:-6]))
        city.shared["fire"] = (_fleet(city, homes), count)
    loaded: tuple[Fleet, int] = city.shared["fire"]
    return loaded
