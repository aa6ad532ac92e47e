"""Who sees the person behind a case: the handler at once, others after saying why; the reporter reads of every look."""

import pytest
from django.test import Client

from thanglong.core.cases import service
from thanglong.core.cases.tests.dossier_scene import PERMIT, permit
from thanglong.core.cases.tests.helpers import opened, verbs
from thanglong.core.cases.tests.scene import City
from thanglong.core.cases.tests.test_pages import signed_in
from thanglong.core.cases.types import Case, Contact, OpinionAsk
from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import ObjectRef
from thanglong.core.people import service as people
from thanglong.kit import clock
from thanglong.kit.errors import Denied, Invalid, NotFound, NotSignedIn
from thanglong.kit.ports import ANONYMOUS, SYSTEM, Actor

PERSONAL = ("Lan", "lan@example.org", "0912345678")


def secret_of(case: Case) -> str:
    found = service.reporter_contact(SYSTEM, case.id)
    assert found is not None
    return found[1]


def page(client: Client, case: Case) -> str:
    return client.get(f"/desk/cases/{case.number}/").content.decode()


def test_the_handler_sees_it_at_once_and_the_citizen_reads_of_it(city: City) -> None:
    case = opened(city)
    mine = f"/cases/{case.number}/{secret_of(case)}/"
    assert "Chưa có ai xem dữ liệu của bạn" in Client().get(mine).content.decode()
    officer = signed_in(city.officer)
    for _ in range(3):
        text = page(officer, case)
        assert all(word in text for word in PERSONAL)
        assert "do/contact/" not in text
    (look,) = service.who_looked(case.number, secret_of(case))
    assert (look.purpose, look.note, look.unit) == ("để giải quyết hồ sơ", "", "Phường Cửa Nam")
    told = Client().get(mine).content.decode()
    assert "Ai đã xem dữ liệu của bạn" in told
    assert "để giải quyết hồ sơ" in told
    assert look.role in told
    assert city.officer.label not in told


def test_somebody_else_says_why_first(city: City, frozen: clock.Frozen) -> None:
    case = opened(city)
    leader = signed_in(city.leader)
    shut = page(leader, case)
    assert not any(word in shut for word in PERSONAL)
    url = f"/desk/cases/{case.number}/do/contact/"
    assert url in shut
    form = leader.get(url).content.decode()
    assert 'name="purpose" value="complaint"' in form
    assert 'value="handling"' not in form
    wrong = leader.post(url, {"purpose": "handling", "note": "Đơn ngày 3"})
    assert (wrong.status_code, "Đơn ngày 3" in wrong.content.decode()) == (400, True)
    assert leader.post(url, {"purpose": "complaint", "note": ""}).status_code == 400
    assert not any(word in page(leader, case) for word in PERSONAL)
    for _ in range(2):  # a double click is one look
        answer = leader.post(url, {"purpose": "complaint", "note": "Đơn ngày 3 tháng 7"})
        assert (answer.status_code, answer["Location"]) == (303, f"/desk/cases/{case.number}/")
    assert all(word in page(leader, case) for word in PERSONAL)
    assert verbs(case) == ["case.opened", "personal.read"]
    entry = next(item for item in ledger.entries(ObjectRef("case", str(case.id))) if item.verb == "personal.read")
    assert "Đơn" not in str(entry)
    told = Client().get(f"/cases/{case.number}/{secret_of(case)}/").content.decode()
    assert "Đơn ngày 3 tháng 7" in told
    assert city.leader.label not in told
    assert len(service.who_looked(case.id, secret_of(case))) == 1
    frozen.advance(hours=1, seconds=1)
    assert not any(word in page(leader, case) for word in PERSONAL)


def test_a_signed_in_citizen_reads_of_looks_at_their_own_cases(city: City) -> None:
    citizen = people.citizen_of_identity("https://id.example", "079", "Trần Thị Lan")
    case = opened(city, contact=Contact("Lan", "lan@example.org", account=citizen))
    opened(city, contact=Contact("Minh", "minh@example.org"), key="other")
    page(signed_in(city.officer), case)
    told = signed_in(people.actor(citizen)).get("/me/readings/").content.decode()
    assert f"Hồ sơ {case.number}" in told
    assert "để giải quyết hồ sơ" in told
    assert told.count("để giải quyết") == 1
    other = people.citizen_of_identity("https://id.example", "080", "Khác")
    assert case.number not in signed_in(people.actor(other)).get("/me/readings/").content.decode()


def test_forms_need_their_token(city: City) -> None:
    case = opened(city)
    client = Client(enforce_csrf_checks=True)
    client.cookies = signed_in(city.leader).cookies
    url = f"/desk/cases/{case.number}/do/contact/"
    assert client.post(url, {"purpose": "complaint", "note": "Đơn thư"}).status_code == 403
    assert service.case(city.leader, case.id).contact is None


def test_the_rule_stands_in_the_service(city: City) -> None:
    case = opened(city)
    assert service.case(city.leader, case.id).contact_shut
    assert service.reporter_contact(city.leader, case.id) is None
    found = service.reporter_contact(city.officer, case.id)
    assert found is not None
    assert (found[0].phone, found[1]) == ("0912345678", "")  # the secret is the reporter's
    for actor, error in ((city.stranger, NotFound), (ANONYMOUS, NotSignedIn)):
        with pytest.raises(error):
            service.reporter_contact(actor, case.id)
        with pytest.raises(error):
            service.state_purpose(actor, case.id, "complaint", "Đơn thư")
    with pytest.raises(Denied):
        service.state_purpose(SYSTEM, case.id, "complaint", "Đơn thư")
    with pytest.raises(Invalid):
        service.state_purpose(city.leader, case.id, "curiosity", "Đơn thư")
    service.state_purpose(city.officer, case.id, "complaint", "Đơn thư")  # the handler has nothing to say
    assert verbs(case) == ["case.opened"]
    looks = people.readings([f"case:{case.id}"])
    assert [item.purpose for item in looks] == ["handling"]
    with pytest.raises(NotFound):
        service.who_looked(case.id, "wrong")


def test_nothing_is_asked_where_nobody_left_a_name(city: City) -> None:
    case = opened(city, contact=Contact())
    detail = service.case(city.leader, case.id)
    assert (detail.contact, detail.contact_shut) == (None, False)
    service.case(city.officer, case.id)
    assert people.readings([f"case:{case.id}"]) == []


def test_whoever_is_in_charge_is_its_handler(city: City) -> None:
    case = opened(city)
    service.assign(city.head, case.id, city.second.id, version=case.version)
    reader = Actor("person", city.second.id, "Second", role="officer", unit=city.ward)
    assert service.case(reader, case.id).contact is not None


def test_a_unit_asked_for_its_opinion_cannot_open_it(city: City) -> None:
    service.register(PERMIT)
    case = permit(city)
    service.ask_opinions(city.officer, case.id, [OpinionAsk(city.other, "Được không?")], version=case.version)
    assert not service.case(city.stranger, case.id).contact_shut
    with pytest.raises(NotFound):
        service.state_purpose(city.stranger, case.id, "complaint", "Đơn thư")
