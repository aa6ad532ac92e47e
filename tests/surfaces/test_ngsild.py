"""The NGSI-LD interface: what a vendor's software sees."""

from typing import Any

import pytest
from tests.surfaces.conftest import Ask

LAMP = "urn:ngsi-ld:Streetlight:1"
LD = "application/ld+json"
CORE = "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.9.jsonld"


def lamp(number: int = 1, **attributes: Any) -> dict[str, Any]:
    return {
        "id": f"urn:ngsi-ld:Streetlight:{number}",
        "type": "Streetlight",
        "power": {"type": "Property", "value": number * 10, "unitCode": "WTT"},
        "location": {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [105.8 + number / 100, 21.0]}},
        **attributes,
    }


class TestOneEntity:
    def test_create_read_delete(self, broker: Ask) -> None:
        made = broker("POST", "/entities", lamp())
        assert made.status_code == 201 and made.headers["location"] == f"/ngsi-ld/v1/entities/{LAMP}"
        again = broker("POST", "/entities", lamp())
        assert again.status_code == 409 and again.json()["type"].endswith("/AlreadyExists")
        assert again.headers["content-type"] == "application/problem+json"
        got = broker("GET", f"/entities/{LAMP}")
        assert got.json() == lamp() and CORE in got.headers["link"]
        head = broker("HEAD", f"/entities/{LAMP}")
        assert (
            head.status_code == 200 and head.content == b"" and head.headers["content-length"] == str(len(got.content))
        )
        assert broker("DELETE", f"/entities/{LAMP}").status_code == 204
        assert broker("DELETE", f"/entities/{LAMP}").status_code == 404
        assert broker("GET", f"/entities/{LAMP}").json()["type"].endswith("/ResourceNotFound")

    @pytest.mark.parametrize(
        ("given", "kept"),
        [
            (20, {"type": "Property", "value": 20}),
            ({"value": 20, "unitCode": "CEL"}, {"type": "Property", "value": 20, "unitCode": "CEL"}),
            ({"object": "urn:a:b"}, {"type": "Relationship", "object": "urn:a:b"}),
            (
                {"type": "Point", "coordinates": [1, 2]},
                {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [1, 2]}},
            ),
            ({"languageMap": {"vi": "đèn"}}, {"type": "LanguageProperty", "languageMap": {"vi": "đèn"}}),
            (
                {"type": "Property", "value": 1, "accuracy": 0.5},
                {"type": "Property", "value": 1, "accuracy": {"type": "Property", "value": 0.5}},
            ),
            ([1, 2], {"type": "Property", "value": [1, 2]}),
            (
                [{"type": "Property", "value": 1}, {"value": 2, "datasetId": "urn:d:2"}],
                [{"type": "Property", "value": 1}, {"type": "Property", "value": 2, "datasetId": "urn:d:2"}],
            ),
        ],
    )
    def test_forms_of_attributes(self, broker: Ask, given: Any, kept: Any) -> None:
        assert broker("POST", "/entities", {"id": LAMP, "type": "Streetlight", "x": given}).status_code == 201
        assert broker("GET", f"/entities/{LAMP}").json()["x"] == kept

    @pytest.mark.parametrize(
        "body",
        [
            [],
            5,
            {"type": "T"},
            {"id": "no uri", "type": "T"},
            {"id": LAMP},
            {"id": LAMP, "type": []},
            {"id": LAMP, "type": "T", "x": None},
            {"id": LAMP, "type": "T", "x": {"type": "Property"}},
            {"id": LAMP, "type": "T", "x": {"type": "Relationship", "object": "not a uri"}},
            {"id": LAMP, "type": "T", "x": {"type": "Strange", "value": 1}},
            {"id": LAMP, "type": "T", "x": {"type": "Property", "value": 1, "observedAt": "yesterday"}},
            {"id": LAMP, "type": "T", "x": {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [1]}}},
            {
                "id": LAMP,
                "type": "T",
                "x": {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [200, 1]}},
            },
            {
                "id": LAMP,
                "type": "T",
                "x": {"type": "GeoProperty", "value": {"type": "Polygon", "coordinates": [[[1, 1]]]}},
            },
            {"id": LAMP, "type": "T", "a b": 1},
            {"id": LAMP, "type": "T", "x": [{"value": 1}, {"value": 2}]},
        ],
    )
    def test_bad_bodies(self, broker: Ask, body: Any) -> None:
        answer = broker("POST", "/entities", body)
        assert answer.status_code == 400 and answer.json()["title"] == "BadRequestData", answer.text
        assert answer.json()["detail"]

    def test_long_names_mean_the_short_ones(self, broker: Ask) -> None:
        body = {
            "id": LAMP,
            "type": "https://uri.etsi.org/ngsi-ld/default-context/Streetlight",
            "https://uri.etsi.org/ngsi-ld/location": lamp()["location"],
            "https://example.org/own": 1,
            "ngsi-ld:status": "on",
        }
        assert broker("POST", "/entities", body).status_code == 201
        got = broker("GET", f"/entities/{LAMP}").json()
        assert set(got) == {"id", "type", "location", "https://example.org/own", "status"}
        assert got["type"] == "Streetlight"
        own = broker("GET", "/entities", params={"type": "Streetlight", "attrs": "https://example.org/own"}).json()
        assert set(own[0]) == {"id", "type", "https://example.org/own"}

    def test_changes(self, broker: Ask) -> None:
        def value(name: str) -> Any:
            return broker("GET", f"/entities/{LAMP}", params={"options": "keyValues"}).json().get(name)

        broker("POST", "/entities", lamp())
        assert broker("POST", f"/entities/{LAMP}/attrs", {"a": 1, "power": 11}).status_code == 204
        assert (value("a"), value("power")) == (1, 11)
        kept = broker("POST", f"/entities/{LAMP}/attrs", {"a": 2, "b": 2}, params={"options": "noOverwrite"})
        assert kept.status_code == 207
        assert kept.json()["updated"] == ["b"] and kept.json()["notUpdated"][0]["attributeName"] == "a"
        assert broker("PATCH", f"/entities/{LAMP}/attrs", {"a": 3, "new": 3}).status_code == 204
        assert broker("PATCH", f"/entities/{LAMP}/attrs/power", {"value": 15}).status_code == 204
        assert broker("GET", f"/entities/{LAMP}").json()["power"] == {"type": "Property", "value": 15}
        broker("PATCH", f"/entities/{LAMP}", {"power": {"type": "Property", "value": 16, "unitCode": "KWT"}, "c": 4})
        broker("PATCH", f"/entities/{LAMP}/attrs/power", {"type": "Property", "value": 17})
        assert broker("GET", f"/entities/{LAMP}").json()["power"]["unitCode"] == "KWT"
        assert broker("PATCH", f"/entities/{LAMP}", {"c": "urn:ngsi-ld:null"}).status_code == 204
        assert value("c") is None
        assert broker("DELETE", f"/entities/{LAMP}/attrs/b").status_code == 204
        assert broker("DELETE", f"/entities/{LAMP}/attrs/b").status_code == 404
        assert broker("PUT", f"/entities/{LAMP}/attrs/a", {"type": "Property", "value": 9}).status_code == 204
        assert broker("PUT", f"/entities/{LAMP}", {"type": "Streetlight", "only": 1}).status_code == 204
        assert set(broker("GET", f"/entities/{LAMP}").json()) == {"id", "type", "only"}
        for method, path in [
            ("PATCH", ""),
            ("PUT", ""),
            ("POST", "/attrs"),
            ("PATCH", "/attrs"),
            ("PATCH", "/attrs/x"),
        ]:
            assert broker(method, f"/entities/urn:no:1{path}", {"x": 1}).status_code == 404, (method, path)


class TestForms:
    def test_representations(self, broker: Ask) -> None:
        body = lamp(cabinet={"type": "Relationship", "object": "urn:c:1"}, name={"languageMap": {"vi": "Đèn"}})
        broker("POST", "/entities", body)

        def get(**params: str) -> Any:
            return broker("GET", f"/entities/{LAMP}", params=params).json()

        place = body["location"]["value"]
        assert get(options="keyValues") == get(format="simplified") == {
            "id": LAMP, "type": "Streetlight", "power": 10, "location": place,
            "cabinet": "urn:c:1", "name": {"languageMap": {"vi": "Đèn"}},
        }  # fmt: skip
        assert get(format="concise") == {
            "id": LAMP, "type": "Streetlight", "power": {"value": 10, "unitCode": "WTT"}, "location": place,
            "cabinet": {"object": "urn:c:1"}, "name": {"languageMap": {"vi": "Đèn"}},
        }  # fmt: skip
        stamped = get(options="sysAttrs")
        assert stamped["createdAt"] == stamped["modifiedAt"] == stamped["power"]["createdAt"]
        assert set(get(attrs="power,nothing")) == {"id", "type", "power"}
        assert "power" not in get(omit="power") and set(get(pick="power")) == {"power"}
        assert broker("GET", f"/entities/{LAMP}", params={"attrs": "nothing"}).status_code == 404

    def test_media_types(self, broker: Ask) -> None:
        broker("POST", "/entities", lamp())
        path = f"/entities/{LAMP}"
        as_ld = broker("GET", path, headers={"accept": f"{LD}, application/json;q=0.5"})
        assert as_ld.headers["content-type"] == LD and as_ld.json()["@context"] == CORE and "link" not in as_ld.headers
        feature = broker("GET", path, headers={"accept": "application/geo+json"}).json()
        assert feature["type"] == "Feature" and feature["geometry"] == lamp()["location"]["value"]
        listed = broker("GET", "/entities?type=Streetlight", headers={"accept": "application/geo+json"}).json()
        assert [item["id"] for item in listed["features"]] == [LAMP]
        assert broker("GET", path, headers={"accept": "text/html"}).status_code == 406
        assert broker("POST", "/entities", headers={"content-type": "text/plain"}).status_code == 415
        assert broker("POST", "/entities", {**lamp(2), "@context": CORE}).status_code == 400
        with_context = broker("POST", "/entities", {**lamp(2), "@context": CORE}, headers={"content-type": LD})
        assert with_context.status_code == 201
        assert broker("POST", "/entities", lamp(3), headers={"content-type": LD}).status_code == 400

    def test_what_does_not_exist(self, broker: Ask) -> None:
        wrong = broker("PATCH", "/entities")
        assert wrong.status_code == 405 and "GET" in wrong.headers["allow"]
        assert broker("OPTIONS", "/entities").headers["allow"] == "DELETE, GET, HEAD, OPTIONS, POST"
        assert broker("GET", "/nothing").status_code == 404
        for query in (
            "nonsense=1",
            "type=T&type=U",
            "type=T&orderBy=x;up",
            "type=T&limit=x",
            "type=T&options=odd",
            "",
            "limit=5",
        ):
            answer = broker("GET", f"/entities?{query}")
            assert answer.status_code == 400, (query, answer.text)
        assert broker("GET", "/entities?type=T&limit=2000").json()["title"] == "TooManyResults"
        assert broker("GET", f"/entities?type={'x' * 20000}").status_code == 414
        assert (
            broker("POST", "/entities", content=b"{", headers={"content-type": "application/json"}).status_code == 400
        )
        big = broker("POST", "/entities", {"id": LAMP, "type": "T", "x": "x" * (3 << 20)})
        assert big.status_code == 413


class TestFinding:
    @pytest.fixture(autouse=True)
    def _lamps(self, broker: Ask) -> None:
        bodies = [
            lamp(n, on=n % 2 == 0, ward={"city": f"W{n % 3}"}, seen=f"2026-03-0{n}T08:00:00Z", name=f"Lamp; {n}")
            for n in range(1, 7)
        ]
        assert broker("POST", "/entityOperations/create", bodies).status_code == 201

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("type=Streetlight", "123456"),
            ("type=Streetlight,Other&limit=2&offset=1", "23"),
            (f"type=Streetlight&id={LAMP},urn:x:1", "1"),
            ("type=Streetlight&idPattern=:[56]$", "56"),
            ("q=power>40", "56"),
            ("q=power>=20;power<40", "23"),
            ("q=(power<20|power>50);on==true", "6"),
            ("q=power==20..40", "234"),
            ("q=power==10,30", "13"),
            ("q=on!=true", "135"),
            ("q=!nothing", "123456"),
            ("q=nothing", ""),
            ("q=ward[city]==%22W1%22", "14"),
            ("q=seen>2026-03-04T08:00:00Z", "56"),
            ("q=name==%22Lamp;%203%22", "3"),
            ("q=name~=%22^Lamp;%20(1|2)$%22", "12"),
            ("q=name!~=[1-4]", "56"),
            ("q=on==true;(power==20|(power==60;on))", "26"),
            ("attrs=power", "123456"),
            ("type=Streetlight&georel=near;maxDistance==1100&geometry=Point&coordinates=[105.83,21]", "234"),
            ("type=Streetlight&georel=near;minDistance==2500&geometry=Point&coordinates=[105.83,21]", "6"),
            (
                "georel=within&geometry=Polygon&coordinates=[[[105.8,20],[105.825,20],[105.825,22],[105.8,22],[105.8,20]]]",
                "12",
            ),
        ],
    )
    def test_queries(self, broker: Ask, query: str, expected: str) -> None:
        answer = broker("GET", f"/entities?{query}&count=true")
        assert answer.status_code == 200, answer.text
        assert "".join(entity["id"][-1] for entity in answer.json()) == expected
        if "limit" not in query:
            assert answer.headers["ngsild-results-count"] == str(len(expected))

    @pytest.mark.parametrize(
        "query",
        [
            "q=power>", "q=>5", "q=(power", "q=power==1;", "q=power=>5", "q=!power==3", "q=a[b", "q=power>1..2", "q=%22",
            "georel=near&geometry=Point&coordinates=[1,2]", "georel=within&geometry=Point",
            "georel=odd&geometry=Point&coordinates=[1,2]", "georel=within&geometry=Cube&coordinates=[1,2]",
            "georel=within&geometry=Point&coordinates=[1", "q=name~=(a%2B)%2B$", "type=(A;B", "type=A&id=nouri",
        ],
    )  # fmt: skip
    def test_bad_queries(self, broker: Ask, query: str) -> None:
        answer = broker("GET", f"/entities?{query}&type=Streetlight" if "type" not in query else f"/entities?{query}")
        assert answer.status_code == 400, answer.text

    def test_count_alone(self, broker: Ask) -> None:
        answer = broker("GET", "/entities?type=Streetlight&limit=0&count=true")
        assert answer.json() == [] and answer.headers["ngsild-results-count"] == "6"
        assert broker("GET", "/entities?type=None&limit=0&count=true").status_code == 200
        assert broker("GET", "/entities?type=Streetlight&limit=0").status_code == 400

    def test_types(self, broker: Ask) -> None:
        assert broker("GET", "/types").json()["typeList"] == ["Streetlight"]
        assert "power" in broker("GET", "/types?details=true").json()[0]["attributeNames"]
        info = broker("GET", "/types/Streetlight").json()
        assert info["entityCount"] == 6 and {"on", "power"} <= {
            item["attributeName"] for item in info["attributeDetails"]
        }
        assert broker("GET", "/types/Nothing").status_code == 404


class TestBatches:
    def test_upsert(self, broker: Ask) -> None:
        made = broker("POST", "/entityOperations/upsert", [lamp(1), lamp(2)])
        assert made.status_code == 201 and made.json() == [lamp(1)["id"], lamp(2)["id"]]
        assert broker("POST", "/entityOperations/upsert", [lamp(1, x=1)]).status_code == 204
        assert (
            broker(
                "POST", "/entityOperations/upsert?options=update", [{"id": LAMP, "type": "Streetlight", "y": 1}]
            ).status_code
            == 204
        )
        assert set(broker("GET", f"/entities/{LAMP}").json()) == {"id", "type", "power", "location", "x", "y"}
        broker("POST", "/entityOperations/upsert", [{"id": LAMP, "type": "Streetlight", "y": 2}])
        assert set(broker("GET", f"/entities/{LAMP}").json()) == {"id", "type", "y"}

    def test_each_is_judged_alone(self, broker: Ask) -> None:
        broker("POST", "/entities", lamp(1))
        answer = broker(
            "POST", "/entityOperations/create", [lamp(1), lamp(2), {"id": "urn:bad:1", "type": "T", "x": None}]
        )
        assert answer.status_code == 207
        assert answer.json()["success"] == [lamp(2)["id"]]
        assert {item["entityId"]: item["error"]["title"] for item in answer.json()["errors"]} == {
            "urn:bad:1": "BadRequestData",
            LAMP: "AlreadyExists",
        }
        answer = broker("POST", "/entityOperations/update", [{"id": LAMP, "x": 1}, {"id": "urn:no:1", "x": 1}])
        assert answer.status_code == 207 and answer.json()["success"] == [LAMP]
        assert broker("POST", "/entityOperations/merge", [{"id": LAMP, "x": 2}]).status_code == 204
        answer = broker("POST", "/entityOperations/delete", [LAMP, "urn:no:1"])
        assert answer.json()["success"] == [LAMP] and answer.json()["errors"][0]["entityId"] == "urn:no:1"
        assert broker("POST", "/entityOperations/delete", [lamp(2)["id"]]).status_code == 204
        assert broker("POST", "/entityOperations/create", []).status_code == 400

    def test_large(self, broker: Ask) -> None:
        assert broker("POST", "/entityOperations/create", [lamp(n) for n in range(1, 3001)]).status_code == 201
        assert broker("GET", "/entities?type=Streetlight&limit=0&count=true").headers["ngsild-results-count"] == "3000"


class TestPast:
    @pytest.fixture(autouse=True)
    def _past(self, broker: Ask) -> None:
        for n in range(1, 6):
            power = {"type": "Property", "value": n, "observedAt": f"2026-03-02T08:0{n}:00Z"}
            broker(
                "POST", "/entityOperations/upsert?options=update", [{"id": LAMP, "type": "Streetlight", "power": power}]
            )

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("", [1, 2, 3, 4, 5]),
            ("timerel=after&timeAt=2026-03-02T08:03:00Z", [3, 4, 5]),
            ("timerel=before&timeAt=2026-03-02T08:03:00Z", [1, 2]),
            ("timerel=between&timeAt=2026-03-02T08:02:00Z&endTimeAt=2026-03-02T08:04:00Z", [2, 3]),
            ("lastN=2", [4, 5]),
            ("timeproperty=modifiedAt", [1, 2, 3, 4, 5]),
            ("timeproperty=modifiedAt&timerel=before&timeAt=2020-01-01T00:00:00Z", None),
        ],
    )
    def test_one(self, broker: Ask, query: str, expected: list[int] | None) -> None:
        full = broker("GET", f"/temporal/entities/{LAMP}?{query}").json().get("power")
        assert (full and [item["value"] for item in full]) == expected
        short = broker("GET", f"/temporal/entities/{LAMP}?{query}&options=temporalValues").json().get("power")
        assert (short and [pair[0] for pair in short["values"]]) == expected

    def test_many(self, broker: Ask) -> None:
        span = "timerel=after&timeAt=2026-03-02T08:03:00Z"
        found = broker("GET", f"/temporal/entities?type=Streetlight&{span}&attrs=power").json()
        assert [item["value"] for item in found[0]["power"]] == [3, 4, 5]
        assert broker("GET", "/temporal/entities?type=Streetlight").status_code == 400
        assert broker("GET", f"/temporal/entities?type=Other&{span}").json() == []

    @pytest.mark.parametrize(
        "query",
        ["timerel=odd&timeAt=2026-03-02T08:00:00Z", "timerel=after", "timerel=after&timeAt=now", "timeproperty=odd",
         "timerel=between&timeAt=2026-03-02T08:00:00Z", "lastN=x"],
    )  # fmt: skip
    def test_bad(self, broker: Ask, query: str) -> None:
        assert broker("GET", f"/temporal/entities/{LAMP}?{query}").status_code == 400


class TestWho:
    def test_strangers_read_open_types_only(self, broker: Ask) -> None:
        broker("POST", "/entities", lamp(1))
        broker("POST", "/entities", {"id": "urn:ngsi-ld:DataCentre:1", "type": "DataCentre", "power": 5})
        assert broker("GET", f"/entities/{LAMP}", key="").status_code == 200
        assert broker("GET", "/entities/urn:ngsi-ld:DataCentre:1", key="").status_code == 404
        assert broker("GET", "/temporal/entities/urn:ngsi-ld:DataCentre:1", key="").status_code == 404
        assert broker("GET", "/entities?type=DataCentre", key="").status_code == 401
        assert [item["id"] for item in broker("GET", "/entities?q=power>0", key="").json()] == [LAMP]
        assert broker("GET", "/entities?local=true&id=urn:ngsi-ld:DataCentre:1", key="").json() == []
        assert broker("GET", "/types", key="").json()["typeList"] == ["Streetlight"]
        assert len(broker("GET", "/entities?q=power>0", key="reader").json()) == 2

    def test_who_may_not_write(self, broker: Ask) -> None:
        broker("POST", "/entities", lamp(1))
        writes = [
            ("POST", "/entities", lamp(2)), ("PATCH", f"/entities/{LAMP}", {"x": 1}), ("PUT", f"/entities/{LAMP}", lamp(1)),
            ("DELETE", f"/entities/{LAMP}", None), ("POST", f"/entities/{LAMP}/attrs", {"x": 1}),
            ("PATCH", f"/entities/{LAMP}/attrs", {"x": 1}), ("PATCH", f"/entities/{LAMP}/attrs/power", {"value": 1}),
            ("PUT", f"/entities/{LAMP}/attrs/power", {"value": 1}), ("DELETE", f"/entities/{LAMP}/attrs/power", None),
            *(("POST", f"/entityOperations/{verb}", [lamp(1)]) for verb in ("create", "upsert", "update", "merge", "delete")),
        ]  # fmt: skip
        for method, path, body in writes:
            assert broker(method, path, body, key="").status_code == 401, (method, path)
            assert broker(method, path, body, key="wrong").status_code == 401, (method, path)
            denied = broker(method, path, body, key="reader")
            assert denied.status_code == 403, (method, path)
        assert broker("GET", f"/entities/{LAMP}").json() == lamp(1)
