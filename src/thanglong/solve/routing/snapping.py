"""The nearest place on the network to a point: a grid of cells over the segments of all stretches."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thanglong.solve.city import METRES_PER_DEGREE, Floats, Ints
from thanglong.solve.routing.compiled import Array, compiled
from thanglong.solve.routing.network import Network

CELL_M = 150.0
MOST_CELLS = 4_000_000


@compiled
def fill_cells(
    ax: Array, ay: Array, bx: Array, by: Array, x0: float, y0: float, cell: float, wide: int, high: int
) -> tuple[Array, Array]:
    """Segments by cell (CSR): each stands in every cell its box touches."""
    first = np.zeros(wide * high + 1, dtype=np.int64)
    for count in range(2):
        if count == 1:
            for i in range(wide * high):
                first[i + 1] += first[i]
            at = first[:-1].copy()
            item = np.empty(first[-1], dtype=np.int32)
        for s in range(ax.size):
            left, right = int((min(ax[s], bx[s]) - x0) / cell), int((max(ax[s], bx[s]) - x0) / cell)
            low, top = int((min(ay[s], by[s]) - y0) / cell), int((max(ay[s], by[s]) - y0) / cell)
            for row in range(low, top + 1):
                for column in range(left, right + 1):
                    c = row * wide + column
                    if count == 0:
                        first[c + 1] += 1
                    else:
                        item[at[c]] = s
                        at[c] += 1
    return first, item


@compiled
def nearest(
    px: Array, py: Array, limit: float, ax: Array, ay: Array, bx: Array, by: Array, bits: Array, vehicle: int,
    first: Array, item: Array, x0: float, y0: float, cell: float, wide: int, high: int,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """Per point the nearest segment open to the vehicle within ``limit`` metres (-1: none), the share of it behind the
    foot of the point, and the distance in metres."""
    found, part, away = np.full(px.size, -1, dtype=np.int64), np.zeros(px.size), np.full(px.size, np.inf)
    for p in range(px.size):
        x, y = px[p], py[p]
        middle, level = int(np.floor((x - x0) / cell)), int(np.floor((y - y0) / cell))
        best = limit * limit
        ring = 0
        while (ring - 1) * cell <= np.sqrt(best):
            for row in range(max(level - ring, 0), min(level + ring, high - 1) + 1):
                edge = row == level - ring or row == level + ring
                step = 1 if edge or ring == 0 else 2 * ring
                for column in range(middle - ring, middle + ring + 1, step):
                    if column < 0 or column >= wide:
                        continue
                    c = row * wide + column
                    for i in range(first[c], first[c + 1]):
                        s = item[i]
                        if not bits[s] & vehicle:
                            continue
                        dx, dy = bx[s] - ax[s], by[s] - ay[s]
                        square = dx * dx + dy * dy
                        t = 0.0
                        if square > 0:
                            t = min(max(((x - ax[s]) * dx + (y - ay[s]) * dy) / square, 0.0), 1.0)
                        gap = (x - ax[s] - t * dx) ** 2 + (y - ay[s] - t * dy) ** 2
                        if gap < best or (gap == best and found[p] < 0):
                            best, found[p], part[p] = gap, s, t
                            away[p] = np.sqrt(gap)
            ring += 1
    return found, part, away


@dataclass(frozen=True, slots=True)
class Snapped:
    """Per point: the stretch (-1: none near enough), the share of it behind the point, metres away from it."""

    stretch: Ints
    along: Floats
    metres: Floats


class Snapper:
    """Finds stretches near points. Which vehicles a stretch is open to is the union of both directions."""

    def __init__(self, network: Network) -> None:
        m = len(network.u)
        inner = np.diff(network.shape_first)
        owner = np.repeat(np.arange(m), inner + 1)
        start = np.cumsum(inner + 1) - (inner + 1)
        step = np.arange(len(owner)) - start[owner]
        a = np.where(step == 0, network.u[owner], len(network.lon) + network.shape_first[owner] + step - 1)
        b = np.where(step == inner[owner], network.v[owner], len(network.lon) + network.shape_first[owner] + step)
        self._scale = METRES_PER_DEGREE * network.squeeze
        x = np.concatenate([network.lon, network.shape_lon]) * self._scale
        y = np.concatenate([network.lat, network.shape_lat]) * METRES_PER_DEGREE
        self._ends = (x[a], y[a], x[b], y[b])
        length = np.hypot(x[b] - x[a], y[b] - y[a])
        whole = np.maximum(np.bincount(owner, weights=length, minlength=m), 1e-9)
        upto = np.cumsum(length) - length
        base = upto[start] if m else upto
        self._behind, self._part = (upto - base[owner]) / whole[owner], length / whole[owner]
        self._owner, self._first = owner, np.concatenate([[0], np.cumsum(inner + 1)])
        self._bits: NDArray[np.uint8] = (network.forward | network.backward)[owner]
        self._x0, self._y0 = float(x.min()) - 1.0, float(y.min()) - 1.0
        spread_x, spread_y = float(x.max()) - self._x0 + 1.0, float(y.max()) - self._y0 + 1.0
        self._cell = max(CELL_M, float(np.sqrt(spread_x * spread_y / MOST_CELLS)))
        self._wide, self._high = int(spread_x / self._cell) + 1, int(spread_y / self._cell) + 1
        self._cells = fill_cells(*self._ends, self._x0, self._y0, self._cell, self._wide, self._high)

    def snap(self, lon: Any, lat: Any, vehicle: int, limit: float) -> Snapped:
        """The nearest places within ``limit`` metres that a kind of vehicle may drive."""
        px = np.atleast_1d(np.asarray(lon, dtype=float)) * self._scale
        py = np.atleast_1d(np.asarray(lat, dtype=float)) * METRES_PER_DEGREE
        segment, part, away = nearest(
            px, py, float(limit), *self._ends, self._bits, vehicle, *self._cells, self._x0, self._y0, self._cell,
            self._wide, self._high,
        )  # fmt: skip
        along = self._behind[segment] + part * self._part[segment]
        return Snapped(np.where(segment < 0, -1, self._owner[segment]), np.clip(along, 0.0, 1.0), away)

    def along(self, stretch: Ints, begin: Floats, end: Floats, step: float) -> Floats:
        """Points (K, 2) in metres, at most ``step`` apart, on the parts of stretches between two shares of them."""
        many = self._first[stretch + 1] - self._first[stretch]
        piece = np.repeat(np.arange(len(stretch)), many)
        within = np.arange(len(piece)) - np.repeat(np.cumsum(many) - many, many)
        segment = self._first[stretch][piece] + within
        behind, part = self._behind[segment], np.maximum(self._part[segment], 1e-12)
        a = np.clip((begin[piece] - behind) / part, 0.0, 1.0)
        b = np.clip((end[piece] - behind) / part, 0.0, 1.0)
        hit = b >= a
        hit &= ~((b == a) & ((b == 0) | (a == 1)))
        segment, a, b = segment[hit], a[hit], b[hit]
        ax, ay, bx, by = (values[segment] for values in self._ends)
        count = (np.hypot(bx - ax, by - ay) * (b - a) / step).astype(np.int64) + 2
        which = np.repeat(np.arange(len(segment)), count)
        number = np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)
        t = a[which] + (b - a)[which] * number / (count - 1)[which]
        return np.column_stack([ax[which] + t * (bx - ax)[which], ay[which] + t * (by - ay)[which]])
