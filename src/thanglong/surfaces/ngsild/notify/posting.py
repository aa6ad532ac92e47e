"""Messages to subscribers that do not come from the log of changes: of registrations, and passed on from other brokers.

They wait in memory, those of one subscription one after the other; one that fails is tried again with back-off.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings

from thanglong.kit import clock
from thanglong.kit.errors import ThangLongError
from thanglong.surfaces.ngsild.notify.delivery import MOST_WAITING, backoff, cooldown
from thanglong.surfaces.ngsild.notify.payload import Message
from thanglong.surfaces.ngsild.notify.senders import HttpSender, MqttSender, Refused
from thanglong.surfaces.outgoing import Outgoing, rule_of

log = logging.getLogger(__name__)
Key = tuple[str, str]
Make = Callable[[], Awaitable[Message]]
Told = Callable[[bool, bool], Awaitable[None]]
"""Hears of a try: whether it went well, and whether it was the first."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that waits: where it goes, how it is made, who hears how it went."""

    endpoint: Mapping[str, Any]
    make: Make
    told: Told


class Posting:
    """Sends in the event loop it is first used in; keys are tenant and subscription."""

    def __init__(self) -> None:
        self._waiting: dict[Key, deque[Letter]] = {}
        self._tasks: dict[Key, asyncio.Task[None]] = {}
        self._senders: tuple[HttpSender, MqttSender] | None = None

    def post(self, key: Key, letter: Letter) -> None:
        """Send a message after those that wait; when too many do, the oldest behind the one under way goes."""
        queue = self._waiting.setdefault(key, deque())
        queue.append(letter)
        if len(queue) > MOST_WAITING:
            log.warning("a notification of subscription %s was dropped: too many wait", key[1])
            del queue[1]
        task = self._tasks.get(key)
        if task is None or task.done():
            self._tasks[key] = asyncio.get_running_loop().create_task(self._work(key, queue))

    def waits(self, key: Key) -> bool:
        """Whether messages of a subscription have not been taken yet."""
        return bool(self._waiting.get(key))

    def forget(self, key: Key) -> None:
        """Drop what waits: the subscription was changed or deleted."""
        self._waiting.pop(key, None)
        task = self._tasks.pop(key, None)
        if task is not None:
            task.cancel()

    async def _work(self, key: Key, queue: deque[Letter]) -> None:
        while queue:
            await self._deliver(key, queue[0])
            queue.popleft()
        if self._waiting.get(key) is queue:
            del self._waiting[key]

    async def _deliver(self, key: Key, letter: Letter) -> None:
        """Try until the receiver takes it, refuses it, or too long has passed."""
        until, failures = clock.now() + timedelta(hours=settings.NOTIFY_HOURS), 0
        while True:
            try:
                await self._sender(letter.endpoint).send(letter.endpoint, await letter.make())
            except Refused as error:
                log.info("a notification of subscription %s was refused: %s", key[1], error)
                await letter.told(False, not failures)
                return
            except ThangLongError as error:
                log.info("a notification of subscription %s failed: %s", key[1], error)
                await letter.told(False, not failures)
            else:
                await letter.told(True, not failures)
                return
            failures += 1
            if clock.now() > until:
                log.warning("a notification of subscription %s waited too long and was dropped", key[1])
                return
            await asyncio.sleep(max(backoff(failures), cooldown(letter.endpoint)))

    def _sender(self, endpoint: Mapping[str, Any]) -> HttpSender | MqttSender:
        if self._senders is None:
            rule = rule_of(settings.OUTGOING)
            self._senders = HttpSender(Outgoing(rule)), MqttSender(rule)
        return self._senders[endpoint["uri"].startswith("mqtt")]


def counted(before: Mapping[str, Any], good: bool, first: bool) -> dict[str, Any]:
    """Counters of a subscription after a try; a notification counts once, however often it is tried."""
    now = clock.now().isoformat()
    return {
        **before,
        "sent": before.get("sent", 0) + first,
        "failed": before.get("failed", 0) + (first and not good),
        "last": now,
        ("ok" if good else "bad"): now,
    }
