"""Counting by day: measures over the same records are counted in one reading, a period is the sum of its days."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from math import nan
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from thanglong.core.measures import rules
from thanglong.core.measures.repository import blocks
from thanglong.core.measures.types import Measure, Records
from thanglong.kit import clock
from thanglong.solve import tally

ONE = timedelta(days=1)
NONE = (0, "")
Units = set[UUID] | None
Days = Mapping[date, Units]


def read_days(items: Sequence[Measure], days: Sequence[date], units: Units) -> dict[tuple[str, date], tally.Array]:
    """Blocks of some days of measures that share their records; ``days`` are read in one go, first to last."""
    records: Records = items[0].records  # type: ignore[assignment]
    start, end = rules.start_of(min(days)), rules.start_of(max(days) + ONE)
    by_day: dict[date, list[Any]] = {day: [] for day in days}
    for record in records.read(start, end, units):
        found = by_day.get(clock.day_of(records.moment(record)))
        if found is not None:
            found.append(record)
    made: dict[tuple[str, date], tally.Array] = {}
    for day, some in by_day.items():
        ids, of = tally.keys([one.id.bytes for one in some]), tally.keys([one.unit.bytes for one in some])
        order = tally.order(of, ids)
        ids, of, some = ids[order], of[order], [some[place] for place in order]
        for item in items:
            made[item.key, day] = tally.count(of, ids, _counted(item, some))
    return made


def _counted(item: Measure, some: Sequence[Any]) -> NDArray[np.float64]:
    """What the records count, NaN for those that do not."""
    counts = item.counts
    if counts is None:
        raise RuntimeError(f"measure {item.key} names records but not what they count")
    return np.array([nan if (value := counts(one)) is None else value for one in some], np.float64)


def recount(items: Sequence[Measure], days: Days) -> int:
    """Count days of measures over the same records again (None: every unit) and the periods they lie in.

    Only figures that became others are written. How many figures were looked at.
    """
    if not days:
        return 0
    fresh = _fresh(items, days)
    seen = 0
    for item in items:
        for period in sorted({rules.period_of(day, item.period) for day in days}):
            seen += _sum(item, period, fresh, days)
    return seen


def _fresh(items: Sequence[Measure], days: Days) -> dict[tuple[str, date], tally.Array]:
    """The new blocks of the days, kept; days of their periods that have no block yet are read, too."""
    periods = sorted({rules.period_of(day, items[0].period) for day in days})
    have: dict[tuple[str, date], tally.Array] = {}
    for period in periods:
        end = rules.following(period, items[0].period)
        for item in items:
            have.update({(item.key, day): block for day, block in blocks.blocks(item.key, period, end).items()})
    made: dict[tuple[str, date], tally.Array] = {}
    missing = [day for period in periods for day in _days(items[0], period) if (items[-1].key, day) not in have
               or (items[0].key, day) not in have]  # fmt: skip
    if missing:
        made |= read_days(items, missing, None)
    some = [day for day in days if day not in set(missing)]
    for day in some:
        units = days[day]
        part = read_days(items, [day], units)
        if units is not None:
            touched = tally.keys([unit.bytes for unit in units])
            part = {key: tally.put(have[key], block, touched) for key, block in part.items()}
        made |= part
    blocks.keep_blocks(made)
    return have | made


def _days(item: Measure, period: date) -> list[date]:
    end, found, day = rules.following(period, item.period), [], period
    while day < end:
        found.append(day)
        day += ONE
    return found


def _sum(item: Measure, period: date, fresh: Mapping[tuple[str, date], tally.Array], days: Days) -> int:
    """Sum a period's days and write what became another figure."""
    block = tally.join([fresh[item.key, day] for day in _days(item, period)])
    before = blocks.standing(item.key, period)
    rows, now = [], set()
    adds = item.total == "sum"
    units, digests = block["unit"].tobytes().hex(), block["digest"].tobytes().hex()
    numbers = zip(block["numerator"].tolist(), block["denominator"].tolist(), block["n"].tolist(), strict=True)
    text = period.isoformat()
    for place, (numerator, denominator, n) in enumerate(numbers):
        unit, digest = units[32 * place : 32 * place + 32], digests[64 * place : 64 * place + 64]
        now.add(unit)
        if before.get(unit, NONE)[1] == digest:
            continue
        value = numerator if adds else item.scale * numerator / denominator
        known = (None, None) if adds else (numerator, denominator)
        rows.append((item.key, unit, text, value, *known, n, digest))
    blocks.write(rows, before, clock.now())
    if gone := before.keys() - now:
        blocks.of_units(item.key, period, [UUID(unit) for unit in gone])
    return len(block)


def together(items: Iterable[Measure]) -> list[list[Measure]]:
    """Measures in groups that share records and the kind of period."""
    groups: dict[tuple[str, str], list[Measure]] = defaultdict(list)
    for item in items:
        if item.records is not None and item.counts is not None:
            groups[item.records.name, item.period].append(item)
    return list(groups.values())


def everything(item: Measure, first: date, last: date) -> int:
    """Count a measure anew from period ``first`` to ``last``, reading period by period; how many figures."""
    blocks.forget_blocks(item.key, first)
    done = 0
    for period in rules.periods(first, last, item.period):
        done += recount([item], {period: None})
    return done


def digest_of(item: Measure, pairs: Iterable[tuple[date, UUID, float]], period: date) -> str:
    """The digest a figure must have whose records are ``(day, id, counted)``."""
    by_day: dict[date, list[tuple[bytes, float]]] = defaultdict(list)
    for day, id, counted in pairs:
        by_day[day].append((id.bytes, counted))
    unit = bytes(16)
    made = []
    for day in _days(item, period):
        some = sorted(by_day.get(day, ()))
        ids = tally.keys([id for id, _ in some])
        made.append(tally.count(tally.keys([unit] * len(some)), ids, np.array([value for _, value in some], float)))
    found = tally.join(made)
    return bytes(found["digest"][0].tobytes()).hex() if len(found) else ""


__all__ = ["digest_of", "everything", "read_days", "recount", "together"]
