"""What the 115 shows of itself: its tile and its alarms, read from the things' state."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext, ngettext

from thanglong.core.things import service as things
from thanglong.core.things.types import ThingQuery, observed, plain, position
from thanglong.kit import clock
from thanglong.kit.ports import SYSTEM, Actor
from thanglong.solve.roster import figure_id

AMBULANCES, STATIONS, HOSPITALS = ("Ambulance",), ("AmbulanceStation",), ("Hospital",)
READY = ("free", "returning")


def free_ambulances() -> Mapping[str, Any]:
    """The tile: ambulances free at their stations, of all."""
    total = things.count(SYSTEM, ThingQuery(types=AMBULANCES))
    free = things.count(SYSTEM, ThingQuery(types=AMBULANCES, q=(("state", "==", "free"),)))
    out = things.count(SYSTEM, ThingQuery(types=AMBULANCES, q=(("state", "==", "out_of_service"),)))
    busy = total - free - out
    return {
        "value": free,
        "of": total,
        "note": ngettext("%(n)d on a call", "%(n)d on calls", busy) % {"n": busy},
        "state": "urgent" if free * 6 < total else "notice" if free * 3 < total else "normal",
        "series": things.recent(SYSTEM, figure_id("ambulances-free"), "value"),
    }


def alarms(actor: Actor) -> Iterator[Mapping[str, Any]]:
    """Stations that have no ambulance left, and hospitals without a free emergency bed."""
    fleet = things.query(actor, ThingQuery(types=AMBULANCES, limit=100_000))
    ready = Counter(plain(entity, "station") for entity in fleet if plain(entity, "state") in READY)
    since = {plain(entity, "station"): observed(entity, "state") for entity in fleet if entity.get("state")}
    manned = {plain(entity, "station") for entity in fleet}
    for entity in things.query(actor, ThingQuery(types=STATIONS, limit=10_000)):
        if entity["id"] in manned and not ready[entity["id"]]:
            moment = since.get(entity["id"]) or clock.now()
            text = gettext("%(name)s has no ambulance left.") % {"name": plain(entity, "name")}
            yield _alarm(entity, text, moment, "notice", gettext("Show the station"))
    for entity in things.query(actor, ThingQuery(types=HOSPITALS, q=(("state", "==", "full"),), limit=20)):
        text = gettext("%(name)s has no free emergency bed.") % {"name": plain(entity, "name")}
        yield _alarm(entity, text, observed(entity, "state") or clock.now(), "notice", gettext("Show the hospital"))


def _alarm(entity: Mapping[str, Any], text: str, since: Any, level: str, action: str) -> Mapping[str, Any]:
    return {
        "key": entity["id"],
        "text": text,
        "place": position(entity),
        "since": since,
        "level": level,
        "action_text": action,
        "action_url": f"/centre/things/entity/{entity['id']}/",
    }
