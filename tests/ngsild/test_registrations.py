"""Registrations of context sources (clauses 5.9, 5.10): kept, checked, asked for."""

from typing import Any

import pytest
from tests.ngsild.conftest import Ask

from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import ObjectRef

ID = "urn:ngsi-ld:ContextSourceRegistration:1"


def registration(**members: Any) -> dict[str, Any]:
    return {
        "id": ID,
        "type": "ContextSourceRegistration",
        "information": [{"entities": [{"type": "Bus"}], "propertyNames": ["speed"], "relationshipNames": ["line"]}],
        "endpoint": "http://source.example:1026",
        **members,
    }


def found(broker: Ask, query: str) -> list[str]:
    answer = broker("GET", f"/csourceRegistrations?{query}")
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()]


@pytest.fixture
def alone(settings: Any) -> None:
    """A city database without a ledger."""
    settings.THINGS_ALONE = True


@pytest.mark.django_db(transaction=True)
class TestLedger:
    def test_create_read_change_delete(self, broker: Ask) -> None:
        made = broker("POST", "/csourceRegistrations", registration(registrationName="buses", line2=5))
        assert made.status_code == 201 and made.headers["location"] == f"/ngsi-ld/v1/csourceRegistrations/{ID}"
        assert broker("POST", "/csourceRegistrations", registration()).json()["title"] == "AlreadyExists"
        got = broker("GET", f"/csourceRegistrations/{ID}")
        assert got.json() == {
            **registration(registrationName="buses", line2=5),
            "information": [{**registration()["information"][0], "entities": [{"type": "Bus"}]}],
        }
        assert "createdAt" in broker("GET", f"/csourceRegistrations/{ID}?options=sysAttrs").json()
        assert (
            broker("PATCH", f"/csourceRegistrations/{ID}", {"endpoint": "http://b.example", "line2": None}).status_code
            == 204
        )
        changed = broker("GET", f"/csourceRegistrations/{ID}").json()
        assert changed["endpoint"] == "http://b.example" and "line2" not in changed
        assert broker("DELETE", f"/csourceRegistrations/{ID}").status_code == 204
        assert broker("GET", f"/csourceRegistrations/{ID}").status_code == 404
        assert broker("DELETE", f"/csourceRegistrations/{ID}").status_code == 404
        assert broker("PATCH", f"/csourceRegistrations/{ID}", {"endpoint": "http://b.example"}).status_code == 404
        verbs = [entry.verb for entry in ledger.entries(ObjectRef("registration", ID))]
        assert sorted(verbs) == ["things.source_changed", "things.source_registered", "things.source_withdrawn"]


@pytest.mark.usefixtures("alone")
class TestLife:
    def test_id_is_made(self, broker: Ask) -> None:
        body = registration()
        del body["id"]
        place = broker("POST", "/csourceRegistrations", body).headers["location"]
        assert place.startswith("/ngsi-ld/v1/csourceRegistrations/urn:ngsi-ld:ContextSourceRegistration:")

    def test_who_may(self, broker: Ask) -> None:
        assert broker("POST", "/csourceRegistrations", registration(), key="").status_code == 401
        assert broker("POST", "/csourceRegistrations", registration(), key="reader").status_code == 403
        info = [{"key": "Authorization", "value": "Bearer secret"}]
        assert broker("POST", "/csourceRegistrations", registration(contextSourceInfo=info)).status_code == 201
        assert broker("GET", f"/csourceRegistrations/{ID}", key="").status_code == 401
        assert "contextSourceInfo" not in broker("GET", f"/csourceRegistrations/{ID}", key="reader").json()
        assert broker("GET", f"/csourceRegistrations/{ID}").json()["contextSourceInfo"] == info
        for method, body in (("PATCH", {"endpoint": "http://b.example"}), ("DELETE", None)):
            assert broker(method, f"/csourceRegistrations/{ID}", body, key="reader").status_code == 403

    def test_tenants_are_apart(self, broker: Ask) -> None:
        assert (
            broker("POST", "/csourceRegistrations", registration(), headers={"NGSILD-Tenant": "a"}).status_code == 201
        )
        assert broker("GET", f"/csourceRegistrations/{ID}").status_code == 404
        assert broker("GET", f"/csourceRegistrations/{ID}", headers={"NGSILD-Tenant": "a"}).status_code == 200

    @pytest.mark.parametrize(
        "members",
        [
            {"type": "Other"}, {"id": "none"}, {"endpoint": "ftp://x"}, {"endpoint": None}, {"information": []},
            {"information": [{}]}, {"information": [{"propertyNames": []}]}, {"information": [{"entities": [{}]}]},
            {"information": [{"entities": [{"type": "A", "idPattern": "(a+)+"}]}]}, {"mode": "other"},
            {"operations": ["flyEntity"]}, {"expiresAt": "2020-01-01T00:00:00Z"}, {"expiresAt": "soon"},
            {"observationInterval": {"endAt": "2020-01-01T00:00:00Z"}}, {"location": {"type": "Point"}},
            {"management": "yes"}, {"management": {"cacheDuration": "bogus"}}, {"management": {"cooldown": 0}},
            {"management": {"timeout": -5}}, {"management": {"localOnly": "yes"}}, {"refreshRate": "1h"},
            {"contextSourceInfo": [{"key": "a", "value": 1}]}, {"contextSourceInfo": [{"key": "a"}]},
            {"contextSourceInfo": [{"key": "accept", "value": "text/html"}]}, {"contextSourceAlias": "a, b"},
            {"mode": "auxiliary", "operations": ["updateEntity"]}, {"mode": "exclusive"}, {"scope": ""},
            {"mode": "exclusive", "information": [{"entities": [{"type": "A", "id": "urn:a:1"}]}]},
            {"mode": "exclusive", "information": [{"entities": [{"type": "A", "idPattern": "a"}], "propertyNames": ["b"]}]},
            {"datasetId": ["none"]}, {"registrationName": ""},
        ],
    )  # fmt: skip
    def test_bad(self, broker: Ask, members: dict[str, Any]) -> None:
        answer = broker("POST", "/csourceRegistrations", registration(**members))
        assert answer.status_code == 400 and answer.json()["title"] == "BadRequestData", answer.text

    def test_what_is_read_only_is_left_alone(self, broker: Ask) -> None:
        assert broker("POST", "/csourceRegistrations", registration(timesSent=7, status="failed")).status_code == 201
        assert "timesSent" not in broker("GET", f"/csourceRegistrations/{ID}").json()


def exclusive(number: int, mode: str = "exclusive") -> dict[str, Any]:
    info = [{"entities": [{"type": "Bus", "id": "urn:b:1"}], "propertyNames": ["speed"]}]
    return registration(id=f"{ID}{number}", mode=mode, information=info)


@pytest.mark.usefixtures("alone")
class TestConflicts:
    def test_among_registrations(self, broker: Ask) -> None:
        assert broker("POST", "/csourceRegistrations", exclusive(1)).status_code == 201
        for mode in ("exclusive", "redirect"):
            answer = broker("POST", "/csourceRegistrations", exclusive(2, mode))
            assert answer.status_code == 409 and answer.json()["title"] == "Conflict"
        for number, mode in enumerate(("inclusive", "auxiliary"), 3):
            body = exclusive(number, mode)
            assert broker("POST", "/csourceRegistrations", body).status_code == 201
        assert broker("PATCH", f"/csourceRegistrations/{ID}3", {"mode": "redirect"}).status_code == 409

    def test_redirects_may_overlap(self, broker: Ask) -> None:
        assert broker("POST", "/csourceRegistrations", exclusive(1, "redirect")).status_code == 201
        assert broker("POST", "/csourceRegistrations", exclusive(2, "redirect")).status_code == 201
        assert broker("POST", "/csourceRegistrations", exclusive(3)).status_code == 409

    def test_with_entities_held_here(self, broker: Ask) -> None:
        broker("POST", "/entities", {"id": "urn:b:1", "type": "Bus", "speed": 5})
        assert broker("POST", "/csourceRegistrations", exclusive(1)).json()["title"] == "Conflict"
        assert broker("POST", "/csourceRegistrations", exclusive(1, "redirect")).status_code == 409
        other = exclusive(1)
        other["information"][0]["propertyNames"] = ["power"]
        assert broker("POST", "/csourceRegistrations", other).status_code == 201


@pytest.mark.usefixtures("alone")
class TestAsking:
    @pytest.fixture(autouse=True)
    def _known(self, alone: None, broker: Ask) -> None:
        point = {"type": "Point", "coordinates": [105.85, 21.03]}
        bodies = [
            registration(id="urn:r:a", scope="/Hanoi/Center", location=point, owner="city"),
            registration(id="urn:r:b", information=[{"entities": [{"type": "Lamp", "idPattern": "^urn:l:[0-4]"}]}]),
            registration(id="urn:r:c", information=[{"entities": [{"type": "Lamp", "id": "urn:l:7"}]}]),
            registration(id="urn:r:d", information=[{"propertyNames": ["power"]}]),
            registration(
                id="urn:r:e", observationInterval={"startAt": "2020-01-01T00:00:00Z", "endAt": "2021-01-01T00:00:00Z"}
            ),
            registration(id="urn:r:f", managementInterval={"startAt": "2022-01-01T00:00:00Z"}),
        ]
        for body in bodies:
            assert broker("POST", "/csourceRegistrations", body).status_code == 201, body

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("type=Bus", "ad"), ("type=Lamp", "bcd"), ("type=Bus,Lamp", "abcd"), ("type=Tram", "d"), ("attrs=speed", "abc"),
            ("attrs=power", "bcd"), ("type=Lamp&id=urn:l:7", "cd"), ("type=Lamp&id=urn:l:3", "bd"),
            ("type=Lamp&id=urn:l:9", "d"), ("type=Lamp&idPattern=l:7", "bcd"), ("q=speed>5", "abc"),
            ("type=Bus&csf=owner==%22city%22", "a"), ("type=Bus&csf=owner==%22x%22", ""),
            ("type=Bus&scopeQ=/Hanoi/%23", "a"), ("type=Bus&scopeQ=/Hue", ""), ("id=urn:r:a,urn:r:c", "ac"),
            ("type=Bus&georel=near;maxDistance==2000&geometry=Point&coordinates=[105.85,21.03]", "a"),
            ("type=Bus&georel=within&geometry=Polygon&coordinates=[[105,20],[107,20],[107,22],[105,22]]", "a"),
            ("type=Bus&timerel=before&timeAt=2020-06-01T00:00:00Z", "e"),
            ("type=Bus&timerel=after&timeAt=2021-06-01T00:00:00Z", ""),
            ("type=Bus&timerel=after&timeAt=2023-06-01T00:00:00Z&timeproperty=modifiedAt", "f"),
            ("type=Bus&timerel=between&timeAt=2019-01-01T00:00:00Z&endTimeAt=2020-02-01T00:00:00Z", "e"),
        ],
    )  # fmt: skip
    def test_what_is_found(self, broker: Ask, query: str, expected: str) -> None:
        assert found(broker, query) == [f"urn:r:{letter}" for letter in expected]

    @pytest.mark.parametrize(
        "query", ["", "id=urn:x:1", "type=Bus&id=none", "q=(", "type=Bus&georel=near", "type=Bus&timerel=odd", "x=1"]
    )
    def test_bad(self, broker: Ask, query: str) -> None:
        assert broker("GET", f"/csourceRegistrations?{query}").status_code == 400

    def test_pages(self, broker: Ask) -> None:
        answer = broker("GET", "/csourceRegistrations?type=Bus,Lamp&limit=2&offset=1&count=true")
        assert [item["id"] for item in answer.json()] == ["urn:r:b", "urn:r:c"]
        assert answer.headers["ngsild-results-count"] == "4"
        links = answer.headers["link"]
        assert 'limit=2&offset=0&count=true>;rel="prev"' in links and 'offset=3&count=true>;rel="next"' in links
