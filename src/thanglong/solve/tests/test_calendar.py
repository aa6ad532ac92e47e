"""Holidays of known years, and working time against a slow count of minutes."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thanglong.solve.calendar import VIETNAM, WorkingCalendar, holidays, statutory_holidays

MINUTE = timedelta(minutes=1)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2029, 12, 31)).map(lambda m: m.replace(second=0, microsecond=0))


def works(moment: datetime) -> bool:
    """Whether the minute that begins at ``moment`` is office time, told the plain way."""
    if not VIETNAM.is_working_day(moment.date()):
        return False
    minute = moment.hour * 60 + moment.minute
    return 480 <= minute < 720 or 810 <= minute < 1050


def slow_count(start: datetime, end: datetime) -> int:
    count, moment = 0, start
    while moment < end:
        count += works(moment)
        moment += MINUTE
    return count


def test_eleven_days_a_year() -> None:
    for year in range(2020, 2040):
        # Giỗ Tổ may fall on 30 April or 1 May
        assert len(statutory_holidays(year)) == 11
        assert len(set(statutory_holidays(year))) >= 10


@pytest.mark.parametrize(
    ("year", "days"),
    [
        # as the Government announced them, swapped days aside
        (2022, [(1, 3), (1, 31), (2, 1), (2, 2), (2, 3), (2, 4), (4, 11), (5, 2), (5, 3), (9, 1), (9, 2)]),
        (2024, [(1, 1), (4, 18), (4, 30), (5, 1), (9, 2), (9, 3)]),
        (2025, [(1, 1), (1, 28), (1, 29), (1, 30), (1, 31), (4, 7), (4, 30), (5, 1), (9, 1), (9, 2)]),
        (2026, [(1, 1), (2, 16), (2, 17), (2, 18), (2, 19), (2, 20), (4, 27), (4, 30), (5, 1), (9, 1), (9, 2)]),
    ],
)
def test_days_off(year: int, days: list[tuple[int, int]]) -> None:
    assert {date(year, *day) for day in days} <= holidays(year)


def test_a_holiday_on_a_weekend_gives_the_next_working_day() -> None:
    assert date(2023, 1, 1).weekday() == 6
    assert date(2023, 1, 2) in holidays(2023)
    assert not VIETNAM.is_working_day(date(2023, 1, 2))


def test_swapped_days() -> None:
    swapped = WorkingCalendar(off=[date(2026, 8, 31)], on=[date(2026, 8, 22)])
    assert swapped.is_working_day(date(2026, 8, 22))
    assert not swapped.is_working_day(date(2026, 8, 31))
    assert swapped.between(datetime(2026, 8, 21, 17, 30), datetime(2026, 8, 24, 8)) == swapped.day_seconds


@settings(max_examples=60, deadline=None)
@given(moments, st.integers(0, 20 * 24 * 60))
def test_between_agrees_with_counting_minutes(start: datetime, length: int) -> None:
    end = start + length * MINUTE
    assert VIETNAM.between(start, end) == 60 * slow_count(start, end)
    assert VIETNAM.between(end, start) == -VIETNAM.between(start, end)


@settings(max_examples=300, deadline=None)
@given(moments, st.integers(1, 400 * 8 * 60))
def test_add_is_the_earliest_moment_with_that_much_work(start: datetime, minutes: int) -> None:
    end = VIETNAM.add(start, minutes * 60)
    assert VIETNAM.between(start, end) == minutes * 60
    assert VIETNAM.between(start, end - timedelta(seconds=1)) == minutes * 60 - 1
    assert VIETNAM.between(VIETNAM.add(end, -minutes * 60), end) == minutes * 60


@settings(max_examples=300, deadline=None)
@given(moments, st.integers(1, 400 * 8 * 60), st.integers(1, 400 * 8 * 60))
def test_two_stretches_are_one(start: datetime, one: int, two: int) -> None:
    assert VIETNAM.add(VIETNAM.add(start, one * 60), two * 60) == VIETNAM.add(start, (one + two) * 60)


@settings(max_examples=300, deadline=None)
@given(moments, st.integers(1, 60))
def test_days_end_at_the_close_and_the_day_itself_never_counts(start: datetime, days: int) -> None:
    end = VIETNAM.add_days(start, days)
    assert (end.hour, end.minute) == (17, 30)
    assert VIETNAM.is_working_day(end.date())
    first = start.date() if start.hour * 60 + start.minute < 1050 else start.date() + timedelta(days=1)
    while not VIETNAM.is_working_day(first):
        first += timedelta(days=1)
    between = [first + timedelta(days=n) for n in range(1, (end.date() - first).days + 1)]
    assert sum(VIETNAM.is_working_day(day) for day in between) == days


def test_after_hours_counts_as_the_next_working_day() -> None:
    friday = datetime(2026, 11, 20, 17, 31)
    assert VIETNAM.add_days(friday, 1) == datetime(2026, 11, 24, 17, 30)
    assert VIETNAM.add_days(datetime(2026, 11, 20, 16), 1) == datetime(2026, 11, 23, 17, 30)


def test_across_tet() -> None:
    # Friday 13 February 2026; Monday to Friday are Tết
    assert VIETNAM.add_days(datetime(2026, 2, 13, 9), 1) == datetime(2026, 2, 23, 17, 30)
    assert VIETNAM.add(datetime(2026, 2, 13, 16, 30), 2 * 3600) == datetime(2026, 2, 23, 9, 0)
