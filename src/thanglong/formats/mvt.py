"""Mapbox Vector Tiles 2.1, out and in: geometries in degrees become integer coordinates of one tile.

The encoding itself is the ``mapbox-vector-tile`` package's; here stand the projection (web Mercator), the cutting to
the tile with a margin, and the rounding to its grid.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import mapbox_vector_tile
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry
from shapely.geometry.polygon import orient

MEDIA_TYPE = "application/vnd.mapbox-vector-tile"
EXTENT = 4096
MARGIN = 128
MAX_ZOOM = 18
NOTHING = 1e-9
"""Degrees (0.1 mm) below which two coordinates are one, where the quick clipper cannot be used."""
# a ring or line smaller than this in both directions cannot be seen
TINY = 2.0

Feature = tuple[BaseGeometry, Mapping[str, Any], int]
Objects = NDArray[np.object_]


def exists(z: int, x: int, y: int) -> bool:
    """Whether a tile of this address exists (zoom 0 to 18)."""
    return 0 <= z <= MAX_ZOOM and 0 <= x < 1 << z and 0 <= y < 1 << z


def _degrees(z: int, x: float, y: float) -> tuple[float, float]:
    n = float(1 << z)
    return x / n * 360 - 180, float(np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * y / n)))))


def tile_at(z: int, lon: float, lat: float) -> tuple[int, int]:
    """Column and row of the tile of a zoom that holds a point."""
    n = 1 << z
    row = (1 - np.arcsinh(np.tan(np.radians(lat))) / np.pi) / 2 * n
    return int((lon + 180) / 360 * n), int(row)


def bounds(z: int, x: int, y: int, margin: float = MARGIN / EXTENT) -> tuple[float, float, float, float]:
    """West, south, east, north of a tile in degrees, widened by ``margin`` of its width on each side."""
    west, north = _degrees(z, x - margin, y - margin)
    east, south = _degrees(z, x + 1 + margin, y + 1 + margin)
    return west, south, east, north


def to_grid(geometries: Sequence[BaseGeometry] | Objects, z: int, x: int, y: int) -> Objects:
    """Geometries in degrees on the grid of a tile (0..4096, y down), cut to the tile with its margin, rounded.

    What is empty or too small to be seen comes back as an empty geometry or None.
    """
    n = float(1 << z)

    def project(points: NDArray[np.float64]) -> NDArray[np.float64]:
        latitude = np.radians(np.clip(points[:, 1], -85.06, 85.06))
        column = (points[:, 0] + 180) / 360 * n - x
        row = (1 - np.arcsinh(np.tan(latitude)) / np.pi) / 2 * n - y
        return np.column_stack([column, row]) * EXTENT

    west, south, east, north = bounds(z, x, y)
    array = np.asarray(geometries, dtype=object)
    # cut first: most of a big shape never needs to be projected
    cut = _cut(array, west, south, east, north)
    grid = shapely.transform(cut, project)
    grid = shapely.simplify(grid, 1.0, preserve_topology=False)
    return np.asarray(shapely.transform(grid, np.round), dtype=object)


def _cut(shapes: NDArray[np.object_], west: float, south: float, east: float, north: float) -> NDArray[np.object_]:
    """Shapes cut to a box by the quick clipper of GEOS. It throws at some degenerate rings, and overflows at numbers
    next to nothing (1e-308): then the slow way."""
    try:
        with np.errstate(all="raise", under="ignore"):
            return np.asarray(shapely.clip_by_rect(shapes, west, south, east, north), dtype=object)
    except (shapely.GEOSException, FloatingPointError):
        whole = _valid(shapely.set_precision(shapes, NOTHING, mode="pointwise"))
        return np.asarray(shapely.intersection(whole, shapely.box(west, south, east, north)), object)


def _valid(shapes: Any) -> Any:
    """Shapes made valid by their rings: making them valid by their lines, the default, throws at some spikes."""
    return shapely.make_valid(shapes, method="structure", keep_collapsed=False)


def _sound(geometry: BaseGeometry) -> BaseGeometry | None:
    """A polygon as the format wants it (valid, outer rings clockwise on the screen); None when nothing is left."""
    if not geometry.is_valid:
        geometry = _valid(geometry)
    parts = [
        orient(part, 1.0)
        for part in shapely.get_parts(shapely.get_parts(geometry))
        if part.geom_type == "Polygon" and part.area >= TINY
    ]
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def _drawable(geometry: BaseGeometry) -> BaseGeometry | None:
    if geometry is None or geometry.is_empty:
        return None
    kind = geometry.geom_type
    if kind in ("Polygon", "MultiPolygon", "GeometryCollection"):
        return _sound(geometry)
    if kind in ("LineString", "MultiLineString") and geometry.length < TINY:
        return None
    return geometry


def encode(layers: Mapping[str, Iterable[Feature]], z: int, x: int, y: int) -> bytes:
    """The tile of these layers of (geometry in degrees, properties, id); empty bytes when nothing falls into it.

    Lines of the same properties are joined to one feature, which makes road tiles several times smaller; they lose
    their ids.
    """
    drawn = []
    for name, features in layers.items():
        rows = list(features)
        if not rows:
            continue
        grid = to_grid([row[0] for row in rows], z, x, y)
        shapes = map(_drawable, grid)
        kept = [(shape, row[1], row[2]) for shape, row in zip(shapes, rows, strict=True) if shape is not None]
        if kept:
            drawn.append({"name": name, "features": [_feature(*item) for item in _joined(kept)]})
    if not drawn:
        return b""
    options = {"y_coord_down": True, "extents": EXTENT, "check_winding_order": False}
    return bytes(mapbox_vector_tile.encode(drawn, default_options=options))


def _feature(shape: BaseGeometry, properties: Mapping[str, Any], identity: int) -> dict[str, Any]:
    return {"geometry": shape, "properties": properties, **({"id": identity} if identity else {})}


def _joined(rows: list[Feature]) -> list[Feature]:
    lines: dict[tuple[tuple[str, Any], ...], list[shapely.LineString]] = {}
    result: list[Feature] = []
    for shape, properties, identity in rows:
        if shape.geom_type in ("LineString", "MultiLineString"):
            lines.setdefault(tuple(properties.items()), []).extend(shapely.get_parts(shape))
        else:
            result.append((shape, properties, identity))
    for key, parts in lines.items():
        result.append((shapely.MultiLineString(parts) if len(parts) > 1 else parts[0], dict(key), 0))
    return result


def decode(tile: bytes) -> dict[str, Any]:
    """The layers of a tile by name, features with geometries in grid coordinates (y down)."""
    result: dict[str, Any] = mapbox_vector_tile.decode(tile, default_options={"y_coord_down": True})
    return result
