"""Periods, totals, intervals, bands: pure."""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thanglong.core.measures import rules
from thanglong.core.measures.types import Measure, Value

DAY = date(2026, 11, 1)


def measure(**given: object) -> Measure:
    fields: dict[str, object] = {
        "key": "a.b", "title": "A", "unit": "%", "direction": 1, "period": "month", "compute": lambda window: [],
        "inputs": lambda unit, period: [], "scale": 100.0, "target": 90.0,
    }  # fmt: skip
    return Measure(**{**fields, **given})  # type: ignore[arg-type]


cells = st.lists(
    st.tuples(st.integers(0, 500), st.integers(1, 500)).map(lambda pair: (min(pair), pair[1])), max_size=20
)


@given(cells)
def test_the_city_is_the_sum_of_its_units(pairs: list[tuple[int, int]]) -> None:
    item = measure()
    values = [Value(UUID(int=n), DAY, 100 * a / b, b, float(a), float(b)) for n, (a, b) in enumerate(pairs)]
    value, numerator, denominator, n = rules.total(item, values)
    assert (numerator, denominator) == (sum(a for a, _ in pairs), sum(b for _, b in pairs))
    assert n == sum(b for _, b in pairs)
    assert value == (pytest.approx(100 * numerator / denominator) if denominator else None)
    if value is not None:
        known = [one.value for one in values if one.value is not None]
        assert min(known) - 1e-9 <= value <= max(known) + 1e-9


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=20))
def test_counts_add(numbers: list[int]) -> None:
    item = measure(total="sum", unit="cases", scale=1.0)
    values = [Value(UUID(int=n), DAY, float(number), number) for n, number in enumerate(numbers)]
    assert rules.total(item, values)[0] == sum(numbers)


@given(st.integers(0, 1000), st.integers(1, 1000))
def test_the_interval_holds_the_share_and_shrinks(good: int, n: int) -> None:
    good = min(good, n)
    span = rules.interval(measure(), float(good), float(n))
    assert span is not None
    low, high = span
    assert 0 <= low <= 100 * good / n + 1e-9
    assert 100 * good / n - 1e-9 <= high <= 100
    wider = rules.interval(measure(), float(good), float(n))
    narrower = rules.interval(measure(), 10.0 * good, 10.0 * n)
    assert wider is not None
    assert narrower is not None
    assert narrower[1] - narrower[0] < wider[1] - wider[0]


def test_a_known_interval() -> None:
    # Wilson 1927 for 8 of 10: 49.0 to 94.3 per cent
    span = rules.interval(measure(), 8.0, 10.0)
    assert span == (pytest.approx(49.02, abs=0.01), pytest.approx(94.33, abs=0.01))
    assert rules.interval(measure(unit="h"), 8.0, 10.0) is None
    assert rules.interval(measure(), 0.0, 0.0) is None


@given(st.lists(st.floats(0, 100), min_size=1, max_size=60), st.sampled_from([1, -1]), st.floats(1, 99))
def test_bands_are_broken_at_the_target(values: list[float], direction: int, target: float) -> None:
    item = measure(direction=direction, target=target)
    borders = rules.edges(item, values)
    assert len(borders) == 5
    assert [direction * border for border in borders] == sorted(direction * border for border in borders)
    for value in values:
        band = rules.band(item, borders, value, 100)
        assert 0 <= band <= 5
        assert (band >= 4) == (direction * value >= direction * borders[3])
        assert borders[3] == pytest.approx(target, abs=1e-5)
    assert rules.band(item, borders, values[0], 29) == -1
    assert rules.band(item, borders, None, 100) == -1


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.sampled_from(["day", "month"]), st.integers(-30, 30))
def test_periods_step_there_and_back(day: date, kind: str, steps: int) -> None:
    period = rules.period_of(day, kind)  # type: ignore[arg-type]
    there = rules.following(period, kind, steps)  # type: ignore[arg-type]
    assert rules.following(there, kind, -steps) == period  # type: ignore[arg-type]
    assert rules.periods(min(period, there), max(period, there), kind)[-1] == max(period, there)  # type: ignore[arg-type]


@given(st.lists(st.text(min_size=1), unique=True))
def test_the_digest_does_not_depend_on_the_order(lines: list[str]) -> None:
    assert rules.digest(lines) == rules.digest(reversed(lines))
    assert rules.digest([*lines, "one more"]) != rules.digest(lines)


def test_a_band_may_be_open_on_one_side() -> None:
    item = measure(band=(80.0, None))
    assert [rules.inside(item, value, 2.0) for value in (79.0, 81.9, 82.0, 100.0)] == [False, False, True, True]
    item = measure(band=(None, 5.0))
    assert [rules.inside(item, value, 1.0) for value in (-9.0, 4.0, 4.5, 6.0)] == [True, True, False, False]
