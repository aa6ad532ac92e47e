"""Shapes of territories out of points: cells around seats, an outline around them all. Plane coordinates in metres.

Used for approximate boundaries where only positions of offices are known. No Django, no files.
"""

from collections import deque

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from thanglong.solve.city import Floats, Ints

SEGMENTS = 6


def apart(x: Floats, y: Floats, distance: float = 30.0) -> tuple[Floats, Floats]:
    """The points, coinciding ones (to a metre) moved apart on a small spiral: no two cells may share a seed."""
    x, y = x.copy(), y.copy()
    seen: dict[tuple[int, int], int] = {}
    for i in range(len(x)):
        count = seen.setdefault((round(x[i]), round(y[i])), 0)
        seen[round(x[i]), round(y[i])] += 1
        if count:
            angle = 2.4 * count
            x[i] += distance * np.sqrt(count) * np.cos(angle)
            y[i] += distance * np.sqrt(count) * np.sin(angle)
    return x, y


def outline_around(x: Floats, y: Floats, radii: Floats, area: float) -> BaseGeometry:
    """A smooth outline around points: discs of ``radii`` metres grown together to about ``area`` square metres.

    Far islands stay islands. Every point lies inside.
    """
    points = np.asarray(shapely.points(x, y), dtype=object)
    bridge = float(np.median(radii)) * 1.5

    def grown(factor: float) -> BaseGeometry:
        discs = shapely.union_all(shapely.buffer(points, radii * factor, quad_segs=SEGMENTS))
        closed = discs.buffer(bridge, quad_segs=SEGMENTS).simplify(30.0).buffer(-bridge, quad_segs=SEGMENTS)
        filled = shapely.union_all([shapely.Polygon(part.exterior) for part in shapely.get_parts(closed)])
        missing = points[~shapely.contains_properly(filled, points)]
        return shapely.union_all([filled, *shapely.buffer(missing, 150.0, quad_segs=SEGMENTS)])

    # area grows about as the square of the discs: a few corrections of the factor are enough
    factor = 1.0
    shape = grown(factor)
    for _ in range(4):
        wrong = area / shape.area
        if abs(wrong - 1) < 0.01:
            break
        factor *= float(np.clip(wrong, 0.25, 4.0)) ** 0.6
        shape = grown(factor)
    return shapely.simplify(shape, 40.0)


def voronoi_cells(x: Floats, y: Floats, outline: BaseGeometry) -> NDArray[np.object_]:
    """For each point the part of ``outline`` that is nearer to it than to any other point."""
    if len(x) == 1:
        return np.array([outline], dtype=object)
    collection = shapely.voronoi_polygons(
        shapely.multipoints(np.column_stack([x, y])), extend_to=outline.envelope, ordered=True
    )
    cells = shapely.get_parts(collection)
    shapely.prepare(outline)
    inside = shapely.contains_properly(outline, cells)
    result: NDArray[np.object_] = cells.astype(object)
    result[~inside] = [_areal(cell) for cell in shapely.intersection(cells[~inside], outline)]
    return result


def _areal(geometry: BaseGeometry) -> BaseGeometry:
    """The areas of a geometry, without the lines and points an intersection may leave."""
    if geometry.geom_type in ("Polygon", "MultiPolygon"):
        return geometry
    return shapely.union_all([part for part in shapely.get_parts(geometry) if part.geom_type == "Polygon"])


def neighbours(cells: NDArray[np.object_]) -> list[list[tuple[int, float]]]:
    """For each cell the cells it borders on, with the length of the common border in metres."""
    tree = shapely.STRtree(cells)
    a, b = tree.query(cells, predicate="touches")
    forward = a < b
    a, b = a[forward], b[forward]
    length = shapely.length(shapely.intersection(cells[a], cells[b]))
    result: list[list[tuple[int, float]]] = [[] for _ in cells]
    for i, j, common in zip(a.tolist(), b.tolist(), length.tolist(), strict=True):
        if common > 1.0:
            result[i].append((j, common))
            result[j].append((i, common))
    return result


def connected_groups(cells: NDArray[np.object_], group: Ints, heart: Ints) -> Ints:
    """The group of each cell after every group has been made one connected territory.

    ``heart[g]`` is the cell that stays in group ``g`` in any case; what hangs together with it stays, every other cell
    goes to the neighbouring group with which it shares most border (island cells keep their group).
    """
    beside = neighbours(cells)
    settled = np.full(len(cells), -1, dtype=np.int64)
    for number, seed in enumerate(heart.tolist()):
        settled[seed] = number
        todo = deque([seed])
        while todo:
            for other, _ in beside[todo.popleft()]:
                if settled[other] < 0 and group[other] == number and other not in heart:
                    settled[other] = number
                    todo.append(other)
    changed = True
    while changed:
        changed = False
        for cell in np.flatnonzero(settled < 0).tolist():
            weight: dict[int, float] = {}
            for other, common in beside[cell]:
                if settled[other] >= 0:
                    weight[int(settled[other])] = weight.get(int(settled[other]), 0.0) + common
            if weight:
                settled[cell] = max(weight, key=lambda number: (weight[number], -number))
                changed = True
    return np.where(settled < 0, group, settled)


def union_by_group(cells: NDArray[np.object_], group: Ints, count: int) -> list[BaseGeometry]:
    """The territory of each group 0..count-1: the union of its cells."""
    return [shapely.union_all(cells[group == number]) for number in range(count)]


def overlap_shares(part: BaseGeometry, wholes: list[BaseGeometry], floor: float = 0.05) -> list[float]:
    """Which share of ``part`` lies in each of ``wholes``, none below ``floor``, together 1."""
    raw = np.maximum(shapely.area(shapely.intersection(part, np.array(wholes, dtype=object))), 0.0)
    total = raw.sum()
    shares = np.maximum(raw / total if total else np.full(len(wholes), 1 / len(wholes)), floor)
    return [float(value) for value in shares / shares.sum()]


def area_km2(shape: BaseGeometry) -> float:
    """The area of a shape in degrees (WGS84), in km²: true to about a thousandth for shapes up to a province."""
    phi = np.radians(shape.centroid.y)
    north = 111_132.92 - 559.82 * np.cos(2 * phi) + 1.175 * np.cos(4 * phi)
    east = 111_412.84 * np.cos(phi) - 93.5 * np.cos(3 * phi)
    return float(shape.area * north * east / 1e6)
