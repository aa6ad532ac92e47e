"""The desk's dossier over HTTP, without JavaScript, and the citizen's page of corrections."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from thanglong.core.cases import service
from thanglong.core.cases.tests.dossier_scene import PERMIT, paper, permit
from thanglong.core.cases.tests.helpers import opened, step
from thanglong.core.cases.tests.scene import City
from thanglong.core.cases.tests.test_pages import signed_in
from thanglong.core.cases.types import Case
from thanglong.kit.ports import SYSTEM


@pytest.fixture
def city(city: City) -> City:
    service.register(PERMIT)
    return city


def now(city: City, case: Case) -> Case:
    return service.case(city.head, case.id).case


def test_stopping_the_clock(city: City) -> None:
    case = permit(city)
    client = signed_in(city.officer)
    url = f"/desk/cases/{case.number}/do/pause/"
    assert "Decree 1, article 2" in client.get(url).content.decode()
    bad = client.post(url, {"version": 1, "reason": "force_majeure"})
    assert (bad.status_code, "điều gì đã xảy ra" in bad.content.decode()) == (400, True)
    assert client.post(url, {"version": 1, "reason": "citizen", "note": "Chờ"}).status_code == 303
    text = client.get(f"/desk/cases/{case.number}/").content.decode()
    assert "Đồng hồ dừng" in text
    assert client.post(url, {"version": now(city, case).version}).status_code == 303
    assert now(city, case).paused == ""
    assert client.get(f"/desk/cases/{case.number}/do/dance/").status_code == 404
    assert signed_in(city.stranger).get(url).status_code == 404


def test_a_return_and_the_citizen_s_answer(city: City) -> None:
    case = step(city.officer, permit(city, documents=[paper("drawing").id]), "take")
    client = signed_in(city.officer)
    url = f"/desk/cases/{case.number}/do/return/"
    assert client.get(url).status_code == 200
    entered = {
        "version": case.version, "about_0": "document", "target_0": "drawing", "wrong_0": "Thiếu mặt cắt",
        "remedy_0": "", "about_1": "field", "target_1": "floors", "wrong_1": "Sai số tầng", "remedy_1": "Ghi lại",
    }  # fmt: skip
    bad = client.post(url, entered)
    assert (bad.status_code, "Thiếu mặt cắt" in bad.content.decode()) == (400, True)
    assert client.post(url, {**entered, "remedy_0": "Nộp lại"}).status_code == 303
    contact = service.reporter_contact(SYSTEM, case.id)
    assert contact is not None
    page = f"/cases/{case.number}/{contact[1]}/"
    citizen = Client()
    text = citizen.get(page).content.decode()
    assert all(word in text for word in ("Thiếu mặt cắt", "Sai số tầng", "Nộp lại"))
    drawing, floors = (finding.id for finding in service.case(city.head, case.id).returns[0].findings)
    wrong = citizen.post(page, {f"value_{floors}": "99"})
    assert (wrong.status_code, 'value="99"' in wrong.content.decode()) == (400, True)
    upload = SimpleUploadedFile("ve.pdf", b"%PDF-1.7 moi", "application/pdf")
    done = citizen.post(page, {f"value_{floors}": "5", f"file_{drawing}": upload})
    assert (done.status_code, done["Location"]) == (303, f"{page}?sent=1")
    assert (now(city, case).state, now(city, case).data["floors"]) == ("review", 5)
    assert "Thiếu mặt cắt" not in citizen.get(page).content.decode()
    assert citizen.get(f"/cases/{case.number}/wrong/").status_code == 404


def test_the_head_decides_on_a_second_return(city: City) -> None:
    case = step(city.officer, permit(city, documents=[paper("drawing").id]), "take")
    client = signed_in(city.officer)
    url = f"/desk/cases/{case.number}/do/return/"
    fault = {"about_0": "other", "wrong_0": "Thiếu", "remedy_0": "Bổ sung"}
    client.post(url, {**fault, "version": case.version})
    contact = service.reporter_contact(SYSTEM, case.id)
    assert contact is not None
    (finding,) = service.case(city.head, case.id).returns[0].findings
    Client().post(f"/cases/{case.number}/{contact[1]}/", {f"text_{finding.id}": "Đây"})
    again = {**fault, "about_0": "field", "target_0": "floors", "version": now(city, case).version, "reason": "Bỏ sót"}
    assert client.post(url, again).status_code == 303
    head = signed_in(city.head)
    assert "Bỏ sót" in head.get(f"/desk/cases/{case.number}/").content.decode()
    assert head.post(url, {"version": now(city, case).version, "decide": "approve"}).status_code == 303
    assert now(city, case).state == "returned"


def test_asking_and_answering(city: City) -> None:
    case = permit(city)
    client, stranger = signed_in(city.officer), signed_in(city.stranger)
    url = f"/desk/cases/{case.number}/do/opinions/"
    assert "Hoàn Kiếm" in client.get(f"{url}?q=hoan").content.decode()
    data = {"version": 1, "unit": str(city.other), "question": "Có hợp quy hoạch không?"}
    assert client.post(url, data).status_code == 303
    assert "Có hợp quy hoạch không?" in stranger.get("/desk/opinions/").content.decode()
    assert stranger.get(f"/desk/cases/{case.number}/").status_code == 200
    (opinion,) = service.case(city.head, case.id).opinions
    bad = stranger.post(f"/desk/opinions/{opinion.id}/", {"verdict": "agree", "text": ""})
    assert bad.status_code == 400
    assert stranger.post(f"/desk/opinions/{opinion.id}/", {"verdict": "agree", "text": "Hợp"}).status_code == 303
    assert "Hợp" in client.get(f"/desk/cases/{case.number}/").content.decode()


def test_links_and_buttons_that_cannot_be_pressed(city: City) -> None:
    one, two = opened(city), opened(city)
    client = signed_in(city.officer)
    url = f"/desk/cases/{one.number}/do/links/"
    assert client.get(url).status_code == 200
    assert client.post(url, {"version": 1, "kind": "blocks", "other": "SC-26-999999"}).status_code == 404
    assert client.post(url, {"version": 1, "kind": "blocks", "other": two.number}).status_code == 303
    step(city.officer, two, "take")
    text = client.get(f"/desk/cases/{two.number}/").content.decode()
    assert f"{one.number} phải xong trước." in text
    assert "disabled" in text
    (link,) = service.case(city.head, one.id).links
    assert client.post(url, {"version": 2, "unlink": link.id}).status_code == 303
