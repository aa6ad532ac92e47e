"""Importing lists, outlines and mappings: every problem is told at once; a file with a problem changes nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from uuid import UUID

from thanglong.core.ledger import service as ledger
from thanglong.core.places import rules
from thanglong.core.places.repository import rows as store
from thanglong.core.places.repository import snapshot
from thanglong.core.places.service import outlines
from thanglong.core.places.service.writing import MANAGE, changed, entry, keep_act, named, succession_entry
from thanglong.core.places.types import (
    ImportReport,
    MappingRow,
    NewAct,
    NewState,
    NewUnit,
    Problem,
    Succession,
    UnitKind,
    UnitRow,
    UnitRows,
)
from thanglong.kit import clock, ports
from thanglong.kit.errors import N_
from thanglong.kit.ids import new_id
from thanglong.kit.ports import Actor


@dataclass
class Plan:
    """What an import would write: whole histories of units, before and after, and new successions."""

    problems: list[Problem]
    before: dict[UUID, list[NewState]] = field(default_factory=dict)
    after: dict[UUID, list[NewState]] = field(default_factory=dict)
    successions: list[Succession] = field(default_factory=list)
    unchanged: int = 0

    def touched(self) -> list[UUID]:
        return [
            unit for unit, states in self.after.items() if not rules.say_the_same(self.before.get(unit, []), states)
        ]


def import_units(actor: Actor, rows: UnitRows, *, dry_run: bool) -> ImportReport:
    """Enter what a file holds: dated states of units, outlines, or a mapping from old to new units.

    The report lists every problem with its line. With a problem that is no mere warning, or on a dry run, nothing is
    written; else everything is, in one transaction. Importing the same file again changes nothing.
    """
    ports.require(actor, MANAGE)
    if not dry_run:
        with store.change():
            plan = _plan(rows)
            if all(problem.warning for problem in plan.problems):
                _apply(actor, plan, rows.source)
            return _report(plan, dry_run)
    return _report(_plan(rows), dry_run)


def import_mapping(actor: Actor, rows: Sequence[MappingRow], *, dry_run: bool) -> ImportReport:
    """Enter pairs of old and new units; see :func:`import_units`."""
    return import_units(actor, UnitRows(mapping=rows), dry_run=dry_run)


def _report(plan: Plan, dry_run: bool) -> ImportReport:
    touched = plan.touched()
    created = sum(unit not in plan.before for unit in touched)
    problems = sorted(plan.problems, key=lambda problem: (problem.warning, problem.line))
    changed_ones = len(touched) - created + len(plan.successions)
    return ImportReport(created, changed_ones, plan.unchanged + len(plan.after) - len(touched), problems, dry_run)


def _plan(content: UnitRows) -> Plan:
    plan = Plan(list(content.problems))
    if not (content.states or content.boundaries or content.mapping or plan.problems):
        plan.problems.append(Problem(0, N_("The file holds no units."), N_("Check that it is the right file.")))
    plan.before = store.full_states()
    if content.states:
        _plan_states(plan, content.states)
    if content.boundaries:
        outlines.plan(plan.before, plan.after, plan.problems, content.boundaries)
    _plan_mapping(plan, content.mapping)
    return plan


def _apply(actor: Actor, plan: Plan, source: str) -> None:
    touched = plan.touched()
    if not touched and not plan.successions:
        return
    title = f"Import: {source}" if source else "Import"
    act = keep_act(actor, NewAct(title=title, effective_on=clock.today()))
    units = [
        NewUnit(unit, [_on_act(state, plan.before.get(unit, ()), act) for state in plan.after[unit]])
        for unit in touched
    ]
    store.insert([unit for unit in units if unit.id not in plan.before])
    store.replace_states([unit for unit in units if unit.id in plan.before])
    successions = [replace(row, act=act) for row in plan.successions]
    store.insert_successions(successions)
    ledger.append_many(
        [
            *(
                entry(actor, "unit.changed" if unit.id in plan.before else "unit.created", unit.id,
                      plan.before.get(unit.id, []), unit.states)
                for unit in units
            ),
            *(succession_entry(actor, row) for row in successions),
        ]
    )  # fmt: skip
    changed()


def _on_act(state: NewState, before: Iterable[NewState], act: UUID | None) -> NewState:
    """The state on the basis it had, or on the import's where it is new."""
    old = next((item for item in before if item.valid_from == state.valid_from), None)
    if old is not None and rules.same(replace(old, act=None), replace(state, act=None)):
        return replace(state, act=old.act)
    return replace(state, act=act)


# ── states ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _family(kind: UnitKind) -> str:
    """Kinds among which one unit may change: a commune can become a ward, not an office."""
    return {UnitKind.CITY: "city", UnitKind.DISTRICT: "district", UnitKind.OFFICE: "office"}.get(kind, "local")


def _plan_states(plan: Plan, given: Sequence[UnitRow]) -> None:
    chains: dict[str, list[tuple[UnitRow, NewState]]] = {}
    for row in given:
        kind = row.kind or rules.kind_of(row.name)
        state = NewState(
            kind, row.code, row.name, row.valid_from, row.valid_to, row.name_en, None, row.lon, row.lat, row.area_km2,
            row.population,
        )  # fmt: skip
        chains.setdefault(row.chain, []).append((row, state))
    ids = {chain: _identify(plan, states) or new_id() for chain, states in chains.items()}
    by_code = _codes(plan, chains, ids)
    for chain, states in chains.items():
        unit = ids[chain]
        after = list(plan.after.get(unit, plan.before.get(unit, [])))
        for a, b in rules.overlapping([state for _, state in states]):
            line = next(row.line for row, state in states if state is b)
            plan.problems.append(
                Problem(line, N_("%(name)s has two states at once from %(day)s on."),
                        N_("Give the earlier one a valid_to, the last day on which it holds."),
                        {"name": a.name, "day": str(b.valid_from)})
            )  # fmt: skip
        for row, state in states:
            parent = _parent(plan, row, state, by_code)
            after = rules.overlay(after, named(replace(state, parent=parent)))
        plan.after[unit] = after
    _check_codes(plan, {ids[chain]: states[0][0].line for chain, states in chains.items()})


def _identify(plan: Plan, states: Sequence[tuple[UnitRow, NewState]]) -> UUID | None:
    """The known unit that these states speak of, or None for a new one.

    It is the unit that has the code on the first day, when it also has that day as a first day, the name, or the
    parent: a code alone is not an identity.
    """
    row, first = states[0]
    for unit, before in plan.before.items():
        for state in before:
            if state.code != first.code or _family(state.kind) != _family(first.kind):
                continue
            if not rules.period(state).overlaps(rules.Period(first.valid_from, first.valid_from)):
                continue
            if state.valid_from == first.valid_from or state.name == first.name or not row.parent_code:
                return unit
            if any(old.code == row.parent_code for old in plan.before.get(state.parent or unit, ())):
                return unit
    return None


# who has a code when: period, unit, kind
Codes = dict[str, list[tuple[rules.Period, UUID, UnitKind]]]


def _codes(plan: Plan, chains: dict[str, list[tuple[UnitRow, NewState]]], ids: dict[str, UUID]) -> Codes:
    """Who has a code when: the file's own units first, then the known ones."""
    result: Codes = {}
    for chain, states in chains.items():
        for _, state in states:
            result.setdefault(state.code, []).append((rules.period(state), ids[chain], state.kind))
    for unit, known in plan.before.items():
        for state in known:
            result.setdefault(state.code, []).append((rules.period(state), unit, state.kind))
    return result


def _parent(plan: Plan, row: UnitRow, state: NewState, by_code: Codes) -> UUID | None:
    """The unit above: the one with the parent's code on the first day; without a code the city."""
    day = rules.Period(state.valid_from, state.valid_from)
    if state.kind is UnitKind.CITY and not row.parent_code:
        return None
    if not row.parent_code:
        cities = [item for items in by_code.values() for item in items if item[2] is UnitKind.CITY]
        at = next((unit for when, unit, _ in cities if when.overlaps(day)), None)
        if at is None and not any(problem.line == 0 and problem.warning for problem in plan.problems):
            plan.problems.append(
                Problem(
                    0,
                    N_("There is no city above the units of this file."),
                    N_("Add a row for the city, or create it first; until then they stand at the top."),
                    warning=True,
                )
            )
        return at
    rank = {UnitKind.CITY: 0, UnitKind.DISTRICT: 1, UnitKind.OFFICE: 3}
    found = [item for item in by_code.get(row.parent_code, ()) if item[0].overlaps(day)]
    above = [item for item in found if rank.get(item[2], 2) < rank.get(state.kind, 2) or item[2] is UnitKind.OFFICE]
    if not above:
        plan.problems.append(
            Problem(row.line, N_("%(name)s: no unit has the code %(code)s on %(day)s."),
                    N_("Add the unit above to the file, or correct parent_code or valid_from."),
                    {"name": row.name, "code": row.parent_code, "day": str(row.valid_from)})
        )  # fmt: skip
        return None
    return above[0][1]


def _check_codes(plan: Plan, lines: dict[UUID, int]) -> None:
    """No two units of one family may have one code on one day."""
    holders: dict[tuple[str, str], list[tuple[rules.Period, UUID, str]]] = {}
    for unit in {*plan.before, *plan.after}:
        for state in plan.after.get(unit, plan.before.get(unit, [])):
            slot = (_family(state.kind), state.code)
            holders.setdefault(slot, []).append((rules.period(state), unit, state.name))
    for (_, code), states in holders.items():
        states.sort(key=lambda item: item[0].first)
        for (a, unit_a, name_a), (b, unit_b, name_b) in pairwise(states):
            if unit_a != unit_b and a.overlaps(b) and (unit_a in lines or unit_b in lines):
                plan.problems.append(
                    Problem(lines.get(unit_b, lines.get(unit_a, 0)),
                            N_("Code %(code)s would belong to %(a)s and to %(b)s from %(day)s on."),
                            N_("End the first one: give it a valid_to."),
                            {"code": code, "a": name_a, "b": name_b, "day": str(b.first)})
                )  # fmt: skip


# ── mapping ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _plan_mapping(plan: Plan, given: Sequence[MappingRow]) -> None:
    history = snapshot.current()
    totals: dict[UUID, float] = {}
    seen: set[tuple[UUID, UUID]] = set()
    for row in given:
        pair = _pair(plan, row, history)
        if pair is None:
            continue
        if pair in seen:
            continue
        seen.add(pair)
        totals[pair[0]] = totals.get(pair[0], 0.0) + (row.share_population or 0.0)
        if totals[pair[0]] > 1 + 1e-9:
            plan.problems.append(
                Problem(row.line, N_("The shares of %(name)s add up to more than 1."), N_("Correct share_population."),
                        {"name": row.old_name or row.old_code})
            )  # fmt: skip
        if any(known.new == pair[1] for known in history.successors.get(pair[0], ())):
            plan.unchanged += 1
        else:
            plan.successions.append(Succession(*pair, row.share_population, row.share_area))


def _pair(plan: Plan, row: MappingRow, history: snapshot.History) -> tuple[UUID, UUID] | None:
    """The two units of a mapping: the new one has its code today, the old one had its on the eve of its start."""
    today = clock.today()
    new = next(
        (unit for unit in history.on(today).by_code.get(row.new_code, ()) if _family(unit.kind) == "local"), None
    )
    if new is None:
        text, params = N_("No unit of today has the new code %(code)s."), {"code": row.new_code}
        plan.problems.append(Problem(row.line, text, N_("Import the new units first."), params))
        return None
    eve = history.states[new.id][0].valid_from - rules.DAY
    old = next((unit for unit in history.on(eve).by_code.get(row.old_code, ()) if _family(unit.kind) == "local"), None)
    if old is None:
        text, params = N_("No unit had the old code %(code)s on %(day)s."), {"code": row.old_code, "day": str(eve)}
        plan.problems.append(Problem(row.line, text, N_("Import the old units first, with valid_to."), params))
        return None
    for stated, unit in ((row.old_name, old), (row.new_name, new)):
        if stated and not rules.alike(stated, unit.name, unit.short_name):
            plan.problems.append(
                Problem(row.line, N_("Code %(code)s is %(known)s here, but “%(stated)s” in the file."),
                        N_("Check that code and name belong together."),
                        {"code": unit.code, "known": unit.name, "stated": stated}, warning=True)
            )  # fmt: skip
    return old.id, new.id
