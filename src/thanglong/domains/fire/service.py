"""What the 114 shows of itself: its tile and its alarms, read from the things' state."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext, ngettext

from thanglong.core.things import service as things
from thanglong.core.things.types import ThingQuery, observed, plain, position
from thanglong.kit import clock
from thanglong.kit.ports import SYSTEM, Actor

ENGINES, HYDRANTS = ("FireEngine",), ("FireHydrant",)


def free_engines() -> Mapping[str, Any]:
    """The tile: fire engines free at their stations, of all."""
    free = things.count(SYSTEM, ThingQuery(types=ENGINES, q=(("state", "==", "free"),)))
    broken = things.count(SYSTEM, ThingQuery(types=HYDRANTS, q=(("state", "==", "out_of_order"),)))
    note = ngettext("%(n)d hydrant out of order", "%(n)d hydrants out of order", broken) % {"n": broken}
    return {
        "value": free,
        "of": things.count(SYSTEM, ThingQuery(types=ENGINES)),
        "note": note if broken else gettext("all hydrants work"),
        "state": "normal",
    }


def alarms(actor: Actor) -> Iterator[Mapping[str, Any]]:
    """Engines on their way to a call."""
    for entity in things.query(actor, ThingQuery(types=ENGINES, q=(("state", "==", ["called", "driving"]),), limit=5)):
        yield {
            "key": entity["id"],
            "text": gettext("Engine %(name)s is on its way to a call.") % {"name": plain(entity, "name")},
            "place": position(entity),
            "since": observed(entity, "state") or clock.now(),
            "level": "notice",
            "action_text": gettext("Follow the engine"),
            "action_url": f"/centre/?thing={entity['id']}",
        }
