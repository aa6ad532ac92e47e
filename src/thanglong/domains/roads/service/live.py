"""The state of the streets now: observed speeds and closures of the city database, matched to arcs."""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np

from thanglong.core.things import service as things
from thanglong.core.things.types import Entity, ThingQuery, observed, plain
from thanglong.domains.roads.rules import hours
from thanglong.domains.roads.rules.matching import arcs_along
from thanglong.kit import clock
from thanglong.kit.ports import SYSTEM
from thanglong.solve.routing.engine import Engine
from thanglong.solve.routing.network import CAR
from thanglong.solve.routing.weights import blend

FLOW, CLOSURE = "TrafficFlowObserved", "RoadClosure"
MOST = 100_000
HALF_LIFE_S = 900.0
"""An observed speed counts half after a quarter of an hour."""
EVERY_S = 5.0


@dataclass(frozen=True, slots=True)
class Streets:
    """The streets in one state. Per arc: ``share`` of the empty speed, ``closed`` to all, ``barred``: the vehicles
    (bits) that a sign keeps out at this hour. ``seq``: the number of the log it is true for; entities matched and not;
    ``change``: when the next closure or sign begins or ends."""

    seq: int
    share: Any
    closed: Any
    barred: Any
    matched: int
    unmatched: int
    at: float
    change: datetime | None

    def closed_to(self, bit: int) -> Any:
        """Whether a kind of vehicle may not enter, per arc."""
        return self.closed | ((self.barred & bit) > 0)


@dataclass
class _Kept:
    engine: Engine | None = None
    streets: Streets | None = None
    lines: dict[str, tuple[str, Any]] = field(default_factory=dict)


_kept = _Kept()
_lock = threading.Lock()


def update(engine: Engine) -> Streets:
    """The streets as the city database knows them, looked at again when something changed, at most each 5 seconds."""
    kept, seq = _kept.streets, things.last_seq()
    now = clock.now()
    if kept is not None and _kept.engine is engine and not _old(kept, seq, now):
        return kept
    with _lock:
        if _kept.engine is not engine:
            _kept.engine, _kept.streets, _kept.lines = engine, None, {}
        kept = _kept.streets
        if kept is None or _old(kept, seq, now):
            kept = _kept.streets = _look(engine, seq, now)
        return kept


def _old(kept: Streets, seq: int, now: datetime) -> bool:
    if kept.change is not None and now >= kept.change:
        return True
    if seq == kept.seq:
        return False
    # a closure counts at once, speeds may wait a moment
    wanted = (CLOSURE,) if clock.monotonic() - kept.at < EVERY_S else (CLOSURE, FLOW)
    return bool(things.changes(kept.seq, 1, wanted))


def _look(engine: Engine, seq: int, now: datetime) -> Streets:
    share = np.ones(engine.arcs.size)
    weight = np.zeros(engine.arcs.size)
    total = np.zeros(engine.arcs.size)
    matched = unmatched = 0
    for entity in things.query(SYSTEM, ThingQuery(types=(FLOW,), limit=MOST)):
        arcs, speed = _arcs(engine, entity), plain(entity, "averageVehicleSpeed")
        if not len(arcs) or not isinstance(speed, int | float):
            unmatched += 1
            continue
        matched += 1
        seen = observed(entity, "averageVehicleSpeed") or now
        free = plain(entity, "freeSpeed") or engine.network.speed[engine.arcs.stretch[arcs]]
        believed = blend(speed / np.maximum(free, 1.0), (now - seen).total_seconds(), HALF_LIFE_S)
        total[arcs] += believed
        weight[arcs] += 1
    known = weight > 0
    share[known] = total[known] / weight[known]
    closed = np.zeros(engine.arcs.size, dtype=bool)
    moments: list[datetime] = []
    for entity in things.query(SYSTEM, ThingQuery(types=(CLOSURE,), limit=MOST)):
        since, until = validity(entity)
        moments.extend(moment for moment in (since, until) if moment is not None and moment > now)
        if (since is None or since <= now) and (until is None or now < until):
            closed[_arcs(engine, entity)] = True
    barred, edge = _signs(engine, now)
    change = min([*moments, *([edge] if edge else [])], default=None)
    return Streets(seq, share, closed, barred, matched, unmatched, clock.monotonic(), change)


def _signs(engine: Engine, now: datetime) -> tuple[Any, datetime | None]:
    """The vehicles that signs with hours bar from arcs now, and when that may change."""
    local, spans = clock.local(now), list[hours.Span]()
    by_stretch = np.zeros(len(engine.network.u), dtype=np.uint8)
    for sign in engine.network.timed:
        mine = hours.parse(sign.hours) or ()
        spans += mine
        if any(span.holds(local) for span in mine):
            by_stretch[list(sign.stretches)] |= sign.vehicles
    return by_stretch[engine.arcs.stretch], hours.next_edge(spans, local) if spans else None


def validity(entity: Entity) -> tuple[datetime | None, datetime | None]:
    """Since when and until when a closure holds."""
    found = [plain(entity, key) for key in ("validFrom", "validUntil")]
    since, until = (datetime.fromisoformat(text) if isinstance(text, str) else None for text in found)
    return since, until


def _arcs(engine: Engine, entity: Entity) -> Any:
    """The arcs an entity speaks for, matched once per place."""
    shape = plain(entity, "stretch") or plain(entity, "location")
    if not isinstance(shape, Mapping):
        return np.empty(0, dtype=np.int64)
    key = str(shape.get("coordinates"))
    kept = _kept.lines.get(entity["id"])
    if kept is None or kept[0] != key:
        kept = (key, arcs_along(engine, shape))
        _kept.lines[entity["id"]] = kept
    return kept[1]


def speeds(engine: Engine, stretches: Iterable[int]) -> Mapping[int, float]:
    """The share of the empty speed now on stretches, the worse direction; 0 where closed."""
    streets = update(engine)
    worst = np.ones(len(engine.network.u))
    np.minimum.at(worst, engine.arcs.stretch, np.where(streets.closed_to(CAR), 0.0, streets.share))
    return {stretch: float(worst[stretch]) for stretch in stretches}
