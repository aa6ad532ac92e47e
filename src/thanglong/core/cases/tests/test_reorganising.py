"""A ward is divided on New Year's Day: what becomes of its people, its open and its closed cases."""

import random
import re
import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson
import pytest
from django.db import connection
from shapely.geometry import box, mapping

from thanglong.core.cases import models, service
from thanglong.core.cases.tests.scene import City
from thanglong.core.cases.types import BulkCase, Case, Place, QueueFilter
from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import ObjectRef
from thanglong.core.people import service as people
from thanglong.core.places import service as places
from thanglong.core.places.types import Reorganisation
from thanglong.kit import clock
from thanglong.kit.errors import Conflict, NotFound
from thanglong.kit.ports import SYSTEM
from thanglong.stores.bulk import TOGETHER

DAY, EVE = date(2027, 1, 1), date(2026, 12, 31)
MIDNIGHT = datetime(2026, 12, 31, 17, 1, tzinfo=UTC)
# Cửa Nam (105.0 to 105.2) goes to a new ward (west, 70 %) and to Hoàn Kiếm
BODY = {
    "act": {
        "number": "12/NQ-HĐND", "title": "Nghị quyết chia phường", "issuer": "HĐND thành phố",
        "signed_on": "2026-11-01", "effective_on": "2027-01-01",
    },
    "units": [
        {"code": "00100", "name": "Phường Ba Đình", "boundary": mapping(box(105.0, 21.0, 105.1, 21.1))},
        {"code": "00071", "name": "Phường Hoàn Kiếm", "boundary": mapping(box(105.1, 21.0, 105.4, 21.1))},
    ],
    "mapping": [{"old": "00070", "new": "00100", "share": 0.7}, {"old": "00070", "new": "00071", "share": 0.3}],
}  # fmt: skip


def drafted() -> Reorganisation:
    return places.draft(SYSTEM, places.read_reorganisation(orjson.dumps(BODY), "a.json"))


def reported(city: City, subject: str, lon: float | None) -> Case:
    place = Place(lon, 21.05, "12 Hàng Bông") if lon is not None else None
    return service.open_case(
        city.officer, "repair", {"kind": "lamp", "where": "ngõ 12"}, key=None, unit=city.ward, subject=subject, place=place
    )  # fmt: skip


@pytest.fixture
def year(city: City, frozen: clock.Frozen) -> dict[str, Case]:
    found = {
        "west": reported(city, "Đèn phía tây", 105.05),
        "east": reported(city, "Đèn phía đông", 105.15),
        "nowhere": reported(city, "Đèn không rõ chỗ", None),
        "closed": reported(city, "Đèn đã sửa", 105.15),
    }
    closed = found["closed"]
    service.act(city.officer, closed.id, "refuse", {"reason": "Không phải đèn của phường."}, version=closed.version)
    found["west"] = service.assign(city.head, found["west"].id, city.officer.id, version=1)
    found["east"] = service.assign(city.head, found["east"].id, city.officer.id, version=1)
    return found


def unit_named(name: str) -> Any:
    return next(unit for unit in places.wards(DAY) if unit.name == name)


def test_the_preview_counts_what_will_move(city: City, year: dict[str, Case]) -> None:
    view = places.preview(SYSTEM, drafted().id)
    assert view.ok, list(map(str, view.problems))
    found = {line.key: (line.count, line.unsure, line.moves) for line in view.affected}
    assert found["cases.open"] == (3, 1, True)
    assert found["cases.closed"] == (1, 0, False)
    assert found["memberships"] == (3, 3, True)


def test_people_may_work_from_the_first_minute(city: City, frozen: clock.Frozen, year: dict[str, Case]) -> None:
    reform = drafted()
    places.decide(SYSTEM, reform.id, version=1)
    new = unit_named("Phường Ba Đình").id
    assert {item.account.username for item in people.members(city.ward, on=EVE)} == {"head", "officer", "second"}
    assert {item.account.username for item in people.members(new, on=DAY)} == {"head", "officer", "second"}
    assert people.members(new, on=EVE) == people.members(city.ward, on=DAY) == []
    assert people.access.allowed(city.officer, "cases.act", city.ward)
    assert not people.access.allowed(city.officer, "cases.act", new), "not before the day"
    frozen.at = MIDNIGHT
    assert people.access.allowed(city.officer, "cases.act", new)
    assert not people.access.allowed(city.officer, "cases.act", city.other)
    assert people.access.allowed(city.officer, "cases.view", city.ward), "the old ward's files go with it"


def test_open_cases_follow_and_closed_ones_stay(city: City, frozen: clock.Frozen, year: dict[str, Case]) -> None:
    reform = drafted()
    places.decide(SYSTEM, reform.id, version=1)
    frozen.at = MIDNIGHT
    assert places.enforce_due() == 1
    new = unit_named("Phường Ba Đình").id
    now = {name: service.case(city.leader, case.id).case for name, case in year.items()}
    assert {name: case.unit for name, case in now.items()} == {
        "west": new, "east": city.other, "nowhere": new, "closed": city.ward
    }  # fmt: skip
    for name in ("west", "east", "nowhere"):
        before, after = year[name], now[name]
        assert (after.number, after.due_at, after.state, after.opened_at) == (
            before.number, before.due_at, before.state, before.opened_at
        )  # fmt: skip
        assert after.version == before.version + 1
        entries = ledger.entries(ObjectRef("case", str(after.id)))
        assert entries[-1].verb == "case.rehomed"
        assert after.ledger_entry == entries[-1].id
        told = service.case(city.leader, after.id).events[-1]
        assert (told.verb, told.public) == ("rehomed", True)
    assert now["west"].assignee == city.officer.id, "who may act in the new ward stays in charge"
    assert now["east"].assignee is None, "who may not, does not"
    waiting = places.reviews(SYSTEM, reform.id)
    placed = [item for item in waiting if item.kind == "cases"]
    assert [item.label for item in placed] == [f"{now['nowhere'].number} · Đèn không rõ chỗ"]
    assert len([item for item in waiting if item.kind == "people"]) == 3
    assert places.finish_review(SYSTEM, placed[0].id).done_at is not None
    assert places.finish_review(SYSTEM, placed[0].id).done_at is not None, "a double click"
    assert len(places.reviews(SYSTEM, reform.id)) == 3


def test_closed_cases_are_found_from_old_and_new_units(city: City, frozen: clock.Frozen, year: dict[str, Case]) -> None:
    places.decide(SYSTEM, drafted().id, version=1)
    frozen.at = MIDNIGHT
    places.enforce_due()
    old = year["closed"]
    for actor in (city.officer, city.stranger, city.leader):
        page = service.queue(actor, QueueFilter(bucket="closed"))
        assert [case.id for case in page.items] == [old.id]
        assert service.case(actor, old.number).case.unit == city.ward
        assert [case.id for case in service.search(actor, "Đèn đã sửa")] == [old.id]
    for unit in (city.ward, city.other, unit_named("Phường Ba Đình").id):
        page = service.queue(city.leader, QueueFilter(bucket="closed", unit=unit))
        assert [case.id for case in page.items] == [old.id]
        assert old.id in {case.id for case in service.listed(["repair"], units=[unit])}
    with pytest.raises(NotFound):
        service.case(city.stranger, year["west"].id)


def test_undone_in_time_nobody_has_moved(city: City, frozen: clock.Frozen, year: dict[str, Case]) -> None:
    before = [people.history(actor.id) for actor in (city.head, city.officer) if actor.id]
    decided = places.decide(SYSTEM, drafted().id, version=1)
    assert [people.history(actor.id) for actor in (city.head, city.officer) if actor.id] != before
    places.undo(SYSTEM, decided.id, version=decided.version)
    assert [people.history(actor.id) for actor in (city.head, city.officer) if actor.id] == before
    frozen.at = MIDNIGHT
    assert places.enforce_due() == 0
    assert service.case(city.leader, year["east"].id).case.unit == city.ward


def test_a_post_in_a_new_ward_stands_in_the_way_of_undoing(city: City, frozen: clock.Frozen) -> None:
    decided = places.decide(SYSTEM, drafted().id, version=1)
    account = city.stranger.id
    assert account is not None
    people.grant(SYSTEM, account, "officer", unit_named("Phường Ba Đình").id, DAY)
    with pytest.raises(Conflict):
        places.undo(SYSTEM, decided.id, version=decided.version)


def test_who_left_in_the_meantime_does_not_come_back(city: City, frozen: clock.Frozen) -> None:
    decided = places.decide(SYSTEM, drafted().id, version=1)
    account = city.second.id
    assert account is not None
    old = people.history(account)[0]
    frozen.at += timedelta(days=2)
    people.end(SYSTEM, old.id, last_day=date(2026, 12, 1))
    places.undo(SYSTEM, decided.id, version=decided.version)
    assert [(item.unit, item.valid_to) for item in people.history(account)] == [(city.ward, date(2026, 12, 1))]


def test_what_comes_late_follows_late(city: City, frozen: clock.Frozen, year: dict[str, Case]) -> None:
    reform = places.decide(SYSTEM, drafted().id, version=1)
    frozen.at = MIDNIGHT
    places.enforce_due()
    late = reported(city, "Đơn gửi vào phường cũ", 105.15)
    assert places.waiting(SYSTEM, reform.id) == {"cases": 1}
    assert places.follow_up() == 1
    assert service.case(city.leader, late.id).case.unit == city.other
    assert places.follow_up() == 0


def lamps(city: City, many: int) -> None:
    rng = random.Random(7)
    service.bulk_load([
        BulkCase(
            "repair", city.ward, f"Đèn {at}", {"kind": "lamp", "where": "ngõ"}, clock.now(), city.officer,
            place=Place(105.0 + rng.random() * 0.2, 21.0 + rng.random() * 0.1, "") if at % 10 else None,
        )
        for at in range(many)
    ])  # fmt: skip


@pytest.mark.parametrize("many", [100, 900])
def test_statements_do_not_grow_with_the_cases(city: City, frozen: clock.Frozen, many: int) -> None:
    """Tables with triggers are written by one statement for a thousand rows: row by row the word index of SQLite was
    merged again with each, and 20,000 cases took 58 times as long."""
    lamps(city, many)
    places.decide(SYSTEM, drafted().id, version=1)
    frozen.at = MIDNIGHT
    sent: Counter[str] = Counter()

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if match := re.match(r'(?:INSERT INTO|UPDATE) "?(cases_case|cases_event|ledger_entry)\b', sql):
            sent[match[1]] += len(params) if many else 1
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        places.enforce_due()
    assert models.Event.objects.filter(verb="rehomed").count() == many
    assert sent["cases_case"] <= 3
    assert sent["cases_event"] <= 3
    together = 6 + many // TOGETHER
    assert sent["ledger_entry"] <= together, "over the ledger lies no word index: a statement for so many rows"
    found = service.queue(city.leader, QueueFilter(text="Đèn", unit=city.other))
    assert found.items, "the word index went along"


@pytest.mark.slow
def test_many_cases_in_one_transaction(city: City, frozen: clock.Frozen) -> None:
    """5,000 open cases: none lost, none twice, none left in a unit that has ended, each with its ledger entry."""
    many = 5_000
    lamps(city, many)
    numbers = set(models.Case.objects.values_list("number", flat=True))
    due = dict(models.Case.objects.values_list("id", "due_at"))
    reform = places.decide(SYSTEM, drafted().id, version=1)
    frozen.at = MIDNIGHT
    begun = time.process_time()
    places.enforce_due()
    spent = time.process_time() - begun
    print(f"RESULT open cases moved per CPU second: {many / spent:,.0f}")
    assert models.Case.objects.filter(unit=city.ward).count() == 0
    assert set(models.Case.objects.values_list("number", flat=True)) == numbers
    assert dict(models.Case.objects.values_list("id", "due_at")) == due
    assert models.Event.objects.filter(verb="rehomed").count() == many
    assert models.Event.objects.filter(verb="rehomed").values("ledger_entry").distinct().count() == many
    assert places.reorganisation(SYSTEM, reform.id).open_reviews == many // 10 + 3
