"""Ways and times for everybody who drives: asked with places in degrees, answered with the streets of this minute."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from thanglong.domains.roads import repository
from thanglong.domains.roads.service import live
from thanglong.domains.roads.service import network as present
from thanglong.domains.roads.types import Reached, Timed
from thanglong.kit import ports
from thanglong.kit.errors import N_, Conflict, Fault, Invalid, NotFound, Unavailable
from thanglong.kit.ports import Actor
from thanglong.solve.routing.compiled import CLOSED
from thanglong.solve.routing.engine import Engine, Places, Route, View
from thanglong.solve.routing.engine import nearest as smallest
from thanglong.solve.routing.weights import PROFILES

Point = tuple[float, float]


class NoNetwork(Conflict):
    """Nobody has imported roads yet."""


class NotReady(Unavailable):
    """The streets are being put in order by another thread."""


PATIENCE_S = 3.0
"""A request waits so long for the streets; loading them takes less, compiling the loops once takes longer."""

MOST_PAIRS = 250_000
MOST_POINTS = 5000
MOST_MINUTES = 60


@dataclass
class _Kept:
    version: str = ""
    engine: Engine | None = None
    views: dict[str, tuple[live.Streets | None, View]] = field(default_factory=dict)
    warm: bool = False


_kept = _Kept()
_lock, _warm_lock = threading.Lock(), threading.Lock()


def engine() -> Engine:
    """The routing engine of the present network, made when first asked for; NoNetwork without one."""
    global _kept
    current = present.version()
    if not current:
        raise NoNetwork(N_("There is no road network yet. Import one with “thanglong roads import”."))
    kept = _kept
    if kept.version == current and kept.engine is not None:
        return kept.engine
    with _lock:
        if _kept.version != current or _kept.engine is None:
            rank = repository.read_rank(current)
            made = Engine(repository.read_network(present.load()), rank)
            if rank is None:
                repository.write_rank(current, made.rank)
            _kept = _Kept(current, made)
        assert _kept.engine is not None
        return _kept.engine


_warming: threading.Thread | None = None


def ready(patience: float = PATIENCE_S) -> None:
    """Return when questions can be answered at once; NotReady after ``patience`` seconds, NoNetwork without streets.

    For requests: whatever has to be read, ordered or compiled first is done once, in a thread of its own.
    """
    global _warming
    current = present.version()
    if not current or (_kept.version == current and _kept.warm):
        engine()
        return
    with _warm_lock:
        if _warming is None or not _warming.is_alive():
            _warming = threading.Thread(target=_warm, name="streets", daemon=True)
            _warming.start()
        working = _warming
    working.join(patience)
    if working.is_alive():
        raise NotReady(N_("The streets are being made ready. Try again in half a minute."))
    engine()


def _warm() -> None:
    """Make the engine, and run each kind of question once, so that nothing is left to compile."""
    made, kept = engine(), _kept
    city = made.view(PROFILES["car"])
    drivable = made.arcs.tail[(made.arcs.access & city.vehicle.bit) > 0][:1]
    spot = made.places(made.network.lon[drivable], made.network.lat[drivable], city.vehicle)
    made.times(city, spot, spot, made.pin(spot))
    made.route(city, spot, spot)
    arc, share, _ = made.reachable(city, spot, 60_000)
    made.area(arc, share)
    kept.warm = True


def view(vehicle: str = "car", *, now: bool = True) -> View:
    """The city for a kind of vehicle: at the speeds and with the closures of this moment, or (``now`` False) empty.

    Made anew only when the city database changed; whoever holds the old one goes on with the old state, whole.
    """
    made = engine()
    if vehicle not in PROFILES:
        known = ", ".join(PROFILES)
        raise Invalid([Fault("vehicle", N_("Choose among: %(known)s."), {"known": known})])
    streets = live.update(made) if now else None
    kept = _kept
    key = vehicle if now else f"{vehicle} empty"
    found = kept.views.get(key)
    if found is None or found[0] is not streets:
        found = (streets, _made(made, vehicle, streets))
        if kept.engine is made:
            kept.views[key] = found
    return found[1]


def _made(made: Engine, vehicle: str, streets: live.Streets | None) -> View:
    if streets is None:
        return made.view(PROFILES[vehicle])
    profile = PROFILES[vehicle]
    return made.view(profile, streets.share, streets.closed_to(profile.bit).nonzero()[0])


def _places(city: View, points: Sequence[Point], field: str) -> Places:
    if not points or len(points) > MOST_POINTS:
        raise Invalid([Fault(field, N_("Give between 1 and %(most)d places."), {"most": MOST_POINTS})])
    if not all(-180 <= lon <= 180 and -90 <= lat <= 90 for lon, lat in points):
        raise Invalid([Fault(field, N_("Give longitude and latitude in degrees."))])
    return engine().places([lon for lon, _ in points], [lat for _, lat in points], city.vehicle)


def route(actor: Actor, start: Point, end: Point, vehicle: str = "car", *, now: bool = True) -> Route:
    """The quickest way between two places (permission things.view); NotFound when there is none."""
    ports.require(actor, "things.view")
    city = view(vehicle, now=now)
    found = engine().route(city, _places(city, [start], "from"), _places(city, [end], "to"))
    if found is None:
        raise NotFound(N_("There is no way between these places for this vehicle."))
    return found


def times(
    actor: Actor, starts: Sequence[Point], ends: Sequence[Point], vehicle: str = "car", *, now: bool = True
) -> list[list[int | None]]:
    """Milliseconds from each start to each end, None where there is no way (permission things.view)."""
    ports.require(actor, "things.view")
    if len(starts) * len(ends) > MOST_PAIRS:
        raise Invalid(N_("Ask for at most %(most)d pairs of places at once."), most=MOST_PAIRS)
    city = view(vehicle, now=now)
    found = engine().times(city, _places(city, starts, "from"), _places(city, ends, "to"))
    return [[ms if ms < CLOSED else None for ms in row] for row in found.tolist()]


def nearest(
    actor: Actor, starts: Sequence[Point], end: Point, most: int = 5, vehicle: str = "car", *, now: bool = True
) -> list[Timed]:
    """The ``most`` starts that reach a place first, the quickest first (permission things.view)."""
    ports.require(actor, "things.view")
    city = view(vehicle, now=now)
    found = engine().times(city, _places(city, starts, "from"), _places(city, [end], "to"))
    return [Timed(index, ms) for index, ms in smallest(found[:, 0], most)]


def isochrone(
    actor: Actor, start: Point, minutes: Sequence[float], vehicle: str = "car", *, now: bool = True
) -> list[Reached]:
    """What can be reached within each number of minutes, as areas (permission things.view)."""
    ports.require(actor, "things.view")
    if not minutes or not all(0 < m <= MOST_MINUTES for m in minutes):
        raise Invalid([Fault("minutes", N_("Give between 0 and %(most)d minutes."), {"most": MOST_MINUTES})])
    city, made = view(vehicle, now=now), engine()
    at = _places(city, [start], "from")
    result = []
    for m in sorted(minutes):
        arc, share, _ = made.reachable(city, at, round(m * 60_000))
        length: Any = made.network.length[made.arcs.stretch[arc]] * share
        result.append(Reached(m, round(float(length.sum()) / 1000, 1), made.area(arc, share)))
    return result
