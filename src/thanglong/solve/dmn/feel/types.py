"""FEEL types: what conforms to what, ``instance of``, and the implicit conversions (specification 10.3.2.9)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from thanglong.solve.dmn.feel import ast
from thanglong.solve.dmn.feel.kinds import kind
from thanglong.solve.dmn.feel.run import charge
from thanglong.solve.dmn.feel.values import Date, DateTime, Function, Range, Time, Value

Check = Callable[..., bool]
"""A compiled constraint: (run, value) -> allowed."""
DEPTH = 60


@dataclass(frozen=True, slots=True)
class Type:
    """A type: ``kind`` is a built-in name, or ``list``, ``range``, ``context``, ``function``, ``Any``, ``Null``.

    ``item`` is the element type of a list or range; ``fields`` the entries of a context, each type resolved on demand
    so that a type may contain itself; ``parameters`` and ``result`` belong to functions; ``checks`` are the constraints
    of an item definition, which hold for values but do not change ``instance of``."""

    kind: str
    name: str = ""
    item: "Lazy | None" = None
    fields: "tuple[tuple[str, Lazy], ...] | None" = None
    parameters: "tuple[Lazy, ...] | None" = None
    result: "Lazy | None" = None
    checks: tuple[Check, ...] = field(default=())

    def get(self) -> "Type":
        """Itself, so that a type can stand where a lazy one does."""
        return self

    def label(self) -> str:
        """How the type is called in a message."""
        return self.name or self.kind


class Reference:
    """A type by name, found when it is first needed."""

    __slots__ = ("found", "name", "table")

    def __init__(self, name: str, table: Callable[[str], Type | None]) -> None:
        self.name, self.table = name, table
        self.found: Type | None = None

    def get(self) -> Type:
        if self.found is None:
            self.found = self.table(self.name) or UNKNOWN
        return self.found


Lazy = Type | Reference

ANY = Type("Any")
UNKNOWN = Type("?", "unknown")
BASIC: dict[str, Type] = {
    name: Type(name)
    for name in (
        "Null",
        "number",
        "string",
        "boolean",
        "date",
        "time",
        "date and time",
        "days and time duration",
        "years and months duration",
        "list",
        "context",
        "range",
        "function",
    )
} | {"Any": ANY}
_OTHER_NAMES = {
    "any": "Any",
    "dateTime": "date and time",
    "dayTimeDuration": "days and time duration",
    "yearMonthDuration": "years and months duration",
    "day time duration": "days and time duration",
    "year month duration": "years and months duration",
}


def basic(name: str) -> Type | None:
    """A built-in type by any of its names, with or without the ``feel`` prefix; or None."""
    short = name[5:] if name.startswith(("feel:", "feel.")) else name
    return BASIC.get(_OTHER_NAMES.get(short, short))


def resolve(node: ast.TypeNode, table: Callable[[str], Type | None]) -> Lazy:
    """The type that is written; an unknown name becomes :data:`UNKNOWN`."""
    if node.kind == "name":
        return basic(node.name) or Reference(node.name, table)
    if node.kind in ("list", "range"):
        return Type(node.kind, item=resolve(node.arguments[0], table))
    if node.kind == "context":
        return Type("context", fields=tuple((name, resolve(kind, table)) for name, kind in node.fields))
    result = resolve(node.result, table) if node.result else ANY
    return Type("function", parameters=tuple(resolve(kind, table) for kind in node.arguments), result=result)


def instance(value: Value, lazy: Lazy, depth: int = 0) -> bool:
    """``value instance of type``: constraints do not count; null is an instance of Null only."""
    wanted = lazy.get()
    if wanted.kind == "?" or depth > DEPTH:
        return False
    if value is None:
        return wanted.kind == "Null"
    return _conforms(value, wanted, depth)


def _conforms(value: Value, wanted: Type, depth: int) -> bool:
    if wanted.kind == "Any":
        return True
    if kind(value) != wanted.kind:
        return False
    if isinstance(value, list | dict):
        charge(len(value))
    if wanted.item is not None:
        item = wanted.item
        if isinstance(value, list):
            return all(fits(one, item, depth + 1) for one in value)
        if isinstance(value, Range):
            ends = [end for end in (value.low, value.high) if end is not None]
            return all(instance(end, item, depth + 1) for end in ends)
    if wanted.fields is not None and isinstance(value, dict):
        return all(name in value and fits(value[name], field, depth + 1) for name, field in wanted.fields)
    if wanted.parameters is not None and isinstance(value, Function):
        return _function(value, wanted, depth)
    return True


def fits(value: Value, wanted: Lazy, depth: int = 0) -> bool:
    """Whether a value may stand where the type is wanted: null always may (specification table 44)."""
    found = wanted.get()
    if found.kind == "?" or depth > DEPTH:
        return False
    return value is None or _conforms(value, found, depth)


def _function(value: Function, wanted: Type, depth: int) -> bool:
    assert wanted.parameters is not None
    kinds = value.kinds or tuple(ANY for _ in value.parameters)
    if len(kinds) != len(wanted.parameters):
        return False
    pairs = zip(wanted.parameters, kinds, strict=True)
    if not all(conforms(asked, taken, depth + 1) for asked, taken in pairs):
        return False
    return wanted.result is None or conforms(value.result or ANY, wanted.result, depth + 1)


def conforms(source: Lazy, target: Lazy, depth: int = 0) -> bool:
    """Whether every value of ``source`` is one of ``target``."""
    a, b = source.get(), target.get()
    if depth > DEPTH:
        return False
    if a is b or b.kind == "Any" or a.kind == "Null":
        return True
    if a.kind != b.kind or a.kind == "?":
        return False
    if b.item is not None:
        return a.item is not None and conforms(a.item, b.item, depth + 1)
    if b.fields is not None:
        own = dict(a.fields or ())
        return all(name in own and conforms(own[name], kind, depth + 1) for name, kind in b.fields)
    if b.parameters is not None and a.parameters is not None and b.result is not None:
        if len(a.parameters) != len(b.parameters):
            return False
        pairs = zip(b.parameters, a.parameters, strict=True)
        return all(conforms(x, y, depth + 1) for x, y in pairs) and conforms(a.result or ANY, b.result, depth + 1)
    return True


def coerce(run: object, value: Value, lazy: Lazy | None) -> tuple[Value, bool]:
    """The value as the type wants it, and whether it could be had: a singleton list becomes its element, an element a
    singleton list, a date the date and time of its midnight at UTC; constraints are checked."""
    if lazy is None:
        return value, True
    wanted = lazy.get()
    if wanted.kind == "?":
        return (value, True) if value is None else (None, False)
    if value is None or (wanted.kind == "Any" and not wanted.checks):
        return value, True
    value, right = _convert(run, value, wanted, 0)
    return (value, True) if right else (None, False)


def _convert(run: object, value: Value, wanted: Type, depth: int) -> tuple[Value, bool]:
    if depth > DEPTH:
        return None, False
    if value is None:
        return None, True
    if isinstance(value, list) and wanted.kind not in ("list", "Any"):
        if len(value) != 1 or isinstance(value[0], list):
            return None, False
        return _convert(run, value[0], wanted, depth + 1)
    if wanted.kind == "list" and not isinstance(value, list):
        value = [value]
    if wanted.kind == "date and time" and isinstance(value, Date):
        value = DateTime(value, Time(0, 0))
    if wanted.kind == "list" and wanted.item is not None:
        value, right = _convert_items(run, value, wanted.item.get(), depth)
    elif wanted.fields is not None and isinstance(value, dict):
        value, right = _convert_fields(run, value, wanted, depth)
    else:
        right = _conforms(value, wanted, depth)
    return value, right and _allowed(run, value, wanted)


def _convert_items(run: object, value: list[Value], item: Type, depth: int) -> tuple[Value, bool]:
    items = []
    charge(len(value))
    for one in value:
        if isinstance(one, list) and item.kind not in ("list", "Any"):
            return None, False
        made, right = _convert(run, one, item, depth + 1)
        if not right:
            return None, False
        items.append(made)
    return items, True


def _convert_fields(run: object, value: Mapping[str, Value], wanted: Type, depth: int) -> tuple[Value, bool]:
    made = dict(value)
    charge(len(made))
    for name, lazy in wanted.fields or ():
        if name not in made:
            return None, False
        made[name], right = _convert(run, made[name], lazy.get(), depth + 1)
        if not right:
            return None, False
    return made, True


def complete(value: Value, lazy: Lazy, depth: int = 0) -> Value:
    """An input with the entries that its type declares and the caller left out: they are null."""
    wanted = lazy.get()
    if depth > DEPTH:
        return value
    if isinstance(value, list) and wanted.kind == "list" and wanted.item is not None:
        return [complete(one, wanted.item, depth + 1) for one in value]
    if isinstance(value, dict) and wanted.fields is not None:
        given = {name: complete(value[name], kind, depth + 1) for name, kind in wanted.fields if name in value}
        return dict.fromkeys((name for name, _ in wanted.fields if name not in value)) | value | given
    return value


def _allowed(run: object, value: Value, wanted: Type) -> bool:
    return all(check(run, value) for check in wanted.checks)
