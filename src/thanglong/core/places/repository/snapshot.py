"""The places in memory: every state of every unit, and for each span of days without a change the tree and the map.

All states are read once per version (a thousand small rows); outlines only for the days somebody asks about. What is
made here never changes afterwards, so threads share it without locks.
"""

import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from datetime import date
from functools import cached_property
from typing import Any, cast
from uuid import UUID

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from thanglong.core.places import rules
from thanglong.core.places.repository import rows, watch
from thanglong.core.places.repository.names import Names
from thanglong.core.places.types import LOCAL_KINDS, Act, Succession, Unit, UnitKind
from thanglong.kit import clock
from thanglong.kit.text import fold, sort_key, spelled
from thanglong.solve.lookup import CellIndex

KEPT_VERSIONS = 3
# degrees (about 9 m): coarser outlines are made from those of this tolerance, which is several times cheaper
FINEST = 180.0 / (256 << 13)
# territorial kinds from the whole to the part
DEPTH = {UnitKind.CITY: 0, UnitKind.DISTRICT: 1, UnitKind.OFFICE: 1}


class Snapshot:
    """The units valid on each day of one span of days without a change."""

    def __init__(self, states: Sequence[Unit]) -> None:
        ordered = sorted(states, key=lambda unit: (DEPTH.get(unit.kind, 2), sort_key(unit.short_name)))
        self.units: dict[UUID, Unit] = {unit.id: unit for unit in ordered}
        self.children: dict[UUID | None, list[UUID]] = {}
        for unit in ordered:
            parent = unit.parent if unit.parent in self.units else None
            self.children.setdefault(parent, []).append(unit.id)
        self._subtrees: dict[UUID, frozenset[UUID]] = {}

    @cached_property
    def cities(self) -> list[Unit]:
        return [unit for unit in self.units.values() if unit.kind is UnitKind.CITY]

    @cached_property
    def by_code(self) -> dict[str, list[Unit]]:
        result: dict[str, list[Unit]] = {}
        for unit in self.units.values():
            result.setdefault(unit.code, []).append(unit)
        return result

    def subtree(self, top: UUID) -> frozenset[UUID]:
        """``top`` and everything under it."""
        known = self._subtrees.get(top)
        if known is None:
            seen = {top}
            todo = [top]
            while todo:
                for child in self.children.get(todo.pop(), ()):
                    if child not in seen:
                        seen.add(child)
                        todo.append(child)
            known = self._subtrees[top] = frozenset(seen)
        return known

    def ancestors(self, unit: UUID) -> tuple[UUID, ...]:
        """Parents from the nearest to the top."""
        result: list[UUID] = []
        current = self.units.get(unit)
        while current and current.parent in self.units and current.parent not in result:
            result.append(current.parent)
            current = self.units[current.parent]
        return tuple(result)

    @cached_property
    def shapes(self) -> "Shapes":
        wanted = {(unit.id, unit.valid_from) for unit in self.units.values()}
        found = rows.outlines(wanted)
        keyed = [(unit, found[unit.id, unit.valid_from]) for unit in self.units.values() if
                 (unit.id, unit.valid_from) in found]  # fmt: skip
        geometries = shapely.from_wkb([wkb for _, wkb in keyed]) if keyed else np.array([], dtype=object)
        return Shapes([unit for unit, _ in keyed], geometries)


class Shapes:
    """The outlines of one snapshot, and which of them a point lies in."""

    def __init__(self, units: Sequence[Unit], geometries: NDArray[Any]) -> None:
        self.units = units
        self.geometries = geometries
        self.of: dict[UUID, BaseGeometry] = {unit.id: shape for unit, shape in zip(units, geometries, strict=True)}
        local = [index for index, unit in enumerate(units) if unit.kind in LOCAL_KINDS]
        self.local = [units[index] for index in local]
        self.polygons = geometries[local] if local else np.array([], dtype=object)
        shapely.prepare(self.polygons)
        self._simplified: dict[float, NDArray[np.object_]] = {}

    def find(self, lons: NDArray[np.float64], lats: NDArray[np.float64]) -> NDArray[np.int64]:
        """For each point the index into :attr:`local`, -1 where it lies in none.

        A point on a common boundary belongs to the unit that comes first.
        """
        return self._cells.find_many(lons, lats)

    @cached_property
    def outline(self) -> BaseGeometry | None:
        """The city's own outline, or that of all local units together; None when there is none."""
        city = next((self.of[unit.id] for unit in self.units if unit.kind is UnitKind.CITY), None)
        if city is not None:
            return city
        return shapely.union_all(self.polygons) if len(self.polygons) else None

    def simplified(self, tolerance: float) -> NDArray[np.object_]:
        """The local outlines with details below ``tolerance`` degrees left out; common borders stay common."""
        known = self._simplified.get(tolerance)
        if known is None:
            finest = self.polygons if tolerance <= FINEST else self.simplified(FINEST)
            known = np.asarray(shapely.coverage_simplify(finest, tolerance), dtype=object)
            self._simplified[tolerance] = known
        return known

    @cached_property
    def labels(self) -> NDArray[np.object_]:
        """Where the name of each local unit is written: in its middle, else somewhere inside."""
        middle = shapely.centroid(self.polygons)
        inside = shapely.contains(self.polygons, middle)
        return np.where(inside, middle, shapely.point_on_surface(self.polygons))

    def touching(self, west: float, south: float, east: float, north: float) -> NDArray[np.int64]:
        """Indices into :attr:`local` of the units whose boxes touch a box."""
        boxes = self._boxes
        hit = (boxes[:, 0] <= east) & (boxes[:, 2] >= west) & (boxes[:, 1] <= north) & (boxes[:, 3] >= south)
        return np.flatnonzero(hit)

    @cached_property
    def _boxes(self) -> NDArray[np.float64]:
        return shapely.bounds(self.polygons)

    @cached_property
    def _cells(self) -> CellIndex:
        return CellIndex(self.polygons)

    def at(self, lon: float, lat: float) -> Unit | None:
        """The local unit at one point."""
        index = self._cells.find(lon, lat)
        return None if index < 0 else self.local[index]


class History:
    """Everything known about the units in one version of the places."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.states: dict[UUID, tuple[Unit, ...]] = {}
        grouped: dict[UUID, list[Unit]] = {}
        for unit in rows.states():
            grouped.setdefault(unit.id, []).append(unit)
        self.states = {unit_id: tuple(states) for unit_id, states in grouped.items()}
        days = set()
        for states in grouped.values():
            for state in states:
                days.add(state.valid_from)
                if state.valid_to is not None:
                    days.add(state.valid_to + rules.DAY)
        self.days = sorted(days)
        self._spans: dict[int, Snapshot] = {}
        self._by_day: dict[date, Snapshot] = {}
        # what a service works out from these places alone, by name: gone with the version
        self.derived: dict[tuple[object, ...], Any] = {}

    def on(self, day: date | None) -> Snapshot:
        """The snapshot of a day (today when None)."""
        if day is None:
            day = clock.today()
        known = self._by_day.get(day)
        if known is None:
            span = self.span(day)
            known = self._spans.get(span)
            if known is None:
                valid = [state for states in self.states.values() for state in states if state.valid_on(day)]
                known = self._spans[span] = Snapshot(valid)
            if len(self._by_day) > 4000:
                self._by_day.clear()
            self._by_day[day] = known
        return known

    def span(self, day: date | None) -> int:
        """The number of the span of days without a change in which a day (today) lies."""
        return bisect_right(self.days, day or clock.today())

    def last(self, unit: UUID, day: date | None) -> Unit | None:
        """The state on ``day``, or the last one before it; None when the unit is unknown or did not exist yet.

        Without a day a unit that is still to come is told in its first state.
        """
        states = self.states.get(unit)
        if not states:
            return None
        asked = day or clock.today()
        for state in reversed(states):
            if state.valid_from <= asked:
                return state
        return states[0] if day is None else None

    @cached_property
    def names(self) -> Names:
        return Names(self.states)

    @cached_property
    def plain_names(self) -> dict[str, tuple[tuple[UUID, UnitKind], ...]]:
        """Units by every name they bore, without their kind, spelled and folded (see ``kit.text``)."""
        found: dict[str, dict[tuple[UUID, UnitKind], None]] = {}
        for unit_id, states in self.states.items():
            for state in states:
                if state.kind is not UnitKind.OFFICE:
                    for name in (state.short_name, state.name):
                        for key in {spelled(name), fold(name)}:
                            found.setdefault(key, {})[unit_id, state.kind] = None
        return {key: tuple(units) for key, units in found.items()}

    @cached_property
    def successions(self) -> tuple[Succession, ...]:
        return tuple(rows.successions())

    @cached_property
    def successors(self) -> dict[UUID, list[Succession]]:
        result: dict[UUID, list[Succession]] = {}
        for row in self.successions:
            result.setdefault(row.old, []).append(row)
        return result

    @cached_property
    def predecessors(self) -> dict[UUID, list[Succession]]:
        result: dict[UUID, list[Succession]] = {}
        for row in self.successions:
            result.setdefault(row.new, []).append(row)
        return result

    @cached_property
    def acts(self) -> dict[UUID, Act]:
        return {act.id: act for act in rows.acts()}


_kept: "OrderedDict[str, History]" = OrderedDict()
_lock = threading.Lock()
_current: History | None = None


def _load(token: str) -> History:
    with _lock:
        known = _kept.get(token)
        if known is None:
            known = _kept[token] = History(token)
            while len(_kept) > KEPT_VERSIONS:
                _kept.popitem(last=False)
        return known


def current() -> History:
    """The places as this transaction may see them."""
    global _current
    pin = watch.pin()
    if pin is not None:
        if pin.kept is not None and not watch.alone():
            return cast(History, pin.kept)
        watch.must_look()  # notices a change that was rolled back
    elif _current is not None and not watch.must_look():
        return _current
    token = rows.token()
    history = _current if _current is not None and _current.token == token else _load(token)
    watch.looked()
    if not watch.alone():
        _current = history
        if pin is not None:
            pin.kept = history
    return history
