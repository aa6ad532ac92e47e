"""Whether a plan fits the units as they are: dates, codes, tree and outlines."""

from uuid import UUID

import numpy as np
import shapely

from thanglong.core.places import rules
from thanglong.core.places.repository.snapshot import History, Snapshot
from thanglong.core.places.rules import plans
from thanglong.core.places.service.outlines import OVERLAP
from thanglong.core.places.service.weighing import Ground
from thanglong.core.places.types import LOCAL_KINDS, Plan, PlannedUnit, Problem
from thanglong.kit import clock
from thanglong.kit.errors import N_

# land of the old units that no new outline covers, or the other way round, as a share of the whole
GAP = 0.001


def problems(ground: Ground, history: History) -> list[Problem]:
    """Everything that stands in the way of a plan, and warnings."""
    plan = ground.plan
    shot = history.on(plan.act.effective_on - rules.DAY)
    names = {unit.id: unit.name for unit in plan.units}
    names = {unit_id: unit.name for unit_id, unit in ground.eve.items()} | names
    names |= {
        unit: history.states[unit][-1].name
        for part in plan.parts for unit in (part.old, part.new) if unit not in names and unit in history.states
    }  # fmt: skip
    found = [*plan.problems, *plans.faults(plan, names, ground.shares, ground.unknown)]
    found += _lives(plan, names, history, shot)
    for unit in plan.units:
        found += _unit(unit, plan, history, shot)
    found += _outlines(ground, shot)
    if plan.act.effective_on <= clock.today():
        text = N_("The day of effect has come: the act takes effect as soon as it is decided.")
        found.append(Problem(0, text, N_("It cannot be undone then."), warning=True))
    return found


def _lives(plan: Plan, names: dict[UUID, str], history: History, shot: Snapshot) -> list[Problem]:
    """The old units must exist on the eve and on no later state; those that live on must do so."""
    day = plan.act.effective_on
    founded = {unit.id for unit in plan.units if unit.founded}
    ends = plans.closing(plan)
    found: list[Problem] = []
    for unit in sorted({part.old for part in plan.parts} | set(plan.abolished) | (plans.targets(plan) - founded)):
        params = {"name": names.get(unit, str(unit)), "day": str(day - rules.DAY)}
        state = shot.units.get(unit)
        if state is None:
            fix = N_("Take a unit that exists on the eve of the act.")
            found.append(Problem(0, N_("%(name)s does not exist on %(day)s."), fix, params))
            continue
        if state.valid_to is not None and state.valid_to < day:
            text = N_("%(name)s ends on %(day)s already, by another act.")
            found.append(Problem(0, text, N_("Leave it out, or undo the other act."), params))
        elif unit in ends and any(later.valid_from >= day for later in history.states[unit]):
            text = N_("%(name)s has a change dated after the act.")
            found.append(Problem(0, text, N_("Undo that change first."), params))
    return found


def _unit(unit: PlannedUnit, plan: Plan, history: History, shot: Snapshot) -> list[Problem]:
    day, ends = plan.act.effective_on, plans.closing(plan)
    params = {"name": unit.name, "code": unit.code}
    found: list[Problem] = []
    if not unit.name.strip() or not unit.code.strip():
        fix = N_("Every unit needs the code it has in the official list.")
        found.append(Problem(0, N_("A new unit has no code or no name."), fix))
    holders = [
        item
        for item in (*shot.by_code.get(unit.code, ()), *history.on(day).by_code.get(unit.code, ()))
        if item.id != unit.id and item.id not in ends and (item.valid_to is None or item.valid_to >= day)
    ]
    twice = [item for item in plan.units if item.code == unit.code and item.id != unit.id]
    if holders or twice:
        other = (holders or twice)[0].name
        text = N_("Code %(code)s of %(name)s is also the code of %(other)s on that day.")
        found.append(Problem(0, text, N_("Correct one of the codes."), {**params, "other": other}))
    planned = {item.id for item in plan.units}
    if unit.parent is not None and (unit.parent in ends or unit.parent not in {*shot.units, *planned}):
        text = N_("The unit above %(name)s does not exist on that day.")
        found.append(Problem(0, text, N_("Choose another one."), params))
    if unit.boundary is not None and not unit.boundary.is_valid:
        text = N_("%(name)s: the outline crosses itself or is not closed.")
        found.append(Problem(0, text, N_("Draw it again."), params))
    return found


def _outlines(ground: Ground, shot: Snapshot) -> list[Problem]:
    """New outlines may not lap over each other nor over a neighbour, and have to cover what the old ones covered."""
    plan = ground.plan
    kinds = {unit.id: unit.kind for unit in plan.units}
    names = {unit_id: unit.name for unit_id, unit in shot.units.items()} | {unit.id: unit.name for unit in plan.units}
    ends = plans.closing(plan)
    new = {unit: shape for unit, shape in ground.shapes.items() if kinds.get(unit) in LOCAL_KINDS and shape.is_valid}
    rest = {
        unit.id: shape for unit, shape in zip(shot.shapes.local, shot.shapes.polygons, strict=True)
        if unit.id not in ends and unit.id not in new
    }  # fmt: skip
    if not new:
        return []
    every = {**new, **rest}
    ids = list(every)
    shapes = np.array([every[unit] for unit in ids], dtype=object)
    found: list[Problem] = []
    a, b = shapely.STRtree(shapes).query(shapes[: len(new)], predicate="intersects")
    pairs = a < b
    a, b = a[pairs], b[pairs]
    common = shapely.area(shapely.intersection(shapes[a], shapes[b]))
    smaller = np.minimum(shapely.area(shapes[a]), shapely.area(shapes[b]))
    approximate = {unit.id for unit in plan.units if unit.boundary_approximate}
    approximate |= {unit.id for unit in shot.units.values() if unit.boundary_approximate and unit.id not in kinds}
    for at in np.flatnonzero(common > OVERLAP * smaller):
        one, two = ids[a[at]], ids[b[at]]
        params = {"a": names[one], "b": names[two], "share": round(float(common[at] / smaller[at]) * 100, 4)}
        text = N_("%(a)s and %(b)s overlap by %(share)s %% of the smaller one.")
        loose = bool({one, two} & approximate)
        found.append(Problem(0, text, N_("Move the common border so that they only touch."), params, warning=loose))
    return found + _gap(ground, shot, new)


def _gap(ground: Ground, shot: Snapshot, new: dict[UUID, shapely.geometry.base.BaseGeometry]) -> list[Problem]:
    """Land left without a unit. Only told when every unit concerned has an outline."""
    olds = {part.old for part in ground.plan.parts}
    taking = {part.new for part in ground.plan.parts}
    before = [shot.shapes.of[unit] for unit in olds if unit in shot.shapes.of]
    if len(before) < len(olds) or not taking <= set(new) or not before:
        return []
    old, now = shapely.union_all(before), shapely.union_all([new[unit] for unit in taking])
    share = float(old.difference(now).area / old.area)
    if share <= GAP:
        return []
    text = N_("%(share)s %% of the land of the old units would belong to no unit.")
    loose = any(shot.units[unit].boundary_approximate for unit in olds)
    return [Problem(0, text, N_("Check the outlines of the new units."), {"share": round(share * 100, 2)}, loose)]
