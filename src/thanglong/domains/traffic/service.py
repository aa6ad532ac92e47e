"""What traffic shows of itself: tiles and alarms, read from the things' state."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext, ngettext

from thanglong.core.things import service as things
from thanglong.core.things.types import ThingQuery, observed, plain, position
from thanglong.kit import clock
from thanglong.kit.ports import SYSTEM, Actor
from thanglong.solve.roster import figure_id

SIGNALS, DETECTORS = ("TrafficSignal",), ("TrafficFlowObserved",)


def junctions_on_fault() -> Mapping[str, Any]:
    """The tile: junctions whose lights are dark or flashing."""
    dark = things.count(SYSTEM, ThingQuery(types=SIGNALS, q=(("state", "==", "dark"),)))
    flashing = things.count(SYSTEM, ThingQuery(types=SIGNALS, q=(("state", "==", "flashing"),)))
    if dark:
        note = ngettext("%(n)d without power", "%(n)d without power", dark) % {"n": dark}
    else:
        note = gettext("none without power")
    return {
        "value": dark + flashing,
        "of": things.count(SYSTEM, ThingQuery(types=SIGNALS)),
        "note": note,
        "state": "urgent" if dark > 2 else "notice" if dark else "normal",
        "series": things.recent(SYSTEM, figure_id("junctions-fault"), "value"),
    }


def mean_speed() -> Mapping[str, Any]:
    """The tile: mean speed on main roads, weighted by vehicles."""
    found = things.query(SYSTEM, ThingQuery(types=DETECTORS, limit=100_000))
    vehicles = sum(float(plain(entity, "intensity", 0)) for entity in found)
    sum_of = sum(float(plain(e, "intensity", 0)) * float(plain(e, "averageVehicleSpeed", 0)) for e in found)
    jams = sum(plain(entity, "state") == "jam" for entity in found)
    return {
        "value": round(sum_of / vehicles, 1) if vehicles else 0,
        "unit": "km/h",
        "note": ngettext("%(n)d jam", "%(n)d jams", jams) % {"n": jams} if jams else gettext("no jams"),
        "state": "urgent" if jams * 10 > len(found) > 0 else "notice" if jams else "normal",
        "series": things.recent(SYSTEM, figure_id("mean-speed"), "value"),
    }


def alarms(actor: Actor) -> Iterator[Mapping[str, Any]]:
    """Junctions without light first, then the worst jams."""
    for entity in things.query(actor, ThingQuery(types=SIGNALS, q=(("state", "==", "dark"),), limit=20)):
        yield _alarm(entity, gettext("Junction %(name)s is dark."), "urgent", gettext("Show the junction"))
    jams = things.query(actor, ThingQuery(types=DETECTORS, q=(("state", "==", "jam"),), limit=1000))
    jams.sort(key=lambda entity: -float(plain(entity, "capacity", 0)))
    for entity in jams[:3]:
        text = gettext("Traffic on %(name)s stands still at %(speed)s km/h.")
        yield _alarm(entity, text, "notice", gettext("Show the street"))


def _alarm(entity: Mapping[str, Any], text: str, level: str, action: str) -> Mapping[str, Any]:
    return {
        "key": entity["id"],
        "text": text % {"name": plain(entity, "name"), "speed": plain(entity, "averageVehicleSpeed", "")},
        "place": position(entity),
        "since": observed(entity, "state") or clock.now(),
        "level": level,
        "action_text": action,
        "action_url": f"/centre/things/entity/{entity['id']}/",
    }
