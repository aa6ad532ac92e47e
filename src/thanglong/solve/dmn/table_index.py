"""A condition column of a decision table, compiled so that all its cells are answered at once.

The answer is a bit mask over the rules. Cells that are plain strings, booleans, numbers or numeric ranges are put into
a dictionary and a sorted list of bounds, so a column costs one look-up whatever the number of rules; other cells run as
closures, equal cells once."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from thanglong.solve.dmn.feel import ast
from thanglong.solve.dmn.feel.compiler import compile_node
from thanglong.solve.dmn.feel.kinds import kind
from thanglong.solve.dmn.feel.layout import Code, Frame
from thanglong.solve.dmn.feel.lexer import FeelFault
from thanglong.solve.dmn.feel.parser import parse_tests
from thanglong.solve.dmn.feel.run import Run
from thanglong.solve.dmn.feel.types import Lazy, Type, coerce
from thanglong.solve.dmn.feel.values import Value
from thanglong.solve.dmn.space import Space

_QUICK: dict[str, type] = {"number": Decimal, "string": str, "boolean": bool}
"""Python types of the FEEL types that most columns have."""


class Column:
    """One condition column: its value, and the rules whose cell the value passes."""

    __slots__ = ("allowed", "cell", "code", "index", "name", "quick", "rest", "wanted")

    def __init__(self, name: str, code: Code, wanted: Lazy | None, allowed: Code | None, cell: int) -> None:
        self.name, self.code, self.wanted, self.allowed, self.cell = name, code, wanted, allowed, cell
        self.quick = _QUICK.get(getattr(wanted, "kind", "")) if isinstance(wanted, Type) and not wanted.checks else None
        self.index: Callable[[Value], int] = lambda value: 0
        self.rest: list[tuple[Code, int]] = []

    def value(self, frame: Frame) -> tuple[Value, bool]:
        """The value of the column's expression, and whether the column allows it."""
        value = self.code(frame)
        if self.wanted is not None and value is not None and type(value) is not self.quick:
            made, right = coerce(frame[0], value, self.wanted)
            if right:
                value = made
            else:  # the cells still see it, and a cell of another type does not match
                frame[0].null("type", "The value is not of the declared type", self.name, kind(value))
        frame[self.cell] = value
        if self.allowed is not None and value is not None and not self._permitted(frame, value):
            run: Run = frame[0]
            return run.null("constraint", "The value is not among those the column allows", self.name), False
        return value, True

    def _permitted(self, frame: Frame, value: Value) -> bool:
        """Whether the allowed values hold the value, or each element of a list."""
        assert self.allowed is not None
        if self.allowed(frame) is True or type(value) is not list:
            return self.allowed(frame) is True
        frame[0].spend(len(value))
        right = True
        for item in value:
            frame[self.cell] = item
            right = right and self.allowed(frame) is True
        frame[self.cell] = value
        return right

    def matching(self, frame: Frame, value: Value) -> int:
        """A bit for each rule whose cell the value passes."""
        mask = self.index(value)
        if self.rest:
            frame[self.cell] = value
            frame[0].spend(len(self.rest))
            for code, bits in self.rest:
                if code(frame) is True:
                    mask |= bits
        return mask


def compile_column(
    name: str, code: Code, wanted: Lazy | None, allowed: Code | None, cells: list[str], lines: list[int], space: Space
) -> Column:
    """The column whose cells hold these unary tests."""
    column = Column(name, code, wanted, allowed, space.place.cells["?"])
    bits: dict[str, int] = {}
    for place, text in enumerate(cells):
        key = text.strip() or "-"
        bits[key] = bits.get(key, 0) | 1 << place
    exact: dict[tuple[type, Any], int] = {}
    spans: list[tuple[Decimal | None, bool, Decimal | None, bool, int]] = []
    always = 0
    for text, mask in bits.items():
        if text == "-":
            always |= mask
            continue
        try:
            node = parse_tests(text, space.scope)
        except FeelFault as fault:
            column.rest.append((space.broken(text, fault, lines[cells.index(text)] if text in cells else 0), mask))
            continue
        simple = _simple(node)
        if simple is None:
            column.rest.append((compile_node(node, space.place), mask))
            continue
        for value in simple[0]:
            exact[type(value), value] = exact.get((type(value), value), 0) | mask
        spans += [(*span, mask) for span in simple[1]]
    column.index = _index(always, exact, spans)
    return column


_Span = tuple[Decimal | None, bool, Decimal | None, bool]


def _simple(node: ast.UnaryTests) -> tuple[list[Any], list[_Span]] | None:
    """The plain values and numeric spans that make up the tests; None when there is anything else."""
    if node.negated:
        return None
    values: list[Any] = []
    spans: list[_Span] = []
    for test in node.tests:
        if isinstance(test, ast.Literal) and isinstance(test.value, Decimal | str | bool):
            values.append(test.value)
            continue
        span = _span(test)
        if span is None:
            return None
        spans.append(span)
    return values, spans


def _span(test: ast.Node) -> _Span | None:
    if isinstance(test, ast.Test) and test.operator in ("<", "<=", ">", ">="):
        bound = _bound(test.operand)
        if bound is None:
            return None
        closed = test.operator.endswith("=")
        return (None, False, bound, closed) if test.operator[0] == "<" else (bound, closed, None, False)
    if isinstance(test, ast.RangeOf):
        low, high = _bound(test.low), _bound(test.high)
        if low is not None and high is not None:
            return low, test.low_closed, high, test.high_closed
    return None


def _bound(node: ast.Node) -> Decimal | None:
    return node.value if isinstance(node, ast.Literal) and type(node.value) is Decimal else None


def _index(
    always: int,
    exact: dict[tuple[type, Any], int],
    spans: list[tuple[Decimal | None, bool, Decimal | None, bool, int]],
) -> Callable[[Value], int]:
    """The mask of a value: from a dictionary, and for numbers from the elementary intervals between all bounds."""
    strings = {value: mask | always for (kind, value), mask in exact.items() if kind is str}
    booleans = {value: mask | always for (kind, value), mask in exact.items() if kind is bool}
    numbers = {value: mask for (kind, value), mask in exact.items() if kind is Decimal}
    bounds = sorted({end for span in spans for end in (span[0], span[2]) if end is not None} | set(numbers))
    masks = _paint(spans, bounds)
    at = [always | numbers.get(bound, 0) | masks[2 * place + 1] for place, bound in enumerate(bounds)]
    between = [always | masks[2 * place] for place in range(len(bounds) + 1)]

    def look(value: Value) -> int:
        kind = type(value)
        if kind is str:
            return strings.get(value, always)
        if kind is Decimal:
            place = bisect_left(bounds, value)
            if place < len(bounds) and bounds[place] == value:
                return at[place]
            return between[place]
        if kind is bool:
            return booleans.get(value, always)
        if kind is list and len(value) == 1 and type(value[0]) is not list:
            return _of_one(value[0], strings, booleans, numbers, always)
        return always

    return look


def _of_one(
    value: Value, strings: dict[str, int], booleans: dict[bool, int], numbers: dict[Decimal, int], always: int
) -> int:
    """The mask of a list of one, which equals its element but lies in no range."""
    kind = type(value)
    if kind is str:
        return strings.get(value, always)
    if kind is Decimal:
        return always | numbers.get(value, 0)
    return booleans.get(value, always) if kind is bool else always


def _paint(spans: list[Any], bounds: list[Decimal]) -> list[int]:
    """The mask of every bound and of every open interval between bounds, in order: interval, bound, interval, …

    Each span is painted on the few nodes of a segment tree that make it up, so that a table with thousands of rules is
    compiled in a moment."""
    places = {bound: 2 * place + 1 for place, bound in enumerate(bounds)}
    size = 2 * len(bounds) + 1
    tree = [0] * (2 * size)
    for low, low_closed, high, high_closed, bits in spans:
        left = (0 if low is None else places[low] + (not low_closed)) + size
        right = (size if high is None else places[high] + bool(high_closed)) + size
        while left < right:
            if left & 1:
                tree[left] |= bits
                left += 1
            if right & 1:
                right -= 1
                tree[right] |= bits
            left >>= 1
            right >>= 1
    masks = []
    for leaf in range(size, 2 * size):
        mask = 0
        while leaf:
            mask |= tree[leaf]
            leaf >>= 1
        masks.append(mask)
    return masks
