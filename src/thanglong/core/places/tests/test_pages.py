import json
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from thanglong.core.places import service
from thanglong.core.places.tests.conftest import EVE, Town
from thanglong.core.places.types import UnitKind
from thanglong.kit import ports
from thanglong.kit.ports import Reach


class Everything:
    """Stands in for the access rules: whoever asks may do everything everywhere."""

    def require(self, *asked: Any, **more: Any) -> None:
        return None

    def allowed(self, *asked: Any, **more: Any) -> bool:
        return True

    def reach(self, *asked: Any, **more: Any) -> Reach:
        return Reach(True)


@pytest.fixture
def keeper(town: Town, client: Client, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Somebody who may keep the units."""
    monkeypatch.setattr(ports.plugged, "access", Everything())
    return client


@pytest.mark.parametrize("language", ["vi", "en"])
def test_public_page(town: Town, client: Client, language: str) -> None:
    client.cookies["thanglong_language"] = language
    page = client.get(f"/units/{town.cua_nam}/").content.decode()
    assert "Phường Cửa Nam" in page
    assert "Trúc Bạch" in page, "whom it followed"
    assert ("Ranh giới gần đúng" in page) == (language == "vi")
    assert "<svg class=" in page
    past = client.get(f"/units/{town.old}/").content.decode()
    assert "30/06/2025" in past or "30/6/2025" in past
    assert "Hòa Bình" in past
    assert client.get(f"/units/{town.lighting}/").status_code == 200
    assert client.get(f"/units/{town.city}/").status_code == 200
    assert client.get(f"/units/{uuid4()}/").status_code == 404


def test_list_and_search(town: Town, client: Client) -> None:
    page = client.get("/units/").content.decode()
    assert page.count("/units/") >= 3
    assert "Phường Trúc Bạch" in client.get("/units/?q=truc bach").content.decode()
    assert client.get("/units/?q=zzz").status_code == 200


def test_pages_of_an_empty_city(client: Client, db: None) -> None:
    assert client.get("/units/").status_code == 200
    assert client.get("/api/places").json() == {"units": []}
    assert client.get("/api/places/units.geojson").json()["features"] == []
    assert client.get("/api/places/at?lon=105&lat=21").json() == {"unit": None}


def test_data(town: Town, client: Client) -> None:
    everything = client.get("/api/places").json()["units"]
    assert len(everything) == 5
    assert [unit["code"] for unit in client.get("/api/places?kind=ward&on=2025-06-30").json()["units"]] == ["00004"]
    assert len(client.get(f"/api/places?parent={town.city}").json()["units"]) == 4
    (found,) = client.get("/api/places?q=truc bach").json()["units"]
    assert found["valid_to"] == "2025-06-30"
    assert [unit["name"] for unit in found["successors"]] == ["Phường Cửa Nam", "Phường Hòa Bình"]
    one = client.get(f"/api/places/{town.old}").json()
    assert [(unit["code"], unit["share_population"]) for unit in one["successors"]] == [("00004", 0.7), ("00007", 0.3)]
    at = client.get("/api/places/at?lon=105.12&lat=21.05").json()["unit"]
    assert at["name"] == "Phường Hòa Bình"
    assert client.get("/api/places/at?lon=105.12&lat=21.05&on=2025-01-01").json()["unit"]["code"] == "00004"


def test_data_is_kept_until_something_changes(town: Town, client: Client) -> None:
    answer = client.get("/api/places/units.geojson")
    features = json.loads(answer.content)["features"]
    assert {feature["properties"]["name"] for feature in features} == {
        "Phường Cửa Nam",
        "Phường Hòa Bình",
        "Phường Đa Sĩ",
    }
    assert "public" in answer["Cache-Control"]
    etag = answer["ETag"]
    assert client.get("/api/places/units.geojson", headers={"If-None-Match": etag}).status_code == 304
    from thanglong.kit.ports import SYSTEM

    service.update_unit(SYSTEM, town.cua_nam, {"name": "Phường Mới"}, effective=date(2025, 7, 1))
    assert client.get("/api/places/units.geojson", headers={"If-None-Match": etag}).status_code == 200


@pytest.mark.parametrize(
    "query",
    ["at", "at?lon=x&lat=21", "at?lon=999&lat=21", "at?lon=nan&lat=1", "?on=heute", "?kind=planet", "?parent=12", "?q=a&limit=0",
     "?q=a&limit=x"],
)  # fmt: skip
def test_wrong_questions(client: Client, db: None, query: str) -> None:
    path = f"/api/places/{query}" if query.startswith("at") else f"/api/places{query}"
    answer = client.get(path, headers={"Accept": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["faults"]


def test_the_desk_is_closed_to_others(town: Town, client: Client) -> None:
    for path in ("", "new/", f"{town.cua_nam}/change/", f"{town.cua_nam}/close/"):
        answer = client.get(f"/desk/places/{path}")
        assert answer.status_code == 302
        assert "/signin/" in answer["Location"]
        assert client.post(f"/desk/places/{path}").status_code in (401, 403)


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_desk(keeper: Client, town: Town, language: str) -> None:
    keeper.cookies["thanglong_language"] = language
    page = keeper.get("/desk/places/").content.decode()
    for name in ("Thành phố Thử", "Phường Cửa Nam", "Công ty Chiếu sáng"):
        assert name in page
    then = keeper.get("/desk/places/?on=2025-06-30").content.decode()
    assert "Quận Cổ" in then
    assert "Phường Hòa Bình" not in then
    chosen = keeper.get(f"/desk/places/?unit={town.cua_nam}").content.decode()
    assert f"/desk/places/{town.cua_nam}/change/" in chosen
    assert keeper.get("/desk/places/?q=truc").status_code == 200
    assert keeper.get("/desk/places/?q=zzz").status_code == 200
    assert keeper.get("/desk/places/?on=1900-01-01&unit=x").status_code == 200
    for path in ("new/", f"{town.cua_nam}/change/", f"{town.cua_nam}/close/"):
        assert keeper.get(f"/desk/places/{path}").status_code == 200


def test_create_change_close(keeper: Client, town: Town) -> None:
    entered = {"name": "Phường Mới", "kind": "ward", "code": "00099", "parent": str(town.city), "effective": "2026-01-01",
               "title": "Nghị quyết thử", "number": "1/NQ"}  # fmt: skip
    refused = keeper.post("/desk/places/new/", {**entered, "code": "00004", "title": ""})
    assert refused.status_code == 400
    assert keeper.post("/desk/places/new/", {**entered, "code": "00004"}).status_code == 400
    answer = keeper.post("/desk/places/new/", entered)
    assert answer.status_code == 302
    unit = service.by_code("00099")
    assert unit
    act = service.act(unit.act) if unit.act else None
    assert act
    assert act.number == "1/NQ"

    renamed = {**entered, "name": "Phường Mới Hơn", "effective": "2026-02-01"}
    assert keeper.post(f"/desk/places/{unit.id}/change/", renamed).status_code == 302
    assert service.unit(unit.id).name == "Phường Mới Hơn"
    early = {**renamed, "effective": "1999-01-01"}
    assert keeper.post(f"/desk/places/{unit.id}/change/", early).status_code == 400

    end = {"last_day": "2026-03-01", "title": "Nghị quyết khác", "successors": [str(town.cua_nam)]}
    assert keeper.post(f"/desk/places/{unit.id}/close/", {**end, "last_day": "1999-01-01"}).status_code == 400
    assert keeper.post(f"/desk/places/{unit.id}/close/", end).status_code == 302
    assert service.unit(unit.id).valid_to == date(2026, 3, 1)
    assert [row.new for row in service.successors(unit.id)] == [town.cua_nam]
    assert date(2026, 3, 1) > EVE
    assert UnitKind.WARD is service.unit(unit.id).kind
