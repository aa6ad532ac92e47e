"""The city database's pages in the centre."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import ObjectRef
from thanglong.core.things import service
from thanglong.core.things.service import contexts, registrations, subscribing
from thanglong.core.things.types import Pass, geo, prop, rel
from thanglong.core.things.views import exchange
from thanglong.kit import clock, ports
from thanglong.kit.documents import Progress
from thanglong.kit.ports import SYSTEM, ThingsStore

pytestmark = pytest.mark.django_db
EVERYTHING = Pass(SYSTEM, True, True)


@pytest.fixture(autouse=True)
def _lamps(things: ThingsStore) -> None:
    now = clock.now()
    lamps: list[dict[str, Any]] = [
        {
            "id": f"urn:ngsi-ld:Streetlight:{n:03d}",
            "type": "Streetlight",
            "name": prop(f"Đèn {n}, phố Huế"),
            "location": geo(105.85, 21.01),
            "powerState": prop("on"),
            "cabinet": rel("urn:ngsi-ld:StreetlightControlCabinet:1"),
        }
        for n in range(120)
    ]
    service.upsert(SYSTEM, lamps)
    for n in range(3):
        at = now - timedelta(minutes=9 - n)
        service.upsert(SYSTEM, [{"id": lamps[0]["id"], "type": "Streetlight", "power": prop(100 + n, at, "WTT")}])
    service.upsert(SYSTEM, [{"id": "urn:ngsi-ld:Rack:1", "type": "Rack", "name": prop("Rack 1")}])


def test_types(client: Client) -> None:
    page = client.get("/centre/things/")
    text = page.content.decode()
    assert page.status_code == 200
    assert "Đèn" in text and "120" in text
    assert "Rack" not in text, "a stranger does not see closed types"


def test_a_list_is_paged_and_searched(client: Client) -> None:
    first = client.get("/centre/things/type/Streetlight/").content.decode()
    assert "Đèn 0, phố Huế" in first and "Đèn 49, phố Huế" in first and "Đèn 50, phố Huế" not in first
    second = client.get("/centre/things/type/Streetlight/", {"after": "urn:ngsi-ld:Streetlight:049"}).content.decode()
    assert "Đèn 50, phố Huế" in second and "Đèn 49, phố Huế" not in second
    found = client.get("/centre/things/type/Streetlight/", {"search": "ĐÈN 77"}).content.decode()
    assert "Đèn 77, phố Huế" in found and "Đèn 78, phố Huế" not in found
    assert "Đèn 7, phố Huế" in client.get("/centre/things/type/Streetlight/", {"search": "light:007"}).content.decode()
    nothing = client.get("/centre/things/type/Streetlight/", {"search": "(((*"})
    assert nothing.status_code == 200


def test_an_entity_and_its_past(client: Client) -> None:
    page = client.get("/centre/things/entity/urn:ngsi-ld:Streetlight:000/")
    text = page.content.decode()
    assert page.status_code == 200
    assert "Đèn 0, phố Huế" in text and 'data-island="chart"' in text and "/ngsi-ld/v1/entities/urn" in text
    assert page.context["chosen"] == "power" and [value for _, value in page.context["samples"]] == [
        "102",
        "101",
        "100",
    ]
    other = client.get("/centre/things/entity/urn:ngsi-ld:Streetlight:000/", {"attribute": "powerState"})
    assert other.context["chosen"] == "powerState"
    assert client.get("/centre/things/entity/urn:ngsi-ld:Streetlight:000/", {"attribute": "no"}).status_code == 404


def test_what_is_hidden_does_not_exist(client: Client) -> None:
    assert client.get("/centre/things/entity/urn:ngsi-ld:Rack:1/").status_code == 404
    assert client.get("/centre/things/entity/urn:nothing:1/").status_code == 404
    assert client.get("/centre/things/type/Rack/").status_code in (302, 401)


def test_subscriptions_and_how_they_fare(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.get("/centre/things/subscriptions/").status_code in (302, 401), "strangers sign in first"
    monkeypatch.setattr(exchange, "actor_of", lambda request: SYSTEM)
    empty = client.get("/centre/things/subscriptions/")
    assert empty.status_code == 200 and "Chưa ai được báo" in empty.content.decode()
    for number in range(2):
        definition = {
            "id": f"urn:ngsi-ld:Subscription:{number}",
            "type": "Subscription",
            "subscriptionName": f"Lamps {number}",
            "entities": [{"type": "Streetlight"}],
            "notification": {"endpoint": {"uri": f"https://me:secret@example.org/{number}"}},
        }
        subscribing.create(SYSTEM, definition)
    state = {"sent": 7, "failed": 2, "waiting": 2, "last": clock.now().isoformat(), "bad": clock.now().isoformat()}
    ports.plugged.things.note(subscribing.KIND, [Progress("", "urn:ngsi-ld:Subscription:1", 1, state)])
    text = client.get("/centre/things/subscriptions/").content.decode()
    assert "Lamps 0" in text and "https://example.org/1" in text and "secret" not in text
    assert "bên nhận không trả lời" in text and "chưa có gì để báo" in text


def test_attributes(client: Client) -> None:
    text = client.get("/centre/things/attributes/", {"type": "Streetlight"}).content.decode()
    assert "powerState" in text and "liên kết" in text and "vị trí" in text
    everything = client.get("/centre/things/attributes/")
    row = next(row for row in everything.context["rows"] if row["name"] == "powerState")
    assert row["count"] == 120 and row["types"] == [("Streetlight", "Đèn đường")]
    assert all("Rack" not in dict(row["types"]) for row in everything.context["rows"]), (
        "a stranger sees open types alone"
    )
    assert client.get("/centre/things/attributes/", {"type": "Rack"}).status_code == 404


def test_a_place_and_spans_of_the_past(client: Client, things: ThingsStore) -> None:
    lamp = client.get("/centre/things/entity/urn:ngsi-ld:Streetlight:000/", {"days": "1"})
    assert lamp.context["map"]["pin"] == {"lon": 105.85, "lat": 21.01} and lamp.context["days"] == 1
    assert client.get("/centre/things/entity/urn:ngsi-ld:Streetlight:000/", {"days": "x"}).context["days"] == 7
    line = {"type": "LineString", "coordinates": [[105.8, 21.0], [105.9, 21.1]]}
    road = {"id": "urn:ngsi-ld:Road:1", "type": "Road", "location": {"type": "GeoProperty", "value": line}}
    service.upsert(SYSTEM, [road])
    drawn = client.get("/centre/things/entity/urn:ngsi-ld:Road:1/").context["map"]
    assert drawn["outline"] == line and drawn["bounds"] == [105.8, 21.0, 105.9, 21.1]


def test_sources_elsewhere(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.get("/centre/things/registrations/").status_code in (302, 401), "strangers sign in first"
    monkeypatch.setattr(exchange, "actor_of", lambda request: SYSTEM)
    assert "Mọi thứ đều lưu tại đây" in client.get("/centre/things/registrations/").content.decode()
    for number in range(2):
        registrations.register(
            EVERYTHING,
            {
                "id": f"urn:ngsi-ld:ContextSourceRegistration:{number}", "type": "ContextSourceRegistration",
                "registrationName": f"District {number}", "endpoint": f"https://me:secret@district.example:90/{number}",
                "information": [{"entities": [{"type": ["Streetlight"]}], "propertyNames": ["power"]}],
            },
        )  # fmt: skip
    now = clock.now()
    gone = registrations.Sent(sent=3, failed=1, last_success=now - timedelta(hours=1), last_failure=now, ok=False)
    registrations.note("", {"urn:ngsi-ld:ContextSourceRegistration:1": gone})
    page = client.get("/centre/things/registrations/")
    text = page.content.decode()
    assert "District 0" in text and "https://district.example:90/1" in text and "secret" not in text
    assert "Đèn đường: power" in text and page.context["troubled"] == 1
    assert [row.health.kind for row in page.context["rows"]] == ["idle", "bad"]
    assert (page.context["rows"][1].sent, page.context["rows"][1].failed) == (3, 1)


def test_contexts_and_who_may_change_them(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.get("/centre/things/contexts/").status_code in (302, 401), "strangers sign in first"
    id = contexts.host(SYSTEM, {"@context": {"glow": "https://example.org/glow"}})
    assert client.post(f"/centre/things/contexts/{id}/", {"do": "delete"}).status_code in (302, 401, 403)
    assert contexts.one(id), "a stranger deletes nothing"
    monkeypatch.setattr(exchange, "actor_of", lambda request: SYSTEM)
    assert f"/ngsi-ld/v1/jsonldContexts/{id}" in client.get("/centre/things/contexts/").content.decode()
    refused = client.post(f"/centre/things/contexts/{id}/", {"do": "reload"})
    assert refused.status_code == 400 and refused.context["error"], "what was not fetched cannot be fetched anew"
    assert client.post(f"/centre/things/contexts/{id}/", {"do": "delete"}).status_code == 302
    assert client.post(f"/centre/things/contexts/{id}/", {"do": "delete"}).status_code == 302, (
        "a double click does no harm"
    )
    assert [entry.verb for entry in ledger.entries(ObjectRef("context", id))] == [
        "things.context_hosted", "things.context_deleted",
    ]  # fmt: skip
