"""Who is reached in time: once an hour the reach of a service's stations and free units is looked at and kept.

The measures are means over the looks of a day, counted by people, so that the city's figure is the sum of its units'.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from django.db import transaction
from django.utils.translation import gettext

from thanglong.core.measures import service as measures
from thanglong.core.measures.types import Input, Measure, Value, Window
from thanglong.core.places import service as places
from thanglong.core.things import service as things
from thanglong.core.things.types import ThingQuery, plain, position
from thanglong.domains.roads import repository
from thanglong.domains.roads.service import network
from thanglong.domains.roads.types import Cover, Look
from thanglong.kit import clock, ids
from thanglong.kit.errors import N_
from thanglong.kit.ports import SYSTEM
from thanglong.kit.registry import Registry

MOST = 100_000
VEHICLE = "siren"
ENOUGH = 6
"""A day of fewer looks is called one of few records."""

followed: Registry[Cover] = Registry("service whose reach is measured")


def register(cover: Cover) -> None:
    """Have the reach of a service looked at each hour, and its measures known (call in ``apps.py``)."""
    followed.add(cover.key, cover)
    pairs = zip(cover.minutes, cover.station_titles, cover.unit_titles, strict=True)
    for i, (minutes, station_title, unit_title) in enumerate(pairs):
        column = 1 + i
        measures.register(_measure(cover, f"{cover.key}.stations_{minutes}", station_title, N_(
            "Of 100 people how many a vehicle with siren would reach in time, at the speeds of that moment, if one "
            "stood ready at each station. Says whether the stations lie well."), column, 20 + i))  # fmt: skip
        measures.register(_measure(cover, f"{cover.key}.free_{minutes}", unit_title, N_(
            "Of 100 people how many would be reached in time by a unit that was free at that moment, from where it "
            "was, with siren. Says where the city stands bare while units are away."), column + len(cover.minutes),
            10 + i))  # fmt: skip


def keys(cover: Cover) -> list[str]:
    """The measures of a service's reach."""
    return [f"{cover.key}.{what}_{minutes}" for what in ("stations", "free") for minutes in cover.minutes]


def _measure(cover: Cover, key: str, title: str, about: str, column: int, order: int) -> Measure:
    def compute(window: Window) -> Iterable[Value]:
        found: dict[tuple[date, UUID], list[tuple[Look, float, float]]] = defaultdict(list)
        for look in repository.looks(cover.key, window.start, window.end):
            for unit, row in look.reached.items():
                if look.minutes == cover.minutes and (window.units is None or unit in window.units):
                    found[clock.day_of(look.at), unit].append((look, row[column], row[0]))
        for (day, unit), rows in sorted(found.items()):
            reached, whole = sum(row[1] for row in rows) / len(rows), sum(row[2] for row in rows) / len(rows)
            value = 100 * reached / whole if whole else None
            yield Value(unit, day, value, len(rows), reached, whole, [_line(*row) for row in rows])

    def inputs(unit: UUID, day: date) -> Sequence[Input]:
        start = datetime.combine(day, time(), clock.zone())
        return [
            Input(_line(look, row[column], row[0]), _told(look, row[column], row[0]), look.at,
                  100 * row[column] / row[0] if row[0] else 0.0)
            for look in repository.looks(cover.key, start, start + timedelta(days=1))
            if look.minutes == cover.minutes and (row := look.reached.get(unit)) is not None
        ]  # fmt: skip

    return Measure(
        key=key, title=title, unit="%", direction=1, period="day", compute=compute, inputs=inputs, about=about,
        formula=N_("people reached ÷ people, mean of the looks of the day"), numerator=N_("people reached"),
        denominator=N_("people"), scale=100.0, domain=cover.key, icon="clock", small=ENOUGH, order=order,
    )  # fmt: skip


def _line(look: Look, reached: float, whole: float) -> str:
    return f"{look.id} {reached} {whole}"


def _told(look: Look, reached: float, whole: float) -> str:
    return gettext("%(reached)s of %(whole)s people reached, %(n)d units free in the city") % {
        "reached": round(reached), "whole": round(whole), "n": look.free}  # fmt: skip


@dataclass
class _Kept:
    key: Any = None
    ground: Any = None


_kept = _Kept()


def _ground(engine: Any, bit: int) -> Any:
    """The streets with their units, made again when the network or the units change."""
    from thanglong.domains.roads.rules.covering import ground_of

    global _kept
    key = (network.version(), places.version(), clock.today())
    if _kept.key != key:
        net = engine.network
        lon, lat = (net.lon[net.u] + net.lon[net.v]) / 2, (net.lat[net.u] + net.lat[net.v]) / 2
        owners = places.units_at(lon, lat)
        people = {unit: places.unit(unit).population for unit in set(owners) if unit is not None}
        _kept = _Kept(key, ground_of(engine, bit, owners, people))
    return _kept.ground


def look(cover: Cover) -> Look | None:
    """Look at a service now; None while there is no network, no station of it, or no unit of the city has streets."""
    from thanglong.domains.roads.rules.covering import covered
    from thanglong.domains.roads.service import routing

    try:
        engine, view = routing.engine(), routing.view(VEHICLE)
    except routing.NoNetwork:
        return None
    found = {
        kinds: things.query(SYSTEM, ThingQuery(types=kinds, limit=MOST)) for kinds in (cover.stations, cover.units)
    }
    stations = [at for entity in found[cover.stations] if (at := position(entity))]
    free = [at for entity in found[cover.units] if plain(entity, "state") in cover.ready and (at := position(entity))]
    ground = _ground(engine, view.vehicle.bit)
    if not stations or not ground.units:
        return None
    columns = [ground.weight]
    for spots in (stations, free):
        starts = engine.places([at[0] for at in spots], [at[1] for at in spots], view.vehicle)
        columns += covered(engine, view, ground, starts, cover.minutes)
    rows = np.round(np.column_stack(columns), 2).tolist()
    reached = {unit: tuple(row) for unit, row in zip(ground.units, rows, strict=True)}
    return Look(ids.new_id(), cover.key, clock.now(), network.version(), len(free), cover.minutes, reached)


def look_around() -> int:
    """Look at every service not yet looked at in this hour and count the running day anew; how many were looked at."""
    done = 0
    for cover in followed:
        hour = clock.now().replace(minute=0, second=0, microsecond=0)
        if repository.looked(cover.key, hour):
            continue
        seen = look(cover)
        if seen is None:
            continue
        with transaction.atomic():
            repository.keep_look(seen, hour)
            for key in keys(cover):
                measures.recompute(key, clock.day_of(seen.at))
        done += 1
    return done
