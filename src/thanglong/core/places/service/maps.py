"""The units as layers of the base map and as GeoJSON for choropleths."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from thanglong.core.places.repository import snapshot
from thanglong.core.places.repository.snapshot import Shapes
from thanglong.core.places.types import Unit, UnitKind
from thanglong.formats import geojson

Features = Iterable[tuple[BaseGeometry, Mapping[str, Any], int]]
# outlines are drawn with half a pixel's detail up to this zoom, and whole beyond it
DETAILED_ZOOM = 14
LABEL_ZOOM = 9
CHOROPLETH_TOLERANCE = 0.0008


def map_version(on: date | None = None) -> str:
    """Changes with every change of the places and on every day on which another state begins."""
    history = snapshot.current()
    return f"{history.token}-{history.span(on)}"


def _shapes(on: date | None = None) -> Shapes:
    return snapshot.current().on(on).shapes


def number(unit: Unit) -> int:
    """A unit's feature number in a tile: stable, below 2^53."""
    return unit.id.int >> 75


def properties(unit: Unit) -> dict[str, Any]:
    """What a tile or a GeoJSON feature says of a unit."""
    return {"id": str(unit.id), "kind": unit.kind.value, "code": unit.code, "name": unit.name}


def unit_polygons(west: float, south: float, east: float, north: float, zoom: int) -> Features:
    """Local units of today in a box, simplified for a zoom."""
    shapes = _shapes()
    polygons = shapes.polygons if zoom >= DETAILED_ZOOM else shapes.simplified(180.0 / (256 << zoom))
    for index in shapes.touching(west, south, east, north):
        unit = shapes.local[index]
        yield polygons[index], properties(unit), number(unit)


def unit_labels(west: float, south: float, east: float, north: float, zoom: int) -> Iterator[Any]:
    """Where names are written: the city's from afar, the wards' from zoom 9 on."""
    shapes = _shapes()
    box = shapely.box(west, south, east, north)
    for unit, shape in zip(shapes.units, shapes.geometries, strict=True):
        if unit.kind is UnitKind.CITY and zoom <= LABEL_ZOOM + 1:
            point = (
                shape.point_on_surface() if unit.lon is None or unit.lat is None else shapely.Point(unit.lon, unit.lat)
            )
            if box.intersects(point):
                yield point, {"kind": "city", "name": unit.short_name}, number(unit)
    if zoom < LABEL_ZOOM:
        return
    for index in shapes.touching(west, south, east, north):
        unit, point = shapes.local[index], shapes.labels[index]
        if box.intersects(point):
            yield point, {"kind": unit.kind.value, "name": unit.short_name}, number(unit)


def city_outline(west: float, south: float, east: float, north: float, zoom: int) -> Features:
    """The outline of the whole city."""
    outline = _shapes().outline
    if outline is not None:
        tolerance = 180.0 / (256 << zoom)
        yield shapely.simplify(outline, tolerance) if zoom < DETAILED_ZOOM else outline, {"kind": "city"}, 0


def choropleth(on: date | None = None) -> bytes:
    """All local units of a day as GeoJSON, simplified to about 80 m, with id, kind, code and name."""
    shapes = _shapes(on)
    if not len(shapes.polygons):
        return geojson.write([])
    polygons = shapes.simplified(CHOROPLETH_TOLERANCE)
    rows = zip(shapes.local, polygons, strict=True)
    return geojson.write(((shape, _facts(unit), str(unit.id)) for unit, shape in rows), digits=5)


def _facts(unit: Unit) -> dict[str, Any]:
    return {
        **properties(unit),
        "area_km2": unit.area_km2,
        "population": unit.population,
        "approximate": unit.boundary_approximate,
    }
