"""Entities and attributes, clause by clause of ETSI GS CIM 009 V1.9.1."""

from typing import Any

import pytest
from tests.ngsild.conftest import Ask

CAR = "urn:ngsi-ld:Car:1"
PATH = f"/entities/{CAR}"
NULL = "urn:ngsi-ld:null"
D1, D2 = "urn:ngsi-ld:Dataset:1", "urn:ngsi-ld:Dataset:2"


def car(**attributes: Any) -> dict[str, Any]:
    return {"id": CAR, "type": "Car", **attributes}


def prop(value: Any, **more: Any) -> dict[str, Any]:
    return {"type": "Property", "value": value, **more}


def made(broker: Ask, **attributes: Any) -> None:
    answer = broker("POST", "/entities", car(**attributes))
    assert answer.status_code == 201, answer.text


def state(broker: Ask, **params: str) -> Any:
    answer = broker("GET", PATH, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


class TestKinds:
    """4.5: the kinds of attributes, as they come in and in which forms they go out."""

    KINDS = {
        "speed": (prop(5), 5, 5),
        "owner": ({"type": "Relationship", "object": "urn:p:1", "objectType": "Person"}, "urn:p:1",
                  {"object": "urn:p:1", "objectType": "Person"}),
        "owners": ({"type": "Relationship", "object": ["urn:p:1", "urn:p:2"]}, ["urn:p:1", "urn:p:2"],
                   {"object": ["urn:p:1", "urn:p:2"]}),
        "label": ({"type": "LanguageProperty", "languageMap": {"en": "red", "vi": "đỏ"}},
                  {"languageMap": {"en": "red", "vi": "đỏ"}}, {"languageMap": {"en": "red", "vi": "đỏ"}}),
        "brand": ({"type": "VocabProperty", "vocab": "Mercedes"}, {"vocab": "Mercedes"}, {"vocab": "Mercedes"}),
        "gears": ({"type": "ListProperty", "valueList": [1, "a", [2]]}, [1, "a", [2]], {"valueList": [1, "a", [2]]}),
        "route": ({"type": "ListRelationship", "objectList": [{"object": "urn:s:1"}, {"object": "urn:s:2"}]},
                  ["urn:s:1", "urn:s:2"], {"objectList": [{"object": "urn:s:1"}, {"object": "urn:s:2"}]}),
        "ticket": ({"type": "JsonProperty", "json": {"id": "x", "value": None}}, {"json": {"id": "x", "value": None}},
                   {"json": {"id": "x", "value": None}}),
        "place": ({"type": "GeoProperty", "value": {"type": "Point", "coordinates": [1, 2]}},
                  {"type": "Point", "coordinates": [1, 2]}, {"type": "Point", "coordinates": [1, 2]}),
    }  # fmt: skip

    def test_forms(self, broker: Ask) -> None:
        made(broker, **{key: kind[0] for key, kind in self.KINDS.items()})
        normal, simple, short = state(broker), state(broker, format="simplified"), state(broker, options="concise")
        for key, (whole, bare, concise) in self.KINDS.items():
            assert (normal[key], simple[key], short[key]) == (whole, bare, concise), key

    @pytest.mark.parametrize(
        "attribute",
        [
            {"type": "Property", "object": "urn:a:1"},
            {"type": "Relationship", "value": "urn:a:1"},
            {"type": "Relationship", "object": []},
            {"type": "ListRelationship", "objectList": ["no uri"]},
            {"type": "ListProperty", "valueList": 5},
            {"type": "LanguageProperty", "languageMap": {"no language!": "x"}},
            {"type": "LanguageProperty", "languageMap": {"en": 5}},
            {"type": "VocabProperty", "vocab": 5},
            {"type": "Property", "value": NULL},
            {"type": "Property", "value": {"deep": NULL}},
            NULL,
            {
                "type": "GeoProperty",
                "value": {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]},
            },
            {"type": "Property", "value": 1, "datasetId": "no uri"},
            {"type": "Property", "value": 1, "observedAt": "2026-01-01T00:00:00+02:00"},
            {"type": "Property", "value": 1, "observedAt": {"type": "Property", "value": 1}},
            {"type": "Property", "value": 1, "@context": {}},
            {"type": "Property", "value": 1, "previousValue": 0},
            {"type": "Property", "value": 1, "entityIdSealed": "urn:a:1"},
            {"type": "Property", "value": 1, "sub": {"type": "Property", "value": NULL}},
            {"type": "Relationship", "object": "urn:a:1", "unitCode": "MTR"},
            {"type": "JsonProperty", "json": 5},
            {"type": "JsonProperty", "json": {"a": 1}, "unitCode": "MTR"},
            {"type": "LanguageProperty", "languageMap": {"en": "x"}, "valueType": "xsd:string"},
            {"type": "GeoProperty", "value": {"type": "GeometryCollection", "geometries": []}},
            {"type": "GeoProperty", "value": "no geometry"},
            [prop(1), prop(2, datasetId="@none")],
            [prop(1, datasetId=D1), prop(2, datasetId=D1)],
        ],
    )
    def test_wrong_ones(self, broker: Ask, attribute: Any) -> None:
        answer = broker("POST", "/entities", car(x=attribute))
        assert answer.status_code == 400 and answer.json()["title"] == "BadRequestData", answer.text

    @pytest.mark.parametrize(
        "body",
        [
            {"datasetId": 1}, {"observedAt": 1}, {"instanceId": 1}, {"my attr": 1}, {"9x": 1}, {"type": "9Car"},
            {"location": 7}, {"scope": "/a//b"}, {"scope": "9a"}, {"scope": ["/a", "a-b"]}, {"scope": NULL}, {"id": NULL},
            *({"id": f"urn:x:A{sign}B"} for sign in "\u202e\u200b\ufeff\u00a0<\ufe0f\U000e0100\ufdd0\u115f\u2800"),
            {"ngsildproof": {"type": "Property", "value": "text"}},
        ],
    )  # fmt: skip
    def test_wrong_entities(self, broker: Ask, body: Any) -> None:
        answer = broker("POST", "/entities", {**car(), **body})
        assert answer.status_code == 400 and answer.json()["title"] == "BadRequestData", answer.text

    def test_what_is_right(self, broker: Ask) -> None:
        proof = {"type": "Property", "value": {"proofValue": "z"}, "entityIdSealed": CAR, "entityTypeSealed": "Car"}
        made(
            broker,
            ngsildproof=proof,
            výška_1=7,
            location={"type": "GeoProperty", "value": '{"type":"Point","coordinates":[1,2]}'},
        )
        found = state(broker)
        assert found["ngsildproof"] == proof and found["výška_1"] == prop(7)
        assert found["location"]["value"] == {"type": "Point", "coordinates": [1, 2]}
        keywords = {"@id": "urn:x:1", "@type": "Car", "speed": prop([1], valueType="xsd:double")}
        assert broker("POST", "/entities", keywords).status_code == 201
        assert set(broker("GET", "/entities/urn:x:1").json()) == {"id", "type", "speed"}


class TestInstances:
    """4.5.5, 5.6.2 to 5.6.5: instances told apart by datasetId."""

    def test_life(self, broker: Ask) -> None:
        made(broker, speed=[prop(1), prop(2, datasetId=D1)])
        simple = state(broker, options="keyValues")["speed"]
        assert simple == {"dataset": {"@none": 1, D1: 2}}
        broker("POST", f"{PATH}/attrs", {"speed": prop(3, datasetId=D2)})
        broker("POST", f"{PATH}/attrs", {"speed": prop(4)})
        assert [one["value"] for one in state(broker)["speed"]] == [4, 2, 3]
        assert state(broker, datasetId=D1)["speed"] == prop(2, datasetId=D1)
        assert state(broker, datasetId="@none")["speed"] == prop(4)
        assert "speed" not in state(broker, datasetId="urn:no:1")
        kept = broker("POST", f"{PATH}/attrs", {"speed": prop(9, datasetId=D1)}, params={"options": "noOverwrite"})
        assert kept.status_code == 207
        patch = broker("PATCH", f"{PATH}/attrs/speed", {"value": 5, "datasetId": D2})
        assert patch.status_code == 204 and state(broker, datasetId=D2)["speed"]["value"] == 5
        assert broker("PATCH", f"{PATH}/attrs/speed", {"value": 5, "datasetId": "urn:no:1"}).status_code == 404
        assert broker("DELETE", f"{PATH}/attrs/speed", params={"datasetId": D1}).status_code == 204
        assert broker("DELETE", f"{PATH}/attrs/speed", params={"datasetId": D1}).status_code == 404
        broker("PATCH", f"{PATH}/attrs", {"speed": {"type": "Property", "value": NULL, "datasetId": D2}})
        assert state(broker)["speed"] == prop(4)
        broker("POST", f"{PATH}/attrs", {"speed": prop(3, datasetId=D2)})
        assert broker("DELETE", f"{PATH}/attrs/speed").status_code == 204
        assert broker("DELETE", f"{PATH}/attrs/speed").status_code == 404
        assert broker("DELETE", f"{PATH}/attrs/speed", params={"deleteAll": "true"}).status_code == 204
        assert set(state(broker)) == {"id", "type"}


class TestMerging:
    """5.5.8 and 5.5.12: partial update exchanges members, merge goes deep."""

    def test_partial_update(self, broker: Ask) -> None:
        made(broker, address=prop({"street": "A", "city": "B"}, unitCode="X", note=prop(1)))
        broker("PATCH", f"{PATH}/attrs/address", {"value": {"street": "C"}})
        assert state(broker)["address"] == prop({"street": "C"}, unitCode="X", note=prop(1))
        broker("PATCH", f"{PATH}/attrs/address", {"unitCode": NULL, "note": prop(2)})
        assert state(broker)["address"] == prop({"street": "C"}, note=prop(2))
        wrong = broker("PATCH", f"{PATH}/attrs/address", {"type": "Relationship", "object": "urn:a:1"})
        assert wrong.status_code == 400
        assert broker("PATCH", f"{PATH}/attrs/scope", {"value": "/x"}).status_code == 400
        broker("PATCH", f"{PATH}/attrs/address", {"type": "Property", "value": NULL})
        assert "address" not in state(broker)

    def test_merge(self, broker: Ask) -> None:
        made(broker, address=prop({"street": "A", "country": "DE"}), speed=prop(1, observedAt="2026-01-01T00:00:00Z"))
        body = {"address": prop({"street": "B", "country": NULL}), "speed": prop(2), "new": prop(3)}
        assert broker("PATCH", PATH, body, params={"observedAt": "2026-02-02T00:00:00Z"}).status_code == 204
        assert state(broker) == car(
            address=prop({"street": "B"}),
            speed=prop(2, observedAt="2026-02-02T00:00:00Z"),
            new=prop(3, observedAt="2026-02-02T00:00:00Z"),
        )
        broker("PATCH", PATH, {"new": NULL, "type": "Vehicle"})
        found = state(broker)
        assert "new" not in found and found["type"] == ["Car", "Vehicle"]

    def test_bare_values_keep_the_kind(self, broker: Ask) -> None:
        made(broker, owner={"object": "urn:p:1"}, label={"languageMap": {"en": "red", "vi": "đỏ"}})
        body = {"owner": "urn:p:2", "label": "rouge"}
        broker("PATCH", PATH, body, params={"options": "keyValues", "lang": "fr"})
        found = state(broker)
        assert found["owner"] == {"type": "Relationship", "object": "urn:p:2"}
        assert found["label"]["languageMap"] == {"en": "red", "vi": "đỏ", "fr": "rouge"}


class TestScopesAndEnds:
    """4.18, 4.19 and transient entities."""

    def test_scopes(self, broker: Ask) -> None:
        made(broker, scope="/Hanoi/Streets")
        assert state(broker)["scope"] == "/Hanoi/Streets"
        broker("POST", f"{PATH}/attrs", {"scope": "/Other"}, params={"options": "noOverwrite"})
        assert state(broker)["scope"] == ["/Hanoi/Streets", "/Other"]
        for query, found in [
            ("/Hanoi", 0), ("/Hanoi/#", 1), ("/+/Streets", 1), ("/#", 1), ("(/Hanoi/#;/Other)", 1), ("/X,/Other", 1),
            ("(/Hanoi/#;/X)", 0), ("/Hanoi/Streets/#", 1), ("/Hano/#", 0),
        ]:  # fmt: skip
            answer = broker("GET", "/entities", params={"type": "Car", "scopeQ": query})
            assert len(answer.json()) == found, query
        assert broker("GET", "/entities", params={"type": "Car", "scopeQ": "/a b"}).status_code == 400
        assert broker("DELETE", f"{PATH}/attrs/scope").status_code == 204
        assert "scope" not in state(broker)
        assert broker("POST", "/entities", {"id": "urn:x:1", "type": "T", "scope": 5}).status_code == 400

    def test_ends(self, broker: Ask) -> None:
        made(broker, expiresAt="2020-01-01T00:00:00Z")
        assert broker("GET", PATH).status_code == 404
        assert broker("GET", "/entities?type=Car&count=true").headers["ngsild-results-count"] == "0"
        broker("POST", "/entities", {"id": "urn:x:2", "type": "Car", "expiresAt": "2999-01-01T00:00:00Z"})
        assert [one["id"] for one in broker("GET", "/entities?type=Car").json()] == ["urn:x:2"]
        from thanglong.core.things import service

        assert service.sweep() == 1 and service.sweep() == 0
        assert broker("POST", "/entities", {"id": "urn:x:3", "type": "T", "expiresAt": "soon"}).status_code == 400


class TestReplacing:
    """5.6.18, 5.6.19."""

    def test_entity(self, broker: Ask) -> None:
        made(broker, a=1, b=2, scope="/x")
        before = state(broker, options="sysAttrs")["createdAt"]
        assert broker("PUT", PATH, {"id": CAR, "type": "Truck", "c": 3}).status_code == 204
        assert state(broker) == {"id": CAR, "type": "Truck", "c": prop(3)}
        assert state(broker, options="sysAttrs")["createdAt"] == before
        assert broker("GET", "/entities?type=Car").json() == []
        assert broker("PUT", PATH, {"id": CAR, "type": "Truck", "c": NULL}).status_code == 400
        assert broker("PUT", "/entities/urn:no:1", {"type": "T"}).status_code == 404
        assert broker("PUT", PATH, {"c": 3}, params={"type": "Car"}).status_code == 404

    def test_attribute(self, broker: Ask) -> None:
        made(broker, a=prop(1, unitCode="X", sub=prop(2)))
        assert broker("PUT", f"{PATH}/attrs/a", prop(5)).status_code == 204
        assert state(broker)["a"] == prop(5)
        assert broker("PUT", f"{PATH}/attrs/no", prop(5)).status_code == 404
        assert broker("PUT", f"{PATH}/attrs/a", prop(5, datasetId=D1)).status_code == 404


class TestBatches:
    """5.6.7 to 5.6.10, 5.6.20."""

    def test_each_alone(self, broker: Ask) -> None:
        made(broker, a=1)
        bodies = [car(a=2), {"id": "urn:b:1", "type": "T", "x": 1}, {"id": "no uri", "type": "T"}]
        answer = broker("POST", "/entityOperations/create", bodies)
        assert answer.status_code == 207 and answer.json()["success"] == ["urn:b:1"]
        assert {one["error"]["status"] for one in answer.json()["errors"]} == {400, 409}
        twice = broker("POST", "/entityOperations/create", [{"id": "urn:t:1", "type": "T"}] * 2)
        assert twice.status_code == 207 and twice.json()["success"] == ["urn:t:1"]
        assert broker("POST", "/entityOperations/upsert", [car(b=2)], params={"options": "update"}).status_code == 204
        assert set(state(broker)) == {"id", "type", "a", "b"}
        assert broker("POST", "/entityOperations/upsert", [car(c=2)]).status_code == 204
        assert set(state(broker)) == {"id", "type", "c"}
        assert broker("POST", "/entityOperations/update", [{"id": CAR, "c": 3, "d": 4}]).status_code == 204
        keep = broker("POST", "/entityOperations/update", [{"id": CAR, "c": 9}], params={"options": "noOverwrite"})
        assert keep.status_code == 207 and state(broker)["c"] == prop(3)
        assert broker("POST", "/entityOperations/create", [{"id": "urn:n:1", "type": "T"}, None]).status_code == 400
        assert broker("GET", "/entities/urn:n:1").status_code == 404
        assert broker("POST", "/entities//attrs", {"x": 1}).json()["title"] == "BadRequestData"
        assert broker("POST", "/entityOperations/merge", [{"id": CAR, "d": NULL, "e": 1}]).status_code == 204
        assert set(state(broker)) == {"id", "type", "c", "e"}
        gone = broker("POST", "/entityOperations/delete", [CAR, "urn:no:1"])
        assert gone.status_code == 207 and gone.json()["success"] == [CAR]
        assert broker("POST", "/entityOperations/delete", {}).status_code == 400
        assert broker("POST", "/entityOperations/create", []).status_code == 400

    def test_purge(self, broker: Ask) -> None:
        bodies = [{"id": f"urn:ngsi-ld:P:{n}", "type": "P", "n": n, "m": n} for n in range(5)]
        broker("POST", "/entityOperations/create", bodies)
        assert broker("DELETE", "/entities").status_code == 400
        assert broker("DELETE", "/entities?type=P&q=n>2&omit=n").status_code == 204
        assert len(broker("GET", "/entities?q=m").json()) == 3
        assert broker("DELETE", "/entities?type=P&q=n>2").status_code == 204
        assert len(broker("GET", "/entities?type=P").json()) == 3
        assert broker("DELETE", "/entities?q=n&pick=n").status_code == 204
        assert broker("GET", "/entities?q=n").json() == [] and len(broker("GET", "/entities?type=P").json()) == 3
