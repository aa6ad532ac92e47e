"""Questions about units. ``on`` is the day asked about (today when None); answers come from memory."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

import numpy as np
from numpy.typing import ArrayLike
from shapely.geometry.base import BaseGeometry

from thanglong.core.places.repository import snapshot
from thanglong.core.places.types import LOCAL_KINDS, Act, Found, Succession, Unit, UnitKind
from thanglong.kit.errors import N_, NotFound
from thanglong.kit.text import sort_key

_UNKNOWN = N_("There is no such unit. It may have another name now: try the search.")


def version() -> str:
    """A token that changes with any change of the places: for caches and ETags. Empty when there are none yet."""
    return snapshot.current().token


def unit(id: UUID, on: date | None = None) -> Unit:
    """The unit in its state on a day; in its last state when it was closed before. NotFound when it never existed
    (by then, when a day is given)."""
    found = snapshot.current().last(id, on)
    if found is None:
        raise NotFound(_UNKNOWN)
    return found


def states(id: UUID) -> tuple[Unit, ...]:
    """All states of a unit, oldest first; NotFound."""
    found = snapshot.current().states.get(id)
    if not found:
        raise NotFound(_UNKNOWN)
    return found


def units(
    *, kinds: Collection[UnitKind] | None = None, parent: UUID | None = None, on: date | None = None
) -> list[Unit]:
    """Units valid on a day, of some kinds, directly under ``parent``; from the whole to the part, then by name."""
    shot = snapshot.current().on(on)
    chosen = (shot.units[child] for child in shot.children.get(parent, ())) if parent else shot.units.values()
    return [item for item in chosen if kinds is None or item.kind in kinds]


def children(id: UUID, on: date | None = None) -> list[Unit]:
    """Units directly under a unit on a day."""
    return units(parent=id, on=on)


def city(on: date | None = None) -> Unit:
    """The city as a whole; NotFound before units have been imported.

    Before a merger of provinces there were several: then the one that lives on.
    """
    history = snapshot.current()
    cities = history.on(on).cities
    if not cities:
        raise NotFound(N_("There are no units yet. Import them with: thanglong places import FILE"))
    if len(cities) == 1:
        return cities[0]
    return max(cities, key=lambda item: (history.states[item.id][-1].valid_to is None, item.population or 0))


def wards(on: date | None = None) -> list[Unit]:
    """The territorial units of the lowest level (wards, communes, special zones), by name."""
    return units(kinds=LOCAL_KINDS, on=on)


def by_code(code: str, on: date | None = None, *, kinds: Collection[UnitKind] | None = None) -> Unit | None:
    """The unit that has a code on a day: a code may have been another unit's before."""
    found = snapshot.current().on(on).by_code.get(code, ())
    return next((item for item in found if kinds is None or item.kind in kinds), None)


def office(code: str, on: date | None = None) -> Unit | None:
    """The city office with a code such as ``lighting`` or ``police``; None when the city has none."""
    return by_code(code, on, kinds={UnitKind.OFFICE})


def subtree(id: UUID, on: date | None = None) -> frozenset[UUID]:
    """The unit and everything under it on a day."""
    return snapshot.current().on(on).subtree(id)


def ancestors(id: UUID, on: date | None = None) -> tuple[UUID, ...]:
    """What the unit stands under on a day, the nearest first."""
    return snapshot.current().on(on).ancestors(id)


def full_name(id: UUID, on: date | None = None) -> str:
    """The official name on a day, such as "Phường Cửa Nam"; the last one when the unit was closed before."""
    return unit(id, on).name


def unit_at(lon: float, lat: float, on: date | None = None) -> Unit | None:
    """The territorial unit of the lowest level that holds a point (degrees, WGS84); None outside the city."""
    return snapshot.current().on(on).shapes.at(lon, lat)


def units_at(lons: ArrayLike, lats: ArrayLike, on: date | None = None) -> list[UUID | None]:
    """For many points at once what :func:`unit_at` says of each, as ids."""
    shapes = snapshot.current().on(on).shapes
    found = shapes.find(np.asarray(lons, dtype=np.float64), np.asarray(lats, dtype=np.float64))
    ids: list[UUID | None] = [item.id for item in shapes.local]
    ids.append(None)
    return [ids[index] for index in found]


def boundary(id: UUID, on: date | None = None) -> BaseGeometry | None:
    """The outline of a unit (degrees, WGS84) on a day, or in its last state; None where none is known."""
    history = snapshot.current()
    state = history.last(id, on)
    if state is None:
        return None
    day = on if state.valid_on(on or state.valid_from) else None
    return history.on(day or state.valid_from).shapes.of.get(id)


def boundaries(on: date | None = None) -> list[tuple[Unit, BaseGeometry]]:
    """All units with an outline on a day, with it."""
    shapes = snapshot.current().on(on).shapes
    return list(zip(shapes.units, shapes.geometries, strict=True))


def outline(on: date | None = None) -> BaseGeometry | None:
    """The outline of the whole city on a day; None where none is known."""
    return snapshot.current().on(on).shapes.outline


def successors(id: UUID) -> list[Succession]:
    """Who took over a closed unit, the largest share first."""
    found = snapshot.current().successors.get(id, [])
    return sorted(found, key=lambda row: -(row.share_population or row.share_area or 0))


def predecessors(id: UUID) -> list[Succession]:
    """Whom a unit took over, the largest share first."""
    found = snapshot.current().predecessors.get(id, [])
    return sorted(found, key=lambda row: -(row.share_population or row.share_area or 0))


def search(text: str, on: date | None = None, limit: int = 10) -> list[Found]:
    """Units that have or ever had a name like ``text`` or this code: present ones first, past ones with successors.

    Marks may be left out, put in either place (Hòa, Hoà), and d typed for đ; names that agree in marks come first.
    """
    history = snapshot.current()
    shot = history.on(on)

    def rank(item: tuple[UUID, tuple[int, str]]) -> tuple[int, bool, object]:
        unit_id, (score, name) = item
        return score, unit_id not in shot.units, sort_key(name)

    result: list[Found] = []
    for unit_id, (_, name) in sorted(history.names.match(text).items(), key=rank)[:limit]:
        state = history.last(unit_id, on) or history.states[unit_id][0]
        after = [history.last(row.new, on) for row in successors(unit_id)]
        result.append(Found(state, name, tuple(item for item in after if item)))
    return result


def find(text: str, on: date | None = None, limit: int = 10) -> list[Unit]:
    """The units of :func:`search`."""
    return [found.unit for found in search(text, on, limit)]


def act(id: UUID) -> Act | None:
    """A legal act by id."""
    return snapshot.current().acts.get(id)


def acts() -> list[Act]:
    """All recorded acts, by day of effect."""
    return list(snapshot.current().acts.values())
