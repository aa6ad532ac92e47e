"""Periods of aggregation and sums that are joined: properties."""

import math
import statistics
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thanglong.formats.ngsild.temporal import duration
from thanglong.kit.errors import Invalid
from thanglong.kit.past import Period
from thanglong.stores.things.periods import begin, index_of, numbers_of
from thanglong.stores.things.rows import micros

MOMENTS = st.integers(micros(datetime(1975, 1, 1, tzinfo=UTC)), micros(datetime(2075, 1, 1, tzinfo=UTC)))
PERIODS = st.one_of(
    st.builds(Period, st.just(0), st.integers(1_000_000, 10**14)),
    st.builds(Period, st.integers(1, 40), st.integers(0, 10**12)),
)


@given(PERIODS, MOMENTS, st.integers(0, 2 * 10**15))
def test_every_moment_lies_in_the_period_of_its_index(period: Period, origin: int, later: int) -> None:
    at = origin + later % (60 * 365 * 86_400 * 10**6)
    index = index_of(period, origin, at)
    assert index >= 0
    assert begin(period, origin, index) <= at < begin(period, origin, index + 1)


@given(PERIODS, MOMENTS, st.integers(0, 200))
def test_periods_follow_each_other(period: Period, origin: int, index: int) -> None:
    assert begin(period, origin, 0) == origin
    assert begin(period, origin, index) < begin(period, origin, index + 1)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40), st.integers(0, 40))
def test_sums_that_are_joined_are_those_of_all(values: list[float], cut: int) -> None:
    whole = numbers_of(values)
    parts = [part for part in (values[:cut], values[cut:]) if part]
    joined = numbers_of(parts[0])
    for part in parts[1:]:
        joined.join(numbers_of(part))
    for method, value in whole.values(["avg", "sum", "sumsq", "min", "max", "stddev", "totalCount"]).items():
        assert math.isclose(joined.values([method])[method], value, rel_tol=1e-9, abs_tol=1e-3)
    if len(values) > 1:
        assert math.isclose(whole.values(["stddev"])["stddev"], statistics.stdev(values), rel_tol=1e-9, abs_tol=1e-6)


@given(
    st.integers(0, 9),
    st.integers(0, 30),
    st.integers(0, 400),
    st.integers(0, 99),
    st.integers(0, 99),
    st.integers(0, 99),
)
def test_durations(years: int, months: int, days: int, hours: int, minutes: int, seconds: int) -> None:
    found = duration(f"P{years}Y{months}M{days}DT{hours}H{minutes}M{seconds}S")
    assert found.months == years * 12 + months
    assert found.micros == (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1_000_000


@pytest.mark.parametrize("text", ["P1W", "PT0S", "P0D", "PT0.5S", "P1Y", "PT36H", "P3Y6M4DT12H30M5S"])
def test_durations_that_are_some(text: str) -> None:
    assert duration(text).months >= 0


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "P1", "1D", "PT1D", "P1H", "P-1D", "P1W2D", "P1DT", "PT1.5H", "P99999Y"]
)
def test_durations_that_are_none(text: str) -> None:
    with pytest.raises(Invalid):
        duration(text)
