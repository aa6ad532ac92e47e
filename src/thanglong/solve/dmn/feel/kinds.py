"""What kind a value is, by name."""

from decimal import Decimal

from thanglong.solve.dmn.feel.values import (
    Date,
    DateTime,
    DaysDuration,
    Function,
    MonthsDuration,
    Range,
    Time,
    Value,
)

NAMES: dict[type, str] = {
    type(None): "Null",
    bool: "boolean",
    Decimal: "number",
    str: "string",
    Date: "date",
    Time: "time",
    DateTime: "date and time",
    DaysDuration: "days and time duration",
    MonthsDuration: "years and months duration",
    list: "list",
    dict: "context",
    Range: "range",
    Function: "function",
}
TEMPORAL = (Date, Time, DateTime, DaysDuration, MonthsDuration)


def kind(value: Value) -> str:
    """The FEEL name of a value's type."""
    return NAMES.get(type(value), type(value).__name__)
