"""Python values as FEEL values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from thanglong.solve.dmn.feel import temporal
from thanglong.solve.dmn.feel.moments import clock_of, moment_of
from thanglong.solve.dmn.feel.types import Lazy
from thanglong.solve.dmn.feel.values import (
    Date,
    DateTime,
    DaysDuration,
    Function,
    MonthsDuration,
    Range,
    Time,
    Value,
    number,
)

_OWN = (Date, DateTime, Time, DaysDuration, MonthsDuration, Range, Function)
_READERS = {
    "date": temporal.parse_date,
    "time": temporal.parse_time,
    "date and time": temporal.parse_date_time,
    "days and time duration": temporal.parse_duration,
    "years and months duration": temporal.parse_duration,
}
DEPTH = 60


def adopt(value: Any, wanted: Lazy | None = None, depth: int = 0) -> Value:
    """A Python value (also from JSON) as a FEEL value. Where the type wants a calendar value, text is read as one.

    :raises ValueError: the value has no counterpart in FEEL.
    """
    if value is None or isinstance(value, (bool, *_OWN)):
        return value
    if depth > DEPTH:
        raise ValueError("the input is nested too deeply")
    kind = wanted.get() if wanted is not None else None
    if isinstance(value, str):
        reader = _READERS.get(kind.kind) if kind else None
        return (reader(value) or value) if reader else value
    if isinstance(value, int | Decimal):
        return number(value if isinstance(value, Decimal) else Decimal(value))
    if isinstance(value, float):
        return number(Decimal(repr(value)))
    if isinstance(value, Mapping):
        fields = dict(kind.fields or ()) if kind else {}
        return {str(name): adopt(one, fields.get(str(name)), depth + 1) for name, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        item = kind.item if kind and kind.kind == "list" else None
        return [adopt(one, item, depth + 1) for one in value]
    return _calendar(value)


def _calendar(value: Any) -> Value:
    if isinstance(value, datetime):
        return moment_of(value)
    if isinstance(value, date):
        return Date(value.year, value.month, value.day)
    if isinstance(value, time):
        return clock_of(value)
    if isinstance(value, timedelta):
        return DaysDuration(((value.days * 86_400 + value.seconds) * 1_000_000 + value.microseconds) * 1000)
    raise ValueError(f"a value of type {type(value).__name__} cannot be used in a decision")
