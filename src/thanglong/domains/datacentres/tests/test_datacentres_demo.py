"""The six complexes of the demo city."""

from datetime import UTC, datetime, timedelta

import pytest

from thanglong.domains.datacentres import demo
from thanglong.solve.city import City
from thanglong.solve.day import Minute
from thanglong.solve.sample import sample_city


@pytest.fixture(scope="module")
def city() -> City:
    made = sample_city()
    demo.build(made, lambda text: None)
    return made


def test_six_complexes_carry_1200_megawatts(city: City) -> None:
    made = [entity for entity in city.outbox if "capacity" in entity]
    assert len(made) == 6
    assert sum(entity["capacity"]["value"] for entity in made) == 1200
    for entity in made:
        assert 0 < entity["load"]["value"] < entity["capacity"]["value"]
        assert 1.1 < entity["pue"]["value"] < 1.6
        assert len(entity["halls"]["value"]) == entity["hallCount"]["value"]
        assert "unit" in entity


def test_halls_run_hot_now_and_then_and_cool_again(city: City) -> None:
    start = datetime(2026, 11, 24, tzinfo=UTC)
    states = []
    for step in range(4 * 96):
        moment = Minute.of(start + timedelta(minutes=15 * step))
        states.append(demo._columns(city, city.shared["datacentres"], moment)["state"])
    flat = [state for row in states for state in row]
    assert flat.count("hot") > 0
    assert flat.count("normal") > 0.9 * len(flat)


def test_every_minute_is_reported(city: City) -> None:
    city.outbox.clear()
    start = datetime(2026, 11, 24, 5, 1, tzinfo=UTC)
    demo.tick(city, start, start + timedelta(minutes=1))
    assert [entity["type"] for entity in city.outbox] == [demo.KIND] * 6
