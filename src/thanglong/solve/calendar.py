"""Working time: Việt Nam's public holidays, and arithmetic in office hours.

Moments are naive local datetimes (the caller converts), lengths are whole seconds. A calendar keeps the list of its
working days, so that every operation is a binary search, whatever the span.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from thanglong.solve.lunar import hung_kings, new_year

DAY = timedelta(days=1)
OFFICE_HOURS = ((8 * 3600, 12 * 3600), (13 * 3600 + 1800, 17 * 3600 + 1800))
WEEKDAYS = frozenset(range(5))
LAST_DAY_BEFORE_TET, DAYS_OF_TET = 1, 4


def _national_day(year: int) -> tuple[date, date]:
    """2 September and the neighbour that makes the longer rest: the day after from Sunday, Monday or Thursday on."""
    day = date(year, 9, 2)
    return day, day + DAY if day.weekday() in (0, 3, 6) else day - DAY


@lru_cache(maxsize=256)
def statutory_holidays(year: int) -> tuple[date, ...]:
    """The eleven paid holidays of the Labour Code (2019, article 112) in ``year``, before substitution.

    Tết counts as the last day of the old lunar year and the first four of the new one, the usual choice.
    """
    tet = new_year(year)
    days = [date(year, 1, 1), hung_kings(year), date(year, 4, 30), date(year, 5, 1), *_national_day(year)]
    days += [tet + DAY * offset for offset in range(-LAST_DAY_BEFORE_TET, DAYS_OF_TET)]
    return tuple(sorted(days))


@lru_cache(maxsize=256)
def holidays(year: int) -> frozenset[date]:
    """Days off in ``year``: the holidays, and for each one on a weekend the next working day (article 111)."""
    off = set(statutory_holidays(year))
    for day in statutory_holidays(year):
        if day.weekday() in WEEKDAYS:
            continue
        substitute = day + DAY
        while substitute in off or substitute.weekday() not in WEEKDAYS:
            substitute += DAY
        off.add(substitute)
    return frozenset(off)


class WorkingCalendar:
    """Office hours on working days. ``off`` and ``on`` are the swapped days that a government announces for a year."""

    def __init__(
        self,
        hours: tuple[tuple[int, int], ...] = OFFICE_HOURS,
        weekdays: frozenset[int] = WEEKDAYS,
        holidays_of: Callable[[int], frozenset[date]] = holidays,
        off: Iterable[date] = (),
        on: Iterable[date] = (),
    ) -> None:
        self._hours, self._weekdays, self._holidays = hours, weekdays, holidays_of
        self._off, self._on = frozenset(off), frozenset(on)
        self.day_seconds = sum(end - start for start, end in hours)
        self._first, self._last = 1, 0
        self._days: list[int] = []

    def is_working_day(self, day: date) -> bool:
        """Whether the offices are open on ``day``."""
        if day in self._on:
            return True
        return day.weekday() in self._weekdays and day not in self._holidays(day.year) and day not in self._off

    def _cover(self, year: int) -> list[int]:
        """The ordinals of the working days, at least from the year before ``year`` to the year after."""
        if not self._first < year < self._last:
            first = min(year - 2, self._first) if self._days else year - 2
            last = max(year + 4, self._last)
            day, end = date(first, 1, 1), date(last, 12, 31)
            days = [n for n in range(day.toordinal(), end.toordinal() + 1) if self.is_working_day(date.fromordinal(n))]
            self._first, self._last, self._days = first, last, days
        return self._days

    def _worked(self, second: int) -> int:
        """Working seconds of a working day before its ``second`` (of 86,400)."""
        return sum(min(second, end) - start for start, end in self._hours if second > start)

    def _position(self, moment: datetime) -> int:
        """Working seconds from the first covered day to ``moment``."""
        days, ordinal = self._days, moment.toordinal()
        index = bisect_left(days, ordinal)
        total = index * self.day_seconds
        if index < len(days) and days[index] == ordinal:
            total += self._worked(moment.hour * 3600 + moment.minute * 60 + moment.second)
        return total

    def _moment(self, position: int, forward: bool) -> datetime:
        """The moment of a position; at a border the close of the earlier stretch (forward) or the later's start."""
        index, rest = divmod(position - 1, self.day_seconds) if forward else divmod(position, self.day_seconds)
        rest += forward
        midnight = datetime.combine(date.fromordinal(self._days[index]), time())
        for start, end in self._hours:
            if rest < end - start or (forward and rest == end - start):
                return midnight + timedelta(seconds=start + rest)
            rest -= end - start
        raise AssertionError("a position lies within its day")

    def between(self, start: datetime, end: datetime) -> int:
        """Working seconds from ``start`` to ``end`` (negative when ``end`` is earlier)."""
        self._cover(min(start, end).year)
        self._cover(max(start, end).year)
        return self._position(end) - self._position(start)

    def add(self, start: datetime, seconds: int) -> datetime:
        """The moment ``seconds`` of working time after ``start`` (before it when negative); ``start`` itself for 0."""
        if seconds == 0:
            return start
        years = abs(seconds) // (self.day_seconds * 200) + 1
        self._cover(start.year)
        self._cover(start.year + (years if seconds > 0 else -years))
        return self._moment(self._position(start) + seconds, seconds > 0)

    def add_days(self, start: datetime, days: int) -> datetime:
        """Close of office on the ``days``-th working day after the day of ``start``; the day itself never counts.

        What arrives after hours, or on a day off, counts as arrived on the next working day.
        """
        closing = self._hours[-1][1]
        self._cover(start.year)
        self._cover(start.year + days // 200 + 1)
        ordinal = start.toordinal()
        if start.hour * 3600 + start.minute * 60 + start.second >= closing:
            ordinal += 1
        index = bisect_left(self._days, ordinal)
        return datetime.combine(date.fromordinal(self._days[index + days]), time()) + timedelta(seconds=closing)


VIETNAM = WorkingCalendar()
