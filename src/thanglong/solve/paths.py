"""Quickest ways through a road network, one at a time: enough for the vehicles of the demo city."""

import heapq
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

from thanglong.solve.city import METRES_PER_DEGREE, Floats, Roads


@dataclass(frozen=True, slots=True)
class Path:
    """A way: seconds since the start at each corner, and the corners in degrees."""

    seconds: Floats
    lon: Floats
    lat: Floats

    @property
    def duration(self) -> float:
        """Seconds for the whole way."""
        return float(self.seconds[-1])

    def at(self, seconds: float) -> tuple[float, float]:
        """Longitude and latitude so many seconds after the start; the end when that is past."""
        return (
            round(float(np.interp(seconds, self.seconds, self.lon)), 6),
            round(float(np.interp(seconds, self.seconds, self.lat)), 6),
        )


class Router:
    """A* over a network; the last few thousand ways are kept."""

    FASTEST_M_S = 27.5

    def __init__(self, roads: Roads, pace: float = 1.0, keep: int = 3000) -> None:
        """``pace`` multiplies the speeds of the roads."""
        self._keep = keep
        self._paths: OrderedDict[tuple[int, int], Path | None] = OrderedDict()
        self.lon, self.lat = roads.lon, roads.lat
        seconds = roads.length / (roads.speed * pace / 3.6)
        two = ~roads.oneway
        tail = np.concatenate([roads.u, roads.v[two]])
        head = np.concatenate([roads.v, roads.u[two]])
        cost = np.concatenate([seconds, seconds[two]])
        order = np.argsort(tail, kind="stable")
        self._first = np.searchsorted(tail[order], np.arange(len(roads.lon) + 1)).tolist()
        self._head, self._cost = head[order].tolist(), cost[order].tolist()
        k = METRES_PER_DEGREE * float(np.cos(np.radians(roads.lat.mean())))
        self._x, self._y = (roads.lon * k).tolist(), (roads.lat * METRES_PER_DEGREE).tolist()
        self._slowest = 1.0 / (self.FASTEST_M_S * pace)
        self._points = np.column_stack([roads.lon * k, roads.lat * METRES_PER_DEGREE])
        self._k = k

    def node_near(self, lon: float, lat: float) -> int:
        """The node nearest to a point."""
        away = self._points - np.array([lon * self._k, lat * METRES_PER_DEGREE])
        return int((away**2).sum(axis=1).argmin())

    def nodes_within(self, node: int, nearest: float, farthest: float) -> list[int]:
        """Nodes between two distances (metres, as the crow flies) of a node, in order of number."""
        away = np.hypot(*(self._points - self._points[node]).T)
        return np.flatnonzero((away >= nearest) & (away <= farthest)).tolist()

    def path(self, start: int, end: int) -> Path | None:
        """The quickest way between two nodes, or None when there is none."""
        key = (start, end)
        if key in self._paths:
            self._paths.move_to_end(key)
            return self._paths[key]
        found = self._search(start, end)
        self._paths[key] = found
        if len(self._paths) > self._keep:
            self._paths.popitem(last=False)
        return found

    def _search(self, start: int, end: int) -> Path | None:
        x, y, first, heads, costs = self._x, self._y, self._first, self._head, self._cost
        ex, ey, slowest = x[end], y[end], self._slowest
        best = {start: 0.0}
        came: dict[int, int] = {}
        done: set[int] = set()
        queue = [(0.0, start)]
        while queue:
            _, node = heapq.heappop(queue)
            if node == end:
                return self._trace(came, best, end)
            if node in done:
                continue
            done.add(node)
            here = best[node]
            for i in range(first[node], first[node + 1]):
                head = heads[i]
                reached = here + costs[i]
                if reached < best.get(head, 1e18):
                    best[head] = reached
                    came[head] = node
                    rest = ((x[head] - ex) ** 2 + (y[head] - ey) ** 2) ** 0.5 * slowest
                    heapq.heappush(queue, (reached + rest, head))
        return None

    def _trace(self, came: dict[int, int], best: dict[int, float], end: int) -> Path:
        nodes = [end]
        while nodes[-1] in came:
            nodes.append(came[nodes[-1]])
        nodes.reverse()
        return Path(np.array([best[n] for n in nodes]), self.lon[nodes], self.lat[nodes])
