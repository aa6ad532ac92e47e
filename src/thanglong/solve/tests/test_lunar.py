"""Known days, and that the two directions agree."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thanglong.solve.lunar import LunarDate, hung_kings, new_year, to_lunar, to_solar

# first day of Tết, from the public calendars of those years
TET = {
    1985: (1, 21),  # a month before the Chinese new year: the two countries' zones differ
    2007: (2, 17),  # a day before the Chinese one
    2015: (2, 19), 2016: (2, 8), 2017: (1, 28), 2018: (2, 16), 2019: (2, 5), 2020: (1, 25), 2021: (2, 12),
    2022: (2, 1), 2023: (1, 22), 2024: (2, 10), 2025: (1, 29), 2026: (2, 17), 2027: (2, 6), 2028: (1, 26),
    2029: (2, 13), 2030: (2, 2), 2031: (1, 23), 2032: (2, 11), 2033: (1, 31), 2034: (2, 19), 2035: (2, 8),
}  # fmt: skip
HUNG = {2019: (4, 14), 2020: (4, 2), 2021: (4, 21), 2022: (4, 10), 2023: (4, 29), 2024: (4, 18), 2025: (4, 7)}
LEAP = {2017: 6, 2020: 4, 2023: 2, 2025: 6, 2028: 5, 2031: 3, 2033: 11}


@pytest.mark.parametrize("year", TET)
def test_tet(year: int) -> None:
    assert new_year(year) == date(year, *TET[year])


@pytest.mark.parametrize("year", HUNG)
def test_hung_kings(year: int) -> None:
    assert hung_kings(year) == date(year, *HUNG[year])


@pytest.mark.parametrize("year", LEAP)
def test_leap_months(year: int) -> None:
    assert to_lunar(to_solar(LunarDate(1, LEAP[year], year, True))) == LunarDate(1, LEAP[year], year, True)


def test_a_month_that_is_not_leap_is_refused() -> None:
    with pytest.raises(ValueError, match="leap"):
        to_solar(LunarDate(1, 5, 2025, True))
    with pytest.raises(ValueError, match="leap"):
        to_solar(LunarDate(1, 5, 2026, True))


@given(st.dates(date(1900, 1, 1), date(2150, 12, 31)))
def test_there_and_back(day: date) -> None:
    lunar = to_lunar(day)
    assert to_solar(lunar) == day
    following = to_lunar(day + timedelta(days=1))
    assert following.day == lunar.day + 1 or (following.day == 1 and lunar.day in (29, 30))
