"""Figures: computed anew only where something changed, explained down to the ledger, closed at the period's end."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from thanglong.core.cases import service as cases
from thanglong.core.cases.tests.helpers import opened, proof, step
from thanglong.core.cases.tests.scene import City
from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import ObjectRef
from thanglong.core.measures import models, service
from thanglong.kit.errors import Denied, NotFound, NotSignedIn
from thanglong.kit.ports import ANONYMOUS, SYSTEM

NOVEMBER = date(2026, 11, 1)


def finished(city: City, frozen: Any, hours: float, **given: Any) -> Any:
    """A repair of the ward that took so many hours."""
    case = opened(city, **given)
    actor = city.stranger if case.unit == city.other else city.officer
    case = step(actor, case, "take")
    frozen.at += timedelta(hours=hours)
    return step(actor, case, "finish", documents=proof(actor))


def value(key: str, unit: Any, period: date = NOVEMBER) -> Any:
    found = service.values(ANONYMOUS, key, units=[unit], first=period, last=period)
    return found[0].value if found else None


def test_figures_follow_the_cases(city: City, repair: Any, frozen: Any) -> None:
    finished(city, frozen, 1)
    late = finished(city, frozen, 72)
    other = finished(city, frozen, 2, unit=city.other)
    assert service.work() > 0
    assert value("repair.in_time", city.ward) == 50.0
    assert value("repair.in_time", city.other) == 100.0
    assert value("repair.received", city.ward) == 2
    assert value("repair.satisfaction", city.ward) is None
    assert service.work() == 0
    secret = (cases.reporter_contact(SYSTEM, late.id) or ("", ""))[1]
    step(ANONYMOUS, late, "not_fixed", secret=secret)
    service.work()
    assert value("repair.in_time", city.ward) == 100.0  # the reopened case is not finished any more
    moved = cases.transfer(city.head, opened(city, unit=city.ward).id, city.other, "Bên kia đường", version=1)
    service.work()
    assert value("repair.received", city.ward) == 2
    assert value("repair.received", city.other) == 2
    assert other.unit == moved.unit


def test_following_gives_the_same_as_computing_everything(city: City, repair: Any, frozen: Any) -> None:
    rng = random.Random(5)
    for _ in range(12):
        case = finished(city, frozen, rng.random() * 30, unit=rng.choice([city.ward, city.other]))
        secret = (cases.reporter_contact(SYSTEM, case.id) or ("", ""))[1]
        said = rng.choice(["not_fixed", "content", ""])
        if said:
            step(ANONYMOUS, case, said, {"rating": 4} if said == "content" else {}, secret=secret)
        service.work()

    def snapshot() -> list[Any]:
        rows = models.MeasureValue.objects.order_by("measure", "unit", "period")
        return list(rows.values_list("measure", "unit", "period", "value", "n", "digest"))

    followed = snapshot()
    models.MeasureValue.objects.all().delete()
    for item in service.definitions():
        service.recompute(item.key, date(2026, 11, 1))
    assert snapshot() == followed
    for item in service.definitions():
        (point,) = service.city_series(ANONYMOUS, item.key, NOVEMBER, NOVEMBER)
        assert point.n == sum(figure.n for figure in service.values(city.leader, item.key))


def test_only_what_changed_is_computed(city: City, repair: Any, frozen: Any) -> None:
    finished(city, frozen, 1)
    finished(city, frozen, 1, unit=city.other)
    service.work()
    before = {row.pk: row.computed_at for row in models.MeasureValue.objects.all()}
    frozen.advance(minutes=5)
    finished(city, frozen, 1)
    service.work()
    touched = [row for row in models.MeasureValue.objects.all() if row.computed_at != before.get(row.pk)]
    assert touched
    assert {row.unit for row in touched} == {city.ward}


def test_why_this_number(city: City, repair: Any, frozen: Any) -> None:
    good, late = finished(city, frozen, 1), finished(city, frozen, 72)
    service.work()
    why = service.explain(city.head, "repair.in_time", city.ward, NOVEMBER)
    assert why.digest_matches
    assert [(item.good, item.url) for item in why.inputs] == [
        (True, f"/desk/cases/{good.number}/"), (False, f"/desk/cases/{late.number}/"),
    ]  # fmt: skip
    assert sum(item.counted for item in why.inputs) == why.figure.numerator
    for item in why.inputs:
        assert item.ledger_entry is not None
        assert ledger.entry(item.ledger_entry).verb == "case.moved"
    models.MeasureValue.objects.update(digest="0" * 64)
    assert not service.explain(city.head, "repair.in_time", city.ward, NOVEMBER).digest_matches


def test_who_may_ask_why(city: City, repair: Any, frozen: Any) -> None:
    finished(city, frozen, 1)
    service.work()
    service.explain(city.leader, "repair.in_time", city.ward, NOVEMBER)
    for actor, error in ((ANONYMOUS, NotSignedIn), (city.officer, Denied), (city.stranger, Denied)):
        with pytest.raises(error):
            service.explain(actor, "repair.in_time", city.ward, NOVEMBER)
    with pytest.raises(NotFound):
        service.explain(city.head, "repair.in_time", city.ward, date(2020, 1, 1))
    with pytest.raises(NotFound):
        service.values(ANONYMOUS, "nothing.here")


def test_a_measure_that_is_not_public(city: City, repair: Any, frozen: Any) -> None:
    hidden = replace(repair["repair.in_time"], key="repair.hidden", public=False)
    repair.add(hidden.key, hidden)
    assert service.values(city.leader, hidden.key) == []
    for actor, error in ((ANONYMOUS, NotSignedIn), (city.officer, Denied)):
        with pytest.raises(error):
            service.values(actor, hidden.key)


def test_a_period_is_closed_into_the_ledger_and_corrected(city: City, repair: Any, frozen: Any) -> None:
    late = finished(city, frozen, 72)
    service.work()
    assert service.close_periods() == 0  # November is still running
    frozen.at = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
    assert service.close_periods() == 4  # in time, response, reopened, received; nobody rated
    assert service.close_periods() == 0
    ref = ObjectRef("measure", "repair.in_time/2026-11-01")
    (entry,) = ledger.entries(ref)
    assert (entry.verb, entry.facts["value"], entry.facts["n"], entry.facts["units"]) == ("measure.closed", 0.0, 1, 1)
    (point,) = service.city_series(ANONYMOUS, "repair.in_time", NOVEMBER, NOVEMBER)
    assert point.ledger_entry == entry.id
    secret = (cases.reporter_contact(SYSTEM, late.id) or ("", ""))[1]
    finished(city, frozen, 1)
    service.work()
    step(ANONYMOUS, late, "content", {"rating": 2}, secret=secret)
    service.work()
    assert service.close_periods() > 0
    verbs = [entry.verb for entry in ledger.entries(ObjectRef("measure", "repair.satisfaction/2026-11-01"))]
    assert verbs == ["measure.closed"]
