"""Compiles boxed expressions into closures."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from thanglong.solve.dmn import model as m
from thanglong.solve.dmn.convert import checked
from thanglong.solve.dmn.external import external_body
from thanglong.solve.dmn.feel.calls import invoke
from thanglong.solve.dmn.feel.compiler import Closure, choice, typed
from thanglong.solve.dmn.feel.compiler_loops import ItemPlace, keep, make_for, make_quantified
from thanglong.solve.dmn.feel.layout import Code, Frame
from thanglong.solve.dmn.feel.names import Scope
from thanglong.solve.dmn.feel.values import Function, Value
from thanglong.solve.dmn.space import Space
from thanglong.solve.dmn.tables import compile_table

DEPTH = 60
FEEL_LANGUAGES = ("feel", "/FEEL/", "/FEEL")


def compile_expression(expression: m.Expression | None, space: Space, depth: int = 0) -> Code:
    """The closure of a boxed expression, its result converted to its declared type."""
    if expression is None:
        return lambda frame: frame[0].null("null", "There is no expression here")
    if depth > DEPTH:
        return space.fault("model", "boxed expressions are nested too deeply", expression.line)
    code = _COMPILERS[type(expression)](expression, space, depth)
    return checked(code, space.model.types.of(expression.type_ref), "expression")


def _literal(box: m.LiteralExpression, space: Space, depth: int) -> Code:
    language = box.language
    if language and not any(mark in language for mark in FEEL_LANGUAGES) and language.lower() != "feel":
        return space.fault("language", f"the expression language is not FEEL: {language}", box.line)
    if not box.text.strip():
        return lambda frame: frame[0].null("null", "There is no expression here")
    return space.expression(box.text, box.line)


def _table(box: m.DecisionTable, space: Space, depth: int) -> Code:
    return compile_table(box, space)


def _context(box: m.BoxedContext, space: Space, depth: int) -> Code:
    steps: list[tuple[str, int, Code]] = []
    result: Code | None = None
    inner = space
    for variable, expression in box.entries:
        if variable is None:
            result = compile_expression(expression, inner, depth + 1)
            break
        named = inner.inner(variable.name)
        inside = named if isinstance(expression, m.FunctionDefinition) else inner
        code = compile_expression(expression, inside, depth + 1)
        code = checked(code, space.model.types.of(variable.type_ref), variable.name)
        inner = named
        steps.append((variable.name, inner.place.cells[variable.name], code))

    def make(frame: Frame) -> Value:
        made: dict[str, Value] = {}
        for name, cell, code in steps:
            value = code(frame)
            if type(value) is Function and value.call.__class__ is Closure:
                value.call.frame[cell] = value  # a function may call itself by the name of its entry
            frame[cell] = made[name] = value
        return made if result is None else result(frame)

    return make


def _list(box: m.BoxedList, space: Space, depth: int) -> Code:
    codes = [compile_expression(item, space, depth + 1) for item in box.items]
    return lambda frame: [code(frame) for code in codes]


def _relation(box: m.Relation, space: Space, depth: int) -> Code:
    names = [column.name for column in box.columns]
    types = [space.model.types.of(column.type_ref) for column in box.columns]
    rows = [
        [
            checked(compile_expression(cell, space, depth + 1), wanted, name)
            for cell, wanted, name in zip(row, types, names, strict=False)
        ]
        for row in box.rows
    ]
    return lambda frame: [dict(zip(names, [code(frame) for code in row], strict=False)) for row in rows]


def _invocation(box: m.Invocation, space: Space, depth: int) -> Code:
    function = compile_expression(box.function, space, depth + 1)
    names = tuple(name for name, _ in box.bindings)
    arguments = [compile_expression(expression, space, depth + 1) for _, expression in box.bindings]

    def call(frame: Frame) -> Value:
        return invoke(frame[0], function(frame), [code(frame) for code in arguments], names or None)

    return call


def _function(box: m.FunctionDefinition, space: Space, depth: int) -> Code:
    names = tuple(parameter.name for parameter in box.parameters)
    inner = space.inner(*names)
    cells = tuple(inner.place.cells[name] for name in names)
    kinds = typed(tuple(space.model.types.of(parameter.type_ref) for parameter in box.parameters))
    body = compile_expression(box.body, inner, depth + 1)
    if box.kind != "FEEL":
        body = external_body(body, cells, box.kind)
    result = space.model.types.of(box.body.type_ref) if box.body else None

    def make(frame: Frame) -> Value:
        return Function("", names, Closure(frame.copy(), cells, body), len(names), len(names), kinds, result)

    return make


def _conditional(box: m.Conditional, space: Space, depth: int) -> Code:
    return choice(*(compile_expression(part, space, depth + 1) for part in (box.condition, box.then, box.otherwise)))


def _filter(box: m.BoxedFilter, space: Space, depth: int) -> Code:
    source = compile_expression(box.source, space, depth + 1)
    cell = space.place.layout.cell()
    inner = Space(space.model, ItemPlace(space.place, cell), Scope(("item",), space.scope), space.where)
    condition = compile_expression(box.match, inner, depth + 1)
    return lambda frame: keep(frame, source(frame), cell, _boolean(condition))


def _boolean(condition: Code) -> Code:
    """A boxed filter's match keeps elements; it is never a position."""

    def test(frame: Frame) -> Value:
        found = condition(frame)
        return str(found) if type(found) is Decimal else found

    return test


def _iteration(box: m.Iteration, space: Space, depth: int) -> Code:
    source = compile_expression(box.source, space, depth + 1)
    inner = space.inner(box.variable, "partial") if box.kind == "for" else space.inner(box.variable)
    body = compile_expression(box.body, inner, depth + 1)
    loops: list[Any] = [(inner.place.cells[box.variable], source, None)]
    if box.kind == "for":
        return make_for(loops, inner.place.cells["partial"], body, False)
    return make_quantified(loops, body, box.kind == "every")


_COMPILERS: dict[type, Callable[[Any, Space, int], Code]] = {
    m.LiteralExpression: _literal,
    m.DecisionTable: _table,
    m.BoxedContext: _context,
    m.BoxedList: _list,
    m.Relation: _relation,
    m.Invocation: _invocation,
    m.FunctionDefinition: _function,
    m.Conditional: _conditional,
    m.BoxedFilter: _filter,
    m.Iteration: _iteration,
}
