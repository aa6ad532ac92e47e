"""Figures and alarms that the modules contribute, read defensively: one broken source does not close the room."""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import get_language, gettext

from thanglong.core.places import service as places
from thanglong.kit import clock, registry
from thanglong.kit.ports import Actor

logger = logging.getLogger("thanglong.web")
FRESH = 5.0
_kept: dict[tuple[str, str], tuple[float, dict[str, Any]]] = {}
LEVELS = {"urgent": 0, "notice": 1}
LOOKS = {"urgent": "bad", "notice": "warn", "normal": ""}


def tiles(room: str) -> list[dict[str, Any]]:
    """The room's tiles in order, each read at most every five seconds; a failing one is left out and logged."""
    found = []
    wanted = [(key, tile) for key, tile in registry.tiles.items() if tile.room == room]
    for key, tile in sorted(wanted, key=lambda item: item[1].order):
        read = _read(key, tile)
        if read is not None:
            found.append({"key": key, "title": gettext(tile.title), "icon": tile.icon, "url": tile.url, **read})
    return found


def _read(key: str, tile: registry.Tile) -> dict[str, Any] | None:
    kept = _kept.get((key, get_language() or ""))
    if kept and clock.monotonic() - kept[0] < FRESH:
        return kept[1]
    try:
        read = dict(tile.read())
        read["state"] = LOOKS.get(read.get("state", ""), read.get("state", ""))
    except Exception:
        logger.exception("tile %s", key)
        return None
    _kept[key, get_language() or ""] = (clock.monotonic(), read)
    return read


def alarms(actor: Actor) -> list[dict[str, Any]]:
    """All sources' alarms, what needs a decision first, then the longest standing; numbered as on the map."""
    found: list[dict[str, Any]] = []
    for source in sorted(registry.alarms, key=lambda source: source.order):
        try:
            found.extend(dict(alarm) for alarm in source.read(actor))
        except Exception:
            logger.exception("alarm source")
    found.sort(key=_urgency)
    for number, alarm in enumerate(found, 1):
        alarm["number"] = number
        if alarm.get("place"):
            alarm["place_name"] = _place_name(alarm["place"])
    return found


def _urgency(alarm: Mapping[str, Any]) -> tuple[int, datetime]:
    return LEVELS.get(str(alarm.get("level")), 2), alarm.get("since") or clock.now()


def _place_name(at: tuple[float, float]) -> str:
    unit = places.unit_at(float(at[0]), float(at[1]))
    return unit.short_name if unit else ""


def forget() -> None:
    """Drop what is kept (tests)."""
    _kept.clear()
