"""One column of a decision table as a line of cells, and its tests as sets of cells.

Numbers, dates, times, dates with times and durations are cut at every value that a test names: each value is a cell,
and so is each stretch between two of them. Strings and booleans have a cell for each named value, strings one more
for every other. Null is a cell when a test speaks of it. Cells in which no value can lie (between two neighbouring
days, outside the allowed values) are left out of ``full``. What these sets cannot say raises :class:`NotDecided`
with the reason.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from thanglong.solve.dmn.feel import ast
from thanglong.solve.dmn_analysis.literals import (
    DISCRETE,
    ORDERED,
    NotDecided,
    constant,
    kind_of,
    place,
    unplace,
)

_OPERATORS = {"<": (False, False), "<=": (False, True), ">": (True, False), ">=": (True, True)}


@dataclass(slots=True)
class Axis:
    """The cells of a column whose input is of ``kind`` ("" when the model does not say: any kind its tests name)."""

    kind: str = ""
    full: int = 0
    _points: dict[str, list[Any]] = field(default_factory=dict)
    _at: dict[tuple[str, Any], int] = field(default_factory=dict)
    _first: dict[str, int] = field(default_factory=dict)
    _last: dict[str, int] = field(default_factory=dict)
    _cells: list[tuple[str, Any, Any]] = field(default_factory=list)

    @classmethod
    def over(cls, kind: str, tests: Iterable[ast.UnaryTests], allowed: ast.UnaryTests | None) -> "Axis":
        """The axis for all tests of a column; ``allowed`` limits it when it can be read as sets."""
        axis = cls(kind)
        seen: dict[str, set[Any]] = {}
        null = False
        for test in (*tests, *([allowed] if allowed else [])):
            for value in values_of(test):
                null |= value is None
                with suppress(NotDecided):  # its test will say so
                    if found := kind_of(value):
                        seen.setdefault(found, set()).add(place(value))
        kinds = [kind] if kind in ORDERED or kind in ("string", "boolean") else list(seen)
        for name in kinds:
            axis._lay(name, sorted(seen.get(name, ())))
        if not kinds:
            axis._add("any", None, None)
        if null or not axis._cells:
            axis._add("null", None, None)
        if allowed is not None and allowed.tests:
            with suppress(NotDecided):
                axis.full &= axis.cells(allowed)
        return axis

    def _add(self, kind: str, low: Any, high: Any) -> int:
        number = len(self._cells)
        self._cells.append((kind, low, high))
        if self._possible(kind, low, high):
            self.full |= 1 << number
        return number

    @staticmethod
    def _possible(kind: str, low: Any, high: Any) -> bool:
        """Whether a value lies in an open stretch."""
        if kind == "time" and low is None and high == 0:
            return False
        return not (kind in DISCRETE and low is not None and high is not None and low != high and high - low <= 1)

    def _lay(self, kind: str, points: Sequence[Any]) -> None:
        self._points[kind] = list(points)
        self._first[kind] = len(self._cells)
        if kind in ORDERED:
            before = None
            for point in points:
                self._add(kind, before, point)
                self._at[kind, point] = self._add(kind, point, point)
                before = point
            self._add(kind, before, None)
        else:
            for point in [False, True] if kind == "boolean" else points:
                self._at[kind, point] = self._add(kind, point, point)
            if kind == "string":
                self._add(kind, None, None)
        self._last[kind] = len(self._cells)

    def cells(self, tests: ast.UnaryTests) -> int:
        """The cells in which the tests hold.

        :raises NotDecided: they are not plain comparisons with fixed values.
        """
        if not tests.tests:
            return self.full
        found = 0
        for test in tests.tests:
            found |= self._test(test)
        return (self.full & ~found) if tests.negated else found & self.full

    def _test(self, test: ast.Node) -> int:
        if isinstance(test, ast.UnaryTests):
            return self.cells(test)
        if isinstance(test, ast.Test):
            return self._compare(test.operator, constant(test.operand))
        if isinstance(test, ast.RangeOf):
            return self._between(constant(test.low), test.low_closed, constant(test.high), test.high_closed)
        if isinstance(test, ast.ListOf):
            return self._any(test.items)
        about = self._about_value(test)
        if about is not None:
            return about
        return self._compare("=", constant(test))

    def _any(self, tests: Iterable[ast.Node]) -> int:
        found = 0
        for test in tests:
            found |= self._test(test)
        return found

    def _about_value(self, test: ast.Node) -> int | None:
        """A condition written with ``?``, or None when the test is not one."""
        if isinstance(test, ast.Binary):
            if test.operator in ("and", "or"):
                left, right = self._about_value(test.left), self._about_value(test.right)
                if left is None or right is None:
                    return None
                return left & right if test.operator == "and" else left | right
            if test.operator in ("=", "!=", *_OPERATORS) and test.left == ast.Name("?"):
                return self._compare(test.operator, constant(test.right))
        if isinstance(test, ast.Between) and test.value == ast.Name("?"):
            return self._between(constant(test.low), True, constant(test.high), True)
        if isinstance(test, ast.In) and test.value == ast.Name("?"):
            return self._any(test.tests)
        return None

    def _compare(self, operator: str, value: Any) -> int:
        if operator == "!=":
            return self.full & ~self._compare("=", value)
        if value is None:
            null = [n for n, (kind, _, _) in enumerate(self._cells) if kind == "null"]
            return 1 << null[0] if null and operator == "=" else 0
        kind = kind_of(value)
        if not kind:
            raise NotDecided("value")
        if operator == "=":
            at = self._at.get((kind, place(value)))
            return 0 if at is None else 1 << at
        if kind not in ORDERED:
            raise NotDecided("order")
        if kind not in self._first:
            return 0
        at = self._at[kind, place(value)]
        upwards, closed = _OPERATORS[operator]
        if upwards:
            return _span(at + (not closed), self._last[kind] - 1)
        return _span(self._first[kind], at - (not closed))

    def _between(self, low: Any, low_closed: bool, high: Any, high_closed: bool) -> int:
        if low is None or high is None:
            raise NotDecided("value")
        return self._compare(">=" if low_closed else ">", low) & self._compare("<=" if high_closed else "<", high)

    def example(self, cells: int) -> Any:
        """A value of one of the cells, the plainest first; None for null and for a column without tests."""
        best = None
        for number, (kind, low, high) in enumerate(self._cells):
            if cells >> number & 1:
                if kind == "any" or kind == "null":
                    continue
                if low is not None and low == high:
                    return unplace(kind, low)
                best = best or (kind, low, high)
        return _inner(*best, self._points.get(best[0], [])) if best else None

    def is_any(self, cells: int) -> bool:
        """Whether the set is the whole column."""
        return cells == self.full

    def spans(self, cells: int) -> list[tuple[str, Any, bool, Any, bool]]:
        """The set as (kind, low, closed, high, closed): neighbouring cells joined; values None where it is open, and
        kind ``other`` for every string that no test names."""
        found: list[tuple[str, Any, bool, Any, bool]] = []
        last = -2
        for number, (kind, low, high) in enumerate(self._cells):
            if not cells >> number & 1:
                continue
            point = low is not None and low == high
            if kind == "string" and low is None:
                kind = "other"
            if kind in ORDERED and last == number - 1 and found and found[-1][0] == kind:
                found[-1] = (*found[-1][:3], high, point)
            else:
                found.append((kind, low, point, high, point))
            last = number
        return [_plain(span) for span in found]


def _plain(span: tuple[str, Any, bool, Any, bool]) -> tuple[str, Any, bool, Any, bool]:
    kind, low, low_closed, high, high_closed = span
    if kind in ORDERED:
        return (
            kind,
            None if low is None else unplace(kind, low),
            low_closed,
            None if high is None else unplace(kind, high),
            high_closed,
        )
    return span


def _span(first: int, last: int) -> int:
    return ((1 << (last + 1)) - 1) & ~((1 << first) - 1) if last >= first else 0


def _inner(kind: str, low: Any, high: Any, named: Sequence[Any]) -> Any:
    """A plain value of an open stretch."""
    if kind == "string":
        return next(text for text in ("other", *(f"other {n}" for n in range(len(named) + 1))) if text not in named)
    step = {"number": 1, "time": 60 * 10**9, "date and time": 3600 * 10**9, "days and time duration": 3600 * 10**9}
    one = step.get(kind, 1)
    if low is None and high is None:
        return unplace(kind, Decimal(0) if kind == "number" else 730_000 if kind == "date" else 0)
    if low is None:
        return unplace(kind, max(high - one, 0) if kind == "time" else _whole(kind, high - one, up=False))
    if high is None:
        return unplace(kind, _whole(kind, low + one, up=True))
    near = _whole(kind, low + one, up=False)
    if low < near < high:
        return unplace(kind, near)
    return unplace(kind, (low + high) / 2 if kind == "number" else (low + high) // 2)


def _whole(kind: str, value: Any, *, up: bool) -> Any:
    if kind != "number":
        return value
    return value.to_integral_value("ROUND_CEILING" if up else "ROUND_FLOOR")


def values_of(tests: ast.Node) -> Iterable[Any]:
    """Every fixed value that a test names; what is not fixed is passed over (its test will not be decided)."""
    if isinstance(tests, ast.UnaryTests):
        parts: Iterable[ast.Node] = tests.tests
    elif isinstance(tests, ast.Test):
        parts = (tests.operand,)
    elif isinstance(tests, ast.RangeOf):
        parts = (tests.low, tests.high)
    elif isinstance(tests, ast.ListOf):
        parts = tests.items
    elif isinstance(tests, ast.Binary) and tests.operator not in "+-**/":
        parts = (tests.left, tests.right)
    elif isinstance(tests, ast.Between):
        parts = (tests.low, tests.high)
    elif isinstance(tests, ast.In):
        parts = tests.tests
    else:
        with suppress(NotDecided):
            yield constant(tests)
        return
    for part in parts:
        yield from values_of(part)
