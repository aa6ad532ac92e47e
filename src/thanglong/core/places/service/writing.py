"""Changing units: each verb asks permission, writes, enters the ledger and tells the listeners, in one transaction."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import shapely

from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import NewEntry, ObjectRef
from thanglong.core.places import rules
from thanglong.core.places.repository import rows, snapshot
from thanglong.core.places.types import Act, NewAct, NewState, NewUnit, PlacesChanged, Succession, Unit
from thanglong.kit import bus, ports
from thanglong.kit.errors import N_, Conflict, Fault, Invalid, NotFound
from thanglong.kit.ids import new_id
from thanglong.kit.ports import Actor

MANAGE = "places.manage"


def _plain(state: NewState) -> dict[str, Any]:
    """A state as the ledger digests it: the outline by the SHA-256 of its WKB."""
    shape = None if state.boundary is None else hashlib.sha256(shapely.to_wkb(state.boundary)).hexdigest()
    return {
        **facts_of(state),
        "name_en": state.name_en,
        "parent": _text(state.parent),
        "lon": state.lon,
        "lat": state.lat,
        "area_km2": state.area_km2,
        "population": state.population,
        "boundary": shape,
        "boundary_approximate": state.boundary_approximate,
        "act": _text(state.act),
    }


def _text(value: UUID | date | None) -> str | None:
    return None if value is None else str(value)


def facts_of(state: NewState) -> dict[str, Any]:
    """What the ledger shows of a state in clear."""
    return {
        "code": state.code,
        "name": state.name,
        "kind": str(state.kind),
        "from": str(state.valid_from),
        "to": _text(state.valid_to),
    }


def entry(
    actor: Actor, verb: str, unit: UUID, before: Sequence[NewState], after: Sequence[NewState], **facts: Any
) -> NewEntry:
    """A ledger entry about one unit's states."""
    shown = facts_of(after[-1]) if after else {}
    return NewEntry(
        actor=actor,
        verb=verb,
        ref=ObjectRef("unit", str(unit)),
        unit=unit,
        before=[_plain(state) for state in before] or None,
        after=[_plain(state) for state in after] or None,
        facts={**shown, **facts},
    )


def check(state: NewState, field: str = "") -> list[Fault]:
    """What is wrong with one state by itself."""
    faults: list[Fault] = []
    if not state.name.strip():
        faults.append(Fault("name", N_("Enter the official name.")))
    if not state.code.strip():
        faults.append(Fault("code", N_("Enter the code.")))
    if state.valid_to is not None and state.valid_to < state.valid_from:
        faults.append(Fault("valid_to", N_("The last day lies before the first day.")))
    if (state.lon is None) != (state.lat is None):
        faults.append(Fault("lon", N_("Give both longitude and latitude, or neither.")))
    if state.lon is not None and state.lat is not None and not (abs(state.lon) <= 180 and abs(state.lat) <= 90):
        faults.append(Fault("lon", N_("Longitude and latitude are out of range.")))
    if state.boundary is not None and not state.boundary.is_valid:
        faults.append(Fault("boundary", N_("The outline crosses itself or is not closed.")))
    return faults


def _check_place_in_tree(unit_id: UUID, state: NewState) -> list[Fault]:
    history = snapshot.current()
    faults: list[Fault] = []
    if state.parent is not None:
        shot = history.on(state.valid_from)
        if state.parent not in shot.units:
            faults.append(Fault("parent", N_("The unit above does not exist on that day.")))
        elif state.parent in shot.subtree(unit_id):
            faults.append(Fault("parent", N_("A unit cannot stand under itself.")))
    holders = history.on(state.valid_from).by_code.get(state.code, ())
    taken = N_("%(name)s has this code on that day.")
    return [*faults, *(Fault("code", taken, {"name": other.name}) for other in holders if other.id != unit_id)]


def _refuse(faults: Sequence[Fault]) -> None:
    if faults:
        raise Invalid(faults)


def keep_act(actor: Actor, act: NewAct | UUID | None) -> UUID | None:
    if not isinstance(act, NewAct):
        if act is not None and rows.act(act) is None:
            raise NotFound(N_("There is no such legal act."))
        return act
    stored = Act(new_id(), act.number, act.issuer, act.title, act.signed_on, act.effective_on)
    rows.insert_act(stored)
    shown = {
        "number": act.number,
        "issuer": act.issuer,
        "title": act.title,
        "signed_on": _text(act.signed_on),
        "effective_on": _text(act.effective_on),
    }
    ledger.append(actor, "act.recorded", ObjectRef("act", str(stored.id)), after=shown, facts=shown)
    return stored.id


def changed() -> None:
    """Tell the listeners; call inside the change."""
    bus.publish(PlacesChanged(rows.token()))


def record_act(actor: Actor, act: NewAct) -> UUID:
    """Record a legal act and return its id."""
    ports.require(actor, MANAGE)
    if not act.title.strip():
        raise Invalid([Fault("title", N_("Enter what the act is called."))])
    with rows.change():
        act_id = keep_act(actor, act)
        assert act_id is not None
        return act_id


def create_unit(actor: Actor, state: NewState, *, act: NewAct | UUID | None = None, id: UUID | None = None) -> Unit:
    """Found a unit with its first state, on the basis of an act. Invalid lists everything that is wrong."""
    ports.require(actor, MANAGE, state.parent)
    with rows.change():
        unit_id = id or new_id()
        if unit_id in snapshot.current().states:
            raise Conflict(N_("This unit exists already."))
        state = named(replace(state, act=keep_act(actor, act) or state.act))
        _refuse([*check(state), *_check_place_in_tree(unit_id, state)])
        rows.insert([NewUnit(unit_id, [state])])
        ledger.append_many([entry(actor, "unit.created", unit_id, [], [state])])
        changed()
    return snapshot.current().states[unit_id][0]


def named(state: NewState) -> NewState:
    return state if state.name_en else replace(state, name_en=rules.english_name(state.name, state.kind))


def update_unit(
    actor: Actor, id: UUID, changes: Mapping[str, Any], *, effective: date, act: NewAct | UUID | None = None
) -> Unit:
    """From ``effective`` on (until the end of the state that holds then) the unit is as ``changes`` say.

    ``changes`` are fields of :class:`NewState` other than its period. A change from the very first day of a state
    corrects it. Invalid lists everything that is wrong.
    """
    ports.require(actor, MANAGE, id)
    with rows.change():
        before = rows.full_states([id]).get(id)
        if not before:
            raise NotFound(N_("There is no such unit."))
        old = next((item for item in before if _holds(item, effective)), None)
        if old is None:
            raise Invalid([Fault("effective", N_("The unit does not exist on that day."))])
        if "name" in changes and "name_en" not in changes:
            changes = {**changes, "name_en": ""}
        new = named(replace(old, **changes, valid_from=effective, act=keep_act(actor, act) or old.act))
        _refuse([*check(new), *_check_place_in_tree(id, new)])
        after = rules.splice(before, new)
        rows.replace_states([NewUnit(id, after)])
        ledger.append_many([entry(actor, "unit.changed", id, before, after)])
        changed()
    return next(item for item in snapshot.current().states[id] if item.valid_on(effective))


def _holds(state: NewState, day: date) -> bool:
    return state.valid_from <= day and (state.valid_to is None or day <= state.valid_to)


def close_unit(
    actor: Actor,
    id: UUID,
    *,
    last_day: date,
    act: NewAct | UUID | None = None,
    successors: Sequence[Succession] = (),
) -> Unit:
    """End a unit with ``last_day`` (its last day of existence) and say who takes over.

    Invalid when something still stands under it the day after, or it does not exist on that day.
    """
    ports.require(actor, MANAGE, id)
    with rows.change():
        before = rows.full_states([id]).get(id)
        if not before:
            raise NotFound(N_("There is no such unit."))
        old = next((item for item in before if _holds(item, last_day)), None)
        if old is None:
            raise Invalid([Fault("last_day", N_("The unit does not exist on that day."))])
        under = snapshot.current().on(last_day + rules.DAY).children.get(id, ())
        if under:
            raise Invalid([Fault("last_day", N_("%(count)d units still stand under it."), {"count": len(under)})])
        act_id = keep_act(actor, act)
        after = [item for item in before if item.valid_from < old.valid_from] + [replace(old, valid_to=last_day)]
        rows.replace_states([NewUnit(id, after)])
        ledger.append_many([entry(actor, "unit.closed", id, before, after, act=_text(act_id))])
        _enter_successions(actor, [replace(row, old=id, act=row.act or act_id) for row in successors])
        changed()
    return snapshot.current().states[id][-1]


def _enter_successions(actor: Actor, new: Sequence[Succession]) -> None:
    if not new:
        return
    rows.insert_successions(new)
    ledger.append_many([succession_entry(actor, row) for row in new])


def succession_entry(actor: Actor, row: Succession) -> NewEntry:
    """A ledger entry about one succession, kept with the old unit."""
    facts = {
        "new": str(row.new),
        "share_population": row.share_population,
        "share_area": row.share_area,
        "act": _text(row.act),
    }
    return NewEntry(
        actor=actor, verb="unit.succeeded", ref=ObjectRef("unit", str(row.old)), unit=row.old, after=facts, facts=facts
    )


def record_succession(actor: Actor, row: Succession) -> None:
    """Enter that one unit took over another; Conflict when it is known already."""
    ports.require(actor, MANAGE, row.old)
    with rows.change():
        history = snapshot.current()
        missing = [side for side in (row.old, row.new) if side not in history.states]
        if missing or row.old == row.new:
            raise Invalid([Fault("new", N_("Choose two different units that exist."))])
        if any(known.new == row.new for known in history.successors.get(row.old, ())):
            raise Conflict(N_("This succession is recorded already."))
        _enter_successions(actor, [row])
        changed()


def bulk_load(
    actor: Actor, units: Sequence[NewUnit], successions: Sequence[Succession] = (), acts: Sequence[Act] = ()
) -> int:
    """Load many new units with all their states, with ledger entries; returns how many. For generated cities.

    The rows are trusted to be well formed, save that no two states of a unit may overlap (Invalid).
    """
    ports.require(actor, MANAGE)
    for unit in units:
        if rules.overlapping(unit.states):
            raise Invalid(N_("The states of %(name)s overlap in time."), name=unit.states[0].name)
    with rows.change():
        for act in acts:
            rows.insert_act(act)
        complete = [NewUnit(unit.id, [named(state) for state in unit.states]) for unit in units]
        rows.insert(complete)
        rows.insert_successions(successions)
        entries = [entry(actor, "unit.created", unit.id, [], unit.states) for unit in complete]
        ledger.append_many([*entries, *(succession_entry(actor, row) for row in successions)])
        changed()
    return len(units)
