"""Who asks: access keys become passes, remembered for some seconds so that a busy device costs no database read."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

from django.conf import settings
from django.db import close_old_connections

from thanglong.core.things import service as things
from thanglong.core.things.types import Pass
from thanglong.kit import clock, peers
from thanglong.kit.errors import NotSignedIn
from thanglong.kit.ports import ANONYMOUS
from thanglong.surfaces.asgi import Request
from thanglong.surfaces.rates import Rates

KEPT = 0.8
"""Seconds a decision is remembered: a withdrawn key or role bites after at most so long."""
MOST = 5000
COUNTED = "thanglong.counted"
"""In the scope of a request that was counted."""
STRANGER = Pass(ANONYMOUS, view=False, write=False)
T = TypeVar("T")


class Gate:
    """Passes by access key, and the threads in which blocking work is done."""

    def __init__(self, threads: int = 4) -> None:
        self._known: OrderedDict[bytes, tuple[float, Pass | None]] = OrderedDict()
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="live")
        self._strangers, self._keys = Rates(settings.THINGS_RATE_OPEN), Rates(settings.THINGS_RATE)
        self._trusted = peers.networks(settings.TRUSTED_PROXIES)

    async def run(self, work: Callable[..., T], *arguments: object) -> T:
        """Do blocking work in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)

    async def orm(self, work: Callable[..., T], *arguments: object) -> T:
        """Do work that asks Django's tables in a thread."""

        def guarded() -> T:
            close_old_connections()
            try:
                return work(*arguments)
            finally:
                close_old_connections()

        return await self.run(guarded)

    async def pass_of(self, request: Request) -> Pass:
        """The asker's pass, in the tenant (and snapshot) the request names; NotSignedIn with a bad access key."""
        found, tenant = await self.asker(request), request.headers.get("ngsild-tenant", "")
        if snapshot := request.headers.get("ngsild-snapshot"):
            tenant = f"{tenant}{things.PART}{snapshot}"
        return replace(found, tenant=tenant) if tenant else found

    async def asker(self, request: Request) -> Pass:
        """Who asks: a stranger without an access key. TooMany when they ask too often."""
        text = request.headers.get("authorization", "")
        if not text:
            self._count(request, self._strangers, self._address(request))
            return STRANGER
        scheme, _, secret = text.partition(" ")
        if scheme.lower() != "bearer" or not secret:
            raise NotSignedIn
        key = hashlib.blake2b(secret.strip().encode(), digest_size=16).digest()
        self._count(request, self._keys, key)
        now = clock.monotonic()
        known = self._known.get(key)
        if known is None or known[0] < now:
            known = (now + KEPT, await self.orm(_look_up, secret.strip()))
            self._known[key] = known
            self._known.move_to_end(key)
            while len(self._known) > MOST:
                self._known.popitem(last=False)
        if known[1] is None:
            raise NotSignedIn
        return known[1]

    def _address(self, request: Request) -> bytes:
        """Where a stranger asks from, seen through the proxies of the settings; one subscriber's network for IPv6."""
        direct = str((request.scope.get("client") or ("", 0))[0])
        if self._trusted and peers.trusted(direct, self._trusted):
            direct = peers.behind(direct, request.headers.get("x-forwarded-for", ""), self._trusted)
        return peers.counted(direct).encode()

    @staticmethod
    def _count(request: Request, rates: Rates, who: bytes) -> None:
        """Count a request once, however often it is looked at."""
        if COUNTED not in request.scope:
            request.scope[COUNTED] = True
            rates.count(who)

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _look_up(secret: str) -> Pass | None:
    # here, because a broker alone (things serve) has neither people nor their tables
    from thanglong.core.people import service as people

    try:
        return things.pass_of(people.actor_of_token(secret))
    except NotSignedIn:
        return None
