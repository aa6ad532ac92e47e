"""Lamps of the demo city: in strings along streets, on at dusk and off at dawn, broken ones mended."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from thanglong.domains.lighting import demo
from thanglong.domains.roads.demo.drawing import invent
from thanglong.solve.city import City
from thanglong.solve.day import Minute
from thanglong.solve.network import generate
from thanglong.solve.sample import sample_city


@pytest.fixture(scope="module")
def city() -> City:
    made = sample_city()
    made.roads = generate(made, invent(made), edges=9000)
    demo.build(made, lambda text: None)
    return made


def test_lamps_hang_in_strings_along_streets(city: City) -> None:
    lamps = {entity["id"]: entity for entity in city.outbox if entity["type"] == demo.LAMP}
    cabinets = [entity for entity in city.outbox if entity["type"] == demo.CABINET]
    assert len(lamps) == 3000
    assert len(cabinets) == 60
    stock = city.shared["lighting"]
    assert (np.bincount(stock.cabinet) == demo.PER_CABINET).all()
    x, y = city.plane.xy(*np.array([lamp["location"]["value"]["coordinates"] for lamp in lamps.values()]).T)
    gaps = np.hypot(np.diff(x), np.diff(y))
    assert 20 < np.median(gaps) < 60
    units = city.units(*np.array([lamp["location"]["value"]["coordinates"] for lamp in lamps.values()]).T)
    assert [lamp["unit"]["object"].removeprefix("urn:ngsi-ld:Unit:") for lamp in lamps.values()] == [
        str(u) for u in units
    ]


@pytest.mark.parametrize(("hour", "lit"), [(4, True), (5.5, True), (7, False), (12, False), (16.5, False), (18, True)])
def test_the_sun_switches_the_lamps(city: City, hour: float, lit: bool) -> None:
    moment = datetime(2026, 11, 24, tzinfo=UTC) + timedelta(hours=hour - 7)
    lamps, _ = demo._states(city, city.shared["lighting"], Minute.of(moment))
    assert ((lamps == 1).mean() > 0.9) == lit
    assert ((lamps == 0).mean() > 0.9) == (not lit)


def test_dusk_comes_cabinet_by_cabinet_and_is_reported_once(city: City) -> None:
    city.outbox.clear()
    start = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
    perminute = []
    for minute in range(45):
        demo.tick(city, start + timedelta(minutes=minute), start + timedelta(minutes=minute + 1))
        perminute.append(sum(entity["type"] == demo.LAMP for entity in city.outbox))
        switched = [entity["id"] for entity in city.outbox if entity.get("powerState", {}).get("value") == "on"]
        assert len(switched) == len(set(switched))
        city.outbox.clear()
    assert sum(perminute) > 2900
    assert sum(count > 0 for count in perminute) >= 5


def test_one_step_over_a_day_ends_where_many_steps_end(city: City) -> None:
    city.outbox.clear()
    start, end = datetime(2026, 11, 24, 5, tzinfo=UTC), datetime(2026, 11, 25, 5, tzinfo=UTC)
    demo.tick(city, start, end)
    once = {entity["id"]: entity["state"]["value"] for entity in city.outbox if entity["type"] == demo.LAMP}
    city.outbox.clear()
    moment = start
    while moment < end:
        demo.tick(city, moment, moment + timedelta(minutes=15))
        moment += timedelta(minutes=15)
    many: dict[str, str] = {}
    for entity in city.outbox:
        if entity["type"] == demo.LAMP:
            many[entity["id"]] = entity["state"]["value"]
    before, _ = demo._states(city, city.shared["lighting"], Minute.of(start))
    for id, state in once.items():
        assert many[id] == state
    changed_back = {id for id in many if id not in once}
    for id in changed_back:
        assert many[id] == demo.STATES[before[int(id[-6:])]]
