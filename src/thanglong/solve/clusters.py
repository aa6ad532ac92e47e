"""Many points on a map as clusters by zoom: counted once into grids, asked by box, kept up to date point by point.

A zoom level has a grid of square cells, :data:`PER_TILE` along a tile of the Web Mercator map, each with how many
points of each state lie in it and the sum of their positions. A box of the screen touches a few hundred cells,
whatever the number of points.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

PER_TILE = 8
LOWEST, HIGHEST = 5, 15
REBUILD = 20_000
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class Cell(NamedTuple):
    """Some points near each other: the middle of them in degrees, and how many of each state."""

    lon: float
    lat: float
    counts: tuple[int, ...]


def mercator(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Web Mercator as shares of the world from the north-west corner, 0..1; latitudes are cut at 85.05 degrees."""
    y = np.clip(np.sin(np.radians(lat)), -0.9966, 0.9966)
    return (lon + 180) / 360, np.clip(0.5 - np.log((1 + y) / (1 - y)) / (4 * np.pi), 0, 1 - 1e-12)


class Level:
    """The cells of one zoom: sorted keys with counts and sums, and a few cells that came later."""

    def __init__(self, zoom: int, x: Floats, y: Floats, lon: Floats, lat: Floats, state: Ints, states: int) -> None:
        self.size = PER_TILE << zoom
        keys = self.keys(x, y)
        order = np.argsort(keys, kind="stable")
        self.cells, starts = np.unique(keys[order], return_index=True)
        self.sums = np.zeros((len(self.cells), states + 2))
        if len(keys):
            ones = np.zeros((len(keys), states + 2))
            ones[np.arange(len(keys)), state[order]] = 1
            ones[:, states], ones[:, states + 1] = lon[order], lat[order]
            self.sums = np.add.reduceat(ones, starts, axis=0)
        self.later: dict[int, NDArray[np.float64]] = {}

    def keys(self, x: Floats, y: Floats) -> Ints:
        """The cells of positions: row * 2**32 + column."""
        return ((y * self.size).astype(np.int64) << 32) | (x * self.size).astype(np.int64)

    def add(self, key: int, change: NDArray[np.float64]) -> None:
        """Change a cell by counts and sums."""
        place = int(np.searchsorted(self.cells, key))
        if place < len(self.cells) and self.cells[place] == key:
            self.sums[place] += change
        else:
            self.later[key] = self.later.get(key, 0) + change

    def rows(self, west: int, north: int, east: int, south: int) -> NDArray[np.float64]:
        """The sums of the cells in a range of columns and rows, both included."""
        low = np.arange(north, south + 1, dtype=np.int64) << 32
        starts = np.searchsorted(self.cells, low | west)
        ends = np.searchsorted(self.cells, low | east, side="right")
        parts = [self.sums[a:b] for a, b in zip(starts.tolist(), ends.tolist(), strict=True) if b > a]
        inside = [
            sums[None, :]
            for key, sums in self.later.items()
            if west <= key & 0xFFFFFFFF <= east and north <= key >> 32 <= south
        ]
        return np.concatenate([*parts, *inside]) if parts or inside else np.zeros((0, self.sums.shape[1]))


class Clusters:
    """Points with a state (0 to ``states`` - 1), counted for every zoom; ``lon``, ``lat``, ``state`` by number.

    :meth:`put` moves a point, changes its state, adds it (the next number) or takes it away (state -1).
    """

    def __init__(self, lon: Floats, lat: Floats, state: Ints, states: int) -> None:
        self.states = states
        self.lon, self.lat = np.asarray(lon, float).copy(), np.asarray(lat, float).copy()
        self.state = np.asarray(state, np.int64).copy()
        self.size = len(self.lon)
        self._count()

    def _count(self) -> None:
        alive = np.flatnonzero(self.state[: self.size] >= 0)
        lon, lat, state = self.lon[alive], self.lat[alive], self.state[alive]
        x, y = mercator(lon, lat)
        self.levels = {zoom: Level(zoom, x, y, lon, lat, state, self.states) for zoom in range(LOWEST, HIGHEST + 1)}

    def put(self, number: int, lon: float, lat: float, state: int) -> None:
        """Set a point; ``number`` is at most the number of points so far."""
        if number == self.size:
            if self.size == len(self.lon):
                more = max(1024, self.size)
                self.lon, self.lat = np.append(self.lon, np.zeros(more)), np.append(self.lat, np.zeros(more))
                self.state = np.append(self.state, np.full(more, -1))
            self.size += 1
            self.state[number] = -1
        self._change(number, -1)
        self.lon[number], self.lat[number], self.state[number] = lon, lat, state
        self._change(number, 1)
        if len(self.levels[HIGHEST].later) > REBUILD:
            self._count()

    def _change(self, number: int, sign: int) -> None:
        state = int(self.state[number])
        if state < 0:
            return
        at = slice(number, number + 1)
        x, y = mercator(self.lon[at], self.lat[at])
        change = np.zeros(self.states + 2)
        change[state], change[-2], change[-1] = sign, sign * self.lon[number], sign * self.lat[number]
        for level in self.levels.values():
            level.add(int(level.keys(x, y)[0]), change)

    def ask(self, west: float, south: float, east: float, north: float, zoom: float) -> list[Cell]:
        """The clusters of a box at a zoom. Cells at its border are given whole."""
        level = self.levels[min(max(int(zoom), LOWEST), HIGHEST)]
        x, y = mercator(np.array([west, east]), np.array([north, south]))
        columns, lines = (x * level.size).astype(int).tolist(), (y * level.size).astype(int).tolist()
        sums = level.rows(columns[0], lines[0], columns[1], lines[1])
        counts = np.rint(sums[:, : self.states]).astype(int)
        total = counts.sum(axis=1)
        some = total > 0
        middle = sums[some, self.states :] / total[some, None]
        return [
            Cell(round(lon, 6), round(lat, 6), tuple(known))
            for (lon, lat), known in zip(middle.tolist(), counts[some].tolist(), strict=True)
        ]

    def counts(self) -> list[int]:
        """How many points there are of each state."""
        state = self.state[: self.size]
        return np.bincount(state[state >= 0], minlength=self.states).tolist()  # type: ignore[no-any-return]


def inside(points: Clusters, west: float, south: float, east: float, north: float, most: int) -> Sequence[int]:
    """Numbers of the points in a box, at most ``most`` of them."""
    lon, lat = points.lon[: points.size], points.lat[: points.size]
    held = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north) & (points.state[: points.size] >= 0)
    found: list[int] = np.flatnonzero(held)[:most].tolist()
    return found
