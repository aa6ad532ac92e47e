"""The properties of values that are not contexts (specification table 62 and 63)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from thanglong.solve.dmn.feel.values import (
    DAY,
    SECOND,
    Date,
    DateTime,
    DaysDuration,
    MonthsDuration,
    Range,
    Time,
    Value,
)


def _signed(value: int, sign: int) -> Decimal:
    return Decimal(value if sign >= 0 else -value)


def _offset(value: Time | DateTime) -> Value:
    time = value.time if isinstance(value, DateTime) else value
    offset = value.offset() if isinstance(value, DateTime) else _time_offset(time)
    return None if offset is None else DaysDuration(offset * SECOND)


def _time_offset(time: Time) -> int | None:
    from thanglong.solve.dmn.feel.values import time_offset

    return time_offset(time)


_DATE: dict[str, Callable[[Any], Value]] = {
    "year": lambda v: Decimal(v.year),
    "month": lambda v: Decimal(v.month),
    "day": lambda v: Decimal(v.day),
    "weekday": lambda v: Decimal(v.weekday()),
}
_TIME: dict[str, Callable[[Any], Value]] = {
    "hour": lambda v: Decimal(v.hour),
    "minute": lambda v: Decimal(v.minute),
    "second": lambda v: Decimal(v.second),
    "time offset": _offset,
    "timezone": lambda v: v.zone,
}
_DATE_TIME: dict[str, Callable[[Any], Value]] = (
    {name: (lambda v, read=read: read(v.date)) for name, read in _DATE.items()}
    | {name: (lambda v, read=read: read(v.time)) for name, read in _TIME.items()}
    | {"time offset": _offset}
)
_DAYS: dict[str, Callable[[Any], Value]] = {
    "days": lambda v: _signed(abs(v.nanos) // DAY, v.nanos),
    "hours": lambda v: _signed(abs(v.nanos) // (3600 * SECOND) % 24, v.nanos),
    "minutes": lambda v: _signed(abs(v.nanos) // (60 * SECOND) % 60, v.nanos),
    "seconds": lambda v: _signed(abs(v.nanos) % (60 * SECOND), v.nanos).scaleb(-9).normalize() + 0,
}
_MONTHS: dict[str, Callable[[Any], Value]] = {
    "years": lambda v: _signed(abs(v.months) // 12, v.months),
    "months": lambda v: _signed(abs(v.months) % 12, v.months),
}
_RANGE: dict[str, Callable[[Any], Value]] = {
    "start": lambda v: v.low,
    "end": lambda v: v.high,
    "start included": lambda v: v.low_closed,
    "end included": lambda v: v.high_closed,
}
_PROPERTIES: dict[type, dict[str, Callable[[Any], Value]]] = {
    Date: _DATE,
    Time: _TIME,
    DateTime: _DATE_TIME,
    DaysDuration: _DAYS,
    MonthsDuration: _MONTHS,
    Range: _RANGE,
}


def get_property(value: Value, name: str) -> tuple[bool, Value]:
    """Whether the value has the property, and the property."""
    read = _PROPERTIES.get(type(value), {}).get(name)
    return (False, None) if read is None else (True, read(value))
