"""Reads boxed expressions out of the tree of a document."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from thanglong.solve.dmn import model as m
from thanglong.solve.dmn.tree import Node

_POLICIES = {
    "UNIQUE": "U",
    "FIRST": "F",
    "PRIORITY": "P",
    "ANY": "A",
    "COLLECT": "C",
    "RULE ORDER": "R",
    "OUTPUT ORDER": "O",
}


def type_of(node: Node) -> str | None:
    """The type reference of an element: an attribute, or in some versions a child."""
    found = node.attributes.get("typeRef")
    if found is None:
        child = next((one for one in node.children if one.name == "typeRef"), None)
        found = child.text if child is not None else None
    return " ".join(found.split()) if found and found.strip() else None


def read_expression(nodes: Iterable[Node]) -> m.Expression | None:
    """The first boxed expression among the nodes, or None."""
    for node in nodes:
        reader = _READERS.get(node.name)
        if reader:
            return reader(node)
    return None


def _inside(node: Node, name: str) -> m.Expression | None:
    found = next((child for child in node.children if child.name == name), None)
    return read_expression(found.children) if found is not None else None


def _words(node: Node | None) -> str | None:
    inner = next((child for child in node.children if child.name == "text"), None) if node is not None else None
    return inner.text if inner is not None else None


def _child(node: Node, name: str) -> Node | None:
    return next((child for child in node.children if child.name == name), None)


def _clean(text: str) -> str:
    return " ".join(text.split())


def _base(node: Node) -> tuple[str | None, int, str]:
    return type_of(node), node.line, node.attributes.get("id", "")


def _literal(node: Node) -> m.Expression:
    return m.LiteralExpression(*_base(node), _words(node) or "", node.attributes.get("expressionLanguage"))


def _variable(node: Node) -> m.Variable:
    return m.Variable(_clean(node.attributes.get("name", "")), type_of(node), node.attributes.get("id", ""))


def _table(node: Node) -> m.Expression:
    policy = node.attributes.get("hitPolicy", "UNIQUE").upper()
    return m.DecisionTable(
        *_base(node),
        _POLICIES.get(policy, policy[:1]),
        node.attributes.get("aggregation"),
        tuple(_table_input(child) for child in node.children if child.name == "input"),
        tuple(_table_output(child) for child in node.children if child.name == "output"),
        tuple(_rule(child) for child in node.children if child.name == "rule"),
        tuple(child.attributes.get("name", "") for child in node.children if child.name == "annotation"),
        node.attributes.get("outputLabel", ""),
    )


def _table_input(node: Node) -> m.TableInput:
    expression = _child(node, "inputExpression")
    return m.TableInput(
        _words(expression) or "",
        type_of(expression) if expression is not None else None,
        _words(_child(node, "inputValues")),
        node.attributes.get("label", ""),
        node.attributes.get("id", ""),
        node.line,
    )


def _table_output(node: Node) -> m.TableOutput:
    return m.TableOutput(
        _clean(node.attributes.get("name", "")),
        type_of(node),
        _words(_child(node, "outputValues")),
        _words(_child(node, "defaultOutputEntry")),
        node.attributes.get("label", ""),
        node.attributes.get("id", ""),
        node.line,
    )


def _rule(node: Node) -> m.Rule:
    def cells(name: str) -> tuple[str, ...]:
        return tuple(_words(child) or "" for child in node.children if child.name == name)

    return m.Rule(
        cells("inputEntry"), cells("outputEntry"), cells("annotationEntry"), node.attributes.get("id", ""), node.line
    )


def _context(node: Node) -> m.Expression:
    entries = []
    for child in node.children:
        if child.name == "contextEntry":
            name = _child(child, "variable")
            entries.append((_variable(name) if name is not None else None, read_expression(child.children)))
    return m.BoxedContext(*_base(node), tuple(entries))


def _list(node: Node) -> m.Expression:
    return m.BoxedList(
        *_base(node), tuple(read_expression([child]) for child in node.children if child.name in _READERS)
    )


def _relation(node: Node) -> m.Expression:
    columns = tuple(_variable(child) for child in node.children if child.name == "column")
    rows = tuple(
        tuple(read_expression([cell]) for cell in row.children if cell.name in _READERS)
        for row in node.children
        if row.name == "row"
    )
    return m.Relation(*_base(node), columns, rows)


def _invocation(node: Node) -> m.Expression:
    bindings = []
    for child in node.children:
        if child.name == "binding":
            parameter = _child(child, "parameter")
            name = _clean(parameter.attributes.get("name", "")) if parameter is not None else ""
            bindings.append((name, read_expression(child.children)))
    return m.Invocation(*_base(node), read_expression(node.children), tuple(bindings))


def _function(node: Node) -> m.Expression:
    return m.FunctionDefinition(
        *_base(node),
        node.attributes.get("kind", "FEEL"),
        tuple(_variable(child) for child in node.children if child.name == "formalParameter"),
        read_expression(node.children),
    )


def _conditional(node: Node) -> m.Expression:
    return m.Conditional(*_base(node), _inside(node, "if"), _inside(node, "then"), _inside(node, "else"))


def _filter(node: Node) -> m.Expression:
    return m.BoxedFilter(*_base(node), _inside(node, "in"), _inside(node, "match"))


def _iteration(node: Node) -> m.Expression:
    name = _clean(node.attributes.get("iteratorVariable", ""))
    body = "return" if node.name == "for" else "satisfies"
    return m.Iteration(*_base(node), node.name, name, _inside(node, "in"), _inside(node, body))


_READERS: dict[str, Callable[[Node], m.Expression]] = {
    "literalExpression": _literal,
    "decisionTable": _table,
    "context": _context,
    "list": _list,
    "relation": _relation,
    "invocation": _invocation,
    "functionDefinition": _function,
    "encapsulatedLogic": _function,
    "conditional": _conditional,
    "filter": _filter,
    "for": _iteration,
    "every": _iteration,
    "some": _iteration,
}
