"""The compiled simulator says what the plain one says; nothing is in two places."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thanglong.solve import relocation
from thanglong.solve import simulation as sim
from thanglong.solve.simulation import laws, reference


@st.composite
def worlds(draw: st.DrawFn) -> tuple[sim.Land, sim.Fleet, sim.Calls, sim.Rules, sim.Policy]:
    """A small town with more work than it can do, all features switched on by chance."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    nodes, bases, units = draw(st.integers(1, 7)), draw(st.integers(1, 4)), draw(st.integers(1, 5))
    hospitals = draw(st.integers(0, 3))
    x, y = rng.uniform(0, 20, nodes), rng.uniform(0, 20, nodes)
    urgent = np.hypot(x[:, None] - x, y[:, None] - y) * rng.uniform(1, 1.3, (nodes, nodes))
    land = sim.Land(urgent, urgent / 0.8, x, y, rng.integers(0, nodes, bases), rng.integers(0, nodes, hospitals),
                    rng.integers(0, 3, hospitals), urgent * 0.7 if draw(st.booleans()) else np.zeros((0, 0)))  # fmt: skip
    shifts = draw(st.booleans())
    fleet = sim.Fleet(
        rng.integers(0, bases, units), 1 << rng.integers(0, 2, units),
        rng.choice([0.0, 360.0, 1200.0], units) if shifts else np.zeros(units),
        rng.choice([0.0, 700.0], units) if shifts else np.zeros(units),
    )  # fmt: skip
    count = draw(st.integers(0, 40))
    calls = sim.Calls(
        np.cumsum(rng.exponential(draw(st.sampled_from([3.0, 20.0, 90.0])), count)), rng.integers(0, nodes, count),
        rng.exponential(20, count), rng.random(count) < 0.6, rng.exponential(15, count), rng.integers(0, 3, count),
        rng.integers(1, 4, count), rng.uniform(0.7, 1.5, count) if draw(st.booleans()) else np.zeros(0),
    )  # fmt: skip
    rules = sim.Rules(
        draw(st.sampled_from([0.0, 1.0])), draw(st.booleans()), draw(st.booleans()), draw(st.sampled_from([1, 2**31])),
        draw(st.booleans()),
    )  # fmt: skip
    kind = draw(st.sampled_from(["home", "cover", "table", "assign", "worth"]))
    demand = rng.random(nodes)
    table = rng.integers(0, 3, (units + 1, bases))
    worth = np.sort(rng.random((draw(st.integers(1, 3)), nodes, draw(st.integers(1, 4)))))[:, :, ::-1]
    limits = sim.Limits(draw(st.integers(0, 4)), 240.0, draw(st.sampled_from([0.0, 5.0])),
                        draw(st.sampled_from([10.0, np.inf])), draw(st.sampled_from([0.0, 0.1])))  # fmt: skip
    policy = sim.Policy(kind, demand / demand.sum(), land.urgent[land.bases] < 9, draw(st.sampled_from([0.2, 0.6])),
                        table, draw(st.sampled_from([8.0, np.inf])), worth, draw(st.sampled_from([0.0, 0.02])),
                        rng.integers(0, 2, bases), draw(st.sampled_from([0.0, 0.3])),
                        draw(st.sampled_from([None, limits])))  # fmt: skip
    return land, fleet, calls, rules, policy


@given(worlds())
@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
def test_compiled_and_plain_say_the_same(world: tuple[sim.Land, sim.Fleet, sim.Calls, sim.Rules, sim.Policy]) -> None:
    fast = sim.simulate(*world, keep_moves=True)
    slow = reference.simulate(*world)
    for name in ("unit", "hospital", "idle", "trips", "relocations"):
        np.testing.assert_array_equal(getattr(fast, name), getattr(slow, name), err_msg=name)
    for name in ("start", "drive", "response", "finish", "busy", "waiting_drive", "waiting_km"):
        np.testing.assert_allclose(getattr(fast, name), getattr(slow, name), rtol=0, atol=1e-9, err_msg=name)
    assert sorted(zip(*(getattr(fast.moves, n).tolist() for n in ("unit", "kind", "source", "target")), strict=True)) \
        == sorted(zip(*(getattr(slow.moves, n).tolist() for n in ("unit", "kind", "source", "target")), strict=True))  # fmt: skip


@given(worlds())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_unit_is_in_two_places_and_every_call_is_served_or_impossible(
    world: tuple[sim.Land, sim.Fleet, sim.Calls, sim.Rules, sim.Policy],
) -> None:
    land, fleet, calls, *_ = world
    out = sim.simulate(*world, keep_moves=True)
    for call in np.flatnonzero(out.unit < 0):
        assert not np.any(fleet.kind & calls.needs[call])
    for unit in range(len(fleet.home)):
        mine = np.flatnonzero(out.unit == unit)
        mine = mine[np.argsort(out.start[mine])]
        assert np.all(out.start[mine][1:] >= out.finish[mine][:-1] - 1e-9)
        rows = np.flatnonzero(out.moves.unit == unit)
        begun = out.moves.at[rows] - out.moves.minutes[rows]
        waits = out.moves.kind[rows] == sim.HANDOVER  # may have stood in the hospital's queue before
        assert np.all(begun[1:][~waits[1:]] >= out.moves.at[rows][:-1][~waits[1:]] - 1e-6)
        assert np.all(out.moves.source[rows][1:] == out.moves.target[rows][:-1]) or not world[3].snap
    assert np.all(out.response[out.unit >= 0] >= -1e-9)


def test_the_clock_of_shifts_and_the_call_nobody_may_take() -> None:
    land = sim.Land(np.zeros((1, 1)), np.zeros((1, 1)), np.zeros(1), np.zeros(1), np.zeros(1, np.int64),
                    np.zeros(0, np.int64), np.zeros(0, np.int64))  # fmt: skip
    fleet = sim.Fleet(np.zeros(1, np.int64), np.ones(1, np.int64), np.array([480.0]), np.array([960.0]))
    calls = sim.Calls(np.array([60.0, 500.0]), np.zeros(2, np.int64), np.ones(2), np.zeros(2, np.bool_), np.zeros(2),
                      np.zeros(2, np.int64), np.array([1, 2]))  # fmt: skip
    out = sim.simulate(land, fleet, calls)
    assert out.start[0] == 480.0
    assert out.unit.tolist() == [0, -1]
    assert out.late(12) == 1.0


def test_arrays_that_do_not_fit_are_refused() -> None:
    land = sim.Land(np.zeros((2, 2)), np.zeros((2, 2)), np.zeros(2), np.zeros(2), np.zeros(1, np.int64),
                    np.zeros(0, np.int64), np.zeros(0, np.int64))  # fmt: skip
    calls = sim.Calls.alike(np.array([5.0]), np.array([7]), np.ones(1), np.zeros(1, np.bool_), np.ones(1))
    with pytest.raises(ValueError, match="node names what does not exist"):
        sim.simulate(land, sim.Fleet.alike(np.zeros(1, np.int64)), calls)


def test_calls_follow_the_hours_their_kinds_and_their_pace() -> None:
    hours = (0.0,) * 6 + (1.0,) * 6 + (3.0,) * 12
    demand = laws.Demand(laws.exponential(5.0), np.array([1.0, 3.0]), laws.fixed(10), laws.fixed(10), 0.5, (0.2, 0.8),
                         ((1, 0.25), (3, 0.75)), hours, laws.lognormal(0.2, 0.0, 1.0, 3.0))  # fmt: skip
    calls = demand.draw(40_000, 7)
    assert np.all(np.diff(calls.at) >= 0)
    assert np.mean(np.diff(calls.at)) == pytest.approx(5.0, rel=0.05)
    by_hour = np.bincount((calls.at % 1440 // 60).astype(int), minlength=24) / len(calls)
    np.testing.assert_allclose(by_hour, np.array(hours) / sum(hours), atol=0.005)
    assert np.mean(calls.needs == 3) == pytest.approx(0.75, abs=0.01)
    assert np.mean(calls.pace) == pytest.approx(np.exp(0.02), abs=0.01)
    plain = laws.Demand(laws.exponential(5.0), np.array([1.0, 3.0]), laws.fixed(10), laws.fixed(10), 0.5, (0.2, 0.8))
    np.testing.assert_array_equal(plain.draw(100, 7).node, demand.draw(100, 7).node)  # a law's draws are its own
    with pytest.raises(ValueError, match="24 rates"):
        laws.by_hour(np.zeros(1), (1.0,) * 23)


def test_moves_of_crews_keep_their_limits() -> None:
    rng = np.random.default_rng(5)
    x, y = rng.uniform(0, 30, (2, 20))
    urgent = np.hypot(x[:, None] - x, y[:, None] - y)
    bases = np.arange(6)
    land = sim.Land(urgent, urgent / 0.9, x, y, bases, np.array([19]), np.zeros(1, np.int64), urgent * 0.8)
    demand = laws.Demand(laws.exponential(15.0), rng.random(20), laws.exponential(20), laws.exponential(20))
    calls, fleet = demand.draw(3000, 1), sim.Fleet.alike(np.array([0, 1, 2, 3, 4, 5]))
    worth = relocation.expected_worth(demand.weights, 0.2, 6)
    limits = sim.Limits(most=2, period=480.0, rest=15.0, furthest=25.0, least=0.001)
    policy = sim.Policy("worth", covers=urgent[bases] <= 9, worth=worth, price=1e-4, limits=limits)
    out = sim.simulate(land, fleet, calls, sim.Rules(1.0), policy, keep_moves=True)
    assert out.relocations.sum() > 50
    assert np.all(out.waiting_km > 0)
    ends = out.moves.kind
    for unit in range(6):
        rows = np.flatnonzero(out.moves.unit == unit)
        trips = rows[np.isin(ends[rows], (sim.TO_BASE, sim.DIVERTED))]
        before = out.moves.kind[np.concatenate([[-1], rows[:-1]])[np.isin(ends[rows], (sim.TO_BASE, sim.DIVERTED))]]
        moved = trips[np.isin(before, (sim.TO_BASE, sim.DIVERTED))]  # a trip after a trip: it had waited at a base
        begun = out.moves.at[moved] - out.moves.minutes[moved]
        assert np.bincount((begun // 480).astype(int)).max(initial=0) <= 2
        assert np.all(land.calm[out.moves.source[moved], out.moves.target[moved]] <= 25.0)
    never = sim.simulate(land, fleet, calls, sim.Rules(1.0), replace(policy, limits=None))
    assert never.relocations.sum() == 0
