"""Figures outside their band, as alarms of the centre."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext

from thanglong.core.measures import service
from thanglong.core.measures.views import present
from thanglong.core.places import service as places
from thanglong.kit.errors import NotFound
from thanglong.kit.ports import Actor


def read(actor: Actor) -> Iterable[Mapping[str, Any]]:
    """Alerts nobody has seen yet, with the unit's place and the way to the figure."""
    for alert in service.alerts(actor):
        if alert.seen_at is not None:
            continue
        try:
            item, unit = service.measure(alert.measure), places.unit(alert.unit)
        except NotFound:
            continue
        value = f"{alert.value:.{item.decimals}f} {present.unit_text(item)}".strip()
        asked = urlencode({"unit": unit.id, "period": alert.period.isoformat(), "by": item.period})
        words = gettext("%(title)s in %(unit)s: %(value)s is out of bounds")
        yield {
            "key": f"measure-{alert.id}",
            "text": words % {"title": gettext(item.title), "unit": unit.short_name, "value": value},
            "place": [unit.lon, unit.lat] if unit.lon is not None and unit.lat is not None else None,
            "since": alert.raised_at,
            "level": "notice",
            "action_text": gettext("See why"),
            "action_url": f"/centre/measures/{item.key}/?{asked}#alerts",
        }
