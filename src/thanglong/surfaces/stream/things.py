"""The things' change log, read once for all listeners of a process.

A thread waits at the log while anybody listens. What it reads is put into wire form once for each different wish
(types and box), however many listeners share it.
"""

import asyncio
import contextlib
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from thanglong.core.things import service as things
from thanglong.core.things.types import Change, iso, position
from thanglong.kit import clock
from thanglong.kit.ports import SYSTEM, ThingQuery
from thanglong.surfaces.stream.client import Client, event

PAUSE = 0.2
"""Seconds between readings: changes of that span go out as one event."""
BATCH = 2000
MOST_BEHIND = 20_000
"""Writes a returning listener may have missed; beyond, it is told to load the page's state anew."""
MOST_POSITIONS = 50_000
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Wish:
    """What a listener wants to hear of: types (none: all) inside a box."""

    types: frozenset[str]
    box: Box | None = None


class Row(NamedTuple):
    """A change in wire form, and what a wish asks of it."""

    seq: int
    type: str
    entity: str
    text: bytes


def row_of(change: Change) -> Row:
    """The wire form of a change: sequence, moment, entity, type, kind, the attributes written (null: deleted)."""
    body = {
        "seq": change.seq,
        "at": iso(change.at),
        "entity": change.entity,
        "type": change.type,
        "kind": change.kind,
        "attributes": change.attributes,
    }
    return Row(change.seq, change.type, change.entity, orjson.dumps(body))


class Positions:
    """Where entities are, the lately asked ones remembered: a change of state does not say."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[float, float] | None] = OrderedDict()

    def learn(self, changes: Iterable[Change]) -> None:
        """Remember where the changed entities are (thread of the reader)."""
        ask = []
        for change in changes:
            if change.attributes and (place := position(change.attributes)):
                self._known[change.entity] = place
            elif change.entity not in self._known and change.attributes is not None:
                ask.append(change.entity)
        names = list(dict.fromkeys(ask))
        for entity in things.query(SYSTEM, ThingQuery(ids=names, limit=len(names))) if names else ():
            self._known[entity["id"]] = position(entity)
        while len(self._known) > MOST_POSITIONS:
            self._known.popitem(last=False)

    def inside(self, name: str, box: Box) -> bool:
        """Whether an entity is in a box; one without a known place is not."""
        place = self._known.get(name)
        return place is not None and box[0] <= place[0] <= box[2] and box[1] <= place[1] <= box[3]


class ThingsHub:
    """Listeners of the things' log in this process."""

    def __init__(self) -> None:
        self._clients: dict[Client, Wish] = {}
        self._positions = Positions()
        self._reader: threading.Thread | None = None
        self._joining = asyncio.Lock()
        self._stop = threading.Event()
        self._after = 0
        self.rate = 0.0
        """Writes a second, over the last readings."""

    def __len__(self) -> int:
        return len(self._clients)

    def seq(self) -> int:
        """The number up to which the log was read here."""
        return self._after

    async def join(self, client: Client, wish: Wish) -> int:
        """Let a listener hear what comes from now on; the number of the last write it will not hear."""
        async with self._joining:
            if self._reader is None:
                self._after = await asyncio.to_thread(things.last_seq)
                self._start(asyncio.get_running_loop())
            self._clients[client] = wish
        return self._after

    def leave(self, client: Client) -> None:
        """Forget a listener; the reader rests when nobody is left."""
        self._clients.pop(client, None)
        if not self._clients:
            self._rest()

    def close(self) -> None:
        """End all lines and the reader."""
        for client in list(self._clients):
            client.close()
        self._clients.clear()
        self._rest()

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._stop = threading.Event()
        self._reader = threading.Thread(target=self._read, args=(loop, self._stop, self._after), daemon=True)
        self._reader.start()

    def _rest(self) -> None:
        self._stop.set()
        self._reader = None

    def _read(self, loop: asyncio.AbstractEventLoop, stop: threading.Event, after: int) -> None:
        last = clock.monotonic()
        while not stop.is_set():
            try:
                if things.wait(after, 1.0) <= after:
                    last = clock.monotonic()
                    continue
                changes = things.changes(after, BATCH)
                self._positions.learn(changes if any(wish.box for wish in list(self._clients.values())) else ())
            except Exception:
                # the store is away or closing: what is in the log stays there, and is read when it is back
                stop.wait(1.0)
                continue
            if changes:
                after = changes[-1].seq
                now = clock.monotonic()
                rate, last = len(changes) / max(now - last, PAUSE), now
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(self._publish, stop, after, [row_of(change) for change in changes], rate)
            if len(changes) < BATCH:
                stop.wait(PAUSE)

    def _publish(self, stop: threading.Event, after: int, batch: Sequence[Row], rate: float) -> None:
        if stop.is_set():
            return
        self._after = after
        self.rate = rate
        made: dict[Wish, bytes] = {}
        for client, wish in list(self._clients.items()):
            if wish not in made:
                made[wish] = self.wire(batch, wish)
            client.put(made[wish])
            if client.closed:
                self.leave(client)

    def wire(self, batch: Sequence[Row], wish: Wish) -> bytes:
        """One event with the changes a wish asks for; empty when there are none."""
        box = wish.box
        chosen = [
            row
            for row in batch
            if (not wish.types or row.type in wish.types) and (box is None or self._positions.inside(row.entity, box))
        ]
        return event("things", chosen[-1].seq, b"[" + b",".join(row.text for row in chosen) + b"]") if chosen else b""

    def missed(self, after: int, until: int, wish: Wish) -> list[bytes]:
        """What a returning listener missed (blocking), as events; one ``reset`` when it is too much."""
        if after > until or until - after > MOST_BEHIND:
            return [event("reset", until, b"{}")]
        found = []
        while after < until:
            changes = [change for change in things.changes(after, BATCH) if change.seq <= until]
            if not changes:
                break
            if wish.box:
                self._positions.learn(changes)
            found.append(self.wire([row_of(change) for change in changes], wish))
            after = changes[-1].seq
        return [data for data in found if data]


def box_of(text: str) -> Box | None:
    """West, south, east, north from a comma-separated text; ValueError when it is none."""
    parts: Any = [float(part) for part in text.split(",")]
    if len(parts) != 4 or parts[0] > parts[2] or parts[1] > parts[3]:
        raise ValueError("a box is west,south,east,north in degrees")
    return parts[0], parts[1], parts[2], parts[3]
