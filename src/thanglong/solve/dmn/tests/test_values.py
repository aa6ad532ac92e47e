"""Calendar values against Python's own, and their texts."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thanglong.solve.dmn.adopt import adopt, moment_of
from thanglong.solve.dmn.feel import temporal
from thanglong.solve.dmn.feel.operators import compare, shift, shift_months, subtract
from thanglong.solve.dmn.feel.run import Run
from thanglong.solve.dmn.feel.values import SECOND, YEARS, Date, DateTime, DaysDuration, MonthsDuration, Time, date_of

ZONES = ("Europe/Paris", "Asia/Ho_Chi_Minh", "Australia/Lord_Howe", "America/New_York", "Etc/UTC")
days = st.dates()
moments = st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2100, 1, 1))


def own(day: date) -> Date:
    return Date(day.year, day.month, day.day)


@given(days)
def test_a_day_has_the_ordinal_weekday_and_place_in_the_year_that_python_gives_it(day: date) -> None:
    mine = own(day)
    assert mine.ordinal() == day.toordinal()
    assert mine.weekday() == day.isoweekday()
    assert mine.day_of_year() == day.timetuple().tm_yday
    assert date_of(day.toordinal()) == mine


@given(st.integers(-YEARS, YEARS), st.integers(1, 12), st.integers(1, 28))
def test_an_ordinal_leads_back_to_its_day_in_every_year(year: int, month: int, day: int) -> None:
    made = Date(year, month, day)
    assert date_of(made.ordinal()) == made
    assert temporal.parse_date(temporal.show_date(made)) == made


@given(days, st.integers(-10_000, 10_000))
def test_adding_days_is_python_adding_days(day: date, count: int) -> None:
    try:
        wanted = own(day + timedelta(days=count))
    except OverflowError:
        return
    assert shift(own(day), count * 86_400 * SECOND) == wanted


@given(moments, st.sampled_from(ZONES))
def test_a_moment_in_a_zone_is_the_instant_that_zoneinfo_says(moment: datetime, zone: str) -> None:
    aware = moment.replace(microsecond=0, tzinfo=ZoneInfo(zone))
    mine = moment_of(aware)
    assert mine.time.zone == zone
    seconds = (aware.astimezone(UTC).replace(tzinfo=None) - datetime(1, 1, 1)) // timedelta(seconds=1)
    assert mine.instant() // SECOND == seconds + 86_400


@given(moments, moments, st.sampled_from(ZONES), st.sampled_from(ZONES))
def test_the_difference_of_two_moments_is_that_of_their_instants(
    first: datetime, second: datetime, zone: str, other: str
) -> None:
    a, b = first.replace(tzinfo=ZoneInfo(zone)), second.replace(tzinfo=ZoneInfo(other))
    wanted = (a.astimezone(UTC) - b.astimezone(UTC)) // timedelta(microseconds=1)
    assert subtract(Run(), moment_of(a), moment_of(b)) == DaysDuration(wanted * 1000)


@given(days, days)
def test_days_are_ordered_as_in_the_calendar(a: date, b: date) -> None:
    assert compare(own(a), own(b)) == (a > b) - (a < b)


@given(st.integers(-(10**20), 10**20))
def test_a_days_duration_reads_back(nanos: int) -> None:
    made = DaysDuration(nanos)
    assert temporal.parse_duration(temporal.show_days(made)) == made


@given(st.integers(-(10**9), 10**9))
def test_a_months_duration_reads_back(months: int) -> None:
    made = MonthsDuration(months)
    assert temporal.parse_duration(temporal.show_months(made)) == made


@given(st.integers(0, 86_400 * SECOND - 1), st.none() | st.integers(-18 * 3600, 18 * 3600))
def test_a_time_reads_back(nanos: int, offset: int | None) -> None:
    made = Time(nanos, offset)
    assert temporal.parse_time(temporal.show_time(made)) == made


@pytest.mark.parametrize(
    ("day", "months", "wanted"),
    [
        ("2020-01-31", 1, "2020-02-29"),
        ("2021-01-31", 1, "2021-02-28"),
        ("2020-02-29", 12, "2021-02-28"),
        ("2020-03-31", -1, "2020-02-29"),
        ("2020-01-15", -13, "2018-12-15"),
    ],
)
def test_months_end_where_the_month_ends(day: str, months: int, wanted: str) -> None:
    made = temporal.parse_date(day)
    assert made is not None
    assert shift_months(made, months) == temporal.parse_date(wanted)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2020-1-01",
        "20-01-01",
        "02020-01-01",
        "2021-02-29",
        "2020-13-01",
        "+2020-01-01",
        "2020-01-01T",
        "1000000000-01-01",
    ],
)
def test_what_is_no_day(text: str) -> None:
    assert temporal.parse_date(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "24:00:01",
        "7:00:00",
        "12:60:00",
        "12:00:60",
        "12:00",
        "12:00:00+19:00",
        "12:00:00+1:00",
        "12:00:00@Nowhere/City",
    ],
)
def test_what_is_no_time(text: str) -> None:
    assert temporal.parse_time(text) is None


@pytest.mark.parametrize("text", ["", "P", "PT", "P1H", "1D", "P1Y1D", "P1DT", "P-1D", "P1.5D", "P" + "9" * 300 + "D"])
def test_what_is_no_duration(text: str) -> None:
    assert temporal.parse_duration(text) is None


def test_python_values_are_taken_as_feel_values() -> None:
    assert adopt(12) == Decimal(12)
    assert adopt(0.1) == Decimal("0.1")
    assert adopt({"a": [date(2020, 1, 2), True, None]}) == {"a": [Date(2020, 1, 2), True, None]}
    assert adopt(datetime(2020, 1, 2, 3, tzinfo=UTC)) == DateTime(Date(2020, 1, 2), Time(3 * 3600 * SECOND, 0))
    assert adopt(timedelta(hours=1)) == DaysDuration(3600 * SECOND)
    with pytest.raises(ValueError, match="cannot be used in a decision"):
        adopt(object())
