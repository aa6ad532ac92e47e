"""Reading and writing the calendar types as XML Schema and FEEL write them."""

import regex

from thanglong.solve.dmn.feel.values import (
    DAY,
    MONTH_LIMIT,
    NANO_LIMIT,
    SECOND,
    YEARS,
    Date,
    DateTime,
    DaysDuration,
    MonthsDuration,
    Time,
    month_length,
    zone,
)

_DATE = regex.compile(r"(-?)([1-9][0-9]{4,8}|[0-9]{4})-([0-9]{2})-([0-9]{2})")
_TIME = regex.compile(
    r"([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9})[0-9]*)?([Zz]|[+-][0-9]{2}:[0-9]{2}(?::[0-9]{2})?|@[A-Za-z0-9_+\-/]+)?"
)
_DAYS = regex.compile(r"(-?)P(?:([0-9]+)D)?(?:T(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)(?:\.([0-9]*))?S)?)?")
_MONTHS = regex.compile(r"(-?)P(?:([0-9]+)Y)?(?:([0-9]+)M)?")
_LONGEST = 200


def parse_date(text: str) -> Date | None:
    """``YYYY-MM-DD``, years of 4 to 9 digits, or None."""
    found = _DATE.fullmatch(text) if len(text) < _LONGEST else None
    return make_date(int(found[1] + found[2]), int(found[3]), int(found[4])) if found else None


def make_date(year: int, month: int, day: int) -> Date | None:
    """The day, or None when it is not in the calendar."""
    if not (-YEARS <= year <= YEARS and 1 <= month <= 12 and 1 <= day <= month_length(year, month)):
        return None
    return Date(year, month, day)


def parse_time(text: str) -> Time | None:
    """``hh:mm:ss`` with fraction, offset, ``Z`` or ``@Zone``, or None."""
    found = _TIME.fullmatch(text) if len(text) < _LONGEST else None
    if not found:
        return None
    hour, minute, second = int(found[1]), int(found[2]), int(found[3])
    if hour > 23 or minute > 59 or second > 59:
        return None
    nanos = (hour * 3600 + minute * 60 + second) * SECOND + int((found[4] or "0").ljust(9, "0"))
    return _zoned(nanos, found[5])


def _zoned(nanos: int, mark: str | None) -> Time | None:
    if mark is None:
        return Time(nanos)
    if mark in ("Z", "z"):
        return Time(nanos, 0)
    if mark[0] == "@":
        return Time(nanos, None, mark[1:]) if zone(mark[1:]) else None
    parts = [int(part) for part in mark[1:].split(":")]
    hours, minutes, seconds = (*parts, 0)[:3]
    total = hours * 3600 + minutes * 60 + seconds
    if minutes > 59 or seconds > 59 or total > 18 * 3600:
        return None
    return Time(nanos, -total if mark[0] == "-" else total)


def parse_date_time(text: str) -> DateTime | None:
    """A date, ``T`` and a time; a date alone means midnight; or None."""
    first, mark, second = text.partition("T")
    day = parse_date(first)
    if day is None:
        return None
    if not mark:
        return DateTime(day, Time(0))
    if second.startswith("24:00:00"):
        rest = parse_time("00" + second[2:])
        from thanglong.solve.dmn.feel.values import date_of

        after = date_of(day.ordinal() + 1)
        return DateTime(after, rest) if rest and rest.nanos == 0 and after else None
    moment = parse_time(second)
    return DateTime(day, moment) if moment else None


def parse_duration(text: str) -> DaysDuration | MonthsDuration | None:
    """An ISO 8601 duration of one of the two kinds, or None (years and days never mix)."""
    if len(text) > _LONGEST or text.endswith(("P", "T")):
        return None
    found = _DAYS.fullmatch(text)
    if found and any(found.groups()[1:]):
        days, hours, minutes, seconds = (int(found[k] or 0) for k in range(2, 6))
        nanos = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
        total = nanos * SECOND + int((found[6] or "0")[:9].ljust(9, "0"))
        return days_duration(-total if found[1] else total)
    found = _MONTHS.fullmatch(text)
    if found and any(found.groups()[1:]):
        months = int(found[2] or 0) * 12 + int(found[3] or 0)
        return months_duration(-months if found[1] else months)
    return None


def days_duration(nanos: int) -> DaysDuration | None:
    """The duration, or None beyond the largest."""
    return DaysDuration(nanos) if -NANO_LIMIT <= nanos <= NANO_LIMIT else None


def months_duration(months: int) -> MonthsDuration | None:
    """The duration, or None beyond the largest."""
    return MonthsDuration(months) if -MONTH_LIMIT <= months <= MONTH_LIMIT else None


def parse_literal(text: str) -> Date | Time | DateTime | DaysDuration | MonthsDuration | None:
    """What ``@"text"`` means, or None."""
    if "P" in text[:2]:
        return parse_duration(text)
    if "T" in text[4:]:
        moment = parse_date_time(text)
        if moment is not None:
            return moment
    return parse_date(text) or parse_time(text)


def show_date(value: Date) -> str:
    return f"{'-' if value.year < 0 else ''}{abs(value.year):04d}-{value.month:02d}-{value.day:02d}"


def show_time(value: Time) -> str:
    text = f"{value.hour:02d}:{value.minute:02d}:{value.second:02d}"
    fraction = value.nanos % SECOND
    if fraction:
        text += "." + f"{fraction:09d}".rstrip("0")
    if value.zone is not None:
        return f"{text}@{value.zone}"
    if value.offset is None:
        return text
    if value.offset == 0:
        return text + "Z"
    rest = abs(value.offset)
    text += f"{'-' if value.offset < 0 else '+'}{rest // 3600:02d}:{rest // 60 % 60:02d}"
    return text + (f":{rest % 60:02d}" if rest % 60 else "")


def show_days(value: DaysDuration) -> str:
    rest = abs(value.nanos)
    if rest == 0:
        return "PT0S"
    days, rest = divmod(rest, DAY)
    hours, rest = divmod(rest, 3600 * SECOND)
    minutes, rest = divmod(rest, 60 * SECOND)
    seconds, nanos = divmod(rest, SECOND)
    text = ("-" if value.nanos < 0 else "") + "P" + (f"{days}D" if days else "")
    clock = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
    if seconds or nanos:
        clock += str(seconds) + (("." + f"{nanos:09d}".rstrip("0")) if nanos else "") + "S"
    return text + ("T" + clock if clock else "")


def show_months(value: MonthsDuration) -> str:
    years, months = divmod(abs(value.months), 12)
    text = (f"{years}Y" if years else "") + (f"{months}M" if months else "")
    return ("-" if value.months < 0 else "") + "P" + (text or "0M")


def show(value: Date | Time | DateTime | DaysDuration | MonthsDuration) -> str:
    """The canonical text of a calendar value."""
    if isinstance(value, Date):
        return show_date(value)
    if isinstance(value, Time):
        return show_time(value)
    if isinstance(value, DateTime):
        return f"{show_date(value.date)}T{show_time(value.time)}"
    return show_days(value) if isinstance(value, DaysDuration) else show_months(value)
