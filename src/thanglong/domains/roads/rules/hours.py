"""Hours at which a sign holds, as OpenStreetMap writes them: ``Fr 19:00-23:59; Sa-Su 00:00-23:59``, ``Sep 1-Sep 2``.

Understood are days of the week, days of the year (every year), and times of the day, in this order, several parted by
semicolons; a sign holds when one of them does. Holidays, weeks, years and the sun are not understood.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
EVERY_DAY = frozenset(range(7))
DAY = 24 * 60

_DAY, _MONTH = "|".join(DAYS), "|".join(MONTHS)
_DATE = re.compile(rf"(?P<m>{_MONTH}) (?P<d>\d\d?)(?:\s*-\s*(?:(?P<m2>{_MONTH}) )?(?P<d2>\d\d?))?(?= |$)")
_WEEK = re.compile(rf"(?:{_DAY})(?:-(?:{_DAY}))?(?:,\s*(?:{_DAY})(?:-(?:{_DAY}))?)*(?= |$)")
_TIMES = re.compile(r"\d\d?:\d\d\s*-\s*\d\d?:\d\d(?:\s*,\s*\d\d?:\d\d\s*-\s*\d\d?:\d\d)*$")


@dataclass(frozen=True, slots=True)
class Span:
    """One entry: days of the week (Monday 0), first and last day of the year as (month, day) or none, and from which
    minute of the day until which (past 1,440: into the next day)."""

    week: frozenset[int]
    first: tuple[int, int] | None
    last: tuple[int, int] | None
    begin: int
    end: int

    def on(self, moment: datetime) -> bool:
        """Whether the entry holds on the day of a moment, whatever the time."""
        if moment.weekday() not in self.week:
            return False
        if self.first is None or self.last is None:
            return True
        day = (moment.month, moment.day)
        if self.first <= self.last:
            return self.first <= day <= self.last
        return day >= self.first or day <= self.last

    def holds(self, moment: datetime) -> bool:
        """Whether the entry holds at a local moment."""
        minute = moment.hour * 60 + moment.minute
        today = self.on(moment) and self.begin <= minute < self.end
        return today or (self.on(moment - timedelta(days=1)) and minute < self.end - DAY)


# the streets' signs are asked again every few seconds
@lru_cache(4096)
def parse(text: str) -> tuple[Span, ...] | None:
    """The entries of a text; None when one of them is not understood."""
    spans: list[Span] = []
    for part in text.split(";"):
        found = _entry(" ".join(part.split()))
        if found is None:
            return None
        spans += found
    return tuple(spans)


def _entry(text: str) -> list[Span] | None:
    first = last = None
    if date := _DATE.match(text):
        first = (MONTHS.index(date["m"]) + 1, int(date["d"]))
        last = (MONTHS.index(date["m2"] or date["m"]) + 1, int(date["d2"])) if date["d2"] else first
        text = text[date.end() :].strip()
    week = EVERY_DAY
    if days := _WEEK.match(text):
        week = frozenset(day for piece in days[0].split(",") for day in _days(piece.strip()))
        text = text[days.end() :].strip()
    if not text:
        return [Span(week, first, last, 0, DAY)] if first or days else None
    if not _TIMES.match(text):
        return None
    found = []
    for piece in text.split(","):
        begin, end = (_minute(part.strip()) for part in piece.split("-"))
        if begin is None or end is None:
            return None
        # who writes 23:59 means midnight; who writes 22:00-05:00 means the next morning
        end = DAY if end == DAY - 1 else end
        found.append(Span(week, first, last, begin, end if end > begin else end + DAY))
    return found


def _days(text: str) -> list[int]:
    begin, _, end = text.partition("-")
    a = DAYS.index(begin)
    b = DAYS.index(end) if end else a
    return [(a + i) % 7 for i in range((b - a) % 7 + 1)]


def _minute(text: str) -> int | None:
    hour, _, minute = text.partition(":")
    found = int(hour) * 60 + int(minute)
    return found if found <= DAY and int(minute) < 60 else None


def next_edge(spans: Sequence[Span], moment: datetime) -> datetime:
    """The next moment, midnight at the latest, at which one of the entries may begin or end."""
    minute = moment.hour * 60 + moment.minute
    edges = {edge % DAY for span in spans for edge in (span.begin, span.end)}
    later = min((edge for edge in edges if edge > minute), default=DAY)
    return moment.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(minutes=later)
