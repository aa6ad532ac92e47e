"""The live map's data: each registered layer as GeoJSON, made anew only when the things' log says that it changed."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from django.utils.translation import gettext

from thanglong.core.things import service as things
from thanglong.core.things.types import Entity, ThingQuery, plain, position
from thanglong.kit import ports, registry
from thanglong.kit.errors import Denied, NotFound
from thanglong.kit.ports import Actor
from thanglong.kit.registry import Layer

PAGE = 5000
LIMIT = 60_000
BIG = 20_000
"""Layers of more things are sent as clusters; smaller ones whole, and the browser clusters them."""


@dataclass(frozen=True, slots=True)
class LayerData:
    """A layer's GeoJSON bytes, the log's number it is true for, and how many things stand in each state."""

    content: bytes
    seq: int
    counts: Mapping[str, int]


_kept: dict[str, LayerData] = {}
_lock = threading.Lock()


def layers(actor: Actor) -> list[Layer]:
    """The layers this actor may look at, in order."""
    allowed = [layer for layer in registry.layers if may_see(actor, layer)]
    return sorted(allowed, key=lambda layer: (layer.order, layer.key))


def may_see(actor: Actor, layer: Layer) -> bool:
    """Whether the layer's action is granted anywhere, or all its types are open to everyone."""
    if not layer.action or ports.reach(actor, layer.action):
        return True
    return bool(layer.types) and all(things.may_view(actor, kind) for kind in layer.types)


def big(layer: Layer) -> bool:
    """Whether a layer is sent as clusters."""
    return bool(layer.types) and not layer.line and ports.plugged.things.count(ThingQuery(types=layer.types)) > BIG


def props(layer: Layer) -> dict[str, Any]:
    """What the map island must know of a layer."""
    return {
        "key": layer.key,
        "title": gettext(layer.title),
        "icon": layer.icon,
        "shape": layer.shape,
        "state": layer.state,
        "states": dict(layer.states),
        "types": list(layer.types),
        "url": layer.url or f"/centre/layers/{layer.key}.geojson",
        "live": bool(layer.types),
        "shown": layer.shown,
        "minzoom": layer.minzoom,
        "line": bool(layer.line),
        **({"tiles": layer.tiles} if layer.tiles else {}),
        **({"clusters": f"/centre/layers/{layer.key}/clusters.json"} if big(layer) else {}),
    }


def find(actor: Actor, key: str) -> Layer:
    """The layer of a key; NotFound when there is none, Denied when the actor may not see it."""
    layer = registry.layers.get(key)
    if layer is None:
        raise NotFound
    if not may_see(actor, layer):
        raise Denied
    return layer


def state_of(layer: Layer, value: Any) -> str:
    """The mark's state for the value of the layer's state attribute."""
    known = layer.states.get(str(value)) or layer.states.get(str(value).lower())
    return known or "normal"


def feature(layer: Layer, entity: Entity) -> dict[str, Any] | None:
    """An entity as a mark; None without a place."""
    at = position(entity)
    if at is None:
        return None
    instance = entity.get(layer.state)
    observed = instance.get("observedAt") if isinstance(instance, Mapping) else None
    value = plain(entity, layer.state)
    properties = {
        "id": entity["id"],
        "title": str(plain(entity, "name", "") or entity["id"].rpartition(":")[2]),
        "state": state_of(layer, value),
        "url": f"/centre/things/entity/{entity['id']}/",
    }
    if value is not None and not isinstance(value, dict | list):
        properties["value"] = value
    if observed:
        properties["since"] = observed
    shape = plain(entity, layer.line) if layer.line else None
    if isinstance(shape, Mapping) and shape.get("type") == "LineString":
        properties["line"] = shape["coordinates"]
    return {"type": "Feature", "geometry": {"type": "Point", "coordinates": at}, "properties": properties}


def entities(layer: Layer) -> list[Entity]:
    """All things of a layer's types, read as the platform (the caller has checked the right)."""
    found: list[Entity] = []
    after = ""
    while layer.types and len(found) < LIMIT:
        page = ports.plugged.things.query(ThingQuery(types=layer.types, after=after, limit=PAGE))
        found.extend(page)
        if len(page) < PAGE:
            break
        after = page[-1]["id"]
    return found


def data(layer: Layer) -> LayerData:
    """The layer's newest data; kept until something of its types changes."""
    kept = _kept.get(layer.key)
    seq = things.last_seq()
    if kept is not None and (kept.seq == seq or not things.changes(kept.seq, 1, layer.types)):
        return kept
    with _lock:
        kept = _kept.get(layer.key)
        if kept is not None and kept.seq >= seq:
            return kept
        made = _make(layer, seq)
        _kept[layer.key] = made
        return made


def _make(layer: Layer, seq: int) -> LayerData:
    features = [made for entity in entities(layer) if (made := feature(layer, entity)) is not None]
    counts: dict[str, int] = {"total": len(features)}
    for made in features:
        state = made["properties"]["state"]
        counts[state] = counts.get(state, 0) + 1
    body = {"type": "FeatureCollection", "seq": seq, "features": features}
    return LayerData(orjson.dumps(body), seq, counts)


def counts(layer: Layer) -> Mapping[str, int]:
    """Counts of a layer without making its GeoJSON: from memory when there, else one count of the store."""
    kept = _kept.get(layer.key)
    if kept is not None:
        return kept.counts
    if not layer.types:
        return {}
    return {"total": ports.plugged.things.count(ThingQuery(types=layer.types))}


def forget() -> None:
    """Drop what is kept (tests)."""
    _kept.clear()
