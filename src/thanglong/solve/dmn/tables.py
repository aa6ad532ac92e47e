"""Decision tables: conditions, hit policies, priorities, aggregation (specification chapter 8)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from thanglong.solve.dmn import model as m
from thanglong.solve.dmn.convert import checked
from thanglong.solve.dmn.feel.builtins import BUILT_INS
from thanglong.solve.dmn.feel.kinds import kind
from thanglong.solve.dmn.feel.layout import Code, Frame
from thanglong.solve.dmn.feel.operators import equal
from thanglong.solve.dmn.feel.run import Run
from thanglong.solve.dmn.feel.types import Lazy
from thanglong.solve.dmn.feel.values import Value
from thanglong.solve.dmn.space import Space
from thanglong.solve.dmn.table_index import Column, compile_column
from thanglong.solve.dmn.trace import TableTrace


@dataclass(frozen=True, slots=True)
class _Output:
    name: str
    wanted: Lazy | None
    default: Code | None
    order: tuple[Code, ...]
    cell: int


def compile_table(table: m.DecisionTable, space: Space) -> Code:
    """The closure of a decision table."""
    width = len(table.inputs)
    for place, rule in enumerate(table.rules, 1):
        if len(rule.tests) != width or len(rule.results) != len(table.outputs):
            return space.fault("model", f"rule {place} does not have a cell for each column", rule.line or table.line)
    if not table.outputs:
        return space.fault("model", "the table has no output", table.line)
    columns = [_column(table, number, space) for number in range(width)]
    outputs = [_output(output, table, space) for output in table.outputs]
    results = [_results(rule, outputs, space) for rule in table.rules]
    policy = table.hit_policy + _AGGREGATORS.get(table.aggregation or "", "")
    if table.hit_policy not in _POLICIES:
        return space.fault("model", f"unknown hit policy {table.hit_policy}", table.line)
    engine = _Table(table, columns, outputs, results, policy)
    return engine.decide


_AGGREGATORS = {"SUM": "+", "MIN": "<", "MAX": ">", "COUNT": "#"}


def _column(table: m.DecisionTable, number: int, space: Space) -> Column:
    source = table.inputs[number]
    inner = space.inner("?")
    cells = [rule.tests[number] for rule in table.rules]
    expression = space.expression(source.text, source.line) if source.text.strip() else _nothing
    wanted = space.model.types.of(source.type_ref)
    allowed = inner.tests(source.values, source.line) if source.values and source.values.strip() else None
    lines = [rule.line for rule in table.rules]
    name = source.label or " ".join(source.text.split())
    return compile_column(name, expression, wanted, allowed, cells, lines, inner)


def _nothing(frame: Frame) -> Value:
    return frame[0].null("null", "There is no expression here")


def _output(output: m.TableOutput, table: m.DecisionTable, space: Space) -> _Output:
    inner = space.inner("?")
    default = space.expression(output.default, output.line) if output.default and output.default.strip() else None
    values = output.values or (None if output.type_ref is None else _allowed_text(space, output.type_ref))
    order: tuple[Code, ...] = ()
    if values and table.hit_policy in ("P", "O"):
        order = _ordered_tests(values, inner, output.line)
    wanted = space.model.types.of(output.type_ref)
    return _Output(output.name, wanted, default, order, inner.place.cells["?"])


def _allowed_text(space: Space, reference: str) -> str | None:
    item = space.model.types.items.get(reference)
    return item.allowed_values if item else None


def _ordered_tests(values: str, space: Space, line: int) -> tuple[Code, ...]:
    """Each allowed value as its own test, in order."""
    from thanglong.solve.dmn.feel import ast
    from thanglong.solve.dmn.feel.compiler import compile_node
    from thanglong.solve.dmn.feel.lexer import FeelFault
    from thanglong.solve.dmn.feel.parser import parse_tests

    try:
        node = parse_tests(values, space.scope)
    except FeelFault as fault:
        return (space.broken(values, fault, line),)
    return tuple(compile_node(ast.UnaryTests((test,)), space.place) for test in node.tests)


def _results(rule: m.Rule, outputs: list[_Output], space: Space) -> tuple[Code, ...]:
    codes = []
    for text, output in zip(rule.results, outputs, strict=True):
        blank = not text.strip() or text.strip() == "-"
        code = _none if blank else space.expression(text, rule.line)
        codes.append(checked(code, output.wanted, output.name or "output"))
    return tuple(codes)


def _none(frame: Frame) -> Value:
    return None


class _Table:
    """A compiled table; :meth:`decide` is its closure."""

    def __init__(
        self,
        table: m.DecisionTable,
        columns: list[Column],
        outputs: list[_Output],
        results: list[tuple[Code, ...]],
        policy: str,
    ) -> None:
        self.table, self.columns, self.outputs, self.results, self.policy = table, columns, outputs, results, policy
        self.every = (1 << len(results)) - 1
        self.single = len(outputs) == 1
        self.choose = _POLICIES[policy[0]]

    def decide(self, frame: Frame) -> Value:
        run: Run = frame[0]
        mask = self.every
        seen: list[tuple[str, Value]] | None = None if run.trace is None else []
        for column in self.columns:
            value, right = column.value(frame)
            if seen is not None:
                seen.append((column.name, value))
            if not right:
                self._note(run, seen, (), None)
                return None
            if mask:
                mask &= column.matching(frame, value)
        made = self._default(frame) if not mask else self.choose(self, frame, mask)
        if seen is not None:
            hits = tuple(place for place in range(len(self.results)) if mask >> place & 1)
            self._note(run, seen, hits, made)
        return made

    def _note(self, run: Run, seen: list[tuple[str, Value]] | None, hits: tuple[int, ...], made: Value) -> None:
        if run.trace is not None and seen is not None:
            rules = tuple((place + 1, self.table.rules[place]) for place in hits)
            run.trace.append(TableTrace(run.where, self.table, tuple(seen), rules, made))

    def _default(self, frame: Frame) -> Value:
        if any(output.default for output in self.outputs):
            values = [output.default(frame) if output.default else None for output in self.outputs]
            return self._row(values)
        if self.policy == "C#":
            return Decimal(0)
        return frame[0].null("null", "No rule of the table matches")

    def _row(self, values: list[Value]) -> Value:
        if self.single:
            return values[0]
        return {output.name: value for output, value in zip(self.outputs, values, strict=True)}

    def row(self, frame: Frame, place: int) -> Value:
        """The result of one rule."""
        if self.single:
            return self.results[place][0](frame)
        return self._row([code(frame) for code in self.results[place]])

    def rows(self, frame: Frame, mask: int) -> list[Value]:
        """The results of the matching rules, in the order of the table."""
        frame[0].spend(len(self.results))
        return [self.row(frame, place) for place in range(len(self.results)) if mask >> place & 1]

    def ranked(self, frame: Frame, mask: int) -> list[Value]:
        """The results of the matching rules by priority: the order of the allowed output values."""
        rows = [
            (place, [code(frame) for code in self.results[place]])
            for place in range(len(self.results))
            if mask >> place & 1
        ]
        ordered = sorted(rows, key=lambda row: [self._rank(frame, k, value) for k, value in enumerate(row[1])])
        return [self._row(values) for _, values in ordered]

    def _rank(self, frame: Frame, number: int, value: Value) -> int:
        output = self.outputs[number]
        frame[output.cell] = value
        return next((k for k, test in enumerate(output.order) if test(frame) is True), len(output.order))


def _unique(table: _Table, frame: Frame, mask: int) -> Value:
    if mask & (mask - 1):
        hits = ", ".join(str(k + 1) for k in range(len(table.results)) if mask >> k & 1)
        return frame[0].null("conflict", "More than one rule matches, but only one may", hits)
    return table.row(frame, mask.bit_length() - 1)


def _first(table: _Table, frame: Frame, mask: int) -> Value:
    return table.row(frame, (mask & -mask).bit_length() - 1)


def _any(table: _Table, frame: Frame, mask: int) -> Value:
    rows = table.rows(frame, mask)
    if all(equal(row, rows[0]) is True for row in rows[1:]):
        return rows[0]
    hits = ", ".join(str(k + 1) for k in range(len(table.results)) if mask >> k & 1)
    return frame[0].null("conflict", "The rules that match give different results", hits)


def _collect(table: _Table, frame: Frame, mask: int) -> Value:
    rows = table.rows(frame, mask)
    aggregate = table.policy[1:]
    if not aggregate:
        return rows
    if table.single or aggregate == "#":
        return _aggregate(frame[0], aggregate, rows)
    names = [output.name for output in table.outputs]
    return {name: _aggregate(frame[0], aggregate, [row[name] for row in rows]) for name in names}


def _aggregate(run: Run, sign: str, values: list[Value]) -> Value:
    if sign == "#":
        return Decimal(len(values))
    if any(value is None for value in values):
        return run.null("null", "A value to be collected is null", sign, kind(None))
    name = {"+": "sum", "<": "min", ">": "max"}[sign]
    return BUILT_INS[name].call(run, values)


_POLICIES: dict[str, Callable[[_Table, Frame, int], Any]] = {
    "U": _unique,
    "A": _any,
    "F": _first,
    "P": lambda table, frame, mask: table.ranked(frame, mask)[0],
    "O": lambda table, frame, mask: table.ranked(frame, mask),
    "R": lambda table, frame, mask: table.rows(frame, mask),
    "C": _collect,
}
