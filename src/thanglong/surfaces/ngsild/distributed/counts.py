"""Counters of what was sent to sources: gathered here, written to the registrations every second or so."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from thanglong.core.things.service import registrations as service
from thanglong.core.things.service.registrations import Sent
from thanglong.kit import clock

PAUSE = 1.0


class Counts:
    """What was sent since the counters were last written, by tenant and registration."""

    def __init__(self, run: Callable[..., Awaitable[Any]]) -> None:
        self._run = run
        self._new: dict[str, dict[str, Sent]] = {}
        self._task: asyncio.Task[None] | None = None

    def add(self, tenant: str, registration: str, *, good: bool) -> None:
        """Count one operation that was sent."""
        now, known = clock.now(), self._new.setdefault(tenant, {})
        before = known.get(registration, Sent())
        known[registration] = replace(
            before,
            sent=before.sent + 1,
            failed=before.failed + (not good),
            last_success=now if good else before.last_success,
            last_failure=before.last_failure if good else now,
            ok=good,
        )
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._later())

    async def _later(self) -> None:
        await asyncio.sleep(PAUSE)
        await self.write()

    async def write(self) -> None:
        """Write what was counted."""
        new, self._new = self._new, {}
        for tenant, counts in new.items():
            await self._run(service.note, tenant, counts)

    def shown(self, tenant: str, document: Mapping[str, Any]) -> dict[str, Any]:
        """A registration with what is not yet written added to its counters."""
        new = self._new.get(tenant, {}).get(document["id"])
        if new is None:
            return dict(document)
        return {**document, **service.added(document, new)}
