"""The pages over HTTP: reporting with and without JavaScript, following, judging, photos to check, map and list."""

import json
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from thanglong.core.cases import service as cases
from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import ObjectRef
from thanglong.core.measures import service as measures
from thanglong.domains.requests import service
from thanglong.domains.requests.service import pacing
from thanglong.domains.requests.tests.conftest import HERE, Outbox, Small, jpeg
from thanglong.domains.requests.types import ListFilter, State
from thanglong.kit.errors import Denied, NotFound
from thanglong.kit.ports import ANONYMOUS
from thanglong.stores.jobs import queue as jobs

JSON = {"HTTP_ACCEPT": "application/json"}
FIELDS = {
    "text": "Đèn ngõ không sáng ba đêm nay", "category": "streetlight", "lon": str(HERE[0]), "lat": str(HERE[1]),
    "address": "28 phố Thợ Nhuộm", "q_what": "out",
}  # fmt: skip


def picture(seed: int = 1) -> SimpleUploadedFile:
    return SimpleUploadedFile("anh.jpg", jpeg(seed), "image/jpeg")


def send(client: Client, **more: Any) -> dict[str, Any]:
    answer = client.post("/report/", {"key": str(uuid4()), **FIELDS, **more}, **JSON)
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def test_a_forged_header_is_no_new_connection(small: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "SHORT_MOST", 2)
    for number in range(2):
        send(Client(REMOTE_ADDR="203.0.113.9", headers={"X-Forwarded-For": f"198.51.100.{number}"}))
    forged = Client(REMOTE_ADDR="203.0.113.9", headers={"X-Forwarded-For": "198.51.100.3, 127.0.0.1"})
    assert forged.post("/report/", {"key": str(uuid4()), **FIELDS}, **JSON).status_code == 429
    send(Client(REMOTE_ADDR="203.0.113.10"))


@pytest.mark.parametrize(
    "written", ["28 Thợ Nhuộm, phường Cửa Nam", "28 tho nhuom, P. cua nam", "28 Thợ Nhuộm, Cửa Nam, Hà Nội"]
)
def test_an_address_alone_finds_its_ward(small: Small, client: Client, written: str) -> None:
    told = client.get("/report/where.json", {"address": written}).json()
    assert told["unit"] == "Phường Cửa Nam"
    sent = send(client, address=written, lon="", lat="", category="waste", q_what="home")
    assert service.report(sent["number"]).unit is not None
    assert client.get("/report/where.json", {"address": "trước cổng trường"}).json()["unit"] is None


def test_from_the_phone_to_the_proof_in_the_ledger(small: Small, signed_in: Any, client: Client) -> None:
    """The whole way: report, officer, proof, reporter, measure, ledger."""
    photo = client.post("/report/photo/", {"photo": picture(1)}, **JSON).json()
    sent = send(client, photo=[photo["id"]])
    case = service.report(sent["number"])
    assert client.get(sent["url"]).status_code == 200
    assert len(case.photos) == 1

    small.clock.advance(minutes=11)
    officer = signed_in("one.light")
    desk = f"/desk/cases/{sent['number']}/"
    assert "Đèn ngõ không sáng" in officer.get(desk).content.decode()
    assert officer.post(f"{desk}act/accept/", {"version": 1}).status_code == 303
    done = {"version": 2, "what": "Đã thay bóng", "who": "Tổ 3"}
    assert officer.post(f"{desk}act/resolve/", done).status_code == 400
    assert service.report(sent["number"]).state is State.ACCEPTED
    small.clock.advance(hours=5)
    assert officer.post(f"{desk}act/resolve/", {**done, "file_proof": picture(2)}).status_code == 303

    mine = sent["url"].removesuffix("sent/")
    page = client.get(mine).content.decode()
    assert "Đã thay bóng" in page
    assert client.post(f"{mine}confirm/", {"rating": "5"}).status_code == 303
    report = service.report(sent["number"])
    assert (report.state, report.satisfaction) == (State.CONFIRMED, 5)
    assert [photo.kind for photo in report.photos] == ["before", "proof"]

    ledger.seal()
    entries = ledger.entries(ObjectRef("case", str(report.case)))
    assert len(entries) == 4
    for entry in entries:
        assert client.get(f"/ledger/entry/{entry.id}/").status_code == 200
        assert ledger.verify(ledger.prove(entry.id), ledger.public_key()) is None
    jobs.drain()
    measures.recompute("requests.in_time", since=report.opened_at.date().replace(day=1))
    (figure,) = [
        item for item in measures.values(small.people["leader"], "requests.in_time") if item.unit == small.lighting
    ]
    assert (figure.value, figure.n) == (100.0, 1)


def test_the_same_key_twice_over_http_is_one_report(small: Small, client: Client) -> None:
    key = str(uuid4())
    first, second = send(client, key=key), send(client, key=key)
    assert first["number"] == second["number"]
    assert second["url"].startswith(first["url"].split("?")[0])
    assert service.counts(ListFilter()) == 1


def test_the_form_without_javascript(small: Small, client: Client) -> None:
    page = client.get("/report/").content.decode()
    for name in ("photo", "address", "text", "category", "contact", "key"):
        assert f'name="{name}"' in page
    key = str(uuid4())
    answer = client.post("/report/", {**FIELDS, "key": key, "photo": picture(3), "contact": "an@vidu.vn"})
    assert answer.status_code == 303
    assert "/my/PA-26-000001/" in answer["Location"]
    thanks = client.get(answer["Location"]).content.decode()
    assert "PA-26-000001" in thanks
    assert 'name="digits"' in thanks
    # a double click, and an old page shown again with other words
    assert client.post("/report/", {**FIELDS, "key": key, "contact": "an@vidu.vn"})["Location"].startswith(
        answer["Location"].split("?")[0]
    )
    other = {**FIELDS, "key": key, "text": "Rác chất đống đầu ngõ", "category": "waste", "q_what": "home"}
    assert "PA-26-000002" in client.post("/report/", other)["Location"]


def test_without_javascript_the_same_matter_is_asked_about_first(small: Small, client: Client) -> None:
    send(client)
    answer = client.post("/report/", {**FIELDS, "key": "k", "text": "đèn ngõ không sáng tối om"})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "PA-26-000001" in page
    assert 'name="same_checked"' in page
    again = client.post("/report/", {**FIELDS, "key": "k", "text": "đèn ngõ không sáng tối om", "same_checked": "1"})
    assert again.status_code == 303
    assert service.counts(ListFilter()) == 2


def test_faults_keep_what_was_entered(small: Small, client: Client) -> None:
    answer = client.post("/report/", {"key": "k", "text": "ối", "photo": picture(4), "address": "ngõ 5 & <b>"})
    page = answer.content.decode()
    assert answer.status_code == 400
    assert "ngõ 5 &amp; &lt;b&gt;" in page
    assert 'type="hidden" name="photo"' in page
    told = client.post("/report/", {"text": "ối"}, **JSON)
    assert told.status_code == 400
    assert {fault["field"] for fault in told.json()["faults"]} >= {"text", "address"}


def test_no_category_given_is_guessed(small: Small, client: Client) -> None:
    fields = {**FIELDS, "category": "", "text": "Chó thả rông không rọ mõm"}
    assert service.report(send(client, **fields)["number"]).category == "animal"


@pytest.mark.parametrize("content", [b"", b"nonsense", b"<svg xmlns='x'/>"])
def test_a_bad_photo_is_refused(small: Small, client: Client, content: bytes) -> None:
    answer = client.post("/report/photo/", {"photo": SimpleUploadedFile("a.jpg", content)}, **JSON)
    assert answer.status_code == 400
    assert client.post("/report/photo/", {}, **JSON).status_code == 400


def test_guessing_over_http(small: Small, client: Client) -> None:
    told = client.post("/report/guess.json", {"text": "nap ho ga vo, rat nguy hiem"}).json()
    assert told["guesses"][0]["key"] == "manhole"
    assert told["urgent"]
    assert client.post("/report/guess.json", {"text": "đang cháy nhà"}).json()["stopper"]["number"] == "114"


def test_duplicates_carry_photo_text_distance_and_a_way_on(small: Small, client: Client, signed_in: Any) -> None:
    photo = client.post("/report/photo/", {"photo": picture(5)}, **JSON).json()
    sent = send(client, photo=[photo["id"]])
    near = {"lon": str(HERE[0] + 0.0002), "lat": str(HERE[1]), "category": "streetlight", "text": "den ngo khong sang"}
    page = client.post("/report/duplicates", near).content.decode()
    assert photo["id"] in page
    assert "Đèn ngõ không sáng" in page
    assert "21 m" in page
    assert f"/reports/{sent['number']}/#follow" in page
    officer = small.people["one.light"]
    proof = cases.add_document(officer, jpeg(8), "a.jpg", "image/jpeg", kind="proof")
    cases.act(officer, service.report(sent["number"]).case, "resolve", {"what": "x", "who": "y"}, version=1,
              documents=[proof.id])  # fmt: skip
    assert "again=1" in client.post("/report/duplicates", near).content.decode()
    far = {**near, "lon": str(HERE[0] + 0.01)}
    assert not client.post("/report/duplicates", far).content.strip()


def test_the_public_page_hides_persons(small: Small, client: Client) -> None:
    sent = send(client, text="Đèn tối, gọi 0912345678", contact="0987654321", name="Nguyễn Văn An")
    page = client.get(f"/reports/{sent['number']}/").content.decode()
    for secret in ("0912345678", "0987654321", "Nguyễn Văn An", sent["url"].split("/")[3]):
        assert secret not in page
    assert "•••" in page
    mine = client.get(sent["url"].split("sent/")[0])
    assert mine["X-Robots-Tag"] == "noindex"
    assert mine["Referrer-Policy"] == "no-referrer"
    assert client.get(f"/my/{sent['number']}/wrong/").status_code == 404


def test_the_reporter_reads_who_looked_at_their_data(small: Small, client: Client, signed_in: Any) -> None:
    sent = send(client, contact="0987654321", name="Nguyễn Văn An")
    mine = sent["url"].split("sent/")[0]
    assert "Chưa có ai xem dữ liệu của bạn" in client.get(mine).content.decode()
    desk = f"/desk/cases/{sent['number']}/"
    assert "0987654321" in signed_in("one.light").get(desk).content.decode()
    leader = signed_in("leader")
    assert "0987654321" not in leader.get(desk).content.decode()
    assert leader.post(f"{desk}do/contact/", {"purpose": "complaint", "note": "Đơn ngày 3"}).status_code == 303
    assert "0987654321" in leader.get(desk).content.decode()
    page = client.get(mine).content.decode()
    assert "Ai đã xem dữ liệu của bạn" in page
    assert "để giải quyết hồ sơ" in page
    assert "Đơn ngày 3" in page
    assert all(small.people[name].label not in page for name in ("one.light", "leader"))
    public = client.get(f"/reports/{sent['number']}/").content.decode()
    assert "Ai đã xem dữ liệu của bạn" not in public


def test_neighbours_are_shown_to_100_metres_only(small: Small, client: Client) -> None:
    sent = send(client, text="Karaoke ầm ĩ", category="noise", q_when="đêm", address="Số 5 ngõ 3 phố Huế")
    page = client.get(f"/reports/{sent['number']}/").content.decode()
    assert str(HERE[0]) not in page
    assert "Số 5" not in page
    (feature,) = client.get("/reports/map.geojson").json()["features"]
    assert feature["geometry"]["coordinates"] != list(HERE)


def test_following_over_http(small: Small, client: Client, outbox: Outbox) -> None:
    sent = send(client)
    base = f"/reports/{sent['number']}/"
    assert client.post(f"{base}follow/", {"contact": "xx"}).status_code == 400
    answer = client.post(f"{base}follow/", {"contact": "binh@vidu.vn"})
    assert answer.status_code == 303
    code = answer["Location"].split("code=")[1].split("#")[0]
    bad = client.post("/report/confirm/", {"code_id": code, "digits": "1", "back": base})
    assert bad.status_code == 400
    good = client.post("/report/confirm/", {"code_id": code, "digits": outbox.code(), "back": "https://evil.example/"})
    assert good["Location"] == "/reports/?confirmed=1"
    assert service.report(sent["number"]).followers == 1


def test_objecting_over_http(small: Small, client: Client) -> None:
    sent = send(client)
    officer = small.people["one.light"]
    proof = cases.add_document(officer, jpeg(8), "a.jpg", "image/jpeg", kind="proof")
    case = service.report(sent["number"]).case
    cases.act(officer, case, "resolve", {"what": "x", "who": "y"}, version=1, documents=[proof.id])
    mine = sent["url"].removesuffix("sent/")
    assert client.post(f"{mine}reopen/", {}).status_code == 400
    assert client.post(f"{mine}nonsense/", {}).status_code == 404
    assert client.post(f"{mine}reopen/", {"why": "again", "photo": picture(9)}).status_code == 303
    report = service.report(sent["number"])
    assert report.state is State.NEW
    assert {photo.kind for photo in report.photos} == {"proof", "again"}


def test_broken_again_over_http(small: Small, client: Client) -> None:
    sent = send(client)
    base = f"/reports/{sent['number']}/again/"
    assert client.post(base, {"more": "vẫn tối om"}).status_code == 409
    officer = small.people["one.light"]
    proof = cases.add_document(officer, jpeg(8), "a.jpg", "image/jpeg", kind="proof")
    case = service.report(sent["number"]).case
    cases.act(officer, case, "resolve", {"what": "x", "who": "y"}, version=1, documents=[proof.id])
    assert client.post(base, {"more": "x"}).status_code == 400
    assert client.post(base, {"more": "lại tối rồi"}).status_code == 303
    assert service.report(sent["number"]).state is State.NEW


def test_photos_are_moderated_by_those_who_may(small: Small, client: Client, signed_in: Any) -> None:
    photo = client.post("/report/photo/", {"photo": picture(6)}, **JSON).json()["id"]
    view = f"/reports/photo/{photo}/view/"
    sent = send(client, photo=[photo])
    assert client.get(view).status_code == 200
    stranger, moderator = small.people["one.hoankiem"], signed_in("admin")
    with pytest.raises(Denied):
        service.hide_photo(stranger, service.report(sent["number"]).photos[0].id, True)
    assert client.get("/desk/photos/").status_code == 302
    assert client.post(f"/desk/photos/{photo}/", {"what": "hide"}).status_code in (302, 401, 403)
    assert photo in moderator.get("/desk/photos/").content.decode()
    assert moderator.post(f"/desk/photos/{photo}/", {"what": "hide"}).status_code == 303
    assert client.get(view).status_code == 404
    assert moderator.get(view).status_code == 200
    assert photo not in client.get(f"/reports/{sent['number']}/").content.decode()
    before = moderator.get(view).content if not moderator.get(view).streaming else b"".join(moderator.get(view))
    assert moderator.post(f"/desk/photos/{photo}/", {"what": "blur", "cell": ["5", "6"]}).status_code == 303
    after = client.get(view)
    assert after.status_code == 200
    assert b"".join(after) != before
    verbs = [entry.verb for entry in ledger.entries(ObjectRef("case", str(service.report(sent["number"]).case)))]
    assert verbs[-2:] == ["request.photo_hidden", "request.photo_blurred"]
    # the very same photo is not shown again once it was hidden
    assert moderator.post(f"/desk/photos/{photo}/", {"what": "hide"}).status_code == 303
    twin = client.post("/report/photo/", {"photo": picture(6)}, **JSON).json()["id"]
    assert client.get(f"/reports/photo/{twin}/view/").status_code == 404


def test_the_list_filters_and_pages(small: Small, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("thanglong.domains.requests.service.reading.PAGE", 5)
    for number in range(8):
        small.clock.advance(minutes=1)
        small.send(f"Đèn ngõ số {number} không sáng")
    small.send("Chó thả rông", "animal")
    page = client.get("/reports/")
    text = page.content.decode()
    assert "PA-26-000009" in text
    assert "PA-26-000001" not in text
    following = text.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert "PA-26-000001" in client.get(f"/reports/{following}").content.decode()
    dogs = client.get("/reports/?category=animal").content.decode()
    assert "PA-26-000009" in dogs
    assert "PA-26-000008" not in dogs
    assert "PA-26-000004" in client.get("/reports/?q=den ngo so 3").content.decode()
    for query in ("?state=late", "?unit=x", "?after=zzz", "?after=2026|", "?box=1,2,3", "?q=%00", "?state=nothing"):
        assert client.get(f"/reports/{query}").status_code == 200


def test_a_page_of_the_list_costs_few_queries(small: Small, client: Client, django_assert_max_num_queries: Any) -> None:
    for number in range(10):
        small.send(f"Đèn ngõ số {number} không sáng")
    client.get("/reports/")
    with django_assert_max_num_queries(10):
        client.get("/reports/")


def test_the_map_is_cached_until_something_changes(small: Small, client: Client) -> None:
    small.send()
    first = client.get("/reports/map.geojson")
    assert first["Content-Type"] == "application/geo+json"
    (feature,) = first.json()["features"]
    assert feature["properties"]["state"] == "normal"
    assert feature["properties"]["id"] == "PA-26-000001"
    assert client.get("/reports/map.geojson", headers={"If-None-Match": first["ETag"]}).status_code == 304
    small.send(text="Cả dãy đèn phố tắt, rất nguy hiểm")
    assert client.get("/reports/map.geojson", headers={"If-None-Match": first["ETag"]}).status_code == 200
    small.clock.advance(days=3)
    states = [item["properties"]["state"] for item in client.get("/reports/map.geojson").json()["features"]]
    assert states == ["urgent", "notice"]


def test_the_qr_code_and_english(small: Small, client: Client) -> None:
    sent = send(client)
    answer = client.get(f"/reports/{sent['number']}/qr.svg")
    assert answer["Content-Type"] == "image/svg+xml"
    assert b"<svg" in answer.content
    page = client.get(f"/reports/{sent['number']}/?lang=en").content.decode()
    assert "Who has it now" in page
    assert "Ai đang giữ việc này" in client.get(f"/reports/{sent['number']}/?lang=vi").content.decode()


def test_alarms_tiles_and_search(small: Small, client: Client) -> None:
    sent = small.send("Nắp hố ga mất, rất nguy hiểm", "manhole", answers={"state": "missing"})
    assert list(service.alarms(small.people["leader"])) == []
    small.clock.advance(hours=5)
    (alarm,) = service.alarms(small.people["leader"])
    assert alarm["level"] == "urgent"
    assert sent.number in alarm["action_url"]
    assert list(service.alarms(small.people["one.light"])) == []
    assert list(service.alarms(ANONYMOUS)) == []
    (found,) = service.find(ANONYMOUS, sent.number, 5)
    assert found["url"] == f"/reports/{sent.number}/"
    assert service.open_count() == (1, 1)
    assert service.done_share() == (None, 0)


def test_unknown_things_are_not_found(small: Small, client: Client) -> None:
    for path in ("/reports/PA-26-999999/", f"/reports/photo/{uuid4()}/view/", "/reports/x/qr.svg"):
        assert client.get(path).status_code == 404
    with pytest.raises(NotFound):
        service.report("x")


def test_the_csrf_guard_is_on(small: Small) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/report/", FIELDS).status_code == 403
    assert json.loads(strict.post("/report/photo/", {}, **JSON).content)["status"] == 403
