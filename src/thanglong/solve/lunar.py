"""The Vietnamese lunar calendar, after the algorithm published by Hồ Ngọc Đức (from Meeus' *Astronomical Algorithms*).

A month begins on the day of the new moon in Việt Nam's zone; the month that holds the winter solstice is the 11th; in a
year of 13 months the first month after the solstice without a major solar term is the leap month. Valid for 1800-2199.
"""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from math import floor, pi, sin

ZONE_HOURS = 7.0
_SYNODIC = 29.530588853
_EPOCH = 2415021.076998695
_ORDINAL_TO_JULIAN = 1721425


@dataclass(frozen=True, slots=True)
class LunarDate:
    """A day of the lunar calendar; ``leap`` marks the second month of the same number."""

    day: int
    month: int
    year: int
    leap: bool = False


def _julian(day: date) -> int:
    return day.toordinal() + _ORDINAL_TO_JULIAN


def _date(julian: int) -> date:
    return date.fromordinal(julian - _ORDINAL_TO_JULIAN)


def _new_moon(k: int) -> float:
    """Julian date (universal time) of the ``k``-th new moon after 1 January 1900 (Meeus, chapter 49, low precision)."""
    t = k / 1236.85
    t2, t3 = t * t, t * t * t
    degree = pi / 180
    mean = 2415020.75933 + 29.53058868 * k + 0.0001178 * t2 - 0.000000155 * t3
    mean += 0.00033 * sin((166.56 + 132.87 * t - 0.009173 * t2) * degree)
    sun = (359.2242 + 29.10535608 * k - 0.0000333 * t2 - 0.00000347 * t3) * degree
    moon = (306.0253 + 385.81691806 * k + 0.0107306 * t2 + 0.00001236 * t3) * degree
    node = (21.2964 + 390.67050646 * k - 0.0016528 * t2 - 0.00000239 * t3) * degree
    shift = (0.1734 - 0.000393 * t) * sin(sun) + 0.0021 * sin(2 * sun) - 0.4068 * sin(moon) + 0.0161 * sin(2 * moon)
    shift += -0.0004 * sin(3 * moon) + 0.0104 * sin(2 * node) - 0.0051 * sin(sun + moon) - 0.0074 * sin(sun - moon)
    shift += 0.0004 * sin(2 * node + sun) - 0.0004 * sin(2 * node - sun) - 0.0006 * sin(2 * node + moon)
    shift += 0.0010 * sin(2 * node - moon) + 0.0005 * sin(2 * moon + sun)
    if t < -11:
        delta = 0.001 + 0.000839 * t + 0.0002261 * t2 - 0.00000845 * t3 - 0.000000081 * t * t3
    else:
        delta = -0.000278 + 0.000265 * t + 0.000262 * t2
    return mean + shift - delta


@lru_cache(maxsize=4096)
def _new_moon_day(k: int) -> int:
    """Julian day number, in Việt Nam, on which the ``k``-th new moon falls."""
    return floor(_new_moon(k) + 0.5 + ZONE_HOURS / 24)


def _sun_sector(julian: int) -> int:
    """Which twelfth of the ecliptic (0 = from the spring equinox) the sun stands in at the start of the day."""
    t = (julian - 0.5 - ZONE_HOURS / 24 - 2451545.0) / 36525
    t2 = t * t
    degree = pi / 180
    anomaly = 357.52910 + 35999.05030 * t - 0.0001559 * t2 - 0.00000048 * t * t2
    mean = 280.46645 + 36000.76983 * t + 0.0003032 * t2
    centre = (1.914600 - 0.004817 * t - 0.000014 * t2) * sin(degree * anomaly)
    centre += (0.019993 - 0.000101 * t) * sin(degree * 2 * anomaly) + 0.000290 * sin(degree * 3 * anomaly)
    return floor((mean + centre) % 360 / 30)


@lru_cache(maxsize=512)
def _month_11(year: int) -> int:
    """Julian day number of the first day of the lunar month that holds the winter solstice of ``year``."""
    k = floor((_julian(date(year, 12, 31)) - 2415021) / _SYNODIC)
    start = _new_moon_day(k)
    return _new_moon_day(k - 1) if _sun_sector(start) >= 9 else start


def _leap_offset(month_11: int) -> int:
    """How many months after the 11th the leap month stands, in a year that has one."""
    k = floor((month_11 - _EPOCH) / _SYNODIC + 0.5)
    offset, last, sector = 1, -1, _sun_sector(_new_moon_day(k + 1))
    while sector != last and offset < 14:
        last, offset = sector, offset + 1
        sector = _sun_sector(_new_moon_day(k + offset))
    return offset - 1


def to_lunar(day: date) -> LunarDate:
    """The lunar date of a solar day."""
    julian = _julian(day)
    k = floor((julian - _EPOCH) / _SYNODIC)
    start = _new_moon_day(k + 1)
    if start > julian:
        start = _new_moon_day(k)
    year, a11 = day.year, _month_11(day.year)
    if a11 >= start:
        b11, a11 = a11, _month_11(day.year - 1)
    else:
        year, b11 = year + 1, _month_11(day.year + 1)
    distance = (start - a11) // 29
    month, leap = distance + 11, False
    if b11 - a11 > 365:
        offset = _leap_offset(a11)
        if distance >= offset:
            month, leap = distance + 10, distance == offset
    if month > 12:
        month -= 12
    if month >= 11 and distance < 4:
        year -= 1
    return LunarDate(julian - start + 1, month, year, leap)


def to_solar(lunar: LunarDate) -> date:
    """The solar day of a lunar date; ValueError when the year has no such leap month."""
    if lunar.month < 11:
        a11, b11 = _month_11(lunar.year - 1), _month_11(lunar.year)
    else:
        a11, b11 = _month_11(lunar.year), _month_11(lunar.year + 1)
    offset = lunar.month - 11 if lunar.month >= 11 else lunar.month + 1
    if b11 - a11 > 365:
        leap = _leap_offset(a11)
        leap_month = leap - 2 if leap > 2 else leap + 10
        if lunar.leap and lunar.month != leap_month:
            raise ValueError(f"lunar year {lunar.year} has no leap month {lunar.month}")
        if lunar.leap or offset >= leap:
            offset += 1
    elif lunar.leap:
        raise ValueError(f"lunar year {lunar.year} has no leap month")
    k = floor(0.5 + (a11 - _EPOCH) / _SYNODIC)
    return _date(_new_moon_day(k + offset) + lunar.day - 1)


def new_year(year: int) -> date:
    """The first day of Tết in the solar year ``year``."""
    return to_solar(LunarDate(1, 1, year))


def hung_kings(year: int) -> date:
    """Giỗ Tổ Hùng Vương: the 10th of the third lunar month."""
    return to_solar(LunarDate(10, 3, year))
