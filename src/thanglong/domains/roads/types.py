"""The nouns of the road network."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from thanglong.solve.city import CLASSES, Area, Roads

__all__ = [
    "CLASSES",
    "Area",
    "Closed",
    "Closure",
    "Imported",
    "NetworkReplaced",
    "Problem",
    "Reached",
    "Reopened",
    "Roads",
    "Timed",
    "VehicleShare",
]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something of a map that was not used as it stands: the kind, how often, and the numbers of a few examples."""

    kind: str
    count: int
    examples: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class VehicleShare:
    """For a kind of vehicle: directed stretches open to it, the largest part in which every one reaches every other
    (kept), and how many were left out of it.
    """

    vehicle: str
    open: int
    kept: int
    parts: int

    @property
    def share(self) -> float:
        """The part kept, 0 to 1."""
        return self.kept / self.open if self.open else 0.0


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import made: junctions, stretches, directed stretches, permitted turns, kilometres by class, bridges,
    junctions with lights, turn restrictions, the share kept per vehicle, and what could not be used.
    """

    source: str
    ways: int
    junctions: int
    stretches: int
    arcs: int
    turns: int
    kilometres: Mapping[str, float]
    bridges: int
    signals: int
    restrictions: int
    vehicles: tuple[VehicleShare, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class NetworkReplaced:
    """Event: another network is in place."""

    version: str


@dataclass(frozen=True, slots=True)
class Closed:
    """Event: a street was closed, until then or until somebody opens it."""

    id: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Reopened:
    """Event: a closed street was opened before its time, or one without an end."""

    id: str


@dataclass(frozen=True, slots=True)
class Closure:
    """A closed street: the thing's id, its line or point (GeoJSON), why, since when and until when (None: open end)."""

    id: str
    place: Mapping[str, object]
    reason: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Timed:
    """One of several starts, by its place in the question, and milliseconds from it."""

    index: int
    ms: int


@dataclass(frozen=True, slots=True)
class Reached:
    """What can be reached in so many minutes: kilometres of street in driving direction, and the area (shapely)."""

    minutes: float
    kilometres: float
    area: Any
