"""What an evaluation did, as data: the material of an explanation."""

from dataclasses import dataclass

from thanglong.solve.dmn import model as m
from thanglong.solve.dmn.feel.values import Value


@dataclass(frozen=True, slots=True)
class TableTrace:
    """A decision table that was applied: the element it belongs to, the value of each column's expression, the rules
    that matched (numbers from 1), the result."""

    element: str
    table: m.DecisionTable
    inputs: tuple[tuple[str, Value], ...]
    rules: tuple[tuple[int, m.Rule], ...]
    value: Value


@dataclass(frozen=True, slots=True)
class InputTrace:
    """An input that was read."""

    name: str
    namespace: str
    value: Value
    given: bool


@dataclass(frozen=True, slots=True)
class DecisionTrace:
    """A decision (or a service) that was made: what it used by name, in what order, and its result. It stands behind
    the traces of everything it used."""

    name: str
    namespace: str
    id: str
    kind: str
    used: tuple[tuple[str, Value], ...]
    value: Value


Trace = TableTrace | InputTrace | DecisionTrace
