"""Car parks of the demo city."""

from datetime import UTC, datetime, timedelta

import pytest

from thanglong.domains.parking import demo
from thanglong.domains.roads.demo.drawing import invent
from thanglong.solve.city import City
from thanglong.solve.network import generate
from thanglong.solve.sample import sample_city


@pytest.fixture(scope="module")
def city() -> City:
    made = sample_city()
    made.roads = generate(made, invent(made), edges=6000)
    demo.build(made, lambda text: None)
    return made


def test_counts_add_up(city: City) -> None:
    sites = [entity for entity in city.outbox if entity["type"] == demo.SITE and "capacity" in entity]
    assert len(sites) >= 60
    assert len({entity["name"]["value"] for entity in sites}) == len(sites)
    for entity in sites:
        assert entity["occupied"]["value"] + entity["available"]["value"] == entity["capacity"]["value"]
        assert entity["available"]["value"] >= 0
        assert entity["state"]["value"] in ("free", "filling", "full", "closed")


def test_the_last_day_is_there(city: City) -> None:
    past = [e for e in city.outbox if e["id"].endswith("-000000") and e["type"] == demo.SITE and "capacity" not in e]
    moments = [entity["occupied"]["observedAt"] for entity in past]
    assert len(moments) == 49
    assert moments == sorted(moments)
    assert len({entity["occupied"]["value"] for entity in past}) > 5


def test_car_parks_report_every_five_minutes(city: City) -> None:
    city.outbox.clear()
    start = datetime(2026, 11, 24, 5, tzinfo=UTC)
    for minute in range(5):
        demo.tick(city, start + timedelta(minutes=minute), start + timedelta(minutes=minute + 1))
    assert len({e["id"] for e in city.outbox if e["type"] == demo.SITE}) == len(city.shared["parking"].kind)
