"""Filters, for, some and every."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from thanglong.solve.dmn.feel import ast
from thanglong.solve.dmn.feel.kinds import kind
from thanglong.solve.dmn.feel.layout import Code, Frame, Place
from thanglong.solve.dmn.feel.operators import compare
from thanglong.solve.dmn.feel.registry import compile_node
from thanglong.solve.dmn.feel.run import ITEMS, Exhausted, Run
from thanglong.solve.dmn.feel.values import Date, Range, Value, date_of

Loop = tuple[int, Code, Code | None]


def _filter(node: ast.Filter, place: Place) -> Code:
    source = compile_node(node.source, place)
    if isinstance(node.condition, ast.Literal) and type(node.condition.value) is Decimal:
        index = node.condition.value
        return lambda frame: pick(frame[0], source(frame), index)
    cell = place.layout.cell()
    condition = compile_node(node.condition, ItemPlace(place, cell))
    return lambda frame: keep(frame, source(frame), cell, condition)


class ItemPlace(Place):
    """A filter's place: the element's own entries come before ``item`` and before everything outside."""

    __slots__ = ()

    def __init__(self, outer: Place, cell: int) -> None:
        super().__init__(outer.layout, (), outer, cell)
        self.cells["item"] = cell

    def find(self, name: str) -> tuple[int | None, list[int]]:
        if name == "item":
            return self.cells["item"], [self.cells["item"]]
        return super().find(name)


def pick(run: Run, value: Value, index: Decimal) -> Value:
    """The element at a position counted from 1, or from the end when negative; null outside."""
    if value is None:
        return run.null("null", "An element of null is asked for")
    items = value if type(value) is list else [value]
    place = int(index) if index == index.to_integral_value() and abs(index) <= ITEMS else 0
    if 1 <= place <= len(items):
        return items[place - 1]
    if -len(items) <= place <= -1:
        return items[place]
    return run.null("null", "The list has no element at this position", str(index), str(len(items)))


def keep(frame: Frame, value: Value, cell: int, condition: Code) -> Value:
    """The elements for which the condition is true; a condition that is a number is a position."""
    run: Run = frame[0]
    if value is None:
        return run.null("null", "A filter is applied to null")
    items = value if type(value) is list else [value]
    run.spend(len(items) + 1)
    if not items:
        before = len(run.notes)
        frame[cell] = None
        index = condition(frame)
        del run.notes[before:]
        return pick(run, items, index) if type(index) is Decimal else []
    kept = []
    for item in items:
        frame[cell] = item
        found = condition(frame)
        if found is True:
            kept.append(item)
        elif type(found) is Decimal:
            return pick(run, items, found)
        elif found is not False and found is not None:
            return run.null("type", "A condition is not a boolean", kind(found))
    return kept


def domain(run: Run, first: Value, last: Value, ranged: bool) -> Iterator[Value] | None:
    """What an iterator runs over; None (with a note) when it cannot run."""
    if ranged:
        return _count(run, first, last)
    if type(first) is list:
        return iter(first)
    if type(first) is Range:
        if (compare(first.low, first.high) or 0) > 0:
            run.null("type", "A range that ends before it begins cannot be run through")
            return None
        inside = _count(run, first.low, first.high)
        if inside is None:
            return None
        ends = [end for end, closed in ((first.low, first.low_closed), (first.high, first.high_closed)) if not closed]
        return (value for value in inside if value not in ends)
    if first is None:
        run.null("null", "There is nothing to run through: null")
        return None
    return iter((first,))


def _count(run: Run, first: Value, last: Value) -> Iterator[Value] | None:
    if type(first) is Decimal and type(last) is Decimal:
        if first != first.to_integral_value() or last != last.to_integral_value():
            run.null("type", "The ends of an iteration must be whole numbers")
            return None
        if abs(first - last) > ITEMS:
            raise Exhausted(f"an iteration may have {ITEMS} steps")
        low, high = int(first), int(last)
        return map(Decimal, range(low, high + 1) if low <= high else range(low, high - 1, -1))
    if type(first) is Date and type(last) is Date:
        low, high = first.ordinal(), last.ordinal()
        if abs(low - high) > ITEMS:
            raise Exhausted(f"an iteration may have {ITEMS} steps")
        return map(date_of, range(low, high + 1) if low <= high else range(low, high - 1, -1))
    run.null("type", "An iteration runs between two whole numbers or two dates", kind(first), kind(last))
    return None


def compile_loops(
    iterators: tuple[tuple[str, ast.Node, ast.Node | None], ...], place: Place
) -> tuple[list[Loop], Place]:
    """The iterators' closures, and the place that sees all their variables."""
    loops: list[Loop] = []
    for name, first, last in iterators:
        start = compile_node(first, place)
        end = compile_node(last, place) if last else None
        place = place.inner((name,))
        loops.append((place.cells[name], start, end))
    return loops, place


def run_loops(frame: Frame, loops: list[Loop], visit: Callable[[Frame], bool]) -> bool:
    """Calls ``visit`` for each combination until it returns True; False when an iterator cannot run."""
    return _loop(frame, loops, 0, visit) is not None


def _loop(frame: Frame, loops: list[Loop], level: int, visit: Callable[[Frame], bool]) -> bool | None:
    cell, start, end = loops[level]
    run: Run = frame[0]
    values = domain(run, start(frame), end(frame) if end else None, end is not None)
    if values is None:
        return None
    for value in values:
        frame[cell] = value
        run.spend(1)
        done = visit(frame) if level + 1 == len(loops) else _loop(frame, loops, level + 1, visit)
        if done is not False:
            return done
    return False


def _for(node: ast.For, place: Place) -> Code:
    loops, inner = compile_loops(node.iterators, place)
    inner = inner.inner(("partial",))
    return make_for(loops, inner.cells["partial"], compile_node(node.body, inner), _only_picked(node.body))


def make_for(loops: list[Loop], partial: int, body: Code, live: bool) -> Code:
    """The closure of an iteration; ``live``: the body takes single elements of ``partial`` only, so the growing list
    can be handed to it without copying."""

    def collect(frame: Frame) -> Value:
        made: list[Value] = []

        def visit(frame: Frame) -> bool:
            if not live:
                frame[0].spend(len(made))
            frame[partial] = made if live else made.copy()
            made.append(body(frame))
            if len(made) > ITEMS:
                raise Exhausted(f"a list may have {ITEMS} items")
            return False

        return made if run_loops(frame, loops, visit) else None

    return collect


def _only_picked(body: ast.Node) -> bool:
    from thanglong.solve.dmn.feel.tests_compiler import walk

    picked = named = 0
    for part in walk(body):
        if isinstance(part, ast.Name) and part.name == "partial":
            named += 1
        if isinstance(part, ast.Filter) and part.source == ast.Name("partial"):
            index = part.condition
            picked += isinstance(index, ast.Literal) and type(index.value) is Decimal
        if isinstance(part, ast.Lambda | ast.For):
            named += 1000
    return named == picked


def _quantified(node: ast.Quantified, place: Place) -> Code:
    loops, inner = compile_loops(node.iterators, place)
    return make_quantified(loops, compile_node(node.condition, inner), node.every)


def make_quantified(loops: list[Loop], condition: Code, every: bool) -> Code:
    """The closure of some or every: the disjunction or conjunction of all conditions, in three values."""

    def test(frame: Frame) -> Value:
        answer: list[Any] = [every]

        def visit(frame: Frame) -> bool:
            found = condition(frame)
            if found is (not every):
                answer[0] = not every
                return True
            if found is not every:
                answer[0] = None
            return False

        if not run_loops(frame, loops, visit):
            return None
        if answer[0] is None:
            return frame[0].null("null", "A condition was neither true nor false", "every" if every else "some")
        return answer[0]

    return test


COMPILERS: dict[type, Callable[[Any, Place], Code]] = {
    ast.Filter: _filter,
    ast.For: _for,
    ast.Quantified: _quantified,
}
