"""The event loop in which notifications are sent, in a thread of its own: one after the other for each subscription."""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Coroutine, Sequence
from typing import Any

from django.conf import settings

from thanglong.kit import clock, watch
from thanglong.kit.errors import Unavailable
from thanglong.surfaces.ngsild.notify.delivery import Delivery, Waiting
from thanglong.surfaces.ngsild.notify.payload import Message, message
from thanglong.surfaces.ngsild.notify.senders import HttpSender, MqttSender, Refused
from thanglong.surfaces.ngsild.notify.watch import Watch
from thanglong.surfaces.outgoing import MOST_CONNECTIONS, Outgoing, Unreachable, rule_of

log = logging.getLogger(__name__)


class Sending:
    """Sends what waits in queues; ``lock`` guards these."""

    def __init__(self, lock: threading.Lock) -> None:
        self._lock = lock
        self._loop = asyncio.new_event_loop()
        self._running: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(MOST_CONNECTIONS)
        rule = rule_of(settings.OUTGOING)
        self._outgoing = Outgoing(rule)
        self._mqtt = MqttSender(rule)
        self._http = HttpSender(self._outgoing)
        self._thread = threading.Thread(target=self._loop.run_forever, name="notifications", daemon=True)
        self._thread.start()

    def wake(self, deliveries: Sequence[Delivery]) -> None:
        """These have something to send (any thread)."""
        self._loop.call_soon_threadsafe(self._look, deliveries)

    def send_alone(self, delivery: Delivery, content: Message) -> None:
        """Send a message that belongs to no news (any thread)."""
        self._loop.call_soon_threadsafe(self._spawn, self._send_period(delivery, content))

    def close(self) -> None:
        """Let what is under way end, for some seconds, then end the loop."""

        async def end() -> None:
            if self._running:
                await asyncio.wait(self._running, timeout=3)
            for task in list(self._running):
                task.cancel()
            await self._mqtt.close()
            await self._outgoing.close()

        with contextlib.suppress(Exception):
            asyncio.run_coroutine_threadsafe(end(), self._loop).result(8)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        if not self._thread.is_alive():
            self._loop.close()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    def _look(self, deliveries: Sequence[Delivery]) -> None:
        """Start sending where it may begin; set a timer where it must wait."""
        for delivery in deliveries:
            with self._lock:
                if delivery.busy or delivery.gone or not delivery.queue:
                    continue
                pause = delivery.wait()
                if delivery.timer is not None:
                    delivery.timer.cancel()
                    delivery.timer = None
                if pause > 0:
                    delivery.timer = self._loop.call_later(pause, self._look, [delivery])
                    continue
                delivery.busy = True
            self._spawn(self._send(delivery))

    async def _send(self, delivery: Delivery) -> None:
        async with self._slots:
            with self._lock:
                items, watch_ = delivery.batch(), delivery.watch
            if items:
                await self._try(delivery, watch_, items)
        with self._lock:
            delivery.busy = False
        self._look([delivery])

    async def _try(self, delivery: Delivery, watch_: Watch, items: list[Waiting]) -> None:
        news = [item.news for item in items]
        final, error = False, ""
        try:
            content = await asyncio.to_thread(message, watch_, news) if _slow(watch_) else message(watch_, news)
            await self._sender(watch_).send(watch_.notification["endpoint"], content)
        except Refused as problem:
            final, error = True, str(problem)
        except (Unreachable, Unavailable) as problem:
            error = str(problem)
        except Exception as problem:
            log.exception("a notification of %s cannot be made", watch_.subscription.id)
            final, error = True, repr(problem)
        with self._lock:
            if error:
                delivery.missed(items, clock.now(), error, final=final)
            else:
                delivery.delivered(items, clock.now())
        watch.count("notifications", result="failed" if error else "sent")

    async def _send_period(self, delivery: Delivery, content: Message) -> None:
        error = ""
        async with self._slots:
            try:
                await self._sender(delivery.watch).send(delivery.watch.notification["endpoint"], content)
            except (Refused, Unreachable, Unavailable) as problem:
                error = str(problem)
        with self._lock:
            if error:
                delivery.missed([], clock.now(), error, final=True)
                delivery.sent, delivery.failed = delivery.sent + 1, delivery.failed + 1
            else:
                delivery.delivered([], clock.now())

    def _sender(self, watch_: Watch) -> Any:
        uri = watch_.notification["endpoint"]["uri"]
        return self._mqtt if uri.startswith("mqtt") else self._http


def _slow(watch_: Watch) -> bool:
    """Whether making the notification asks the store: linked entities are fetched."""
    return bool(watch_.notification.get("join", "@none") != "@none")
