"""Subscriptions to registrations of context sources (clause 5.11)."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from tests.ngsild.conftest import Broker
from tests.ngsild.receiver import Receiver
from tests.ngsild.test_registrations import ID, registration

from thanglong.surfaces.ngsild.notify import delivery

SUB = "urn:ngsi-ld:Subscription:1"
Client = Callable[..., Awaitable[httpx.Response]]


def subscription(receiver: Receiver, **members: Any) -> dict[str, Any]:
    return {
        "id": SUB,
        "type": "Subscription",
        "entities": [{"type": "Bus"}],
        "notification": {"endpoint": {"uri": receiver.url, "accept": "application/json"}},
        **members,
    }


@pytest.fixture(autouse=True)
def _alone(settings: Any) -> None:
    settings.THINGS_ALONE = True
    settings.OUTGOING = "any"


def story(broker: Broker, tell: Callable[[Client], Awaitable[None]]) -> None:
    """Several requests in one event loop, so that what goes on in the background may end."""

    async def main() -> None:
        transport = httpx.ASGITransport(broker.application)
        async with httpx.AsyncClient(transport=transport, base_url="http://city/ngsi-ld/v1") as client:

            async def ask(method: str, path: str, body: Any = None, status: int = 204) -> httpx.Response:
                answer = await client.request(method, path, json=body, headers={"authorization": "Bearer writer"})
                assert answer.status_code == status, answer.text
                return answer

            await tell(ask)

    asyncio.run(main())


async def told(receiver: Receiver, count: int) -> list[tuple[str, list[str]]]:
    """The reasons and registrations of notifications, once there are ``count``."""
    for _ in range(200):
        if len(receiver.got) >= count:
            break
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.05)
    return [(item.body["triggerReason"], [one["id"] for one in item.data]) for item in receiver.got]


def test_new_changed_gone(broker: Broker) -> None:
    with Receiver() as receiver:

        async def tell(ask: Client) -> None:
            await ask("POST", "/csourceSubscriptions", subscription(receiver), status=201)
            other = registration(id="urn:r:2", information=[{"entities": [{"type": "Tram"}]}])
            await ask("POST", "/csourceRegistrations", other, status=201)
            info = [*registration()["information"], {"entities": [{"type": "Tram"}]}]
            await ask("POST", "/csourceRegistrations", registration(information=info), status=201)
            assert await told(receiver, 1) == [("newlyMatching", [ID])]
            body = receiver.got[0].body
            assert body["type"] == "ContextSourceNotification" and body["subscriptionId"] == SUB
            assert body["data"][0]["information"] == registration()["information"]
            await ask("PATCH", f"/csourceRegistrations/{ID}", {"endpoint": "http://b.example"})
            await ask("PATCH", "/csourceRegistrations/urn:r:2", {"information": registration()["information"]})
            await told(receiver, 3)
            await ask("DELETE", f"/csourceRegistrations/{ID}")
            assert (await told(receiver, 4))[1:] == [
                ("updated", [ID]),
                ("newlyMatching", ["urn:r:2"]),
                ("noLongerMatching", [ID]),
            ]
            shown = (await ask("GET", f"/csourceSubscriptions/{SUB}", status=200)).json()
            assert shown["notification"]["timesSent"] == 4 and shown["notification"]["status"] == "ok"
            assert shown["status"] == "active" and "lastSuccess" in shown["notification"]
            await ask("DELETE", f"/csourceSubscriptions/{SUB}")
            await ask("GET", f"/csourceSubscriptions/{SUB}", status=404)

        story(broker, tell)


def test_what_is_there_is_told_at_once(broker: Broker) -> None:
    with Receiver() as receiver:

        async def tell(ask: Client) -> None:
            await ask("POST", "/csourceRegistrations", registration(), status=201)
            await ask("POST", "/csourceSubscriptions", subscription(receiver), status=201)
            assert await told(receiver, 1) == [("newlyMatching", [ID])]
            await ask("POST", "/csourceSubscriptions", subscription(receiver), status=409)
            assert len((await ask("GET", "/csourceSubscriptions", status=200)).json()) == 1

        story(broker, tell)


@pytest.mark.parametrize(
    ("members", "heard"),
    [
        ({"csf": 'owner=="city"'}, True), ({"csf": 'owner=="state"'}, False), ({"isActive": False}, False),
        ({"watchedAttributes": ["power"], "notification": {"attributes": ["power"]}}, False),
        ({"watchedAttributes": ["speed"]}, True), ({"entities": [{"type": "Bus", "id": "urn:b:1"}]}, True),
        ({"temporalQ": {"timerel": "before", "timeAt": "2026-01-01T00:00:00Z"}}, False),
        ({"geoQ": {"georel": "near;maxDistance==2000", "geometry": "Point", "coordinates": [105.85, 21.03]}}, True),
        ({"geoQ": {"georel": "near;maxDistance==2000", "geometry": "Point", "coordinates": [100.0, 21.03]}}, False),
        ({"scopeQ": "/Hanoi"}, True), ({"scopeQ": "/Hue"}, False),
    ],
)  # fmt: skip
def test_conditions(broker: Broker, members: dict[str, Any], heard: bool) -> None:
    point = {"type": "Point", "coordinates": [105.85, 21.03]}
    with Receiver() as receiver:
        body = subscription(receiver)
        more = dict(members)
        body["notification"] |= more.pop("notification", {})

        async def tell(ask: Client) -> None:
            await ask("POST", "/csourceSubscriptions", {**body, **more}, status=201)
            made = registration(owner="city", location=point, scope="/Hanoi")
            await ask("POST", "/csourceRegistrations", made, status=201)
            if not heard:
                await asyncio.sleep(0.15)
            assert len(await told(receiver, int(heard))) == int(heard)

        story(broker, tell)


def test_periodic_and_failures(broker: Broker) -> None:
    with Receiver() as receiver:

        async def tell(ask: Client) -> None:
            await ask("POST", "/csourceSubscriptions", subscription(receiver, timeInterval=0.1), status=201)
            await told(receiver, 3)
            receiver.answer = lambda number: 400
            await told(receiver, len(receiver.got) + 2)
            shown = (await ask("GET", f"/csourceSubscriptions/{SUB}", status=200)).json()
            assert shown["notification"]["status"] == "failed" and shown["notification"]["timesFailed"] >= 1
            await ask("PATCH", f"/csourceSubscriptions/{SUB}", {"isActive": False})
            await asyncio.sleep(0.15)
            before = len(receiver.got)
            await asyncio.sleep(0.3)
            assert len(receiver.got) == before

        story(broker, tell)


def test_a_receiver_that_is_away_is_told_later(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "FIRST_PAUSE", 0.01)
    with Receiver() as receiver:
        receiver.answer = lambda number: 200 if number > 3 else 503

        async def tell(ask: Client) -> None:
            await ask("POST", "/csourceSubscriptions", subscription(receiver), status=201)
            await ask("POST", "/csourceRegistrations", registration(), status=201)
            await ask("DELETE", f"/csourceRegistrations/{ID}")
            new, gone = ("newlyMatching", [ID]), ("noLongerMatching", [ID])
            assert await told(receiver, 5) == [new, new, new, new, gone]
            counters: dict[str, Any] = {}
            for _ in range(1000):
                counters = (await ask("GET", f"/csourceSubscriptions/{SUB}", status=200)).json()["notification"]
                if counters.get("timesSent") == 2:
                    break
                await asyncio.sleep(0.01)
            assert counters["timesSent"] == 2 and counters["timesFailed"] == 1 and counters["status"] == "ok"

        story(broker, tell)


def test_who_may(broker: Broker) -> None:
    with Receiver() as receiver:
        assert broker("POST", "/csourceSubscriptions", subscription(receiver), key="").status_code == 401
        assert broker("GET", "/csourceSubscriptions", key="").status_code == 401
        assert broker("POST", "/csourceSubscriptions", {"type": "Subscription"}).status_code == 400
