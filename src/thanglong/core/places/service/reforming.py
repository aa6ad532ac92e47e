"""A reorganisation from draft to effect: every step asks permission in the whole city, is written in one transaction
with its ledger entry, and may be repeated by a double click without doing anything twice."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from thanglong.core.ledger import service as ledger
from thanglong.core.places import rules
from thanglong.core.places.repository import reforms, rows, snapshot
from thanglong.core.places.repository.snapshot import History
from thanglong.core.places.rules import plans
from thanglong.core.places.service import checking, enforcing, weighing
from thanglong.core.places.service.steps import enter, faster, load, look, require, step, stored_digest
from thanglong.core.places.service.weighing import Ground
from thanglong.core.places.service.writing import changed, entry, keep_act, named, succession_entry
from thanglong.core.places.types import (
    ActState,
    Division,
    NewState,
    NewUnit,
    Plan,
    PlannedUnit,
    Preview,
    Problem,
    Reorganisation,
    Reorganised,
    Succession,
    Weighing,
)
from thanglong.kit import bus, clock, registry
from thanglong.kit.errors import Fault, Invalid
from thanglong.kit.ids import new_id
from thanglong.kit.ports import Actor
from thanglong.kit.reorganising import Affected

# ── drafts ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def draft(actor: Actor, plan: Plan, *, id: UUID | None = None) -> Reorganisation:
    """Keep a plan as a draft. The same ``id`` again (a double click) gives the draft that is there."""
    require(actor)
    with transaction.atomic():
        known = reforms.get(id) if id is not None else None
        if known is not None:
            return known
        reform = Reorganisation(id or new_id(), ActState.DRAFT, 1, plan, None, actor.label, clock.now())
        reforms.insert(reform)
        enter(actor, "drafted", reform, None)
    return reform


def record_past(actor: Actor, id: UUID, plan: Plan, act: UUID, at: datetime) -> Reorganisation:
    """Put an act on record whose outcome has been loaded as history (an import, a generated city): it is in force."""
    require(actor)
    with transaction.atomic():
        reform = Reorganisation(id, ActState.IN_FORCE, 1, plan, act, actor.label, at, at, actor.label, at)
        reforms.insert(reform)
        enter(actor, "in_force", reform, None)
    return reform


def redraft(actor: Actor, id: UUID, plan: Plan, *, version: int) -> Reorganisation:
    """Replace the plan of a draft; Conflict when somebody was faster or it is no draft any more."""
    require(actor)
    with transaction.atomic():
        before = load(id)
        if before.version != version or before.state is not ActState.DRAFT:
            raise faster(before)
        after = replace(before, plan=plan, version=version + 1, drafted_by=actor.label, changed_at=clock.now())
        step(actor, "changed", before, after)
    return after


def discard(actor: Actor, id: UUID, *, version: int) -> Reorganisation:
    """Give up a draft; it stays on record."""
    require(actor)
    with transaction.atomic():
        before = load(id)
        if before.state is ActState.DISCARDED and before.version == version + 1:
            return before
        if before.version != version or before.state is not ActState.DRAFT:
            raise faster(before)
        now = clock.now()
        after = replace(before, state=ActState.DISCARDED, version=version + 1, changed_at=now, ended_at=now,
                        ended_by=actor.label)  # fmt: skip
        step(actor, "discarded", before, after)
    return after


def reorganisations(actor: Actor) -> list[Reorganisation]:
    """All of them, the latest day of effect first."""
    look(actor)
    return reforms.listed()


def reorganisation(actor: Actor, id: UUID) -> Reorganisation:
    """One of them; NotFound."""
    look(actor)
    return load(id)


# ── preview ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def preview(actor: Actor, of: UUID | Plan) -> Preview:
    """What a draft (or a plan that is not kept) would do; nothing is written."""
    look(actor)
    plan, id = (of, new_id()) if isinstance(of, Plan) else (load(of).plan, of)
    history = snapshot.current()
    view, _ = _preview(id, plan, history)
    return view


def _preview(id: UUID, plan: Plan, history: History) -> tuple[Preview, Ground]:
    ground = weighing.ground(plan, history)
    problems = checking.problems(ground, history)
    ends = plans.closing(plan)
    shot = history.on(plan.act.effective_on - rules.DAY)
    change = weighing.change_of(id, ground, history)
    affected: list[Affected] = []
    if all(problem.warning for problem in problems):
        for follower in registry.followers:
            affected += follower.affected(change)
    view = Preview(
        ground.plan,
        _divisions(ground),
        [unit for unit in ground.plan.units if unit.founded],
        [shot.units[unit] for unit in plans.targets(plan) if unit in shot.units],
        [shot.units[unit] for unit in shot.units if unit in ends],
        [shot.units[child] for child in _lifted(shot.children, ends, plan)],
        affected,
        problems,
    )
    return view, ground


def _divisions(ground: Ground) -> list[Division]:
    names = {unit_id: unit.name for unit_id, unit in ground.eve.items()}
    names |= {unit.id: unit.name for unit in ground.plan.units}
    return [
        Division(
            ground.eve[old],
            [(names.get(new, str(new)), share) for new, share in sorted(parts.items(), key=lambda item: -item[1])],
            ground.sources.get(old, Weighing.GIVEN),
        )
        for old, parts in sorted(ground.shares.items(), key=lambda item: -len(item[1]))
        if old in ground.eve
    ]


def _lifted(children: Any, ends: frozenset[UUID], plan: Plan) -> list[UUID]:
    """Units that live on under a unit that ends: they come under the next unit above."""
    planned = {unit.id for unit in plan.units}
    return [child for top in ends for child in children.get(top, ()) if child not in ends and child not in planned]


# ── decision ────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class _Written:
    """The states a decision writes: before and after per existing unit, the units founded, the successions."""

    before: dict[UUID, list[NewState]]
    after: dict[UUID, list[NewState]]
    founded: list[NewUnit]
    successions: list[Succession]


def decide(actor: Actor, id: UUID, *, version: int) -> Reorganisation:
    """Make a draft binding: from its day on the units are as it says; memberships follow, dated.

    Invalid lists everything that stands in the way. When the day has come it takes effect at once. The same click
    twice changes nothing; Conflict when another officer was faster.
    """
    require(actor)
    with rows.change():
        before = load(id)
        if before.state in (ActState.DECIDED, ActState.IN_FORCE) and before.version > version:
            if before.decided_by == actor.label:
                return before
            raise faster(before)
        if before.version != version or before.state is not ActState.DRAFT:
            raise faster(before)
        history = snapshot.current()
        view, ground = _preview(id, before.plan, history)
        _refuse(view.problems)
        act_id = keep_act(actor, before.plan.act)
        written = _states(ground, history, act_id)
        _write(actor, written)
        changed()
        plan = weighing.fixed(ground)
        change = weighing.change_of(id, ground, history)
        notes = {key: follower.decided(change, actor) for key, follower in registry.followers.items()}
        now = clock.now()
        after = replace(before, state=ActState.DECIDED, version=version + 1, plan=plan, act=act_id, changed_at=now,
                        decided_at=now, decided_by=actor.label)  # fmt: skip
        step(actor, "decided", before, after, _memo(written, notes), act=str(act_id))
        bus.publish(Reorganised(id, after.state.value))
        return enforcing.enforce(actor, after) if before.plan.act.effective_on <= clock.today() else after


def _refuse(problems: Sequence[Problem]) -> None:
    hard = [problem for problem in problems if not problem.warning]
    if hard:
        raise Invalid([Fault("", problem.text, problem.params) for problem in hard])


def _memo(written: _Written, notes: Any) -> dict[str, Any]:
    touched = sorted([*written.after, *(unit.id for unit in written.founded)])
    return {
        "before": reforms.states_text(written.before),
        "founded": [str(unit.id) for unit in written.founded],
        "pairs": [[str(row.old), str(row.new)] for row in written.successions],
        "touched": [str(unit) for unit in touched],
        "digest": stored_digest(touched),
        "notes": notes,
    }


def _states(ground: Ground, history: History, act: UUID | None) -> _Written:
    plan, day = ground.plan, ground.plan.act.effective_on
    ends = plans.closing(plan)
    shot = history.on(day - rules.DAY)
    lifted = set(_lifted(shot.children, ends, plan))
    staying = {unit.id: unit for unit in plan.units if not unit.founded}
    touched = rows.full_states(ends | lifted | set(staying))
    after: dict[UUID, list[NewState]] = {}
    for unit_id, states in touched.items():
        old = next(state for state in states if state.valid_from < day and (state.valid_to or day) >= day)
        if unit_id in ends:
            earlier = [state for state in states if state.valid_from < old.valid_from]
            after[unit_id] = [*earlier, replace(old, valid_to=day - rules.DAY)]
        elif unit_id in staying:
            after[unit_id] = rules.splice(states, _stay(staying[unit_id], old, day, act))
        else:
            above = weighing._above(unit_id, ground.eve, ends)
            after[unit_id] = rules.splice(states, replace(old, valid_from=day, parent=above, act=act))
    founded = [NewUnit(unit.id, [_found(unit, day, act)]) for unit in plan.units if unit.founded]
    return _Written({unit: touched[unit] for unit in after}, after, founded, _successions(ground, act))


def _found(unit: PlannedUnit, day: Any, act: UUID | None) -> NewState:
    return named(
        NewState(
            unit.kind, unit.code, unit.name, day, None, unit.name_en, unit.parent, unit.lon, unit.lat, unit.area_km2,
            unit.population, unit.boundary, unit.boundary_approximate, act,
        )
    )  # fmt: skip


def _stay(unit: PlannedUnit, old: NewState, day: Any, act: UUID | None) -> NewState:
    """A unit that lives on: what the plan leaves open stays as it was."""
    new = _found(unit, day, act)
    kept = {
        name: getattr(old, name) for name in ("lon", "lat", "area_km2", "population", "boundary")
        if getattr(new, name) is None
    }  # fmt: skip
    if "boundary" in kept:
        kept["boundary_approximate"] = old.boundary_approximate
    return replace(new, valid_to=old.valid_to, **kept)


def _successions(ground: Ground, act: UUID | None) -> list[Succession]:
    result = []
    for old, parts in ground.shares.items():
        total = sum(parts.values())
        by_area = ground.sources.get(old) is Weighing.AREA
        for new, share in parts.items():
            if new != old and share > 0:
                part = share / total
                whole = part > 1 - plans.EXACT
                people = part if whole or not by_area else None
                result.append(Succession(old, new, people, part if whole or by_area else None, act))
    return result


def _write(actor: Actor, written: _Written) -> None:
    rows.insert(written.founded)
    rows.replace_states([NewUnit(unit, states) for unit, states in written.after.items()])
    rows.insert_successions(written.successions)
    entries = [entry(actor, "unit.created", unit.id, [], unit.states) for unit in written.founded]
    for unit, states in written.after.items():
        verb = "unit.closed" if states[-1].valid_to is not None else "unit.changed"
        entries.append(entry(actor, verb, unit, written.before[unit], states))
    ledger.append_many([*entries, *(succession_entry(actor, row) for row in written.successions)])
