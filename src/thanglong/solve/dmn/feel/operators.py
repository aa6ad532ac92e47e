"""Equality, order and arithmetic (specification 10.3.2.13, tables 53 to 61)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from thanglong.solve.dmn.feel.kinds import kind
from thanglong.solve.dmn.feel.run import Run, charge
from thanglong.solve.dmn.feel.temporal import days_duration, make_date, months_duration
from thanglong.solve.dmn.feel.values import (
    DAY,
    DECIMAL128,
    SECOND,
    Date,
    DateTime,
    DaysDuration,
    Function,
    MonthsDuration,
    Range,
    Time,
    Value,
    date_of,
    month_length,
    time_offset,
    zone_local,
)


def equal(left: Value, right: Value) -> bool | None:
    """``left = right``: None for values of different kinds (but null equals only null)."""
    kind_left, kind_right = type(left), type(right)
    if left is None or right is None:
        return left is right
    if kind_left is not kind_right:
        return None
    if kind_left is list:
        return _equal_lists(left, right)
    if kind_left is dict:
        if left.keys() != right.keys():
            return False
        charge(len(left))
        return all(equal(value, right[key]) is True for key, value in left.items())
    if kind_left is Time:
        return _equal_times(left, right)
    if kind_left is DateTime:
        if (left.offset() is None) != (right.offset() is None):
            return False
        return bool(left.instant() // SECOND == right.instant() // SECOND)
    if kind_left is Range:
        return _equal_ranges(left, right)
    if kind_left is Function:
        return left is right
    return bool(left == right)


def same(left: Value, right: Value) -> bool | None:
    """``left = right`` as the operator has it: a list of one also equals its element."""
    if type(left) is list and len(left) == 1 and type(right) is not list and right is not None:
        return equal(left[0], right)
    if type(right) is list and len(right) == 1 and type(left) is not list and left is not None:
        return equal(left, right[0])
    return equal(left, right)


def _equal_lists(left: list[Value], right: list[Value]) -> bool:
    charge(len(left))
    return len(left) == len(right) and all(equal(a, b) is True for a, b in zip(left, right, strict=True))


def _equal_times(left: Time, right: Time) -> bool:
    first, second = time_offset(left), time_offset(right)
    if (first is None) != (second is None):
        return False
    return left.nanos // SECOND - (first or 0) == right.nanos // SECOND - (second or 0)


def _equal_ranges(left: Range, right: Range) -> bool:
    same_form = (left.form == "..") == (right.form == "..") and (left.form == "!=") == (right.form == "!=")
    same_ends = left.low_closed == right.low_closed and left.high_closed == right.high_closed
    return same_form and same_ends and equal(left.low, right.low) is True and equal(left.high, right.high) is True


def compare(left: Value, right: Value) -> int | None:
    """-1, 0 or 1; None when the values have no order between them."""
    kind_left = type(left)
    if kind_left is not type(right) or left is None:
        return None
    if kind_left is Decimal or kind_left is str:
        return int(left > right) - int(left < right)
    a: Any
    b: Any
    if kind_left is Date:
        a, b = (left.year, left.month, left.day), (right.year, right.month, right.day)
    elif kind_left is DateTime:
        if (left.offset() is None) != (right.offset() is None):
            return None
        a, b = left.instant() // SECOND, right.instant() // SECOND
    elif kind_left is Time:
        first, second = time_offset(left), time_offset(right)
        if (first is None) != (second is None):
            return None
        a, b = left.nanos // SECOND - (first or 0), right.nanos // SECOND - (second or 0)
    elif kind_left is DaysDuration:
        a, b = left.nanos, right.nanos
    elif kind_left is MonthsDuration:
        a, b = left.months, right.months
    else:
        return None
    return int(a > b) - int(a < b)


def within(value: Value, span: Range) -> bool | None:
    """Whether the range includes the value; None when they cannot be compared."""
    if span.form == "=":
        return equal(value, span.low)
    if span.form == "!=":
        same = equal(value, span.low)
        return None if same is None else not same
    above: bool | None = True
    below: bool | None = True
    if span.low is not None or span.form == "..":
        order = compare(value, span.low)
        above = None if order is None else order > 0 or (order == 0 and span.low_closed)
    if span.high is not None or span.form == "..":
        order = compare(value, span.high)
        below = None if order is None else order < 0 or (order == 0 and span.high_closed)
    if above is None or below is None:
        return None
    return above and below


def matches(value: Value, test: Value) -> bool | None:
    """Whether a value passes a test value: inside a range, in a list, or equal (specification table 55)."""
    kind_test = type(test)
    if kind_test is Range:
        return within(value, test)
    if kind_test is list:
        if equal(value, test) is True:
            return True
        return any((within(value, item) if type(item) is Range else equal(value, item)) is True for item in test)
    return same(value, test)


def add(run: Run, left: Value, right: Value) -> Value:
    a, b = type(left), type(right)
    if a is Decimal and b is Decimal:
        return finite(run, DECIMAL128.add(left, right))
    if a is str and b is str:
        run.text(len(left) + len(right))
        return left + right
    if a in (DaysDuration, MonthsDuration) and b in (Date, Time, DateTime):
        left, right, a, b = right, left, b, a
    if b is DaysDuration:
        if a is DaysDuration:
            return large(run, days_duration(left.nanos + right.nanos))
        if a in (Date, Time, DateTime):
            return large(run, shift(left, right.nanos))
    if b is MonthsDuration:
        if a is MonthsDuration:
            return large(run, months_duration(left.months + right.months))
        if a in (Date, DateTime):
            return large(run, shift_months(left, right.months))
    return refuse(run, "+", left, right)


def subtract(run: Run, left: Value, right: Value) -> Value:
    a, b = type(left), type(right)
    if a is Decimal and b is Decimal:
        return finite(run, DECIMAL128.subtract(left, right))
    if b is DaysDuration:
        if a is DaysDuration:
            return large(run, days_duration(left.nanos - right.nanos))
        if a in (Date, Time, DateTime):
            return large(run, shift(left, -right.nanos))
    if b is MonthsDuration:
        if a is MonthsDuration:
            return large(run, months_duration(left.months - right.months))
        if a in (Date, DateTime):
            return large(run, shift_months(left, -right.months))
    if a is Time and b is Time:
        first, second = time_offset(left), time_offset(right)
        if (first is None) == (second is None):
            return days_duration(left.nanos - right.nanos - ((first or 0) - (second or 0)) * SECOND)
    if a in (Date, DateTime) and b in (Date, DateTime):
        return _between(run, left, right)
    return refuse(run, "-", left, right)


def _between(run: Run, left: Date | DateTime, right: Date | DateTime) -> Value:
    if isinstance(left, Date) and isinstance(right, Date):
        return days_duration((left.ordinal() - right.ordinal()) * DAY)
    first = DateTime(left, Time(0, 0)) if isinstance(left, Date) else left
    second = DateTime(right, Time(0, 0)) if isinstance(right, Date) else right
    if (first.offset() is None) != (second.offset() is None):
        return refuse(run, "-", left, right)
    return days_duration(first.instant() - second.instant())


def multiply(run: Run, left: Value, right: Value) -> Value:
    a, b = type(left), type(right)
    if a is Decimal and b is Decimal:
        return finite(run, DECIMAL128.multiply(left, right))
    if a is Decimal and b in (DaysDuration, MonthsDuration):
        left, right, a, b = right, left, b, a
    if b is Decimal:
        if a is DaysDuration:
            return large(run, days_duration(whole(DECIMAL128.multiply(Decimal(left.nanos), right))))
        if a is MonthsDuration:
            return large(run, months_duration(whole(DECIMAL128.multiply(Decimal(left.months), right))))
    return refuse(run, "*", left, right)


def divide(run: Run, left: Value, right: Value) -> Value:
    a, b = type(left), type(right)
    if a is Decimal and b is Decimal:
        if not right:
            return run.null("null", "Division by zero gives null")
        return finite(run, DECIMAL128.divide(left, right))
    if a in (DaysDuration, MonthsDuration) and b in (Decimal, a):
        under = right if b is Decimal else Decimal(right.nanos if a is DaysDuration else right.months)
        if not under:
            return run.null("null", "Division by zero gives null")
        over = Decimal(left.nanos if a is DaysDuration else left.months)
        value = DECIMAL128.divide(over, under)
        if b is not Decimal:
            return finite(run, value)
        return large(run, days_duration(whole(value)) if a is DaysDuration else months_duration(whole(value)))
    return refuse(run, "/", left, right)


def power(run: Run, left: Value, right: Value) -> Value:
    if type(left) is Decimal and type(right) is Decimal:
        return finite(run, DECIMAL128.power(left, right) if right else Decimal(1))
    return refuse(run, "**", left, right)


def negate(run: Run, value: Value) -> Value:
    if type(value) is Decimal:
        return DECIMAL128.minus(value)
    if type(value) is DaysDuration:
        return DaysDuration(-value.nanos)
    if type(value) is MonthsDuration:
        return MonthsDuration(-value.months)
    if value is None:
        return run.null("null", "Minus null is null")
    return run.null("type", "Minus cannot be used on this type", kind(value))


def shift(value: Date | Time | DateTime, nanos: int) -> Value:
    """The moment moved by a days and time duration; a time of day wraps around; None beyond the calendar."""
    if isinstance(value, Time):
        return Time((value.nanos + nanos) % DAY, value.offset, value.zone)
    if isinstance(value, Date):
        return date_of((value.ordinal() * DAY + nanos) // DAY)
    if value.time.zone is not None:  # a duration is time that passes: over a change of clocks too
        days, rest = divmod(zone_local(value.time.zone, value.instant() + nanos), DAY)
    else:
        days, rest = divmod(value.local() + nanos, DAY)
    day = date_of(days)
    return DateTime(day, Time(rest, value.time.offset, value.time.zone)) if day else None


def shift_months(value: Date | DateTime, months: int) -> Value:
    """The moment moved by months; a day that the month lacks becomes its last day."""
    day = value.date if isinstance(value, DateTime) else value
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    moved = make_date(year, month + 1, min(day.day, month_length(year, month + 1)))
    return DateTime(moved, value.time) if moved and isinstance(value, DateTime) else moved


def whole(value: Decimal) -> int:
    """A number cut to an integer; beyond any calendar when it is not finite or enormous."""
    if not value.is_finite() or value.adjusted() > 40:
        return 10**40
    return int(value)


def finite(run: Run, value: Decimal) -> Value:
    """The number, or null when it is not finite."""
    if value.is_finite():
        return value
    return run.null("null", "The number is not in the range of 34 digits and exponents to 6144")


def large(run: Run, value: Value) -> Value:
    """The calendar value, or null with a note when it lies beyond the calendar."""
    return value if value is not None else run.null("null", "The result lies beyond the largest date or duration")


def refuse(run: Run, operator: str, left: Value, right: Value) -> Value:
    """The null of an operator used on values it does not take."""
    if left is None or right is None:
        return run.null("null", "An operand is null", operator)
    return run.null("type", "The operator does not take these types", operator, kind(left), kind(right))


ARITHMETIC: dict[str, Callable[[Run, Value, Value], Value]] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "**": power,
}
