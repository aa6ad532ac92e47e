"""Which arcs a line or point of the city database speaks for."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from thanglong.solve.city import METRES_PER_DEGREE, Ints
from thanglong.solve.routing.engine import Engine
from thanglong.solve.routing.network import EVERYONE

NEAR_M = 30.0
STEP_M = 25.0


def arcs_along(engine: Engine, shape: Mapping[str, Any]) -> Ints:
    """Arcs, in both directions, under a GeoJSON line or nearest to a point; none when nothing lies within 30 m.

    A line is sampled each 25 m, between its ends: a stretch counts when at least a third of it is run along.
    """
    points = np.asarray(shape.get("coordinates", []), dtype=float)
    net = engine.network
    if shape.get("type") == "Point" and points.shape == (2,):
        found = engine.snapper.snap(points[:1], points[1:], EVERYONE, NEAR_M).stretch
        wanted = found[found >= 0]
    elif shape.get("type") == "LineString" and points.ndim == 2 and len(points) > 1:
        gap = np.hypot(np.diff(points[:, 0]) * net.squeeze, np.diff(points[:, 1])) * METRES_PER_DEGREE
        at = np.concatenate([[0.0], np.cumsum(gap)])
        count = max(int(at[-1] / STEP_M), 1)
        middle = (np.arange(count) + 0.5) * at[-1] / count
        lon, lat = np.interp(middle, at, points[:, 0]), np.interp(middle, at, points[:, 1])
        found = engine.snapper.snap(lon, lat, EVERYONE, NEAR_M).stretch
        stretch, hits = np.unique(found[found >= 0], return_counts=True)
        wanted = stretch[hits * (at[-1] / count) >= net.length[stretch] / 3]
    else:
        return np.empty(0, dtype=np.int64)
    return np.flatnonzero(np.isin(engine.arcs.stretch, wanted))
