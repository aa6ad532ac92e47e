"""Exact geometry on the few entities whose boxes come into question."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson
import shapely

from thanglong.formats.ngsild.rings import mended
from thanglong.kit.errors import N_, Invalid
from thanglong.kit.ports import Area

EARTH = 6_371_008.8
"""Mean radius in metres."""
METRES_A_DEGREE = EARTH * math.pi / 180
RELATIONS = {
    "within": shapely.within,
    "intersects": shapely.intersects,
    "contains": shapely.contains,
    "disjoint": shapely.disjoint,
    "equals": shapely.equals,
    "overlaps": shapely.overlaps,
}
Bounds = tuple[float, float, float, float]
Candidate = tuple[int, float | None, float | None, str | None]
"""Number of the entity, longitude and latitude of a point, else GeoJSON text."""


def geometry(area: Area) -> Any:
    """The shapely geometry of an area; Invalid when it is none."""
    try:
        found = shapely.from_geojson(orjson.dumps(dict(area.geometry)))
    except (shapely.errors.GEOSException, TypeError, ValueError, orjson.JSONEncodeError) as error:
        raise Invalid(N_("The area is not a valid GeoJSON geometry.")) from error
    shape = None if found is None or found.is_empty else mended(found)
    if shape is None:
        raise Invalid(N_("The area is not a valid GeoJSON geometry."))
    return shape


def bounds(area: Area, shape: Any) -> Bounds | None:
    """The box outside of which nothing can hold; None when there is no such box."""
    west, south, east, north = shape.bounds
    if area.relation == "near":
        if area.most is None:
            return None
        lat = area.most / METRES_A_DEGREE * 1.001
        lon = lat / max(math.cos(math.radians(min(89.0, max(abs(south), abs(north)) + lat))), 1e-6)
        return west - lon, south - lat, east + lon, north + lat
    if area.relation == "disjoint":
        return None
    if area.relation not in RELATIONS:
        raise Invalid(N_("%(relation)s is not a spatial relation we know."), relation=area.relation)
    return west, south, east, north


def keep(area: Area, shape: Any, candidates: Sequence[Candidate]) -> list[int]:
    """The numbers of the candidates that hold exactly."""
    if not candidates:
        return []
    numbers = np.array([row[0] for row in candidates], dtype=np.int64)
    is_point = np.array([row[1] is not None for row in candidates])
    lons = np.array([row[1] if row[1] is not None else 0.0 for row in candidates])
    lats = np.array([row[2] if row[2] is not None else 0.0 for row in candidates])
    if area.relation == "near" and shape.geom_type == "Point" and is_point.all():
        metres = distance(shape.x, shape.y, lons, lats)
        return [int(n) for n in numbers[_in_reach(area, metres)]]
    shapes = np.array(shapely.points(lons, lats), dtype=object)
    if not is_point.all():
        others = shapely.from_geojson([row[3] for row in candidates if row[1] is None])
        crossed = ~shapely.is_valid(others)
        others[crossed] = shapely.make_valid(others[crossed])
        shapes[~is_point] = others
    if area.relation == "near":
        return _near_shape(area, shape, numbers, shapes)
    shapely.prepare(shape)
    return [int(n) for n in numbers[RELATIONS[area.relation](shapes, shape)]]


def _near_shape(area: Area, shape: Any, numbers: Any, shapes: Any) -> list[int]:
    """Metres between the points of two geometries that are nearest to each other.

    The nearest points are looked for in a plane in which a degree of longitude is as short as it is there.
    """
    scale = max(math.cos(math.radians(shape.centroid.y)), 1e-6)

    def flat(geometries: Any) -> Any:
        return shapely.transform(geometries, lambda positions: positions * [scale, 1.0])

    ends = shapely.get_coordinates(shapely.shortest_line(flat(shapes), flat(shape))) / [scale, 1.0]
    metres = distance(ends[::2, 0], ends[::2, 1], ends[1::2, 0], ends[1::2, 1])
    return [int(n) for n in numbers[_in_reach(area, metres)]]


def _in_reach(area: Area, metres: Any) -> Any:
    good = np.ones(len(metres), dtype=bool)
    if area.most is not None:
        good &= metres <= area.most
    if area.least is not None:
        good &= metres >= area.least
    return good


def distance(lon: Any, lat: Any, lons: Any, lats: Any) -> Any:
    """Great-circle metres between positions in degrees (arrays or scalars)."""
    lon, lat, lons, lats = (np.radians(value) for value in (lon, lat, lons, lats))
    half = np.sin((lats - lat) / 2) ** 2 + np.cos(lat) * np.cos(lats) * np.sin((lons - lon) / 2) ** 2
    return 2 * EARTH * np.arcsin(np.sqrt(np.clip(half, 0, 1)))
