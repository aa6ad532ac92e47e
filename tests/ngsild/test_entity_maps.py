"""Entity maps (clauses 4.5.25, 5.2.39, 5.5.9.3, 5.14, 6.32 to 6.35)."""

from typing import Any

import pytest

Ask = Any
SPAN = "timerel=after&timeAt=2020-01-01T00:00:00Z"


def lamp(number: int, level: int = 1) -> dict[str, Any]:
    at = f"2020-08-01T00:00:0{number}Z"
    return {
        "id": f"urn:ngsi-ld:Lamp:{number}",
        "type": "Lamp",
        "level": {"type": "Property", "value": level, "observedAt": at},
    }


@pytest.fixture(autouse=True)
def city(broker: Ask) -> None:
    broker("POST", "/entityOperations/create", [lamp(number) for number in range(5)])


def ids(answer: Any) -> list[str]:
    return [entity["id"][-1] for entity in answer.json()]


@pytest.mark.parametrize("path", ["/entityMaps?type=Lamp", f"/temporal/entityMaps?type=Lamp&{SPAN}"])
def test_a_map_is_made_read_changed_and_deleted(broker: Ask, path: str) -> None:
    made = broker("GET", path)
    assert made.status_code == 201
    body = made.json()
    assert body["type"] == "EntityMap" and len(body["entityMap"]) == 5
    assert body["entityMap"]["urn:ngsi-ld:Lamp:1"] == ["@none"] and body["linkedMaps"] == {}
    place = made.headers["ngsild-entitymap"]
    assert place == f"/ngsi-ld/v1/entityMaps/{body['id']}"
    one = f"/entityMaps/{body['id']}"
    assert broker("GET", one).json() == body
    later = {"type": "EntityMap", "expiresAt": "2099-01-01T00:00:00Z", "entityMap": {}}
    assert broker("PATCH", one, later).status_code == 204
    changed = broker("GET", one).json()
    assert changed["expiresAt"] > body["expiresAt"] and len(changed["entityMap"]) == 5
    assert broker("PATCH", one, {"expiresAt": "soon"}).status_code == 400
    assert broker("DELETE", one).status_code == 204
    assert broker("GET", one).status_code == 404 and broker("DELETE", one).status_code == 404
    assert broker("GET", "/entityMaps/nothing").status_code == 400


def test_a_question_in_the_body(broker: Ask) -> None:
    body = {"type": "Query", "entities": [{"type": "Lamp"}], "q": "level==1"}
    assert len(broker("POST", "/entityMaps", body).json()["entityMap"]) == 5
    past = {**body, "temporalQ": {"timerel": "before", "timeAt": "2020-08-01T00:00:02Z"}}
    assert len(broker("POST", "/temporal/entityMaps", past).json()["entityMap"]) == 2
    assert broker("GET", "/entityMaps").status_code == 400


def test_pages_stay_on_the_map(broker: Ask) -> None:
    first = broker("GET", "/entities?type=Lamp&q=level==1&limit=2&entityMap=true")
    place = {"NGSILD-EntityMap": first.headers["ngsild-entitymap"]}
    assert ids(first) == ["0", "1"] and 'rel="next"' in first.headers["link"]
    broker("POST", "/entities", {**lamp(0), "id": "urn:ngsi-ld:Lamp:00"})  # new: before the second page
    broker("PATCH", "/entities/urn:ngsi-ld:Lamp:2/attrs/level", {"value": 9})  # no longer fits
    second = broker("GET", "/entities?type=Lamp&q=level==1&limit=2&offset=2", headers=place)
    assert ids(second) == ["3", "4"] and second.headers["ngsild-entitymap"] == place["NGSILD-EntityMap"]
    assert 'rel="next"' not in second.headers["link"]
    assert ids(broker("GET", "/entities?type=Lamp&limit=2&offset=9", headers=place)) == []


def test_a_lost_map_is_made_again(broker: Ask) -> None:
    found = broker("GET", "/entities?type=Lamp", headers={"NGSILD-EntityMap": "urn:ngsi-ld:EntityMap:gone"})
    assert found.status_code == 200 and len(found.json()) == 5
    assert not found.headers["ngsild-entitymap"].endswith("gone")


def test_pages_of_the_past_stay_on_the_map(broker: Ask) -> None:
    first = broker("GET", f"/temporal/entities?type=Lamp&{SPAN}&limit=3&entityMap=true")
    place = {"NGSILD-EntityMap": first.headers["ngsild-entitymap"]}
    broker("POST", "/temporal/entities", {"id": "urn:ngsi-ld:Lamp:00", "type": "Lamp", "level": lamp(0)["level"]})
    second = broker("GET", f"/temporal/entities?type=Lamp&{SPAN}&limit=3&offset=3", headers=place)
    assert ids(first) == ["0", "1", "2"] and ids(second) == ["3", "4"]


def test_maps_belong_to_their_tenant_and_to_who_may_read(broker: Ask) -> None:
    place = broker("GET", "/entityMaps?type=Lamp").json()["id"]
    broker("POST", "/entities", lamp(1), headers={"NGSILD-Tenant": "one"})
    assert broker("GET", f"/entityMaps/{place}", headers={"NGSILD-Tenant": "one"}).status_code == 404
    assert broker("GET", f"/entityMaps/{place}", key="").status_code == 404
    assert broker("GET", f"/entityMaps/{place}", key="reader").status_code == 200


def test_of_one_entity(broker: Ask) -> None:
    lamp_1 = "/entities/urn:ngsi-ld:Lamp:1"
    made = broker("GET", f"{lamp_1}?entityMap=true")
    place = made.headers["ngsild-entitymap"]
    assert made.json()["id"].endswith("Lamp:1")
    assert broker("GET", place.removeprefix("/ngsi-ld/v1")).json()["entityMap"] == {"urn:ngsi-ld:Lamp:1": ["@none"]}
    again = broker("GET", lamp_1, headers={"ngsild-entitymap": place})
    assert again.headers["ngsild-entitymap"] == place
    other = broker("GET", lamp_1, headers={"ngsild-entitymap": "urn:ngsi-ld:EntityMap:gone"})
    assert other.status_code == 200 and other.headers["ngsild-entitymap"] not in (place, "urn:ngsi-ld:EntityMap:gone")
