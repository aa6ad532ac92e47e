"""Policies by their definitions: special cases that must coincide, optima tried out, training that never gets worse."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from thanglong.solve import placing, relocation
from thanglong.solve import simulation as sim
from thanglong.solve.simulation import laws
from thanglong.solve.simulation.choices import assign


def town(seed: int, units: int = 4) -> tuple[relocation.Ground, laws.Demand, np.ndarray]:
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(0, 30, (2, 25))
    urgent = np.hypot(x[:, None] - x, y[:, None] - y)
    bases = np.arange(6)
    land = sim.Land(urgent, urgent / 0.9, x, y, bases, np.array([24]), np.zeros(1, np.int64), urgent * 0.8)
    demand = laws.Demand(laws.exponential(14.0), rng.random(25), laws.exponential(20), laws.exponential(15))
    shares = demand.weights / demand.weights.sum()
    ground = relocation.Ground(land, sim.Rules(1.0), urgent[bases] + 1.0 <= 10.0, shares, np.array([10.0]))
    return ground, demand, np.bincount(rng.integers(0, 6, units), minlength=6)


@given(st.integers(0, 2**32 - 1), st.integers(0, 6), st.integers(0, 4))
@settings(max_examples=150, deadline=None)
def test_assignment_is_the_cheapest(seed: int, rows: int, more: int) -> None:
    rng = np.random.default_rng(seed)
    cost = rng.integers(0, 9, (rows, rows + more)).astype(np.float64)
    found = assign(cost)
    assert len(set(found.tolist())) == rows
    assert cost[np.arange(rows), found].sum() == cost[linear_sum_assignment(cost)].sum()


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.2, 0.5]))
@settings(max_examples=20, deadline=None)
def test_dmexclp_is_worth_without_price_and_moves(seed: int, busy: float) -> None:
    ground, demand, count = town(seed)
    calls = demand.draw(300, seed)
    worth = relocation.expected_worth(ground.demand, busy, 5)
    one = ground.run(count, sim.Policy("cover", ground.demand, ground.covers, busy), calls)
    other = ground.run(count, sim.Policy("worth", ground.demand, ground.covers, worth=worth), calls)
    np.testing.assert_array_equal(one.unit, other.unit)
    np.testing.assert_allclose(one.response, other.response, atol=1e-9)


def test_a_table_holds_the_best_placing_for_each_number_of_idle_units() -> None:
    ground, _, _ = town(3)
    table = relocation.compliance(ground.covers, ground.demand, 4, 0.3, most=1)
    assert table.sum(axis=1).tolist() == [0, 1, 2, 3, 4]
    for idle in range(1, 5):
        best = placing.mexclp(ground.covers, ground.demand, idle, 0.3, most=1)
        assert table[idle].tolist() == best.count.tolist()
    full = relocation.compliance(ground.covers[:2], ground.demand, 4, 0.3, most=1)
    assert full.sum(axis=1).tolist() == [0, 1, 2, 2, 2]


def test_priorities_are_points_of_their_own() -> None:
    urgent, calm = np.array([[4.0, 9.0]]), np.array([[6.0, 11.0]])
    reach, shares = relocation.by_priority([urgent, calm], [8.0, 12.0], [np.array([3.0, 1.0]), np.array([2.0, 2.0])])
    assert reach.tolist() == [[True, False, True, True]]
    assert shares.tolist() == [0.375, 0.125, 0.25, 0.25]


def test_search_ends_where_no_step_helps() -> None:
    grid = {"a": (0.0, 1.0, 2.0, 3.0, 4.0), "b": (0.0, 1.0, 2.0)}

    def value(at: relocation.training.Settings) -> float:
        return (at["a"] - 3.0) ** 2 + (at["b"] - at["a"] / 3.0) ** 2

    found, low, tried = relocation.search({"a": 0.0, "b": 0.0}, grid, value)
    assert found == {"a": 3.0, "b": 1.0}
    assert low == 0.0
    assert tried <= 15


def test_training_helps_on_days_it_did_not_see_and_keeps_its_budget() -> None:
    ground, demand, count = town(8, units=6)
    train, judged = [demand.draw(600, 1)], [demand.draw(600, seed) for seed in range(100, 105)]
    limits = sim.Limits(most=4, rest=10.0)
    cover = relocation.train_cover(ground, count, train)
    worth = relocation.train_worth(ground, count, train, limits)
    budget = 0.9 * float(relocation.judge(ground, "", (count, worth.policy), train).hours[0])
    frugal = relocation.train_worth(ground, count, train, limits, budget=budget)
    table = relocation.train_assign(ground, count, train, limits)
    rows = relocation.compare(ground, {
        "home": (count, sim.Policy()), "cover": (count, cover.policy), "worth": (count, worth.policy),
        "frugal": (count, frugal.policy), "assign": (count, table.policy),
    }, judged)  # fmt: skip
    assert relocation.paired(rows["worth"].late, rows["home"].late)[2] < 0
    assert worth.late <= cover.late
    assert rows["frugal"].hours.mean() <= budget * 1.05
    assert rows["home"].moves.sum() == 0 < rows["assign"].moves.min()
    assert rows["worth"].km.min() > 0
    mean, low, high = relocation.paired(np.array([1.0, 2.0, 4.0]), np.array([0.0, 2.0, 3.0]))
    assert mean == pytest.approx(2 / 3)
    assert low < mean < high
    assert relocation.interval(np.array([5.0])) == (5.0, 5.0)
