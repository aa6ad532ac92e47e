"""Every model against trying all placings, on instances small enough for that."""

from collections.abc import Callable, Iterator
from itertools import combinations_with_replacement

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thanglong.solve import placing


def all_placings(sites: int, units: int, most: int) -> Iterator[np.ndarray]:
    for chosen in combinations_with_replacement(range(sites), units):
        count = np.bincount(chosen, minlength=sites)
        if count.max() <= most:
            yield count


def best(sites: int, units: int, most: int, value: Callable[[np.ndarray], float | None]) -> float | None:
    values = [found for count in all_placings(sites, units, most) if (found := value(count)) is not None]
    return max(values) if values else None


@st.composite
def towns(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, int]:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    sites, places = draw(st.integers(1, 5)), draw(st.integers(1, 7))
    minutes = rng.uniform(0, 20, (sites, places))
    return minutes, rng.integers(1, 9, places).astype(float), draw(st.integers(1, 4))


@given(towns(), st.sampled_from([0.0, 0.3, 0.7]))
@settings(max_examples=60, deadline=None)
def test_expected_cover(town: tuple[np.ndarray, np.ndarray, int], busy: float) -> None:
    minutes, demand, units = town
    reach = minutes < 8

    def value(count: np.ndarray) -> float:
        times = reach.T.astype(int) @ count
        return float(np.sum(demand * (1 - busy**times if busy else times > 0)) / demand.sum())

    found = placing.mexclp(reach, demand, units, busy)
    assert found.count.sum() == units
    assert found.value == pytest.approx(best(len(reach), units, units, value), abs=1e-6)
    assert value(found.count) == pytest.approx(found.value, abs=1e-6)
    assert placing.greedy(reach, demand, units, busy).value >= (1 - 1 / np.e) * found.value - 1e-9


@given(towns())
@settings(max_examples=40, deadline=None)
def test_availability_and_median(town: tuple[np.ndarray, np.ndarray, int]) -> None:
    minutes, demand, units = town
    reach = minutes < 8

    def sure(count: np.ndarray) -> float:
        return float(np.sum(demand * (reach.T.astype(int) @ count >= 2)) / demand.sum())

    assert placing.malp(reach, demand, units, 0.3, 0.9).value == pytest.approx(
        best(len(reach), units, units, sure), abs=1e-6
    )
    if units <= len(reach):

        def near(count: np.ndarray) -> float:
            return -float(np.sum(demand * minutes[count > 0].min(axis=0)) / demand.sum())

        lowest = best(len(reach), units, 1, near)
        assert lowest is not None
        assert placing.p_median(minutes, demand, units).value == pytest.approx(-lowest, abs=1e-6)
    else:
        with pytest.raises(placing.Impossible):
            placing.p_median(minutes, demand, units)


@given(towns())
@settings(max_examples=40, deadline=None)
def test_double_standard(town: tuple[np.ndarray, np.ndarray, int]) -> None:
    minutes, demand, units = town
    near, far = minutes < 8, minutes < 15

    def value(count: np.ndarray) -> float | None:
        times = near.T.astype(int) @ count
        if np.any(far.T.astype(int) @ count < 1) or np.sum(demand * (times > 0)) < 0.5 * demand.sum() - 1e-9:
            return None
        return float(np.sum(demand * (times > 1)) / demand.sum())

    wanted = best(len(near), units, units, value)
    if wanted is None:
        with pytest.raises(placing.Impossible):
            placing.double_standard(near, far, demand, units, 0.5)
    else:
        assert placing.double_standard(near, far, demand, units, 0.5).value == pytest.approx(wanted, abs=1e-6)


def test_what_stands_stays_and_what_is_full_is_full() -> None:
    reach, demand = np.eye(3, dtype=bool), np.array([1.0, 2.0, 9.0])
    kept = placing.mexclp(reach, demand, 3, 0.5, present=np.array([1, 0, 0]), most=np.array([1, 1, 1]))
    assert kept.count.tolist() == [1, 1, 1]
    with pytest.raises(placing.Impossible, match="hold exactly"):
        placing.mexclp(reach, demand, 4, 0.5, most=1)
    minutes = np.array([[1.0, 5.0], [5.0, 1.0]])
    crowded = placing.p_median(minutes, np.array([4.0, 4.0]), 2, capacity=np.array([6.0, 6.0]))
    assert crowded.value == pytest.approx(1.0)


def test_tuning_follows_the_judge() -> None:
    wanted = np.array([2, 0, 1, 1])

    def late(count: np.ndarray, seed: int) -> float:
        return float(np.abs(count - wanted).sum() + seed * 0)

    found, value = placing.tune(np.array([0, 4, 0, 0]), late, [1, 2])
    assert found.tolist() == wanted.tolist()
    assert value == 0.0
