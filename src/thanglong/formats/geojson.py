"""GeoJSON (RFC 7946), in and out: pure, shapely geometries in degrees (WGS84)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
import shapely
from shapely.errors import ShapelyError
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

MEDIA_TYPE = "application/geo+json"


class NotGeoJSON(ValueError):
    """The text is no GeoJSON FeatureCollection; the message says why (English)."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature: its number in the file (1 the first), geometry or None, and ``fault`` when it cannot be read."""

    number: int
    geometry: BaseGeometry | None
    properties: Mapping[str, Any] = field(default_factory=dict)
    id: str | int | None = None
    fault: str = ""


def read(content: bytes) -> list[Feature]:
    """The features of a FeatureCollection (or of a single Feature); NotGeoJSON when it is neither.

    A feature with an unreadable geometry comes with ``fault`` set, so that all faults of a file can be told at once.
    """
    try:
        data = orjson.loads(content.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise NotGeoJSON(f"not JSON: {error}") from None
    if isinstance(data, dict) and data.get("type") == "Feature":
        data = {"type": "FeatureCollection", "features": [data]}
    if not isinstance(data, dict) or data.get("type") != "FeatureCollection":
        raise NotGeoJSON("the file is not a FeatureCollection")
    features = data.get("features")
    if not isinstance(features, list):
        raise NotGeoJSON("the FeatureCollection has no list of features")
    return [_feature(number, item) for number, item in enumerate(features, 1)]


def _feature(number: int, item: Any) -> Feature:
    if not isinstance(item, dict) or item.get("type") != "Feature":
        return Feature(number, None, fault="not a Feature")
    properties = item.get("properties")
    known = properties if isinstance(properties, dict) else {}
    identity = item.get("id") if isinstance(item.get("id"), str | int) else None
    raw = item.get("geometry")
    if raw is None:
        return Feature(number, None, known, identity)
    try:
        geometry = shapely.force_2d(shape(raw))
    except (ShapelyError, ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        return Feature(number, None, known, identity, f"unreadable geometry: {error}")
    west, south, east, north = geometry.bounds if not geometry.is_empty else (0.0, 0.0, 0.0, 0.0)
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        return Feature(number, None, known, identity, "coordinates are not degrees (WGS84, longitude first)")
    return Feature(number, geometry, known, identity)


def geometry_of(geometry: BaseGeometry, digits: int = 6) -> dict[str, Any]:
    """A geometry as a GeoJSON object, coordinates rounded to ``digits`` decimals (6: about 10 cm)."""
    rounded = shapely.transform(geometry, lambda points: points.round(digits))
    result: dict[str, Any] = orjson.loads(shapely.to_geojson(rounded))
    return result


def write(
    features: Iterable[tuple[BaseGeometry | None, Mapping[str, Any], str | int | None]], digits: int = 6
) -> bytes:
    """A FeatureCollection of (geometry, properties, id)."""
    items = []
    for geometry, properties, identity in features:
        item: dict[str, Any] = {"type": "Feature"}
        if identity is not None:
            item["id"] = identity
        item["properties"] = dict(properties)
        item["geometry"] = geometry_of(geometry, digits) if geometry is not None else None
        items.append(item)
    return orjson.dumps({"type": "FeatureCollection", "features": items})
