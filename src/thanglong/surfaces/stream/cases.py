"""Hints that cases moved: officials hear of those in their reach, everybody of public ones (number, state, place)."""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from thanglong.core.cases import service as cases
from thanglong.core.cases.types import CaseChange
from thanglong.core.things.types import iso
from thanglong.kit import ports
from thanglong.kit.ports import Actor, Reach
from thanglong.surfaces.gate import Gate
from thanglong.surfaces.stream.client import Client, event

PAUSE = 1.0
BATCH = 500
MOST_BEHIND = 2000


@dataclass(slots=True)
class Listener:
    """A listener's reach: None hears what is public."""

    reach: Reach | None


def reach_of(actor: Actor) -> Reach | None:
    """Where an official may see cases; None for everybody else (blocking)."""
    found = ports.reach(actor, "cases.view")
    return found or None


class CasesHub:
    """Listeners of the cases' log in this process; one task asks for news while anybody listens."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._clients: dict[Client, Listener] = {}
        self._task: asyncio.Task[None] | None = None
        self._joining = asyncio.Lock()
        self._after = 0

    def __len__(self) -> int:
        return len(self._clients)

    async def join(self, client: Client, listener: Listener) -> int:
        """Let a listener hear what comes from now on; the number of the last change it will not hear."""
        async with self._joining:
            if self._task is None:
                self._after = await self._gate.orm(cases.last_change)
                self._task = asyncio.ensure_future(self._read())
            self._clients[client] = listener
        return self._after

    def leave(self, client: Client) -> None:
        self._clients.pop(client, None)
        if not self._clients and self._task is not None:
            self._task.cancel()
            self._task = None

    def close(self) -> None:
        """End all lines."""
        for client in list(self._clients):
            client.close()
            self.leave(client)

    async def _read(self) -> None:
        while True:
            await asyncio.sleep(PAUSE)
            with contextlib.suppress(Exception):
                found = await self._gate.orm(cases.changes, self._after, BATCH)
                if found:
                    self._after = found[-1].seq
                    self._publish(found)

    def _publish(self, found: Sequence[CaseChange]) -> None:
        for client, listener in list(self._clients.items()):
            client.put(wire(found, listener))
            if client.closed:
                self.leave(client)

    async def missed(self, after: int, until: int, listener: Listener) -> list[bytes]:
        """What a returning listener missed; one ``reset`` when it is too much."""
        if after > until or until - after > MOST_BEHIND:
            return [event("reset", until, b"{}")]
        found = [change for change in await self._gate.orm(cases.changes, after, MOST_BEHIND) if change.seq <= until]
        return [data] if found and (data := wire(found, listener)) else []


def wire(found: Sequence[CaseChange], listener: Listener) -> bytes:
    """One event with the changes a listener may hear of; empty when there are none."""
    shown = []
    for change in found:
        if listener.reach is not None:
            if change.unit in listener.reach:
                own = {"unit": str(change.unit), "id": str(change.case_id), "verb": change.verb}
                shown.append({**_public(change), **own})
        elif cases.definition(change.type).public:
            shown.append(_public(change))
    return event("cases", found[-1].seq, orjson.dumps(shown)) if shown else b""


def _public(change: CaseChange) -> dict[str, object]:
    return {
        "seq": change.seq,
        "at": iso(change.at),
        "number": change.number,
        "type": change.type,
        "state": change.state,
        "kind": change.kind,
        "lon": change.lon,
        "lat": change.lat,
    }
