"""The addresses of the streams, who may listen to what, and the pulse."""

import asyncio
import contextlib

import orjson

from thanglong.core.people import service as people
from thanglong.core.things import service as things
from thanglong.core.things.types import Pass
from thanglong.formats.ngsild.terms import short
from thanglong.kit import clock
from thanglong.kit.errors import Denied, Invalid, NotSignedIn
from thanglong.kit.ports import Actor
from thanglong.surfaces.asgi import Gone, Handler, Request, Router
from thanglong.surfaces.gate import STRANGER, Gate
from thanglong.surfaces.ngsild.answers import Problem, problem_of, tell
from thanglong.surfaces.stream.cases import CasesHub, Listener, reach_of
from thanglong.surfaces.stream.client import Client, event
from thanglong.surfaces.stream.things import ThingsHub, Wish, box_of

MOST_CLIENTS = 4000
COOKIE = "thanglong_session"
BEAT = 2.0


class Streams:
    """``/live/things``, ``/live/cases`` and ``/live/pulse``."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._things = ThingsHub()
        self._cases = CasesHub(gate)
        self._pulse: set[Client] = set()
        self._beating: asyncio.Task[None] | None = None

    def routes(self, router: Router) -> None:
        """Enter the addresses."""
        router.add("/live/things", GET=self._guarded(self.things))
        router.add("/live/cases", GET=self._guarded(self.cases))
        router.add("/live/pulse", GET=self._guarded(self.pulse))

    def close(self) -> None:
        """End all lines."""
        self._things.close()
        self._cases.close()
        for client in list(self._pulse):
            client.close()

    def _guarded(self, work: Handler) -> Handler:
        async def handler(request: Request) -> None:
            try:
                if len(self._things) + len(self._cases) + len(self._pulse) >= MOST_CLIENTS:
                    raise Problem(503, "InternalError", "too many listeners", [(b"retry-after", b"10")])
                await work(request)
            except Gone:
                return
            except Exception as error:
                await tell(request, problem_of(error))

        return handler

    async def _actor(self, request: Request) -> Actor | None:
        """Who listens by browser session; None for a stranger."""
        key = request.cookies().get(COOKIE, "")
        if not key.isalnum() or len(key) > 64:
            return None
        actor = await self._gate.orm(people.actor_of_session, key)
        return actor if actor.id is not None else None

    async def _pass(self, request: Request) -> Pass:
        if "authorization" in request.headers:
            return await self._gate.pass_of(request)
        actor = await self._actor(request)
        return STRANGER if actor is None else await self._gate.orm(things.pass_of, actor)

    async def things(self, request: Request) -> None:
        """GET /live/things?types=A,B&bbox=w,s,e,n: what is written from now on, or since Last-Event-ID."""
        who = await self._pass(request)
        given = dict(request.query())
        asked = frozenset(short(name) for name in given.get("types", "").split(",") if name)
        wanted = asked or who.actor.types
        allowed = frozenset(name for name in wanted if things.may_view(who, name))
        if not allowed and (wanted or not who.view):
            raise NotSignedIn if who.actor.id is None else Denied
        try:
            wish = Wish(allowed, box_of(given["bbox"]) if given.get("bbox") else None)
        except ValueError as error:
            raise Invalid(str(error)) from error
        client = Client()
        until = await self._things.join(client, wish)
        try:
            last = _last_id(request, given)
            missed = [] if last is None else await self._gate.run(self._things.missed, last, until, wish)
            await client.serve(request, [event("hello", until, b"{}")] if last is None else missed)
        finally:
            self._things.leave(client)

    async def cases(self, request: Request) -> None:
        """GET /live/cases: hints that cases moved."""
        actor = await self._actor(request)
        listener = Listener(await self._gate.orm(reach_of, actor) if actor else None)
        client = Client()
        until = await self._cases.join(client, listener)
        try:
            last = _last_id(request, dict(request.query()))
            missed = [] if last is None else await self._cases.missed(last, until, listener)
            await client.serve(request, [event("hello", until, b"{}")] if last is None else missed)
        finally:
            self._cases.leave(client)

    async def pulse(self, request: Request) -> None:
        """GET /live/pulse: writes a second and listeners, every two seconds."""
        client = Client()
        self._pulse.add(client)
        if self._beating is None:
            self._beating = asyncio.ensure_future(self._beat())
        try:
            await client.serve(request)
        finally:
            self._pulse.discard(client)
            if not self._pulse and self._beating is not None:
                self._beating.cancel()
                self._beating = None

    async def _beat(self) -> None:
        last, since = await self._gate.run(things.last_seq), clock.monotonic()
        while True:
            await asyncio.sleep(BEAT)
            with contextlib.suppress(Exception):
                seq, now = await self._gate.run(things.last_seq), clock.monotonic()
                body = {
                    "at": clock.now(),
                    "seq": seq,
                    "writes_per_second": round((seq - last) / max(now - since, 0.001), 1),
                    "listeners": len(self._things) + len(self._cases) + len(self._pulse),
                }
                last, since = seq, now
                for client in list(self._pulse):
                    client.put(event("pulse", None, orjson.dumps(body)))


def _last_id(request: Request, given: dict[str, str]) -> int | None:
    text = request.headers.get("last-event-id") or given.get("after", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
