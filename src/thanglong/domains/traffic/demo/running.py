"""The running day of streets and junctions."""

from datetime import datetime
from typing import Any

import numpy as np

from thanglong.core.things import service as things
from thanglong.core.things.types import ThingQuery, plain
from thanglong.domains.traffic.demo.model import DETECTOR, FLOW, SIGNAL, Streets, figures, flows, signals
from thanglong.kit.ports import SYSTEM
from thanglong.solve.city import City
from thanglong.solve.day import Minute
from thanglong.solve.roster import prop, stamp, urn

REPORT_EVERY = 5


def tick(city: City, since: datetime, until: datetime) -> None:
    """Each detector reports every five minutes and when its state changes; junctions when theirs does."""
    before, now = Minute.of(since), Minute.of(until)
    if before == now:
        return
    streets = _streets(city)
    _, _, old = flows(city, streets, before)
    flow, speed, state = flows(city, streets, now)
    numbers = np.arange(len(streets.free))
    passed = min(now.number - before.number, REPORT_EVERY)
    due = (now.number - numbers) % REPORT_EVERY < passed
    at = stamp(now.at)
    for i in np.flatnonzero(due | (old != state)).tolist():
        entity: dict[str, Any] = {
            "id": urn(DETECTOR, city.code, i),
            "type": DETECTOR,
            "intensity": prop(flow[i], at),
            "averageVehicleSpeed": prop(speed[i], at),
        }
        if old[i] != state[i]:
            entity["state"] = prop(FLOW[state[i]], at)
        city.emit([entity])
    was, is_now = signals(city, streets, before), signals(city, streets, now)
    for i in sorted(set(was) | set(is_now)):
        if was.get(i) != is_now.get(i):
            kind, start = is_now.get(i, ("working", now.number))
            moment = stamp(now.before(now.number - start))
            city.emit([{"id": urn(SIGNAL, city.code, i), "type": SIGNAL, "state": prop(kind, moment)}])
    if before.number // 10 != now.number // 10:
        city.emit(figures(city, streets, now, flow, speed))


def _streets(city: City) -> Streets:
    """The static facts, read back from the things once per process."""
    if "traffic" not in city.shared:
        prefix = urn(DETECTOR, city.code, 0)[:-6]
        found = things.query(SYSTEM, ThingQuery(types=(DETECTOR,), id_prefix=prefix, limit=1_000_000))
        columns = [
            np.array([float(plain(entity, key, 1.0)) for entity in found])
            for key in ("freeSpeed", "capacity", "siteFactor")
        ]
        junctions = things.count(SYSTEM, ThingQuery(types=(SIGNAL,), id_prefix=urn(SIGNAL, city.code, 0)[:-6]))
        city.shared["traffic"] = Streets(columns[0], columns[1], columns[2], junctions)
    streets: Streets = city.shared["traffic"]
    return streets
