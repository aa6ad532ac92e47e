"""The reader of the log and the sender: one thread waits at the log and judges, one event loop sends.

Only one process of an installation notifies (a role it claims in the store); another takes over when it ends.
"""

import logging
import threading
from collections.abc import Sequence
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
from thanglong.surfaces.ngsild.notify.delivery import Delivery
from thanglong.surfaces.ngsild.notify.judging import Asks, Of, heard
from thanglong.surfaces.ngsild.notify.sending import Sending
from thanglong.surfaces.ngsild.notify.watch import Index, Watch, watch_of

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
        self._sending: Sending | None = None

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
                self._sending = Sending(self._lock)
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
            lambda change, entity: [
                watch
                for watch in index.of(change.tenant, entity, change.attributes or entity)
                if watch.key in keys and watch.means(entity)
            ],
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
                lambda _, entity, watch_=watch_: [watch_] if watch_.concerns(entity) else [],  # type: ignore[misc]
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
