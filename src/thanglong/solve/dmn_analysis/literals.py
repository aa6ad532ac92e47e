"""Fixed values in tests: which expressions are one, and where a value lies on the line of its kind."""

from decimal import Decimal
from typing import Any

from thanglong.solve.dmn.feel import ast, temporal
from thanglong.solve.dmn.feel.values import DAY, Date, DateTime, DaysDuration, MonthsDuration, Time, date_of

ORDERED = {"number", "date", "time", "date and time", "days and time duration", "years and months duration"}
DISCRETE = {"date", "years and months duration"}
"""Kinds whose values are whole steps apart, so that nothing lies between neighbours."""


class NotDecided(Exception):
    """A test that the analysis cannot turn into a set; ``reason`` is ``expression``, ``value``, ``order`` or
    ``zone``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def constant(node: ast.Node) -> Any:
    """The value of an expression that is fixed when the table is written.

    :raises NotDecided: it depends on something, or is not a literal, a sign before one, or a calendar literal.
    """
    if isinstance(node, ast.Literal):
        return node.value
    if isinstance(node, ast.Unary):
        value = constant(node.operand)
        if isinstance(value, Decimal):
            return -value
        raise NotDecided("expression")
    if isinstance(node, ast.Call) and isinstance(node.function, ast.Name) and node.names is None:
        arguments = [constant(argument) for argument in node.arguments]
        value = _calendar(node.function.name, arguments)
        if value is not None:
            return value
    raise NotDecided("expression")


def _calendar(name: str, arguments: list[Any]) -> Any:
    if name == "date" and len(arguments) == 3 and all(isinstance(part, Decimal) for part in arguments):
        return temporal.make_date(*(int(part) for part in arguments))
    if len(arguments) != 1 or not isinstance(arguments[0], str):
        return None
    text = arguments[0]
    readers = {
        "date": temporal.parse_date,
        "time": temporal.parse_time,
        "date and time": temporal.parse_date_time,
        "duration": temporal.parse_duration,
    }
    return readers[name](text) if name in readers else None


def kind_of(value: Any) -> str:
    """The kind of a value whose place is known, or "".

    :raises NotDecided: a time with an offset or zone; its order against others depends on the day.
    """
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, Decimal):
        return "number"
    if isinstance(value, str):
        return "string"
    if isinstance(value, Date):
        return "date"
    if isinstance(value, Time | DateTime):
        time = value if isinstance(value, Time) else value.time
        if time.offset is not None or time.zone is not None:
            raise NotDecided("zone")
        return "time" if isinstance(value, Time) else "date and time"
    if isinstance(value, DaysDuration):
        return "days and time duration"
    return "years and months duration" if isinstance(value, MonthsDuration) else ""


def place(value: Any) -> Any:
    """Where a value lies on the line of its kind (strings and booleans: the value itself)."""
    if isinstance(value, Date):
        return value.ordinal()
    if isinstance(value, Time | DaysDuration):
        return value.nanos
    if isinstance(value, DateTime):
        return value.local()
    return value.months if isinstance(value, MonthsDuration) else value


def unplace(kind: str, at: Any) -> Any:
    """The value at a place."""
    if kind == "date":
        return date_of(int(at))
    if kind == "time":
        return Time(int(at))
    if kind == "date and time":
        day = date_of(int(at) // DAY)
        return None if day is None else DateTime(day, Time(int(at) % DAY))
    if kind == "days and time duration":
        return DaysDuration(int(at))
    return MonthsDuration(int(at)) if kind == "years and months duration" else at
