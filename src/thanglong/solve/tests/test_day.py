"""The running day as pure functions: sun, curves, noise, wear, vehicles."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from thanglong.solve.day import (
    Minute,
    Wear,
    broken,
    minutes_between,
    noise,
    parking_share,
    sun_elevation,
    traffic_share,
)
from thanglong.solve.fleet import Duty, Fleet, clock_second
from thanglong.solve.network import Line, Sketch, generate
from thanglong.solve.paths import Router
from thanglong.solve.sample import sample_city

NOON = datetime(2026, 11, 24, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "rise", "fall"),
    [
        (datetime(2026, 11, 24, tzinfo=UTC), "06:12", "17:14"),
        (datetime(2026, 6, 21, tzinfo=UTC), "05:16", "18:42"),
        (datetime(2026, 3, 20, tzinfo=UTC), "06:02", "18:09"),
    ],
)
def test_sun_rises_and_sets_over_ha_noi(day: datetime, rise: str, fall: str) -> None:
    start = day - timedelta(hours=7)
    up = [sun_elevation(105.85, 21.03, start + timedelta(minutes=m)) > -0.833 for m in range(1440)]
    turns = [m for m in range(1, 1440) if up[m] != up[m - 1]]
    for found, told in zip(turns, (rise, fall), strict=True):
        hour, minute = told.split(":")
        assert abs(found - int(hour) * 60 - int(minute)) <= 3


def test_rush_hours_stand_out() -> None:
    def at(hour: float, day: int = 24) -> float:
        return traffic_share(Minute.of(datetime(2026, 11, day, tzinfo=UTC) + timedelta(hours=hour - 7)))

    assert at(8) > 2 * at(5)
    assert at(17.5) > 1.3 * at(13)
    assert at(8, day=28) < 0.7 * at(8)  # a Saturday
    assert parking_share("office", Minute.of(NOON)) > parking_share("residential", Minute.of(NOON))


@given(st.integers(0, 10_000_000))
def test_noise_is_smooth_and_remembers_nothing(number: int) -> None:
    here = noise(1, "test", 5, number)
    assert np.array_equal(here, noise(1, "test", 5, number))
    assert np.abs(noise(1, "test", 5, number + 1) - here).max() < 0.5
    assert not np.array_equal(here, noise(2, "test", 5, number))


@given(st.integers(1_000_000_000, 1_000_500_000), st.integers(1, 400))
def test_what_breaks_is_mended_in_time(number: int, n: int) -> None:
    wear = Wear("lamp", 50, 10, 60, 300)
    for since in broken(1, wear, n, number).values():
        assert 0 <= number - since < 300
    assert all(0 <= i < n for i in broken(1, wear, n, number))


def test_minutes_between_never_counts_twice() -> None:
    steps = [NOON + timedelta(seconds=s) for s in (0, 20, 59, 61, 130, 400)]
    seen = [m.number for a, b in zip(steps, steps[1:], strict=False) for m in minutes_between(a, b, 100)]
    assert seen == sorted(set(seen))
    assert len(seen) == 6
    assert len(minutes_between(NOON, NOON + timedelta(hours=9), 30)) == 30


@pytest.fixture(scope="module")
def fleet() -> Fleet:
    city = sample_city()
    main = (
        Line("Một", "trunk", ((105.72, 21.0), (105.88, 21.0))),
        Line("Hai", "trunk", ((105.8, 20.92), (105.8, 21.08))),
    )
    city.roads = generate(city, Sketch((), (), main, ()), edges=6000)
    router = Router(city.roads)
    homes = [router.node_near(105.8 + 0.004 * i, 21.0 - 0.003 * i) for i in range(12)]
    return Fleet(3, Duty("ambulance", 9.0, (8, 20), (9, 20), 4500.0), router, homes, homes[:3])


def test_paths_follow_roads_and_take_their_time(fleet: Fleet) -> None:
    path = fleet.router.path(fleet.homes[0], fleet.homes[9])
    assert path is not None
    assert (np.diff(path.seconds) > 0).all()
    back = fleet.router.path(fleet.homes[9], fleet.homes[0])
    assert back is not None
    assert abs(back.duration - path.duration) < 0.5 * path.duration + 60
    assert path.at(1e9) == (pytest.approx(path.lon[-1], abs=1e-6), pytest.approx(path.lat[-1], abs=1e-6))


def test_vehicles_never_jump(fleet: Fleet) -> None:
    start = clock_second(NOON)[0]
    busy = 0
    for vehicle in range(len(fleet.homes)):
        before = fleet.at(vehicle, start)
        for second in range(start + 5, start + 4 * 3600, 5):
            seen = fleet.at(vehicle, second)
            moved = np.hypot((seen.lon - before.lon) * 103_900, (seen.lat - before.lat) * 111_320)
            assert moved < 5 * 35, (vehicle, second, before, seen)
            busy += seen.state != "free"
            before = seen
    assert busy > 500


def test_the_same_second_is_the_same_in_any_order(fleet: Fleet) -> None:
    start = clock_second(NOON)[0]
    forward = [fleet.at(v, start + s) for v in range(6) for s in range(0, 7200, 600)]
    other = Fleet(fleet.seed, fleet.duty, fleet.router, fleet.homes, fleet.hospitals)
    backward = [other.at(v, start + s) for v in reversed(range(6)) for s in reversed(range(0, 7200, 600))]
    assert forward == backward[::-1]
