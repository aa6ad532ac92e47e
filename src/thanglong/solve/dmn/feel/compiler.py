"""Turns a syntax tree into closures, once; running them is evaluation."""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter
from typing import Any

from thanglong.solve.dmn.external import external_body
from thanglong.solve.dmn.feel import ast, compiler_calls, compiler_loops
from thanglong.solve.dmn.feel.builtins import BUILT_INS
from thanglong.solve.dmn.feel.kinds import kind
from thanglong.solve.dmn.feel.layout import Code, Frame, Place
from thanglong.solve.dmn.feel.operators import ARITHMETIC, compare, matches, negate, same
from thanglong.solve.dmn.feel.properties import get_property
from thanglong.solve.dmn.feel.registry import COMPILERS, compile_node
from thanglong.solve.dmn.feel.run import Exhausted, Run
from thanglong.solve.dmn.feel.tests_compiler import compile_tests
from thanglong.solve.dmn.feel.types import ANY, instance, resolve
from thanglong.solve.dmn.feel.values import Function, Range, Value

DEPTH = 100
"""Deepest nesting of contexts and lists that the descendant operator walks."""


def _literal(node: ast.Literal, place: Place) -> Code:
    value = node.value
    return lambda frame: value


def _name(node: ast.Name, place: Place) -> Code:
    name = node.name
    cell, items = place.find(name)
    outer: Code = itemgetter(cell) if cell is not None else _built_in(name)
    for item in reversed(items):
        outer = _entry_or(item, name, outer)
    return outer


def _built_in(name: str) -> Code:
    found = BUILT_INS.get(name)
    if found is not None:
        return lambda frame: found
    return lambda frame: frame[0].null("unknown", "Nothing of this name can be seen here", name)


def _entry_or(item: int, name: str, outer: Code) -> Code:
    def read(frame: Frame) -> Value:
        element = frame[item]
        if type(element) is dict:
            if name in element:
                return element[name]
        elif element is not None:
            found, value = get_property(element, name)
            if found:
                return value
        return outer(frame)

    return read


def _list(node: ast.ListOf, place: Place) -> Code:
    items = [compile_node(item, place) for item in node.items]
    return lambda frame: [item(frame) for item in items]


def _context(node: ast.ContextOf, place: Place) -> Code:
    inner = place
    steps: list[tuple[str, int, Code]] = []
    for name, value in node.entries:
        named = inner.inner((name,))
        # A function may call itself by the name of its entry; other values cannot see theirs.
        code = compile_node(value, named if isinstance(value, ast.Lambda) else inner)
        inner = named
        steps.append((name, inner.cells[name], code))

    def make(frame: Frame) -> Value:
        made: dict[str, Value] = {}
        for name, cell, code in steps:
            value = code(frame)
            if type(value) is Function and value.call.__class__ is Closure:
                value.call.frame[cell] = value  # a function may call itself by the name of its entry
            frame[cell] = made[name] = value
        return made

    return make


def _range(node: ast.RangeOf, place: Place) -> Code:
    low, high = compile_node(node.low, place), compile_node(node.high, place)
    low_closed, high_closed = node.low_closed, node.high_closed

    def make(frame: Frame) -> Value:
        first, last = low(frame), high(frame)
        if first is not None and last is not None:
            if type(first) is not type(last):
                return frame[0].null("type", "The ends of a range are of different types", kind(first), kind(last))
            if compare(first, last) is None:
                return frame[0].null("type", "The ends of a range have no order", kind(first))
        return Range(first, low_closed, last, high_closed)

    return make


def make_test(operator: str, value: Value) -> Range:
    """The range that a unary test with an operator stands for."""
    if operator in ("<", "<="):
        return Range(None, False, value, operator == "<=", operator)
    if operator in (">", ">="):
        return Range(value, operator == ">=", None, False, operator)
    return Range(value, True, value, True, operator)


def _test(node: ast.Test, place: Place) -> Code:
    operand, operator = compile_node(node.operand, place), node.operator
    return lambda frame: make_test(operator, operand(frame))


def _unary(node: ast.Unary, place: Place) -> Code:
    operand = compile_node(node.operand, place)
    return lambda frame: negate(frame[0], operand(frame))


def _binary(node: ast.Binary, place: Place) -> Code:
    """Long chains (a + b + c …) lean to the left; they are walked, not recursed into."""
    spine: list[ast.Binary] = []
    left: ast.Node = node
    while isinstance(left, ast.Binary):
        spine.append(left)
        left = left.left
    code = compile_node(left, place)
    if len(spine) <= 20:
        for step in reversed(spine):
            code = join(step.operator, code, compile_node(step.right, place))
        return code
    cell = place.layout.cell()
    links = [join(step.operator, itemgetter(cell), compile_node(step.right, place)) for step in reversed(spine)]

    def chain(frame: Frame) -> Value:
        value = code(frame)
        for link in links:
            frame[cell] = value
            value = link(frame)
        return value

    return chain


def join(operator: str, left: Code, right: Code) -> Code:
    """The closure of a binary operator over two closures."""
    if operator == "and":
        return lambda frame: _and(left(frame), right, frame)
    if operator == "or":
        return lambda frame: _or(left(frame), right, frame)
    if operator == "=":
        return lambda frame: _same(frame[0], left(frame), right(frame))
    if operator == "!=":
        return lambda frame: _not(_same(frame[0], left(frame), right(frame)))
    if operator in _ORDER:
        return _ordering(_ORDER[operator], operator, left, right)
    act = ARITHMETIC[operator]
    return lambda frame: act(frame[0], left(frame), right(frame))


_ORDER: dict[str, tuple[int, ...]] = {"<": (-1,), "<=": (-1, 0), ">": (1,), ">=": (1, 0)}


def _ordering(wanted: tuple[int, ...], operator: str, left: Code, right: Code) -> Code:
    def order(frame: Frame) -> Value:
        a, b = left(frame), right(frame)
        found = compare(a, b)
        if found is None:
            return frame[0].null("type", "These values have no order between them", operator, kind(a), kind(b))
        return found in wanted

    return order


def _same(run: Run, left: Value, right: Value) -> Value:
    found = same(left, right)
    if found is None:
        run.null("type", "Values of different types are compared", "=", kind(left), kind(right))
    return found


def _not(value: Value) -> Value:
    return None if value is None else not value


def _and(left: Value, right: Code, frame: Frame) -> Value:
    if left is False:
        return False
    other = right(frame)
    if other is False:
        return False
    if left is True and other is True:
        return True
    return frame[0].null("null", "A condition joined by and is neither true nor false", kind(left), kind(other))


def _or(left: Value, right: Code, frame: Frame) -> Value:
    if left is True:
        return True
    other = right(frame)
    if other is True:
        return True
    if left is False and other is False:
        return False
    return frame[0].null("null", "A condition joined by or is neither true nor false", kind(left), kind(other))


def _between(node: ast.Between, place: Place) -> Code:
    value, low, high = (compile_node(part, place) for part in (node.value, node.low, node.high))

    def test(frame: Frame) -> Value:
        middle = value(frame)
        above, below = compare(middle, low(frame)), compare(middle, high(frame))
        if (above is not None and above < 0) or (below is not None and below > 0):
            return False  # one false comparison decides, whatever the other is
        if above is None or below is None:
            return frame[0].null("type", "These values have no order between them", "between", kind(middle))
        return True

    return test


def _in(node: ast.In, place: Place) -> Code:
    value = compile_node(node.value, place)
    tests = [compile_node(test, place) for test in node.tests]

    def test(frame: Frame) -> Value:
        wanted = value(frame)
        answer: bool | None = False
        for code in tests:
            found = matches(wanted, code(frame))
            if found:
                return True
            answer = answer if found is False else None
        if answer is None:
            return frame[0].null("type", "The value cannot be compared with what it is looked up in", kind(wanted))
        return answer

    return test


def _instance(node: ast.InstanceOf, place: Place) -> Code:
    value, wanted = compile_node(node.value, place), resolve(node.type, place.types)

    def test(frame: Frame) -> Value:
        if wanted.get().kind == "?":
            return frame[0].null("type", "There is no type of this name", getattr(wanted, "name", ""))
        return instance(value(frame), wanted)

    return test


def _path(node: ast.Path, place: Place) -> Code:
    source, name = compile_node(node.source, place), node.name
    return lambda frame: read_path(frame[0], source(frame), name)


def read_path(run: Run, value: Value, name: str) -> Value:
    """``value.name``: an entry, a property, or the list of those of a list's elements."""
    if type(value) is dict:
        if name in value:
            return value[name]
        return run.null("unknown", "The context has no entry of this name", name)
    if type(value) is list:
        run.spend(len(value))
        return [read_path(run, item, name) for item in value]
    if value is None:
        return run.null("null", "An entry of null is asked for", name)
    found, result = get_property(value, name)
    return result if found else run.null("unknown", "The value has no such property", name, kind(value))


def _descend(node: ast.Descend, place: Place) -> Code:
    source, name = compile_node(node.source, place), node.name

    def gather(frame: Frame) -> Value:
        found: list[Value] = []
        _find_all(frame[0], source(frame), name, found, 0)
        return found

    return gather


def _find_all(run: Run, value: Value, name: str, found: list[Value], depth: int) -> None:
    run.spend(1)
    if depth > DEPTH:
        raise Exhausted(f"contexts may be nested {DEPTH} deep")
    if type(value) is dict:
        for key, inner in value.items():
            if key == name:
                found.append(inner)
            _find_all(run, inner, name, found, depth + 1)
    elif type(value) is list:
        for inner in value:
            _find_all(run, inner, name, found, depth + 1)


def _if(node: ast.If, place: Place) -> Code:
    return choice(*(compile_node(part, place) for part in (node.condition, node.then, node.otherwise)))


def choice(condition: Code, then: Code, otherwise: Code) -> Code:
    """An if, written in FEEL or as a box: ``otherwise`` also when the condition is null."""

    def choose(frame: Frame) -> Value:
        found = condition(frame)
        if found is True:
            return then(frame)
        if found is not False and found is not None:
            return frame[0].null("type", "A condition is not a boolean", kind(found))
        return otherwise(frame)

    return choose


class Closure:
    """A function defined in FEEL or by a boxed function definition, with the frame it was made in."""

    __slots__ = ("body", "cells", "check", "frame")

    def __init__(self, frame: Frame, cells: tuple[int, ...], body: Code) -> None:
        self.frame, self.cells, self.body = frame, cells, body

    def __call__(self, run: Run, *arguments: Value) -> Value:
        frame = self.frame.copy()
        frame[0] = run
        for cell, value in zip(self.cells, arguments, strict=True):
            frame[cell] = value
        run.spend(1 + (len(frame) >> 4))
        return self.body(frame)


def _lambda(node: ast.Lambda, place: Place) -> Code:
    names = tuple(name for name, _ in node.parameters)
    inner = place.inner(names)
    cells = tuple(inner.cells[name] for name in names)
    kinds = tuple(resolve(kind, place.types) if kind else None for _, kind in node.parameters)
    body = compile_node(node.body, inner)
    if node.external:
        body = external_body(body, cells)

    def make(frame: Frame) -> Value:
        return Function("", names, Closure(frame.copy(), cells, body), len(names), len(names), typed(kinds))

    return make


def typed(kinds: tuple[Any, ...]) -> tuple[Any, ...]:
    """Parameter types with Any for those not declared; empty when none is declared."""
    return tuple(kind or ANY for kind in kinds) if any(kinds) else ()


_COMPILERS: dict[type, Callable[[Any, Place], Code]] = {
    ast.Literal: _literal,
    ast.Name: _name,
    ast.ListOf: _list,
    ast.ContextOf: _context,
    ast.RangeOf: _range,
    ast.Test: _test,
    ast.Unary: _unary,
    ast.Binary: _binary,
    ast.Between: _between,
    ast.In: _in,
    ast.InstanceOf: _instance,
    ast.Path: _path,
    ast.Descend: _descend,
    ast.If: _if,
    ast.Lambda: _lambda,
    ast.UnaryTests: compile_tests,
}

COMPILERS.update(_COMPILERS)
COMPILERS.update(compiler_loops.COMPILERS)
COMPILERS.update(compiler_calls.COMPILERS)

__all__ = ["Closure", "compile_node", "join", "make_test", "read_path", "typed"]
