"""Ranking against its definition, joint choices against trying everything, bypasses and take-overs by example."""

from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thanglong.solve import dispatch


def some(drive: list[float], **changed: list[float]) -> dispatch.Units:
    count = len(drive)
    rows = {"free_in": [0.0] * count, "turnout": [0.0] * count, "skills": [1] * count, "on_duty": [True] * count,
            "doubt": [0.0] * count} | changed  # fmt: skip
    return dispatch.Units(
        np.array(drive), np.array(rows["free_in"], np.float64), np.array(rows["turnout"], np.float64),
        np.array(rows["skills"], np.int64), np.array(rows["on_duty"], np.bool_), np.array(rows["doubt"], np.float64),
    )  # fmt: skip


@st.composite
def crews(draw: st.DrawFn) -> dispatch.Units:
    count = draw(st.integers(0, 12))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    free_in = rng.choice([0.0, 0.0, 1.5, np.inf], count)
    return dispatch.Units(
        rng.choice([2.0, 4.0, 6.5, np.inf], count), free_in, rng.choice([0.0, 1.0], count),
        rng.integers(0, 4, count), rng.random(count) < 0.8, rng.choice([0.0, 3.0], count),
    )  # fmt: skip


@given(crews(), st.integers(0, 3), st.integers(1, 4), st.sampled_from([5.0, np.inf]))
@settings(max_examples=200, deadline=None)
def test_every_unit_has_its_place_or_its_reason(units: dispatch.Units, needs: int, best: int, latest: float) -> None:
    found = dispatch.rank(units, needs, best, latest=latest)
    sendable = [
        (float(found.arrives[unit] + units.doubt[unit]), unit) for unit in range(len(units.drive))
        if units.on_duty[unit] and not needs & ~int(units.skills[unit]) and units.free_in[unit] == 0
        and np.isfinite(units.drive[unit]) and units.turnout[unit] + units.drive[unit] <= latest
    ]  # fmt: skip
    assert found.chosen.tolist() == [unit for _, unit in sorted(sendable)[:best]]
    assert set(np.flatnonzero(found.reason == dispatch.PROPOSED)) == set(found.chosen.tolist())
    further = {unit for _, unit in sorted(sendable)[best:]}
    assert set(np.flatnonzero(found.reason == dispatch.FURTHER)) == further
    assert np.all(found.number >= 0)
    first = sorted(sendable)[0][0] if sendable else np.inf
    for unit in found.sooner:
        assert units.free_in[unit] > 0
        assert found.arrives[unit] + units.doubt[unit] < first


def test_a_closer_unit_becomes_free_soon_and_each_reason_has_its_number() -> None:
    units = some([9.0, 2.0, 1.0, 3.0, np.inf, 30.0], free_in=[0, 1.5, 0, 0, 0, 0], skills=[3, 3, 1, 3, 3, 3],
                 on_duty=[True, True, True, False, True, True], turnout=[1.0, 1.0, 0, 0, 0, 0])  # fmt: skip
    found = dispatch.rank(units, 3, 1, latest=20.0)
    assert found.chosen.tolist() == [0]
    assert [dispatch.REASONS[code] for code in found.reason] == [
        "proposed", "busy", "lacks-skill", "off-duty", "unreachable", "too-late"]  # fmt: skip
    assert found.number.tolist() == [0.0, 1.5, 2.0, 0.0, 0.0, 10.0]
    assert found.sooner.tolist() == [1]
    assert found.arrives[1] == 3.5  # on the road when its job ends: no turnout
    with pytest.raises(ValueError, match="at least 0"):
        some([-1.0])


def test_an_old_position_counts_against_a_unit() -> None:
    found = dispatch.rank(some([4.0, 5.0], doubt=[3.0, 0.0]), best=2)
    assert found.chosen.tolist() == [1, 0]


@st.composite
def alarms(draw: st.DrawFn) -> tuple[dispatch.Alarm, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    needs, units = draw(st.integers(1, 3)), draw(st.integers(0, 5))
    alarm = dispatch.Alarm(rng.integers(1, 8, needs), rng.integers(0, 3, needs), rng.choice([6.0, np.inf], needs))
    return alarm, rng.integers(0, 8, units), rng.choice([1.0, 2.5, 4.0, 8.0, np.inf], units), rng.random(units).round(2)


def every_filling(able: np.ndarray, count: np.ndarray) -> list[dict[int, int]]:
    slots = np.repeat(np.arange(len(count)), count)
    units = list(range(able.shape[1])) + [-1] * len(slots)
    return [
        {unit: int(need) for need, unit in zip(slots, chosen, strict=True) if unit >= 0}
        for chosen in set(permutations(units, len(slots)))
        if all(unit < 0 or able[need, unit] for need, unit in zip(slots, chosen, strict=True))
    ]


@given(alarms(), st.booleans())
@settings(max_examples=60, deadline=None)
def test_needs_filled_together_are_filled_best(
    case: tuple[dispatch.Alarm, np.ndarray, np.ndarray, np.ndarray], soonest_complete: bool
) -> None:
    alarm, skills, arrives, charge = case
    if alarm.count.sum() > 4:
        alarm = dispatch.Alarm(alarm.skills, np.minimum(alarm.count, 1), alarm.latest)
    found = dispatch.fill_needs(alarm, skills, arrives, charge, soonest_complete=soonest_complete)
    able = alarm.able(skills, arrives)
    assert len(set(found.unit.tolist())) == len(found.unit)
    assert all(able[need, unit] for need, unit in zip(found.need, found.unit, strict=True))

    def judged(filling: dict[int, int]) -> tuple[float, ...]:
        units = list(filling)
        last = max((arrives[unit] for unit in units), default=0.0) if soonest_complete else 0.0
        return (alarm.count.sum() - len(units), last, round(sum(arrives[u] + charge[u] for u in units), 9))

    best = min(judged(filling) for filling in every_filling(able, alarm.count))
    assert (found.short.sum(), found.last if soonest_complete else 0.0, round(found.cost, 9)) == best


@given(alarms(), st.sampled_from([0.0, 3.0]))
@settings(max_examples=60, deadline=None)
def test_units_that_fill_several_needs_are_chosen_best(
    case: tuple[dispatch.Alarm, np.ndarray, np.ndarray, np.ndarray], per_unit: float
) -> None:
    alarm, skills, arrives, charge = case
    found = dispatch.cover_needs(alarm, skills, arrives, charge, per_unit=per_unit)
    able = alarm.able(skills, arrives)
    usable = np.flatnonzero(np.isfinite(arrives)).tolist()
    best = min(
        (int(np.maximum(alarm.count - able[:, list(units)].sum(axis=1), 0).sum()),
         sum(arrives[u] + charge[u] + per_unit for u in units))
        for size in range(len(usable) + 1) for units in combinations(usable, size)
    )  # fmt: skip
    assert found.short.sum() == best[0]
    assert found.cost == pytest.approx(best[1], abs=1e-6)


def test_the_best_for_each_need_is_not_the_best_for_all() -> None:
    alarm = dispatch.Alarm(np.array([1, 2]), np.array([1, 1]), np.array([np.inf, np.inf]))
    found = dispatch.fill_needs(alarm, np.array([3, 1]), np.array([2.0, 3.0]))
    assert dict(zip(found.need.tolist(), found.unit.tolist(), strict=True)) == {0: 1, 1: 0}
    both = dispatch.cover_needs(alarm, np.array([3, 1]), np.array([2.0, 3.0]))
    assert both.unit.tolist() == [0, 0]


def test_a_bypass_is_noticed_and_a_take_over_proposed() -> None:
    ranking = dispatch.rank(some([3.0, 8.0, 3.2]), best=3)
    found = dispatch.bypassed(ranking, 1)
    assert found is not None
    assert found.passed.tolist() == [0, 2]
    assert found.lost == 5.0
    assert dispatch.bypassed(ranking, 2) is None
    better = dispatch.overtaken(np.array([9.0, 7.0]), np.array([[2.0, 1.0], [8.5, 3.0], [np.inf, np.inf]]))
    assert [(one.unit, one.call, one.gain) for one in better] == [(0, 0, 7.0), (1, 1, 4.0)]
    assert dispatch.overtaken(np.zeros(0), np.zeros((0, 0))) == []
