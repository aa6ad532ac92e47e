"""Which function compiles which kind of node. The compilers of the language are in several modules, each of which needs
to compile the parts of its nodes; they meet here."""

from collections.abc import Callable
from typing import Any

from thanglong.solve.dmn.feel import ast
from thanglong.solve.dmn.feel.layout import Code, Place

COMPILERS: dict[type, Callable[[Any, Place], Code]] = {}
"""Filled when :mod:`thanglong.solve.dmn.feel.compiler` is imported."""


def compile_node(node: ast.Node, place: Place) -> Code:
    """The closure of an expression; it takes a frame laid out as ``place`` says."""
    return COMPILERS[type(node)](node, place)
