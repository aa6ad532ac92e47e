"""The network itself: kept in memory, drawn on the base map, replaced as a whole."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import shapely
from django.db import transaction

from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import ObjectRef
from thanglong.domains.roads import repository
from thanglong.domains.roads.rules import Drawing, Feature
from thanglong.domains.roads.types import NetworkReplaced, Roads
from thanglong.kit import bus, ports
from thanglong.kit.errors import NotFound
from thanglong.kit.ports import JSON, Actor
from thanglong.solve.routing.network import Network


@dataclass
class _Loaded:
    stamp: Any = None
    roads: Roads | None = None
    version: str = ""


_loaded = _Loaded()


def _refresh() -> _Loaded:
    global _loaded
    stamp = repository.stamp()
    if stamp != _loaded.stamp:
        roads, version = repository.read() if stamp else (None, "")
        _loaded = _Loaded(stamp, roads, version)
    return _loaded


def load() -> Roads:
    """The network of this installation as read-only arrays, kept in memory; NotFound when there is none yet."""
    roads = _refresh().roads
    if roads is None:
        raise NotFound
    return roads


def version() -> str:
    """Changes with the network; empty without one."""
    return _refresh().version


def replace(actor: Actor, roads: Roads, network: Network | None = None, source: str = "") -> str:
    """Put another network in place of the present one (permission places.manage); its version.

    ``network`` holds what routing knows beyond the drawing; without it the edges of ``roads`` are routed as they are.
    """
    ports.require(actor, "places.manage")
    with transaction.atomic():
        made = repository.write(roads, network)
        facts: dict[str, JSON] = {"stretches": len(network.u if network else roads.u), "source": source or "generated"}
        ledger.append(actor, "roads.replaced", ObjectRef("roads", made), facts=facts)
        bus.publish(NetworkReplaced(made))
    return made


@dataclass
class _Drawn:
    version: str = ""
    drawing: Drawing | None = None


_drawn = _Drawn()


def _drawing() -> Drawing | None:
    global _drawn
    current = version()
    if current != _drawn.version:
        _drawn = _Drawn(current, Drawing(load()) if current else None)
    return _drawn.drawing


def road_features(west: float, south: float, east: float, north: float, zoom: int) -> Iterable[Feature]:
    """Streets in a box for the base map."""
    drawing = _drawing()
    return drawing.roads(shapely.box(west, south, east, north), zoom) if drawing else ()


def water_features(west: float, south: float, east: float, north: float, zoom: int) -> Iterable[Feature]:
    """Rivers and lakes in a box for the base map."""
    drawing = _drawing()
    box = shapely.box(west, south, east, north)
    return drawing.areas(box, zoom, ("river", "canal", "lake")) if drawing else ()


def park_features(west: float, south: float, east: float, north: float, zoom: int) -> Iterable[Feature]:
    """Parks and woods in a box for the base map."""
    drawing = _drawing()
    return drawing.areas(shapely.box(west, south, east, north), zoom, ("park",)) if drawing else ()


def water_label_features(west: float, south: float, east: float, north: float, zoom: int) -> Iterable[Feature]:
    """Where the names of waters stand in a box."""
    drawing = _drawing()
    return drawing.water_labels(shapely.box(west, south, east, north), zoom) if drawing else ()
