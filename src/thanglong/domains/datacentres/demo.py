"""Six data-centre complexes, 1,200 MW in all, and their day."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from thanglong.core.things import service as things
from thanglong.core.things.types import ThingQuery, plain
from thanglong.kit.ports import SYSTEM
from thanglong.solve.city import City
from thanglong.solve.day import Minute, Wear, broken, noise
from thanglong.solve.fleet import spread
from thanglong.solve.roster import figure, prop, roster, stamp, urn

KIND = "DataCentre"
# megawatts by the grid connection, largest first; they sum to 1,200
POWER = (320, 260, 220, 160, 140, 100)
HALL_MW = 20
KNOWN = {
    "Hà Nội": (
        ("Hòa Lạc", 105.528, 21.004),
        ("Sóc Sơn", 105.838, 21.262),
        ("Đông Anh", 105.866, 21.152),
        ("Phú Xuyên", 105.904, 20.752),
        ("Long Biên", 105.928, 21.024),
        ("Hà Đông", 105.752, 20.962),
    )
}
COOLING = Wear("cooling", 70.0, 8, 26, 90)
WARM, HOT = 27.0, 30.0


@dataclass(frozen=True, slots=True)
class Complexes:
    """Halls per complex and the megawatts of each complex."""

    halls: tuple[int, ...]
    power: tuple[float, ...]


def build(city: City, report: Callable[[str], None]) -> None:
    """Place the complexes with the state of this minute and the last day of load, efficiency and temperature."""
    names, lon, lat = _places(city)
    complexes = Complexes(tuple(-(-mw // HALL_MW) for mw in POWER), tuple(float(mw) for mw in POWER))
    city.shared["datacentres"] = complexes
    minute = Minute.of(city.now)
    columns = _columns(city, complexes, minute)
    fixed = {
        "capacity": [prop(mw, unit="MAW") for mw in POWER],
        "hallCount": [prop(n) for n in complexes.halls],
    }
    city.emit(
        roster(KIND, city.code, [f"Tổ hợp dữ liệu {name}" for name in names], lon.tolist(), lat.tolist(),
               city.units(lon, lat), fixed | columns, stamp(minute.at))
    )  # fmt: skip
    for ago in range(24 * 60, -1, -15):
        then = Minute.of(minute.at - timedelta(minutes=ago))
        city.emit(_updates(city, complexes, then, halls=False))
        city.emit(_figures(_columns(city, complexes, then), stamp(then.at)))
    report(f"{len(names)} complexes, {sum(POWER)} MW, {sum(complexes.halls)} halls")


def _places(city: City) -> tuple[list[str], Any, Any]:
    """Known sites of a known city, else six wards well apart with room to build."""
    known = KNOWN.get(city.name)
    if known:
        return [k[0] for k in known], np.array([k[1] for k in known]), np.array([k[2] for k in known])
    lon = np.array([ward.lon for ward in city.wards])
    lat = np.array([ward.lat for ward in city.wards])
    x, y = city.plane.xy(lon, lat)
    middling = -np.abs(np.hypot(x, y) - 14_000)
    for apart in (9000.0, 4000.0, 0.1):
        chosen = spread(middling, x, y, apart, len(POWER))
        if len(chosen) == len(POWER):
            break
    names = [city.wards[i].name.removeprefix("Phường ").removeprefix("Xã ") for i in chosen.tolist()]
    return names, lon[chosen], lat[chosen]


def _columns(city: City, complexes: Complexes, minute: Minute) -> dict[str, list[Any]]:
    """Load (MW), PUE, hottest hall, halls and state of each complex at a minute."""
    total = sum(complexes.halls)
    swing = 0.06 * np.cos((minute.hour - 15.5) / 24 * 2 * np.pi)
    share = np.clip(0.63 + swing + 0.05 * noise(city.seed, "hall-load", total, minute.number), 0.2, 0.96)
    outside = 24 + 5 * np.cos((minute.hour - 14) / 24 * 2 * np.pi)
    heat = 23.4 + 0.08 * (outside - 24) + 0.5 * noise(city.seed, "hall-heat", total, minute.number, 20)
    for hall, since in broken(city.seed, COOLING, total, minute.number).items():
        heat[hall] += min(8.5, 0.7 * (minute.number - since))
    found: dict[str, list[Any]] = {
        "state": [],
        "load": [],
        "pue": [],
        "temperature": [],
        "hottestHall": [],
        "halls": [],
    }
    first = 0
    for count, power in zip(complexes.halls, complexes.power, strict=True):
        part = slice(first, first + count)
        first += count
        loads = np.round(share[part] * power / count, 2)
        heats = np.round(heat[part], 1)
        pues = np.round(1.19 + 0.006 * max(outside - 22, 0) + 0.12 * (1 - share[part]) ** 2, 3)
        hottest = int(heats.argmax())
        found["state"].append("hot" if heats[hottest] >= HOT else "warm" if heats[hottest] >= WARM else "normal")
        found["load"].append(prop(round(float(loads.sum()), 1), unit="MAW"))
        found["pue"].append(round(float((pues * loads).sum() / loads.sum()), 3))
        found["temperature"].append(prop(float(heats[hottest]), unit="CEL"))
        found["hottestHall"].append(f"{hottest + 1:02d}")
        found["halls"].append(prop([
            {"hall": f"{i + 1:02d}", "load": a, "temperature": b, "pue": c}
            for i, (a, b, c) in enumerate(zip(loads.tolist(), heats.tolist(), pues.tolist(), strict=True))
        ]))  # fmt: skip
    return found


def _updates(city: City, complexes: Complexes, minute: Minute, halls: bool) -> list[dict[str, Any]]:
    at = stamp(minute.at)
    columns = _columns(city, complexes, minute)
    made = []
    for i in range(len(complexes.halls)):
        entity: dict[str, Any] = {"id": urn(KIND, city.code, i), "type": KIND}
        for key, column in columns.items():
            if key != "halls" or halls:
                entity[key] = {**column[i], "observedAt": at} if isinstance(column[i], dict) else prop(column[i], at)
        made.append(entity)
    return made


def _figures(columns: dict[str, list[Any]], at: str) -> list[dict[str, Any]]:
    load = round(sum(column["value"] for column in columns["load"]), 1)
    pue = sum(p * column["value"] for p, column in zip(columns["pue"], columns["load"], strict=True)) / load
    return [figure("datacentre-load", load, sum(POWER), at), figure("datacentre-pue", round(pue, 3), None, at)]


def tick(city: City, since: datetime, until: datetime) -> None:
    """Every complex reports each minute; its halls in detail and the figures every ten."""
    before, now = Minute.of(since), Minute.of(until)
    if before == now:
        return
    complexes = _complexes(city)
    ten = before.number // 10 != now.number // 10
    city.emit(_updates(city, complexes, now, halls=ten))
    if ten:
        city.emit(_figures(_columns(city, complexes, now), stamp(now.at)))


def _complexes(city: City) -> Complexes:
    """The static facts, read back from the things once per process."""
    if "datacentres" not in city.shared:
        prefix = urn(KIND, city.code, 0)[:-6]
        found = things.query(SYSTEM, ThingQuery(types=(KIND,), id_prefix=prefix, limit=1000))
        city.shared["datacentres"] = Complexes(
            tuple(int(plain(entity, "hallCount", 1)) for entity in found),
            tuple(float(plain(entity, "capacity", 0)) for entity in found),
        )
    complexes: Complexes = city.shared["datacentres"]
    return complexes
