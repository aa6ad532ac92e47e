"""Functions on the calendar, and ``is``."""

from decimal import Decimal

from thanglong.solve.dmn.feel.builtins.base import built_in, wrong
from thanglong.solve.dmn.feel.run import Run, charge
from thanglong.solve.dmn.feel.values import Date, DateTime, Value

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SPRING = ("January", "February", "March", "April", "May", "June")
MONTHS = (*_SPRING, "July", "August", "September", "October", "November", "December")


def _day(run: Run, name: str, value: Value) -> Date | None:
    if type(value) is DateTime:
        return value.date
    return value if type(value) is Date else wrong(run, name, value, "date")


@built_in("day of year", "date")
def day_of_year(run: Run, value: Value) -> Value:
    day = _day(run, "day of year", value)
    return Decimal(day.day_of_year()) if day else None


@built_in("day of week", "date")
def day_of_week(run: Run, value: Value) -> Value:
    day = _day(run, "day of week", value)
    return DAYS[day.weekday() - 1] if day else None


@built_in("month of year", "date")
def month_of_year(run: Run, value: Value) -> Value:
    day = _day(run, "month of year", value)
    return MONTHS[day.month - 1] if day else None


@built_in("week of year", "date")
def week_of_year(run: Run, value: Value) -> Value:
    """The ISO 8601 week: week 1 holds the year's first Thursday."""
    day = _day(run, "week of year", value)
    if day is None:
        return None
    from thanglong.solve.dmn.feel.values import date_of

    thursday = date_of(day.ordinal() - day.weekday() + 4)
    return Decimal((thursday.day_of_year() - 1) // 7 + 1) if thursday else None


@built_in("now")
def now(run: Run) -> Value:
    return run.present()


@built_in("today")
def today(run: Run) -> Value:
    return run.present().date


@built_in("is", "value1?, value2?")
def same(run: Run, left: Value = None, right: Value = None) -> Value:
    return identical(left, right)


def identical(left: Value, right: Value) -> bool:
    """Whether two values are the same element of the semantic domain: times with the same zone, not only the same
    moment."""
    if type(left) is not type(right):
        return False
    if type(left) in (list, dict):
        charge(len(left))
    if type(left) is list:
        return len(left) == len(right) and all(identical(a, b) for a, b in zip(left, right, strict=True))
    if type(left) is dict:
        return left.keys() == right.keys() and all(identical(value, right[key]) for key, value in left.items())
    return bool(left == right)
