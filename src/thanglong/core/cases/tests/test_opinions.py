"""Other units are asked at once, answer each in their own time, and see only what they were asked about."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from thanglong.core.cases import service
from thanglong.core.cases.service import catalogue
from thanglong.core.cases.tests.dossier_scene import PERMIT, paper, permit
from thanglong.core.cases.tests.helpers import step, verbs
from thanglong.core.cases.tests.scene import City
from thanglong.core.cases.types import Case, Duration, Opinion, OpinionAsk, OpinionRule
from thanglong.kit.errors import Conflict, Denied, Invalid, NotFound, NotSignedIn
from thanglong.kit.ports import ANONYMOUS, SYSTEM


@pytest.fixture
def city(city: City) -> City:
    service.register(PERMIT)
    return city


def rules(monkeypatch: pytest.MonkeyPatch, rule: OpinionRule) -> None:
    changed = replace(PERMIT, version=2, opinions=rule)
    monkeypatch.setitem(catalogue._registered, ("permit", 2), changed)
    monkeypatch.setitem(catalogue._newest, "permit", changed)


def ask(city: City, case: Case, *units: Any, **given: Any) -> list[Opinion]:
    asks = [OpinionAsk(unit, "Có hợp quy hoạch không?") for unit in units or (city.other,)]
    return service.ask_opinions(given.pop("actor", city.officer), case.id, asks, version=case.version)


def now(city: City, case: Case) -> Case:
    return service.case(city.head, case.id).case


def test_a_question_and_its_answer(city: City, frozen: Any) -> None:
    case = step(city.officer, permit(city, documents=[paper("drawing").id]), "take")
    due = case.due_at
    (opinion,) = ask(city, case)
    assert now(city, case).paused == "body"
    assert [item.number for item in service.opinions_asked(city.stranger)] == [case.number]
    assert service.opinions_asked(city.officer) == []
    detail = service.case(city.head, case.id)
    assert detail.blocked["grant"] == ["Còn chờ ý kiến của đơn vị khác."]
    with pytest.raises(Invalid, match="still awaited"):
        step(city.officer, detail.case, "grant")
    frozen.advance(days=1)
    given = service.answer_opinion(city.stranger, opinion.id, "agree", "Hợp quy hoạch")
    assert (given.state, given.verdict, given.late, given.answered_by) == ("answered", "agree", False, "Stranger")
    after = now(city, case)
    assert after.paused == ""
    assert after.due_at is not None
    assert due is not None
    assert after.due_at == due + timedelta(days=1)
    assert step(city.officer, after, "grant").state == "granted"
    assert verbs(case)[2:-1] == ["case.opinion_asked", "case.paused", "case.opinion_given", "case.resumed"]
    assert service.opinions_asked(city.stranger) == []


def test_the_asked_unit_sees_the_case_and_nobody_behind_it(city: City) -> None:
    case = step(city.officer, permit(city, documents=[paper("drawing").id]), "take")
    other = permit(city)
    with pytest.raises(NotFound):
        service.case(city.stranger, case.id)
    service.message(city.officer, case.id, "Chủ nhà khó tính", public=False)
    ask(city, case)
    detail = service.case(city.stranger, case.number)
    assert (detail.guest, detail.contact, detail.actions, len(detail.opinions)) == (True, None, (), 1)
    assert "note" not in {event.verb for event in detail.events}
    found, content, _ = service.document_content(city.stranger, detail.documents[0].id)
    assert content.read().startswith(b"%PDF")
    with pytest.raises(NotFound):
        service.case(city.stranger, other.id)
    with pytest.raises(Denied):
        step(city.stranger, detail.case, "grant")
    assert case.number not in {item.number for item in service.queue(city.stranger, service_filter()).items}


def service_filter() -> Any:
    from thanglong.core.cases.types import QueueFilter

    return QueueFilter()


def test_who_may_ask_and_answer(city: City) -> None:
    case = permit(city)
    for actor, error in ((city.stranger, NotFound), (city.leader, Denied), (ANONYMOUS, NotSignedIn)):
        with pytest.raises(error):
            ask(city, case, actor=actor)
    (opinion,) = ask(city, case)
    for actor, error in ((city.officer, NotFound), (city.leader, Denied), (ANONYMOUS, NotSignedIn)):
        with pytest.raises(error):
            service.answer_opinion(actor, opinion.id, "agree", "Được")
        with pytest.raises(error):
            service.decline_opinion(actor, opinion.id, "Không rõ")
    with pytest.raises(NotFound):
        service.withdraw_opinion(city.stranger, opinion.id)
    with pytest.raises(NotSignedIn):
        service.opinions_asked(ANONYMOUS)


def test_everything_wrong_with_a_question_is_said_at_once(city: City) -> None:
    case = permit(city)
    asks = [OpinionAsk(city.ward, "x"), OpinionAsk(city.other, " ", Duration(0)), OpinionAsk(city.other, "x")]
    with pytest.raises(Invalid) as error:
        service.ask_opinions(city.officer, case.id, asks, version=1)
    assert [fault.field for fault in error.value.faults] == ["0.unit", "1.question", "1.within", "2.unit"]
    with pytest.raises(Invalid):
        service.ask_opinions(city.officer, case.id, [], version=1)
    (opinion,) = ask(city, case)
    with pytest.raises(Invalid):
        ask(city, now(city, case))
    with pytest.raises(Invalid) as error:
        service.answer_opinion(city.stranger, opinion.id, "perhaps", " ")
    assert [fault.field for fault in error.value.faults] == ["verdict", "text"]
    with pytest.raises(Invalid):
        service.decline_opinion(city.stranger, opinion.id, " ")
    with pytest.raises(Conflict):
        ask(city, case)


def test_all_must_answer(city: City) -> None:
    case = permit(city)
    first, second = ask(city, case, city.other, city.city)
    service.decline_opinion(city.stranger, first.id, "Ngoài thẩm quyền")
    assert now(city, case).paused == "body"
    service.withdraw_opinion(city.officer, second.id)
    assert now(city, case).paused == ""
    with pytest.raises(Conflict):
        service.answer_opinion(city.stranger, first.id, "agree", "Được")
    assert {"case.opinion_declined", "case.opinion_withdrawn"} <= set(verbs(case))


def test_one_answer_is_enough_where_the_type_says_so(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    rules(monkeypatch, OpinionRule(waits="any", pauses=True))
    case = permit(city)
    first, _ = ask(city, case, city.other, city.city)
    service.answer_opinion(city.stranger, first.id, "remarks", "Lưu ý thoát nước")
    assert now(city, case).paused == ""


def test_silence(city: City, frozen: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    case = permit(city)
    (opinion,) = ask(city, case)
    frozen.at = opinion.due_at + timedelta(minutes=1)
    service.sweep()
    service.sweep()
    assert verbs(case).count("case.opinion_late") == 1
    (late,) = service.case(city.head, case.id).opinions
    assert (late.state, late.late) == ("asked", True)
    assert now(city, case).paused == "body"  # silence says nothing here
    assert service.answer_opinion(city.stranger, opinion.id, "agree", "Muộn").late
    rules(monkeypatch, OpinionRule(Duration(1), pauses=True, silence="consent", basis="Law 1, article 2"))
    case = permit(city)
    (opinion,) = ask(city, case)
    frozen.at = opinion.due_at + timedelta(minutes=1)
    service.sweep()
    (silent,) = service.case(city.head, case.id).opinions
    assert (silent.state, silent.verdict, silent.late) == ("silent", "agree", True)
    assert now(city, case).paused == ""
    with pytest.raises(Conflict):
        service.answer_opinion(city.stranger, opinion.id, "object", "Quá muộn")


def test_types_without_opinions(city: City) -> None:
    plain = service.open_case(SYSTEM, "private", {}, key=None, unit=city.ward, subject="x")
    with pytest.raises(Conflict):
        ask(city, plain)
