"""Unary tests: the cells of a decision table and the constraints of an item definition."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from thanglong.solve.dmn.feel import ast
from thanglong.solve.dmn.feel.layout import Code, Frame, Place
from thanglong.solve.dmn.feel.operators import matches
from thanglong.solve.dmn.feel.registry import compile_node
from thanglong.solve.dmn.feel.values import Value


def compile_tests(node: ast.UnaryTests, place: Place) -> Code:
    """A closure telling whether the value in the cell of ``?`` passes: true, false or null."""
    cell, _ = place.find("?")
    if cell is None:
        raise ValueError("unary tests need the name ? in their place")
    if not node.tests:
        return lambda frame: True
    codes = [_one(test, place, cell) for test in node.tests]
    if node.negated:
        return lambda frame: _none(codes, frame)
    return codes[0] if len(codes) == 1 else lambda frame: _any(codes, frame)


def _any(codes: list[Code], frame: Frame) -> Value:
    answer: bool | None = False
    for code in codes:
        found = code(frame)
        if found is True:
            return True
        if found is None:
            answer = None
    return answer


def _none(codes: list[Code], frame: Frame) -> Value:
    found = _any(codes, frame)
    return None if found is None else not found


def _one(test: ast.Node, place: Place, cell: int) -> Code:
    code = compile_node(test, place)
    if _asks(test):

        def asked(frame: Frame) -> Value:
            found = code(frame)
            return found if found is None or isinstance(found, bool) else matches(frame[cell], found)

        return asked

    plain = isinstance(test, ast.Literal)

    def compared(frame: Frame) -> Value:
        found, value = code(frame), frame[cell]
        if found is True and not plain and value is not None and type(value) is not bool:
            return True  # a condition of its own, written without the question mark
        return matches(value, found)

    return compared


def _asks(node: ast.Node) -> bool:
    """Whether an expression reads ``?``, which makes it a condition and not a value to compare with."""
    return any(isinstance(part, ast.Name) and part.name == "?" for part in walk(node))


def walk(node: Any) -> Iterator[Any]:
    """Every node below and including this one."""
    stack = [node]
    while stack:
        current = stack.pop()
        if isinstance(current, tuple):
            stack.extend(current)
        elif isinstance(current, ast.Node):
            yield current
            stack.extend(getattr(current, part.name) for part in fields(current))
