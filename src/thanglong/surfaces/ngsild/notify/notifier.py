"""The reader of the log and the sender: one thread waits at the log and judges, one event loop sends.

Only one process of an installation notifies (a role it claims in the store); another takes over when it ends.
"""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Coroutine, Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings

from thanglong.core.things import service as things
from thanglong.core.things.service import subscribing
from thanglong.core.things.types import Change, Subscription
from thanglong.kit import clock, watch
from thanglong.kit.documents import Progress
from thanglong.kit.errors import Invalid, Unavailable
from thanglong.surfaces.ngsild.notify import periodic
from thanglong.surfaces.ngsild.notify.delivery import Delivery, Waiting
from thanglong.surfaces.ngsild.notify.judging import Asks, Of, heard
from thanglong.surfaces.ngsild.notify.payload import Message, message
from thanglong.surfaces.ngsild.notify.senders import HttpSender, MqttSender, Refused
from thanglong.surfaces.ngsild.notify.watch import Index, Watch, watch_of
from thanglong.surfaces.outgoing import MOST_CONNECTIONS, Outgoing, Unreachable, rule_of

log = logging.getLogger(__name__)
ROLE = "notifier"
BATCH = 500
WAIT = 0.25
"""Seconds the reader sleeps at the log at most, so that counters are noted and periods begin in time."""
NOTE_EVERY = 0.2
MARK_EVERY = 5.0
CLAIM_EVERY = 2.0
REPAIR_EVERY = 30.0
"""Seconds until a subscription whose @context could not be had is looked at again."""

Key = tuple[str, str]


class Notifier:
    """Sends the notifications of all subscriptions from :meth:`start` to :meth:`stop`."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._deliveries: dict[Key, Delivery] = {}
        self._broken: dict[Key, Subscription] = {}
        self._index = Index()
        self._version = -1
        self._position = 0
        self._noted_at = self._marked_at = self._repaired_at = 0.0
        self._thread: threading.Thread | None = None
        self._sending: _Loop | None = None

    def start(self) -> None:
        """Begin in a thread of its own; at once when no other process has the role."""
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, name="notifier", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish what is under way, note how far it came, end. Idempotent."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(10)
            self._thread = None

    def state(self, tenant: str, id: str) -> dict[str, Any] | None:
        """The counters of a subscription as they are this moment; None when this process does not notify it."""
        with self._lock:
            found = self._deliveries.get((tenant, id))
            return None if found is None else found.state()

    # -- the thread that reads

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                if not things.claim(ROLE):
                    self._stop.wait(CLAIM_EVERY)
                    continue
                self._sending = _Loop(self._lock)
                try:
                    self._begin()
                    self._read()
                finally:
                    self._sending.close()
                    self._note(last=True)
            except Exception:
                # the store is away or closing: what is in the log stays there
                if not self._stop.is_set():
                    log.exception("notifying is interrupted; it begins again")
                self._stop.wait(1.0)

    def _begin(self) -> None:
        with self._lock:
            self._deliveries.clear()
        self._broken.clear()
        self._version, self._position = -1, subscribing.mark() or things.last_seq()
        self._refresh()

    def _read(self) -> None:
        while not self._stop.is_set():
            if things.wait(self._position, self._pause()) > self._position:
                changes = things.changes(self._position, BATCH, everyone=True)
                self._refresh()
                self._hand_out(changes)
                self._position = changes[-1].seq if changes else things.last_seq()
            else:
                self._refresh()
            self._catch_up()
            self._periods()
            self._note()

    def _pause(self) -> float:
        with self._lock:
            behind = any(self._may_go_on(delivery) for delivery in self._deliveries.values())
        return 0.0 if behind else WAIT

    def _lags(self, delivery: Delivery) -> bool:
        return delivery.read < self._position and not delivery.watch.subscription.definition.get("timeInterval")

    def _refresh(self) -> None:
        """Take note of subscriptions that were made, changed or deleted."""
        version = subscribing.version()
        now = clock.monotonic()
        repair = bool(self._broken) and now - self._repaired_at > REPAIR_EVERY
        if version == self._version and not repair:
            return
        self._version, self._repaired_at = version, now
        self._broken.clear()
        index, there = Index(), set()
        for subscription in subscribing.everything():
            key = (subscription.tenant, subscription.id)
            there.add(key)
            watch = self._ready(key, subscription)
            if watch is not None and not watch.subscription.definition.get("timeInterval"):
                index.add(watch)
        with self._lock:
            for key in self._deliveries.keys() - there:
                self._deliveries.pop(key).gone = True
        self._index = index

    def _ready(self, key: Key, subscription: Subscription) -> Watch | None:
        """The watch of a subscription and its queue; None when it cannot be made ready now."""
        known = self._deliveries.get(key)
        if known is not None and known.watch.subscription.modified == subscription.modified:
            return known.watch
        try:
            watch = watch_of(subscription)
        except (Unavailable, Invalid) as error:
            log.warning("subscription %s waits: %s", subscription.id, error)
            self._broken[key] = subscription
            return None
        with self._lock:
            if known is None:
                start = self._start_of(subscription)
                self._deliveries[key] = Delivery(watch, start)
            else:
                woken = not known.watch.active(clock.now()) and watch.active(clock.now())
                known.watch = watch
                if woken:
                    known.read = max(known.read, subscription.cursor or 0)
                if not watch.active(clock.now()):
                    known.queue.clear()
                    known.dirty = True
        return watch

    def _start_of(self, subscription: Subscription) -> int:
        return self._position if subscription.cursor is None else subscription.cursor

    def _hand_out(self, changes: Sequence[Change]) -> None:
        """Judge changes for all who keep up."""
        if not changes:
            return
        with self._lock:
            keys = {key for key, delivery in self._deliveries.items() if delivery.read >= self._position}
        index = self._index
        held = self._queue(
            changes,
            lambda change: index.asks(change.tenant, change.entity),
            lambda change, entity: [watch for watch in index.of(change.tenant, entity) if watch.key in keys],
        )
        with self._lock:
            for key in keys - held:
                delivery = self._deliveries.get(key)
                if delivery is not None:
                    delivery.read = max(delivery.read, changes[-1].seq)

    def _queue(self, changes: Sequence[Change], asks: Asks, of: Of) -> set[Key]:
        """Queue what is heard; those whose queue had no room, who have read up to what they took."""
        woken: dict[Key, Delivery] = {}
        held: set[Key] = set()
        for watch_, news in heard(changes, asks, of):
            key = watch_.key
            with self._lock:
                delivery = self._deliveries.get(key)
                if delivery is None or key in held or news.seq <= delivery.read:
                    continue
                if delivery.full:
                    held.add(key)
                    delivery.read = max(delivery.read, news.seq - 1)
                    continue
                delivery.offer(news)
                woken[key] = delivery
        if woken and self._sending is not None:
            self._sending.wake(list(woken.values()))
        return held

    def _catch_up(self) -> None:
        """Go on for those who fell behind: after a start, or because their queue was full."""
        with self._lock:
            behind = [delivery for delivery in self._deliveries.values() if self._may_go_on(delivery)]
        for delivery in behind:
            if self._stop.is_set():
                return
            found = things.changes(delivery.read, BATCH, everyone=True)
            changes = [change for change in found if change.seq <= self._position]
            if not changes:
                delivery.read = self._position
                continue
            watch_ = delivery.watch
            held = self._queue(
                changes,
                lambda change, watch_=watch_: watch_.may_concern(change.tenant, change.entity),  # type: ignore[misc]
                lambda _change, _entity, watch_=watch_: [watch_],  # type: ignore[misc]
            )
            if not held:
                with self._lock:
                    delivery.read = changes[-1].seq

    def _may_go_on(self, delivery: Delivery) -> bool:
        return self._lags(delivery) and delivery.hungry

    def _periods(self) -> None:
        """Send what subscriptions with a time interval ask for."""
        now = clock.monotonic()
        with self._lock:
            due = [delivery for delivery in self._deliveries.values() if periodic.due(delivery, now)]
        for delivery in due:
            if self._sending is not None and delivery.watch.active(clock.now()):
                content = periodic.content(delivery.watch)
                if content is not None:
                    self._sending.send_alone(delivery, content)

    # -- remembering

    def _note(self, *, last: bool = False) -> None:
        now = clock.monotonic()
        if not last and now - self._noted_at < NOTE_EVERY:
            return
        self._give_up()
        with self._lock:
            rows, done = [], []
            for (tenant, id), delivery in self._deliveries.items():
                cursor = self._cursor(delivery)
                if delivery.dirty or cursor != delivery.noted:
                    rows.append(Progress(tenant, id, cursor, delivery.state()))
                    done.append((delivery, cursor))
        if not rows and not (now - self._marked_at > MARK_EVERY or last):
            return
        subscribing.note(rows, self._position)
        self._noted_at = self._marked_at = now
        with self._lock:
            for delivery, cursor in done:
                delivery.dirty, delivery.noted = False, cursor

    def _cursor(self, delivery: Delivery) -> int | None:
        waiting = delivery.cursor()
        if waiting is None:
            return delivery.read if delivery.read != self._position and self._lags(delivery) else None
        return min(waiting, delivery.read)

    def _give_up(self) -> None:
        before = clock.now() - timedelta(hours=settings.NOTIFY_HOURS)
        with self._lock:
            dropped = sum(delivery.give_up(before) for delivery in self._deliveries.values() if delivery.queue)
        if dropped:
            watch.count("notifications_dropped", dropped)
            log.warning("%d notifications waited too long for their receivers and were dropped", dropped)


class _Loop:
    """The event loop in which notifications are sent, in a thread of its own."""

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
    return watch_.notification.get("join", "@none") != "@none"
