"""Dry land and water of a sketch, in metres."""

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from thanglong.solve.city import Area, City, Floats
from thanglong.solve.network.sketch import Sketch


class Land:
    """Water and outline in metres; ``barrier`` may only be crossed by bridges."""

    def __init__(self, city: City, sketch: Sketch) -> None:
        plane = city.plane
        self.plane = plane
        self.outline: BaseGeometry = plane.to_plane(city.outline).buffer(500)
        areas, barriers, rivers = [], [], []
        for river in sketch.rivers:
            line = smooth(plane.to_plane(shapely.LineString(river.points)), 3)
            band = river_band(line, river.width).intersection(self.outline.buffer(4000))
            areas.append(Area(river.name, "river" if river.barrier else "canal", plane.to_degrees(band)))
            if river.barrier:
                barriers.append(band)
                rivers.append(line)
        self.rivers: BaseGeometry = shapely.union_all(barriers)
        lakes = []
        for area in sketch.areas:
            areas.append(area)
            if area.kind == "lake":
                lakes.append(plane.to_plane(area.polygon))
        self.areas = tuple(areas)
        self.lakes: BaseGeometry = shapely.union_all(lakes)
        self.parks: BaseGeometry = shapely.union_all(
            [plane.to_plane(area.polygon) for area in sketch.areas if area.kind == "park"]
        )
        self.water: BaseGeometry = shapely.union_all([self.rivers, self.lakes])
        for geometry in (self.rivers, self.water, self.outline, self.parks):
            shapely.prepare(geometry)

    def dry(self, xy: Floats, margin: float = 0.0) -> NDArray[np.bool_]:
        """Which points lie in the city and not in water (or nearer to it than ``margin``)."""
        water = self.water.buffer(margin) if margin else self.water
        shapely.prepare(water)
        return np.asarray(
            shapely.contains_xy(self.outline, xy[:, 0], xy[:, 1]) & ~shapely.contains_xy(water, xy[:, 0], xy[:, 1])
        )


def smooth(line: Any, times: int) -> Any:
    """Chaikin's corner cutting, ends kept."""
    points = shapely.get_coordinates(line)
    for _ in range(times):
        a, b = points[:-1], points[1:]
        cut = np.stack([a * 0.75 + b * 0.25, a * 0.25 + b * 0.75], axis=1).reshape(-1, 2)
        points = np.concatenate([points[:1], cut, points[-1:]])
    return shapely.LineString(points)


def river_band(line: Any, width: float) -> Any:
    """A band along ``line`` that swells and narrows a little, as rivers do."""
    steps = max(int(line.length / 400), 2)
    along = np.linspace(0, line.length, steps)
    middle = shapely.get_coordinates(shapely.line_interpolate_point(line, along))
    tangent = np.gradient(middle, axis=0)
    normal = np.column_stack([-tangent[:, 1], tangent[:, 0]]) / np.hypot(*tangent.T)[:, None]
    left = width / 2 * (1 + 0.18 * np.sin(along / 2300.0) + 0.10 * np.sin(along / 870.0 + 1))
    right = width / 2 * (1 + 0.18 * np.sin(along / 1900.0 + 2) + 0.10 * np.sin(along / 1010.0))
    ring = np.concatenate([middle + normal * left[:, None], (middle - normal * right[:, None])[::-1]])
    return shapely.Polygon(ring).buffer(0)
