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

from thanglong.kit import ports  # noqa: E402
from thanglong.site import compose, pulse  # noqa: E402
from thanglong.site.proxy import Proxy  # noqa: E402
from thanglong.surfaces.asgi import Receive, Request, Router, Scope, Send, raw_path  # noqa: E402
from thanglong.surfaces.gate import Gate  # noqa: E402
from thanglong.surfaces.ngsild.app import NgsiLd  # noqa: E402
from thanglong.surfaces.stream.app import Streams  # noqa: E402

log = logging.getLogger(__name__)
WEB = os.environ.get("THANGLONG_WEB_SOCKET", "")


class Live:
    """The ASGI application."""

    def __init__(self) -> None:
        compose.plug()
        self._router = Router()
        socket = WEB or str(ports.plugged.data / "run" / "web.sock")
        self._proxy = Proxy(socket, pulse.unwell, os.environ.get("THANGLONG_TRUSTED_PROXIES", ""))
        self._health = pulse.Health(socket, Path(ports.plugged.data))
        self._gate = Gate()
        self._ngsi_ld = NgsiLd(self._gate)
        self._streams = Streams(self._gate)
        self._streams.routes(self._router)
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
        if path.startswith("/ngsi-ld/"):
            await self._ngsi_ld(Request(scope, receive, send))
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
