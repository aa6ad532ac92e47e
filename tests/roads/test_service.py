"""Roads over HTTP: ways, times, closures, live speeds, tiles and the page; who may, and what the ledger says."""

import json
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from thanglong.core.ledger import service as ledger
from thanglong.core.things import service as things
from thanglong.domains.roads import service
from thanglong.domains.roads.service import closing, finding, live, routing
from thanglong.domains.roads.types import Closed
from thanglong.formats import mvt
from thanglong.kit import clock
from thanglong.kit.errors import Conflict, Denied, Invalid, Unavailable
from thanglong.kit.ports import SYSTEM
from thanglong.kit.text import fold
from thanglong.solve.city import Roads
from thanglong.stores.jobs import queue as jobs

pytestmark = pytest.mark.django_db


def ends(roads: Roads) -> tuple[tuple[float, float], tuple[float, float]]:
    a, b = int(roads.lon.argmin()), int(roads.lon.argmax())
    return (float(roads.lon[a]), float(roads.lat[a])), (float(roads.lon[b]), float(roads.lat[b]))


def text(point: tuple[float, float]) -> str:
    return f"{point[0]},{point[1]}"


def test_a_way_its_streets_and_its_times_agree(town: Any, sample_roads: Roads) -> None:
    start, end = ends(sample_roads)
    client = town.client("operator")
    way = client.get("/api/roads/route", {"from": text(start), "to": text(end)}).json()
    assert way["properties"]["seconds"] > 60
    assert sum(step["metres"] for step in way["properties"]["steps"]) == pytest.approx(
        way["properties"]["metres"], abs=60
    )
    assert way["geometry"]["coordinates"][0] == pytest.approx(start, abs=1e-5)
    asked = {"from": [start, end], "to": [end]}
    rows = client.post("/api/roads/times", json.dumps(asked), content_type="application/json").json()["seconds"]
    assert rows == [[way["properties"]["seconds"]], [0.0]]
    best = client.get("/api/roads/nearest", {"from": f"{text(start)};{text(end)}", "to": text(end), "most": 1}).json()
    assert best["nearest"] == [{"index": 1, "seconds": 0.0}]
    areas = client.get("/api/roads/isochrone", {"from": text(start), "minutes": "2,5"}).json()["features"]
    assert [item["properties"]["minutes"] for item in areas] == [5.0, 2.0]


def test_bad_questions_are_told_what_is_wrong(town: Any, sample_roads: Roads) -> None:
    client = town.client("operator")
    start = text(ends(sample_roads)[0])
    for address in ("/api/roads/route?from=here&to=" + start, f"/api/roads/route?from={start}&to={start}&vehicle=ship",
                    f"/api/roads/isochrone?from={start}&minutes=900", "/api/roads/isochrone?from=500,90"):  # fmt: skip
        assert client.get(address).status_code == 400, address
    assert client.post("/api/roads/times", "{", content_type="application/json").status_code == 400
    assert client.get(f"/api/roads/route?from=0,0&to={start}").status_code == 404
    assert town.client().get(f"/api/roads/route?from={start}&to={start}").status_code in (302, 401)
    assert town.client("auditor").get(f"/api/roads/route?from={start}&to={start}").status_code == 403


def test_a_closed_street_is_avoided_at_once_opens_by_itself_and_is_in_the_ledger(
    town: Any, sample_roads: Roads
) -> None:
    start, end = ends(sample_roads)
    before = routing.route(SYSTEM, start, end)
    engine = routing.engine()
    middle = int(before.stretches[len(before.stretches) // 2])
    point = engine.network.line(middle).mean(axis=0).tolist()
    made = closing.close(town.people["operator"], {"type": "Point", "coordinates": point}, "Đường ngập",
                         clock.now() + timedelta(hours=1))  # fmt: skip
    after = routing.route(SYSTEM, start, end)
    assert middle in before.stretches
    assert middle not in after.stretches
    assert after.ms >= before.ms
    assert live.speeds(engine, [middle]) == {middle: 0.0}
    listed = town.client().get("/api/roads/closures").json()["features"]
    assert [item["properties"]["reason"] for item in listed] == ["Đường ngập"]
    with clock.use(clock.Frozen(clock.now() + timedelta(hours=2))):
        assert routing.route(SYSTEM, start, end).ms == before.ms
        assert closing.closures() == []
    answer = town.client("operator").post(f"/api/roads/closures/{made.id}/open")
    assert answer.status_code == 204
    assert routing.route(SYSTEM, start, end).ms == before.ms
    with pytest.raises(Conflict):
        closing.reopen(town.people["operator"], made.id)
    verbs = [entry.verb for entry in ledger.entries(ledger.ObjectRef("closure", made.id))]
    assert sorted(verbs) == ["roads.closed", "roads.reopened"]


def test_who_may_not_close_cannot_and_a_closure_needs_a_street_a_reason_and_a_future(
    town: Any, sample_roads: Roads
) -> None:
    start, _ = ends(sample_roads)
    street = {"type": "Point", "coordinates": list(start)}
    with pytest.raises(Denied):
        closing.close(town.people["viewer"], street, "works")
    with pytest.raises(Invalid) as found:
        closing.close(SYSTEM, {"type": "Point", "coordinates": [0, 0]}, " ", clock.now() - timedelta(1))
    assert {fault.field for fault in found.value.faults} == {"place", "reason", "until"}
    posted = town.client("operator").post(
        "/api/roads/closures", json.dumps({"place": street, "reason": "works"}), content_type="application/json"
    )
    assert posted.status_code == 201
    assert town.client("operator").post("/api/roads/closures", "[]", content_type="application/json").status_code == 400


def test_a_detector_slows_its_street_and_colours_its_tile(town: Any, sample_roads: Roads) -> None:
    start, end = ends(sample_roads)
    before = routing.route(SYSTEM, start, end)
    engine = routing.engine()
    stretch = int(max(before.stretches[1:-1].tolist(), key=lambda s: engine.network.length[s]))
    line = engine.network.line(stretch).tolist()
    now = clock.now().isoformat()
    jam = {
        "id": "urn:ngsi-ld:TrafficFlowObserved:t1", "type": "TrafficFlowObserved",
        "averageVehicleSpeed": {"type": "Property", "value": 3, "observedAt": now},
        "freeSpeed": {"type": "Property", "value": 50},
        "stretch": {"type": "GeoProperty", "value": {"type": "LineString", "coordinates": line}},
    }  # fmt: skip
    stray = jam | {
        "id": "urn:ngsi-ld:TrafficFlowObserved:t2",
        "stretch": {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [1, 1]}},
    }
    things.write(SYSTEM, [jam, stray])
    live._kept.streets = None  # the five seconds between looks are not waited for
    streets = live.update(engine)
    assert (streets.matched, streets.unmatched) == (1, 1)
    assert live.speeds(engine, [stretch])[stretch] == pytest.approx(0.06, abs=0.01)
    assert routing.route(SYSTEM, start, end).ms > before.ms
    assert routing.route(SYSTEM, start, end, now=False).ms == before.ms
    x, y = mvt.tile_at(14, *line[0])
    answer = town.client("viewer").get(f"/tiles/roads/14/{x}/{y}.mvt")
    states = {item["properties"]["state"] for item in mvt.decode(answer.content)["speeds"]["features"]}
    assert states == {"jam"}
    assert town.client("viewer").get("/tiles/roads/3/0/0.mvt").status_code == 204


def test_the_page_answers_without_script(town: Any, sample_roads: Roads) -> None:
    start, end = ends(sample_roads)
    client = town.client("operator")
    assert client.get("/centre/roads/").status_code == 200
    asked = {"from_lon": start[0], "from_lat": start[1], "minutes": 8}
    reached = client.get("/centre/roads/", asked)
    assert reached.status_code == 200
    assert b"km" in reached.content
    way = client.get("/centre/roads/", asked | {"to": text(end)})
    assert b"<ol" in way.content
    assert client.get("/centre/roads/", asked | {"to": "nowhere"}).status_code == 400
    assert client.get("/centre/roads/", {"from_lon": "1", "from_lat": "1"}).status_code == 400


def test_places_are_found_as_people_write_them(town: Any, sample_roads: Roads) -> None:
    name = max((known for known in routing.engine().network.names if known), key=len)
    for written in (name, f"  12/3 {fold(name)} ", f"12 {name.removeprefix('Phố ')}"):
        (spot,) = finding.find(written)
        found = routing.engine().places([spot.lon], [spot.lat], routing.PROFILES["car"]).snapped.stretch[0]
        assert routing.engine().network.names[routing.engine().network.name[found]] == name
    assert finding.find("105.85, 21.03") == [finding.Spot("105.85, 21.03", 105.85, 21.03)]
    assert [spot.text for spot in finding.find("hà nội")] in ([], ["Thành phố Hà Nội"])
    assert finding.find("no such street at all") == []
    client = town.client("operator")
    page = client.get("/centre/roads/", {"from": name, "to": text(ends(sample_roads)[1])}).content.decode()
    assert "<ol" in page
    assert name in page
    lost = client.get("/centre/roads/", {"from": name, "to": "<b>nowhere</b>"})
    assert lost.status_code == 400
    assert "&lt;b&gt;nowhere&lt;/b&gt;" in lost.content.decode()


def test_replacing_needs_its_permission_and_enters_the_ledger(town: Any, sample_roads: Roads) -> None:
    with pytest.raises(Denied):
        service.replace(town.people["operator"], sample_roads)
    made = service.replace(town.people["city_admin"], sample_roads, source="again")
    assert made == service.version()
    assert ledger.entries(ledger.ObjectRef("roads", made))[0].verb == "roads.replaced"


def test_the_real_centre_of_hanoi_comes_in_and_is_routed(town: Any, shared_data: Path) -> None:
    from thanglong.domains.roads.service import importing

    file = shared_data / "roads" / "hanoi-central-2026-04-11.osm.pbf"
    if not file.is_file():
        pytest.skip("needs ../shared/data/roads (see docs/do/run-the-tests.md)")
    with pytest.raises(Denied):
        importing.import_file(town.people["operator"], file)
    steps: list[str] = []
    account = importing.import_file(SYSTEM, file, step=steps.append)
    assert steps[-1] == "keep"
    assert account.arcs > 20_000
    car, motorbike, _ = account.vehicles
    assert (car.vehicle, motorbike.vehicle) == ("car", "motorbike")
    assert 0.6 < car.share < motorbike.share < 1
    found = routing.route(SYSTEM, (105.8246, 21.0227), (105.8520, 21.0287), "motorbike")
    assert 3 < found.ms / 60_000 < 20
    assert "Phố Tôn Đức Thắng" in {step.name for step in found.steps}
    assert service.version() == routing._kept.version


def test_no_request_waits_for_the_streets_to_be_put_in_order(
    town: Any, sample_roads: Roads, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()
    monkeypatch.setattr(routing, "_warm", lambda: go.wait(60))
    monkeypatch.setattr(routing.ready, "__defaults__", (0.0,))
    monkeypatch.setattr(routing._kept, "warm", False)
    start, end = ends(sample_roads)
    client = town.client("operator")
    answer = client.get("/api/roads/route", {"from": text(start), "to": text(end)})
    assert answer.status_code == 503
    assert client.get("/centre/roads/", {"from": text(start)}).status_code == 503
    assert client.get("/centre/roads/").status_code == 200
    tile = client.get("/tiles/roads/3/6/3.mvt")
    assert (tile.status_code, tile.headers["Cache-Control"]) == (204, "no-store")
    go.set()


def test_a_closure_that_was_entered_is_carried_out_after_a_bad_moment(
    town: Any, sample_roads: Roads, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, end = ends(sample_roads)
    before = routing.route(SYSTEM, start, end)
    middle = int(before.stretches[len(before.stretches) // 2])
    place = {"type": "Point", "coordinates": routing.engine().network.line(middle).mean(axis=0).tolist()}

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as bad:
        bad.setattr(things, "write", full)
        with pytest.raises(Unavailable):
            closing.close(town.people["operator"], place, "Đường ngập")
    entry = ledger.latest(1)[0]
    assert entry.verb == "roads.closed"
    assert closing.closures() == []
    jobs.drain()
    jobs.drain()
    (closure,) = closing.closures()
    assert (closure.id, closure.reason) == (entry.object.id, "Đường ngập")
    assert middle not in routing.route(SYSTEM, start, end).stretches
    with monkeypatch.context() as bad:
        bad.setattr(things, "delete", full)
        with pytest.raises(Unavailable):
            closing.reopen(town.people["operator"], closure.id)
    assert [item.id for item in closing.closures()] == [closure.id]
    jobs.drain()
    assert closing.closures() == []
    # a task that comes late brings nothing back
    closing.carry_out(Closed(closure.id, None, {"id": closure.id, "type": "RoadClosure"}))
    assert closing.closures() == []


def test_the_overview_of_the_centre_carries_the_streets_and_asks_for_ways(town: Any, sample_roads: Roads) -> None:
    page = town.client("operator").get("/centre/").content.decode()
    assert 'data-layer="speeds"' in page
    assert 'data-layer="speeds" checked' not in page
    assert '"tiles":"/tiles/roads/{z}/{x}/{y}.mvt"' in page
    assert '"ways":"/api/roads"' in page
    wall = town.client("operator").get("/centre/?wall=1").content.decode()
    assert '"ways":""' in wall
    assert town.client("operator").get("/centre/layers/speeds.geojson").json()["features"] == []
