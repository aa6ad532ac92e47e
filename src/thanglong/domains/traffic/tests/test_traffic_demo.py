"""Junctions and detectors of the demo city."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from thanglong.domains.roads.demo.drawing import invent
from thanglong.domains.traffic import demo
from thanglong.domains.traffic.demo.model import DETECTOR, SIGNAL, flows
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


def test_controllers_stand_where_named_streets_meet(city: City) -> None:
    assert city.roads is not None
    signals = [entity for entity in city.outbox if entity["type"] == SIGNAL]
    assert len(signals) >= 90
    nodes = {(round(lon, 6), round(lat, 6)) for lon, lat in zip(city.roads.lon, city.roads.lat, strict=True)}
    for signal in signals:
        assert tuple(signal["location"]["value"]["coordinates"]) in nodes
        first, second = signal["name"]["value"].split(" – ", 1)
        assert first != second
    x, y = city.plane.xy(*np.array([s["location"]["value"]["coordinates"] for s in signals]).T)
    away = np.hypot(x[:, None] - x, y[:, None] - y) + np.eye(len(x)) * 1e9
    assert away.min() >= 259


def test_detectors_speak_for_a_stretch_of_main_road(city: City) -> None:
    detectors = [entity for entity in city.outbox if entity["type"] == DETECTOR and "stretch" in entity]
    assert len(detectors) >= 200
    assert {d["roadClass"]["value"] for d in detectors} <= {"motorway", "trunk", "primary", "secondary"}
    assert all(len(d["stretch"]["value"]["coordinates"]) >= 2 for d in detectors)
    assert all(d["unit"]["object"].startswith("urn:ngsi-ld:Unit:") for d in detectors)


def test_rush_hour_is_slower_than_night(city: City) -> None:
    streets = city.shared["traffic"]

    def at(hour: float) -> tuple[float, float]:
        moment = datetime(2026, 11, 24, tzinfo=UTC) + timedelta(hours=hour - 7)
        flow, speed, _ = flows(city, streets, Minute.of(moment))
        return float(flow.mean()), float((speed / streets.free).mean())

    assert at(8)[0] > 5 * at(3)[0]
    assert at(17.75)[1] < 0.7
    assert at(3)[1] > 0.95


def test_every_detector_reports_within_five_minutes(city: City) -> None:
    start = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
    city.outbox.clear()
    for minute in range(5):
        demo.tick(city, start + timedelta(minutes=minute), start + timedelta(minutes=minute + 1))
    heard = {entity["id"] for entity in city.outbox if entity["type"] == DETECTOR}
    assert len(heard) == len(city.shared["traffic"].free)
    city.outbox.clear()
    demo.tick(city, start, start + timedelta(seconds=20))
    assert city.outbox == []


def test_junctions_fail_and_come_back(city: City) -> None:
    start = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)
    state: dict[str, str] = {}
    seen = set()
    for step in range(48 * 4):
        city.outbox.clear()
        demo.tick(city, start + timedelta(minutes=15 * step), start + timedelta(minutes=15 * step + 15))
        for entity in city.outbox:
            if entity["type"] == SIGNAL:
                state[entity["id"]] = entity["state"]["value"]
                seen.add(entity["state"]["value"])
                observed = datetime.fromisoformat(entity["state"]["observedAt"])
                assert observed <= start + timedelta(minutes=15 * step + 15)
    assert seen == {"working", "dark", "flashing", "offline"}
    assert sum(value != "working" for value in state.values()) < 20
