"""Streets closed to some vehicles at certain hours: signs as they are written, and ways that follow them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from thanglong.domains.roads import repository, service
from thanglong.domains.roads.rules import hours
from thanglong.domains.roads.rules.tags import bars, meaning
from thanglong.domains.roads.service import live, routing
from thanglong.kit import clock
from thanglong.kit.ports import SYSTEM
from thanglong.solve.city import Roads
from thanglong.solve.routing.network import CAR, EVERYONE, MOTORBIKE, Timed

WALKING = "Fr 19:00-23:59; Sa-Su 00:00-23:59"


def at(text: str) -> datetime:
    """A local moment of 2026; 27 November is a Friday."""
    return datetime.strptime(f"2026-{text}", "%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        (WALKING, ("11-27 19:00", "11-27 23:59", "11-28 00:00", "11-29 12:00"), ("11-27 18:59", "11-30 00:00")),
        ("Mo-Su 22:00-24:00; Mo-Su 00:00-05:00", ("11-24 22:00", "11-24 04:59"), ("11-24 05:00", "11-24 21:59")),
        ("22:00-05:00", ("11-24 22:00", "11-24 04:59"), ("11-24 05:00",)),
        ("Fr 22:00-02:00", ("11-27 23:00", "11-28 01:59"), ("11-28 02:00", "11-28 23:00", "11-27 01:00")),
        ("6:30-8:00,16:00-17:30", ("11-24 06:30", "11-24 17:29"), ("11-24 08:00", "11-24 17:30")),
        ("Sep 1 17:00-23:59; Sep 2 00:00-16:00", ("09-01 17:00", "09-02 15:59"), ("09-02 16:00", "11-02 12:00")),
        ("Mar 28-May 27", ("03-28 00:00", "05-27 23:59"), ("03-27 23:59", "05-28 00:00")),
        ("Dec 30-Jan 2", ("12-31 12:00", "01-01 12:00"), ("01-03 00:00", "12-29 23:00")),
        ("Sa,Su", ("11-28 10:00",), ("11-27 10:00",)),
    ],
)
def test_hours_are_read_as_they_are_meant(text: str, inside: tuple[str, ...], outside: tuple[str, ...]) -> None:
    spans = hours.parse(text)
    assert spans is not None
    assert [any(span.holds(at(one)) for span in spans) for one in (*inside, *outside)] == (
        [True] * len(inside) + [False] * len(outside)
    )


@pytest.mark.parametrize(
    "text", ["", "PH", "sunset-sunrise", "2025 Aug 29 10:00-12:00", "Mo 25:00-26:00", "week 3", "x"]
)
def test_what_is_not_understood_is_no_sign(text: str) -> None:
    assert hours.parse(text) is None


@given(st.integers(0, 6), st.integers(0, 1439), st.integers(0, 1440), st.integers(0, 60 * 24 * 14))
def test_between_edges_nothing_changes(day: int, begin: int, end: int, minute: int) -> None:
    spans = hours.parse(f"{hours.DAYS[day]} {begin // 60}:{begin % 60:02}-{end // 60}:{end % 60:02}")
    assert spans is not None
    moment = datetime(2026, 11, 23) + timedelta(minutes=minute)
    edge = hours.next_edge(spans, moment)
    assert moment < edge <= moment + timedelta(days=1)
    last = edge - timedelta(minutes=1)
    assert [span.holds(moment) for span in spans] == [span.holds(last) for span in spans]


def test_signs_of_a_way() -> None:
    way = {"highway": "residential", "motor_vehicle:conditional": f"no @ ({WALKING})"}
    found = meaning(way, [])
    assert found is not None
    assert found.timed == ((CAR | MOTORBIKE, WALKING),)
    problems: list[str] = []
    odd = {"motor_vehicle:conditional": "yes @ (18:00-20:00)", "motorcar:conditional": "no @ (weight>3.5)",
           "taxi:conditional": "no @ (06:00-09:00)", "maxspeed:conditional": "30 @ (07:00-09:00)"}  # fmt: skip
    assert bars(odd, EVERYONE, problems) == ()
    assert problems == ["conditional", "conditional", "maxspeed_timed"]
    assert bars({"motorcycle:conditional": "no @ 06:00-09:00"}, EVERYONE, []) == ((MOTORBIKE, "06:00-09:00"),)


@pytest.mark.django_db
def test_a_walking_street_is_closed_to_cars_in_its_hours_only(town: Any, sample_roads: Roads) -> None:
    lon, lat = sample_roads.lon, sample_roads.lat
    start, end = ((float(lon[i]), float(lat[i])) for i in (int(lon.argmin()), int(lon.argmax())))
    usual = routing.route(SYSTEM, start, end)
    middle = usual.stretches[len(usual.stretches) // 2 : len(usual.stretches) // 2 + 3].tolist()
    network = replace(routing.engine().network, timed=(Timed(tuple(middle), CAR, WALKING),))
    service.replace(SYSTEM, sample_roads, network, "with a sign")
    assert repository.read_network(sample_roads).timed == network.timed
    friday = datetime(2026, 11, 27, 11, 59, tzinfo=UTC)
    with clock.use(clock.Frozen(friday)):
        assert np.array_equal(routing.route(SYSTEM, start, end).stretches, usual.stretches)
    with clock.use(clock.Frozen(friday + timedelta(minutes=1))):
        assert not set(middle) & set(routing.route(SYSTEM, start, end).stretches.tolist())
        assert live.speeds(routing.engine(), middle) == dict.fromkeys(middle, 0.0)
        bike, siren = (routing.route(SYSTEM, start, end, vehicle).ms for vehicle in ("motorbike", "siren"))
    with clock.use(clock.Frozen(friday + timedelta(days=3))):
        assert np.array_equal(routing.route(SYSTEM, start, end).stretches, usual.stretches)
        assert routing.route(SYSTEM, start, end, "motorbike").ms == bike
        assert routing.route(SYSTEM, start, end, "siren").ms == siren
