"""Engines and hydrants of the demo city."""

from datetime import UTC, datetime, timedelta

import pytest

from thanglong.domains.fire import demo
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
    count = {kind: sum(e["type"] == kind for e in named) for kind in (demo.ENGINE, demo.HYDRANT, demo.STATION)}
    assert count[demo.ENGINE] >= 30
    assert count[demo.HYDRANT] >= 300
    assert count[demo.STATION] >= 10
    assert all("unit" in entity and "state" in entity for entity in named)


def test_engines_go_out_and_hydrants_break(city: City) -> None:
    city.outbox.clear()
    moment = START
    for _ in range(2 * 24 * 4):
        demo.tick(city, moment, moment + timedelta(minutes=15))
        moment += timedelta(minutes=15)
    states = {(entity["type"], entity["state"]["value"]) for entity in city.outbox if "state" in entity}
    assert (demo.ENGINE, "on_scene") in states
    assert (demo.ENGINE, "free") in states
    assert (demo.HYDRANT, "out_of_order") in states or (demo.HYDRANT, "working") in states
