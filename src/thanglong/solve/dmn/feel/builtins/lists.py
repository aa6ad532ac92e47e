"""Functions on lists. Positions count from 1, or from the end when negative."""

from decimal import Decimal
from functools import cmp_to_key
from typing import Any

from thanglong.solve.dmn.feel.builtins.base import as_list, built_in, whole_number, wrong
from thanglong.solve.dmn.feel.calls import invoke
from thanglong.solve.dmn.feel.kinds import kind
from thanglong.solve.dmn.feel.operators import compare, equal
from thanglong.solve.dmn.feel.run import Run
from thanglong.solve.dmn.feel.values import Function, Value


@built_in("list contains", "list, element")
def list_contains(run: Run, items: Value, element: Value) -> Value:
    if items is None:
        return wrong(run, "list contains", items, "list")
    run.spend(len(as_list(items)))
    return any(equal(item, element) is True for item in as_list(items))


@built_in("sublist", "list, start position, length?")
def sublist(run: Run, items: Value, start: Value, length: Value = None) -> Value:
    if items is None:
        return wrong(run, "sublist", items, "list")
    values = as_list(items)
    first = _index(run, "sublist", start, values)
    if first is None:
        return None
    if length is None:
        return values[first:]
    count = whole_number(length)
    if count is None:
        return wrong(run, "sublist", length, "length")
    if count < 1 or first + count > len(values):
        return run.null("argument", "The list has no such part", "sublist", str(start), str(length))
    return values[first : first + count]


def _index(run: Run, name: str, position: Value, items: list[Any]) -> int | None:
    """A position as Python's index; None (with a note) when the list does not have it."""
    place = whole_number(position)
    if place is None:
        wrong(run, name, position, "position")
        return None
    if place == 0 or abs(place) > len(items):
        run.null("argument", "The list has no element at this position", name, str(place), str(len(items)))
        return None
    return place - 1 if place > 0 else len(items) + place


@built_in("append", "list, item", many=True)
def append(run: Run, items: Value, *more: Value) -> Value:
    if items is None:
        return wrong(run, "append", items, "list")
    run.room(len(as_list(items)) + len(more))
    return [*as_list(items), *more]


@built_in("concatenate", "list", many=True)
def concatenate(run: Run, *lists: Value) -> Value:
    made: list[Value] = []
    for one in lists:
        if one is None:
            return wrong(run, "concatenate", one, "list")
        run.room(len(made) + len(as_list(one)))
        made.extend(as_list(one))
    return made


@built_in("insert before", "list, position, newItem")
def insert_before(run: Run, items: Value, position: Value, item: Value) -> Value:
    if items is None:
        return wrong(run, "insert before", items, "list")
    values = as_list(items)
    run.room(len(values) + 1)
    index = _index(run, "insert before", position, values)
    return None if index is None else [*values[:index], item, *values[index:]]


@built_in("remove", "list, position")
def remove(run: Run, items: Value, position: Value) -> Value:
    if items is None:
        return wrong(run, "remove", items, "list")
    values = as_list(items)
    run.spend(len(values))
    index = _index(run, "remove", position, values)
    return None if index is None else values[:index] + values[index + 1 :]


@built_in("list replace", "list, position:number, newItem", "list, match:function, newItem")
def list_replace(run: Run, items: Value, where: Value, item: Value) -> Value:
    if items is None:
        return wrong(run, "list replace", items, "list")
    values = as_list(items)
    run.spend(len(values))
    if type(where) is not Function:
        index = _index(run, "list replace", where, values)
        return None if index is None else [*values[:index], item, *values[index + 1 :]]
    made = []
    for value in values:
        chosen = _invoke(run, where, [value, item])
        if type(chosen) is not bool:
            return run.null("argument", "The match function must give a boolean", "list replace", kind(chosen))
        made.append(item if chosen else value)
    return made


def _invoke(run: Run, function: Function, arguments: list[Value]) -> Value:
    return invoke(run, function, arguments)


@built_in("reverse", "list")
def reverse(run: Run, items: Value) -> Value:
    return wrong(run, "reverse", items, "list") if items is None else as_list(items)[::-1]


@built_in("index of", "list, match")
def index_of(run: Run, items: Value, match: Value) -> Value:
    if items is None:
        return wrong(run, "index of", items, "list")
    run.spend(len(as_list(items)))
    return [Decimal(k) for k, item in enumerate(as_list(items), 1) if equal(item, match) is True]


@built_in("union", "list", many=True)
def union(run: Run, *lists: Value) -> Value:
    joined = concatenate(run, *lists)
    return None if joined is None else _distinct(run, joined)


@built_in("distinct values", "list")
def distinct_values(run: Run, items: Value) -> Value:
    return wrong(run, "distinct values", items, "list") if items is None else _distinct(run, as_list(items))


def _distinct(run: Run, items: list[Value]) -> list[Value]:
    made: list[Value] = []
    simple: set[Any] = set()
    for item in items:
        if type(item) in (Decimal, str):
            run.spend(1)
            if item not in simple:
                simple.add(item)
                made.append(item)
            continue
        run.spend(1 + len(made))
        if not any(equal(item, other) is True for other in made):
            made.append(item)
    return made


@built_in("flatten", "list")
def flatten(run: Run, items: Value) -> Value:
    if items is None:
        return wrong(run, "flatten", items, "list")
    made: list[Value] = []
    stack = [iter(as_list(items))]
    while stack:
        for item in stack[-1]:
            run.spend(1)
            if type(item) is list:
                stack.append(iter(item))
                break
            made.append(item)
        else:
            stack.pop()
    run.room(len(made))
    return made


@built_in("sort", "list, precedes?")
def sort(run: Run, items: Value, precedes: Value = None) -> Value:
    if items is None:
        return wrong(run, "sort", items, "list")
    values = as_list(items)
    if precedes is None:
        return _sort_plain(run, values)
    if type(precedes) is not Function:
        return wrong(run, "sort", precedes, "precedes")
    failed = False

    def order(left: Value, right: Value) -> int:
        nonlocal failed
        first = _invoke(run, precedes, [left, right])
        failed = failed or type(first) is not bool
        if first is True:
            return -1
        return 1 if _invoke(run, precedes, [right, left]) is True else 0

    made = sorted(values, key=cmp_to_key(order))
    if failed:
        return run.null("argument", "The precedes function must give a boolean", "sort")
    return made


def _sort_plain(run: Run, values: list[Value]) -> Value:
    run.spend(len(values))
    for value in values:
        if compare(values[0], value) is None:
            return wrong(run, "sort", value, "list")
    return sorted(values, key=cmp_to_key(lambda left, right: compare(left, right) or 0))
