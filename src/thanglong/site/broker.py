"""The city database alone (``thanglong things serve``): the NGSI-LD interface over one things store, without Django's
tables, pages or worker. Several of them on several ports make a federation."""

import asyncio
import contextlib
import importlib
import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thanglong.site.settings")

from django.apps import apps
from django.conf import settings

# django.setup() also loads the machinery of addresses and pages, which takes half of a second: a broker has none
apps.populate(settings.INSTALLED_APPS)

from thanglong.core.things import service as things  # noqa: E402
from thanglong.core.things.service import fetching  # noqa: E402
from thanglong.core.things.types import Pass  # noqa: E402
from thanglong.formats.ngsild import city  # noqa: E402
from thanglong.kit import ports  # noqa: E402
from thanglong.kit.ports import SYSTEM  # noqa: E402
from thanglong.site import compose_things  # noqa: E402
from thanglong.site.steady import settle  # noqa: E402
from thanglong.surfaces.asgi import Receive, Request, Scope, Send, raw_path  # noqa: E402
from thanglong.surfaces.gate import Gate  # noqa: E402
from thanglong.surfaces.ngsild.answers import context_document  # noqa: E402
from thanglong.surfaces.ngsild.app import NgsiLd  # noqa: E402
from thanglong.surfaces.ngsild.notify.notifier import Notifier  # noqa: E402

EVERYONE = Pass(SYSTEM, view=True, write=True)
SWEEP_EVERY = 1.0


class OpenGate(Gate):
    """Everyone may do everything: for loopback and closed networks."""

    async def asker(self, request: Request) -> Pass:
        """See :class:`Gate`."""
        return EVERYONE


class Broker:
    """The ASGI application."""

    def __init__(self) -> None:
        if settings.THINGS_ALONE:
            ports.plug(data=settings.DATA, things=compose_things.store())
        else:
            importlib.import_module("thanglong.site.compose").plug()
        fetching.check_map()
        for name in settings.THINGS_TENANTS:
            things.open_tenant(name)
        self._notifier = Notifier()
        self._gate = OpenGate() if settings.THINGS_ALONE else Gate()
        self._ngsi_ld = NgsiLd(self._gate, self._notifier)
        self._sweeping: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        request = Request(scope, receive, send)
        if raw_path(scope).startswith("/ngsi-ld/"):
            await self._ngsi_ld(request)
        elif raw_path(scope) == city.PATH:
            await context_document(request)
        elif raw_path(scope) == "/healthz":
            reason = await self._gate.run(things.health)
            await request.respond(503 if reason else 200, (reason or "ok").encode(), kind=b"text/plain")
        else:
            await request.respond(404, b"the interface is at /ngsi-ld/v1/", kind=b"text/plain")

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                settle()
                self._notifier.start()
                self._sweeping = asyncio.create_task(self._sweep())
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                with contextlib.suppress(Exception):
                    await self._stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _sweep(self) -> None:
        """Let transient entities go whose time is over."""
        while True:
            await asyncio.sleep(SWEEP_EVERY)
            with contextlib.suppress(Exception):
                await self._gate.run(things.sweep)

    async def _stop(self) -> None:
        if self._sweeping is not None:
            self._sweeping.cancel()
        await asyncio.to_thread(self._notifier.stop)
        self._gate.close()
        await asyncio.to_thread(ports.plugged.things.close)


application: Any = Broker()
