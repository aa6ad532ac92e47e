"""Types and attributes (clauses 4.5.10 to 4.5.15, 5.7.5 to 5.7.10)."""

from typing import Any

import pytest

Ask = Any
VOCABULARY = "https://uri.etsi.org/ngsi-ld/default-context/"


@pytest.fixture(autouse=True)
def city(broker: Ask) -> None:
    name = {"type": "Property", "value": "a"}
    place = {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [105.8, 21.0]}}
    deep = {"type": "Property", "value": {"a": {"b": 1}}, "accuracy": {"type": "Property", "value": 2}}
    far = {"type": "Property", "value": 1}
    broker("POST", "/entities", {"id": "urn:b:1", "type": "Building", "name": name, "location": place, "deep": deep})
    broker(
        "POST", "/entities", {"id": "urn:b:2", "type": "Building", "name": {"type": "Relationship", "object": "urn:x"}}
    )
    broker(
        "POST", "/entities", {"id": "urn:v:1", "type": "Vehicle", "name": name, "http://a.b.c/d.e": far, "scope": "/x"}
    )


def test_types(broker: Ask) -> None:
    found = broker("GET", "/types").json()
    assert found["id"].startswith("urn:ngsi-ld:EntityTypeList:") and found["type"] == "EntityTypeList"
    assert found["typeList"] == ["Building", "Vehicle"] and broker("GET", "/types").json() == found
    assert broker("GET", "/types?details=true").json() == [
        {
            "id": f"{VOCABULARY}Building",
            "type": "EntityType",
            "typeName": "Building",
            "attributeNames": ["deep", "location", "name"],
        },
        {
            "id": f"{VOCABULARY}Vehicle",
            "type": "EntityType",
            "typeName": "Vehicle",
            "attributeNames": ["http://a.b.c/d.e", "name"],
        },
    ]


def test_one_type(broker: Ask) -> None:
    found = broker("GET", "/types/Building").json()
    details = found.pop("attributeDetails")
    assert found == {"id": f"{VOCABULARY}Building", "type": "EntityTypeInfo", "typeName": "Building", "entityCount": 2}
    assert details[1] == {
        "id": "https://uri.etsi.org/ngsi-ld/location",
        "type": "Attribute",
        "attributeName": "location",
        "attributeTypes": ["GeoProperty"],
    }
    assert details[2]["attributeTypes"] == ["Property", "Relationship"]
    assert broker("GET", "/types/Nothing").status_code == 404


def test_attributes(broker: Ask) -> None:
    found = broker("GET", "/attributes").json()
    assert found["id"].startswith("urn:ngsi-ld:AttributeList:") and found["type"] == "AttributeList"
    assert found["attributeList"] == ["deep", "http://a.b.c/d.e", "location", "name"]
    details = broker("GET", "/attributes?details=true").json()
    assert details[3] == {
        "id": f"{VOCABULARY}name",
        "type": "Attribute",
        "attributeName": "name",
        "typeNames": ["Building", "Vehicle"],
    }


def test_one_attribute(broker: Ask) -> None:
    assert broker("GET", "/attributes/name").json() == {
        "id": f"{VOCABULARY}name",
        "type": "Attribute",
        "attributeName": "name",
        "attributeCount": 3,
        "attributeTypes": ["Property", "Relationship"],
        "typeNames": ["Building", "Vehicle"],
    }
    assert broker("GET", "/attributes/nothing").status_code == 404
    assert broker("GET", "/attributes/http:%2F%2Fa.b.c%2Fd.e").json()["attributeCount"] == 1
    broker("DELETE", "/entities/urn:v:1")
    assert broker("GET", "/attributes/http:%2F%2Fa.b.c%2Fd.e").status_code == 404


def test_forms_and_strangers(broker: Ask) -> None:
    assert broker("GET", "/types", key="").json()["typeList"] == ["Building"]
    assert broker("GET", "/attributes/name", key="").json()["attributeCount"] == 2
    assert broker("GET", "/types?details=perhaps").status_code == 400
    assert broker("GET", "/attributes?surprise=1").status_code == 400
    assert broker("POST", "/types", {}).status_code == 405
    found = broker("GET", "/attributes", headers={"accept": "application/ld+json"})
    assert found.json()["@context"] and found.headers["content-type"] == "application/ld+json"


def test_who_the_broker_is(broker: Ask) -> None:
    found = broker("GET", "/info/sourceIdentity").json()
    assert found["type"] == "ContextSourceIdentity" and found["contextSourceUptime"].startswith("PT")
    assert found["id"].endswith(found["contextSourceAlias"]) and found["contextSourceTimeAt"].endswith("Z")
    other = broker("GET", "/info/sourceIdentity", headers={"NGSILD-Tenant": "nobody"})
    assert other.status_code == 200 and other.headers["ngsild-tenant"] == "nobody"
    assert other.json()["contextSourceAlias"] != found["contextSourceAlias"]


def test_members_of_every_entity_are_no_attributes(broker: Ask) -> None:
    for name in ("id", "type", "scope", "createdAt", "deletedAt"):
        assert broker("GET", f"/attributes/{name}").status_code == 404
