"""Real access keys at the gate of the live process: from the tables of people, remembered for some seconds."""

from datetime import date

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


def key_for(role: str, scopes: list[str], root: object) -> tuple[str, object, object]:
    account = seeded_id("test", role)
    post = NewMembership(seeded_id("post", role), account, role, root, date(2020, 1, 1), None)  # type: ignore[arg-type]
    people.bulk_load([NewAccount(account, role, role, password="!", memberships=(post,))])
    secret, token = people.issue_token(people.actor(account), "sensor", scopes)
    return secret, people.actor(account), token.id


@pytest.mark.django_db(transaction=True)
def test_keys(things: ThingsStore, monkeypatch: pytest.MonkeyPatch) -> None:
    root = places.create_unit(SYSTEM, NewState(UnitKind.CITY, "01", "Thành phố Hà Nội", date(2020, 1, 1))).id
    writer, owner, token = key_for("operator", ["things:write"], root)
    reader, _, _ = key_for("city_leader", ["things:read"], root)
    gate = Gate()
    surface = NgsiLd(gate)

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        await surface(Request(scope, receive, send))

    async def story() -> None:
        transport = httpx.ASGITransport(application)
        async with httpx.AsyncClient(transport=transport, base_url="http://city/ngsi-ld/v1") as client:

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
