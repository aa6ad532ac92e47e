"""From the tree of a DMN document to the logical model.

The tree may come from anywhere: :class:`tree.Node` says what is needed of it (``formats.dmn.Element`` has it)."""

from collections.abc import Callable, Iterable

from thanglong.solve.dmn import model as m
from thanglong.solve.dmn.boxes import read_expression, type_of
from thanglong.solve.dmn.tree import Node


def build(root: Node) -> m.Definitions:
    """The model in a ``definitions`` element. Elements without id get one from their kind and place."""
    elements: dict[str, m.Element] = {}
    readers: dict[str, Callable[[Node, str], m.Element]] = {
        "inputData": _input,
        "decision": _decision,
        "businessKnowledgeModel": _knowledge,
        "decisionService": _service,
    }
    for place, child in enumerate(root.children):
        reader = readers.get(child.name)
        if reader:
            element = reader(child, child.attributes.get("id") or f"{child.name}-{place}")
            elements[element.id] = element
    return m.Definitions(
        root.attributes.get("namespace", ""),
        root.attributes.get("name", ""),
        tuple(_import(child) for child in _all(root, "import")),
        tuple(_item(child) for child in _all(root, "itemDefinition")),
        elements,
        root.attributes.get("expressionLanguage"),
        root.prefixes,
    )


def _all(node: Node, name: str) -> "Iterable[Node]":
    return (child for child in node.children if child.name == name)


def _first(node: Node, name: str) -> "Node | None":
    return next(iter(_all(node, name)), None)


def clean(name: str) -> str:
    """A name with its blanks made single."""
    return " ".join(name.split())


def _import(node: Node) -> m.Import:
    get = node.attributes.get
    return m.Import(
        get("namespace", ""), clean(get("name", "")), get("importType", ""), get("locationURI", ""), node.line
    )


def _text(node: Node | None) -> str | None:
    """The text inside ``<x><text>…</text></x>``."""
    inner = _first(node, "text") if node is not None else None
    return inner.text if inner is not None else None


def _item(node: Node) -> m.ItemDefinition:
    reference = type_of(node)
    function = _first(node, "functionItem")
    parameters = None
    if function is not None:
        parameters = tuple(
            m.Variable(clean(child.attributes.get("name", "")), type_of(child))
            for child in _all(function, "parameters")
        )
    return m.ItemDefinition(
        clean(node.attributes.get("name", "")),
        reference,
        node.attributes.get("isCollection") in ("true", "1"),
        tuple(_item(child) for child in _all(node, "itemComponent")),
        _text(_first(node, "allowedValues")),
        _text(_first(node, "typeConstraint")),
        parameters,
        function.attributes.get("outputTypeRef") if function is not None else None,
        node.attributes.get("id", ""),
        node.line,
    )


def variable(node: Node) -> m.Variable:
    """The ``variable`` of an element; its own name where it has none."""
    own = clean(node.attributes.get("name", ""))
    inner = _first(node, "variable")
    if inner is None:
        return m.Variable(own)
    return m.Variable(clean(inner.attributes.get("name", "")) or own, type_of(inner), inner.attributes.get("id", ""))


def _references(node: Node, *kinds: str) -> tuple[str, ...]:
    found = []
    for child in node.children:
        if child.name.endswith("Requirement"):
            found += [one.attributes.get("href", "") for one in child.children if one.name in kinds]
    return tuple(found)


def _input(node: Node, key: str) -> m.InputData:
    return m.InputData(key, variable(node), clean(node.attributes.get("name", "")), node.line)


def _decision(node: Node, key: str) -> m.Decision:
    return m.Decision(
        key,
        variable(node),
        _references(node, "requiredInput", "requiredDecision", "requiredKnowledge"),
        read_expression(node.children),
        clean(node.attributes.get("name", "")),
        _plain(node, "question"),
        _plain(node, "allowedAnswers"),
        node.line,
    )


def _plain(node: Node, name: str) -> str:
    found = _first(node, name)
    return found.text.strip() if found is not None else ""


def _knowledge(node: Node, key: str) -> m.KnowledgeModel:
    logic = _first(node, "encapsulatedLogic")
    function = read_expression([logic]) if logic is not None else None
    return m.KnowledgeModel(
        key,
        variable(node),
        _references(node, "requiredKnowledge"),
        function if isinstance(function, m.FunctionDefinition) else None,
        clean(node.attributes.get("name", "")),
        node.line,
    )


def _service(node: Node, key: str) -> m.DecisionService:
    def all_of(name: str) -> tuple[str, ...]:
        return tuple(child.attributes.get("href", "") for child in _all(node, name))

    return m.DecisionService(
        key,
        variable(node),
        all_of("outputDecision"),
        all_of("encapsulatedDecision"),
        all_of("inputDecision"),
        all_of("inputData"),
        clean(node.attributes.get("name", "")),
        node.line,
    )
