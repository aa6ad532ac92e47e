"""The sources of each tenant, at hand in memory: a tenant without any costs one look into a dictionary."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from thanglong.core.things.service import registrations as service
from thanglong.formats.ngsild.sources import Source
from thanglong.kit import clock

LOOK = 1.0
"""Seconds between looks for what other processes registered."""


class Sources:
    """What is registered, by tenant."""

    def __init__(self, run: Callable[..., Awaitable[Any]]) -> None:
        self._run = run
        self._known: dict[str, list[Source]] = {}
        self._version = -1
        self._next = 0.0
        self._task: asyncio.Task[None] | None = None
        self.first: Callable[[], Awaitable[None]] | None = None
        """Called after the first look, when the event loop runs."""

    def due(self) -> bool:
        """Whether it is time to look again; ``Sources`` then looks by itself, but for the first time."""
        if clock.monotonic() < self._next:
            return False
        if self._version >= 0 and (self._task is None or self._task.done()):
            self._next = clock.monotonic() + LOOK
            self._task = asyncio.get_running_loop().create_task(self.look())
        return self._version < 0

    async def look(self) -> None:
        """Read the registrations again if any were made, changed or taken back."""
        self._next = clock.monotonic() + LOOK
        version = await self._run(service.version)
        if version != self._version:
            self._known = await self._run(service.sources)
            self._version = version
        first, self.first = self.first, None
        if first is not None:
            await first()

    def has(self, tenant: str) -> bool:
        """Whether a tenant has any."""
        return tenant in self._known

    def of(self, tenant: str) -> Sequence[Source]:
        """The sources of a tenant whose time is not over."""
        now = clock.now()
        return [item for item in self._known.get(tenant, ()) if item.expires is None or item.expires > now]
