"""Python's times as FEEL's."""

from datetime import datetime, time

from thanglong.solve.dmn.feel.values import SECOND, Date, DateTime, Time


def clock_of(value: time | datetime) -> Time:
    nanos = ((value.hour * 60 + value.minute) * 60 + value.second) * SECOND + value.microsecond * 1000
    name = getattr(value.tzinfo, "key", None)
    if isinstance(name, str):
        return Time(nanos, None, name)
    offset = value.utcoffset()
    return Time(nanos, None if offset is None else int(offset.total_seconds()))


def moment_of(value: datetime) -> DateTime:
    """A Python date and time as FEEL's."""
    return DateTime(Date(value.year, value.month, value.day), clock_of(value))
