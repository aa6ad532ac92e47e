"""Writes a syntax tree as FEEL text that reads back as the same tree."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from thanglong.solve.dmn.feel import ast
from thanglong.solve.dmn.feel.kinds import TEMPORAL
from thanglong.solve.dmn.feel.show import quote, show_key
from thanglong.solve.dmn.feel.temporal import show as show_temporal

_OR, _AND, _COMPARISON, _SUM, _PRODUCT, _POWER, _MINUS, _POSTFIX, _PRIMARY = range(9)
_LEVEL = {"or": _OR, "and": _AND, "+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, "**": _POWER}


def to_text(node: ast.Node) -> str:
    """The node as FEEL."""
    return _write(node)[0]


def _write(node: ast.Node) -> tuple[str, int]:
    """The text of a node and how tightly it binds."""
    return _WRITERS[type(node)](node)


def _at(node: ast.Node, level: int) -> str:
    """The text of a node, in brackets where it binds less tightly than needed."""
    text, own = _write(node)
    return text if own >= level else f"({text})"


def _literal(node: ast.Literal) -> tuple[str, int]:
    value = node.value
    if value is None:
        return "null", _PRIMARY
    if isinstance(value, bool):
        return ("true" if value else "false"), _PRIMARY
    if isinstance(value, Decimal):
        text = format(value, "f") if abs(value.adjusted()) < 60 else str(value)
        return text, _MINUS if text.startswith("-") else _PRIMARY
    if type(value) in TEMPORAL:
        return f"@{quote(show_temporal(value))}", _PRIMARY
    return quote(value), _PRIMARY


def _name(node: ast.Name) -> tuple[str, int]:
    return node.name, _PRIMARY


def _list(node: ast.ListOf) -> tuple[str, int]:
    return f"[{', '.join(_write(item)[0] for item in node.items)}]", _PRIMARY


def _context(node: ast.ContextOf) -> tuple[str, int]:
    return f"{{{', '.join(f'{show_key(name)}: {_write(value)[0]}' for name, value in node.entries)}}}", _PRIMARY


def _range(node: ast.RangeOf) -> tuple[str, int]:
    low, high = _bracketed(node.low), _bracketed(node.high)
    return f"{'[' if node.low_closed else '('}{low} .. {high}{']' if node.high_closed else ')'}", _PRIMARY


def _bracketed(node: ast.Node) -> str:
    """An end of a range: in brackets unless it is plain."""
    text, level = _write(node)
    return text if level >= _MINUS and not isinstance(node, ast.Filter) else f"({text})"


def _test(node: ast.Test) -> tuple[str, int]:
    return f"({node.operator} {_at(node.operand, _SUM)})", _PRIMARY


def _unary(node: ast.Unary) -> tuple[str, int]:
    inner = _at(node.operand, _POSTFIX)
    # A number right behind the sign would be read as a negative literal.
    plain = isinstance(node.operand, ast.Literal) and isinstance(node.operand.value, Decimal)
    return f"-({inner})" if plain or inner[:1] in "0123456789." else f"-{inner}", _MINUS


def _binary(node: ast.Binary) -> tuple[str, int]:
    level = _LEVEL.get(node.operator, _COMPARISON)
    parts: list[str] = []
    left: ast.Node = node
    while isinstance(left, ast.Binary) and _LEVEL.get(left.operator, _COMPARISON) == level:
        parts.append(f" {left.operator} {_at(left.right, level + 1)}")
        left = left.left
    return _at(left, level) + "".join(reversed(parts)), level


def _between(node: ast.Between) -> tuple[str, int]:
    value, low, high = _at(node.value, _COMPARISON), _at(node.low, _SUM), _at(node.high, _SUM)
    return f"{value} between {low} and {high}", _COMPARISON


def _in(node: ast.In) -> tuple[str, int]:
    value = _at(node.value, _COMPARISON)
    if len(node.tests) == 1:
        only = node.tests[0]
        if isinstance(only, ast.Test):
            return f"{value} in {_write(only)[0]}", _COMPARISON
        text = _at(only, _SUM)
        # what begins with a bracket would be read as a list of tests that ends with it
        return f"{value} in ({text})" if text.startswith("(") else f"{value} in {text}", _COMPARISON
    return f"{value} in ({', '.join(_write(test)[0] for test in node.tests)})", _COMPARISON


def _instance(node: ast.InstanceOf) -> tuple[str, int]:
    return f"{_at(node.value, _POSTFIX)} instance of {type_text(node.type)}", _POSTFIX


def type_text(node: ast.TypeNode) -> str:
    """A written type."""
    if node.kind == "name":
        return node.name
    if node.kind == "context":
        return f"context<{', '.join(f'{name}: {type_text(kind)}' for name, kind in node.fields)}>"
    inner = ", ".join(type_text(kind) for kind in node.arguments)
    return f"{node.kind}<{inner}>" + (f"->{type_text(node.result)}" if node.result else "")


def _path(node: ast.Path) -> tuple[str, int]:
    return f"{_source(node.source)}.{node.name}", _POSTFIX


def _descend(node: ast.Descend) -> tuple[str, int]:
    return f"{_source(node.source)}...{node.name}", _POSTFIX


def _source(node: ast.Node) -> str:
    """What a point, a filter or a call follows; a number would swallow the point, a type the bracket."""
    text, level = _write(node)
    loose = level < _POSTFIX or isinstance(node, ast.InstanceOf)
    return f"({text})" if loose or (isinstance(node, ast.Literal) and isinstance(node.value, Decimal)) else text


def _filter(node: ast.Filter) -> tuple[str, int]:
    return f"{_source(node.source)}[{_write(node.condition)[0]}]", _POSTFIX


def _call(node: ast.Call) -> tuple[str, int]:
    arguments = [_write(argument)[0] for argument in node.arguments]
    if node.names:
        arguments = [f"{name}: {text}" for name, text in zip(node.names, arguments, strict=True)]
    return f"{_source(node.function)}({', '.join(arguments)})", _POSTFIX


def _if(node: ast.If) -> tuple[str, int]:
    parts = [_write(part)[0] for part in (node.condition, node.then, node.otherwise)]
    return "if {} then {} else {}".format(*parts), -1


def _iterators(found: tuple[tuple[str, ast.Node, ast.Node | None], ...]) -> str:
    parts = []
    for name, first, last in found:
        text = _write(first)[0]
        parts.append(f"{name} in {text}" if last is None else f"{name} in {_bracketed(first)} .. {_bracketed(last)}")
    return ", ".join(parts)


def _for(node: ast.For) -> tuple[str, int]:
    return f"for {_iterators(node.iterators)} return {_write(node.body)[0]}", -1


def _quantified(node: ast.Quantified) -> tuple[str, int]:
    word = "every" if node.every else "some"
    return f"{word} {_iterators(node.iterators)} satisfies {_write(node.condition)[0]}", -1


def _lambda(node: ast.Lambda) -> tuple[str, int]:
    names = ", ".join(name + (f": {type_text(kind)}" if kind else "") for name, kind in node.parameters)
    return f"function({names}){' external' if node.external else ''} {_write(node.body)[0]}", -1


def _tests(node: ast.UnaryTests) -> tuple[str, int]:
    if not node.tests:
        return "-", -1
    text = ", ".join(_cell(test) for test in node.tests)
    return (f"not({text})" if node.negated else text), -1


def _cell(test: ast.Node) -> str:
    if isinstance(test, ast.Test):
        return f"{test.operator} {_at(test.operand, _SUM)}"
    return _write(test)[0]


_WRITERS: dict[type, Callable[[Any], tuple[str, int]]] = {
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
    ast.Filter: _filter,
    ast.Call: _call,
    ast.If: _if,
    ast.For: _for,
    ast.Quantified: _quantified,
    ast.Lambda: _lambda,
    ast.UnaryTests: _tests,
}
