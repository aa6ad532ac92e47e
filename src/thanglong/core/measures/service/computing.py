"""Computing: everything since a day, or only what changed; and closing periods with a ledger entry."""

import logging
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from uuid import UUID

from thanglong.core.cases import service as cases
from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import ObjectRef
from thanglong.core.measures import repository, rules
from thanglong.core.measures.service import tallying
from thanglong.core.measures.service.catalogue import definitions, measure, registered
from thanglong.core.measures.service.correcting import overlay
from thanglong.core.measures.types import Figure, Measure, Value
from thanglong.kit import clock
from thanglong.kit.ports import SYSTEM

log = logging.getLogger(__name__)
CURSOR = "cases"
BATCH = 500
CELLS = 5_000
RECORDS = "="
SOME = UUID(int=0)


def _keep(item: Measure, values: Iterable[Value], wanted: set[tuple[UUID, date]] | None = None) -> int:
    """Store computed values; asked cells that came back empty are removed."""
    found = [(value, rules.digest(value.inputs)) for value in values]
    repository.save(item.key, found, clock.now())
    if wanted is not None:
        gone: dict[date, list[UUID]] = defaultdict(list)
        for unit, period in wanted - {(value.unit, value.period) for value, _ in found}:
            gone[period].append(unit)
        for period, units in gone.items():
            repository.remove(item.key, period, units)
    return len(found)


def recompute(key: str, since: date) -> int:
    """Compute a measure anew for every unit from the period of ``since`` until now; the number of figures."""
    item = measure(key)
    first, last = rules.period_of(since, item.period), rules.period_of(clock.today(), item.period)
    with repository.atomic():
        if item.records is not None:
            return tallying.everything(item, first, last)
        return _keep(item, item.compute(rules.window(item, first, last)))


def follow_cases(limit: int = BATCH) -> int:
    """Read the change log of cases on and note which figures it touches; how many changes were read.

    Measures over the same records are noted once, by day; the others each by period.
    """
    seen = repository.cursor(CURSOR)
    changes = cases.changes(seen, limit)
    if not changes:
        return 0
    by_type: dict[str, list[Measure]] = defaultdict(list)
    for item in registered:
        for key in item.case_types:
            by_type[key].append(item)
    touched = sorted({change.case_id for change in changes if change.type in by_type})
    cells = {_cell(item, step.unit, step.day) for step in cases.footprints(touched) for item in by_type[step.type]}
    with repository.atomic():
        repository.mark(sorted(cells))
        repository.set_cursor(CURSOR, changes[-1].seq)
    return len(changes)


def _cell(item: Measure, unit: UUID, day: date) -> tuple[str, UUID, date]:
    if item.records is not None:
        return RECORDS + item.records.name[: 80 - len(RECORDS)], unit, day
    return item.key, unit, rules.period_of(day, item.period)


def touch(name: str, cells: Iterable[tuple[UUID, date]]) -> None:
    """Note that records of this ``name`` changed in units on days: for sources that are not cases.

    Call it in the transaction that changes the records.
    """
    repository.mark(sorted((RECORDS + name[: 80 - len(RECORDS)], unit, day) for unit, day in cells))


def _compute_dirty() -> int:
    with repository.atomic():
        cells = repository.take_dirty(CELLS)
        groups: dict[tuple[str, date], set[UUID]] = defaultdict(set)
        for key, unit, period in cells:
            groups[key, period].add(unit)
        for (key, period), units in groups.items():
            item = registered.get(key)
            if item is None or key.startswith(RECORDS):
                continue
            wanted = {(unit, period) for unit in units}
            _keep(item, item.compute(rules.window(item, period, period, units)), wanted)
        for items in tallying.together(registered):
            name = _cell(items[0], SOME, date.min)[0]
            days = {day: units for (key, day), units in groups.items() if key == name}
            tallying.recount(items, days)
    return len(cells)


def work(rounds: int = 20) -> int:
    """Follow what changed and compute only that; called every few seconds. How many figures were computed."""
    done = 0
    for _ in range(rounds):
        read, computed = follow_cases(), _compute_dirty()
        done += computed
        if not read and not computed:
            break
    return done


def close_periods() -> int:
    """Enter the figures of every ended period into the ledger, one entry for a measure's period; how many entries.

    A figure that changes later loses its entry, and its period gets a new one.
    """
    entries = 0
    for item in definitions():
        present = rules.period_of(clock.today(), item.period)
        for period in repository.open_periods(item.key, present):
            with repository.atomic():
                figures = overlay(item, repository.figures(item.key, first=period, last=period))
                entries += _close(item, period, figures)
    return entries


def _close(item: Measure, period: date, figures: list[Figure]) -> int:
    revised = any(figure.ledger_entry is not None for figure in figures)
    lines = [f"{figure.unit}:{figure.value}:{figure.n}:{figure.digest}" for figure in figures]
    value, numerator, denominator, n = rules.total(item, [rules.as_value(figure) for figure in figures])
    facts = {
        "measure": item.key,
        "period": period.isoformat(),
        "version": item.version,
        "units": len(figures),
        "n": n,
        "value": None if value is None else round(value, 6),
        "digest": rules.digest(lines),
    }
    verb = "measure.revised" if revised else "measure.closed"
    ref = ObjectRef("measure", f"{item.key}/{period.isoformat()}")
    after = {"numerator": numerator, "denominator": denominator, "figures": sorted(lines)}
    entry = ledger.append(SYSTEM, verb, ref, after=after, facts=facts)
    repository.close(item.key, period, entry.id)
    return 1
