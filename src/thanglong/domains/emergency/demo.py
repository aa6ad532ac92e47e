"""Stations, ambulances and hospitals of the demo city, and their day."""

from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np

from thanglong.core.things import service as things
from thanglong.core.things.types import ThingQuery, plain, position
from thanglong.kit.ports import SYSTEM
from thanglong.solve import workload
from thanglong.solve.city import City, Floats
from thanglong.solve.day import Minute, Wear, broken, noise
from thanglong.solve.fleet import Duty, Fleet, Seen, clock_second, positions, reports, router_of, spread
from thanglong.solve.roster import figure, number_of, prop, relation, roster, stamp, urn

AMBULANCE, STATION, HOSPITAL = "Ambulance", "AmbulanceStation", "Hospital"
DUTY = Duty("ambulance", 8.0, (8, 24), (9, 22), 5200.0)
OUT_OF_SERVICE = Wear("ambulance", 40.0, 120, 480, 1800)
PACE = 0.95


def build(city: City, report: Callable[[str], None]) -> None:
    """Place hospitals and stations, man the ambulances, and keep the last day's figures."""
    rng = city.rng("emergency", "place")
    at = stamp(Minute.of(city.now).at)
    count = workload.things(AMBULANCE, city.scale, least=34)
    hospitals = _sites(city, max(28, count // 2), 700.0, rng)
    stations = _sites(city, max(14, count // 3), 1600.0, rng)
    beds = np.round(rng.lognormal(np.log(320), 0.5, len(hospitals)) / 10).astype(np.int64) * 10
    names, lon, lat = _named(city, hospitals, "Bệnh viện đa khoa")
    city.emit(
        roster(HOSPITAL, city.code, names, lon.tolist(), lat.tolist(), city.units(lon, lat), {
            "state": ["open"] * len(names), "beds": [prop(b) for b in beds],
            "emergencyFree": [int(b // 40) for b in beds]}, at)
    )  # fmt: skip
    names, lon, lat = _named(city, stations, "Trạm cấp cứu 115")
    city.emit(
        roster(STATION, city.code, names, lon.tolist(), lat.tolist(), city.units(lon, lat), {
            "state": ["open"] * len(names)}, at)
    )  # fmt: skip
    home = np.sort(np.arange(count) % len(names))
    units = city.units(lon, lat)
    call_signs = [f"115-{i + 1:02d}" for i in range(count)]
    city.emit(
        roster(AMBULANCE, city.code, call_signs, lon[home].tolist(), lat[home].tolist(), [units[h] for h in home], {
            "state": ["free"] * count, "speed": [0] * count,
            "level": [prop(x) for x in rng.choice(["basic", "advanced"], count, p=[0.7, 0.3])],
            "station": [relation(urn(STATION, city.code, h)) for h in home.tolist()]}, at)
    )  # fmt: skip
    homes = list(zip(lon[home].tolist(), lat[home].tolist(), strict=True))
    _man(city, homes, hospitals, beds.tolist())
    report(f"{len(hospitals)} hospitals, {len(stations)} stations, {count} ambulances")


def _man(city: City, homes: list[tuple[float, float]], hospitals: Floats, beds: list[int]) -> None:
    """Let the ambulances be where this moment finds them, and keep the last day's figures."""
    fleet = city.shared["emergency"] = _fleet(city, homes, hospitals)
    city.shared["hospital-beds"] = beds
    for ago in range(24 * 60, -1, -30):
        _figure(city, fleet, city.now - timedelta(minutes=ago))
    seen = _at(city, fleet, city.now)
    city.emit(reports(AMBULANCE, city.code, [None] * len(homes), seen, clock_second(city.now)[1]))


def _sites(city: City, wanted: int, apart: float, rng: np.random.Generator) -> Floats:
    """Places on main streets near people, ``apart`` metres from each other (degrees, N x 2)."""
    spots = city.points_on_roads(wanted * 12, rng, ("trunk", "primary", "secondary", "tertiary"), people=0.75)
    x, y = city.plane.xy(spots.lon, spots.lat)
    chosen = spread(rng.random(len(x)), x, y, apart, wanted)
    return np.column_stack([spots.lon[chosen] + 0.0003, spots.lat[chosen] + 0.0002])


def _named(city: City, sites: Floats, what: str) -> tuple[list[str], Floats, Floats]:
    """Names after the ward each site lies in, numbered where one ward has several."""
    lon, lat = sites[:, 0], sites[:, 1]
    seen: dict[str, int] = {}
    names = []
    for i in city.wards_of(lon, lat).tolist():
        ward = city.wards[i].name if i >= 0 else city.name
        for kind in ("Phường ", "Xã ", "Đặc khu "):
            ward = ward.removeprefix(kind)
        seen[ward] = seen.get(ward, 0) + 1
        names.append(f"{what} {ward}" + (f" {seen[ward]}" if seen[ward] > 1 else ""))
    return names, lon, lat


def _fleet(city: City, homes: list[tuple[float, float]], hospitals: Floats) -> Fleet:
    router = router_of(city, PACE)
    return Fleet(
        city.seed,
        DUTY,
        router,
        [router.node_near(lon, lat) for lon, lat in homes],
        [router.node_near(lon, lat) for lon, lat in hospitals.tolist()],
    )


def _at(city: City, fleet: Fleet, moment: datetime) -> list[Seen]:
    out = list(broken(city.seed, OUT_OF_SERVICE, len(fleet.homes), Minute.of(moment).number))
    return positions(fleet, clock_second(moment)[0], out)


def _figure(city: City, fleet: Fleet, moment: datetime) -> None:
    free = sum(seen.state == "free" for seen in _at(city, fleet, moment))
    city.emit([figure("ambulances-free", free, len(fleet.homes), stamp(Minute.of(moment).at))])


def tick(city: City, since: datetime, until: datetime) -> None:
    """Ambulances that move or change state; every ten minutes the hospitals' free emergency beds and the figure."""
    if clock_second(since)[0] == clock_second(until)[0]:
        return
    fleet = _loaded(city)
    new = _at(city, fleet, until)
    city.emit(reports(AMBULANCE, city.code, _at(city, fleet, since), new, clock_second(until)[1]))
    before, now = Minute.of(since), Minute.of(until)
    if before.number // 10 != now.number // 10:
        _figure(city, fleet, until)
        _hospitals(city, now)


def _hospitals(city: City, minute: Minute) -> None:
    beds: list[int] = city.shared["hospital-beds"]
    load = 0.60 + 0.17 * noise(city.seed, "hospital", len(beds), minute.number, 120)
    at = stamp(minute.at)
    for i, (size, share) in enumerate(zip(beds, load.tolist(), strict=True)):
        free = max(0, round(size / 25 * (1 - share)))
        state = "full" if free == 0 else "busy" if free < size / 120 else "open"
        city.emit([{"id": urn(HOSPITAL, city.code, i), "type": HOSPITAL, "emergencyFree": prop(free, at),
                    "state": prop(state, at)}])  # fmt: skip


def _loaded(city: City) -> Fleet:
    """The fleet, read back from the things once per process."""
    if "emergency" not in city.shared or "hospital-beds" not in city.shared:
        found = {
            kind: things.query(
                SYSTEM, ThingQuery(types=(kind,), id_prefix=urn(kind, city.code, 0)[:-6], limit=1_000_000)
            )
            for kind in (AMBULANCE, STATION, HOSPITAL)
        }
        where = [position(entity) or city.centre for entity in found[STATION]]
        homes = [where[number_of(plain(entity, "station", "-0"))] for entity in found[AMBULANCE]]
        hospitals = np.array([position(entity) or city.centre for entity in found[HOSPITAL]])
        city.shared["emergency"] = _fleet(city, homes, hospitals)
        city.shared["hospital-beds"] = [int(plain(entity, "beds", 100)) for entity in found[HOSPITAL]]
    fleet: Fleet = city.shared["emergency"]
    return fleet
