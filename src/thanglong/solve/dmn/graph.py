"""The requirements graph: inputs, decisions, knowledge models and services of a model and its imports, compiled."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from thanglong.solve.dmn import model as m
from thanglong.solve.dmn.boxed import compile_expression
from thanglong.solve.dmn.convert import to_type
from thanglong.solve.dmn.feel.compiler import typed
from thanglong.solve.dmn.feel.layout import Code, Frame
from thanglong.solve.dmn.feel.run import CALLS, Exhausted, Run
from thanglong.solve.dmn.feel.types import Lazy, complete
from thanglong.solve.dmn.feel.values import Function, Value
from thanglong.solve.dmn.space import Fault, Model, Space, known_names
from thanglong.solve.dmn.trace import DecisionTrace, InputTrace
from thanglong.solve.dmn.typing import Types

Getter = Callable[[Run], Value]
_RUNNING = object()


class Unit:
    """One model of a set, compiled: its own elements by id, its types, its faults."""

    def __init__(self, definitions: m.Definitions, units: Mapping[str, Unit]) -> None:
        self.definitions = definitions
        self.units = units
        self.nodes: dict[str, Node] = {}
        self.types = Types(definitions)
        self.model = Model(self.types)
        self.import_names = {one.namespace: one.name for one in definitions.imports}

    def prepare(self) -> None:
        """Makes a node for each element; the nodes compile themselves in :meth:`finish`."""
        self.types.link({space: unit.types for space, unit in self.units.items()})
        names = [element.variable.name for element in self.definitions.elements.values()]
        boxed = [name for element in self.definitions.elements.values() for name in _boxed_names(element)]
        # Names of imported elements are known too, because paths lead to them.
        for one in self.definitions.imports:
            unit = self.units.get(one.namespace)
            if unit:
                names += [element.variable.name for element in unit.definitions.elements.values()]
        self.model.known = known_names([*self.types.component_names(), *names, *boxed])
        makers: dict[type, type[Node]] = {
            m.InputData: InputNode,
            m.Decision: DecisionNode,
            m.KnowledgeModel: KnowledgeNode,
            m.DecisionService: ServiceNode,
        }
        for key, element in self.definitions.elements.items():
            self.nodes[key] = makers[type(element)](self, element)

    def finish(self) -> None:
        """Compiles every node."""
        for node in self.nodes.values():
            node.compile()
        for item in self.types.items:
            self.types.find(item)
        for text, source, line in self.types.faults:
            self.model.faults.append(Fault("syntax", text, "", line, None, source))

    def target(self, reference: str) -> Node | None:
        """The node of ``#id`` or ``namespace#id``; a bare id counts as ``#id``."""
        space, mark, key = reference.rpartition("#")
        unit = self if not mark or space in ("", self.definitions.namespace) else self.units.get(space)
        return unit.nodes.get(key) if unit else None


def _boxed_names(element: m.Element) -> Iterable[str]:
    """The names of all context entries, parameters and columns inside an element."""
    stack: list[Any] = [element]
    while stack:
        current = stack.pop()
        if isinstance(current, m.Variable):
            yield current.name
        elif isinstance(current, tuple):
            stack.extend(current)
        elif isinstance(current, m.TableOutput):
            yield current.name
        elif isinstance(current, m.Expression | m.Decision | m.KnowledgeModel):
            stack.extend(getattr(current, name) for name in type(current).__dataclass_fields__)


class Node(ABC):
    """An element of the graph."""

    def __init__(self, unit: Unit, element: Any) -> None:
        self.unit, self.element = unit, element
        self.name: str = element.variable.name
        self.key = (unit.definitions.namespace, element.id)

    @abstractmethod
    def compile(self) -> None:
        """Compiles what the element holds."""

    @abstractmethod
    def get(self, run: Run) -> Value:
        """The element's value: of an input or a decision its result, of the others a function."""

    def uses(self, references: Iterable[str]) -> tuple[list[str], list[tuple[str, Getter]]]:
        """The names that requirements make visible, and how to get their values."""
        names: dict[str, Getter] = {}
        grouped: dict[str, dict[str, Getter]] = {}
        for reference in references:
            node = self.unit.target(reference)
            if node is None:
                fault = Fault("reference", f"nothing has the reference {reference}", self.name, self.element.line)
                self.unit.model.faults.append(fault)
                continue
            space = node.unit.definitions.namespace
            prefix = self.unit.import_names.get(space, "") if node.unit is not self.unit else ""
            if prefix:
                grouped.setdefault(prefix, {})[node.name] = node.get
            else:
                names[node.name] = node.get
        for prefix, members in grouped.items():
            names[prefix] = _gather(members)
        return list(names), list(names.items())

    def frame(self, run: Run, space: Space, used: list[tuple[int, Getter]]) -> Frame:
        """A frame with the required values in their cells."""
        frame: Frame = [None] * space.place.layout.size
        frame[0] = run
        for cell, get in used:
            frame[cell] = get(run)
        return frame


def _gather(members: Mapping[str, Getter]) -> Getter:
    return lambda run: {name: get(run) for name, get in members.items()}


class InputNode(Node):
    """An input: what the caller gives, converted to the declared type."""

    def compile(self) -> None:
        self.wanted: Lazy | None = self.unit.types.of(self.element.variable.type_ref)

    def get(self, run: Run) -> Value:
        if self.key in run.values:
            return run.values[self.key]
        return self.accept(run, None, False)

    def accept(self, run: Run, value: Value, given: bool = True) -> Value:
        """Takes a value for this input."""
        if not given:
            run.null("input", "An input is not given", self.name)
        elif self.wanted is not None and value is not None:
            value = to_type(run, complete(value, self.wanted), self.wanted, self.name)
        run.values[self.key] = value
        if run.trace is not None:
            run.trace.append(InputTrace(self.name, self.key[0], value, given))
        return value


class DecisionNode(Node):
    """A decision: made once in a run."""

    def compile(self) -> None:
        names, used = self.uses(self.element.requires)
        self.space = Space.of(self.unit.model, names, self.name)
        self.used = [(self.space.place.cells[name], get) for name, get in used]
        self.names = names
        self.wanted = self.unit.types.of(self.element.variable.type_ref)
        self.code: Code = compile_expression(self.element.expression, self.space)

    def get(self, run: Run) -> Value:
        found = run.values.get(self.key, run)
        if found is _RUNNING:
            return run.null("cycle", "A decision requires itself", self.name)
        return self.decide(run) if found is run else found

    def decide(self, run: Run) -> Value:
        """Makes the decision and remembers it for this run."""
        run.values[self.key] = _RUNNING
        frame = self.frame(run, self.space, self.used)
        before, run.where = run.where, self.name
        value = self.code(frame)
        if self.wanted is not None and value is not None:
            value = to_type(run, value, self.wanted, self.name)
        run.values[self.key] = value
        if run.trace is not None:
            used = tuple((name, frame[cell]) for name, (cell, _) in zip(self.names, self.used, strict=True))
            run.trace.append(DecisionTrace(self.name, *self.key, "decision", used, value))
        run.where = before
        return value

    def accept(self, run: Run, value: Value) -> Value:
        """Takes a value from outside instead of deciding."""
        if self.wanted is not None and value is not None:
            value = to_type(run, value, self.wanted, self.name)
        run.values[self.key] = value
        return value


class KnowledgeNode(Node):
    """A business knowledge model: a function."""

    def compile(self) -> None:
        names, used = self.uses(self.element.requires)
        outer = Space.of(self.unit.model, names, self.name)
        definition: m.FunctionDefinition = self.element.function or m.FunctionDefinition()
        self.parameters = tuple(parameter.name for parameter in definition.parameters)
        self.space = outer.inner(*self.parameters)
        self.used = [(outer.place.cells[name], get) for name, get in used]
        self.cells = tuple(self.space.place.cells[name] for name in self.parameters)
        types = self.unit.types
        kinds = typed(tuple(types.of(parameter.type_ref) for parameter in definition.parameters))
        body = compile_expression(definition.body, self.space)
        if definition.kind != "FEEL":
            from thanglong.solve.dmn.external import external_body

            body = external_body(body, self.cells, definition.kind)
        self.body = body
        count = len(self.parameters)
        result = self._result(definition)
        self.function = Function(self.name, self.parameters, self.call, count, count, kinds, result)

    def _result(self, definition: m.FunctionDefinition) -> Lazy | None:
        found = self.unit.types.of(self.element.variable.type_ref)
        if found is not None:
            made = found.get()
            if made.kind == "function":
                return made.result
        elif definition.type_ref:
            return self.unit.types.of(definition.type_ref)
        return found

    def get(self, run: Run) -> Value:
        return self.function

    def call(self, run: Run, *arguments: Value) -> Value:
        frame = self.frame(run, self.space, self.used)
        for cell, value in zip(self.cells, arguments, strict=True):
            frame[cell] = value
        run.spend(1)
        before, run.where = run.where, self.name
        value = self.body(frame)
        if run.trace is not None:
            used = tuple(zip(self.parameters, arguments, strict=True))
            run.trace.append(DecisionTrace(self.name, *self.key, "knowledge", used, value))
        run.where = before
        return value


class ServiceNode(Node):
    """A decision service: a function of its input data and input decisions, in that order."""

    def compile(self) -> None:
        element: m.DecisionService = self.element
        self.inputs = self._nodes((*element.input_data, *element.input_decisions), InputNode, DecisionNode)
        self.outputs = self._nodes(element.outputs, DecisionNode)
        self.parameters = tuple(node.name for node in self.inputs)
        count = len(self.parameters)
        types = self.unit.types.of(element.variable.type_ref)
        made = types.get() if types is not None else None
        self.wanted = made.result if made is not None and made.kind == "function" else types
        kinds = typed(tuple(node.unit.types.of(node.element.variable.type_ref) for node in self.inputs))
        self.function = Function(self.name, self.parameters, self.call, count, count, kinds, self.wanted)

    def _nodes(self, references: Iterable[str], *kinds: type[Node]) -> list[Any]:
        found = []
        for reference in references:
            node = self.unit.target(reference)
            if node is not None and isinstance(node, kinds):
                found.append(node)
            else:
                fault = Fault("reference", f"nothing has the reference {reference}", self.name, self.element.line)
                self.unit.model.faults.append(fault)
        return found

    def get(self, run: Run) -> Value:
        return self.function

    def call(self, run: Run, *arguments: Value) -> Value:
        made = self.results(run, dict(zip([node.key for node in self.inputs], arguments, strict=True)))
        value = next(iter(made.values())) if len(made) == 1 else made
        if run.trace is not None:
            used = tuple(zip(self.parameters, arguments, strict=True))
            run.trace.append(DecisionTrace(self.name, *self.key, "service", used, value))
        return value

    def results(self, run: Run, given: Mapping[tuple[str, str], Value]) -> dict[str, Value]:
        """The output decisions by name, made apart from everything decided outside the service."""
        outside = run.values
        run.values = {}
        run.depth += 1
        if run.depth > CALLS:
            raise Exhausted(f"services may call each other {CALLS} deep")
        try:
            for node in self.inputs:
                node.accept(run, given.get(node.key))
            return {node.name: node.get(run) for node in self.outputs}
        finally:
            run.values = outside
            run.depth -= 1
