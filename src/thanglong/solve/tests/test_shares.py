"""Shares and figures carried over by them: nothing is lost, nothing is made up."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import box

from thanglong.solve import shares as solve

KEYS = st.integers(0, 20)
SHARES = st.dictionaries(KEYS, st.dictionaries(st.integers(100, 110), st.floats(0.01, 1), min_size=1, max_size=5))
VALUES = st.dictionaries(KEYS, st.floats(-1e9, 1e9, allow_nan=False))
COUNTS = st.dictionaries(KEYS, st.integers(0, 10**9))


@given(VALUES, SHARES)
def test_the_sum_stays_to_the_last_bit(values: dict[int, float], shares: dict[int, dict[int, float]]) -> None:
    found, exact = solve.carry(values, shares)
    total = math.fsum(values.values())
    assert math.isclose(math.fsum(found.values()), total, rel_tol=1e-15, abs_tol=1e-6)
    assert set(found) == set(exact)
    assert all(0 <= part <= 1 + 1e-12 for part in exact.values())


@given(COUNTS, SHARES)
def test_whole_numbers_stay_whole_and_near(values: dict[int, int], shares: dict[int, dict[int, float]]) -> None:
    found, _ = solve.carry(values, shares)
    whole = solve.rounded(found, sum(values.values()))
    assert sum(whole.values()) == sum(values.values())
    assert all(abs(whole[key] - found[key]) < 1 + 1e-6 for key in whole)
    assert all(value >= 0 for value in whole.values())


@given(SHARES, st.floats(0.1, 100))
def test_a_rate_that_is_everywhere_the_same_stays_so(shares: dict[int, dict[int, float]], rate: float) -> None:
    people = {old: 1000.0 + old for old in shares}
    cases = {old: rate * count for old, count in people.items()}
    new_people, new_cases = solve.carry(people, shares)[0], solve.carry(cases, shares)[0]
    assert all(math.isclose(new_cases[key] / new_people[key], rate, rel_tol=1e-9) for key in new_people)


@given(SHARES)
def test_largest_and_back(shares: dict[int, dict[int, float]]) -> None:
    for old, parts in solve.largest(shares).items():
        [(new, share)] = parts.items()
        assert share == 1.0
        assert shares[old][new] == max(shares[old].values())
    back = solve.backward(shares, dict.fromkeys(shares, 1.0))
    assert all(math.isclose(sum(parts.values()), 1.0) for parts in back.values())


def test_undivided_units_go_there_and_back_exactly() -> None:
    shares = {1: {10: 1.0}, 2: {11: 1.0}}
    there = solve.carry({1: 7.25, 2: 0.1}, shares)[0]
    assert solve.carry(there, solve.backward(shares, {1: 5.0, 2: 5.0}))[0] == {1: 7.25, 2: 0.1}


def test_two_changes_one_after_the_other() -> None:
    found = solve.compose({1: {2: 0.5, 3: 0.5}}, {3: {4: 1.0}, 9: {4: 1.0}})
    assert found == {1: {2: 0.5, 4: 0.5}, 3: {4: 1.0}, 9: {4: 1.0}}, "what the second names comes along"


def test_shares_from_outlines_and_from_points() -> None:
    olds, news = [box(0, 0, 4, 1), box(4, 0, 5, 1)], [box(0, 0, 1, 1), box(1, 0, 5, 1)]
    found, covered = solve.by_area(olds, news)
    assert found == [pytest.approx({0: 0.25, 1: 0.75}), {1: 1.0}]
    assert covered == [1.0, 1.0]
    x, y = np.array([0.5, 0.6, 2.0, 9.0]), np.array([0.5, 0.5, 0.5, 0.5])
    assert solve.by_points(olds, news, x, y) == [pytest.approx({0: 2 / 3, 1: 1 / 3}), {}]
    weighed = solve.by_points(olds, news, x, y, np.array([1.0, 1.0, 2.0, 5.0]))
    assert weighed[0] == pytest.approx({0: 0.5, 1: 0.5})
    half, part = solve.by_area([box(0, 0, 2, 1)], [box(0, 0, 1, 1)])
    assert (half, part) == ([{0: 1.0}], [0.5])
