"""The past of entities over HTTP (clauses 4.5.6 to 4.5.9, 4.11, 5.6.11 to 5.6.16, 5.7.3, 5.7.4, 6.3.10)."""

from typing import Any

import pytest

from thanglong.kit.ports import ThingsStore

Ask = Any
ONE, TWO = "urn:ngsi-ld:Vehicle:1", "urn:ngsi-ld:Vehicle:2"
PAST = "/temporal/entities"


def speeds(*pairs: tuple[Any, str], **more: Any) -> list[dict[str, Any]]:
    return [{"type": "Property", "value": value, "observedAt": f"2020-08-01T{at}Z", **more} for value, at in pairs]


def vehicle(id: str = ONE, **attributes: Any) -> dict[str, Any]:
    usual = {"speed": speeds((120, "12:03:00"), (80, "12:05:00"), (100, "12:07:00"))}
    return {"id": id, "type": "Vehicle", **(attributes or usual)}


def values(answer: Any, name: str = "speed") -> list[Any]:
    return [item["value"] for item in answer.json().get(name, [])]


def test_created_then_added_to(broker: Ask) -> None:
    made = broker("POST", PAST, vehicle())
    assert made.status_code == 201 and made.headers["location"] == f"/ngsi-ld/v1/temporal/entities/{ONE}"
    assert broker("POST", PAST, vehicle(speed=speeds((90, "12:09:00")))).status_code == 204
    found = broker("GET", f"{PAST}/{ONE}")
    assert found.status_code == 200 and values(found) == [120, 80, 100, 90]
    assert found.json()["speed"][0].keys() == {"type", "value", "observedAt", "instanceId"}
    assert len({item["instanceId"] for item in found.json()["speed"]}) == 4
    assert broker("GET", f"/entities/{ONE}").status_code == 404
    assert broker("GET", "/entities?type=Vehicle").json() == []


@pytest.mark.parametrize(
    ("body", "status"),
    [({"type": "Vehicle"}, 400), ({"id": "x", "type": "Vehicle"}, 400), ({"id": ONE}, 400), ([], 400), ("no", 400)],
)
def test_what_cannot_be_recorded_is_refused(broker: Ask, body: Any, status: int) -> None:
    assert broker("POST", PAST, body).status_code == status


def test_recording_needs_the_right_to_write(broker: Ask) -> None:
    assert broker("POST", PAST, vehicle(), key="reader").status_code == 403
    assert broker("DELETE", f"{PAST}/{ONE}", key="").status_code == 401


def test_attributes_are_added_and_taken_away(broker: Ask) -> None:
    assert broker("POST", f"{PAST}/{ONE}/attrs", {"fuel": speeds((1, "12:00:00"))}).status_code == 404
    broker("POST", PAST, vehicle())
    more = {"speed": [*speeds((1, "13:00:00")), *speeds((2, "13:00:00"), datasetId="urn:gps")]}
    assert broker("POST", f"{PAST}/{ONE}/attrs", more).status_code == 204
    assert values(broker("GET", f"{PAST}/{ONE}")) == [120, 80, 100, 1, 2]
    assert values(broker("GET", f"{PAST}/{ONE}?datasetId=urn:gps")) == [2]
    assert values(broker("GET", f"{PAST}/{ONE}?datasetId=@none")) == [120, 80, 100, 1]
    assert broker("DELETE", f"{PAST}/{ONE}/attrs/speed").status_code == 204
    assert values(broker("GET", f"{PAST}/{ONE}")) == [2]
    assert broker("DELETE", f"{PAST}/{ONE}/attrs/speed").status_code == 404
    assert broker("DELETE", f"{PAST}/{ONE}/attrs/speed?datasetId=urn:gps").status_code == 204
    assert "speed" not in broker("GET", f"{PAST}/{ONE}").json()
    broker("POST", f"{PAST}/{ONE}/attrs", more)
    assert broker("DELETE", f"{PAST}/{ONE}/attrs/speed?deleteAll=true").status_code == 204
    assert "speed" not in broker("GET", f"{PAST}/{ONE}").json()
    assert broker("DELETE", f"{PAST}/urn:x/attrs/speed").status_code == 404


def test_instances_are_exchanged_and_taken_away(broker: Ask) -> None:
    broker("POST", PAST, vehicle())
    first, second, _ = (item["instanceId"] for item in broker("GET", f"{PAST}/{ONE}").json()["speed"])
    assert broker("PATCH", f"{PAST}/{ONE}/attrs/speed/{first}", {"speed": speeds((5, "12:04:00"))}).status_code == 204
    assert broker("DELETE", f"{PAST}/{ONE}/attrs/speed/{second}").status_code == 204
    assert broker("DELETE", f"{PAST}/{ONE}/attrs/speed/{second}").status_code == 404
    assert broker("DELETE", f"{PAST}/{ONE}/attrs/speed/urn:ngsi-ld:Instance:none").status_code == 404
    assert broker("DELETE", f"{PAST}/{ONE}/attrs/speed/no-uri").status_code == 400
    found = broker("GET", f"{PAST}/{ONE}?options=sysAttrs").json()
    assert [item["value"] for item in found["speed"]] == [5, 100] and found["speed"][0]["instanceId"] == first
    assert found["speed"][0]["modifiedAt"] >= found["speed"][0]["createdAt"]
    assert "createdAt" in found and "modifiedAt" in found


def test_deleting_the_past(broker: Ask) -> None:
    assert broker("DELETE", f"{PAST}/{ONE}").status_code == 404
    assert broker("DELETE", f"{PAST}/nothing").status_code == 400
    broker("POST", PAST, vehicle())
    assert broker("DELETE", f"{PAST}/{ONE}").status_code == 204
    assert broker("GET", f"{PAST}/{ONE}").status_code == 404
    assert broker("POST", PAST, vehicle()).status_code == 201


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("timerel=after&timeAt=2020-08-01T12:05:00Z", [80, 100]),
        ("timerel=before&timeAt=2020-08-01T12:05:00Z", [120]),
        ("timerel=between&timeAt=2020-08-01T12:03:00.000Z&endTimeAt=2020-08-01T12:07:00Z", [120, 80]),
        ("lastN=2", [80, 100]),
        ("timerel=before&timeAt=2020-08-01T12:07:00Z&lastN=1", [80]),
        ("timerel=after&timeAt=2020-01-01T00:00:00Z&timeproperty=modifiedAt", [120, 80, 100]),
    ],
)
def test_windows(broker: Ask, asked: str, expected: list[int]) -> None:
    broker("POST", PAST, vehicle())
    assert values(broker("GET", f"{PAST}/{ONE}?{asked}")) == expected
    found = broker(
        "GET",
        f"{PAST}?type=Vehicle&{asked if 'timerel' in asked else 'timerel=after&timeAt=2020-01-01T00:00:00Z&' + asked}",
    )
    assert found.status_code == 200 and [item["value"] for item in found.json()[0]["speed"]] == expected


@pytest.mark.parametrize(
    "asked",
    [
        "timerel=during&timeAt=2020-08-01T12:05:00Z", "timerel=after", "timerel=between&timeAt=2020-08-01T12:05:00Z",
        "timerel=after&timeAt=yesterday", "timeAt=2020-08-01T12:05:00Z", "timeproperty=madeAt", "lastN=0", "lastN=x",
        "lastN=1.5", "attrs=a&pick=b", "pick=a{b}", "options=aggregatedValues",
        "options=aggregatedValues&aggrMethods=median", "options=aggregatedValues&aggrMethods=avg&aggrPeriodDuration=1D",
        "surprise=1",
    ],
)  # fmt: skip
def test_bad_questions_are_400(broker: Ask, asked: str) -> None:
    broker("POST", PAST, vehicle())
    assert broker("GET", f"{PAST}/{ONE}?{asked}").status_code == 400


def test_a_query_needs_time_and_something_narrow(broker: Ask) -> None:
    assert broker("GET", f"{PAST}?type=Vehicle").status_code == 400
    assert broker("GET", f"{PAST}?timerel=after&timeAt=2020-08-01T12:05:00Z").status_code == 400
    assert broker("GET", f"{PAST}?type=A&timerel=after&timeAt=2020-08-01T12:05:00Z").json() == []


def test_queries_look_at_the_values_in_the_window(broker: Ask) -> None:
    broker("POST", PAST, vehicle())
    broker("POST", PAST, vehicle(TWO, speed=speeds((30, "12:03:00")), brand=speeds(("Mercedes", "12:03:00"))))
    time = "timerel=after&timeAt=2020-08-01T12:00:00Z"

    def ids(asked: str) -> list[str]:
        return [entity["id"] for entity in broker("GET", f"{PAST}?{time}&{asked}").json()]

    assert ids("type=Vehicle") == [ONE, TWO]
    assert ids("type=Vehicle&q=speed>110") == [ONE]
    assert ids('q=brand=="Mercedes"') == [TWO]
    assert ids("type=Vehicle&q=speed>110;speed<90") == [ONE]
    assert ids("attrs=brand") == [TWO]
    assert ids("type=Vehicle&limit=1&offset=1") == [TWO]
    assert ids(f"type=Vehicle&id={TWO}") == [TWO]
    assert ids("type=Vehicle&idPattern=.*2$") == [TWO]
    late = broker("GET", f"{PAST}?timerel=after&timeAt=2020-08-01T12:06:00Z&type=Vehicle&q=speed>110")
    assert late.json() == []
    counted = broker("GET", f"{PAST}?{time}&type=Vehicle&count=true&limit=1")
    assert counted.headers["ngsild-results-count"] == "2" and 'rel="next"' in counted.headers["link"]


def test_a_question_in_the_body(broker: Ask) -> None:
    broker("POST", PAST, vehicle())
    body = {
        "type": "Query",
        "entities": [{"type": "Vehicle"}],
        "temporalQ": {"timerel": "after", "timeAt": "2020-08-01T12:05:00Z"},
    }
    found = broker("POST", "/temporal/entityOperations/query", body)
    assert found.status_code == 200 and [item["value"] for item in found.json()[0]["speed"]] == [80, 100]
    summed = {**body["temporalQ"], "aggrMethods": ["avg"], "aggrPeriodDuration": "PT0S"}  # type: ignore[dict-item]
    found = broker("POST", "/temporal/entityOperations/query", {**body, "temporalQ": summed})
    assert found.json()[0]["speed"]["avg"] == [[90.0, "2020-08-01T12:05:00Z", "2020-08-01T12:07:00Z"]]
    assert broker("POST", "/temporal/entityOperations/query", {**body, "temporalQ": {}}).status_code == 400


def test_temporal_values_of_every_kind(broker: Ask) -> None:
    at = "2020-08-01T12:00:00Z"
    kinds = {
        "number": ({"type": "Property", "value": 5}, "values", 5.0),
        "text": ({"type": "Property", "value": "a"}, "values", "a"),
        "place": ({"type": "GeoProperty", "value": {"type": "Point", "coordinates": [1, 2]}}, "values", None),
        "parked": ({"type": "Relationship", "object": "urn:p:1"}, "objects", "urn:p:1"),
        "says": ({"type": "LanguageProperty", "languageMap": {"en": "yes"}}, "languageMaps", None),
        "word": ({"type": "VocabProperty", "vocab": "Male"}, "vocabs", {"vocab": "Male"}),
        "doc": ({"type": "JsonProperty", "json": {"a": 1}}, "jsons", {"json": {"a": 1}}),
        "steps": ({"type": "ListProperty", "valueList": [1, 2]}, "valueLists", [1, 2]),
        "crew": ({"type": "ListRelationship", "objectList": ["urn:p:1"]}, "objectLists", ["urn:p:1"]),
    }
    body = {"id": ONE, "type": "Vehicle", **{key: [{**one[0], "observedAt": at}] for key, one in kinds.items()}}
    assert broker("POST", PAST, body).status_code == 201
    found = broker("GET", f"{PAST}/{ONE}?options=temporalValues").json()
    for key, (given, member, value) in kinds.items():
        shown = found[key]
        assert shown["type"] == given["type"] and list(shown) == ["type", member]
        assert shown[member][0][1] == at
        assert value is None or shown[member][0][0] == value
    assert found["says"]["languageMaps"][0][0] == {"languageMap": {"en": "yes"}}
    spoken = broker("GET", f"{PAST}/{ONE}?lang=en").json()["says"][0]
    assert spoken["type"] == "Property" and spoken["value"] == "yes" and spoken["lang"] == "en"


def test_pick_and_omit(broker: Ask) -> None:
    broker("POST", PAST, vehicle(speed=speeds((1, "12:00:00")), fuel=speeds((2, "12:00:00"))))
    assert list(broker("GET", f"{PAST}/{ONE}?pick=speed").json()) == ["speed"]
    assert set(broker("GET", f"{PAST}/{ONE}?pick=id,speed").json()) == {"id", "speed"}
    assert set(broker("GET", f"{PAST}/{ONE}?omit=speed").json()) == {"id", "type", "fuel"}
    assert set(broker("GET", f"{PAST}/{ONE}?attrs=speed").json()) == {"id", "type", "speed"}
    assert broker("GET", f"{PAST}/{ONE}?attrs=nothing").status_code == 404


def test_what_the_core_interface_writes_has_a_past(broker: Ask) -> None:
    lamp = {"id": ONE, "type": "Vehicle", "speed": speeds((1, "12:00:00"))[0], "scope": "/a"}
    broker("POST", "/entities", lamp)
    broker("PATCH", f"/entities/{ONE}/attrs/speed", {"value": 2, "observedAt": "2020-08-01T12:01:00Z"})
    broker("DELETE", f"/entities/{ONE}/attrs/speed")
    found = broker("GET", f"{PAST}/{ONE}").json()
    assert [item["value"] for item in found["speed"]] == [1, 2, "urn:ngsi-ld:null"]
    assert "deletedAt" in found["speed"][2] and found["scope"][0]["value"] == ["/a"]
    gone = broker("GET", f"{PAST}/{ONE}?timeproperty=deletedAt").json()
    assert [item["value"] for item in gone["speed"]] == ["urn:ngsi-ld:null"] and "scope" not in gone
    assert values(broker("GET", f"{PAST}/{ONE}?timerel=after&timeAt=2020-01-01T00:00:00Z")) == [1, 2]
    broker("DELETE", f"/entities/{ONE}")
    assert "deletedAt" in broker("GET", f"{PAST}/{ONE}?options=sysAttrs").json()
    assert broker("GET", f"{PAST}?type=Vehicle&timerel=after&timeAt=2020-01-01T00:00:00Z").json()[0]["id"] == ONE


@pytest.mark.parametrize(
    ("given", "null"),
    [
        ({"type": "Property", "value": 1}, {"type": "Property", "value": "urn:ngsi-ld:null"}),
        ({"type": "Relationship", "object": "urn:p"}, {"type": "Relationship", "object": "urn:ngsi-ld:null"}),
        (
            {"type": "LanguageProperty", "languageMap": {"en": "a"}},
            {"type": "LanguageProperty", "languageMap": {"@none": "urn:ngsi-ld:null"}},
        ),
    ],
)
def test_an_attribute_that_was_only_recorded_can_go_as_well(broker: Ask, given: Any, null: Any) -> None:
    broker("POST", PAST, {"id": ONE, "type": "Vehicle", "a": [{**given, "observedAt": "2020-08-01T12:00:00Z"}]})
    assert broker("DELETE", f"/entities/{ONE}/attrs/a").status_code == 204
    assert broker("DELETE", f"/entities/{ONE}/attrs/a").status_code == 404
    (gone,) = broker("GET", f"{PAST}/{ONE}?timeproperty=deletedAt").json()["a"]
    assert {key: gone[key] for key in null} == null and "deletedAt" in gone


def test_a_long_past_is_cut_and_says_so(broker: Ask, settings: Any) -> None:
    settings.THINGS_TEMPORAL_MOST = 3
    pairs = [(n, f"12:0{n}:00") for n in range(6)]
    broker("POST", PAST, vehicle(speed=speeds(*pairs), fuel=speeds((9, "12:05:00"), (8, "12:00:00"))))
    found = broker("GET", f"{PAST}/{ONE}")
    assert found.status_code == 206 and values(found) == [0, 1, 2] and values(found, "fuel") == [8]
    assert found.headers["content-range"] == "date-time 2020-08-01T12:00:00Z-2020-08-01T12:02:00Z/*"
    found = broker("GET", f"{PAST}/{ONE}?lastN=5&timerel=before&timeAt=2021-01-01T00:00:00Z")
    assert found.status_code == 206 and values(found) == [3, 4, 5] and values(found, "fuel") == [9]
    assert found.headers["content-range"] == "date-time 2021-01-01T00:00:00Z-2020-08-01T12:03:00Z/5"
    assert broker("GET", f"{PAST}/{ONE}?lastN=3").status_code == 200
    asked = "type=Vehicle&timerel=between&timeAt=2020-01-01T00:00:00Z&endTimeAt=2021-01-01T00:00:00Z"
    found = broker("GET", f"{PAST}?{asked}")
    assert found.status_code == 206
    assert found.headers["content-range"] == "date-time 2020-01-01T00:00:00Z-2020-08-01T12:02:00Z/*"
    assert broker("GET", f"{PAST}?{asked}&options=aggregatedValues&aggrMethods=avg").status_code == 200


def test_aggregates(broker: Ask) -> None:
    broker(
        "POST",
        PAST,
        vehicle(fuel=speeds((67, "12:03:00"), (53, "13:05:00"), (40, "14:07:00")), name=speeds(("a", "12:03:00"))),
    )
    found = broker(
        "GET", f"{PAST}/{ONE}?attrs=fuel&options=aggregatedValues&aggrMethods=avg,max&aggrPeriodDuration=PT1H"
    )
    assert found.json()["fuel"] == {
        "type": "Property",
        "avg": [
            [67.0, "2020-08-01T12:03:00Z", "2020-08-01T13:03:00Z"],
            [53.0, "2020-08-01T13:03:00Z", "2020-08-01T14:03:00Z"],
            [40.0, "2020-08-01T14:03:00Z", "2020-08-01T15:03:00Z"],
        ],
        "max": [
            [67.0, "2020-08-01T12:03:00Z", "2020-08-01T13:03:00Z"],
            [53.0, "2020-08-01T13:03:00Z", "2020-08-01T14:03:00Z"],
            [40.0, "2020-08-01T14:03:00Z", "2020-08-01T15:03:00Z"],
        ],
    }
    month = broker(
        "GET",
        f"{PAST}/{ONE}?attrs=fuel&format=aggregatedValues&aggrMethods=sum,totalCount&aggrPeriodDuration=P1M&timerel=after&timeAt=2020-01-31T00:00:00Z",
    )
    assert month.json()["fuel"]["sum"] == [[160.0, "2020-07-31T00:00:00Z", "2020-08-31T00:00:00Z"]]
    assert month.json()["fuel"]["totalCount"][0][0] == 3
    assert broker("GET", f"{PAST}/{ONE}?attrs=name&format=aggregatedValues&aggrMethods=avg").status_code == 400
    whole = broker("GET", f"{PAST}/{ONE}?format=aggregatedValues&aggrMethods=avg,max").json()
    assert list(whole["name"]) == ["type", "max"] and whole["fuel"]["avg"][0][0] == pytest.approx(160 / 3)


def test_the_format_goes_before_the_options(broker: Ask) -> None:
    broker("POST", PAST, vehicle())
    both = "format=temporalValues&options=aggregatedValues&aggrMethods=sum"
    assert list(broker("GET", f"{PAST}/{ONE}?{both}").json()["speed"]) == ["type", "values"]


def test_media_types_and_methods(broker: Ask, things: ThingsStore) -> None:
    broker("POST", PAST, vehicle())
    found = broker("GET", f"{PAST}/{ONE}", headers={"accept": "application/ld+json"})
    assert found.headers["content-type"] == "application/ld+json" and "@context" in found.json()
    assert broker("PUT", f"{PAST}/{ONE}", {}).status_code == 405
    assert broker("GET", f"{PAST}/{ONE}", headers={"accept": "text/html"}).status_code == 406
    assert broker("GET", f"{PAST}/{ONE}", key="").status_code == 404


def test_attributes_beyond_the_cut_are_shown_empty(broker: Ask, settings: Any) -> None:
    settings.THINGS_TEMPORAL_MOST = 3
    early, late = [(n, f"12:0{n}:00") for n in range(6)], [(n, f"13:0{n}:00") for n in range(6)]
    broker("POST", PAST, vehicle(speed=speeds(*early), fuel=speeds(*late)))
    found = broker("GET", f"{PAST}/{ONE}?timerel=after&timeAt=2019-01-01T00:00:00Z")
    assert found.status_code == 206 and values(found) == [0, 1, 2] and found.json()["fuel"] == []
    found = broker("GET", f"{PAST}/{ONE}?timerel=before&timeAt=2021-01-01T00:00:00Z&lastN=9&options=temporalValues")
    assert found.json()["speed"] == {"type": "Property", "values": []} and len(found.json()["fuel"]["values"]) == 3


@pytest.mark.parametrize("scope", ["/a", ["/a", "/b"], [{"type": "Property", "value": ["/a"]}]])
def test_a_scope_that_was_only_recorded_goes(broker: Ask, scope: Any) -> None:
    assert broker("POST", PAST, {**vehicle(), "scope": scope}).status_code == 201
    assert broker("GET", f"{PAST}/{ONE}").json()["scope"][0]["value"][0] == "/a"
    assert broker("DELETE", f"/entities/{ONE}/attrs/scope").status_code == 204
    gone = broker("GET", f"{PAST}/{ONE}?timeproperty=deletedAt").json()
    assert set(gone) == {"id", "type", "scope"}
    assert gone["scope"][0]["value"] == [] and set(gone["scope"][0]) == {"type", "value", "deletedAt"}
    short = broker("GET", f"{PAST}/{ONE}?timeproperty=deletedAt&options=temporalValues").json()
    assert short["scope"]["type"] == "Property" and short["scope"]["values"][0][0] == []


def test_ends_are_told_with_system_attributes(broker: Ask) -> None:
    broker("POST", PAST, vehicle(speed=speeds((1, "12:00:00"), expiresAt="2100-01-01T00:00:00Z")))
    assert "expiresAt" not in broker("GET", f"{PAST}/{ONE}").json()["speed"][0]
    (shown,) = broker("GET", f"{PAST}/{ONE}?options=sysAttrs").json()["speed"]
    assert shown["expiresAt"] == "2100-01-01T00:00:00Z"
