"""Home, search, centre and replay with a few lamps and one ward, over HTTP; and what a stranger may not see."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from shapely.geometry import box

from thanglong.core.people import service as people
from thanglong.core.people.types import NewAccount, NewMembership
from thanglong.core.places import service as places
from thanglong.core.places.types import NewState, UnitKind
from thanglong.core.things import service as things
from thanglong.core.things.types import geo, prop
from thanglong.kit import clock, ports, registry
from thanglong.kit.ids import seeded_id
from thanglong.kit.ports import SYSTEM
from thanglong.stores.sqlite.things import SqliteThings
from thanglong.web import figures, finding, livemap, replaying

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 19, 10, 4, tzinfo=UTC)  # 17:04 in the city


@pytest.fixture
def city(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[clock.Frozen]:
    store = SqliteThings(tmp_path / "things.db")
    monkeypatch.setattr(ports.plugged, "things", store)
    for name in ("layers", "alarms", "tiles", "nearby"):
        fresh: registry.Registry[Any] = registry.Registry(name)
        monkeypatch.setattr(registry, name, fresh)
    registry.layers.add("lamps", registry.Layer(
        "lamps", "lighting", "Lamps", "lamp", ("Streetlight",), "state", {"dark": "notice", "down": "urgent"}))  # fmt: skip
    registry.layers.add("cars", registry.Layer("cars", "emergency", "Cars", "ambulance", ("Ambulance",), "state"))
    livemap.forget()
    figures.forget()
    replaying._bins.clear()
    replaying._days.clear()
    frozen = clock.Frozen(NOW)
    with clock.use(frozen):
        root = places.create_unit(SYSTEM, NewState(UnitKind.CITY, "01", "Thành phố Hà Nội", date(2020, 1, 1))).id
        places.create_unit(SYSTEM, NewState(
            UnitKind.WARD, "00070", "Phường Cửa Nam", date(2020, 1, 1), parent=root, lon=105.845, lat=21.025,
            boundary=box(105.8, 21.0, 105.9, 21.1), area_km2=1.6, population=50_000))  # fmt: skip
        official("operator", root)
        yield frozen
    store.close()


def official(role: str, unit: UUID) -> None:
    account = seeded_id("web", role)
    post = NewMembership(seeded_id("web", role, "post"), account, role, unit, date(2025, 7, 1), None)
    people.bulk_load([NewAccount(account, role, role.title(), password="!", memberships=(post,))])


@pytest.fixture
def operator(city: clock.Frozen, client: Client) -> Client:
    from django.contrib.auth import get_user_model

    client.force_login(get_user_model().objects.get(username="operator"))
    return client


def lamp(number: int, state: str) -> dict[str, Any]:
    return {
        "id": f"urn:ngsi-ld:Streetlight:{number}",
        "type": "Streetlight",
        "name": prop(f"Đèn {number}"),
        "location": geo(105.84 + number / 1000, 21.02),
        "state": prop(state, clock.now()),
    }


def write(*entities: dict[str, Any]) -> None:
    assert things.upsert(SYSTEM, entities) == [None] * len(entities)


def test_home_shows_what_is_near_and_survives_a_broken_source(city: clock.Frozen, client: Client) -> None:
    hit = {"title": "Bãi đỗ xe còn 14 chỗ", "lon": 105.845, "lat": 21.025, "icon": "park", "shape": "square"}

    def broken(*_: Any) -> list[Any]:
        raise RuntimeError

    registry.nearby.add("parking", registry.Nearby("Parking", lambda *_: [hit]))
    registry.nearby.add("broken", registry.Nearby("Broken", broken))
    registry.tiles.add(
        "lamps",
        registry.Tile("portal", "Lamps", "lamp", lambda: {"value": 12345.6, "unit": "cái", "series": [1, 2, 3]}),
    )
    registry.tiles.add("bad", registry.Tile("portal", "Bad", "lamp", lambda: {}["none"]))
    html = client.get("/").content.decode()
    assert "Quanh phường Cửa Nam" in html
    assert "Bãi đỗ xe còn 14 chỗ" in html and 'data-island="map"' in html
    assert "12.345,6" in html and "Bad" not in html


def test_home_takes_another_place_and_bad_numbers(city: clock.Frozen, client: Client) -> None:
    assert "phường Cửa Nam" in client.get("/?place=cua+nam").content.decode()
    for query in ("lon=x&lat=1", "lon=nan&lat=1", "lon=1e999&lat=0", "place=%00"):
        assert client.get(f"/?{query}").status_code == 200


def test_search_finds_places_without_marks_and_says_when_nothing(city: clock.Frozen, client: Client) -> None:
    assert "Phường Cửa Nam" in client.get("/search?q=cua nam").content.decode()
    html = client.get("/search?q=zzzzzz").content.decode()
    assert "Không tìm thấy" in html
    assert "Không có việc nào mang số PA-26-000009" in client.get("/search?q=pa 26 9").content.decode()
    assert client.get("/search?q=" + "x" * 5000).status_code == 200


def test_case_numbers_are_read_as_people_write_them() -> None:
    assert finding.case_number(" pa-26-123 ") == finding.case_number("PA26000123") == "PA-26-000123"
    assert finding.case_number("cửa nam") == finding.case_number("PA-26-1234567") == ""


@pytest.mark.parametrize(
    "path", ["/centre/", "/centre/list/", "/centre/alarms/", "/centre/tiles/", "/centre/replay.json"]
)
def test_the_centre_is_for_those_who_may(city: clock.Frozen, client: Client, path: str) -> None:
    assert client.get(path).status_code == 302
    assert client.get(path, headers={"Accept": "application/json"}).status_code == 401


def test_layers_follow_the_right_to_see(operator: Client) -> None:
    write(lamp(1, "on"))
    stranger = Client()
    assert stranger.get("/centre/layers/lamps.geojson").status_code == 200  # lamps are open data
    assert stranger.get("/centre/layers/cars.geojson", headers={"Accept": "application/json"}).status_code == 403
    assert operator.get("/centre/layers/cars.geojson").status_code == 200
    assert operator.get("/centre/layers/nothing.geojson").status_code == 404


def test_a_layer_changes_with_the_log_and_only_then(operator: Client) -> None:
    write(lamp(1, "on"), lamp(2, "down"))
    answer = operator.get("/centre/layers/lamps.geojson")
    features = answer.json()["features"]
    assert answer["Content-Type"] == "application/geo+json"
    assert [feature["properties"]["state"] for feature in features] == ["normal", "urgent"]
    assert features[0]["properties"]["title"] == "Đèn 1"
    assert operator.get("/centre/layers/lamps.geojson", headers={"If-None-Match": answer["ETag"]}).status_code == 304
    kept = livemap.data(registry.layers["lamps"])
    write({**lamp(1, "on"), "id": "urn:ngsi-ld:Ambulance:1", "type": "Ambulance"})
    assert livemap.data(registry.layers["lamps"]) is kept
    write(lamp(1, "dark"))
    assert livemap.data(registry.layers["lamps"]).counts == {"total": 2, "notice": 1, "urgent": 1}


def test_the_centre_shows_layers_counts_alarms_and_tiles(operator: Client) -> None:
    write(lamp(1, "on"), lamp(2, "down"))
    since = NOW - timedelta(minutes=12)
    registry.alarms.add("lighting", registry.Alarms(lambda actor: [
        {"key": "a", "text": "Later <b>", "since": NOW, "level": "notice", "place": None},
        {"key": "b", "text": "Cabinet down", "since": since, "level": "urgent", "place": [105.842, 21.02],
         "action_text": "Send", "action_url": "/x/"},
    ]))  # fmt: skip
    registry.tiles.add(
        "lamps", registry.Tile("centre", "Dark", "lamp", lambda: {"value": 3, "of": 3000, "state": "warn"})
    )
    html = operator.get("/centre/").content.decode()
    assert 'data-layer="lamps"' in html and 'data-island="replay"' in html
    assert html.index("Cabinet down") < html.index("Later &lt;b&gt;")
    assert 'data-place="Cửa Nam"' in html and "12 phút trước" in html
    assert "/3.000" in html
    assert "Cabinet down" in operator.get("/centre/alarms/").content.decode()
    assert 'class="ct-tile warn"' in operator.get("/centre/tiles/").content.decode()
    assert "ct-full wall" in operator.get("/centre/?wall=1").content.decode()


def test_the_list_twin_says_what_the_map_says(operator: Client) -> None:
    write(lamp(1, "on"), lamp(2, "down"), lamp(3, "dark"))
    html = operator.get("/centre/list/?layer=lamps").content.decode()
    assert html.index("Đèn 2") < html.index("Đèn 3") < html.index("Đèn 1")
    assert "Phường Cửa Nam" in html
    only = operator.get("/centre/list/?layer=lamps&state=urgent").content.decode()
    assert "Đèn 2" in only and "Đèn 1" not in only
    assert operator.get("/centre/list/?layer=none").status_code == 404
    assert operator.get("/centre/list/?layer=lamps&page=99").status_code == 200


def test_a_past_day_is_replayed_from_the_log(operator: Client, city: clock.Frozen) -> None:
    write(lamp(1, "on"), lamp(2, "on"))
    city.advance(hours=10)  # 03:04 the next day
    write(lamp(1, "down"))
    city.advance(hours=2)
    write(lamp(1, "on"), lamp(2, "dark"))
    city.advance(hours=1)
    day = operator.get("/centre/replay.json?day=2026-11-20").json()
    assert day["layers"] == ["cars", "lamps"]
    by_thing = {day["things"][thing].rpartition(":")[2]: day["states"][state] for thing, state in day["before"]}
    assert by_thing == {"1": "normal", "2": "normal"}
    told = [
        (second, day["things"][thing].rpartition(":")[2], day["states"][state])
        for second, thing, state in day["changes"]
    ]
    assert told == [(11040, "1", "urgent"), (18240, "1", "normal"), (18240, "2", "notice")]
    assert sum(day["bins"]) == 3 and len(day["bins"]) == 48


@pytest.mark.parametrize("day", ["2026-13-01", "x", "2027-01-01"])
def test_replay_refuses_days_that_are_none(operator: Client, day: str) -> None:
    answer = operator.get(f"/centre/replay.json?day={day}", headers={"Accept": "application/json"})
    assert answer.status_code == 400 and answer.json()["code"] == "invalid"


def test_the_log_is_bisected_to_the_moment(city: clock.Frozen) -> None:
    moments = []
    for number in range(17):
        write(lamp(number, "on"))
        moments.append(clock.now())
        city.advance(minutes=7)
    for index, moment in enumerate(moments):
        assert things.seq_before(moment) == index
    assert things.seq_before(clock.now()) == 17
    assert things.seq_before(NOW - timedelta(days=1)) == 0


def test_a_large_layer_is_sent_as_clusters(
    city: clock.Frozen, operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from thanglong.web import clustering

    monkeypatch.setattr(livemap, "BIG", 5)
    monkeypatch.setattr(clustering, "FEW", 5)
    clustering.forget()
    lamps = [{"id": f"urn:l:{n}", "type": "Streetlight", "location": geo(105.8 + n % 20 * 0.004, 21.0 + n // 20 * 0.004),
              "state": prop("down" if n % 10 == 0 else "lit")} for n in range(400)]  # fmt: skip
    things.upsert(SYSTEM, lamps)
    url = "/centre/layers/lamps/clusters.json?bbox=105.7,20.9,106,21.2"
    answer = operator.get(f"{url}&zoom=11")
    found = answer.json()
    assert sum(item["properties"]["point_count"] for item in found["features"]) == found["counts"]["total"] >= 400
    assert sum(item["properties"]["urgent"] for item in found["features"]) == found["counts"]["urgent"]
    assert operator.get(f"{url}&zoom=11", headers={"If-None-Match": answer["ETag"]}).status_code == 304
    things.upsert(SYSTEM, [{"id": "urn:l:1", "type": "Streetlight", "state": prop("down")}])
    things.delete(SYSTEM, ["urn:l:0"])
    again = operator.get(f"{url}&zoom=11", headers={"If-None-Match": answer["ETag"]}).json()
    assert again["counts"]["urgent"] == found["counts"]["urgent"]
    assert again["counts"]["total"] == found["counts"]["total"] - 1
    close = operator.get("/centre/layers/lamps/clusters.json?bbox=105.799,20.999,105.806,21.006&zoom=16").json()
    assert {"urn:l:1", "urn:l:20"} <= {item["properties"]["id"] for item in close["features"]}
    assert "/centre/layers/lamps/clusters.json" in operator.get("/centre/").content.decode()
    for query in ("bbox=1,2&zoom=3", "bbox=1,2,3,4", "bbox=9,2,3,4&zoom=3"):
        asked = operator.get(f"/centre/layers/lamps/clusters.json?{query}", headers={"Accept": "application/json"})
        assert asked.status_code == 400
