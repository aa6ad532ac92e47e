"""What waits to be sent for one subscription, and how its sending went."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from thanglong.core.things.types import iso
from thanglong.kit import clock
from thanglong.surfaces.ngsild.notify.judging import News
from thanglong.surfaces.ngsild.notify.watch import Watch

MOST_WAITING = 200
TOGETHER = 8
"""News waiting beyond which several entities go out in one notification."""
MOST_TOGETHER = 100
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 300.0
PROBE_EVERY = 1.0
"""Seconds after a failure in which new changes do not lead to another try."""


def backoff(failures: int) -> float:
    """Seconds to wait after so many failures in a row."""
    pause: float = min(FIRST_PAUSE * 2 ** min(failures - 1, 10), LONGEST_PAUSE)
    return pause


def cooldown(endpoint: Mapping[str, Any]) -> float:
    """Seconds a receiver wants to be left alone after a failure."""
    return float(endpoint.get("cooldown", 0)) / 1000


class Waiting:
    """One piece of news in the queue; ``booked`` once the counters know of it."""

    __slots__ = ("booked", "first", "news")

    def __init__(self, news: News, first: int) -> None:
        self.news = news
        self.first = first
        self.booked = False


class Delivery:
    """The queue of a subscription. The reader of the log fills it, the sender empties it; the notifier's lock is held.

    With throttling, a newer state of an entity takes the place of an older one that still waits.
    """

    def __init__(self, watch: Watch, read: int) -> None:
        self.watch = watch
        self.read = read
        """The last write of the log that was judged for this subscription."""
        self.queue: OrderedDict[tuple[str, int], Waiting] = OrderedDict()
        self.busy = False
        self.failures = 0
        self.not_before = 0.0
        self.failed_at = 0.0
        self.timer: Any = None
        self.dirty = False
        self.noted = watch.subscription.cursor
        self.gone = False
        state = watch.subscription.state
        self.sent, self.failed = int(state.get("sent", 0)), int(state.get("failed", 0))
        self.dropped, self.error = int(state.get("dropped", 0)), str(state.get("error", ""))
        self.times: dict[str, str] = {key: state[key] for key in ("last", "ok", "bad") if key in state}
        self.next_interval = 0.0
        if self.throttling and "last" in self.times:
            passed = (clock.now() - datetime.fromisoformat(self.times["last"])).total_seconds()
            self.not_before = clock.monotonic() + max(self.throttling - passed, 0.0)

    @property
    def throttling(self) -> float:
        """Least seconds between two notifications."""
        return float(self.watch.subscription.definition.get("throttling", 0))

    @property
    def full(self) -> bool:
        """Whether the log must keep the rest for later."""
        return len(self.queue) >= MOST_WAITING

    @property
    def hungry(self) -> bool:
        """Whether there is room for more from the log."""
        return len(self.queue) < MOST_WAITING // 2

    def offer(self, news: News) -> None:
        """Queue news; the caller looked whether there is room."""
        key = (news.id, 0) if self.throttling else (news.id, news.seq)
        known = self.queue.pop(key, None)
        item = Waiting(news, known.first if known else news.seq)
        item.booked = known.booked if known else False
        if self.throttling and known is not None:
            item.news = _together(known.news, news)
        self.queue[key] = item

    def cursor(self) -> int | None:
        """Where to begin after a restart: before the oldest that waits; None when nothing does."""
        return min(item.first for item in self.queue.values()) - 1 if self.queue else None

    def batch(self) -> list[Waiting]:
        """What goes into the next notification: one piece of news, or many entities when many wait."""
        items = list(self.queue.values())
        if self.throttling:
            return items[:MOST_TOGETHER]
        if len(items) <= TOGETHER:
            return items[:1]
        chosen: OrderedDict[str, Waiting] = OrderedDict()
        for item in items[:MOST_TOGETHER]:
            if item.news.id in chosen:
                break
            chosen[item.news.id] = item
        return list(chosen.values())

    def wait(self) -> float:
        """Seconds until the next try may be made."""
        now = clock.monotonic()
        pause = self.not_before - now
        if self.failures and not self._cooldown() and now - self.failed_at >= PROBE_EVERY and self._unbooked():
            pause = 0.0
        return max(pause, 0.0)

    def _unbooked(self) -> bool:
        """Whether there is news since the last try."""
        return any(not item.booked for item in reversed(self.queue.values()))

    def _cooldown(self) -> float:
        return cooldown(self.watch.notification["endpoint"])

    def delivered(self, items: list[Waiting], at: datetime) -> None:
        """A notification was taken by its receiver."""
        if not any(item.booked for item in items):
            self.sent += 1
        self._drop(items)
        self.times["last"] = self.times["ok"] = at.isoformat()
        self.failures, self.not_before, self.error, self.dirty = 0, 0.0, "", True
        if self.throttling:
            self.not_before = clock.monotonic() + self.throttling

    def missed(self, items: list[Waiting], at: datetime, error: str, *, final: bool) -> None:
        """A notification failed. Each counts once, however often it is tried; those behind it have failed with it.

        ``final``: the receiver refused it for good, so it is not tried again.
        """
        counted = [items] if self.throttling else [[item] for item in self.queue.values()] if not final else [items]
        for group in counted:
            if not any(item.booked for item in group):
                self.sent += 1
                self.failed += 1
            for item in group:
                item.booked = True
        if final:
            self._drop(items)
        self.times["last"] = self.times["bad"] = at.isoformat()
        self.error, self.dirty, self.failed_at = error[:200], True, clock.monotonic()
        self.failures += 1
        pause = 0.0 if final and not self._cooldown() else backoff(self.failures)
        self.not_before = self.failed_at + max(pause, self._cooldown(), self.throttling)

    def give_up(self, before: datetime) -> int:
        """Drop what has waited since before a moment; how many."""
        old = [item for item in self.queue.values() if item.news.at < before]
        self._drop(old)
        self.dropped += len(old)
        self.dirty = self.dirty or bool(old)
        return len(old)

    def _drop(self, items: list[Waiting]) -> None:
        for item in items:
            for key in ((item.news.id, 0), (item.news.id, item.news.seq)):
                if self.queue.get(key) is item:
                    del self.queue[key]

    def state(self) -> dict[str, Any]:
        """The counters as they are kept."""
        found: dict[str, Any] = {"sent": self.sent, "failed": self.failed, **self.times}
        if self.dropped:
            found["dropped"] = self.dropped
        if self.error:
            found["error"] = self.error
        if self.queue:
            found["waiting"] = len(self.queue)
        return found


def _together(older: News, newer: News) -> News:
    """Two changes of one entity as one: the newest state, what was before both, all that moved."""
    if newer.kind != "updated" or older.kind == "deleted":
        return newer
    return News(
        newer.seq, newer.at, older.kind, newer.entity, {**newer.before, **older.before}, newer.snapshot,
        older.came | newer.came, older.changed | newer.changed, newer.went | (older.went - newer.came),
    )  # fmt: skip


def added(states: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Counters kept in several places as one."""
    found: dict[str, Any] = {key: sum(state.get(key, 0) for state in states) for key in ("sent", "failed")}
    for key in ("last", "ok", "bad"):
        moments = [state[key] for state in states if key in state]
        if moments:
            found[key] = max(moments)
    return found


def shown_state(state: Mapping[str, Any]) -> dict[str, Any]:
    """The counters as members of the notification (clause 5.2.14.2)."""
    found: dict[str, Any] = {}
    if state.get("sent"):
        found["timesSent"], found["timesFailed"] = state["sent"], state.get("failed", 0)
        found["status"] = "ok" if state.get("ok", "") >= state.get("bad", "") else "failed"
    for key, name in (("last", "lastNotification"), ("ok", "lastSuccess"), ("bad", "lastFailure")):
        if key in state:
            found[name] = iso(datetime.fromisoformat(state[key]))
    return found
