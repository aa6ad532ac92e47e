"""Milliseconds of every stretch and turn for a kind of vehicle, on empty streets or at the speeds of this minute."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from thanglong.solve.city import Floats
from thanglong.solve.routing.compiled import CLOSED
from thanglong.solve.routing.hierarchy import Ms
from thanglong.solve.routing.network import CAR, EMERGENCY, MOTORBIKE, Arcs, Flags, Network
from thanglong.solve.routing.turns import Turns, usable

SLOWEST_KMH = 1.5
"""A jam that stands still is still left some time: below this an observed speed is not believed."""
STRAIGHT_DEGREES = 30.0


@dataclass(frozen=True, slots=True)
class Vehicle:
    """How a kind of vehicle drives: which streets (``bit``), at most how fast (km/h), how many times the speed of an
    empty street, which part of the delay of others it suffers in a jam (1: all), and milliseconds a turn costs.

    The numbers are starting values to be fitted to recorded trips.
    """

    key: str
    bit: int
    top: float
    pace: float
    jam: float
    left: int
    right: int
    lights: int
    back: int


PROFILES = {
    vehicle.key: vehicle
    for vehicle in (
        Vehicle("car", CAR, 110.0, 1.0, 1.0, 5000, 2000, 6000, 20_000),
        Vehicle("motorbike", MOTORBIKE, 60.0, 1.0, 0.6, 3000, 1000, 5000, 8000),
        Vehicle("ambulance", EMERGENCY, 100.0, 1.0, 1.0, 5000, 2000, 6000, 20_000),
        Vehicle("siren", EMERGENCY, 110.0, 1.2, 0.5, 2500, 1500, 2000, 12_000),
    )
}


def arc_ms(network: Network, arcs: Arcs, vehicle: Vehicle, share: Floats | None = None) -> Ms:
    """Milliseconds of each arc; ``share`` is the speed now as a part of the empty street's (1 where not known).

    Speed v = min(top, pace * empty) * (1 - jam * (1 - share)); arcs closed to the vehicle are CLOSED.
    """
    s = arcs.stretch
    kmh = np.minimum(network.speed[s] * vehicle.pace, vehicle.top)
    if share is not None:
        kmh = kmh * (1 - vehicle.jam * (1 - np.clip(share, 0.0, 1.3)))
    ms = np.rint(network.length[s] * 3600 / np.maximum(kmh, SLOWEST_KMH))
    return np.where((arcs.access & vehicle.bit) > 0, np.maximum(ms, 1), CLOSED).astype(np.int32)


def turn_ms(network: Network, arcs: Arcs, turns: Turns, vehicle: Vehicle) -> Ms:
    """Milliseconds of each turn: to cross the oncoming stream, to slow down, to wait at lights; CLOSED if not allowed.

    Where only two streets meet there is no turn to speak of, however the street bends.
    """
    joint = junctions(network)[arcs.head[turns.arc[turns.source]]]
    left = np.where(turns.angle > STRAIGHT_DEGREES, vehicle.left, 0)
    right = np.where(turns.angle < -STRAIGHT_DEGREES, vehicle.right, 0)
    lights = np.where(network.signals[arcs.head[turns.arc[turns.source]]], vehicle.lights, 0)
    ms = np.where(turns.back, vehicle.back, np.where(joint, left + right, 0) + lights)
    return np.where(usable(arcs, turns, vehicle.bit), ms, CLOSED).astype(np.int32)


def junctions(network: Network) -> Flags:
    """Nodes at which at least three stretches end."""
    size = len(network.lon)
    ends = np.bincount(network.u, minlength=size) + np.bincount(network.v, minlength=size)
    return np.asarray(ends > 2)


def blend(observed: Any, age: Any, half_life: float) -> Floats:
    """The share of the empty speed to believe: what was observed counts half after ``half_life`` seconds, then less."""
    trust = 0.5 ** (np.maximum(np.asarray(age, dtype=float), 0.0) / half_life)
    return np.asarray(np.asarray(observed, dtype=float) * trust + (1 - trust))
