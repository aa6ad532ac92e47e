"""Names in expressions: which stand for nothing."""

from collections.abc import Iterator, Set
from dataclasses import fields
from typing import Any

from thanglong.solve.dmn.feel import ast
from thanglong.solve.dmn.feel.builtins import BUILT_INS
from thanglong.solve.dmn.feel.names import canonical

BUILT_IN: tuple[str, ...] = tuple(BUILT_INS)
"""Names of the built-in functions."""


def unknown_names(node: ast.Node, known: Set[str]) -> Iterator[str]:
    """Names that are neither in ``known`` (in canonical form) nor made by the expression itself.

    Inside a filter the entries of the filtered elements may be meant, so nothing is said there.
    """
    if isinstance(node, ast.Name):
        if canonical(node.name) not in known:
            yield node.name
    elif isinstance(node, ast.Filter):
        yield from unknown_names(node.source, known)
    elif isinstance(node, ast.For | ast.Quantified):
        inner = set(known)
        for name, first, last in node.iterators:
            yield from unknown_names(first, inner)
            if last is not None:
                yield from unknown_names(last, inner)
            inner.add(canonical(name))
        body = node.body if isinstance(node, ast.For) else node.condition
        yield from unknown_names(body, inner | {"partial"})
    elif isinstance(node, ast.Lambda):
        yield from unknown_names(node.body, known | {canonical(name) for name, _ in node.parameters})
    elif isinstance(node, ast.ContextOf):
        inner = set(known)
        for name, value in node.entries:
            yield from unknown_names(value, inner)
            inner.add(canonical(name))
    else:
        for each in _children(node):
            yield from unknown_names(each, known)


def _children(node: ast.Node) -> Iterator[ast.Node]:
    for each in fields(node):
        value: Any = getattr(node, each.name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, ast.Node):
                yield part
