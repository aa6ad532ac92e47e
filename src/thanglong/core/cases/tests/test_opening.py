"""Opening: once per key, numbered, due, told, and written down."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections

from thanglong.core.cases import models, service
from thanglong.core.cases.repository import numbers
from thanglong.core.cases.tests.helpers import LAMP, opened, picture, verbs
from thanglong.core.cases.tests.scene import City
from thanglong.core.cases.types import Contact
from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import ObjectRef
from thanglong.kit.errors import Denied, Invalid, NotFound, NotSignedIn
from thanglong.kit.ports import ANONYMOUS


def test_a_case_is_numbered_due_told_and_written_down(city: City) -> None:
    case = opened(city)
    assert case.number == "SC-26-000001"
    assert opened(city).number == "SC-26-000002"
    assert case.due_at == datetime(2026, 11, 17, 1, 30, tzinfo=UTC)  # eight office hours from Monday 08:30
    assert case.version == 1
    (event,) = service.timeline(case.id)
    assert service.sentence(event) == "Phường Cửa Nam đã tiếp nhận."
    assert verbs(case) == ["case.opened"]


def test_personal_values_enter_the_ledger_as_commitments_only(city: City) -> None:
    case = opened(city)
    (entry,) = ledger.entries(ObjectRef("case", str(case.id)))
    assert set(entry.commitments) == {"name", "email", "phone"}
    assert "0912345678" not in str(entry)
    assert "Lan" not in str(entry.facts)


def test_every_fault_of_the_form_is_listed(city: City) -> None:
    data = {"kind": "tree", "where": "x", "cost": "much", "count": 20, "what": 1}
    with pytest.raises(Invalid) as error:
        opened(city, data=data, subject=" ")
    assert [fault.field for fault in error.value.faults] == ["subject", "cost", "count", "kind", "what", "where"]
    with pytest.raises(Invalid) as error:
        opened(city, data={})
    assert [(fault.field, fault.text) for fault in error.value.faults] == [
        ("kind", "Please fill this in."), ("where", "Please fill this in."),
    ]  # fmt: skip
    assert models.Case.objects.count() == 0


def test_who_may_open(city: City) -> None:
    def private(actor: Any) -> Any:
        return service.open_case(actor, "private", {}, key=None, unit=city.ward, subject="x")

    assert private(city.officer).number == "RT-26-000001"
    for actor, error in ((city.stranger, Denied), (city.leader, Denied), (ANONYMOUS, NotSignedIn)):
        with pytest.raises(error):
            private(actor)
    with pytest.raises(NotFound):
        service.open_case(city.head, "nothing", {}, key=None, unit=city.ward, subject="x")


def test_the_same_key_gives_the_first_case_with_its_secret(city: City, frozen: Any) -> None:
    first = opened(city, "key-1")
    frozen.advance(days=8)
    again = opened(city, "key-1", subject="Khác", contact=Contact("B"))
    assert (again.id, again.secret, again.subject) == (first.id, first.secret, first.subject)
    assert first.secret
    assert opened(city, "key-2").id != first.id
    assert service.open_case(city.officer, "private", {}, key="key-1", unit=city.ward, subject="x").id != first.id
    assert verbs(first) == ["case.opened"]


def test_numbers_come_back_when_a_case_is_rolled_back(city: City) -> None:
    document = service.add_document(ANONYMOUS, picture(), "a.jpg", "image/jpeg")
    opened(city, documents=[document.id])
    with pytest.raises(Invalid):  # the document belongs to the first case by now
        opened(city, documents=[document.id])
    assert opened(city).number == "SC-26-000002"


def test_a_year_begins_with_number_one(city: City, frozen: Any) -> None:
    frozen.at = datetime(2026, 12, 31, 16, 59, tzinfo=UTC)
    assert opened(city).number == "SC-26-000001"
    frozen.advance(minutes=1)  # midnight in Hà Nội
    assert opened(city).number == "SC-27-000001"


def test_documents_go_with_the_case(city: City) -> None:
    document = service.add_document(None, picture(), "a.jpg", "image/jpeg")
    case = opened(city, documents=[document.id])
    detail = service.case(city.officer, case.number)
    assert [item.id for item in detail.documents] == [document.id]
    (entry,) = ledger.entries(ObjectRef("case", str(case.id)))
    assert entry.facts["documents"] == [document.digest]


def _in_threads(count: int, work: Any) -> list[Any]:
    results: list[Any] = [None] * count
    start = threading.Barrier(count)

    def run(place: int) -> None:
        start.wait()
        try:
            results[place] = work(place)
        except Exception as error:
            results[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.django_db(transaction=True)
def test_two_at_the_same_time_with_one_key_make_one_case(city: City) -> None:
    found = _in_threads(6, lambda place: opened(city, "twin", subject=f"Đèn {place}"))
    assert not [item for item in found if isinstance(item, Exception)], found
    assert len({(case.id, case.number, case.secret) for case in found}) == 1
    assert models.Case.objects.count() == 1
    assert verbs(found[0]) == ["case.opened"]


@pytest.mark.django_db(transaction=True)
def test_many_writers_get_many_numbers_without_a_gap(city: City) -> None:
    found = _in_threads(6, lambda place: [opened(city).number for _ in range(4)])
    assert not [item for item in found if isinstance(item, Exception)], found
    given = sorted(number for part in found for number in part)
    assert len(set(given)) == 24
    if not connection.features.has_select_for_update_skip_locked:
        assert given == [numbers.text("SC", 2026, n) for n in range(1, 25)]
    # on PostgreSQL each writer deals from a block of its own: unique and dense within the blocks
    assert max(int(number[-6:]) for number in given) <= 6 * numbers.BLOCK


def test_the_due_moment_follows_the_first_deadline_that_fits(city: City, frozen: Any) -> None:
    assert opened(city, data={**LAMP, "kind": "hole"}).due_at == datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
    frozen.advance(hours=12)  # in the evening
    lamp = opened(city)
    assert lamp.due_at is not None
    assert lamp.due_at - frozen.at < timedelta(days=2)
