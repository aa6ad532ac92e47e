"""Calls of functions, by position and by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from thanglong.solve.dmn.feel import ast
from thanglong.solve.dmn.feel.builtins import BUILT_INS
from thanglong.solve.dmn.feel.calls import Names, invoke, wrong_count
from thanglong.solve.dmn.feel.layout import Code, Frame, Place
from thanglong.solve.dmn.feel.registry import compile_node
from thanglong.solve.dmn.feel.values import Function, Value


def _call(node: ast.Call, place: Place) -> Code:
    arguments = [compile_node(argument, place) for argument in node.arguments]
    names = node.names
    if isinstance(node.function, ast.Name):
        cell, items = place.find(node.function.name)
        found = BUILT_INS.get(node.function.name)
        if cell is None and not items and found is not None:
            return _built_in(found, arguments, names)
    function = compile_node(node.function, place)

    def call(frame: Frame) -> Value:
        return invoke(frame[0], function(frame), [code(frame) for code in arguments], names)

    return call


def _built_in(function: Function, arguments: list[Code], names: Names | None) -> Code:
    if names is not None:
        return lambda frame: invoke(frame[0], function, [code(frame) for code in arguments], names)
    if len(arguments) < function.least or (function.most is not None and len(arguments) > function.most):
        return lambda frame: wrong_count(frame[0], function, len(arguments))
    act = function.call
    if len(arguments) == 1:
        only = arguments[0]
        return lambda frame: act(frame[0], only(frame))
    if len(arguments) == 2:
        first, second = arguments
        return lambda frame: act(frame[0], first(frame), second(frame))
    return lambda frame: act(frame[0], *[code(frame) for code in arguments])


COMPILERS: dict[type, Callable[[Any, Place], Code]] = {ast.Call: _call}
