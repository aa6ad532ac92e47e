"""Snapshots (clauses 4.3.7, 5.2.41, 5.16, 6.3.22, 6.36 to 6.38)."""

import time
from typing import Any

import pytest
from tests.ngsild.receiver import Receiver

from thanglong.core.things import service

Ask = Any
FAST, SLOW = "urn:ngsi-ld:Vehicle:fast", "urn:ngsi-ld:Vehicle:slow"
LIVELY = {"type": "Query", "entities": [{"type": "Vehicle"}], "q": "speed>50"}
EVERYTHING = {"type": "Query", "entities": [{"type": "Vehicle"}]}
PAST = {**EVERYTHING, "temporalQ": {"timerel": "after", "timeAt": "2020-01-01T00:00:00Z"}}


def vehicle(id: str, speed: int) -> dict[str, Any]:
    return {
        "id": id,
        "type": "Vehicle",
        "speed": {"type": "Property", "value": speed, "observedAt": "2020-08-01T00:00:00Z"},
    }


@pytest.fixture(autouse=True)
def city(broker: Ask, settings: Any) -> None:
    settings.THINGS_ALONE = True  # no ledger: these tests have no Django tables
    broker("POST", "/entityOperations/create", [vehicle(FAST, 80), vehicle(SLOW, 30)])


def made(broker: Ask, body: dict[str, Any], path: str = "/snapshots", **more: Any) -> Any:
    answer = broker("POST", path, {"type": "Snapshot", **body}, **more)
    assert answer.status_code == 201, answer.text
    place = answer.headers["location"].removeprefix("/ngsi-ld/v1")
    for _ in range(200):
        found = broker("GET", place, **more).json()
        if found["snapshotStatus"] != "preparing":
            return found
        time.sleep(0.02)
    raise AssertionError("it was never made")


def ids(answer: Any) -> list[str]:
    return [entity["id"] for entity in answer.json()]


def test_a_snapshot_stays_as_it_was(broker: Ask) -> None:
    found = made(broker, {"snapshotQueries": [LIVELY]})
    assert found["snapshotStatus"] == "success" and found["snapshotPriority"] == 5
    assert found["snapshotQueriesDetails"] == [{"resultStatus": "success"}]
    inside = {"NGSILD-Snapshot": found["id"]}
    answer = broker("GET", "/entities?type=Vehicle", headers=inside)
    assert ids(answer) == [FAST] and answer.headers["ngsild-snapshot"] == found["id"]
    broker("PATCH", f"/entities/{FAST}/attrs/speed", {"value": 10})
    assert broker("GET", f"/entities/{FAST}", headers=inside).json()["speed"]["value"] == 80
    assert broker("PATCH", f"/entities/{FAST}/attrs/speed", {"value": 99}, headers=inside).status_code == 204
    assert broker("GET", f"/entities/{FAST}").json()["speed"]["value"] == 10
    assert broker("GET", "/types", headers=inside).json()["typeList"] == ["Vehicle"]
    assert service.tenants() == [] and len(service.changes(0)) == 3


def test_the_endpoint_is_told_when_it_is_made(broker: Ask, settings: Any) -> None:
    settings.OUTGOING = "any"
    with Receiver() as receiver:
        info = [{"key": "X-Key", "value": "k"}]
        found = made(broker, {"snapshotQueries": [LIVELY], "endpoint": receiver.url, "receiverInfo": info})
        told = receiver.wait(1, 20.0)[0]
        assert told.body["type"] == "SnapshotNotification" and told.body["snapshotId"] == found["id"]
        assert told.body["snapshotStatus"] == "success" and told.body["expiresAt"] == found["expiresAt"]
        assert told.body["snapshotQueriesDetails"] == [{"resultStatus": "success"}]
        assert told.headers["x-key"] == "k" and told.headers["content-type"] == "application/json"


def test_questions_of_the_past(broker: Ask) -> None:
    broker("PATCH", f"/entities/{FAST}/attrs/speed", {"value": 90, "observedAt": "2020-08-01T01:00:00Z"})
    found = made(broker, {"snapshotTemporalQueries": [PAST]})
    assert found["snapshotTemporalQueriesDetails"] == [{"resultStatus": "success"}]
    inside = {"NGSILD-Snapshot": found["id"]}
    past = broker("GET", f"/temporal/entities/{FAST}", headers=inside).json()
    assert [item["value"] for item in past["speed"]] == [80, 90]
    assert broker("GET", "/entities?type=Vehicle", headers=inside).json() == []


def test_nothing_found_is_empty_and_a_bad_question_is_told(broker: Ask) -> None:
    nothing = {"type": "Query", "entities": [{"type": "Tree"}]}
    assert made(broker, {"snapshotQueries": [nothing]})["snapshotStatus"] == "empty"
    assert made(broker, {"snapshotQueries": [nothing, LIVELY]})["snapshotStatus"] == "partial"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"snapshotQueries": [PAST]},
        {"snapshotTemporalQueries": [LIVELY]},
        {"snapshotQueries": [LIVELY], "snapshotPriority": 11},
        {"snapshotQueries": [LIVELY], "snapshotLifetime": "a day"},
        {"snapshotQueries": [{"type": "Query"}]},
        {"snapshotQueries": [LIVELY], "id": "no uri"},
        {"snapshotQueries": [LIVELY], "surprise": 1},
    ],
)
def test_what_is_no_snapshot_is_400(broker: Ask, body: dict[str, Any]) -> None:
    assert broker("POST", "/snapshots", {"type": "Snapshot", **body}).status_code == 400


def test_changed_cloned_deleted_and_purged(broker: Ask) -> None:
    found = made(broker, {"id": "urn:ngsi-ld:Snapshot:1", "snapshotQueries": [EVERYTHING], "snapshotLifetime": "PT1H"})
    one = f"/snapshots/{found['id']}"
    assert broker("POST", "/snapshots", {"type": "Snapshot", **found}).status_code == 409
    changed = broker("PATCH", one, {"snapshotPriority": 2, "snapshotLifetime": "PT2H"})
    assert changed.status_code == 200 and changed.json()["snapshotPriority"] == 2
    assert changed.json()["expiresAt"] > found["expiresAt"]
    assert broker("PATCH", one, {"snapshotQueries": []}).status_code == 400
    copy = made(broker, {"snapshotPriority": 9}, f"{one}/clone")
    assert copy["snapshotStatus"] == "success" and copy["snapshotQueries"] == [EVERYTHING]
    assert broker("POST", "/snapshots/urn:ngsi-ld:Snapshot:none/clone", {"type": "Snapshot"}).status_code == 404
    assert broker("DELETE", "/snapshots").status_code == 400
    assert broker("DELETE", "/snapshots?q=speed>50").status_code == 400
    assert broker("DELETE", "/snapshots?q=snapshotPriority<5").status_code == 204
    assert broker("GET", one).status_code == 404
    inside = {"NGSILD-Snapshot": copy["id"]}
    assert ids(broker("GET", "/entities?type=Vehicle", headers=inside)) == [FAST, SLOW]
    assert broker("DELETE", f"/snapshots/{copy['id']}").status_code == 204
    assert broker("GET", "/entities?type=Vehicle", headers=inside).status_code == 404
    assert broker("DELETE", f"/snapshots/{copy['id']}").status_code == 404


def test_tenants_and_rights(broker: Ask) -> None:
    tenant = {"NGSILD-Tenant": "one"}
    broker("POST", "/entities", vehicle(FAST, 70), headers=tenant)
    found = made(broker, {"snapshotQueries": [LIVELY]}, headers=tenant)
    assert broker("GET", f"/snapshots/{found['id']}").status_code == 404
    inside = {**tenant, "NGSILD-Snapshot": found["id"]}
    assert broker("GET", f"/entities/{FAST}", headers=inside).json()["speed"]["value"] == 70
    assert broker("GET", "/entities?type=Vehicle", headers={"NGSILD-Snapshot": found["id"]}).status_code == 404
    assert broker("POST", "/snapshots", {"type": "Snapshot"}, key="reader").status_code == 403
    assert broker("GET", f"/snapshots/{found['id']}", key="", headers=tenant).status_code == 404
