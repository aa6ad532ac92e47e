"""Running cases move to a new version with a map, after a dry run, and only where the map can place them."""

from dataclasses import replace
from typing import Any

import pytest

from thanglong.core.cases import service
from thanglong.core.cases.rules import pauses
from thanglong.core.cases.rules.mapping import TypeMap
from thanglong.core.cases.service import catalogue
from thanglong.core.cases.tests.helpers import opened, proof, step, verbs
from thanglong.core.cases.tests.scene import TYPE, City
from thanglong.core.cases.types import Action, Case, State, StateKind
from thanglong.kit.errors import Denied, Invalid, NotFound
from thanglong.kit.ports import SYSTEM

NEWER = replace(
    TYPE,
    version=2,
    states=(
        State("new", "New"), State("working", "In work"), State("pause", "Paused", StateKind.WAITING, stops_clock=True),
        State("done", "Repaired", StateKind.DONE),
    ),
    actions=(
        Action("take", "Take", ("new",), "working"), Action("halt", "Halt", ("working",), "pause"),
        Action("finish", "Finish", ("working", "pause"), "done"),
    ),
    form={
        "type": "object", "required": ["kind", "place", "urgent"], "additionalProperties": False,
        "properties": {"kind": {"type": "string"}, "place": {"type": "string"}, "urgent": {"type": "boolean"}},
    },
)  # fmt: skip
PLAN = TypeMap({"doing": "working"}, {"where": "place"}, {"urgent": False}, ("cost", "count"))


@pytest.fixture
def city(city: City) -> City:
    service.register(NEWER)
    return city


def at_one(city: City, monkeypatch: pytest.MonkeyPatch, **given: Any) -> Case:
    """A case of version 1, as opened before version 2 was published."""
    with monkeypatch.context() as patch:
        patch.setitem(catalogue._newest, "repair", TYPE)
        return opened(city, **given)


def now(city: City, case: Case) -> Case:
    return service.case(city.head, case.id).case


def test_a_dry_run_and_the_real_one(city: City, frozen: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    new = at_one(city, monkeypatch)
    doing = step(city.officer, at_one(city, monkeypatch, data={"kind": "lamp", "where": "Ngõ 32", "count": 2}), "take")
    asked = step(city.officer, step(city.officer, at_one(city, monkeypatch), "take"), "ask", {"question": "Ở đâu?"})
    done = step(city.officer, at_one(city, monkeypatch), "take")
    done = step(city.officer, done, "finish", documents=proof(city.officer))
    dry = service.migrate_cases(SYSTEM, "repair", 1, 2, PLAN)
    assert dry.moved == {("new", "new"): 1, ("doing", "working"): 1}
    assert dry.refused == {("asked", "the map does not say where state 'asked' goes"): 1}
    assert list(dry.examples.values()) == [[asked.number]]
    assert now(city, doing).type_version == 1
    frozen.advance(hours=1)
    real = service.migrate_cases(SYSTEM, "repair", 1, 2, PLAN, dry_run=False)
    assert (real.moved, real.refused) == (dry.moved, dry.refused)
    moved = now(city, doing)
    assert (moved.type_version, moved.state, moved.due_at) == (2, "working", doing.due_at)
    assert moved.data == {"kind": "lamp", "place": "Ngõ 32", "urgent": False}
    assert verbs(doing)[-1] == "case.migrated"
    assert (now(city, asked).type_version, now(city, done).type_version) == (1, 1)
    assert step(city.officer, moved, "finish").state == "done"
    assert step(city.officer, now(city, new), "take").state == "working"
    again = service.migrate_cases(SYSTEM, "repair", 1, 2, PLAN, dry_run=False)
    assert (again.moved, len(again.refused)) == ({}, 1)


def test_the_clock_goes_on_or_stops_with_the_state(city: City, frozen: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    running = step(city.officer, at_one(city, monkeypatch), "take")
    asked = step(city.officer, step(city.officer, at_one(city, monkeypatch), "take"), "ask", {"question": "Ở đâu?"})
    frozen.advance(days=2)
    plan = replace(PLAN, states={"doing": "pause", "asked": "working"})
    service.migrate_cases(SYSTEM, "repair", 1, 2, plan, dry_run=False)
    stopped, going = now(city, running), now(city, asked)
    assert (stopped.state, stopped.due_at) == ("pause", None)
    assert going.due_at is not None
    assert going.due_at > frozen.at
    for case in (running, asked):
        assert pauses.sound(service.case(city.head, case.id).clock) == []


def test_data_that_would_not_fit_stay(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    case = at_one(city, monkeypatch)
    report = service.migrate_cases(SYSTEM, "repair", 1, 2, replace(PLAN, rename={}), dry_run=False)
    ((state, reason),) = report.refused
    assert state == "new"
    assert "do not fit the new form: place, where" in reason
    assert now(city, case).type_version == 1


def test_some_states_stay_on_purpose(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    step(city.officer, at_one(city, monkeypatch), "take")
    report = service.migrate_cases(SYSTEM, "repair", 1, 2, replace(PLAN, states={}, otherwise="stay"), dry_run=False)
    assert (report.kept, report.refused, report.moved) == (1, {}, {})


def test_maps_that_cannot_be_used(city: City) -> None:
    wrong = TypeMap({"nowhere": "new", "new": "gone", "done": "working"}, otherwise="perhaps")
    with pytest.raises(Invalid) as error:
        service.migrate_cases(SYSTEM, "repair", 1, 2, wrong)
    text = str(error.value.faults[0].params["why"])
    for part in ("no state 'nowhere'", "no state 'gone'", "open or close", "'refuse' or 'stay'"):
        assert part in text
    with pytest.raises(Invalid):
        service.migrate_cases(SYSTEM, "repair", 2, 2, TypeMap())
    with pytest.raises(NotFound):
        service.migrate_cases(SYSTEM, "repair", 1, 9, TypeMap())
    for actor in (city.head, city.leader):
        with pytest.raises(Denied):
            service.migrate_cases(actor, "repair", 1, 2, PLAN)
    assert service.read_map({"states": {"doing": "working"}, "drop": ["cost"]}) == TypeMap(
        {"doing": "working"}, drop=("cost",)
    )
    with pytest.raises(Invalid):
        service.read_map({"states": 3})
