"""Ambulances and hospitals of the demo city."""

from datetime import UTC, datetime, timedelta

import pytest

from thanglong.domains.emergency import demo
from thanglong.domains.roads.demo.drawing import invent
from thanglong.solve.city import City
from thanglong.solve.network import generate
from thanglong.solve.sample import sample_city

START = datetime(2026, 11, 24, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def city() -> City:
    made = sample_city()
    made.roads = generate(made, invent(made), edges=6000)
    demo.build(made, lambda text: None)
    return made


def test_numbers_follow_the_workload_model(city: City) -> None:
    named = [entity for entity in city.outbox if "name" in entity]
    count = {
        kind: sum(entity["type"] == kind for entity in named) for kind in (demo.AMBULANCE, demo.HOSPITAL, demo.STATION)
    }
    assert count[demo.AMBULANCE] >= 30
    assert count[demo.HOSPITAL] >= 25
    assert count[demo.STATION] >= 10
    assert all("unit" in entity for entity in named)
    stations = {entity["id"] for entity in named if entity["type"] == demo.STATION}
    assert {entity["station"]["object"] for entity in named if entity["type"] == demo.AMBULANCE} <= stations


def test_ambulances_take_calls_and_come_home(city: City) -> None:
    city.outbox.clear()
    moment, seen = START, set()
    for _ in range(240):
        demo.tick(city, moment, moment + timedelta(seconds=45))
        moment += timedelta(seconds=45)
    for entity in city.outbox:
        if "state" in entity and entity["type"] == demo.AMBULANCE:
            seen.add(entity["state"]["value"])
    assert seen >= {"free", "called", "driving", "on_scene", "transporting", "at_hospital", "returning"}
    moving = [entity for entity in city.outbox if entity["type"] == demo.AMBULANCE and "location" in entity]
    assert len(moving) > 100


def test_ticks_within_five_seconds_say_nothing(city: City) -> None:
    city.outbox.clear()
    demo.tick(city, START, START + timedelta(seconds=4))
    assert city.outbox == []
