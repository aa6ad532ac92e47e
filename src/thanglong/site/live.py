"""The ``live`` process: owns the public port, answers what is its own and streams the rest to ``web``. Bare ASGI."""

import asyncio
import contextlib
import logging
import os
import signal
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thanglong.site.settings")

import django

django.setup()

from django.conf import settings  # noqa: E402

from thanglong.formats.ngsild import city  # noqa: E402
from thanglong.kit import clock, ids, ports, watch  # noqa: E402
from thanglong.site import compose, metrics, pulse  # noqa: E402
from thanglong.site.proxy import Proxy  # noqa: E402
from thanglong.site.steady import settle  # noqa: E402
from thanglong.surfaces.asgi import Message, Receive, Request, Router, Scope, Send, raw_path  # noqa: E402
from thanglong.surfaces.gate import Gate  # noqa: E402
from thanglong.surfaces.ngsild.answers import context_document  # noqa: E402
from thanglong.surfaces.ngsild.app import NgsiLd  # noqa: E402
from thanglong.surfaces.stream.app import Streams  # noqa: E402

log = logging.getLogger(__name__)
REQUEST_ID = b"x-request-id"
ROUTES = frozenset({"entities", "entityOperations", "subscriptions", "types", "attributes", "temporal"})
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
WEB = os.environ.get("THANGLONG_WEB_SOCKET", "")


def _new_id() -> bytes:
    """An id that no client can choose: it ends up in log lines."""
    return ids.new_id().hex.encode()


class Timed:
    """A ``send`` that remembers the status and how long the answer took."""

    __slots__ = ("_begun", "_send", "_status")

    def __init__(self, send: Send) -> None:
        self._send, self._begun, self._status = send, clock.monotonic(), 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
        await self._send(message)

    def tell(self, method: str, path: str) -> None:
        """Count the request under the first parts of its address, which are few."""
        parts = path.split("/", 4)
        route = "/".join(parts[:4]) if len(parts) > 3 and parts[2] == "v1" and parts[3] in ROUTES else "/ngsi-ld/other"
        watch.observe(
            "request_seconds",
            clock.monotonic() - self._begun,
            process="live",
            method=method if method in METHODS else "other",
            route=route,
            status=f"{self._status // 100}xx",
        )


class Live:
    """The ASGI application."""

    def __init__(self) -> None:
        compose.plug()
        compose.observe("live")
        self._router = Router()
        socket = WEB or str(ports.plugged.data / "run" / "web.sock")
        self._proxy = Proxy(socket, pulse.unwell, settings.TRUSTED_PROXIES)
        self._health = pulse.Health(socket, Path(ports.plugged.data))
        self._gate = Gate()
        self._ngsi_ld = NgsiLd(self._gate)
        self._streams = Streams(self._gate)
        self._streams.routes(self._router)
        self._router.add("/metrics", GET=metrics.answer)
        self._router.add(city.PATH, GET=context_document, HEAD=context_document)
        self._router.add("/healthz", GET=self._health.answer, HEAD=self._health.answer)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = raw_path(scope)
        scope["headers"] = [*(h for h in scope["headers"] if h[0] != REQUEST_ID), (REQUEST_ID, _new_id())]
        if path.startswith("/ngsi-ld/"):
            timed = Timed(send)
            try:
                await self._ngsi_ld(Request(scope, receive, timed))
            finally:
                timed.tell(scope["method"], path)
            return
        found = self._router.find(path)
        if found is None:
            await self._proxy(scope, receive, send)
            return
        request = Request(scope, receive, send, found.parts)
        handler = found.handlers.get(scope["method"])
        if handler is None:
            await request.respond(405, headers=[(b"allow", found.allow().encode())])
            return
        await handler(request)

    def _close_lines_on_signal(self) -> None:
        """Event streams never end by themselves, and the server waits for open answers before it stops.

        The server's own handler hangs on the event loop's wake-up and still runs; this one comes beside it.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            with contextlib.suppress(ValueError):
                signal.signal(number, lambda *_: loop.call_soon_threadsafe(self._streams.close))

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self._close_lines_on_signal()
                settle()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                with contextlib.suppress(Exception):
                    self._streams.close()
                    await self._proxy.close()
                    self._gate.close()
                    await asyncio.to_thread(ports.plugged.things.close)
                await send({"type": "lifespan.shutdown.complete"})
                return


application = Live()
