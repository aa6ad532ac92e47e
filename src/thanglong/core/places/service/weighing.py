"""What a plan comes to on the ground: outlines and figures of new units, shares of divided ones, homes of rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from thanglong.core.places import rules
from thanglong.core.places.repository.snapshot import History
from thanglong.core.places.rules import plans
from thanglong.core.places.types import LOCAL_KINDS, Part, Plan, PlannedUnit, Unit, Weighing
from thanglong.kit.reorganising import Home, Point, UnitChange
from thanglong.solve import shares as solve
from thanglong.solve.lookup import CellIndex

Shares = dict[UUID, dict[UUID, float]]


@dataclass(frozen=True, slots=True)
class Ground:
    """A plan with everything that follows from it: shares, their source per old unit, and the units as they will be."""

    plan: Plan
    shares: Shares
    sources: Mapping[UUID, Weighing]
    unknown: frozenset[UUID]
    eve: Mapping[UUID, Unit]
    shapes: Mapping[UUID, BaseGeometry]


def ground(plan: Plan, history: History) -> Ground:
    """Work a plan out against the units of the eve of its day."""
    shot = history.on(plan.act.effective_on - rules.DAY)
    old_shapes = shot.shapes.of
    given = {unit.id: unit.boundary for unit in plan.units if unit.boundary is not None}
    targets = plans.targets(plan)
    shapes = {unit: given.get(unit) or old_shapes.get(unit) for unit in targets}
    known = {unit: shape for unit, shape in shapes.items() if shape is not None}
    computed, unknown, by = _computed(plan, old_shapes, known)
    found = plans.shares_of(plan, computed)
    sources = {
        old: Weighing.GIVEN if old not in computed or parts[0].share is not None else by[old]
        for old, parts in plans.grouped(plan.parts).items()
    }
    filled = [_filled(unit, plan, found, shot.units, old_shapes) for unit in plan.units]
    known |= {unit.id: unit.boundary for unit in filled if unit.boundary is not None}
    return Ground(replace(plan, units=filled), found, sources, unknown, shot.units, known)


def _computed(
    plan: Plan, old_shapes: Mapping[UUID, BaseGeometry], new_shapes: Mapping[UUID, BaseGeometry]
) -> tuple[Shares, frozenset[UUID], dict[UUID, Weighing]]:
    """Shares of the divided units whose shares are not given, by points where there are some, else by area."""
    result: Shares = {}
    unknown: set[UUID] = set()
    by: dict[UUID, Weighing] = {}
    for old, parts in plans.grouped(plan.parts).items():
        if len(parts) < 2 or all(part.share is not None for part in parts):
            continue
        news = [part.new for part in parts]
        if old not in old_shapes or any(new not in new_shapes for new in news):
            unknown.add(old)
            continue
        outlines = [new_shapes[new] for new in news]
        found: dict[int, float] = {}
        if plan.weighing is Weighing.POINTS and plan.points:
            x, y, weight = (np.asarray(column, dtype=np.float64) for column in zip(*plan.points, strict=True))
            found, by[old] = solve.by_points([old_shapes[old]], outlines, x, y, weight)[0], Weighing.POINTS
        if not found:
            found, by[old] = solve.by_area([old_shapes[old]], outlines)[0][0], Weighing.AREA
        result[old] = {news[index]: share for index, share in found.items()}
    return result, frozenset(unknown), by


def _filled(
    unit: PlannedUnit, plan: Plan, shares: Shares, eve: Mapping[UUID, Unit], shapes: Mapping[UUID, BaseGeometry]
) -> PlannedUnit:
    """What a draft leaves open and its predecessors tell: the outline of whole units put together, residents, area."""
    came = [(part.old, shares.get(part.old, {}).get(unit.id, 0.0)) for part in plan.parts if part.new == unit.id]
    if not came:
        return unit
    if not unit.founded and unit.id not in shares:  # it lives on and keeps all of its own
        came.append((unit.id, 1.0))
    changes: dict[str, object] = {}
    whole = all(share > 1 - plans.EXACT for _, share in came)
    if unit.boundary is None and whole and all(old in shapes for old, _ in came):
        changes["boundary"] = shapely.union_all([shapes[old] for old, _ in came])
        changes["boundary_approximate"] = any(eve[old].boundary_approximate for old, _ in came if old in eve)
    for name, digits in (("area_km2", 2), ("population", 0)):
        sizes = [(getattr(eve[old], name), share) for old, share in came if old in eve]
        if getattr(unit, name) is None and sizes and all(size is not None for size, _ in sizes):
            total = sum(size * share for size, share in sizes)
            changes[name] = round(total, digits) if digits else round(total)
    return replace(unit, **changes)  # type: ignore[arg-type]


def fixed(ground: Ground) -> Plan:
    """The plan with every share written down: what is decided is not computed again."""
    parts = [replace(part, share=ground.shares[part.old].get(part.new, 0.0)) for part in ground.plan.parts]
    sums = {old: sum(row.values()) for old, row in ground.shares.items()}
    return replace(
        ground.plan, parts=[Part(p.old, p.new, (p.share or 0.0) / sums[p.old], p.line) for p in parts], problems=()
    )


def change_of(id: UUID, ground: Ground, history: History) -> UnitChange:
    """The change as followers see it."""
    plan = ground.plan
    moving = plans.moves(plan, ground.shares)
    ends = plans.closing(plan)
    return UnitChange(
        id,
        plan.act.number or plan.act.title,
        plan.act.effective_on,
        moving,
        {unit: _above(unit, ground.eve, ends) for unit in plan.abolished if unit in ground.eve},
        frozenset(unit.id for unit in plan.units if unit.founded),
        _Homes(moving, ground, ends, history),
    )


def _above(unit: UUID, eve: Mapping[UUID, Unit], ends: frozenset[UUID]) -> UUID:
    """The nearest unit above that lives on."""
    current = eve[unit].parent
    while current in ends and current in eve:
        current = eve[current].parent
    return current or unit


class _Homes:
    """``UnitChange.homes``: by the point among the units that take over, else the one with the largest share."""

    def __init__(self, moving: Shares, ground: Ground, ends: frozenset[UUID], history: History) -> None:
        self._moving, self._ground, self._ends, self._history = moving, ground, ends, history
        self._everywhere: tuple[CellIndex, list[UUID]] | None = None

    def __call__(self, old: UUID, points: Sequence[Point]) -> list[Home]:
        parts = self._moving.get(old)
        if parts is None:
            return self._lifted(old, points)
        order = sorted(parts, key=lambda new: (-parts[new], str(new)))
        if len(order) == 1:
            return [Home(order[0], True)] * len(points)
        # the unit of the largest share, as UnitChange.main says
        main = max(parts, key=lambda new: (parts[new], str(new)))
        place = np.full(len(points), -1, dtype=np.int64)
        known = np.array([lon is not None and lat is not None for lon, lat in points], dtype=bool)
        lons = np.array([lon or 0.0 for lon, _ in points])
        lats = np.array([lat or 0.0 for _, lat in points])
        for index, new in enumerate(order):
            shape = self._ground.shapes.get(new)
            if shape is not None:
                inside = known & (place < 0) & shapely.intersects_xy(shape, lons, lats)
                place[inside] = index
        return [Home(order[index], True) if index >= 0 else Home(main, False) for index in place.tolist()]

    def _lifted(self, old: UUID, points: Sequence[Point]) -> list[Home]:
        """Rows of a unit without successor: the new unit at their point, else the unit above."""
        above = Home(_above(old, self._ground.eve, self._ends), False)
        if self._everywhere is None:
            self._everywhere = self._index()
        index, ids = self._everywhere
        found = [-1 if lon is None or lat is None else index.find(lon, lat) for lon, lat in points]
        return [Home(ids[at], True) if at >= 0 else above for at in found]

    def _index(self) -> tuple[CellIndex, list[UUID]]:
        kinds = {unit.id: unit.kind for unit in self._ground.plan.units}
        eve = self._history.on(self._ground.plan.act.effective_on - rules.DAY)
        shapes = {unit: shape for unit, shape in eve.shapes.of.items() if unit not in self._ends}
        shapes |= self._ground.shapes
        local = [
            unit for unit in shapes if (kinds.get(unit) or (eve.units[unit].kind if unit in eve.units else None))
            in LOCAL_KINDS
        ]  # fmt: skip
        return CellIndex(np.array([shapes[unit] for unit in local], dtype=object)), local
