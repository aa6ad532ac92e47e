"""Routing over a whole city: places in, times, ways and reachable streets out.

A :class:`Engine` is made once per network; a metric (``metric``) once per kind of vehicle and state of the streets.
Both never change, so any number of threads may ask at once, and an answer never mixes two states of the city.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from scipy import ndimage

from thanglong.solve.city import METRES_PER_DEGREE, Floats, Ints
from thanglong.solve.routing import elimination as loops
from thanglong.solve.routing.compiled import CLOSED
from thanglong.solve.routing.hierarchy import (
    Hierarchy,
    Metric,
    Ms,
    Pinned,
    build,
    customize,
    everywhere,
    pin,
    rank_arcs,
)
from thanglong.solve.routing.network import Arcs, Network, arcs_of
from thanglong.solve.routing.snapping import Snapped, Snapper
from thanglong.solve.routing.turns import Turns, turns_of
from thanglong.solve.routing.weights import Vehicle, arc_ms, turn_ms

REACH_M = 1500.0
"""A point farther from every street than this is not on the network."""
CELL_M = 60.0
HOLE_M2 = 250_000.0
"""A block inside the reached area is left open only from this size on: a park, a lake."""


@dataclass(frozen=True, slots=True)
class Step:
    """A part of a way on one street: its name, metres, milliseconds, the turn into it in degrees (left positive)."""

    name: str
    metres: float
    ms: int
    angle: float


@dataclass(frozen=True, slots=True)
class Route:
    """A way: milliseconds, metres, its line (K, 2) in degrees, its streets in order, the stretches driven."""

    ms: int
    metres: float
    line: Floats
    steps: tuple[Step, ...]
    stretches: Ints


@dataclass(frozen=True, slots=True)
class Places:
    """Points on the network: where they were snapped to, and per point the states (arcs) at which a way may begin or
    end, as columns: ``point``, ``state``, ``share`` of the arc that lies behind the point in driving direction.
    """

    snapped: Snapped
    point: Ints
    state: Ints
    share: Floats

    @property
    def size(self) -> int:
        return len(self.snapped.stretch)


@dataclass(frozen=True, slots=True)
class View:
    """The city for one kind of vehicle in one state: the customized metric, and milliseconds of arcs on open streets
    (a unit on a closed street still can leave it)."""

    vehicle: Vehicle
    metric: Metric
    open_ms: Ms


class Engine:
    """One network, ready to be asked. ``rank`` is the order of contraction if it is known from before."""

    def __init__(self, network: Network, rank: Ints | None = None) -> None:
        self.network = network
        self.arcs: Arcs = arcs_of(network)
        self.turns: Turns = turns_of(network, self.arcs)
        x, y = network.plane()
        self.rank = rank if rank is not None else rank_arcs(x, y, self.arcs.tail, self.arcs.head, self.turns.arc)
        self.hierarchy: Hierarchy = build(self.rank, self.turns.source, self.turns.target)
        self.snapper = Snapper(network)
        self._by_source = np.argsort(self.turns.source, kind="stable")
        self._first_turn = np.searchsorted(self.turns.source[self._by_source], np.arange(len(self.turns.arc) + 1))
        m = len(network.u)
        self._ahead, self._against = np.full(m, -1), np.full(m, -1)
        numbers, ahead = np.arange(self.arcs.size), self.arcs.ahead
        self._ahead[self.arcs.stretch[ahead]] = numbers[ahead]
        self._against[self.arcs.stretch[~ahead]] = numbers[~ahead]

    def view(self, vehicle: Vehicle, share: Floats | None = None, closed: Any = ()) -> View:
        """The city for a kind of vehicle. ``share`` per arc: speed now as a part of the empty street's; ``closed``:
        arcs nobody may enter."""
        ms = arc_ms(self.network, self.arcs, vehicle, share)
        free = ms.copy()
        ms[np.asarray(closed, dtype=np.int64)] = CLOSED
        node = ms[self.turns.arc]
        return View(
            vehicle, customize(self.hierarchy, node, turn_ms(self.network, self.arcs, self.turns, vehicle)), free
        )

    def places(self, lon: Any, lat: Any, vehicle: Vehicle, limit: float = REACH_M) -> Places:
        """Points as beginnings and ends of ways."""
        snapped = self.snapper.snap(lon, lat, vehicle.bit, limit)
        points, states, shares = [], [], []
        good = np.flatnonzero(snapped.stretch >= 0)
        for numbers, forth in ((self._ahead, True), (self._against, False)):
            arc = numbers[snapped.stretch[good]]
            mine = (arc >= 0) & ((self.arcs.access[arc] & vehicle.bit) > 0)
            points.append(good[mine])
            states.append(arc[mine])
            along = snapped.along[good[mine]]
            shares.append(along if forth else 1 - along)
        return Places(snapped, np.concatenate(points), np.concatenate(states), np.concatenate(shares))

    def pin(self, places: Places) -> Pinned:
        """Keep places to be asked for many times."""
        return pin(self.hierarchy, places.state)

    def times(self, view: View, starts: Places, ends: Places, pinned: Pinned | None = None) -> Ms:
        """Milliseconds from every start to every end (S, E), CLOSED where there is no way; ``pinned``: the starts."""
        towards = self._leave(view, ends, arriving=True)
        leaving = self._leave(view, starts, arriving=False)
        # one sweep per end when there are fewer ends, else one per start
        if pinned is not None or len(ends.state) <= len(starts.state):
            chosen = pinned or self.pin(starts)
            found = chosen.times_to(view.metric, ends.state).T
        else:
            found = self.pin(ends).times_from(view.metric, starts.state)
        total = np.where(found < CLOSED, found.astype(np.int64) + leaving[:, None] + towards[None, :], CLOSED)
        self._same_arc(view, starts, ends, total)
        result = np.full((starts.size, ends.size), CLOSED, dtype=np.int64)
        np.minimum.at(result, (starts.point[:, None], ends.point[None, :]), np.minimum(total, CLOSED))
        return result.astype(np.int32)

    def _leave(self, view: View, places: Places, *, arriving: bool) -> Ints:
        """What to add to a time between ends of arcs: the rest of the first arc, or minus the rest of the last."""
        rest = np.rint((1 - places.share) * view.open_ms[places.state]).astype(np.int64)
        return -rest if arriving else rest

    def _same_arc(self, view: View, starts: Places, ends: Places, total: Any) -> None:
        """Both on one arc: straight on to what lies ahead, also where it is closed; else round the block."""
        order = np.argsort(ends.state, kind="stable")
        first = np.searchsorted(ends.state[order], starts.state)
        last = np.searchsorted(ends.state[order], starts.state, side="right")
        for i in np.flatnonzero(last > first).tolist():
            state = int(starts.state[i])
            for j in order[first[i] : last[i]].tolist():
                whole = int(view.open_ms[state])
                if ends.share[j] >= starts.share[i]:
                    ahead = round((1 - starts.share[i]) * whole) - round((1 - ends.share[j]) * whole)
                    total[i, j] = max(ahead, 0)
                else:
                    ms, _ = self._round(view, state)
                    rest = round((1 - starts.share[i]) * whole) - round((1 - ends.share[j]) * whole)
                    total[i, j] = ms + rest if ms < CLOSED else CLOSED

    def _round(self, view: View, state: int) -> tuple[int, int]:
        """From the end of an arc round to its end again: milliseconds, and the state driven first."""
        best, first = CLOSED, -1
        for t in self._turns_from(state):
            onto = int(self.turns.target[t])
            ms = int(view.metric.turn_ms[t]) + int(view.metric.node_ms[onto])
            if ms < CLOSED and ms + view.metric.between(onto, state) < best:
                best, first = ms + view.metric.between(onto, state), onto
        return best, first

    def route(self, view: View, start: Places, end: Places) -> Route | None:
        """The quickest way between the first points of two places; None when there is none."""
        leaving, towards = self._leave(view, start, arriving=False), self._leave(view, end, arriving=True)
        best, pair = CLOSED, (-1, -1)
        for i in range(len(start.state)):
            out = view.metric.climb_out(int(start.state[i]))
            for j in range(len(end.state)):
                if start.state[i] == end.state[j]:
                    behind = start.share[i] > end.share[j]
                    ms = self._round(view, int(start.state[i]))[0] if behind else 0
                else:
                    ms = int(loops.meet(*out, *view.metric.climb_back(int(end.state[j])))[0])
                if ms < CLOSED and ms + leaving[i] + towards[j] < best:
                    best, pair = int(ms + leaving[i] + towards[j]), (i, j)
        if pair[0] < 0:
            return None
        i, j = pair
        first, last = int(start.state[i]), int(end.state[j])
        if first == last and start.share[i] > end.share[j]:
            _, states = view.metric.way(self._round(view, first)[1], last)
            states = np.concatenate([[first], states])
        else:
            _, states = view.metric.way(first, last)
        return self._drawn(view, states, float(start.share[i]), float(end.share[j]), max(best, 0))

    def _drawn(self, view: View, states: Ints, begin: float, finish: float, ms: int) -> Route:
        """A way as line and streets, its first and last arc cut to the part driven."""
        net, arcs = self.network, self.turns.arc[states]
        stretch, last = self.arcs.stretch[arcs], len(arcs) - 1
        lines, steps = [], list[Step]()
        metres = 0.0
        for i, arc in enumerate(arcs.tolist()):
            a, b = (begin if i == 0 else 0.0), (finish if i == last else 1.0)
            line = net.line(int(stretch[i]), bool(self.arcs.ahead[arc]))
            lines.append(part_of(line, a, b, net.squeeze))
            length = float(net.length[stretch[i]]) * max(b - a, 0.0)
            metres += length
            took = round(int(view.open_ms[arc]) * max(b - a, 0.0))
            name = net.names[int(net.name[stretch[i]])]
            if steps and steps[-1].name == name:
                steps[-1] = Step(name, steps[-1].metres + length, steps[-1].ms + took, steps[-1].angle)
            else:
                steps.append(Step(name, length, took, self._angle(states, i)))
        points = np.concatenate(lines)
        moved = np.ones(len(points), dtype=bool)
        moved[1:] = np.any(np.diff(points, axis=0) != 0, axis=1)
        return Route(ms, metres, points[moved], tuple(steps), stretch)

    def _angle(self, states: Ints, i: int) -> float:
        if i == 0:
            return 0.0
        turn = next((t for t in self._turns_from(int(states[i - 1])) if self.turns.target[t] == states[i]), None)
        return 0.0 if turn is None else round(float(self.turns.angle[turn]), 1)

    def _turns_from(self, state: int) -> list[int]:
        found: list[int] = self._by_source[self._first_turn[state] : self._first_turn[state + 1]].tolist()
        return found

    def entered(self, view: View, starts: Places) -> Ints:
        """Milliseconds until each arc is entered from whichever of some points is nearest; CLOSED where none gets."""
        leaving = np.maximum(self._leave(view, starts, arriving=False), 0)
        best = everywhere(view.metric, starts.state, leaving).astype(np.int64)
        node = view.metric.node_ms
        enter = np.where((best < CLOSED) & (node < CLOSED), best - node, CLOSED)
        by_arc = np.full(self.arcs.size, CLOSED, dtype=np.int64)
        np.minimum.at(by_arc, self.turns.arc, enter)
        by_arc[starts.state] = 0
        return by_arc

    def reachable(self, view: View, starts: Places, limit_ms: int) -> tuple[Ints, Floats, Ms]:
        """Arcs reached within a time from any of some points: the arc, the share of it reached, ms when entered."""
        by_arc = self.entered(view, starts)
        arc = np.flatnonzero(by_arc <= limit_ms)
        share = np.clip((limit_ms - by_arc[arc]) / np.maximum(view.open_ms[arc], 1), 0.0, 1.0)
        return arc, share, by_arc[arc].astype(np.int32)

    def area(self, arc: Ints, share: Floats) -> Any:
        """The reached streets as an area: squares of 60 m along them, joined (a shapely geometry in degrees)."""
        ahead = self.arcs.ahead[arc]
        begin, end = np.where(ahead, 0.0, 1 - share), np.where(ahead, share, 1.0)
        points = self.snapper.along(self.arcs.stretch[arc], begin, end, CELL_M / 2)
        if not len(points):
            return shapely.Polygon()
        column, row = np.floor(points / CELL_M).astype(np.int64).T
        left, low = int(column.min()) - 2, int(row.min()) - 2
        marked = np.zeros((int(row.max()) - low + 3, int(column.max()) - left + 3), dtype=bool)
        marked[row - low, column - left] = True
        grown = ndimage.binary_dilation(marked)
        open_cells, count = ndimage.label(~grown)
        small = np.bincount(open_cells.ravel(), minlength=count + 1) * CELL_M**2 < HOLE_M2
        small[open_cells[0, 0]] = False  # what lies round the area
        whole = outline(grown | small[open_cells]).simplify(0.75)
        origin = np.array([left, low])
        scale = CELL_M / np.array([METRES_PER_DEGREE * self.network.squeeze, METRES_PER_DEGREE])
        return shapely.transform(whole, lambda xy: np.round((xy + origin) * scale, 6))


def outline(cells: Any) -> Any:
    """The filled cells of a grid (rows, columns; none on its border) as one shapely geometry, a cell being one unit.

    The lines between filled and empty cells, cut wherever they turn or cross, enclose faces that are filled or empty;
    faces that are filled never share a line, so together they are valid as they are.
    """
    grid = cells.astype(np.int8)
    lines = []
    for side, lying in ((np.diff(grid, axis=0), True), (np.diff(grid, axis=1).T, False)):
        # 1: filled beyond the line, -1: filled before it; a run ends where that changes
        ends = np.diff(np.pad(side, ((0, 0), (1, 1))), axis=1) != 0
        at, place = np.nonzero(ends)
        begin, finish, same = place[:-1], place[1:], at[:-1] == at[1:]
        kept = same & (side[at[:-1], np.minimum(begin, side.shape[1] - 1)] != 0)
        along = np.stack([begin[kept], finish[kept]], axis=1)
        across = np.repeat(at[:-1][kept][:, None] + 1, 2, axis=1)
        lines.append(np.stack([along, across] if lying else [across, along], axis=2))
    drawn: Any = shapely.linestrings(np.concatenate(lines).astype(float))
    faces = shapely.get_parts(shapely.polygonize(drawn))
    inside = np.floor(shapely.get_coordinates(shapely.point_on_surface(faces))).astype(np.int64)
    filled = faces[cells[inside[:, 1], inside[:, 0]]]
    return filled[0] if len(filled) == 1 else shapely.multipolygons(filled)


def part_of(line: Floats, begin: float, end: float, squeeze: float) -> Floats:
    """The part of a line (K, 2) in degrees between two shares of its length."""
    gap = np.hypot(np.diff(line[:, 0]) * squeeze, np.diff(line[:, 1]))
    at = np.concatenate([[0.0], np.cumsum(gap)])
    a, b = begin * at[-1], max(end, begin) * at[-1]
    inside = line[(at > a) & (at < b)]
    cuts = [np.array([np.interp(x, at, line[:, 0]), np.interp(x, at, line[:, 1])]) for x in (a, b)]
    return np.vstack([cuts[0], inside, cuts[1]])


def nearest(times: Ms, most: int) -> Sequence[tuple[int, int]]:
    """The ``most`` smallest of one column of times as (index, ms), the quickest first; equal ones by index."""
    order = np.lexsort((np.arange(len(times)), times))[:most]
    return [(int(i), int(times[i])) for i in order if times[i] < CLOSED]
