"""Between JSON and FEEL: plain values in, by the types a model declares, and results out."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from thanglong.kit.errors import N_
from thanglong.solve.dmn import model as m
from thanglong.solve.dmn.feel import temporal
from thanglong.solve.dmn.feel.types import basic
from thanglong.solve.dmn.feel.values import (
    DECIMAL128,
    Date,
    DateTime,
    DaysDuration,
    MonthsDuration,
    Range,
    Time,
    Value,
)
from thanglong.solve.dmn_analysis.words import Said, Verbatim

_READERS = {
    "date": temporal.parse_date,
    "time": temporal.parse_time,
    "date and time": temporal.parse_date_time,
    "days and time duration": temporal.parse_duration,
    "years and months duration": temporal.parse_duration,
}
_CLASSES = {
    "date": Date,
    "time": Time,
    "date and time": DateTime,
    "days and time duration": DaysDuration,
    "years and months duration": MonthsDuration,
}
_DEPTH = 50
EXPECTED = N_("“%(where)s” should be %(kind)s, not “%(value)s”.")
KINDS = {
    "number": N_("a number"), "string": N_("a text"), "boolean": N_("yes or no"), "date": N_("a date like 2025-07-01"),
    "time": N_("a time like 08:30:00"), "date and time": N_("a date and time like 2025-07-01T08:30:00"),
    "days and time duration": N_("a length of time like P2DT3H"),
    "years and months duration": N_("a length of time like P1Y6M"),
    "list": N_("a list"), "context": N_("a group of entries"),
}  # fmt: skip


class NotThatKind(ValueError):
    """A plain value that is not of the declared type; ``said`` tells where and what is expected."""

    def __init__(self, said: Said) -> None:
        super().__init__(said.text)
        self.said = said


class Types:
    """The declared types of a model and of its imports, by name."""

    def __init__(self, definitions: m.Definitions, imported: Mapping[str, m.Definitions] | None = None) -> None:
        self.items = {item.name: item for item in definitions.items}
        for each in definitions.imports:
            other = (imported or {}).get(each.namespace)
            if other is not None and each.name:
                self.items |= {f"{each.name}.{item.name}": item for item in other.items}

    def find(self, reference: str | None) -> m.ItemDefinition | None:
        """The item definition of this name; None for a built-in or unknown type."""
        return self.items.get((reference or "").strip())

    def known(self, reference: str) -> bool:
        """Whether a type of this name is declared or built in."""
        return basic(reference) is not None or reference in self.items

    def kind(self, reference: str | None) -> str:
        """The built-in kind behind a type: number, string, …, ``list``, ``context``; "" when it says nothing."""
        for _ in range(_DEPTH):
            if not reference:
                return ""
            item = self.find(reference)
            if item is None:
                found = basic(reference)
                return "" if found is None or found.kind == "Any" else found.kind
            if item.is_collection:
                return "list"
            if item.components:
                return "context"
            if item.parameters is not None:
                return "function"
            reference = item.type_ref
        return ""

    def allowed(self, reference: str | None) -> str | None:
        """The unary tests that limit a simple type, the nearest ones on the way to its built-in kind."""
        for _ in range(_DEPTH):
            item = self.find(reference)
            if item is None or item.is_collection:
                return None
            if item.type_constraint or item.allowed_values:
                return item.type_constraint or item.allowed_values
            reference = item.type_ref
        return None


def to_feel(value: Any, types: Types, reference: str | None, where: str = "") -> Value:
    """A JSON value as the FEEL value that the type expects; texts are read as dates, times and durations where one is.

    :raises NotThatKind: it is something else.
    """
    return _read(value, types, reference, where, 0)


def _read(value: Any, types: Types, reference: str | None, where: str, depth: int) -> Value:
    if depth > _DEPTH:
        raise NotThatKind(
            Said(EXPECTED, {"where": Verbatim(where), "kind": Said(KINDS["list"]), "value": Verbatim("…")})
        )
    item, kind = types.find(reference), types.kind(reference)
    if value is None:
        return None
    if item is not None and item.is_collection:
        inner = [item.components, item.type_ref]
        parts = value if isinstance(value, list | tuple) else [value]
        return [
            _entries(part, types, item, where, depth)
            if inner[0]
            else _read(part, types, item.type_ref, where, depth + 1)
            for part in parts
        ]
    if item is not None and item.components:
        return _entries(value, types, item, where, depth)
    return _simple(value, types, kind, where, depth)


def _entries(value: Any, types: Types, item: m.ItemDefinition, where: str, depth: int) -> Value:
    if not isinstance(value, Mapping):
        raise _wrong(where, "context", value)
    found = {}
    parts = {part.name: part for part in item.components}
    for name, inner in value.items():
        part, place = parts.get(name), f"{where}.{name}"
        if part is not None and (part.components or part.is_collection):
            found[str(name)] = _component(inner, types, part, place, depth)
        else:
            found[str(name)] = _read(inner, types, part.type_ref if part else None, place, depth + 1)
    return found


def _component(value: Any, types: Types, part: m.ItemDefinition, where: str, depth: int) -> Value:
    if value is None:
        return None
    if not part.is_collection:
        return _entries(value, types, part, where, depth + 1)
    values = value if isinstance(value, list | tuple) else [value]
    if part.components:
        return [_entries(each, types, part, where, depth + 1) for each in values]
    return [_read(each, types, part.type_ref, where, depth + 1) for each in values]


def _wrong(where: str, kind: str, value: Any) -> NotThatKind:
    shown = Verbatim(str(value)[:60])
    return NotThatKind(Said(EXPECTED, {"where": Verbatim(where), "kind": Said(KINDS.get(kind, kind)), "value": shown}))


def _simple(value: Any, types: Types, kind: str, where: str, depth: int) -> Value:
    if kind in _READERS:
        if isinstance(value, _CLASSES[kind]):
            return value
        found = _READERS[kind](value) if isinstance(value, str) else None
        if not isinstance(found, _CLASSES[kind]):
            raise _wrong(where, kind, value)
        return found
    if isinstance(value, bool) or kind == "boolean":
        if isinstance(value, bool) and kind in ("boolean", ""):
            return value
        raise _wrong(where, kind, value)
    if isinstance(value, int | float | Decimal) or kind == "number":
        if isinstance(value, int | float | Decimal) and kind in ("number", ""):
            number = DECIMAL128.create_decimal(repr(value) if isinstance(value, float) else value)
            if number.is_finite():
                return number
        raise _wrong(where, kind, value)
    if kind == "string" and not isinstance(value, str):
        raise _wrong(where, kind, value)
    if isinstance(value, list | tuple):
        return [_read(part, types, None, where, depth + 1) for part in value]
    if isinstance(value, Mapping):
        return {str(name): _read(part, types, None, f"{where}.{name}", depth + 1) for name, part in value.items()}
    return value


def to_plain(value: Value) -> Any:
    """A FEEL value as JSON: whole numbers as int, others as text that keeps every digit only when a float would not;
    calendar values as their FEEL text; ranges and functions as text."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, Decimal):
        return _plain_number(value)
    if isinstance(value, Date | Time | DateTime | DaysDuration | MonthsDuration):
        return temporal.show(value)
    if isinstance(value, list | tuple):
        return [to_plain(part) for part in value]
    if isinstance(value, Mapping):
        return {name: to_plain(part) for name, part in value.items()}
    if isinstance(value, Range):
        low, high = (("" if end is None else str(to_plain(end))) for end in (value.low, value.high))
        return f"{'[' if value.low_closed else '('}{low}..{high}{']' if value.high_closed else ')'}"
    return "function"


def _plain_number(value: Decimal) -> int | float | str:
    if value == value.to_integral_value() and abs(value) < 2**53:
        return int(value)
    near = float(value)
    return near if Decimal(repr(near)) == value else str(value)
