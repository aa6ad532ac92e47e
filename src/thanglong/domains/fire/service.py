"""What the 114 shows of itself: its alarms, read from the things' state."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext

from thanglong.core.things import service as things
from thanglong.core.things.types import ThingQuery, observed, plain, position
from thanglong.kit import clock
from thanglong.kit.ports import Actor

ENGINES, STATIONS = ("FireEngine",), ("FireStation",)
READY = ("free", "returning")


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
            "action_url": f"/centre/things/entity/{entity['id']}/",
        }
