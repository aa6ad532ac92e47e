"""What parking shows of itself: its tile, read from the things' state."""

from collections.abc import Iterable, Mapping
from math import cos, hypot, radians
from typing import Any

from django.utils.translation import gettext, ngettext

from thanglong.core.things import service as things
from thanglong.core.things.types import ThingQuery, plain, position
from thanglong.kit.ports import SYSTEM
from thanglong.solve.roster import figure_id
from thanglong.web import words

SITES = ("OffStreetParking",)


def nearby(lon: float, lat: float, radius_m: float, limit: int) -> Iterable[Mapping[str, Any]]:
    """Car parks with free places around a point, the emptiest first: for the portal's home."""
    found = things.query(SYSTEM, ThingQuery(types=SITES, near=(lon, lat, radius_m), limit=200))
    with_room = [(int(plain(entity, "available", 0)), entity) for entity in found if plain(entity, "state") != "closed"]
    for free, entity in sorted(with_room, key=lambda item: -item[0])[:limit]:
        at = position(entity)
        if at is None or free <= 0:
            continue
        said = {"name": plain(entity, "name", ""), "n": free}
        yield {
            "title": ngettext("%(name)s: %(n)s free place", "%(name)s: %(n)s free places", free) % said,
            "meta": gettext("%(m)s m away") % {"m": words.number(_metres(lon, lat, *at))},
            "icon": "parking", "shape": "square", "lon": at[0], "lat": at[1],
        }  # fmt: skip


def _metres(lon: float, lat: float, other_lon: float, other_lat: float) -> int:
    """Distance in metres, rounded to tens."""
    east = (other_lon - lon) * cos(radians(lat))
    return int(round(hypot(east, other_lat - lat) * 111_320, -1))


def free_places() -> Mapping[str, Any]:
    """The tile of the portal's home: free places of the whole city, now."""
    found = things.query(SYSTEM, ThingQuery(types=SITES, limit=100_000))
    full = sum(plain(entity, "state") == "full" for entity in found)
    return {
        "value": sum(int(plain(entity, "available", 0)) for entity in found),
        "of": sum(int(plain(entity, "capacity", 0)) for entity in found) or None,
        "note": ngettext("%(n)s car park is full", "%(n)s car parks are full", full) % {"n": full},
    }


def full_car_parks() -> Mapping[str, Any]:
    """The tile: car parks without a free place, and the free places of the whole city."""
    found = things.query(SYSTEM, ThingQuery(types=SITES, limit=100_000))
    full = sum(plain(entity, "state") == "full" for entity in found)
    free = sum(int(plain(entity, "available", 0)) for entity in found)
    return {
        "value": full,
        "of": len(found),
        "note": gettext("%(n)s places free") % {"n": words.number(free)},
        "state": "notice" if full * 4 > len(found) > 0 else "normal",
        "series": things.recent(SYSTEM, figure_id("parking-full"), "value"),
    }
