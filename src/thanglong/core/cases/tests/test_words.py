"""The word index: marks or none, in the reader's reach, kept by the database itself."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from thanglong.core.cases import models, service
from thanglong.core.cases.tests.helpers import opened, questions
from thanglong.core.cases.tests.scene import City
from thanglong.core.cases.types import BulkCase, QueueFilter
from thanglong.kit.ports import SYSTEM, Actor
from thanglong.stores import words


def numbers(actor: Actor, text: str) -> list[str]:
    return [case.number for case in service.search(actor, text)]


def test_words_with_and_without_marks(city: City) -> None:
    first = opened(city, subject="Đèn đường tắt ở ngõ Hoà Bình")
    second = opened(city, subject="Ổ gà trước cổng trường")
    for text in ("đèn đường", "den duong", "DUONG den", "hòa bình", "hoa bin", first.number, first.number.lower()):
        assert numbers(city.officer, text) == [first.number], text
    assert numbers(city.officer, "Thợ Nhuộm") == [second.number, first.number]  # the newest first
    assert numbers(city.officer, "den truong") == []
    assert numbers(city.officer, '"; -- ') == []
    found = service.queue(city.officer, QueueFilter(text="o ga")).items
    assert [case.number for case in found] == [second.number]


def test_only_in_reach_and_after_a_transfer(city: City) -> None:
    case = opened(city, subject="Cây đổ")
    assert numbers(city.stranger, "cay do") == []
    assert numbers(city.leader, "cay do") == [case.number]
    service.transfer(city.head, case.id, city.other, "Bên kia đường", version=1)
    assert numbers(city.stranger, "cay do") == [case.number]
    assert numbers(city.officer, "cay do") == []


def test_loaded_cases_and_a_repair(city: City) -> None:
    item = BulkCase("repair", city.ward, "Nắp cống vỡ", {"kind": "hole", "where": "x"}, opened(city).opened_at, SYSTEM)
    (case,) = service.bulk_load([item])
    assert numbers(city.officer, "nap cong") == [case.number]
    words.rebuild()
    assert numbers(city.officer, "nap cong") == [case.number]
    models.Case.objects.filter(pk=case.id).update(search="khac", unit=city.other)
    assert numbers(city.officer, "nap cong") == []
    assert numbers(city.stranger, "khac") == [case.number]


def test_a_search_asks_a_fixed_number_of_questions(city: City) -> None:
    for _ in range(5):
        opened(city)
    with CaptureQueriesContext(connection) as captured:
        assert len(service.search(city.officer, "den tat")) == 5
    assert questions(captured) == 5  # permissions, units before a reform, the very number, the words, the cases
