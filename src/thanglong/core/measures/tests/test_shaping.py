"""Periods and geographies, what is withheld, corrections, alerts."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thanglong.core.cases.tests.scene import City
from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import ObjectRef
from thanglong.core.measures import models, rules, service
from thanglong.core.measures.service import catalogue, reading
from thanglong.core.measures.tests.test_rules import measure
from thanglong.core.measures.tests.test_service import NOVEMBER, finished, value
from thanglong.core.measures.types import Figure
from thanglong.kit.errors import Denied, Invalid, NotFound, NotSignedIn
from thanglong.kit.ports import ANONYMOUS, SYSTEM
from thanglong.solve import rebasing

AT = datetime(2026, 12, 1, tzinfo=UTC)
OLD, NEW = [UUID(int=n) for n in range(1, 7)], [UUID(int=n) for n in range(101, 104)]
split = st.lists(st.integers(0, 10), min_size=3, max_size=3)
counts = st.lists(st.tuples(st.integers(0, 400), st.integers(1, 400)), min_size=6, max_size=6)


def figure(unit: UUID, month: int, good: int, n: int, adds: bool) -> Figure:
    if adds:
        return Figure("a.b", unit, date(2026, month, 1), float(n), None, None, n, AT, "0")
    top = float(min(good, n))
    return Figure("a.b", unit, date(2026, month, 1), 100 * top / n, top, float(n), n, AT, "0")


@given(
    counts,
    counts,
    st.lists(split, min_size=6, max_size=6),
    st.booleans(),
    st.sampled_from(["month", "quarter", "year"]),
)
def test_the_units_sum_to_the_city_on_either_geography(
    one: list[tuple[int, int]], two: list[tuple[int, int]], shares: list[list[int]], adds: bool, kind: Any
) -> None:
    item = measure(total="sum" if adds else "ratio", unit="cases" if adds else "%", scale=1.0 if adds else 100.0)
    figures = [figure(unit, 1, *pair, adds) for unit, pair in zip(OLD, one, strict=True)]
    figures += [figure(unit, 3, *pair, adds) for unit, pair in zip(OLD, two, strict=True)]
    given = {
        unit: dict(zip(NEW, map(float, parts), strict=True))
        for unit, parts in zip(OLD, shares, strict=True)
        if sum(parts)
    }
    then = rules.by_kind(item, figures, kind)
    now = rules.by_kind(item, rules.rebased(item, figures, rebasing.lasting(given)), kind)
    assert not {one.unit for one in now} & given.keys()
    for period in {one.period for one in then}:
        city = rules.total(item, [rules.as_value(one) for one in then if one.period == period])
        moved = rules.total(item, [rules.as_value(one) for one in now if one.period == period])
        assert moved[3] == city[3]
        assert moved[0] == pytest.approx(city[0], rel=1e-12)
        if adds:
            assert moved[0] == city[0]


@given(st.floats(0, 100), st.lists(split.filter(lambda parts: sum(parts) > 0), min_size=6, max_size=6), counts)
def test_a_constant_rate_stays_constant(rate: float, shares: list[list[int]], sizes: list[tuple[int, int]]) -> None:
    item = measure()
    figures = [
        Figure("a.b", unit, date(2026, 1, 1), rate, rate * n / 100, float(n), n, AT, "0")
        for unit, (_, n) in zip(OLD, sizes, strict=True)
    ]
    given = {unit: dict(zip(NEW, map(float, parts), strict=True)) for unit, parts in zip(OLD, shares, strict=True)}
    for one in rules.rebased(item, figures, given):
        assert one.value is None or one.value == pytest.approx(rate, rel=1e-12, abs=1e-12)


def test_the_past_of_a_merged_unit_is_counted_for_its_successor(
    city: City, repair: Any, frozen: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished(city, frozen, 1)
    finished(city, frozen, 72, unit=city.other)
    service.work()
    follow = {city.ward: {city.other: 1.0}, city.other: {}}
    monkeypatch.setattr(reading, "shares", lambda units: rebasing.lasting(follow))
    (now,) = service.values(ANONYMOUS, "repair.in_time", geography="now")
    assert (now.unit, now.value, now.n) == (city.other, 50.0, 2)
    assert len(service.values(ANONYMOUS, "repair.in_time")) == 2
    (year,) = service.values(ANONYMOUS, "repair.in_time", geography="now", kind="year")
    assert (year.period, year.n) == (date(2026, 1, 1), 2)
    (point,) = service.city_series(ANONYMOUS, "repair.in_time", NOVEMBER, NOVEMBER, "quarter")
    assert (point.period, point.value, point.n) == (date(2026, 10, 1), 50.0, 2)


def test_figures_of_few_persons_are_withheld_from_the_public(city: City, repair: Any, frozen: Any) -> None:
    from thanglong.core.cases import service as cases
    from thanglong.core.cases.tests.helpers import step

    case = finished(city, frozen, 1)
    step(ANONYMOUS, case, "content", {"rating": 2}, secret=(cases.reporter_contact(SYSTEM, case.id) or ("", ""))[1])
    service.work()
    (hidden,) = service.values(ANONYMOUS, "repair.satisfaction")
    assert (hidden.value, hidden.numerator, hidden.n, hidden.hidden) == (None, None, 0, True)
    (seen,) = service.values(city.leader, "repair.satisfaction")
    assert (seen.value, seen.n) == (2.0, 1)
    assert service.ranking(ANONYMOUS, "repair.satisfaction", NOVEMBER, 12)[0].hidden


def test_a_correction_says_who_and_why_and_the_period_is_closed_anew(
    city: City, admin: Any, repair: Any, frozen: Any
) -> None:
    finished(city, frozen, 72)
    service.work()
    frozen.at = AT
    service.close_periods()
    made = service.correct(admin, "repair.in_time", city.ward, NOVEMBER, 100.0, "Hạn bị nhập sai trên giấy")
    assert (made.before, made.value) == (0.0, 100.0)
    (shown,) = service.values(ANONYMOUS, "repair.in_time")
    assert (shown.value, shown.numerator, shown.corrected) == (100.0, 1.0, made)
    (point,) = service.city_series(ANONYMOUS, "repair.in_time", NOVEMBER, NOVEMBER)
    assert point.value == 100.0
    entry = ledger.entry(made.ledger_entry or 0)
    assert (entry.verb, entry.facts["before"], entry.facts["value"]) == ("measure.corrected", 0.0, 100.0)
    assert service.close_periods() == 1
    closed = ledger.entries(ObjectRef("measure", "repair.in_time/2026-11-01"))
    assert {one.facts["value"] for one in closed} == {0.0, 100.0}
    service.correct(admin, "repair.in_time", city.ward, NOVEMBER, 50.0, "Nửa số hồ sơ đúng hạn")
    assert value("repair.in_time", city.ward) == 50.0
    service.withdraw(admin, "repair.in_time", city.ward, NOVEMBER, "Giấy tờ đã được tìm thấy")
    assert value("repair.in_time", city.ward) == 0.0
    assert models.Correction.objects.count() == 2
    with pytest.raises(NotFound):
        service.withdraw(admin, "repair.in_time", city.ward, NOVEMBER, "Không còn gì để rút")


def test_who_may_correct_and_what(city: City, admin: Any, repair: Any, frozen: Any) -> None:
    finished(city, frozen, 72)
    service.work()
    for actor, error in ((ANONYMOUS, NotSignedIn), (city.officer, Denied), (city.head, Denied)):
        with pytest.raises(error):
            service.correct(actor, "repair.in_time", city.ward, NOVEMBER, 90.0, "Vì tôi muốn thế")
        with pytest.raises(error):
            service.withdraw(actor, "repair.in_time", city.ward, NOVEMBER, "Vì tôi muốn thế")
    for wanted, reason in ((101.0, "Có lý do hẳn hoi"), (float("nan"), "Có lý do hẳn hoi"), (50.0, "  ")):
        with pytest.raises(Invalid):
            service.correct(admin, "repair.in_time", city.ward, NOVEMBER, wanted, reason)
    with pytest.raises(NotFound):
        service.correct(admin, "repair.in_time", city.ward, date(2020, 1, 1), 50.0, "Có lý do hẳn hoi")
    assert not ledger.entries(ObjectRef("measure", f"repair.in_time/2026-11-01/{city.ward}"))


def test_an_alert_is_raised_once_seen_and_cleared_with_a_margin(
    city: City, admin: Any, repair: Any, frozen: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from thanglong.kit.registry import Registry

    fresh: Registry[Any] = Registry("measure")
    watched = replace(repair["repair.in_time"], band=(80.0, 100.0), back=0.0, small=1)
    fresh.add(watched.key, watched)
    monkeypatch.setattr(catalogue, "registered", fresh)
    finished(city, frozen, 72)
    service.work()
    assert service.check() == 0  # the month is still running
    frozen.at = AT
    assert service.check() == 1
    assert service.check() == 0
    (alert,) = service.alerts(city.head)
    assert (alert.side, alert.value, alert.unit) == ("below", 0.0, city.ward)
    assert service.alerts(ANONYMOUS) == []
    for actor, error in ((ANONYMOUS, NotSignedIn), (city.stranger, Denied)):
        with pytest.raises(error):
            service.acknowledge(actor, alert.id)
    seen = service.acknowledge(city.head, alert.id, "Đã cử người")
    assert (seen.seen_by, seen.note) == (city.head.label, "Đã cử người")
    assert service.acknowledge(city.head, alert.id, "lần nữa") == seen
    assert [one.verb for one in ledger.entries(ObjectRef("measure-alert", str(alert.id)))] == ["measure.alert_seen"]
    service.correct(admin, watched.key, city.ward, NOVEMBER, 100.0, "Hạn bị nhập sai trên giấy")
    assert service.check() == 0
    assert service.alerts(city.head) == []
