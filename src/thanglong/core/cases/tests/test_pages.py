"""The desk over HTTP: without JavaScript, with htmx, and for those who may not."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from thanglong.core.cases import service
from thanglong.core.cases.tests.helpers import opened, picture, questions, step
from thanglong.core.cases.tests.scene import City
from thanglong.core.people.models import Account
from thanglong.kit.ports import Actor


def signed_in(actor: Actor) -> Client:
    client = Client()
    client.force_login(Account.objects.get(pk=actor.id))
    return client


def test_the_pages_of_a_case(city: City) -> None:
    case = opened(city)
    client = signed_in(city.head)
    base = f"/desk/cases/{case.number}/"
    for url in ("/desk/", "/desk/?show=late", "/desk/?select=1", "/desk/?type=repair&unit=x", "/desk/search/?q=den", base,
                f"{base}act/refuse/", f"{base}act/take/", f"{base}transfer/?q=hoan", f"{base}assign/", f"{base}message/",
                "/desk/unit/", "/desk/unit/?week=2026-11-09"):  # fmt: skip
        response = client.get(url)
        assert response.status_code == 200, url
        assert case.number in response.content.decode() or "unit" in url or "show" in url, url
    assert client.get("/desk/unit/?week=x").status_code == 404


@pytest.mark.parametrize("path", ["", "act/take/", "transfer/", "assign/", "message/"])
def test_a_case_of_another_ward_does_not_exist(city: City, path: str) -> None:
    case = opened(city)
    stranger = signed_in(city.stranger)
    assert stranger.get(f"/desk/cases/{case.number}/{path}").status_code == 404
    assert stranger.post(f"/desk/cases/{case.number}/{path}", {"version": 1}).status_code in (404, 405)
    assert case.number not in stranger.get("/desk/").content.decode()
    assert Client().get(f"/desk/cases/{case.number}/{path}").status_code == 302


def test_taking_a_case_without_javascript(city: City) -> None:
    case = opened(city)
    client = signed_in(city.officer)
    response = client.post(f"/desk/cases/{case.number}/act/take/", {"version": 1})
    assert (response.status_code, response["Location"]) == (303, f"/desk/cases/{case.number}/")
    assert service.case(city.officer, case.id).case.state == "doing"
    assert "began to work" in client.get(response["Location"]).content.decode()


def test_what_was_entered_is_kept_when_somebody_was_faster(city: City) -> None:
    case = opened(city)
    step(city.second, case, "take")
    client = signed_in(city.officer)
    response = client.post(f"/desk/cases/{case.number}/act/refuse/", {"version": 1, "reason": "Đường của tỉnh bạn"})
    text = response.content.decode()
    assert response.status_code == 409
    assert "Đường của tỉnh bạn" in text
    assert "Second" in text
    assert 'name="version" value="2"' in text


def test_a_file_survives_a_form_that_comes_back(city: City) -> None:
    case = step(city.officer, opened(city), "take")
    client = signed_in(city.officer)
    url = f"/desk/cases/{case.number}/act/finish/"
    photo = SimpleUploadedFile("sau.jpg", picture(), "image/jpeg")
    response = client.post(url, {"version": 2, "cost": "nhiều", "file_proof": photo})
    assert response.status_code == 400
    text = response.content.decode()
    kept = text.split('name="kept" value="')[1].split('"')[0]
    assert "sau.jpg" in text
    response = client.post(url, {"version": 2, "cost": "90", "kept": kept})
    assert response.status_code == 303
    detail = service.case(city.officer, case.id)
    assert detail.case.state == "done"
    assert len(detail.documents) == 1
    page = client.get(f"/desk/cases/{case.number}/").content.decode()
    assert f"/files/{detail.documents[0].id}/view/" in page
    file = client.get(f"/files/{detail.documents[0].id}/thumb/")
    assert file["Content-Type"] == "image/webp"
    assert (
        client.get(f"/files/{detail.documents[0].id}/thumb/", headers={"If-None-Match": file["ETag"]}).status_code
        == 304
    )
    assert Client().get(f"/files/{detail.documents[0].id}/original/").status_code == 404


def test_htmx_gets_fragments(city: City) -> None:
    case = opened(city)
    client = signed_in(city.officer)
    response = client.get(f"/desk/cases/{case.number}/", headers={"HX-Request": "true"})
    assert "<html" not in response.content.decode()
    assert "HX-Request" in response["Vary"]
    response = client.post(
        f"/desk/cases/{case.number}/act/take/", {"version": 1}, headers={"HX-Request": "true"}, follow=True
    )
    assert "queue-changed" in response["HX-Trigger"]
    assert "<html" not in client.get("/desk/", headers={"HX-Request": "true"}).content.decode()
    preview = client.post(f"/desk/cases/{case.number}/preview/", {"reason": "<b>x</b>"}).content.decode()
    assert "&lt;b&gt;x&lt;/b&gt;" in preview


def test_handing_over_and_assigning(city: City) -> None:
    case = opened(city)
    client = signed_in(city.head)
    base = f"/desk/cases/{case.number}/"
    assert client.post(f"{base}assign/", {"version": 1, "account": str(city.officer.id)}).status_code == 303
    assert client.post(f"{base}message/", {"text": "Xem giúp", "to": "note"}).status_code == 303
    assert client.post(f"{base}message/", {"text": " ", "to": "note"}).status_code == 400
    assert client.post(f"{base}transfer/", {"version": 2, "send": "1", "unit": str(city.other)}).status_code == 400
    data = {"version": 2, "send": "1", "unit": str(city.other), "reason": "Bên kia đường"}
    response = client.post(f"{base}transfer/", data)
    assert (response.status_code, response["Location"]) == (303, "/desk/")
    one = opened(city)
    response = client.post("/desk/assign/", {"case": f"{one.id}:1", "account": str(city.second.id), "back": "show=new"})
    assert response["Location"] == "/desk/?show=new"
    assert service.case(city.head, one.id).case.assignee == city.second.id


def test_the_queue_page_asks_a_fixed_number_of_questions(city: City) -> None:
    client = signed_in(city.head)
    for _ in range(3):
        opened(city)
    client.get("/desk/")
    for count in (3, 60):
        for _ in range(count):
            opened(city)
        client.get("/desk/")  # the first look within the hour at the person behind the first case is put on record
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/desk/").status_code == 200
        # session, account, permissions; page and counts; the first case: row, reporter, events, files, clock, followers, links, holds, decisions
        assert questions(captured) == 14


def test_english(city: City) -> None:
    case = opened(city)
    client = signed_in(city.officer)
    client.cookies["thanglong_language"] = "en"
    text = client.get(f"/desk/cases/{case.number}/").content.decode()
    assert "What happened" in text
    assert "Diễn biến" not in text
