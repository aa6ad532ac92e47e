"""What the data centres show of themselves: their tile and their alarms, read from the things' state."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext

from thanglong.core.things import service as things
from thanglong.core.things.types import ThingQuery, observed, plain, position
from thanglong.kit import clock
from thanglong.kit.ports import SYSTEM, Actor
from thanglong.solve.roster import figure_id
from thanglong.web import words

CENTRES = ("DataCentre",)


def load() -> Mapping[str, Any]:
    """The tile: megawatts drawn by all halls."""
    found = things.query(SYSTEM, ThingQuery(types=CENTRES, limit=1000))
    drawn = sum(float(plain(entity, "load", 0)) for entity in found)
    pue = sum(float(plain(e, "load", 0)) * float(plain(e, "pue", 0)) for e in found) / drawn if drawn else 0
    hot = sum(plain(entity, "state") == "hot" for entity in found)
    return {
        "value": round(drawn),
        "unit": "MW",
        "note": gettext("a hall is too hot") if hot else gettext("PUE %(pue)s") % {"pue": words.number(pue, 2)},
        "state": "urgent" if hot else "normal",
        "series": things.recent(SYSTEM, figure_id("datacentre-load"), "value"),
    }


def alarms(actor: Actor) -> Iterator[Mapping[str, Any]]:
    """Halls that are too hot."""
    for entity in things.query(actor, ThingQuery(types=CENTRES, q=(("state", "==", "hot"),), limit=20)):
        yield {
            "key": entity["id"],
            "text": gettext("Hall %(hall)s of %(name)s is at %(heat)s °C.")
            % {
                "hall": plain(entity, "hottestHall", ""),
                "name": plain(entity, "name"),
                "heat": words.number(plain(entity, "temperature", 0), 1),
            },
            "place": position(entity),
            "since": observed(entity, "state") or clock.now(),
            "level": "urgent",
            "action_text": gettext("Show the complex"),
            "action_url": f"/centre/things/entity/{entity['id']}/",
        }
