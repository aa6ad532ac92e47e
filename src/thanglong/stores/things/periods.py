"""Periods of aggregation, and what values in one come to (clause 4.5.19 of the standard).

Periods count from a beginning: the k-th begins k months (by the calendar, UTC) and k times the rest later.
"""

import calendar
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from thanglong.kit.past import Instance, Period
from thanglong.stores.things import rows

DAYS_A_MONTH = 30.436875
MICROS_A_DAY = 86_400_000_000
COUNTS = frozenset(["totalCount", "distinctCount"])
NUMERIC = frozenset(["avg", "max", "min", "stddev", "sum", "sumsq", *COUNTS])
METHODS = {
    "number": NUMERIC,
    "boolean": NUMERIC,
    "array": frozenset(["avg", "max", "min", "sum", *COUNTS]),
    "text": frozenset(["max", "min", *COUNTS]),
    "other": COUNTS,
}


def begin(period: Period, origin: int, index: int) -> int:
    """When the period of an index begins, in microseconds since 1970."""
    if not period.months:
        return origin + index * period.micros
    moment = rows.moment(origin)
    month = moment.year * 12 + moment.month - 1 + index * period.months
    year, month = month // 12, month % 12 + 1
    day = min(moment.day, calendar.monthrange(year, month)[1])
    return rows.micros(moment.replace(year=year, month=month, day=day)) + index * period.micros


def index_of(period: Period, origin: int, at: int) -> int:
    """The index of the period a moment lies in."""
    if not period.months:
        return (at - origin) // period.micros
    found = int((at - origin) / (period.months * DAYS_A_MONTH * MICROS_A_DAY + period.micros))
    while begin(period, origin, found) > at:
        found -= 1
    while begin(period, origin, found + 1) <= at:
        found += 1
    return found


@dataclass(slots=True)
class Numbers:
    """Sums of plain numbers, which may be joined: ``spread`` is the sum of squared distances from the mean."""

    count: int = 0
    total: float = 0.0
    squares: float = 0.0
    least: float = math.inf
    most: float = -math.inf
    spread: float = 0.0

    def join(self, other: "Numbers") -> None:
        """Take others in (Chan, Golub, LeVeque: updating formulae for sample variances)."""
        if not other.count:
            return
        if self.count:
            apart = other.total / other.count - self.total / self.count
            self.spread += other.spread + apart * apart * self.count * other.count / (self.count + other.count)
        else:
            self.spread = other.spread
        self.count += other.count
        self.total += other.total
        self.squares += other.squares
        self.least, self.most = min(self.least, other.least), max(self.most, other.most)

    def values(self, methods: Iterable[str]) -> dict[str, Any]:
        """By method; ``stddev`` is of the sample, 0 for a single value."""
        found: dict[str, Any] = {
            "avg": self.total / self.count,
            "sum": self.total,
            "sumsq": self.squares,
            "min": self.least,
            "max": self.most,
            "stddev": math.sqrt(max(self.spread, 0.0) / (self.count - 1)) if self.count > 1 else 0.0,
            "totalCount": self.count,
        }
        return {method: found[method] for method in methods if method in found}


def numbers_of(values: Sequence[float]) -> Numbers:
    """The sums of some numbers."""
    mean = math.fsum(values) / len(values)
    return Numbers(
        len(values),
        math.fsum(values),
        math.fsum(value * value for value in values),
        min(values),
        max(values),
        math.fsum((value - mean) ** 2 for value in values),
    )


def member_of(instance: Instance) -> Any:
    """The value of an instance, whatever its kind."""
    for name in ("value", "object", "languageMap", "vocab", "json", "valueList", "objectList"):
        if name in instance.content:
            return instance.content[name]
    return None


def family(instance: Instance) -> str:
    """Which aggregation methods apply to an instance: a key of ``METHODS``."""
    kind, value = instance.content.get("type"), member_of(instance)
    if kind not in ("Property", "ListProperty"):
        return "other"
    if isinstance(value, dict) and "@value" in value:
        value = value["@value"]
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    return "array" if isinstance(value, list) else "text" if isinstance(value, str) else "other"


def summed(instances: Sequence[Instance], methods: Sequence[str]) -> dict[str, Any]:
    """What instances of one period come to, by method; methods that do not apply to all of them are left out."""
    kinds = {family(one) for one in instances}
    kind = kinds.pop() if len(kinds) == 1 else "other"
    known = [method for method in methods if method in METHODS[kind]]
    values = [member_of(one) for one in instances]
    plain = [value["@value"] if isinstance(value, dict) and "@value" in value else value for value in values]
    found: dict[str, Any] = {"totalCount": len(values), "distinctCount": len({_key(value) for value in values})}
    if kind == "text":
        found.update(min=min(plain), max=max(plain))
    elif kind in ("number", "boolean", "array"):
        sizes = [float(len(value) if kind == "array" else value) for value in plain]
        found.update(numbers_of(sizes).values(methods))
    return {method: found[method] for method in known}


def _key(value: Any) -> bytes:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return orjson.dumps(float(value) if number else value, option=orjson.OPT_SORT_KEYS)
