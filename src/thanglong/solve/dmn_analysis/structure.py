"""What can be wrong with a model before a single expression is read: references, cycles, types, names, empty logic."""

from collections.abc import Iterable, Iterator, Mapping

from thanglong.kit.errors import N_
from thanglong.solve.dmn import model as m
from thanglong.solve.dmn_analysis.findings import Finding, Level
from thanglong.solve.dmn_analysis.plain import Types
from thanglong.solve.dmn_analysis.texts import local, parts
from thanglong.solve.dmn_analysis.words import Said, Verbatim

NO_TARGET = N_("“%(name)s” refers to “%(what)s”, which is not in this model.")
NOT_LOADED = N_("“%(what)s” lies in another model that was not given; what depends on it is not checked.")
CYCLE = N_("“%(name)s” needs itself, by way of %(path)s.")
NO_LOGIC = N_("“%(name)s” has no logic: its result is always nothing.")
NO_TYPE = N_("“%(name)s” names the type “%(what)s”, which is not declared.")
TYPE_TWICE = N_("The type “%(what)s” is declared twice.")
SAME_NAME = N_("“%(name)s” needs two things called “%(what)s”, so neither can be meant.")
OTHER_NAME = N_("“%(name)s” gives its result under another name, “%(what)s”; the two should be the same.")
NAME_TWICE = N_("Two elements are called “%(what)s”.")
TYPE_CYCLE = N_("The type “%(what)s” is made of itself.")
NO_IMPORT = N_("The model “%(what)s” is imported but was not given; what depends on it is not checked.")


def say(code: str, level: Level, sentence: str, line: int, where: str = "", /, **params: str) -> Finding:
    """A finding whose parameters are names and expressions."""
    return Finding(
        code, level, Said(sentence, {name: Verbatim(value) for name, value in params.items()}), line, where=where
    )


def structure(definitions: m.Definitions, imported: Mapping[str, m.Definitions] | None = None) -> Iterator[Finding]:
    """Everything wrong with the frame of a model."""
    given = imported or {}
    for each in definitions.imports:
        if "dmn" in each.kind.lower() and each.namespace not in given:
            yield say("import", "note", NO_IMPORT, each.line, what=each.name or each.namespace)
    yield from _names(definitions)
    yield from _types(definitions, given)
    for element in definitions.elements.values():
        yield from _references(definitions, given, element)
        if _empty(element):
            yield say("empty", "warning", NO_LOGIC, element.line, element.name, name=element.name)
    yield from _cycles(definitions)


def _empty(element: m.Element) -> bool:
    if isinstance(element, m.KnowledgeModel):
        return element.function is None or (element.function.kind == "FEEL" and element.function.body is None)
    return isinstance(element, m.Decision) and element.expression is None


def _names(definitions: m.Definitions) -> Iterator[Finding]:
    seen: set[str] = set()
    for element in definitions.elements.values():
        if element.name and element.name in seen:
            yield say("name", "warning", NAME_TWICE, element.line, element.name, what=element.name)
        seen.add(element.name)
        if element.name and element.variable.name != element.name:
            names = {"name": element.name, "what": element.variable.name}
            yield say("name", "warning", OTHER_NAME, element.line, element.name, **names)


def needs(element: m.Element) -> tuple[str, ...]:
    """References of an element to others."""
    if isinstance(element, m.Decision | m.KnowledgeModel):
        return element.requires
    if isinstance(element, m.DecisionService):
        return (*element.outputs, *element.encapsulated, *element.input_decisions, *element.input_data)
    return ()


def _references(
    definitions: m.Definitions, given: Mapping[str, m.Definitions], element: m.Element
) -> Iterator[Finding]:
    names: set[str] = set()
    for reference in needs(element):
        space, _, key = reference.rpartition("#")
        model = definitions if space in ("", definitions.namespace) else given.get(space)
        if model is None:
            yield say("import", "note", NOT_LOADED, element.line, element.name, what=reference)
            continue
        found = model.elements.get(key)
        if found is None:
            yield say("reference", "error", NO_TARGET, element.line, element.name, name=element.name, what=reference)
        elif model is definitions and isinstance(element, m.Decision | m.KnowledgeModel):
            if found.variable.name in names:
                both = {"name": element.name, "what": found.variable.name}
                yield say("name", "error", SAME_NAME, element.line, element.name, **both)
            names.add(found.variable.name)


def _cycles(definitions: m.Definitions) -> Iterator[Finding]:
    done: set[str] = set()
    for start in definitions.elements:
        path: list[str] = []
        stack = [(start, False)]
        while stack:
            key, leaving = stack.pop()
            if leaving:
                path.pop()
                done.add(key)
                continue
            if key in path:
                ring = [definitions.elements[each].name for each in path[path.index(key) :]]
                element = definitions.elements[key]
                words = ", ".join(f"“{name}”" for name in (*ring[1:], ring[0]))
                yield say("cycle", "error", CYCLE, element.line, element.name, name=element.name, path=words)
                continue
            if key in done:
                continue
            path.append(key)
            stack.append((key, True))
            element = definitions.elements[key]
            if not isinstance(element, m.DecisionService):
                inner = (local(reference, definitions.namespace) for reference in needs(element))
                stack += [(each, False) for each in inner if each in definitions.elements]


def _types(definitions: m.Definitions, given: Mapping[str, m.Definitions]) -> Iterator[Finding]:
    types = Types(definitions, given)
    missing = {each.name for each in definitions.imports if each.namespace not in given}
    seen: set[str] = set()
    for item in definitions.items:
        if item.name in seen:
            yield say("type", "error", TYPE_TWICE, item.line, item.name, what=item.name)
        seen.add(item.name)
        if _endless(types, item):
            yield say("type", "error", TYPE_CYCLE, item.line, item.name, what=item.name)
        for reference, line in _item_types(item):
            yield from _type(types, missing, item.name, reference, line)
    for element in definitions.elements.values():
        for reference, line in _element_types(element):
            yield from _type(types, missing, element.name, reference, line or element.line)


def _type(types: Types, missing: set[str], name: str, reference: str | None, line: int) -> Iterator[Finding]:
    if not reference or types.known(reference) or reference.partition(".")[0] in missing:
        return
    yield say("type", "error", NO_TYPE, line, name, name=name, what=reference)


def _endless(types: Types, item: m.ItemDefinition) -> bool:
    """Whether following the bases of a type leads back to it."""
    seen, at = {item.name}, types.find(item.type_ref)
    while at is not None:
        if at.name in seen:
            return True
        seen.add(at.name)
        at = types.find(at.type_ref)
    return False


def _item_types(item: m.ItemDefinition) -> Iterable[tuple[str | None, int]]:
    yield item.type_ref, item.line
    for part in item.components:
        yield from _item_types(part)
    for parameter in item.parameters or ():
        yield parameter.type_ref, item.line
    yield item.result_type, item.line


def _element_types(element: m.Element) -> Iterable[tuple[str | None, int]]:
    yield element.variable.type_ref, element.line
    waiting: list[m.Expression | None] = []
    if isinstance(element, m.Decision):
        waiting.append(element.expression)
    elif isinstance(element, m.KnowledgeModel):
        waiting.append(element.function)
    while waiting:
        expression = waiting.pop()
        if expression is None:
            continue
        yield expression.type_ref, expression.line
        waiting.extend(parts(expression))
        if isinstance(expression, m.DecisionTable):
            yield from ((column.type_ref, column.line) for column in expression.inputs)
            yield from ((column.type_ref, column.line) for column in expression.outputs)
        elif isinstance(expression, m.FunctionDefinition):
            yield from ((parameter.type_ref, expression.line) for parameter in expression.parameters)
        elif isinstance(expression, m.Relation):
            yield from ((column.type_ref, expression.line) for column in expression.columns)
        elif isinstance(expression, m.BoxedContext):
            yield from ((entry.type_ref, expression.line) for entry, _ in expression.entries if entry is not None)
