"""Emergency vehicles of the demo city: when each goes out, where it drives, what it does, as a pure function of time.

The day is cut into slots of two hours, shifted from vehicle to vehicle. In a slot a vehicle has at most one mission,
and a mission ends within its slot, so the state at any second follows from seed, vehicle and second alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

import numpy as np

from thanglong.kit import clock
from thanglong.solve.city import City, Floats, Ints, rng_of
from thanglong.solve.paths import Path, Router
from thanglong.solve.roster import Attributes, point, prop, urn

SLOT = 7200
SLOTS = 12
LAST = SLOT - 60
STEP_S = 5


@dataclass(frozen=True, slots=True)
class Duty:
    """How a kind of vehicle works: ``busy`` missions per vehicle and day; minutes on the scene and at the hospital."""

    what: str
    busy: float
    scene: tuple[float, float]
    hospital: tuple[float, float] | None
    reach_m: float


@dataclass(frozen=True, slots=True)
class Seen:
    """What a vehicle does at a second: its state, where it is, how fast (km/h), since which second of the calendar."""

    state: str
    lon: float
    lat: float
    speed: float
    since: int
    mission: str


@dataclass(frozen=True, slots=True)
class _Phase:
    state: str
    start: float
    end: float
    path: Path | None
    node: int


# calls by local hour, as a share of the day's mean
_HOURS = (
    *(0.6, 0.5, 0.45, 0.45, 0.5, 0.65, 0.85, 1.1, 1.25, 1.3, 1.25, 1.2),
    *(1.15, 1.1, 1.1, 1.1, 1.2, 1.35, 1.45, 1.4, 1.25, 1.05, 0.9, 0.7),
)


class Fleet:
    """Vehicles with their home nodes; hospitals (nodes) where a mission may end."""

    def __init__(self, seed: int, duty: Duty, router: Router, homes: Sequence[int], hospitals: Sequence[int]) -> None:
        self.seed, self.duty, self.router = seed, duty, router
        self.homes, self.hospitals = list(homes), list(hospitals)
        self._around = {home: router.nodes_within(home, 400.0, duty.reach_m) for home in set(self.homes)}
        self._plan = lru_cache(maxsize=8192)(self._make)

    def _draws(self, day: int) -> tuple[Floats, Floats]:
        rng = rng_of(self.seed, "fleet", self.duty.what, day)
        return rng.random((len(self.homes), SLOTS)), rng.random((len(self.homes), SLOTS, 5))

    def _make(self, vehicle: int, day: int, slot: int) -> tuple[_Phase, ...]:
        chance, draw = _cached_draws(self, day)
        hour = (2 * slot - self._shift(vehicle) / 3600) % 24
        share = float(np.interp(hour + 1, np.arange(26) - 0.5, (_HOURS[-1], *_HOURS, _HOURS[0])))
        share *= self.duty.busy / SLOTS
        home = self.homes[vehicle]
        if chance[vehicle, slot] >= share or not self._around[home]:
            return ()
        start, where, scene, hospital, _ = draw[vehicle, slot].tolist()
        place = self._around[home][int(where * len(self._around[home]))]
        out = self.router.path(home, place)
        if out is None or out.duration > 1500:
            return ()
        begun = start * 900.0
        phases = [_Phase("called", begun, begun + 75, None, home)]
        self._drive(phases, "driving", out, place)
        self._stay(phases, "on_scene", self.duty.scene, scene, place)
        if self.duty.hospital and self.hospitals:
            target = min(self.hospitals, key=lambda node: self._apart(node, place))
            self._drive(phases, "transporting", self.router.path(place, target), target)
            self._stay(phases, "at_hospital", self.duty.hospital, hospital, target)
        self._drive(phases, "returning", self.router.path(phases[-1].node, home), home)
        return tuple(phases)

    def _apart(self, a: int, b: int) -> float:
        return float((self.router.lon[a] - self.router.lon[b]) ** 2 + (self.router.lat[a] - self.router.lat[b]) ** 2)

    @staticmethod
    def _drive(phases: list[_Phase], state: str, path: Path | None, to: int) -> None:
        if path is not None:
            start = phases[-1].end
            phases.append(_Phase(state, start, start + path.duration, path, to))

    @staticmethod
    def _stay(phases: list[_Phase], state: str, minutes: tuple[float, float], draw: float, node: int) -> None:
        start = phases[-1].end
        phases.append(_Phase(state, start, start + 60 * (minutes[0] + draw * (minutes[1] - minutes[0])), None, node))

    def at(self, vehicle: int, second: int) -> Seen:
        """What ``vehicle`` does at ``second`` of the calendar (local day ordinal times 86,400 plus second of day)."""
        shift = self._shift(vehicle)
        second += shift
        day, rest = divmod(second, 86_400)
        slot, inside = divmod(rest, SLOT)
        home = self.homes[vehicle]
        base = second - inside - shift
        if inside < LAST:
            for phase in self._plan(vehicle, day, slot):
                if phase.start <= inside < phase.end:
                    mission = f"{day}-{slot}-{vehicle}"
                    since = base + int(phase.start)
                    if phase.path is None:
                        lon, lat = self._spot(phase.node)
                        return Seen(phase.state, lon, lat, 0.0, since, mission)
                    return self._driving(phase, inside, since, mission)
        lon, lat = self._spot(home)
        return Seen("free", lon, lat, 0.0, base, "")

    def _shift(self, vehicle: int) -> int:
        """Seconds by which a vehicle's slots begin earlier than the day's."""
        return vehicle * 2621 % SLOT

    def _spot(self, node: int) -> tuple[float, float]:
        return round(float(self.router.lon[node]), 6), round(float(self.router.lat[node]), 6)

    def _driving(self, phase: _Phase, inside: float, since: int, mission: str) -> Seen:
        assert phase.path is not None
        lon, lat = phase.path.at(inside - phase.start)
        ahead, behind = phase.path.at(inside - phase.start + 5), phase.path.at(inside - phase.start - 5)
        east = (ahead[0] - behind[0]) * 103_900
        north = (ahead[1] - behind[1]) * 111_320
        return Seen(phase.state, lon, lat, round(float(np.hypot(east, north)) / 10 * 3.6), since, mission)


@lru_cache(maxsize=16)
def _cached_draws(fleet: Fleet, day: int) -> tuple[Floats, Floats]:
    return fleet._draws(day)


def clock_second(moment: datetime) -> tuple[int, str]:
    """The calendar second of a moment in local time, cut to five seconds, and its NGSI-LD stamp."""
    local = clock.local(moment)
    cut = local.second - local.second % STEP_S
    second = local.toordinal() * 86_400 + local.hour * 3600 + local.minute * 60 + cut
    return second, moment.astimezone(UTC).replace(second=cut, microsecond=0).strftime("%Y-%m-%dT%H:%M:%SZ")


def router_of(city: City, pace: float) -> Router:
    """The router of a city's roads, made once per process and shared between fleets of one pace."""
    if city.roads is None:
        raise RuntimeError("the roads step has not run yet")
    key = f"router-{pace}"
    if key not in city.shared:
        city.shared[key] = Router(city.roads, pace)
    router: Router = city.shared[key]
    return router


def spread(score: Floats, x: Floats, y: Floats, apart: float, most: int) -> Ints:
    """Indices of the best-scored points, each at least ``apart`` metres from the better ones, at most ``most``."""
    chosen: list[int] = []
    cells: dict[tuple[int, int], list[int]] = {}
    xs, ys = x.tolist(), y.tolist()
    for i in np.argsort(-score, kind="stable").tolist():
        cx, cy = int(xs[i] // apart), int(ys[i] // apart)
        near = [j for a in (-1, 0, 1) for b in (-1, 0, 1) for j in cells.get((cx + a, cy + b), ())]
        if all((xs[i] - xs[j]) ** 2 + (ys[i] - ys[j]) ** 2 >= apart * apart for j in near):
            chosen.append(i)
            cells.setdefault((cx, cy), []).append(i)
            if len(chosen) == most:
                break
    return np.array(chosen, dtype=np.int64)


def positions(fleet: Fleet, second: int, out: Sequence[int] = ()) -> list[Seen]:
    """What every vehicle of a fleet does; those with an index in ``out`` stand at home out of service."""
    seen = [fleet.at(vehicle, second) for vehicle in range(len(fleet.homes))]
    for i in out:
        lon, lat = fleet._spot(fleet.homes[i])
        seen[i] = Seen("out_of_service", lon, lat, 0.0, 0, "")
    return seen


def reports(kind: str, code: str, old: Sequence[Seen | None], new: Sequence[Seen], at: str) -> Iterator[Attributes]:
    """NGSI-LD updates for vehicles whose state, place or speed differ between two moments (None: not yet known)."""
    for i, (before, seen) in enumerate(zip(old, new, strict=True)):
        entity: Attributes = {"id": urn(kind, code, i), "type": kind}
        if before is None or before.state != seen.state:
            entity["state"] = prop(seen.state, at)
            entity["mission"] = prop(seen.mission or "none", at)
        if before is None or (before.lon, before.lat) != (seen.lon, seen.lat):
            entity["location"] = point(seen.lon, seen.lat, at)
        if before is None or before.speed != seen.speed:
            entity["speed"] = prop(seen.speed, at, "KMH")
        if len(entity) > 2:
            yield entity
