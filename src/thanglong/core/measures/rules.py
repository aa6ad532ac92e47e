"""Periods, totals, intervals, bands and digests of figures. Pure."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from math import sqrt
from uuid import UUID

import numpy as np

from thanglong.core.measures.types import Correction, Figure, Measure, PeriodKind, Value, Window
from thanglong.kit import clock
from thanglong.solve import rebasing, suppression

Z95 = 1.959964


MONTHS = {"month": 1, "quarter": 3, "year": 12}


def period_of(day: date, kind: PeriodKind) -> date:
    """The first day of the period in which ``day`` lies."""
    if kind == "day":
        return day
    step = MONTHS[kind]
    return date(day.year, (day.month - 1) // step * step + 1, 1)


def following(period: date, kind: PeriodKind, steps: int = 1) -> date:
    """The first day of the period ``steps`` later (earlier when negative)."""
    if kind == "day":
        return period + timedelta(days=steps)
    months = period.year * 12 + period.month - 1 + steps * MONTHS[kind]
    return date(months // 12, months % 12 + 1, 1)


def coarser(item: Measure) -> list[PeriodKind]:
    """The kinds of period a measure can be shown by: its own and those made of whole ones of its own."""
    kinds: list[PeriodKind] = ["day", "month", "quarter", "year"]
    return kinds[kinds.index(item.period) :]


def periods(first: date, last: date, kind: PeriodKind) -> list[date]:
    """Every period from ``first`` to ``last``, both included."""
    found, period = [], period_of(first, kind)
    while period <= last:
        found.append(period)
        period = following(period, kind)
    return found


def start_of(period: date) -> datetime:
    """Midnight at which a period begins, aware."""
    return datetime.combine(period, time(), clock.zone())


def window(measure: Measure, first: date, last: date, units: Iterable[object] | None = None) -> Window:
    """The window from period ``first`` to period ``last``."""
    end = start_of(following(last, measure.period))
    chosen = None if units is None else frozenset(units)
    return Window(first, last, start_of(first), end, chosen)  # type: ignore[arg-type]


def digest(inputs: Iterable[str]) -> str:
    """Hex SHA-256 over the inputs, one a line, in a fixed order."""
    return hashlib.sha256("\n".join(sorted(inputs)).encode()).hexdigest()


def total(measure: Measure, values: Sequence[Value]) -> tuple[float | None, float | None, float | None, int]:
    """Value, numerator, denominator and n of several units together: the city's figure."""
    n = sum(value.n for value in values)
    if measure.total == "sum":
        known = [value.value for value in values if value.value is not None]
        return (sum(known) if known else None), None, None, n
    numerator = sum(value.numerator or 0.0 for value in values)
    denominator = sum(value.denominator or 0.0 for value in values)
    if not denominator:
        return None, numerator, denominator, n
    return measure.scale * numerator / denominator, numerator, denominator, n


def interval(measure: Measure, numerator: float | None, denominator: float | None) -> tuple[float, float] | None:
    """The 95 % interval (Wilson) of a share; None for other measures and without records."""
    if measure.unit != "%" or not denominator or numerator is None or not 0 <= numerator <= denominator:
        return None
    n, share = denominator, numerator / denominator
    centre = (share + Z95**2 / (2 * n)) / (1 + Z95**2 / n)
    half = Z95 * sqrt(share * (1 - share) / n + Z95**2 / (4 * n * n)) / (1 + Z95**2 / n)
    return measure.scale * max(centre - half, 0.0), measure.scale * min(centre + half, 1.0)


def edges(measure: Measure, values: Sequence[float]) -> list[float]:
    """Five borders of six bands, worst to best, the target between the third and the fourth.

    Round steps on both sides of the target, wide enough for the values; without a target, round sixths of their range.
    """
    if not values:
        return []
    low, high = min(values), max(values)
    if measure.target is None:
        step = _round_step((high - low) / 6 or 1.0)
        first = low + step if measure.direction > 0 else high - step
        return [round(first + measure.direction * step * place, 6) for place in range(5)]
    worse = abs(measure.target - (low if measure.direction > 0 else high))
    better = abs((high if measure.direction > 0 else low) - measure.target)
    down, up = _round_step(worse / 4 or 1.0), _round_step(better / 3 or 1.0)
    if measure.unit == "%" and measure.direction > 0:
        up = min(up, (100 - measure.target) / 3)
    sign = measure.direction
    return [round(measure.target + sign * step, 6) for step in (-3 * down, -2 * down, -down, 0, up)]


def _round_step(value: float) -> float:
    magnitude = 10.0 ** len(str(int(value))) / 10 if value >= 1 else 0.1
    for factor in (0.1, 0.2, 0.5, 1, 2, 5, 10):
        if factor * magnitude >= value:
            return round(factor * magnitude, 6)
    return round(10 * magnitude, 6)


def band(measure: Measure, borders: Sequence[float], value: float | None, n: int) -> int:
    """0 (far worse than the target) to 5 (far better); -1 when too few records stand behind the value."""
    if value is None or n < measure.small or not borders:
        return -1
    return sum(measure.direction * value >= measure.direction * border for border in borders)


def inside(measure: Measure, value: float, margin: float = 0.0) -> bool:
    """Whether a value lies in the measure's band, by ``margin``."""
    if measure.band is None:
        return True
    low, high = measure.band
    return (low is None or low + margin <= value) and (high is None or value <= high - margin)


def corrected(item: Measure, figure: Figure, held: Correction | None) -> Figure:
    """The figure as a correction sets it: the denominator stays, the numerator follows from the value."""
    if held is None:
        return figure
    numerator = figure.numerator
    if item.total == "ratio" and figure.denominator:
        numerator = held.value * figure.denominator / item.scale
    return replace(figure, value=held.value, numerator=numerator, corrected=held)


def summed(item: Measure, figures: Sequence[Figure], unit: UUID, period: date) -> Figure:
    """Several figures as one: what can be added is added, never averaged."""
    value, numerator, denominator, n = total(item, [as_value(figure) for figure in figures])
    entries = {figure.ledger_entry for figure in figures}
    return Figure(
        item.key, unit, period, value, numerator, denominator, n, max(figure.computed_at for figure in figures),
        digest(figure.digest for figure in figures), entries.pop() if len(entries) == 1 else None,
        next((figure.corrected for figure in figures if figure.corrected), None),
    )  # fmt: skip


def as_value(figure: Figure) -> Value:
    """A stored figure as a value, for totals."""
    return Value(figure.unit, figure.period, figure.value, figure.n, figure.numerator, figure.denominator)


def by_kind(item: Measure, figures: Sequence[Figure], kind: PeriodKind) -> list[Figure]:
    """Figures of a measure's own periods as those of a coarser kind, by period and unit."""
    if kind == item.period:
        return list(figures)
    groups: dict[tuple[date, UUID], list[Figure]] = {}
    for figure in figures:
        groups.setdefault((period_of(figure.period, kind), figure.unit), []).append(figure)
    return [summed(item, some, unit, period) for (period, unit), some in sorted(groups.items())]


def rebased(item: Measure, figures: Sequence[Figure], shares: Mapping[UUID, Mapping[UUID, float]]) -> list[Figure]:
    """Figures counted for the units that exist now: sums move by shares, ratios as numerator and denominator apart.

    Figures of units that did not change stay as they are. Counts that are whole stay whole (largest remainder), so the
    city's sum is the same on either geography.
    """
    periods: dict[date, list[Figure]] = {}
    for figure in figures:
        periods.setdefault(figure.period, []).append(figure)
    found = []
    for period, some in sorted(periods.items()):
        moved = {figure.unit for figure in some if set(shares.get(figure.unit, {figure.unit: 1.0})) != {figure.unit}}
        touched = {new for unit in moved for new in shares[unit]} | moved
        found += [figure for figure in some if figure.unit not in touched]
        found += _moved(item, [figure for figure in some if figure.unit in touched], shares, period)
    return sorted(found, key=lambda figure: (figure.period, figure.unit))


def _moved(
    item: Measure, some: Sequence[Figure], shares: Mapping[UUID, Mapping[UUID, float]], period: date
) -> list[Figure]:
    if not some:
        return []

    def sums(values: Mapping[UUID, float]) -> Mapping[UUID, float]:
        moved = rebasing.rebase(values, shares)
        whole = all(float(value).is_integer() for value in values.values())
        return {unit: float(n) for unit, n in rebasing.whole(moved).items()} if whole else moved

    counts = sums({figure.unit: float(figure.n) for figure in some})
    if item.total == "sum":
        values = sums({figure.unit: figure.value for figure in some if figure.value is not None})
        above, below = {}, {}
    else:
        above = rebasing.rebase({figure.unit: figure.numerator or 0.0 for figure in some}, shares)
        below = rebasing.rebase({figure.unit: figure.denominator or 0.0 for figure in some}, shares)
        values = {unit: item.scale * above[unit] / size for unit, size in below.items() if size}
    at, inputs = max(figure.computed_at for figure in some), digest(f"{figure.unit}:{figure.digest}" for figure in some)
    return [
        Figure(item.key, unit, period, values.get(unit), above.get(unit), below.get(unit), int(n), at, inputs)
        for unit, n in counts.items()
    ]


def withheld(item: Measure, months: Sequence[Figure], kind: PeriodKind) -> set[tuple[UUID, date]]:
    """Which figures of a kind of period may not be published; ``months`` are all figures of whole years."""
    if not item.least or not months:
        return set()
    first, last = months[0].period.year, months[-1].period.year
    units = sorted({figure.unit for figure in months})
    place = {unit: n for n, unit in enumerate(units)}
    counts = np.zeros((len(units), 12 * (last - first + 1)), np.int64)
    for figure in months:
        counts[place[figure.unit], 12 * (figure.period.year - first) + figure.period.month - 1] += figure.n
    masks = dict(zip(("year", "quarter", "month"), suppression.nested(counts, item.least), strict=True))
    rows, columns = np.nonzero(masks["month" if kind == "day" else kind])
    step = MONTHS.get(kind, 1)
    return {
        (units[row], date(first + column * step // 12, column * step % 12 + 1, 1))
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
    }
