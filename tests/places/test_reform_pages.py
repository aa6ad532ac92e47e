"""The pages of a reorganisation: upload, preview, decide, undo; and the data of addresses."""

from typing import Any

import orjson
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from thanglong.core.people import service as people
from thanglong.core.people.types import NewAccount, NewMembership
from thanglong.core.places import service
from thanglong.core.places.tests.conftest import START, Town, uid
from thanglong.core.places.tests.test_reforming import BODY, NOW, plan
from thanglong.core.places.types import ActState
from thanglong.kit import clock
from thanglong.kit.ports import SYSTEM


@pytest.fixture
def admin(town: Town) -> Any:
    with clock.use(clock.Frozen(NOW)):
        grant = NewMembership(uid("g"), uid("admin"), "city_admin", town.city, START)
        people.bulk_load([NewAccount(uid("admin"), "admin", "Quản trị", memberships=(grant,))])
        from thanglong.core.people.models import Account

        client = Client(HTTP_ACCEPT_LANGUAGE="en")
        client.force_login(Account.objects.get(pk=uid("admin")))
        session = client.session
        session["factor"] = True
        session.save()
        yield client


def test_from_file_to_undone(admin: Client, town: Town) -> None:
    address = "/desk/places/reforms/"
    assert admin.get(address).status_code == 200
    assert admin.get(f"{address}new/").status_code == 200
    bad = admin.post(f"{address}new/", {"file": SimpleUploadedFile("a.csv", b"x,y\n1,2\n"), "effective": "2026-07-01"})
    assert bad.status_code == 400
    sent = admin.post(f"{address}new/", {"file": SimpleUploadedFile("a.json", orjson.dumps(BODY))})
    assert sent.status_code == 302, sent.content.decode()[:3000]
    page = admin.get(sent["Location"])
    text = page.content.decode()
    assert "Phường Hòa Bình" in text
    [reform] = service.reorganisations(SYSTEM)
    step = {"id": str(reform.id), "version": "1", "what": "decide"}
    assert admin.post(f"{address}step/", step).status_code == 400, "without confirmation nothing happens"
    for _ in range(2):  # a double click
        assert admin.post(f"{address}step/", {**step, "sure": "1"}).status_code == 302
    assert service.reorganisation(SYSTEM, reform.id).state is ActState.DECIDED
    assert admin.get(f"{address}?id={reform.id}").status_code == 200
    assert admin.post(f"{address}step/", {**step, "what": "undo"}).status_code == 409, "an old page"
    assert admin.post(f"{address}step/", {**step, "what": "undo", "version": "2"}).status_code == 302
    assert service.reorganisation(SYSTEM, reform.id).state is ActState.UNDONE
    assert admin.get(f"{address}?id={reform.id}").status_code == 200
    assert admin.get(f"{address}?id=x").status_code == 404


def test_a_draft_with_faults_says_what_to_do(admin: Client, town: Town) -> None:
    reform = service.draft(SYSTEM, plan(mapping=[{"old": "00007", "new": "00100", "share": 0.4}]))
    page = admin.get(f"/desk/places/reforms/?id={reform.id}").content.decode()
    assert "add up to 0.4" in page or "cộng lại" in page


def test_addresses_as_data(client: Client, town: Town) -> None:
    with clock.use(clock.Frozen(NOW)):
        found = client.get("/api/places/address", {"q": "12 Quán Thánh, P. Trúc Bạch, Q. Cổ"}).json()["addresses"]
    assert [unit["name"] for unit in found[0]["units"]] == ["Phường Cửa Nam", "Phường Hòa Bình"]
    assert found[0]["text"] == "12 Quán Thánh, Phường Cửa Nam, Thử"
    assert found[0]["text_before"] == "12 Quán Thánh, Phường Trúc Bạch, Quận Cổ, Thử"
    assert (found[0]["house"], found[0]["street"]) == ("12", "Quán Thánh")
    assert client.get("/api/places/address", {"q": ""}).json() == {"addresses": []}
