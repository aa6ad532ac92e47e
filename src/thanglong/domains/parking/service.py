"""What parking shows of itself: its tile, read from the things' state."""

from collections.abc import Mapping
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext

from thanglong.core.things import service as things
from thanglong.core.things.types import ThingQuery, plain
from thanglong.kit.ports import SYSTEM
from thanglong.solve.roster import figure_id

SITES = ("OffStreetParking",)


def full_car_parks() -> Mapping[str, Any]:
    """The tile: car parks without a free place, and the free places of the whole city."""
    found = things.query(SYSTEM, ThingQuery(types=SITES, limit=100_000))
    full = sum(plain(entity, "state") == "full" for entity in found)
    free = sum(int(plain(entity, "available", 0)) for entity in found)
    return {
        "value": full,
        "of": len(found),
        "note": gettext("%(n)s places free") % {"n": number_format(free, force_grouping=True)},
        "state": "notice" if full * 4 > len(found) > 0 else "normal",
        "series": things.recent(SYSTEM, figure_id("parking-full"), "value"),
    }
