"""Which of many polygons holds a point: a grid of cells in front of the exact test.

A cell that lies wholly in one polygon answers at once; a cell on a border names the few polygons to be tested.
"""

import numpy as np
import shapely
from numpy.typing import NDArray


class CellIndex:
    """The polygons of a map without much overlap, such as the wards of a city. Coordinates in any one unit."""

    def __init__(self, polygons: NDArray[np.object_], side: int = 96) -> None:
        self._polygons = list(polygons)
        self._side = side
        self._cells: list[int | tuple[int, ...]] = []
        if not len(polygons):
            return
        bounds = shapely.total_bounds(polygons)
        self._west, self._south = float(bounds[0]), float(bounds[1])
        # a hair wider than the map, so that its last edge falls into the last cell
        width, height = (max(float(bounds[i + 2] - bounds[i]), 1e-9) * (1 + 1e-9) for i in (0, 1))
        self._columns, self._rows = side / width, side / height
        west = self._west + np.arange(side) / self._columns
        south = self._south + np.arange(side) / self._rows
        x, y = np.meshgrid(west, south)
        boxes = shapely.box(x.ravel(), y.ravel(), x.ravel() + 1 / self._columns, y.ravel() + 1 / self._rows)
        self._tree = shapely.STRtree(polygons)
        self._cells = self._fill(self._tree, boxes)
        # per cell the polygon it lies in, -1 where nothing is, -2 where points have to be tested
        self._sure = np.array([c if isinstance(c, int) else (-2 if c else -1) for c in self._cells], dtype=np.int64)

    @staticmethod
    def _fill(tree: shapely.STRtree, boxes: NDArray[np.object_]) -> list[int | tuple[int, ...]]:
        cell, polygon = tree.query(boxes, predicate="intersects")
        order = np.lexsort((polygon, cell))
        cell, polygon = cell[order], polygon[order]
        starts = np.searchsorted(cell, np.arange(len(boxes) + 1)).tolist()
        inside = np.full(len(boxes), -1, dtype=np.int64)
        whole_cell, whole_in = tree.query(boxes, predicate="covered_by")
        inside[whole_cell[::-1]] = whole_in[::-1]
        found = polygon.tolist()
        result: list[int | tuple[int, ...]] = []
        for number, sure in enumerate(inside.tolist()):
            here = tuple(found[starts[number] : starts[number + 1]])
            # a cell inside one polygon that another one touches, too, still has to be tested
            result.append(sure if len(here) == 1 and sure >= 0 else here)
        return result

    def find(self, x: float, y: float) -> int:
        """The first polygon that holds or touches the point, -1 when none does."""
        if not self._cells:
            return -1
        column, row = int((x - self._west) * self._columns), int((y - self._south) * self._rows)
        if not (0 <= column < self._side and 0 <= row < self._side) or x < self._west or y < self._south:
            return -1
        cell = self._cells[row * self._side + column]
        if isinstance(cell, int):
            return cell
        for index in cell:
            if shapely.intersects_xy(self._polygons[index], x, y):
                return index
        return -1

    def find_many(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.int64]:
        """For each point what :meth:`find` says of it."""
        result = np.full(len(x), -1, dtype=np.int64)
        if not self._cells:
            return result
        column, row = (x - self._west) * self._columns, (y - self._south) * self._rows
        within = (column >= 0) & (column < self._side) & (row >= 0) & (row < self._side)
        cell = row[within].astype(np.int64) * self._side + column[within].astype(np.int64)
        result[within] = self._sure[cell]
        test = np.flatnonzero(result == -2)
        result[test] = -1
        point, polygon = self._tree.query(shapely.points(x[test], y[test]), predicate="intersects")
        # written from the last to the first, so that the first polygon of several wins
        order = np.argsort(-polygon, kind="stable")
        result[test[point[order]]] = polygon[order]
        return result
