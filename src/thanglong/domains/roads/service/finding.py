"""Places as people write them: longitude and latitude, an address, a street of the network."""

import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np

from thanglong.core.places import service as places
from thanglong.domains.roads.service import routing
from thanglong.domains.roads.types import Spot
from thanglong.kit.text import fold

MOST = 5
COORDINATES = re.compile(r"\s*(-?\d{1,3}(?:\.\d+)?)\s*[,; ]\s*(-?\d{1,2}(?:\.\d+)?)\s*")
HOUSE = re.compile(r"^\s*(?:số\s+)?\d+\w?(?:[/-]\w+)*\s+", re.IGNORECASE)
KIND = re.compile(r"(?:pho|duong|dai lo|street|road)\s+")


@dataclass
class _Kept:
    engine: Any = None
    streets: dict[str, list[int]] | None = None


_kept = _Kept()


def find(text: str) -> list[Spot]:
    """What a text may mean, the best reading first; none when it names nothing known here.

    ``longitude,latitude`` is taken as it is. An address is the street it names within the unit it names; a street alone
    lies where the middle of it is; what is left is the middle of the unit.
    """
    written = COORDINATES.fullmatch(text)
    if written is not None:
        return [Spot(text.strip(), float(written[1]), float(written[2]))]
    on_street: dict[str, Spot] = {}
    in_unit: dict[str, Spot] = {}
    for reading in places.find_address(text, limit=MOST):
        for unit in reading.units:
            at = _street(reading.street, unit.id) if reading.street else None
            if at is not None:
                on_street.setdefault(reading.text, Spot(reading.text, *at))
            elif unit.lon is not None and unit.lat is not None:
                in_unit.setdefault(unit.name, Spot(unit.name, unit.lon, unit.lat))
    if not on_street and (alone := _street(HOUSE.sub("", text, count=1), None)) is not None:
        return [Spot(text.strip(), *alone)]
    return list((on_street or in_unit).values())[:MOST]


def _street(name: str, unit: UUID | None) -> tuple[float, float] | None:
    """The middle of the stretch nearest to the middle of a named street, in a unit or (None) of all of it."""
    made = routing.engine()
    net = made.network
    if _kept.engine is not made or _kept.streets is None:
        plain, streets = [_plain(known) for known in net.names], dict[str, list[int]]()
        for stretch, number in enumerate(net.name.tolist()):
            streets.setdefault(plain[number], []).append(stretch)
        _kept.engine, _kept.streets = made, streets
    wanted = _plain(name)
    chosen = np.array(_kept.streets.get(wanted, []) if wanted else [], dtype=np.int64)
    lon, lat = ((values[net.u[chosen]] + values[net.v[chosen]]) / 2 for values in (net.lon, net.lat))
    if unit is not None and len(chosen):
        inside = np.array([owner == unit for owner in places.units_at(lon, lat)], dtype=bool)
        lon, lat = lon[inside], lat[inside]
    if not len(lon):
        return None
    best = int(np.hypot((lon - lon.mean()) * net.squeeze, lat - lat.mean()).argmin())
    return round(float(lon[best]), 6), round(float(lat[best]), 6)


def _plain(name: str) -> str:
    """A street's name without marks and without the word for its kind."""
    return KIND.sub("", fold(name), count=1) if name else ""
