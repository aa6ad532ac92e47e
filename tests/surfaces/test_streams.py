"""Server-sent events: what a live page hears, how it resumes, and that a slow listener harms nobody."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from tests.surfaces.conftest import FakeGate, run

from thanglong.core.cases.types import CaseChange, StateKind
from thanglong.kit.ports import Reach, ThingsStore
from thanglong.surfaces.asgi import Request, Router
from thanglong.surfaces.stream import cases as cases_stream
from thanglong.surfaces.stream import client as client_module
from thanglong.surfaces.stream.app import Streams
from thanglong.surfaces.stream.client import Client

T0 = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def thing(kind: str, number: int, lon: float = 105.8, **attributes: Any) -> dict[str, Any]:
    location = {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [lon, 21.0]}}
    own = {name: {"type": "Property", "value": value} for name, value in attributes.items()}
    return {"id": f"urn:ngsi-ld:{kind}:{number}", "type": kind, "location": location, **own}


class Page:
    """A browser listening to one stream."""

    def __init__(
        self, streams: Streams, path: str, query: str = "", key: str = "reader", last: int | None = None
    ) -> None:
        router = Router()
        streams.routes(router)
        found = router.find(path)
        assert found is not None
        self.status = 0
        self.text = b""
        self.leaving = asyncio.Event()
        self.stuck = False
        headers = [(b"authorization", f"Bearer {key}".encode())] if key else []
        if last is not None:
            headers.append((b"last-event-id", str(last).encode()))
        scope = {"type": "http", "method": "GET", "path": path, "query_string": query.encode(), "headers": headers}
        request = Request(scope, self.receive, self.send, found.parts)
        self.task = asyncio.ensure_future(found.handlers["GET"](request))

    async def receive(self) -> dict[str, Any]:
        await self.leaving.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        else:
            self.text += message.get("body", b"")
        while self.stuck:
            await asyncio.sleep(0.02)

    def events(self, name: str) -> list[Any]:
        """The data of all whole events of a name."""
        blocks = [
            dict(line.split(b": ", 1) for line in block.split(b"\n") if line) for block in self.text.split(b"\n\n")
        ]
        return [orjson.loads(block[b"data"]) for block in blocks if block.get(b"event") == name.encode()]

    def changes(self, name: str = "things") -> list[Any]:
        return [change for batch in self.events(name) for change in batch]

    async def until(self, condition: Callable[[], Any]) -> None:
        async with asyncio.timeout(10):
            while not condition():
                await asyncio.sleep(0.01)

    async def leave(self) -> None:
        self.leaving.set()
        async with asyncio.timeout(5):
            await self.task


def story(work: Callable[[Streams], Awaitable[None]]) -> None:
    """Run a story with fresh streams."""

    async def main() -> None:
        gate = FakeGate()
        streams = Streams(gate)
        try:
            await work(streams)
        finally:
            streams.close()
            gate.close()

    run(main())


def test_changes_are_heard_by_type_and_box(things: ThingsStore) -> None:
    things.write([thing("Streetlight", 1, state="on"), thing("Ambulance", 1, 105.9)], mode="create", at=T0)

    async def work(streams: Streams) -> None:
        lamps = Page(streams, "/live/things", "types=Streetlight")
        everything = Page(streams, "/live/things")
        east = Page(streams, "/live/things", "bbox=105.85,20,106,22")
        pages = [lamps, everything, east]
        for page in pages:
            await page.until(lambda page=page: page.events("hello"))
        await asyncio.to_thread(
            things.write,
            [
                {
                    "id": "urn:ngsi-ld:Streetlight:1",
                    "type": "Streetlight",
                    "state": {"type": "Property", "value": "off"},
                },
                {"id": "urn:ngsi-ld:Ambulance:1", "type": "Ambulance", "state": {"type": "Property", "value": "busy"}},
            ],
            mode="upsert",
            at=T0,
        )
        await asyncio.to_thread(things.delete, ["urn:ngsi-ld:Streetlight:1"], at=T0)
        await everything.until(lambda: len(everything.changes()) == 3)
        assert [(c["type"], c["kind"]) for c in everything.changes()] == [
            ("Streetlight", "updated"), ("Ambulance", "updated"), ("Streetlight", "deleted"),
        ]  # fmt: skip
        await lamps.until(lambda: len(lamps.changes()) == 2)
        assert lamps.changes()[0]["attributes"]["state"]["value"] == "off" and lamps.changes()[1]["attributes"] is None
        assert [c["entity"] for c in east.changes()] == ["urn:ngsi-ld:Ambulance:1"]
        for page in pages:
            await page.leave()

    story(work)


def test_a_page_resumes_where_it_was(things: ThingsStore) -> None:
    things.write([thing("Streetlight", n) for n in range(10)], mode="create", at=T0)

    async def work(streams: Streams) -> None:
        page = Page(streams, "/live/things", "types=Streetlight", last=7)
        await page.until(lambda: len(page.changes()) == 3)
        assert [change["seq"] for change in page.changes()] == [8, 9, 10]
        await page.leave()
        ahead = Page(streams, "/live/things", "types=Streetlight", last=99)
        await ahead.until(lambda: ahead.events("reset"))
        await ahead.leave()

    story(work)


def test_who_may_hear_what(things: ThingsStore) -> None:
    things.write([thing("Streetlight", 1), thing("DataCentre", 1)], mode="create", at=T0)

    async def work(streams: Streams) -> None:
        for query, status in [
            ("", 401),
            ("types=DataCentre", 401),
            ("types=Streetlight,DataCentre", 200),
            ("bbox=1", 401),
        ]:
            page = Page(streams, "/live/things", query, key="", last=0 if status == 200 else None)
            await page.until(lambda page=page: page.status)
            assert page.status == status, query
            if status == 200:
                await page.until(page.changes)
                assert {change["type"] for change in page.changes()} == {"Streetlight"}
            await page.leave()
        bad = Page(streams, "/live/things", "bbox=1,2,3")
        await bad.until(lambda: bad.status)
        assert bad.status == 400

    story(work)


def test_a_slow_page_is_dropped_and_others_are_not(things: ThingsStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "MOST_WAITING", 3)
    monkeypatch.setattr("thanglong.surfaces.stream.things.PAUSE", 0.01)

    async def work(streams: Streams) -> None:
        slow, quick = Page(streams, "/live/things"), Page(streams, "/live/things")
        await slow.until(lambda: slow.events("hello") and quick.events("hello"))
        slow.stuck = True
        for n in range(12):
            await asyncio.to_thread(things.write, [thing("Streetlight", n)], mode="create", at=T0)
            await quick.until(lambda n=n: len(quick.changes()) == n + 1)
        slow.stuck = False
        async with asyncio.timeout(5):
            await slow.task
        assert len(slow.changes()) < 12 and len(quick.changes()) == 12
        await quick.leave()

    story(work)


def test_heartbeat_and_pulse(things: ThingsStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "HEARTBEAT", 0.05)
    monkeypatch.setattr("thanglong.surfaces.stream.app.BEAT", 0.1)

    async def work(streams: Streams) -> None:
        page, pulse = Page(streams, "/live/things"), Page(streams, "/live/pulse")
        await page.until(lambda: len(page.events("ping")) > 2 and len(pulse.events("pulse")) > 1)
        assert pulse.events("pulse")[-1]["listeners"] == 2
        await page.leave()
        await pulse.leave()

    story(work)


def test_a_full_queue_closes() -> None:
    async def work() -> None:
        client = Client()
        client.put(b"x" * (client_module.MOST_BYTES + 1))
        assert client.closed and client.dropped

    run(work())


HERE, THERE = uuid4(), uuid4()


def change(seq: int, kind: str, unit: UUID) -> CaseChange:
    return CaseChange(seq, uuid4(), f"PA-{seq}", kind, unit, "new", next(iter(StateKind)), "opened", 105.8, 21.0, T0)


def test_hints_of_cases_keep_to_the_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    class Kind:
        def __init__(self, key: str) -> None:
            self.public = key == "report"

    monkeypatch.setattr("thanglong.core.cases.service.definition", Kind)
    found = [change(1, "report", HERE), change(2, "secret", HERE), change(3, "report", THERE)]

    def heard(reach: Reach | None) -> list[dict[str, Any]]:
        wire = cases_stream.wire(found, cases_stream.Listener(reach))
        return orjson.loads(wire.split(b"data: ")[1]) if wire else []  # type: ignore[no-any-return]

    official = heard(Reach(False, frozenset([HERE])))
    assert [item["seq"] for item in official] == [1, 2] and official[0]["unit"] == str(HERE)
    public = heard(None)
    assert [item["seq"] for item in public] == [1, 3]
    assert set(public[0]) == {"seq", "at", "number", "type", "state", "kind", "lon", "lat"}
    assert heard(Reach(False, frozenset([uuid4()]))) == []


@pytest.mark.django_db
def test_strangers_follow_cases_of_the_real_log(things: ThingsStore, monkeypatch: pytest.MonkeyPatch) -> None:
    log = [change(1, "report", HERE), change(2, "report", HERE)]
    monkeypatch.setattr("thanglong.core.cases.service.last_change", lambda: len(log))
    monkeypatch.setattr("thanglong.core.cases.service.changes", lambda after, limit: log[after : after + limit])
    monkeypatch.setattr("thanglong.core.cases.service.definition", lambda key: type("Kind", (), {"public": True}))
    monkeypatch.setattr(cases_stream, "PAUSE", 0.02)

    async def work(streams: Streams) -> None:
        fresh, back = Page(streams, "/live/cases", key=""), Page(streams, "/live/cases", key="", last=1)
        await fresh.until(lambda: fresh.events("hello") and back.changes("cases"))
        log.append(change(3, "report", HERE))
        await fresh.until(lambda: fresh.changes("cases"))
        await back.until(lambda: len(back.changes("cases")) == 2)
        assert [item["seq"] for item in fresh.changes("cases")] == [3]
        assert [item["seq"] for item in back.changes("cases")] == [2, 3]
        await fresh.leave()
        await back.leave()

    story(work)
