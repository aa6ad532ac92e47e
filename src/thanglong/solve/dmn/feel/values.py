"""FEEL values.

Numbers are ``decimal.Decimal`` with 34 digits (IEEE 754 decimal128), strings ``str``, booleans ``bool``, null ``None``,
lists ``list`` and contexts ``dict`` (both never changed after they are made); the calendar types, ranges and functions
are the classes below. Python's own dates end at the year 9999; FEEL's do not (XML Schema part 2).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

Value = Any
"""Any FEEL value."""

DECIMAL128 = Context(prec=34, rounding=ROUND_HALF_EVEN, Emin=-6143, Emax=6144, capitals=1, clamp=1, traps=[])
"""The arithmetic of FEEL numbers; never traps: a result that is not finite becomes null."""

YEARS = 999_999_999
"""The largest year, in both directions."""
SECOND = 1_000_000_000
"""Nanoseconds in a second: the unit of times and of days and time durations."""
DAY = 86_400 * SECOND
MONTH_LIMIT = YEARS * 12 + 11
NANO_LIMIT = YEARS * 366 * DAY

_BEFORE = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)
_LENGTH = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def leap(year: int) -> bool:
    """Whether the proleptic Gregorian year has 366 days."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def month_length(year: int, month: int) -> int:
    """Days in a month."""
    return 29 if month == 2 and leap(year) else _LENGTH[month - 1]


@dataclass(frozen=True, slots=True)
class Date:
    """A calendar day of the proleptic Gregorian calendar."""

    year: int
    month: int
    day: int

    def ordinal(self) -> int:
        """Days since 0001-01-01 (which is 1), as ``datetime.date.toordinal``."""
        before = self.year - 1
        days = before * 365 + before // 4 - before // 100 + before // 400
        return days + self.day_of_year()

    def day_of_year(self) -> int:
        """1 to 366."""
        return _BEFORE[self.month - 1] + self.day + (self.month > 2 and leap(self.year))

    def weekday(self) -> int:
        """1 (Monday) to 7 (Sunday)."""
        return (self.ordinal() - 1) % 7 + 1


def date_of(ordinal: int) -> Date | None:
    """The day with this ordinal; None beyond the largest year."""
    rest = ordinal - 1
    cycles, rest = divmod(rest, 146_097)
    centuries = min(rest // 36_524, 3)
    rest -= centuries * 36_524
    fours, rest = divmod(rest, 1_461)
    ones = min(rest // 365, 3)
    rest -= ones * 365
    year = cycles * 400 + centuries * 100 + fours * 4 + ones + 1
    if not -YEARS <= year <= YEARS:
        return None
    month = 12
    while _BEFORE[month - 1] + (month > 2 and leap(year)) > rest:
        month -= 1
    return Date(year, month, rest - _BEFORE[month - 1] - (month > 2 and leap(year)) + 1)


@dataclass(frozen=True, slots=True)
class Time:
    """A time of day: ``nanos`` since midnight; ``offset`` in seconds, or ``zone`` as an IANA name, or neither."""

    nanos: int
    offset: int | None = None
    zone: str | None = None

    @property
    def hour(self) -> int:
        return self.nanos // (3600 * SECOND)

    @property
    def minute(self) -> int:
        return self.nanos // (60 * SECOND) % 60

    @property
    def second(self) -> int:
        return self.nanos // SECOND % 60

    @property
    def seconds(self) -> Decimal:
        """Seconds of the minute with their fraction."""
        return Decimal(self.nanos % (60 * SECOND)).scaleb(-9).normalize() + 0


@dataclass(frozen=True, slots=True)
class DateTime:
    """A day and a time of day, local, with an offset or in a zone."""

    date: Date
    time: Time

    def offset(self) -> int | None:
        """Seconds east of UTC at this moment, or None for a local date and time."""
        if self.time.zone is not None:
            return zone_offset(self.time.zone, self.date, self.time.nanos)
        return self.time.offset

    def local(self) -> int:
        """Nanoseconds since 0001-01-01T00:00:00 minus a day, without regard to the zone."""
        return self.date.ordinal() * DAY + self.time.nanos

    def instant(self) -> int:
        """Nanoseconds on the same scale at UTC; a local date and time is taken as UTC."""
        return self.local() - (self.offset() or 0) * SECOND


@dataclass(frozen=True, slots=True)
class DaysDuration:
    """A days and time duration, in nanoseconds."""

    nanos: int

    def seconds(self) -> Decimal:
        return DECIMAL128.divide(Decimal(self.nanos), Decimal(SECOND))


@dataclass(frozen=True, slots=True)
class MonthsDuration:
    """A years and months duration, in months."""

    months: int


@dataclass(frozen=True, slots=True)
class Range:
    """An interval. ``low`` or ``high`` None stands for an endpoint that was null; ``form`` is ``..`` for an interval
    with two written endpoints, and ``<``, ``<=``, ``>``, ``>=``, ``=``, ``!=`` for one written as a unary test, where
    the missing endpoint is open."""

    low: Value
    low_closed: bool
    high: Value
    high_closed: bool
    form: str = ".."


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A function value: ``call`` takes the run and the positional arguments; ``least`` to ``most`` of them (``most``
    None: any number). ``kinds`` are the declared parameter types and ``result`` the declared result type (types.Type or
    None). ``forms`` lists the parameter names of each way to call a built-in function."""

    name: str
    parameters: tuple[str, ...]
    call: Callable[..., Value]
    least: int = 0
    most: int | None = 0
    kinds: tuple[Any, ...] = ()
    result: Any = None
    forms: tuple[tuple[str, ...], ...] = field(default=())


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo | None:
    """The IANA zone, or None when there is no such zone."""
    if not name or name.startswith(("/", ".")) or len(name) > 64:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def zone_offset(name: str, day: Date, nanos: int) -> int | None:
    """Seconds east of UTC in the zone at the local moment; the earlier one where a clock change repeats it."""
    found = zone(name)
    if found is None:
        return None
    from datetime import datetime

    year = day.year if 1 <= day.year <= 9998 else 2000 + day.year % 400
    moment = datetime(year, day.month, day.day, tzinfo=found).replace(
        hour=nanos // (3600 * SECOND), minute=nanos // (60 * SECOND) % 60, second=nanos // SECOND % 60
    )
    delta = moment.utcoffset()
    return None if delta is None else int(delta.total_seconds())


def zone_local(name: str, instant: int) -> int:
    """Local nanoseconds in the zone (on the scale of :meth:`DateTime.local`) of an instant."""
    offset = 0
    for _ in range(3):  # the offset depends on the local time and the local time on the offset
        days, nanos = divmod(instant + offset * SECOND, DAY)
        day = date_of(days)
        if day is None:
            return instant
        found = _offset_at(name, day, nanos, instant)
        if found == offset:
            break
        offset = found
    return instant + offset * SECOND


def _offset_at(name: str, day: Date, nanos: int, instant: int) -> int:
    """Seconds east of UTC in the zone at an instant, whose local day is about ``day``."""
    found = zone(name)
    if found is None or not 2 <= day.year <= 9998:
        return zone_offset(name, day, nanos) or 0
    from datetime import UTC, datetime, timedelta

    moment = datetime(1, 1, 1, tzinfo=UTC) + timedelta(seconds=instant // SECOND - 86_400)
    delta = moment.astimezone(found).utcoffset()
    return int(delta.total_seconds()) if delta else 0


def time_offset(value: Time) -> int | None:
    """Seconds east of UTC of a time of day; a zone's offset is that of its winter (standard) time, which is the same on
    every day of every year, so that a comparison does not depend on the day it is made."""
    if value.zone is None:
        return value.offset
    return zone_offset(value.zone, Date(2000, 1, 1), value.nanos)


def number(value: int | Decimal | None) -> Decimal | None:
    """A finite FEEL number rounded to 34 digits, or None."""
    if value is None:
        return None
    rounded = DECIMAL128.plus(value if isinstance(value, Decimal) else Decimal(value))
    return rounded if rounded.is_finite() else None
