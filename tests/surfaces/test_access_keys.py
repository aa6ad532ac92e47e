"""Real access keys at the gate of the live process: from the tables of people, remembered for some seconds."""

from datetime import date
from typing import Any

import httpx
import pytest
from tests.surfaces.conftest import run

from thanglong.core.people import service as people
from thanglong.core.people.types import NewAccount, NewMembership
from thanglong.core.places import service as places
from thanglong.core.places.types import NewState, UnitKind
from thanglong.kit.ids import seeded_id
from thanglong.kit.ports import SYSTEM, ThingsStore
from thanglong.surfaces import gate as gate_module
from thanglong.surfaces.asgi import Receive, Request, Scope, Send
from thanglong.surfaces.gate import Gate
from thanglong.surfaces.ngsild.app import NgsiLd

BODY = {"id": "urn:ngsi-ld:Rack:1", "type": "Rack", "power": 5}


def key_for(role: str, scopes: list[str], root: object, unit: object = None) -> tuple[str, object, object]:
    account = seeded_id("test", role)
    post = NewMembership(seeded_id("post", role), account, role, root, date(2020, 1, 1), None)  # type: ignore[arg-type]
    people.bulk_load([NewAccount(account, role, role, password="!", memberships=(post,))])
    secret, token = people.issue_token(people.actor(account), "sensor", scopes, unit)  # type: ignore[arg-type]
    return secret, people.actor(account), token.id


def client_of(gate: Gate) -> httpx.AsyncClient:
    surface = NgsiLd(gate)

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        await surface(Request(scope, receive, send))

    return httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://city/ngsi-ld/v1")


@pytest.mark.django_db(transaction=True)
def test_keys(things: ThingsStore, monkeypatch: pytest.MonkeyPatch) -> None:
    root = places.create_unit(SYSTEM, NewState(UnitKind.CITY, "01", "Thành phố Hà Nội", date(2020, 1, 1))).id
    writer, owner, token = key_for("operator", ["things:write"], root)
    reader, _, _ = key_for("city_leader", ["things:read"], root)
    gate = Gate()

    async def story() -> None:
        async with client_of(gate) as client:

            async def ask(method: str, path: str, secret: str, body: object = None) -> int:
                headers = {"authorization": f"Bearer {secret}"}
                return (await client.request(method, path, json=body, headers=headers)).status_code

            assert await ask("POST", "/entities", reader, BODY) == 403
            assert await ask("POST", "/entities", "wrong", BODY) == 401
            assert await ask("POST", "/entities", writer, BODY) == 201
            assert await ask("GET", "/entities/urn:ngsi-ld:Rack:1", reader) == 200
            assert (await client.get("/entities/urn:ngsi-ld:Rack:1")).status_code == 404
            assert (await client.get("/entities/urn:x:1", headers={"authorization": "Basic x"})).status_code == 401
            await gate.orm(people.revoke_token, owner, token)
            assert await ask("GET", "/types", writer) == 200, "remembered for some seconds"
            monkeypatch.setattr(gate_module, "KEPT", 0.0)
            gate._known.clear()
            assert await ask("GET", "/types", writer) == 401

    run(story())
    gate.close()


@pytest.mark.django_db(transaction=True)
def test_a_key_bound_to_a_ward_and_askers_in_a_hurry(things: ThingsStore, settings: Any) -> None:
    """What the interface answers to a ward's key outside of its ward, and to who asks too often."""
    settings.THINGS_RATE, settings.THINGS_RATE_OPEN = 20, 0.001
    root = places.create_unit(SYSTEM, NewState(UnitKind.CITY, "01", "Thành phố Hà Nội", date(2020, 1, 1))).id
    since = date(2020, 1, 1)
    here, there = (
        places.create_unit(SYSTEM, NewState(UnitKind.WARD, code, f"Phường {code}", since, parent=root)).id
        for code in ("00001", "00002")
    )
    secret, _, _ = key_for("operator", ["things:write"], root, here)
    gate = Gate()

    async def story() -> None:
        async with client_of(gate) as client:
            key = {"authorization": f"Bearer {secret}"}
            for unit, status in ((here, 201), (there, 403)):
                body = {"id": f"urn:x:{unit}", "type": "Rack", "unit": {"object": f"urn:ngsi-ld:Unit:{unit}"}}
                assert (await client.post("/entities", json=body, headers=key)).status_code == status
            assert (
                await client.post("/entities", json={"id": "urn:x:1", "type": "Rack"}, headers=key)
            ).status_code == 403
            strangers = [await client.get("/types") for _ in range(2)]
            assert strangers[0].status_code == 200 and strangers[-1].status_code == 429
            refused = strangers[-1]
            assert refused.headers["retry-after"] == "1" and "0.001 requests a second" in refused.json()["detail"]
            assert (await client.get("/types", headers=key)).status_code == 200, "who has a key is counted apart"

    run(story())
    gate.close()
