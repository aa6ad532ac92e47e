"""Lists and cases: what is seen, by whom, in how many queries."""

import random
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from thanglong.core.cases import models, service
from thanglong.core.cases.repository import changes
from thanglong.core.cases.tests.helpers import LAMP, opened, proof, questions, step
from thanglong.core.cases.tests.scene import City
from thanglong.core.cases.types import BulkCase, BulkStep, Place, QueueFilter
from thanglong.core.people.service import access
from thanglong.kit import clock
from thanglong.kit.errors import NotFound, NotSignedIn
from thanglong.kit.ports import ANONYMOUS, Actor


def many(city: City, count: int, seed: int = 1) -> list[Any]:
    """Cases of all ages and states in both wards."""
    rng = random.Random(seed)
    now = clock.now()
    items = []
    for _ in range(count):
        at = now - timedelta(hours=rng.random() * 300)
        officer = Actor("person", city.officer.id, "Officer", city.ward, "officer")
        steps = [BulkStep(at + timedelta(minutes=5), "take", officer)] if rng.random() < 0.7 else []
        if steps and rng.random() < 0.3:
            steps.append(BulkStep(at + timedelta(minutes=9), "ask", officer, {"question": "?"}))
        elif steps and rng.random() < 0.4:
            steps.append(BulkStep(at + timedelta(hours=1), "finish", officer))
        unit = city.ward if rng.random() < 0.6 else city.other
        place = Place(105.8 + rng.random() / 10, 21.0, f"Số {rng.randint(1, 99)} phố Huế")
        items.append(BulkCase("repair", unit, "Nắp hố ga vỡ", LAMP, at, ANONYMOUS, place=place, steps=steps))
    return service.bulk_load(items)


def test_the_queue_shows_only_what_is_in_reach(city: City) -> None:
    many(city, 60)
    for actor, units in (
        (city.officer, {city.ward}),
        (city.stranger, {city.other}),
        (city.leader, {city.ward, city.other}),
    ):
        seen: list[Any] = []
        after = ""
        while True:
            page = service.queue(actor, QueueFilter(limit=7, after=after))
            seen += page.items
            if page.next is None:
                break
            after = page.next
        assert {case.unit for case in seen} == units
        expected = models.Case.objects.filter(unit__in=units, closed_at__isnull=True)
        assert [case.id for case in seen] == sorted({case.id for case in seen}, key=[case.id for case in seen].index)
        assert {case.id for case in seen} == set(expected.values_list("id", flat=True))
        assert sum(page.counts.units.values()) == len(seen)
        assert set(page.counts.units) <= units
    with pytest.raises(NotSignedIn):
        service.queue(ANONYMOUS, QueueFilter())


@pytest.mark.parametrize("bucket", ["late", "today", "soon", "waiting", "new", "mine", "closed"])
def test_buckets_and_counts_agree(city: City, bucket: Any) -> None:
    many(city, 80)
    page = service.queue(city.officer, QueueFilter(bucket=bucket, limit=200))
    if bucket != "closed":
        assert len(page.items) == page.counts.buckets[bucket]
    parts = [
        service.queue(city.officer, QueueFilter(bucket=key, limit=200)) for key in ("late", "today", "soon", "waiting")
    ]
    assert sum(len(part.items) for part in parts) == sum(page.counts.units.values())


def test_the_number_of_queries_does_not_grow(city: City) -> None:
    def queries(work: Any) -> int:
        with access.pinned():  # as the web does for each request
            work()
            with CaptureQueriesContext(connection) as captured:
                work()
        return questions(captured)

    many(city, 10)
    service.queue(city.head, QueueFilter())
    small = [queries(partial(service.queue, actor, QueueFilter())) for actor in (city.head, city.leader)]
    many(city, 120, seed=2)
    large = [queries(partial(service.queue, actor, QueueFilter())) for actor in (city.head, city.leader)]
    assert small == large
    assert large == [2, 2]  # the page and its counts
    case = opened(city)
    service.case(city.head, case.id)  # the first look within the hour is put on record
    first = queries(lambda: service.case(city.head, case.id))
    case = step(city.officer, case, "take")
    step(city.officer, case, "finish", documents=proof(city.officer))
    for _ in range(30):
        service.message(city.officer, case.id, "x", public=False)
    assert queries(lambda: service.case(city.head, case.id)) == first
    assert first == 8
    assert queries(lambda: service.public_case(case.number)) <= 5


def test_a_case_is_hidden_outside_the_reach(city: City) -> None:
    case = opened(city)
    assert service.case(city.leader, case.id).actions == ()
    assert [action.key for action in service.case(city.officer, case.number.lower()).actions] == [
        "take", "refuse", "second_look", "urgent",
    ]  # fmt: skip
    assert service.case(city.leader, case.id).contact is None
    contact = service.case(city.officer, case.id).contact
    assert contact is not None
    assert contact.phone == "0912345678"
    with pytest.raises(NotFound):
        service.case(city.stranger, case.id)
    with pytest.raises(NotSignedIn):
        service.case(ANONYMOUS, case.id)


def test_the_public_face(city: City) -> None:
    case = step(city.officer, opened(city), "take")
    public = service.public_case(case.number)
    assert public.case.data == {"kind": "lamp"}
    assert public.case.assignee is None
    assert all(event.actor_id is None and not event.actor_label for event in public.events)
    assert "Officer" not in str(public)
    hidden = service.open_case(city.officer, "private", {}, key=None, unit=city.ward, subject="x")
    with pytest.raises(NotFound):
        service.public_case(hidden.number)
    assert service.public_case(hidden.number, secret=hidden.secret).mine
    with pytest.raises(NotFound):
        service.case_by_secret(hidden.number, "")


def test_searching_needs_no_marks_and_stays_in_reach(city: City) -> None:
    mine = opened(city, subject="Nắp hố ga vỡ")
    other = opened(city, subject="Nắp hố ga vỡ", unit=city.other)
    assert [case.id for case in service.search(city.officer, "nap ho ga tho nhuom")] == [mine.id]
    assert [case.id for case in service.search(city.officer, mine.number)] == [mine.id]
    assert service.search(city.officer, other.number) == []
    assert {case.id for case in service.search(city.leader, "hố ga")} == {mine.id, other.id}
    assert service.search(city.officer, "%") == []
    with pytest.raises(NotSignedIn):
        service.search(ANONYMOUS, "x")


def test_near(city: City) -> None:
    here = opened(city, place=Place(105.84, 21.02))
    opened(city, place=Place(105.84, 21.03))
    opened(city, place=None)
    assert [case.id for case in service.near(105.8401, 21.0201, 50, "repair")] == [here.id]
    assert len(service.near(105.84, 21.02, 1200)) == 2


def test_the_change_log_is_complete_and_in_order(city: City) -> None:
    start = service.last_change()
    case = step(city.officer, opened(city), "take")
    many(city, 20)
    found = service.changes(start)
    assert [change.seq for change in found] == sorted(change.seq for change in found)
    assert found[0].case_id == case.id
    assert found[-1].seq == service.last_change()
    paged: list[Any] = []
    while part := service.changes(paged[-1].seq if paged else start, 7):
        paged += part
    assert paged == found


def test_a_gap_is_waited_for(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(city)
    second = models.Event.objects.get()
    monkeypatch.setattr(changes, "_missing", {})
    moment = [100.0]
    monkeypatch.setattr(clock, "monotonic", lambda: moment[0])
    # the log was read up to two before: one number is missing, as if its transaction had not committed yet
    before = second.seq - 2
    if before > 0:
        assert service.changes(before) == []
        moment[0] += changes.PATIENCE + 1
        assert [change.seq for change in service.changes(before)] == [second.seq]


def test_bulk_load_runs_the_same_rules(city: City, frozen: Any) -> None:
    at = frozen.at
    case = opened(city, "one")
    frozen.advance(minutes=5)
    case = step(city.officer, case, "take")
    frozen.at = at
    (twin,) = service.bulk_load([
        BulkCase("repair", city.ward, "Đèn tắt", LAMP, at, ANONYMOUS, place=Place(105.84, 21.02, "Ngõ 32 Thợ Nhuộm"),
                 steps=[BulkStep(at + timedelta(minutes=5), "take", city.officer)]),
    ])  # fmt: skip
    for name in ("state", "kind", "due_at", "version", "assignee", "responded_at", "opened_at", "state_since", "data"):
        assert getattr(twin, name) == getattr(case, name), name
    mine, its = service.timeline(case.id), service.timeline(twin.id)
    assert [(event.text, event.verb, event.at) for event in mine] == [
        (event.text, event.verb, event.at) for event in its
    ]
    assert all(event.ledger_entry for event in its)
    with pytest.raises(ValueError, match="not possible"):
        service.bulk_load(
            [BulkCase("repair", city.ward, "x", LAMP, at, ANONYMOUS, steps=[BulkStep(at, "finish", city.officer)])]
        )
