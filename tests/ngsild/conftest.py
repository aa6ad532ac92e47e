"""The NGSI-LD interface in process, over a fresh things store on both profiles."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from thanglong.core.things.types import Pass
from thanglong.kit import ports
from thanglong.kit.errors import NotSignedIn
from thanglong.kit.ports import SYSTEM, ThingsStore
from thanglong.stores.parquet import DayFiles
from thanglong.stores.postgres.things import PostgresThings
from thanglong.stores.sqlite.things import SqliteThings
from thanglong.surfaces.asgi import Receive, Request, Scope, Send
from thanglong.surfaces.gate import STRANGER, Gate
from thanglong.surfaces.ngsild.app import NgsiLd

PASSES = {"": STRANGER, "Bearer reader": Pass(SYSTEM, True, False), "Bearer writer": Pass(SYSTEM, True, True)}


class FakeGate(Gate):
    """Passes by name instead of access keys."""

    async def asker(self, request: Request) -> Pass:
        found = PASSES.get(request.headers.get("authorization", ""))
        if found is None:
            raise NotSignedIn
        return found


@pytest.fixture(params=["sqlite", "postgres"])
def things(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ThingsStore]:
    """An empty things store with a folder for day files, plugged in for the test."""
    before, days = ports.plugged.things, DayFiles(tmp_path / "days")
    store: ThingsStore
    if request.param == "sqlite":
        store = SqliteThings(tmp_path / "things.db", days=days)
    else:
        uri: str = request.getfixturevalue("postgres_uri")
        with psycopg.connect(uri, autocommit=True) as connection:
            connection.execute("DROP SCHEMA IF EXISTS things CASCADE")
        store = PostgresThings(uri, days=days, connections=3)
    ports.plug(things=store)
    yield store
    ports.plug(things=before)
    store.close()


class Broker:
    """Asks the NGSI-LD application, each time in a loop of its own."""

    def __init__(self) -> None:
        self.gate = FakeGate()
        surface = NgsiLd(self.gate)

        async def application(scope: Scope, receive: Receive, send: Send) -> None:
            await surface(Request(scope, receive, send))

        self.application = application

    def __call__(self, method: str, path: str, body: Any = None, key: str = "writer", **more: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.application)
            headers = {"authorization": f"Bearer {key}"} if key else {}
            headers.update(more.pop("headers", {}))
            async with httpx.AsyncClient(transport=transport, base_url="http://city/ngsi-ld/v1") as client:
                return await client.request(method, path, json=body, headers=headers, **more)

        return run(ask())


def run(work: Awaitable[Any]) -> Any:
    async def main() -> Any:
        return await work

    return asyncio.run(main())


@pytest.fixture
def broker(things: ThingsStore) -> Iterator[Broker]:
    """The NGSI-LD interface over the empty store; keys ``reader`` and ``writer``, or none."""
    made = Broker()
    yield made
    made.gate.close()


Ask = Callable[..., httpx.Response]
