"""Every FEEL text of a model with the names it may use and the line it stands on."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from thanglong.solve.dmn import model as m


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of FEEL: an expression, or the tests of a table's cell. ``names`` are in scope; ``loose`` marks places
    where entries of a filtered element are visible too, so that an unknown name may be one of them."""

    text: str
    kind: Literal["expression", "tests"]
    names: tuple[str, ...]
    line: int
    loose: bool = False


def local(reference: str, namespace: str) -> str:
    """The id of a reference into the model itself, or ""."""
    space, _, key = reference.rpartition("#")
    return key if space in ("", namespace) else ""


def scope_of(definitions: m.Definitions, element: m.Element) -> tuple[str, ...]:
    """Names of what an element requires, and of the imports."""
    references: Iterable[str] = ()
    if isinstance(element, m.Decision | m.KnowledgeModel):
        references = element.requires
    names = [each.name for each in definitions.imports if each.name]
    for reference in references:
        found = definitions.elements.get(local(reference, definitions.namespace))
        if found is not None:
            names.append(found.variable.name)
    return tuple(names)


def texts_of(definitions: m.Definitions, element: m.Element) -> Iterator[Text]:
    """Every text of a decision or knowledge model."""
    names = scope_of(definitions, element)
    if isinstance(element, m.Decision):
        yield from _walk(element.expression, names, loose=False)
    elif isinstance(element, m.KnowledgeModel):
        # a knowledge model may call itself
        yield from _walk(element.function, (*names, element.variable.name), loose=False)


def _walk(expression: m.Expression | None, names: tuple[str, ...], *, loose: bool) -> Iterator[Text]:
    if isinstance(expression, m.LiteralExpression):
        if expression.text.strip() and _is_feel(expression.language):
            yield Text(expression.text, "expression", names, expression.line, loose)
    elif isinstance(expression, m.DecisionTable):
        yield from _table(expression, names, loose)
    elif isinstance(expression, m.BoxedContext):
        known = names
        for variable, inner in expression.entries:
            yield from _walk(inner, known, loose=loose)
            if variable is not None:
                known = (*known, variable.name)
    elif isinstance(expression, m.FunctionDefinition):
        if expression.kind == "FEEL":
            yield from _walk(expression.body, (*names, *(each.name for each in expression.parameters)), loose=loose)
    elif isinstance(expression, m.BoxedFilter):
        yield from _walk(expression.source, names, loose=loose)
        yield from _walk(expression.match, (*names, "item"), loose=True)
    elif isinstance(expression, m.Iteration):
        yield from _walk(expression.source, names, loose=loose)
        yield from _walk(expression.body, (*names, expression.variable, "partial"), loose=loose)
    else:
        for inner in parts(expression):
            yield from _walk(inner, names, loose=loose)


def parts(expression: m.Expression | None) -> Sequence[m.Expression | None]:
    """The boxed expressions directly inside another."""
    match expression:
        case m.BoxedContext():
            return [inner for _, inner in expression.entries]
        case m.BoxedList():
            return expression.items
        case m.Relation():
            return [cell for row in expression.rows for cell in row]
        case m.Invocation():
            return [expression.function, *(inner for _, inner in expression.bindings)]
        case m.FunctionDefinition():
            return [expression.body]
        case m.Conditional():
            return [expression.condition, expression.then, expression.otherwise]
        case m.BoxedFilter():
            return [expression.source, expression.match]
        case m.Iteration():
            return [expression.source, expression.body]
    return []


def _is_feel(language: str | None) -> bool:
    return not language or "feel" in language.lower()


def _table(table: m.DecisionTable, names: tuple[str, ...], loose: bool) -> Iterator[Text]:
    for column in table.inputs:
        yield Text(column.text, "expression", names, column.line, loose)
        if column.values and column.values.strip():
            yield Text(column.values, "tests", (*names, "?"), column.line, loose)
    for result in table.outputs:
        for text in (result.values, result.default):
            if text and text.strip():
                kind: Literal["expression", "tests"] = "tests" if text is result.values else "expression"
                yield Text(text, kind, (*names, "?"), result.line, loose)
    for rule in table.rules:
        for test in rule.tests:
            yield Text(test, "tests", (*names, "?"), rule.line, loose)
        for text in rule.results:
            if text.strip() not in ("", "-"):
                yield Text(text, "expression", names, rule.line, loose)


def tables_of(definitions: m.Definitions) -> Iterator[tuple[m.Element, str, m.DecisionTable]]:
    """Every decision table with the element it belongs to and a name to speak of it."""
    for element in definitions.elements.values():
        root = element.expression if isinstance(element, m.Decision) else None
        if isinstance(element, m.KnowledgeModel):
            root = element.function
        waiting: list[tuple[str, m.Expression | None]] = [(element.name or element.id, root)]
        while waiting:
            name, expression = waiting.pop(0)
            if isinstance(expression, m.DecisionTable):
                yield element, name, expression
            if isinstance(expression, m.BoxedContext):
                waiting += [(f"{name}, {v.name}" if v else name, inner) for v, inner in expression.entries]
            else:
                waiting += [(name, inner) for inner in parts(expression)]


def field_names(items: Iterable[m.ItemDefinition]) -> Mapping[str, str]:
    """Names of all entries of declared types, which a path may end in."""
    found: dict[str, str] = {}
    for item in items:
        found |= {part.name: part.name for part in item.components} | dict(field_names(item.components))
    return found
