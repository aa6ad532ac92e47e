"""Outlines for pages: as a small drawing that needs no script, and as the box a map opens on."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

import numpy as np
import shapely
from numpy.typing import NDArray

from thanglong.core.places import service
from thanglong.formats import geojson
from thanglong.kit.text import sort_key

WIDTH = 320.0
# narrower than this a unit needs a ring to be found
TINY = 16.0


@dataclass(frozen=True, slots=True)
class Drawing:
    """An SVG drawing: its size in units, the path of the unit, and the path of the whole city behind it.

    ``ring`` is the middle of a unit too small to be seen without a ring around it.
    """

    width: int
    height: int
    unit: str
    city: str
    ring: tuple[float, float] | None


def letter_order(letter: str) -> tuple[tuple[int, ...], tuple[int, ...], str]:
    """Sorts headings by the Vietnamese alphabet."""
    return sort_key(letter)


def bounds(unit_id: UUID | None = None) -> list[float] | None:
    """West, south, east, north of a unit's outline, or of the whole city; None where no outline is known."""
    if unit_id is not None:
        shape = service.boundary(unit_id)
        return [round(float(value), 5) for value in shape.bounds] if shape is not None else None
    shapes = [shape for _, shape in service.boundaries()]
    return [round(float(value), 5) for value in shapely.total_bounds(shapes)] if shapes else None


def outline(unit_id: UUID) -> Drawing | None:
    """The unit within its city, drawn small; None where no outline is known."""
    return _drawn(unit_id, service.map_version())


@lru_cache(maxsize=512)
def _drawn(unit_id: UUID, version: str) -> Drawing | None:
    shape = service.boundary(unit_id)
    if shape is None:
        return None
    state = service.unit(unit_id)
    around = service.outline(state.valid_from) or shape
    west, south, east, north = shapely.total_bounds([around, shape])
    squeeze = float(np.cos(np.radians((south + north) / 2)))
    scale = WIDTH / ((east - west) * squeeze)

    def place(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack([(points[:, 0] - west) * squeeze * scale, (north - points[:, 1]) * scale])

    small, city = (shapely.transform(item, place) for item in (shape, around))
    x1, y1, x2, y2 = shapely.bounds(small)
    tiny = max(x2 - x1, y2 - y1) < TINY
    ring = (round((x1 + x2) / 2, 1), round((y1 + y2) / 2, 1)) if tiny else None
    paths = [_path(shapely.simplify(item, 0.4)) for item in (small, city)]
    return Drawing(round(WIDTH), round((north - south) * scale), paths[0], paths[1], ring)


def shape(unit_id: UUID) -> dict[str, Any] | None:
    """The unit's outline as a GeoJSON geometry for the map, without detail below about 10 m."""
    found = service.boundary(unit_id)
    return geojson.geometry_of(shapely.simplify(found, 0.0001), 5) if found is not None else None


def _path(shape: shapely.Geometry) -> str:
    text: list[str] = []
    for part in shapely.get_parts(shape):
        for ring in (part.exterior, *part.interiors):
            points = [f"{x:.1f} {y:.1f}" for x, y in ring.coords[:-1]]
            text.append(f"M{'L'.join(points)}Z")
    return "".join(text)
