"""What the lighting shows of itself: its tile and its alarms, read from the things' state."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext, ngettext

from thanglong.core.things import service as things
from thanglong.core.things.types import ThingQuery, observed, plain, position
from thanglong.kit import clock
from thanglong.kit.ports import SYSTEM, Actor
from thanglong.solve.roster import figure_id

LAMP, CABINET = ("Streetlight",), ("StreetlightControlCabinet",)
OUT = ("state", "==", ["fault", "silent"])
DEAD = ("state", "==", "no_power")


def lamps_out() -> Mapping[str, Any]:
    """The tile: lamps that do not burn although they should be able to."""
    out = things.count(SYSTEM, ThingQuery(types=LAMP, q=(OUT,)))
    total = things.count(SYSTEM, ThingQuery(types=LAMP))
    dead = things.count(SYSTEM, ThingQuery(types=CABINET, q=(DEAD,)))
    note = ngettext("%(n)d cabinet without power", "%(n)d cabinets without power", dead) % {"n": dead}
    return {
        "value": out,
        "of": total,
        "note": note if dead else gettext("all cabinets have power"),
        "state": "notice" if dead else "normal",
        "series": things.recent(SYSTEM, figure_id("lamps-out"), "value"),
    }


def alarms(actor: Actor) -> Iterator[Mapping[str, Any]]:
    """Cabinets without power: a whole string of lamps is dark."""
    for entity in things.query(actor, ThingQuery(types=CABINET, q=(DEAD,), limit=20)):
        yield {
            "key": entity["id"],
            "text": gettext("%(cabinet)s has no power: %(n)s lamps are dark.")
            % {"cabinet": plain(entity, "name"), "n": plain(entity, "lampsOut", 0)},
            "place": position(entity),
            "since": observed(entity, "state") or clock.now(),
            "level": "notice",
            "action_text": gettext("Show the cabinet"),
            "action_url": f"/centre/things/entity/{entity['id']}/",
        }
