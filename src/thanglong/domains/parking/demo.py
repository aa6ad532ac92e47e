"""Car parks of the demo city: where they lie, how large they are, how the day fills them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from thanglong.core.things import service as things
from thanglong.core.things.types import ThingQuery, plain
from thanglong.kit.ports import SYSTEM
from thanglong.solve import workload
from thanglong.solve.city import City, Floats, Ints
from thanglong.solve.day import PARKING_CURVES, Minute, Wear, broken, noise, parking_share
from thanglong.solve.fleet import spread
from thanglong.solve.roster import figure, prop, roster, stamp, urn

SITE = "OffStreetParking"
KINDS = tuple(PARKING_CURVES)
CLOSED = Wear("car-park", 6.0, 60, 240, 900)
REPORT_EVERY = 5
FULL, FILLING = 0.98, 0.93


@dataclass(frozen=True, slots=True)
class Sites:
    """What never changes: kind (index into KINDS), capacity and popularity per car park."""

    kind: Ints
    capacity: Ints
    liked: Floats


def build(city: City, report: Callable[[str], None]) -> None:
    """Place car parks near people and main streets, with their state and the last day's occupancy."""
    rng = city.rng("parking", "place")
    wanted = workload.things(SITE, city.scale, least=72)
    spots = city.points_on_roads(wanted * 6, rng, ("primary", "secondary", "tertiary"), people=1.0)
    x, y = city.plane.xy(spots.lon, spots.lat)
    chosen = spread(rng.random(len(x)), x, y, 330.0, wanted)
    kind = rng.choice(len(KINDS), len(chosen), p=[0.27, 0.25, 0.12, 0.28, 0.08])
    typical = np.array([140, 230, 180, 90, 320])[kind]
    capacity = np.clip(np.round(rng.lognormal(np.log(typical), 0.45) / 5) * 5, 30, 900).astype(np.int64)
    sites = Sites(kind, capacity, np.round(rng.uniform(0.82, 1.12, len(chosen)), 4))
    city.shared["parking"] = sites
    lon, lat = spots.lon[chosen] + 0.00016, spots.lat[chosen] + 0.00012
    minute = Minute.of(city.now)
    at = stamp(minute.at)
    occupied, state = _occupancy(city, sites, minute)
    names = _names([spots.name[i] for i in chosen.tolist()])
    city.emit(
        roster(SITE, city.code, names, lon.tolist(), lat.tolist(), city.units(lon, lat), {
            "state": state, "category": [prop(KINDS[k]) for k in kind.tolist()],
            "capacity": [prop(c) for c in capacity.tolist()], "popularity": [prop(p) for p in sites.liked.tolist()],
            "occupied": occupied.tolist(), "available": (capacity - occupied).tolist()}, at)
    )  # fmt: skip
    for ago in range(24 * 60, -1, -30):
        _report(city, sites, Minute.of(minute.at - timedelta(minutes=ago)), np.arange(len(kind)))
    report(f"{len(kind)} car parks, {capacity.sum()} places")


def _names(streets: list[str]) -> list[str]:
    """Bãi đỗ xe Kim Mã, Bãi đỗ xe Kim Mã 2, …"""
    seen: dict[str, int] = {}
    names = []
    for street in streets:
        street = street or "chợ"
        seen[street] = seen.get(street, 0) + 1
        names.append(f"Bãi đỗ xe {street}" + (f" {seen[street]}" if seen[street] > 1 else ""))
    return names


def _occupancy(city: City, sites: Sites, minute: Minute) -> tuple[Ints, list[str]]:
    """Cars in each car park and its state: free, filling, full or closed."""
    n = len(sites.kind)
    share = np.array([parking_share(kind, minute) for kind in KINDS])[sites.kind]
    share = share * sites.liked * (1 + 0.05 * noise(city.seed, "parking", n, minute.number))
    occupied = np.round(np.clip(share, 0, 1) * sites.capacity).astype(np.int64)
    ratio = occupied / sites.capacity
    state = np.where(ratio >= FULL, "full", np.where(ratio >= FILLING, "filling", "free")).tolist()
    for i in broken(city.seed, CLOSED, n, minute.number):
        state[i] = "closed"
    return occupied, state


def _report(city: City, sites: Sites, minute: Minute, which: Ints) -> None:
    at = stamp(minute.at)
    occupied, state = _occupancy(city, sites, minute)
    city.emit(
        {"id": urn(SITE, city.code, i), "type": SITE, "occupied": prop(occupied[i], at),
         "available": prop(sites.capacity[i] - occupied[i], at), "state": prop(state[i], at)}
        for i in which.tolist()
    )  # fmt: skip
    if len(which) == len(sites.kind) or minute.number % 10 == 0:
        city.emit(_figures(sites, occupied, state, at))


def _figures(sites: Sites, occupied: Ints, state: list[str], at: str) -> list[dict[str, Any]]:
    return [
        figure("parking-full", state.count("full"), len(state), at),
        figure("parking-occupied", int(occupied.sum()), int(sites.capacity.sum()), at),
    ]


def tick(city: City, since: datetime, until: datetime) -> None:
    """Each car park reports every five minutes and when its state changes."""
    before, now = Minute.of(since), Minute.of(until)
    if before == now:
        return
    sites = _sites(city)
    _, old = _occupancy(city, sites, before)
    _, state = _occupancy(city, sites, now)
    numbers = np.arange(len(sites.kind))
    passed = min(now.number - before.number, REPORT_EVERY)
    due = (now.number - numbers) % REPORT_EVERY < passed
    _report(city, sites, now, np.flatnonzero(due | (np.array(old) != np.array(state))))


def _sites(city: City) -> Sites:
    """The static facts, read back from the things once per process."""
    if "parking" not in city.shared:
        prefix = urn(SITE, city.code, 0)[:-6]
        found = things.query(SYSTEM, ThingQuery(types=(SITE,), id_prefix=prefix, limit=1_000_000))
        city.shared["parking"] = Sites(
            np.array([KINDS.index(plain(entity, "category", "office")) for entity in found], dtype=np.int64),
            np.array([int(plain(entity, "capacity", 1)) for entity in found], dtype=np.int64),
            np.array([float(plain(entity, "popularity", 1.0)) for entity in found]),
        )
    sites: Sites = city.shared["parking"]
    return sites
