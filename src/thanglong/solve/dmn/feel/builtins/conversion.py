"""Conversions between types."""

from decimal import Decimal

import regex

from thanglong.solve.dmn.feel import temporal
from thanglong.solve.dmn.feel.builtins.base import built_in, whole_number, wrong
from thanglong.solve.dmn.feel.run import Run
from thanglong.solve.dmn.feel.show import show
from thanglong.solve.dmn.feel.values import (
    SECOND,
    Date,
    DateTime,
    DaysDuration,
    Function,
    MonthsDuration,
    Time,
    Value,
    number,
    zone,
)

_PLAIN = regex.compile(r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_ABSENT = object()


def _unread(run: Run, text: str, wanted: str) -> Value:
    return run.null("argument", "The text cannot be read as this type", wanted, text[:40])


@built_in("date", "from", "year, month, day")
def date(run: Run, first: Value = None, month: Value = _ABSENT, day: Value = _ABSENT) -> Value:
    if month is not _ABSENT:
        if day is _ABSENT:
            return run.null("argument", "The function does not take this number of arguments", "date", "2")
        parts = [whole_number(part) for part in (first, month, day)]
        if None in parts:
            return wrong(run, "date", None, "year, month, day")
        made = temporal.make_date(*parts)  # type: ignore[arg-type]
        return made or run.null("argument", "There is no such day", "date", str(first), str(month), str(day))
    if type(first) is str:
        return temporal.parse_date(first) or _unread(run, first, "date")
    if type(first) is DateTime:
        return first.date
    return first if type(first) is Date else wrong(run, "date", first, "from")


@built_in(
    "date and time",
    "from",
    "date, time",
    "year, month, day, hour, minute, second",
    "year, month, day, hour, minute, second, offset",
    "year, month, day, hour, minute, second, timezone",
)
def date_and_time(run: Run, *given: Value) -> Value:
    if len(given) == 1:
        return _moment_from(run, given[0])
    if len(given) == 2:
        day, clock = given
        if type(day) is DateTime:
            day = day.date
        if type(day) is Date and type(clock) is Time:
            return DateTime(day, clock)
        return wrong(run, "date and time", day if type(day) is not Date else clock, "date, time")
    if len(given) < 6:
        return run.null("argument", "The function does not take this number of arguments", "date and time")
    made = date(run, *given[:3])
    clock = time(run, *given[3:6])
    if made is None or clock is None:
        return None
    if len(given) == 7 and given[6] is not None:
        return _with_zone(run, made, clock, given[6])
    return DateTime(made, clock)


def _moment_from(run: Run, value: Value) -> Value:
    if type(value) is str:
        return temporal.parse_date_time(value) or _unread(run, value, "date and time")
    if type(value) is Date:
        return DateTime(value, Time(0, 0))
    return value if type(value) is DateTime else wrong(run, "date and time", value, "from")


def _with_zone(run: Run, day: Date, clock: Time, mark: Value) -> Value:
    if type(mark) is str and zone(mark):
        return DateTime(day, Time(clock.nanos, None, mark))
    offset = _offset(mark)
    if offset is None:
        return wrong(run, "date and time", mark, "offset")
    return DateTime(day, Time(clock.nanos, offset))


def _offset(value: Value) -> int | None:
    if type(value) is not DaysDuration or abs(value.nanos) > 18 * 3600 * SECOND:
        return None
    return value.nanos // SECOND if value.nanos >= 0 else -(-value.nanos // SECOND)


@built_in("time", "from", "hour, minute, second", "hour, minute, second, offset")
def time(
    run: Run, first: Value = None, minute: Value = _ABSENT, second: Value = _ABSENT, offset: Value = None
) -> Value:
    if minute is not _ABSENT:
        if second is _ABSENT:
            return run.null("argument", "The function does not take this number of arguments", "time", "2")
        return _clock(run, first, minute, second, offset)
    if type(first) is str:
        return temporal.parse_time(first) or _unread(run, first, "time")
    if type(first) is DateTime:
        return first.time
    if type(first) is Date:
        return Time(0, 0)
    return first if type(first) is Time else wrong(run, "time", first, "from")


def _clock(run: Run, hour: Value, minute: Value, second: Value, offset: Value) -> Value:
    hours, minutes = whole_number(hour), whole_number(minute)
    if hours is None or minutes is None or type(second) is not Decimal:
        return wrong(run, "time", None, "hour, minute, second")
    if not (0 <= hours <= 23 and 0 <= minutes <= 59 and 0 <= second < 60):
        return run.null("argument", "There is no such time of day", "time", str(hour), str(minute), str(second))
    nanos = (hours * 3600 + minutes * 60) * SECOND + int(second.scaleb(9))
    if offset is None:
        return Time(nanos)
    shift = _offset(offset)
    return wrong(run, "time", offset, "offset") if shift is None else Time(nanos, shift)


@built_in("number", "from", "from, grouping separator, decimal separator")
def to_number(run: Run, text: Value, group: Value = _ABSENT, point: Value = _ABSENT) -> Value:
    if group is _ABSENT:
        if type(text) is Decimal:
            return text
        group = point = None
    elif point is _ABSENT:
        return run.null("argument", "The function does not take this number of arguments", "number", "2")
    if type(text) is not str:
        return wrong(run, "number", text, "from")
    if group not in (None, " ", ",", ".") or point not in (None, ",", ".") or (group == point and group is not None):
        return run.null("argument", "These separators are not allowed", "number", str(group), str(point))
    plain = text.replace(group, "") if group else text
    if point == ",":
        plain = text.replace(group, "").replace(".", "x").replace(",", ".") if group else plain.replace(",", ".")
    if len(plain) > 10_000 or not _PLAIN.fullmatch(plain):
        return _unread(run, text, "number")
    return number(Decimal(plain))


@built_in("string", "from")
def to_string(run: Run, value: Value) -> Value:
    return None if value is None else show(run, value)


@built_in("duration", "from")
def duration(run: Run, text: Value) -> Value:
    if type(text) is str:
        return temporal.parse_duration(text) or _unread(run, text, "duration")
    return text if type(text) in (DaysDuration, MonthsDuration) else wrong(run, "duration", text, "from")


@built_in("years and months duration", "from, to")
def years_and_months(run: Run, first: Value, last: Value) -> Value:
    days = [value.date if type(value) is DateTime else value for value in (first, last)]
    if not all(type(day) is Date for day in days):
        return wrong(run, "years and months duration", first if type(days[0]) is not Date else last, "from, to")
    start, end = days
    months = (end.year - start.year) * 12 + end.month - start.month
    if months > 0 and end.day < start.day:
        months -= 1
    elif months < 0 and end.day > start.day:
        months += 1
    return MonthsDuration(months)


def is_function(value: Value) -> bool:
    """Whether the value can be called."""
    return type(value) is Function
