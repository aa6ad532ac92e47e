"""The state of streets and junctions at a minute, from seed and time alone."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from thanglong.solve.city import City, Floats, Ints
from thanglong.solve.day import Minute, Wear, broken, noise, traffic_share
from thanglong.solve.roster import figure, stamp

SIGNAL, DETECTOR = "TrafficSignal", "TrafficFlowObserved"
FLOW = ("free", "slow", "jam")
DARK = Wear("signal-dark", 160.0, 6, 30, 120)
FLASHING = Wear("signal-flashing", 260.0, 5, 30, 180)
OFFLINE = Wear("signal-offline", 200.0, 4, 20, 240)
INCIDENT = Wear("incident", 130.0, 10, 35, 110)


@dataclass(frozen=True, slots=True)
class Streets:
    """What never changes: free speed (km/h), capacity (vehicles/h) and busyness per detector; number of junctions."""

    free: Floats
    capacity: Floats
    site: Floats
    junctions: int


def flows(city: City, streets: Streets, minute: Minute) -> tuple[Ints, Ints, Ints]:
    """Vehicles an hour, km/h and state (index into FLOW) per detector."""
    n = len(streets.free)
    wobble = 1 + 0.09 * noise(city.seed, "flow", n, minute.number)
    city_wide = 1 + 0.04 * float(noise(city.seed, "flow-day", 1, minute.number, 120)[0])
    load = np.clip(traffic_share(minute) * streets.site * wobble * city_wide, 0.01, 1.12)
    speed = streets.free * (1.04 - 0.585 * np.clip(load, 0, 1.1) ** 3.2)
    hit = list(broken(city.seed, INCIDENT, n, minute.number))
    speed[hit] *= np.where(load[hit] > 0.45, 0.28, 0.6)
    load[hit] *= 0.62
    ratio = speed / streets.free
    state = np.where(ratio < 0.38, 2, np.where(ratio < 0.66, 1, 0))
    flow = np.round(load * streets.capacity).astype(np.int64)
    return flow, np.maximum(np.round(speed), 3).astype(np.int64), state.astype(np.int64)


def signals(city: City, streets: Streets, minute: Minute) -> dict[int, tuple[str, int]]:
    """Junctions that do not work: index -> state, minute number since when. Dark outranks flashing outranks offline."""
    found: dict[int, tuple[str, int]] = {}
    for state, wear in (("offline", OFFLINE), ("flashing", FLASHING), ("dark", DARK)):
        for i, since in broken(city.seed, wear, streets.junctions, minute.number).items():
            found[i] = (state, since)
    return found


def figures(city: City, streets: Streets, minute: Minute, flow: Ints, speed: Ints) -> list[dict[str, Any]]:
    """Mean speed weighted by vehicles, and junctions that do not work."""
    at = stamp(minute.at)
    mean = round(float((flow * speed).sum() / max(float(flow.sum()), 1.0)), 1)
    bad = sum(state in ("dark", "flashing") for state, _ in signals(city, streets, minute).values())
    return [figure("mean-speed", mean, None, at), figure("junctions-fault", bad, streets.junctions, at)]
