"""Periods, totals, intervals, bands and digests of figures. Pure."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from math import sqrt

from thanglong.core.measures.types import Measure, PeriodKind, Value, Window
from thanglong.kit import clock

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
