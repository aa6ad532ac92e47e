"""Tenants: isolated, made by creating, echoed in every answer (clauses 4.14, 5.5.10 and 6.3.14)."""

from typing import Any

import pytest

from thanglong.core.things import service
from thanglong.kit.ports import ThingsStore

Ask = Any
A, B = {"NGSILD-Tenant": "one"}, {"NGSILD-Tenant": "two"}


def lamp(value: int) -> dict[str, Any]:
    return {"id": "urn:ngsi-ld:Lamp:1", "type": "Lamp", "level": {"type": "Property", "value": value}}


def test_an_unknown_tenant_is_404_until_something_is_created_in_it(broker: Ask) -> None:
    missing = broker("GET", "/entities?type=Lamp", headers=A)
    assert missing.status_code == 404 and missing.headers["ngsild-tenant"] == "one"
    assert missing.json()["type"] == "https://uri.etsi.org/ngsi-ld/errors/NonexistentTenant"
    assert broker("DELETE", "/entities/urn:ngsi-ld:Lamp:1", headers=A).status_code == 404
    assert broker("POST", "/entityOperations/delete", ["urn:ngsi-ld:Lamp:1"], headers=A).json()["title"] == (
        "NonexistentTenant"
    )
    made = broker("POST", "/entities", lamp(1), headers=A)
    assert made.status_code == 201 and made.headers["ngsild-tenant"] == "one"
    assert [e["id"] for e in broker("GET", "/entities?type=Lamp", headers=A).json()] == ["urn:ngsi-ld:Lamp:1"]
    assert service.tenants() == ["one"] and service.has_tenant("one") and service.has_tenant("")


def test_who_may_not_write_makes_no_tenant(broker: Ask) -> None:
    assert broker("POST", "/entities", lamp(1), key="reader", headers=A).status_code == 403
    assert broker("POST", "/entities", lamp(1), key="", headers=A).status_code == 401
    assert service.tenants() == []


def test_the_same_id_lives_in_each_tenant(broker: Ask) -> None:
    for value, headers in ((1, {}), (2, A), (3, B)):
        assert broker("POST", "/entities", lamp(value), headers=headers).status_code == 201
    for value, headers in ((1, {}), (2, A), (3, B)):
        assert broker("GET", "/entities/urn:ngsi-ld:Lamp:1", headers=headers).json()["level"]["value"] == value
        past = broker("GET", "/temporal/entities/urn:ngsi-ld:Lamp:1?options=sysAttrs", headers=headers).json()
        assert [item["value"] for item in past["level"]] == [value]
    assert broker("DELETE", "/entities/urn:ngsi-ld:Lamp:1", headers=A).status_code == 204
    assert broker("GET", "/entities/urn:ngsi-ld:Lamp:1", headers=A).status_code == 404
    assert broker("GET", "/entities/urn:ngsi-ld:Lamp:1", headers=B).status_code == 200
    assert broker("GET", "/entities?type=Lamp&count=true&limit=0").headers["ngsild-results-count"] == "1"
    assert broker("GET", "/types", headers=A).json()["typeList"] == []


def test_one_batch_of_the_writer_serves_many_tenants(things: ThingsStore, broker: Ask) -> None:
    at = service.clock.now()
    for name in ("one", "two"):
        service.open_tenant(name)
    waiting = [things.of(name).write_soon([lamp(n)], mode="upsert", at=at) for n, name in enumerate(["one", "two", ""])]
    assert all(item.result()[0].created for item in waiting)
    assert [
        things.of(name).get(["urn:ngsi-ld:Lamp:1"])["urn:ngsi-ld:Lamp:1"]["level"]["value"] for name in ("one", "")
    ] == [
        0,
        2,
    ]


def test_the_log_tells_the_tenant(things: ThingsStore, broker: Ask) -> None:
    broker("POST", "/entities", lamp(1))
    broker("POST", "/entities", lamp(2), headers=A)
    assert [change.tenant for change in service.changes(0)] == [""]
    everyone = service.changes(0, everyone=True)
    assert [(change.tenant, change.attributes and change.attributes["level"]["value"]) for change in everyone] == [
        ("", 1),
        ("one", 2),
    ]
    assert service.changes(0, types=["Nothing"], everyone=True) == []


def test_open_types_are_open_in_the_city_alone(broker: Ask) -> None:
    tree = {"id": "urn:ngsi-ld:Streetlight:1", "type": "Streetlight"}
    broker("POST", "/entities", tree)
    broker("POST", "/entities", tree, headers=A)
    assert broker("GET", "/entities/urn:ngsi-ld:Streetlight:1", key="").status_code == 200
    assert broker("GET", "/entities/urn:ngsi-ld:Streetlight:1", key="", headers=A).status_code == 404
    assert broker("GET", "/entities?type=Streetlight", key="", headers=A).status_code == 401
    assert broker("GET", "/types", key="", headers=A).json()["typeList"] == []


@pytest.mark.parametrize("name", ["x" * 201, "a\tb"])
def test_a_name_that_is_none_is_400(broker: Ask, name: str) -> None:
    assert broker("POST", "/entities", lamp(1), headers={"NGSILD-Tenant": name}).status_code == 400


def test_an_empty_name_is_the_city(broker: Ask) -> None:
    assert broker("POST", "/entities", lamp(1), headers={"NGSILD-Tenant": ""}).status_code == 201
    assert broker("GET", "/entities/urn:ngsi-ld:Lamp:1").status_code == 200
