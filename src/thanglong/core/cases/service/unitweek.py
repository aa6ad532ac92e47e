"""A unit's week for its head: load, lateness, satisfaction, and like units beside it."""

from datetime import date, datetime, time, timedelta
from uuid import UUID

from thanglong.core.cases.repository import unitweek as repository
from thanglong.core.cases.rules.buckets import day_end
from thanglong.core.cases.types import Hand, UnitWeek
from thanglong.core.places import service as places
from thanglong.core.places.types import Unit
from thanglong.kit import clock, ports
from thanglong.kit.ports import Actor

WEEKS, COMPARED_DAYS, LIKE = 12, 28, 12
MAX_URGENT = 6


def week_start(day: date) -> datetime:
    """Midnight of the Monday of a day's week, aware."""
    return datetime.combine(day - timedelta(days=day.weekday()), time(), clock.zone())


def similar_units(unit: Unit) -> list[UUID]:
    """The units of the same kind whose population is nearest to the unit's, itself first."""
    others = [other for other in places.units(kinds=[unit.kind]) if other.id != unit.id]
    mine = unit.population or 0

    def distance(other: Unit) -> tuple[int, str]:
        return abs((other.population or 0) - mine), other.code

    return [unit.id, *(other.id for other in sorted(others, key=distance)[: LIKE - 1])]


def unit_week(actor: Actor, unit: UUID, day: date | None = None) -> UnitWeek:
    """The week of ``day`` (today) in a unit. Needs ``measures.view`` there; like units appear by their figures only."""
    ports.require(actor, "measures.view", unit)
    now = clock.now()
    start = week_start(day or clock.today())
    end = start + timedelta(days=7)
    evening = day_end(clock.local(now))
    total, late, today, waiting = repository.open_figures(unit, now, evening)
    upto = min(end, now)
    return UnitWeek(
        unit=unit,
        start=start,
        end=end,
        now=now,
        open=total,
        late=late,
        today=today,
        waiting=waiting,
        opened=repository.opened(unit, start, end),
        finished=repository.finished(unit, start - timedelta(weeks=WEEKS - 1), end),
        hands=[Hand(*row) for row in repository.hands(unit, now, evening)],
        urgent=repository.urgent(unit, now, MAX_URGENT),
        similar=repository.paces(similar_units(places.unit(unit)), upto - timedelta(days=COMPARED_DAYS), upto),
    )
