"""Actions: who may, what is needed, who was faster, and what follows."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from thanglong.core.cases import models, service
from thanglong.core.cases.service import catalogue
from thanglong.core.cases.tests.helpers import LAMP, opened, proof, step, verbs
from thanglong.core.cases.tests.scene import City
from thanglong.core.cases.types import StateKind
from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import ObjectRef
from thanglong.core.people.models import Account
from thanglong.kit import ports
from thanglong.kit.errors import Conflict, Denied, Invalid, NotFound, NotSignedIn
from thanglong.kit.ports import ANONYMOUS, SYSTEM
from thanglong.stores.jobs.queue import drain


def test_the_whole_way(city: City, frozen: Any) -> None:
    case = opened(city)
    frozen.advance(hours=1)
    case = step(city.officer, case, "take")
    assert (case.state, case.assignee, case.assignee_label) == ("doing", city.officer.id, "Officer")
    assert case.responded_at == frozen.at
    case = step(city.officer, case, "finish", {"cost": "120,5"}, documents=proof(city.officer))
    assert case.kind is StateKind.DONE
    assert case.closed_at == frozen.at
    secret = opened_secret(case)
    case = step(ANONYMOUS, case, "content", {"rating": 5}, secret=secret)
    assert (case.state, case.rating) == ("closed", 5)
    assert verbs(case) == ["case.opened", "case.moved", "case.moved", "case.moved"]
    assert service.case(city.head, case.id).case.data["cost"] == 120.5
    texts = [service.sentence(event) for event in service.timeline(case.id)]
    assert texts[1] == "Phường Cửa Nam began to work."


def opened_secret(case: Any) -> str:
    contact = service.reporter_contact(SYSTEM, case.id)
    assert contact is not None
    return contact[1]


def test_who_may_act(city: City) -> None:
    case = opened(city)
    for actor, error in ((city.stranger, Denied), (city.leader, Denied), (ANONYMOUS, NotSignedIn)):
        with pytest.raises(error):
            step(actor, case, "take")
    with pytest.raises(NotSignedIn):
        step(ANONYMOUS, case, "take", secret=case.secret)  # the reporter's secret opens the reporter's actions only
    case = step(city.officer, case, "take")
    case = step(city.officer, case, "ask", {"question": "Ở đâu?"})
    with pytest.raises(Denied):
        step(city.officer, case, "answer", {"answer": "x"})
    with pytest.raises(NotSignedIn):
        step(ANONYMOUS, case, "answer", {"answer": "x"}, secret="wrong")
    with pytest.raises(NotFound):
        step(city.officer, case, "dance")


def test_somebody_was_faster(city: City, frozen: Any) -> None:
    case = opened(city)
    frozen.advance(minutes=12)
    step(city.officer, case, "take")
    with pytest.raises(Conflict) as error:
        step(city.second, case, "refuse", {"reason": "Không được"})
    assert error.value.params["who"] == "Officer"
    assert error.value.params["what"] == "Take"
    assert error.value.params["when"] == "08:42 16/11/2026"
    assert verbs(case) == ["case.opened", "case.moved"]
    assert len(service.timeline(case.id)) == 2


def test_a_step_that_the_state_does_not_know(city: City) -> None:
    with pytest.raises(Conflict):
        step(city.officer, opened(city), "finish", documents=proof(city.officer))


def test_everything_missing_is_said_at_once(city: City) -> None:
    case = step(city.officer, opened(city), "take")
    with pytest.raises(Invalid) as error:
        step(city.officer, case, "finish", {"cost": "much", "colour": "red"})
    assert sorted(fault.field for fault in error.value.faults) == ["colour", "cost", "proof"]
    with pytest.raises(Invalid) as error:
        step(city.officer, case, "refuse", {"reason": "  "})
    assert [fault.field for fault in error.value.faults] == ["reason"]
    assert verbs(case) == ["case.opened", "case.moved"]


def test_the_proof_must_be_of_the_right_kind(city: City) -> None:
    case = step(city.officer, opened(city), "take")
    paper = service.add_document(city.officer, b"%PDF-1.7 x", "a.pdf", "image/jpeg", kind="proof")
    with pytest.raises(Invalid):
        step(city.officer, case, "finish", documents=[paper.id])
    case = step(city.officer, case, "finish", documents=proof(city.officer))
    entry = max(ledger.entries(ObjectRef("case", str(case.id))), key=lambda item: item.id)
    assert len(entry.facts["documents"]) == 1


def test_guards(city: City) -> None:
    hole = opened(city, data={**LAMP, "kind": "hole"})
    with pytest.raises(Invalid, match="Only lamps"):
        step(city.officer, hole, "urgent")
    lamp = step(city.officer, opened(city), "urgent")
    assert (lamp.state, lamp.version) == ("new", 2)


def test_another_pair_of_eyes(city: City) -> None:
    case = opened(city)
    secret = case.secret
    case = step(city.officer, case, "take")
    case = step(city.officer, case, "finish", documents=proof(city.officer))
    case = step(ANONYMOUS, case, "not_fixed", secret=secret)
    assert (case.state, case.reopened, case.assignee, case.closed_at) == ("new", 1, None, None)
    with pytest.raises(Invalid, match="Somebody else"):
        step(city.officer, case, "second_look")
    assert step(city.second, case, "second_look").state == "doing"


def test_the_clock_stands_still_while_somebody_else_is_asked(city: City, frozen: Any) -> None:
    case = step(city.officer, opened(city), "take")
    assert case.due_at is not None
    frozen.advance(hours=1)  # 09:30: seven office hours are left
    case = step(city.officer, case, "ask", {"question": "Ở đâu?"})
    assert (case.kind, case.due_at) == (StateKind.WAITING, None)
    frozen.at = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)  # Friday 08:00
    case = step(ANONYMOUS, case, "answer", {"answer": "Đây"}, secret=opened_secret(case))
    assert case.due_at == datetime(2026, 11, 20, 9, 30, tzinfo=UTC)  # seven office hours later: 16:30
    clock = service.case(city.head, case.id).clock
    assert [segment.running for segment in clock] == [True, False, True]
    assert clock[0].remaining == 7 * 3600


def test_handing_over(city: City, frozen: Any) -> None:
    case = step(city.officer, opened(city), "take")
    with pytest.raises(Denied):
        service.transfer(city.officer, case.id, city.other, "Không thuộc địa bàn", version=case.version)
    for unit, reason in ((city.ward, "x"), (city.other, " ")):
        with pytest.raises(Invalid):
            service.transfer(city.head, case.id, unit, reason, version=case.version)
    moved = service.transfer(city.head, case.id, city.other, "Bên kia đường", version=case.version)
    assert (moved.unit, moved.state, moved.assignee, moved.due_at) == (city.other, "new", None, case.due_at)
    assert verbs(case)[-1] == "case.transferred"
    with pytest.raises(NotFound):
        service.case(city.head, case.id)
    assert step(city.stranger, moved, "take").state == "doing"
    said = service.sentence(service.timeline(case.id)[-2])
    assert said == "Phường Cửa Nam chuyển việc này cho Phường Hoàn Kiếm: Bên kia đường"
    with pytest.raises(Conflict):
        service.transfer(city.head, opened(city).id, city.other, "x", version=7)


def test_putting_somebody_in_charge(city: City) -> None:
    case = opened(city)
    case = service.assign(city.officer, case.id, city.officer.id, version=1)
    with pytest.raises(Denied):
        service.assign(city.officer, case.id, city.second.id, version=case.version)
    case = service.assign(city.head, case.id, city.second.id, version=case.version)
    assert case.assignee_label == "Second"
    with pytest.raises(Invalid):
        service.assign(city.head, case.id, city.stranger.id, version=case.version)
    with pytest.raises(Conflict):
        service.assign(city.head, case.id, city.officer.id, version=1)
    assert service.assign(city.head, case.id, None, version=case.version).assignee is None
    assert verbs(case) == ["case.opened", "case.assigned", "case.assigned", "case.released"]


def test_many_at_once_stay_apart(city: City) -> None:
    one, two = opened(city), opened(city)
    refused = service.assign_many(city.head, [(one.id, 1), (two.id, 9)], city.officer.id)
    assert [item.case_id for item in refused] == [two.id]
    assert service.case(city.head, one.id).case.assignee == city.officer.id


def test_writing_to_each_other(city: City) -> None:
    case = opened(city)
    for actor, error in ((city.stranger, Denied), (city.leader, Denied), (ANONYMOUS, NotSignedIn)):
        with pytest.raises(error):
            service.message(actor, case.id, "Chào", public=True)
    with pytest.raises(Invalid):
        service.message(city.officer, case.id, " ", public=True)
    service.message(city.officer, case.id, "Chúng tôi đến chiều nay", public=True)
    service.message(city.officer, case.id, "Gọi tổ 6", public=False)
    service.message(ANONYMOUS, case.id, "Cảm ơn", public=True, secret=case.secret)
    with pytest.raises(Denied):
        service.message(ANONYMOUS, case.id, "x", public=False, secret=case.secret)
    assert verbs(case) == ["case.opened", "case.message", "case.note", "case.reply"]
    entries = ledger.entries(ObjectRef("case", str(case.id)))
    assert all("chiều nay" not in str(entry) for entry in entries)
    bodies = {event.body for event in service.case(city.head, case.id).events}
    assert {"Chúng tôi đến chiều nay", "Gọi tổ 6", "Cảm ơn"} <= bodies
    mine = {event.body for event in service.public_case(case.number, secret=case.secret).events}
    assert "Chúng tôi đến chiều nay" in mine
    assert "Gọi tổ 6" not in mine
    assert {event.body for event in service.public_case(case.number).events} == {""}
    assert service.case(city.head, case.id).case.responded_at is not None


def test_time_escalates_and_closes(city: City, frozen: Any) -> None:
    case = opened(city)
    assert service.sweep() == 0
    frozen.at = case.due_at + timedelta(seconds=1) if case.due_at else frozen.at
    assert service.sweep() == 1
    detail = service.case(city.head, case.id)
    assert detail.case.level == 1
    assert service.sweep() == 0
    frozen.advance(days=3)
    service.sweep()
    assert service.case(city.head, case.id).case.level == 2
    assert verbs(case) == ["case.opened", "case.escalated", "case.escalated"]
    case = step(city.officer, service.case(city.head, case.id).case, "take")
    case = step(city.officer, case, "finish", documents=proof(city.officer))
    frozen.advance(days=13)
    assert service.sweep() == 0
    frozen.advance(days=1)
    assert service.sweep() == 1
    closed = service.case(city.head, case.id)
    assert closed.case.state == "closed"
    assert closed.events[-1].actor_kind == "system"
    assert service.sweep() == 0


def test_the_platform_may_take_what_nobody_may(city: City) -> None:
    case = step(city.officer, opened(city), "take")
    case = step(city.officer, case, "finish", documents=proof(city.officer))
    with pytest.raises(Denied):
        step(city.head, case, "close")
    assert step(SYSTEM, case, "close").state == "closed"


def test_the_head_and_city_hall_hear_of_it(city: City, frozen: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    case = opened(city)
    Account.objects.filter(pk=city.head.id).update(email="head@example.org")
    sent: list[Any] = []
    monkeypatch.setattr(ports.plugged, "sender", SimpleNamespace(send=sent.append))
    frozen.at = case.due_at + timedelta(seconds=1) if case.due_at else frozen.at
    service.sweep()
    drain()
    assert [(message.to, case.number in message.subject) for message in sent] == [("head@example.org", True)]


def test_the_type_s_own_code_hears_each_step(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Any] = []
    monkeypatch.setitem(catalogue._hooks, "repair", heard.append)
    case = step(city.officer, opened(city), "take")
    service.transfer(city.head, case.id, city.other, "Bên kia đường", version=case.version)
    assert [(context.action, context.case.state, context.case.unit) for context in heard] == [
        ("", "new", city.ward), ("take", "doing", city.ward), ("transfer", "new", city.other),
    ]  # fmt: skip
    assert heard[0].before is None

    def refuse(context: Any) -> None:
        raise Invalid("no")

    monkeypatch.setitem(catalogue._hooks, "repair", refuse)
    with pytest.raises(Invalid):
        opened(city)
    assert service.last_change() == service.timeline(case.id)[-1].seq  # nothing of it was kept


def test_events_are_only_ever_added(city: City) -> None:
    case = opened(city)
    with pytest.raises(DatabaseError), transaction.atomic():
        models.Event.objects.filter(case_id=case.id).update(text="Something else")
    with pytest.raises(DatabaseError), transaction.atomic():
        models.Event.objects.filter(case_id=case.id).delete()
