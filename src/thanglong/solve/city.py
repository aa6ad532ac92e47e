"""The city as plain arrays: what the generators of the demo city share. No Django, no files, no clock.

Positions are degrees (WGS 84) in ``lon``/``lat`` arrays of equal length; lengths are metres on a local flat earth, good
to a few parts in a thousand over one city.
"""

import hashlib
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, TypeAlias
from uuid import UUID

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

METRES_PER_DEGREE = 111_320.0
GRID_CELL_M = 500.0


@dataclass(frozen=True, slots=True)
class Ward:
    """A territorial unit of the lowest level. ``polygon`` is in degrees; ``population`` counts residents."""

    id: UUID
    name: str
    lon: float
    lat: float
    area_km2: float
    population: int
    polygon: BaseGeometry


@dataclass(frozen=True, slots=True)
class Area:
    """A named piece of land or water: ``kind`` is river, lake or park; ``polygon`` in degrees."""

    name: str
    kind: str
    polygon: BaseGeometry


CLASSES = ("motorway", "trunk", "primary", "secondary", "tertiary", "residential")


@dataclass(frozen=True, slots=True)
class Roads:
    """A directed-by-flag road graph: straight edges between nodes, two-way unless ``oneway``.

    Nodes: ``lon``, ``lat`` (N). Edges (M): ``u``, ``v`` node indices, ``kind`` index into :data:`CLASSES`,
    ``length`` in metres, ``speed`` in km/h, ``name`` index into ``names`` (0 is the empty name), ``oneway`` (u to v)
    and ``bridge`` flags. ``areas`` are the river, lakes and parks the network was laid around.
    """

    lon: Floats
    lat: Floats
    u: Ints
    v: Ints
    kind: Ints
    length: Floats
    speed: Floats
    name: Ints
    oneway: NDArray[np.bool_]
    bridge: NDArray[np.bool_]
    names: tuple[str, ...]
    areas: tuple[Area, ...]

    def degree(self) -> Ints:
        """Number of edges at each node (N)."""
        size = len(self.lon)
        return np.asarray(np.bincount(self.u, minlength=size) + np.bincount(self.v, minlength=size), dtype=np.int64)


@dataclass(frozen=True, slots=True)
class RoadPoints:
    """Points on roads: positions, the edge each lies on, the share of that edge behind it, and the road's name."""

    lon: Floats
    lat: Floats
    edge: Ints
    along: Floats
    name: tuple[str, ...]


@dataclass
class City:
    """What the steps of the demo city hand on to each other.

    ``places`` sets ``wards`` (order 10), ``roads`` sets ``roads`` (order 20). ``shared`` is for anything else a later
    step needs from an earlier one, keyed by module name. Things to be written go into the outbox by :meth:`emit`.
    All randomness comes from :meth:`rng`.
    """

    seed: int
    scale: float
    name: str
    now: datetime
    wards: tuple[Ward, ...] = ()
    roads: Roads | None = None
    shared: dict[str, Any] = field(default_factory=dict)
    units_at: Callable[[Sequence[float], Sequence[float]], Sequence[UUID | None]] | None = None
    outbox: list[dict[str, Any]] = field(default_factory=list)

    def emit(self, entities: Iterable[dict[str, Any]]) -> None:
        """Hand NGSI-LD entities over for writing: the orchestration writes all of a step or a tick in few batches."""
        self.outbox.extend(entities)

    def units(self, lon: Floats, lat: Floats) -> list[UUID | None]:
        """The unit of each point as the places know it (as the wards know it where no places are plugged in)."""
        # things keep their place to six decimals: near a boundary the unit is that of the kept place
        lon, lat = np.round(lon, 6), np.round(lat, 6)
        if self.units_at is not None:
            return list(self.units_at(lon.tolist(), lat.tolist()))
        return [self.wards[i].id if i >= 0 else None for i in self.wards_of(lon, lat).tolist()]

    @cached_property
    def code(self) -> str:
        """A short code for ids: the initials of the name without marks (Hà Nội: hn)."""
        plain = unicodedata.normalize("NFD", self.name.replace("Đ", "D").replace("đ", "d")).lower()
        words = "".join(c for c in plain if c.isascii() and (c.isalpha() or c == " ")).split()
        return "".join(word[0] for word in words) or "city"

    def rng(self, *parts: object) -> np.random.Generator:
        """A generator of its own for ``parts``: the same on every machine, independent of the order of steps."""
        return rng_of(self.seed, *parts)

    def scaled(self, full: float, minimum: int = 0) -> int:
        """A full-size count from the workload model at this city's scale, at least ``minimum``."""
        return max(minimum, round(full * self.scale))

    @cached_property
    def plane(self) -> "Plane":
        """The local flat earth, with its origin at the city's heart."""
        return Plane(*self.centre)

    @cached_property
    def centre(self) -> tuple[float, float]:
        """Longitude and latitude of the city's heart: the middle of the most densely peopled wards."""
        density = np.array([ward.population / max(ward.area_km2, 0.01) for ward in self.wards])
        dense = density >= np.quantile(density, 0.9)
        lon = np.array([ward.lon for ward in self.wards])[dense]
        lat = np.array([ward.lat for ward in self.wards])[dense]
        return float(np.median(lon)), float(np.median(lat))

    @cached_property
    def outline(self) -> BaseGeometry:
        """The union of the wards."""
        return shapely.union_all([ward.polygon for ward in self.wards])

    @cached_property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north of the city in degrees."""
        west, south, east, north = self.outline.bounds
        return float(west), float(south), float(east), float(north)

    @cached_property
    def density(self) -> "Density":
        """Residents per km² on a grid of 500 m cells, smoothed over ward boundaries."""
        return Density.of(self)

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree([ward.polygon for ward in self.wards])

    def wards_of(self, lon: Floats, lat: Floats) -> Ints:
        """Index into ``wards`` of each point, -1 outside the city. A point on a boundary gets the lower index."""
        answer = np.full(len(lon), -1, dtype=np.int64)
        point, ward = self._tree.query(shapely.points(lon, lat), predicate="intersects")
        order = np.argsort(-ward, kind="stable")
        answer[point[order]] = ward[order]
        return answer

    def ward_of(self, lon: float, lat: float) -> Ward | None:
        """The ward at a point, or None outside the city."""
        index = int(self.wards_of(np.array([lon]), np.array([lat]))[0])
        return None if index < 0 else self.wards[index]

    @cached_property
    def water(self) -> BaseGeometry:
        """River and lakes as one geometry (empty before the roads are laid)."""
        areas = self.roads.areas if self.roads else ()
        return shapely.union_all([area.polygon for area in areas if area.kind != "park"])

    @cached_property
    def edges_inside(self) -> NDArray[np.bool_]:
        """Which edges lie in the city with both ends (a network reaches a little beyond it)."""
        roads = self.roads
        if roads is None:
            raise RuntimeError("the roads step has not run yet")
        inside = self.wards_of(roads.lon, roads.lat) >= 0
        return np.asarray(inside[roads.u] & inside[roads.v])

    def points_in(self, ward: Ward, n: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """``n`` points spread evenly over the dry land of a ward."""
        ground = ward.polygon.difference(self.water) if self.roads else ward.polygon
        if ground.is_empty:
            ground = ward.polygon
        return points_within(ground, n, rng)

    def points_by_people(self, n: int, rng: np.random.Generator) -> tuple[Floats, Floats, Ints]:
        """``n`` points where people live (lon, lat, ward index): wards by population, then dry land of the ward."""
        people = np.array([float(ward.population) for ward in self.wards])
        counts = rng.multinomial(n, people / people.sum())
        lon, lat, index = [], [], []
        for i, count in enumerate(counts):
            if count:
                x, y = self.points_in(self.wards[i], int(count), rng)
                lon.append(x)
                lat.append(y)
                index.append(np.full(int(count), i, dtype=np.int64))
        return np.concatenate(lon), np.concatenate(lat), np.concatenate(index)

    def points_on_roads(
        self, n: int, rng: np.random.Generator, classes: Iterable[str] = CLASSES, people: float = 0.0
    ) -> RoadPoints:
        """``n`` points on roads of the named classes, by length times density to the power ``people``.

        ``people`` 0 spreads evenly along the roads, 1 puts points where people live. Bridges are left out.
        """
        roads = self.roads
        if roads is None:
            raise RuntimeError("the roads step has not run yet")
        wanted = [CLASSES.index(name) for name in classes]
        edges = np.flatnonzero(np.isin(roads.kind, wanted) & ~roads.bridge & self.edges_inside)
        weight = roads.length[edges].copy()
        if people:
            middle = (roads.u[edges], roads.v[edges])
            lon = (roads.lon[middle[0]] + roads.lon[middle[1]]) / 2
            lat = (roads.lat[middle[0]] + roads.lat[middle[1]]) / 2
            weight *= np.maximum(self.density.at(lon, lat), 1.0) ** people
        steps = (np.arange(n) + rng.random(n)) / n * weight.sum()
        edge = edges[np.minimum(np.searchsorted(np.cumsum(weight), steps), len(edges) - 1)]
        along = rng.random(n)
        u, v = roads.u[edge], roads.v[edge]
        lon = roads.lon[u] + (roads.lon[v] - roads.lon[u]) * along
        lat = roads.lat[u] + (roads.lat[v] - roads.lat[u]) * along
        return RoadPoints(lon, lat, edge, along, tuple(roads.names[i] for i in roads.name[edge]))


@dataclass(frozen=True, slots=True)
class Plane:
    """A local flat earth: metres east and north of an origin."""

    lon0: float
    lat0: float

    @property
    def _k(self) -> float:
        return METRES_PER_DEGREE * float(np.cos(np.radians(self.lat0)))

    def xy(self, lon: Any, lat: Any) -> tuple[Any, Any]:
        """Degrees to metres; numbers or arrays."""
        return (lon - self.lon0) * self._k, (lat - self.lat0) * METRES_PER_DEGREE

    def lonlat(self, x: Any, y: Any) -> tuple[Any, Any]:
        """Metres to degrees; numbers or arrays."""
        return self.lon0 + x / self._k, self.lat0 + y / METRES_PER_DEGREE

    def to_plane(self, geometry: Any) -> Any:
        """A shapely geometry in degrees, in metres."""
        return shapely.transform(geometry, lambda p: np.column_stack(self.xy(p[:, 0], p[:, 1])))

    def to_degrees(self, geometry: Any) -> Any:
        """A shapely geometry in metres, in degrees."""
        return shapely.transform(geometry, lambda p: np.column_stack(self.lonlat(p[:, 0], p[:, 1])))


@dataclass(frozen=True, slots=True)
class Density:
    """Residents per km²: ``values[row, column]`` over the bounding box, ``cell`` (columns east, rows north) degrees."""

    west: float
    south: float
    cell: tuple[float, float]
    values: Floats

    @classmethod
    def of(cls, city: City) -> "Density":
        """The grid of a city's wards, blurred over about a kilometre so that no ward boundary shows."""
        west, south, east, north = city.bounds
        dlat = GRID_CELL_M / METRES_PER_DEGREE
        dlon = dlat / float(np.cos(np.radians((south + north) / 2)))
        columns, rows = int((east - west) / dlon) + 1, int((north - south) / dlat) + 1
        lon, lat = np.meshgrid(west + (np.arange(columns) + 0.5) * dlon, south + (np.arange(rows) + 0.5) * dlat)
        ward = city.wards_of(lon.ravel(), lat.ravel())
        per_km2 = np.array([w.population / max(w.area_km2, 0.01) for w in city.wards] + [0.0])
        return cls(west, south, (dlon, dlat), _blur(per_km2[ward].reshape(rows, columns), 2))

    def at(self, lon: Floats, lat: Floats) -> Floats:
        """Residents per km² at each point; 0 outside the grid."""
        column = np.floor((lon - self.west) / self.cell[0]).astype(np.int64)
        row = np.floor((lat - self.south) / self.cell[1]).astype(np.int64)
        rows, columns = self.values.shape
        inside = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
        answer = np.zeros(len(lon))
        answer[inside] = self.values[row[inside], column[inside]]
        return answer


def _blur(values: Floats, times: int) -> Floats:
    for _ in range(times):
        padded = np.pad(values, 1, mode="edge")
        rows, columns = values.shape
        values = np.mean([padded[i : i + rows, j : j + columns] for i in range(3) for j in range(3)], axis=0)
    return values


def rng_of(*parts: object) -> np.random.Generator:
    """A random generator determined by ``parts`` alone, equal across processes, machines and Python versions."""
    digest = hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).digest()
    words: Sequence[int] = [int.from_bytes(digest[i : i + 4], "big") for i in range(0, 32, 4)]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(words)))


def points_within(polygon: BaseGeometry, n: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """``n`` points spread evenly within a polygon (longitudes, latitudes), by rejection from its bounding box."""
    west, south, east, north = polygon.bounds
    shapely.prepare(polygon)
    lon, lat = np.empty(0), np.empty(0)
    share = max(polygon.area / max((east - west) * (north - south), 1e-12), 0.02)
    for _ in range(200):
        if len(lon) >= n:
            break
        tries = int((n - len(lon)) / share * 1.2) + 8
        x, y = rng.uniform(west, east, tries), rng.uniform(south, north, tries)
        inside = shapely.contains_xy(polygon, x, y)
        lon, lat = np.concatenate([lon, x[inside]]), np.concatenate([lat, y[inside]])
    if len(lon) < n:
        spot = polygon.representative_point()
        lon = np.concatenate([lon, np.full(n - len(lon), spot.x)])
        lat = np.concatenate([lat, np.full(n - len(lat), spot.y)])
    return lon[:n], lat[:n]
