"""Subscriptions over HTTP: what is accepted, what is refused and why, how they read back (clauses 5.8.1 to 5.8.5)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from tests.ngsild.receiver import eventually

from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import ObjectRef
from thanglong.core.things.service import subscribing
from thanglong.core.things.types import Pass, iso
from thanglong.kit import clock
from thanglong.kit.errors import Denied, NotFound, NotSignedIn
from thanglong.kit.ports import ANONYMOUS, SYSTEM, ThingsStore

ENDPOINT = {"uri": "http://127.0.0.1:9/notify"}
PATH = "/subscriptions"
Settings = Any
Broker = Any


@pytest.fixture(autouse=True)
def alone(request: pytest.FixtureRequest, settings: Settings) -> Iterator[None]:
    settings.THINGS_ALONE = "db" not in request.fixturenames
    yield


def body(**members: Any) -> dict[str, Any]:
    notification = {"endpoint": ENDPOINT, **members.pop("notification", {})}
    found = {"type": "Subscription", "entities": [{"type": "Building"}], "notification": notification, **members}
    return {key: value for key, value in found.items() if value is not ...}


def made(broker: Broker, **members: Any) -> str:
    answer = broker("POST", PATH, body(**members))
    assert answer.status_code == 201, answer.text
    return answer.headers["location"].rpartition("/")[2]


def test_a_subscription_is_made_read_listed_and_deleted(broker: Broker) -> None:
    id = made(broker, id="urn:ngsi-ld:Subscription:1", watchedAttributes=["name"], description="names")
    assert id == "urn:ngsi-ld:Subscription:1"
    assert broker("POST", PATH, body(id=id)).json()["type"].endswith("/AlreadyExists")
    shown = broker("GET", f"{PATH}/{id}").json()
    assert shown["status"] == "active" and shown["watchedAttributes"] == ["name"] and "createdAt" not in shown
    assert shown["notificationTrigger"] == ["attributeCreated", "attributeUpdated"]
    assert shown["notification"] == {"endpoint": ENDPOINT}
    assert "createdAt" in broker("GET", f"{PATH}/{id}?options=sysAttrs").json()
    other = made(broker)
    assert other.startswith("urn:ngsi-ld:Subscription:")
    listed = broker("GET", f"{PATH}?count=true")
    assert [item["id"] for item in listed.json()] == [id, other] and listed.headers["ngsild-results-count"] == "2"
    assert broker("DELETE", f"{PATH}/{id}").status_code == 204
    assert broker("GET", f"{PATH}/{id}").status_code == 404
    assert broker("DELETE", f"{PATH}/{id}").status_code == 404


def test_pages_have_links_and_limits(broker: Broker) -> None:
    ids = [made(broker) for _ in range(3)]
    page = broker("GET", f"{PATH}?limit=1&offset=1")
    assert [item["id"] for item in page.json()] == [ids[1]]
    assert f'<{"/ngsi-ld/v1/subscriptions"}?limit=1&offset=0>;rel="prev"' in page.headers["link"]
    assert '?limit=1&offset=2>;rel="next"' in page.headers["link"]
    assert broker("GET", f"{PATH}?limit=0").status_code == 400
    assert broker("GET", f"{PATH}?limit=0&count=true").json() == []
    assert broker("GET", f"{PATH}?offset=99").json() == []
    assert broker("GET", f"{PATH}?colour=red").json()["type"].endswith("/InvalidRequest")


WRONG: dict[str, dict[str, Any]] = {
    "no notification": {"notification": {"endpoint": None}},
    "other type": {"type": "Subscriptions"},
    "neither entities nor attributes": {"entities": ...},
    "empty entities": {"entities": []},
    "entity without type": {"entities": [{"id": "urn:a:1"}]},
    "bad id of an entity": {"entities": [{"type": "A", "id": "no uri"}]},
    "bad pattern": {"entities": [{"type": "A", "idPattern": "("}]},
    "bad id": {"id": "no uri"},
    "empty watchedAttributes": {"watchedAttributes": []},
    "unknown trigger": {"notificationTrigger": ["entityChanged"]},
    "negative throttling": {"throttling": -1},
    "throttling and timeInterval": {"throttling": 5, "timeInterval": 5},
    "watched and timeInterval": {"watchedAttributes": ["a"], "timeInterval": 5},
    "timeInterval without entities": {"entities": ..., "watchedAttributes": ..., "timeInterval": 5, "localOnly": False},
    "bad q": {"q": "(("},
    "bad csf": {"csf": "(("},
    "bad geoQ": {"geoQ": {"geometry": "Point", "coordinates": [1, 2]}},
    "bad relation": {"geoQ": {"geometry": "Point", "coordinates": [1, 2], "georel": "beside"}},
    "bad scopeQ": {"scopeQ": "(("},
    "past end": {"expiresAt": "2020-01-01T00:00:00Z"},
    "no moment": {"expiresAt": "tomorrow"},
    "isActive as text": {"isActive": "yes"},
    "empty attributes": {"notification": {"attributes": []}},
    "id as attribute": {"notification": {"attributes": ["id"]}},
    "empty pick": {"notification": {"pick": []}},
    "pick and attributes": {"notification": {"pick": ["a"], "attributes": ["a"]}},
    "omit and attributes": {"notification": {"omit": ["a"], "attributes": ["a"]}},
    "same in pick and omit": {"notification": {"pick": ["a"], "omit": ["a"]}},
    "format": {"notification": {"format": "xml"}},
    "changes in keyValues": {"notification": {"format": "keyValues", "showChanges": True}},
    "changes in simplified": {"notification": {"format": "simplified", "showChanges": True}},
    "join": {"notification": {"join": "sideways"}},
    "joinLevel": {"notification": {"join": "flat", "joinLevel": 0}},
    "scheme": {"notification": {"endpoint": {"uri": "ftp://127.0.0.1/x"}}},
    "accept": {"notification": {"endpoint": {**ENDPOINT, "accept": "text/html"}}},
    "timeout": {"notification": {"endpoint": {**ENDPOINT, "timeout": 0}}},
    "receiverInfo": {"notification": {"endpoint": {**ENDPOINT, "receiverInfo": [{"key": "K", "value": 42}]}}},
    "notifierInfo": {"notification": {"endpoint": {**ENDPOINT, "notifierInfo": [{"key": "K"}]}}},
    "mqtt without topic": {"notification": {"endpoint": {"uri": "mqtt://127.0.0.1"}}},
    "mqtt quality": {
        "notification": {"endpoint": {"uri": "mqtt://127.0.0.1/a", "notifierInfo": [{"key": "MQTT-QoS", "value": "3"}]}}
    },
    "datasetId": {"datasetId": ["no uri"]},
    "star not local": {"entities": [{"type": "*"}], "localOnly": False},
}


@pytest.mark.parametrize("members", WRONG.values(), ids=WRONG.keys())
@pytest.mark.parametrize("things", ["sqlite"], indirect=True)
def test_a_wrong_member_is_bad_request_data(broker: Broker, members: dict[str, Any]) -> None:
    answer = broker("POST", PATH, body(**members))
    assert answer.status_code == 400 and answer.json()["type"].endswith("/BadRequestData"), answer.text
    assert answer.json()["title"]


@pytest.mark.parametrize("things", ["sqlite"], indirect=True)
def test_what_only_the_platform_writes_is_ignored(broker: Broker) -> None:
    id = made(broker, status="expired", __context="http://127.0.0.1/x", notification={"timesSent": 42})
    shown = broker("GET", f"{PATH}/{id}").json()
    assert "__context" not in shown and "timesSent" not in shown["notification"] and shown["status"] == "active"


def test_a_fragment_exchanges_members(broker: Broker) -> None:
    id = made(broker, description="old", throttling=5)
    path = f"{PATH}/{id}"
    assert broker("PATCH", path, {"description": "new", "throttling": None}).status_code == 204
    shown = broker("GET", path).json()
    assert shown["description"] == "new" and "throttling" not in shown
    assert broker("PATCH", path, {"isActive": False}).status_code == 204
    assert broker("GET", path).json()["status"] == "paused"
    assert broker("PATCH", path, {"isActive": True}).status_code == 204
    assert broker("GET", path).json()["status"] == "active"
    for wrong in (
        {"notification": {"format": "keyValues", "endpoint": None}},
        {"expiresAt": "2020-01-01T00:00:00Z"},
        {"id": "urn:ngsi-ld:Subscription:other"},
        {"entities": None},
        {"timeInterval": 5, "throttling": 3},
    ):
        assert broker("PATCH", path, wrong).status_code == 400, wrong
    assert broker("PATCH", f"{PATH}/urn:a:unknown", {"description": "x"}).status_code == 404
    assert broker("PATCH", f"{PATH}/nouri", {"description": "x"}).status_code == 400
    assert broker("PATCH", f"{PATH}/", {"description": "x"}).status_code == 405


def test_an_end_in_the_future_wakes_an_expired_one(broker: Broker) -> None:
    soon = iso(clock.now() + timedelta(milliseconds=300))
    path = f"{PATH}/{made(broker, expiresAt=soon)}"
    eventually(lambda: broker("GET", path).json()["status"] == "expired")
    broker("PATCH", path, {"isActive": False})
    assert broker("GET", path).json()["status"] == "expired"
    broker("PATCH", path, {"isActive": None, "expiresAt": iso(clock.now() + timedelta(days=1))})
    assert broker("GET", path).json()["status"] == "active"


def test_strangers_may_not_subscribe_and_readers_see_their_own(broker: Broker) -> None:
    assert broker("POST", PATH, body(), key="").status_code == 401
    assert broker("GET", PATH, key="").status_code == 401
    assert broker("POST", PATH, body(), key="reader").status_code == 201


def test_tenants_have_subscriptions_of_their_own(broker: Broker) -> None:
    headers = {"NGSILD-Tenant": "harbour"}
    assert broker("POST", PATH, body(id="urn:a:1"), headers=headers).status_code == 201
    assert broker("GET", PATH).json() == []
    assert len(broker("GET", PATH, headers=headers).json()) == 1
    assert broker("POST", PATH, body(id="urn:a:1")).status_code == 201


@pytest.mark.parametrize("things", ["sqlite"], indirect=True)
def test_permission_and_ledger_of_every_verb(db: None, things: ThingsStore) -> None:
    from dataclasses import replace

    from thanglong.kit.ids import new_id

    definition = {"type": "Subscription", "entities": [{"type": "A"}], "id": "urn:a:9"}
    definition["notification"] = {"endpoint": {"uri": "mqtt://me:secret@127.0.0.1/topic"}}
    own, other = (Pass(replace(SYSTEM, kind="client", id=new_id()), True, False) for _ in range(2))
    with pytest.raises(NotSignedIn):
        subscribing.create(Pass(ANONYMOUS, False, False), definition)
    with pytest.raises(Denied):
        subscribing.create(replace(own, view=False), definition)
    subscribing.create(own, definition)
    for verb in (
        lambda: subscribing.one(other, "urn:a:9"),
        lambda: subscribing.change(other, "urn:a:9", {"description": "x"}),
        lambda: subscribing.drop(other, "urn:a:9"),
    ):
        with pytest.raises(NotFound):
            verb()
    assert subscribing.listing(other) == [] and len(subscribing.listing(own)) == 1
    assert len(subscribing.listing(replace(other, write=True))) == 1
    subscribing.change(own, "urn:a:9", {"description": "x"})
    subscribing.drop(own, "urn:a:9")
    entries = list(ledger.entries(ObjectRef("subscription", "urn:a:9")))
    assert sorted(entry.verb for entry in entries) == [
        "things.subscribed", "things.subscription_changed", "things.unsubscribed",
    ]  # fmt: skip
    assert all("secret" not in str(entry.facts) and entry.facts["to"] == "mqtt://127.0.0.1/topic" for entry in entries)


@pytest.mark.parametrize("prefer", ["ngsi-ld=1.0", "NGSI-LD=1.0", 'ngsi-ld="1.0"', "respond-async, ngsi-ld=1.0;q=0.1"])
def test_an_older_version_changes_no_subscription(broker: Broker, prefer: str) -> None:
    id = made(broker)
    plain, older = broker("GET", f"{PATH}/{id}"), broker("GET", f"{PATH}/{id}", headers={"prefer": prefer})
    assert older.status_code == 200 and older.json() == plain.json()
    assert older.headers["preference-applied"] == "ngsi-ld=1.0" and "preference-applied" not in plain.headers
