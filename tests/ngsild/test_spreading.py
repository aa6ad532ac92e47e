"""Subscriptions made at context sources too, and what these tell passed on (clauses 5.8.1.4, 5.8.2.4, 5.8.5.4, 5.8.6)."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from tests.ngsild.receiver import Receiver
from tests.ngsild.test_distributed import BUS, Federated, Sent
from tests.ngsild.test_registrations_news import Client, story

from thanglong.formats.ngsild.reducing import narrowed, spreads
from thanglong.formats.ngsild.sources import EntityInfo
from thanglong.kit.ports import ThingsStore
from thanglong.surfaces.ngsild.identity import alias, loops

SUB = "urn:ngsi-ld:Subscription:wish"
TOLD = "http://city/ngsi-ld/ex/remote-notify"


@pytest.fixture
def broker(things: ThingsStore, settings: Any) -> Iterator[Federated]:
    settings.THINGS_ALONE, settings.OUTGOING, settings.PUBLIC_URL = True, "any", ""
    made = Federated()
    made.answer("POST", "s1/subscriptions", 201)
    yield made
    made.gate.close()


def source(number: int = 1, **members: Any) -> dict[str, Any]:
    info = [{"entities": [{"type": "Bus", "id": BUS}], "propertyNames": ["speed"]}]
    kind = "ContextSourceRegistration"
    return {"id": f"urn:r:{number}", "type": kind, "information": info, "endpoint": f"http://s{number}", **members}


def wish(receiver: Receiver, **members: Any) -> dict[str, Any]:
    notification = {"endpoint": {"uri": receiver.url}, "format": "keyValues", "attributes": ["speed", "line"]}
    entities = [{"type": "Bus"}]
    return {"id": SUB, "type": "Subscription", "entities": entities, "notification": notification, **members}


async def sent(broker: Federated, count: int) -> list[Sent]:
    for _ in range(1000):
        if len(broker.sources.sent) >= count:
            return broker.sources.sent
        await asyncio.sleep(0.01)
    raise AssertionError(f"{len(broker.sources.sent)} of {count} requests were sent")


async def came(receiver: Receiver, count: int) -> Any:
    return await asyncio.to_thread(receiver.wait, count, 20.0)


def test_made_changed_and_deleted_there_too(broker: Federated) -> None:
    with Receiver() as receiver:

        async def tell(ask: Client) -> None:
            await ask("POST", "/subscriptions", wish(receiver, q="speed>50"), status=201)
            # the registration comes later
            await ask("POST", "/csourceRegistrations", source(), status=201)
            made = (await sent(broker, 1))[0]
            assert (made.method, made.path) == ("POST", "/ngsi-ld/v1/subscriptions")
            assert made.body["entities"] == [{"type": "Bus", "id": BUS}]
            assert made.body["watchedAttributes"] == ["speed"] and made.body["q"] == "speed>50"
            assert made.body["notification"] == {"endpoint": {"uri": TOLD, "accept": "application/ld+json"}}
            assert made.body["id"] != SUB and made.headers["via"] == f"1.1 {alias()}"
            along = (await ask("GET", "/csourceSubscriptions", status=200)).json()
            assert [item["id"] for item in along] == [f"{SUB}:sources"]
            there = f"s1/subscriptions/{made.body['id']}"
            broker.answer("PATCH", there, 204)
            broker.answer("DELETE", there, 204)
            await ask("PATCH", f"/subscriptions/{SUB}", {"q": None, "throttling": 3})
            changed = (await sent(broker, 2))[1]
            assert changed.method == "PATCH" and changed.body["q"] == "urn:ngsi-ld:null"
            assert changed.body["throttling"] == 3
            await ask("DELETE", f"/subscriptions/{SUB}")
            gone = (await sent(broker, 3))[2]
            assert (gone.method, gone.path) == ("DELETE", f"/ngsi-ld/v1/subscriptions/{made.body['id']}")
            assert (await ask("GET", "/csourceSubscriptions", status=200)).json() == []

        story(broker, tell)


def test_a_source_that_is_withdrawn_or_only_told_here(broker: Federated) -> None:
    with Receiver() as receiver:

        async def tell(ask: Client) -> None:
            await ask("POST", "/csourceRegistrations", source(2, operations=["retrieveOps"]), status=201)
            await ask("POST", "/csourceRegistrations", source(3, mode="auxiliary", operations=["retrieveOps"]), 201)
            await ask("POST", "/subscriptions", wish(receiver, id="urn:s:2", localOnly=True), status=201)
            await ask("POST", "/csourceRegistrations", source(), status=201)
            await ask("POST", "/subscriptions", wish(receiver), status=201)
            made = (await sent(broker, 1))[0]
            broker.answer("DELETE", f"s1/subscriptions/{made.body['id']}", 204)
            await ask("DELETE", "/csourceRegistrations/urn:r:1")
            assert [item.method for item in await sent(broker, 2)] == ["POST", "DELETE"]

        story(broker, tell)


def test_what_a_source_tells_reaches_the_subscriber_once(broker: Federated) -> None:
    with Receiver() as receiver:

        async def tell(ask: Client) -> None:
            await ask("POST", "/csourceRegistrations", source(), status=201)
            await ask("POST", "/subscriptions", wish(receiver), status=201)
            remote = (await sent(broker, 1))[0].body["id"]
            buses = [{"id": id, "type": kind, "speed": {"type": "Property", "value": 9}} for id, kind in KINDS]
            news = {"id": "urn:n:1", "type": "Notification", "subscriptionId": remote, "data": buses}
            await ask("POST", TOLD, news, status=200)
            await ask("POST", TOLD, news, status=200)
            got = (await came(receiver, 1))[0]
            assert got.body["subscriptionId"] == SUB and got.data == [{"id": BUS, "type": "Bus", "speed": 9}]
            await ask("POST", TOLD, {**news, "subscriptionId": SUB}, status=404)
            shown: dict[str, Any] = {}
            for _ in range(1000):
                shown = (await ask("GET", f"/subscriptions/{SUB}", status=200)).json()["notification"]
                if shown.get("timesSent"):
                    break
                await asyncio.sleep(0.01)
            assert shown["timesSent"] == 1 and shown["status"] == "ok" and len(receiver.got) == 1

        story(broker, tell)


KINDS = [(BUS, "Bus"), ("urn:t:1", "Tram")]


def test_split_entities_are_put_together_and_judged_here(broker: Federated) -> None:
    with Receiver() as receiver:

        async def tell(ask: Client) -> None:
            await ask("POST", "/csourceRegistrations", source(), status=201)
            body = wish(receiver, q='speed>50;line=="7"', splitEntities=True)
            await ask("POST", "/subscriptions", body, status=201)
            made = (await sent(broker, 1))[0].body
            assert "q" not in made and made["splitEntities"] is True
            line = {"id": BUS, "type": "Bus", "line": {"type": "Property", "value": "7"}}
            await ask("POST", "/entities?local=true", line, status=201)
            for speed in (9, 60):
                bus = {"id": BUS, "type": "Bus", "speed": {"type": "Property", "value": speed}}
                news = {"type": "Notification", "subscriptionId": made["id"], "data": [bus]}
                await ask("POST", TOLD, news, status=200)
            assert (await came(receiver, 1))[0].data == [{"id": BUS, "type": "Bus", "speed": 60, "line": "7"}]

        story(broker, tell)


def test_loops_end(broker: Federated) -> None:
    assert loops("", f"1.1 other, 1.1 {alias()}") and not loops("", "1.1 other")
    with Receiver() as receiver:
        answer = broker("POST", "/subscriptions", wish(receiver), headers={"via": f"1.1 {alias()}"})
        assert answer.status_code == 508 and answer.json()["type"].endswith("LoopDetected")


def test_selectors_are_cut_to_what_a_source_has() -> None:
    assert narrowed({"type": "Bus,Tram"}, EntityInfo(frozenset(["Bus"]), "", "")) == {"type": "Bus"}
    assert narrowed({"type": "Tram"}, EntityInfo(frozenset(["Bus"]), "", "")) is None
    two = {"type": "Bus", "id": ["urn:a:1", "urn:b:2"]}
    assert narrowed(two, EntityInfo(frozenset(), "", "urn:a:.*")) == {"type": "Bus", "id": "urn:a:1"}
    assert narrowed(two, EntityInfo(frozenset(), "urn:c:3", "")) is None
    assert narrowed({"type": "Bus", "idPattern": "a"}, EntityInfo(frozenset(), "urn:a:1", "")) == {
        "type": "Bus",
        "id": "urn:a:1",
    }
    assert spreads({"entities": [{"type": "Bus"}]}) and not spreads({"entities": [{"type": "*"}]})
