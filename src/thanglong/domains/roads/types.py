"""The nouns of the road network."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from thanglong.solve.city import CLASSES, Area, Roads

__all__ = [
    "CLASSES",
    "Area",
    "Closed",
    "Closure",
    "Cover",
    "Imported",
    "Look",
    "NetworkReplaced",
    "Problem",
    "Reached",
    "Reopened",
    "Roads",
    "Spot",
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
    """Event: a street was closed, until then or until somebody opens it; ``entity`` is the closure as a thing."""

    id: str
    until: datetime | None
    entity: dict[str, Any]


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
class Spot:
    """A place that was meant: how it is called, longitude and latitude in degrees."""

    text: str
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Reached:
    """What can be reached in so many minutes: kilometres of street in driving direction, and the area (shapely)."""

    minutes: float
    kilometres: float
    area: Any


@dataclass(frozen=True, slots=True)
class Cover:
    """A service whose reach is measured: where its units wait (``stations``) and what they are (``units``), both types
    of things, the values of ``state`` in which a unit can go, and within how many minutes of driving with siren.

    ``station_titles`` and ``unit_titles`` name the measure for each of ``minutes`` (message ids).
    """

    key: str
    stations: tuple[str, ...]
    units: tuple[str, ...]
    ready: tuple[str, ...]
    minutes: tuple[int, ...]
    station_titles: tuple[str, ...]
    unit_titles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """What one look saw: ``reached`` by unit its weight (people, else kilometres of street), then the weight reached
    within each of ``minutes`` from stations, then from the ``free`` units that could go.
    """

    id: UUID
    service: str
    at: datetime
    network: str
    free: int
    minutes: tuple[int, ...]
    reached: Mapping[UUID, tuple[float, ...]]
