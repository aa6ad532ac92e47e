"""Compiles a set of models and evaluates their decisions and services."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from thanglong.solve.dmn import model as m
from thanglong.solve.dmn.adopt import adopt
from thanglong.solve.dmn.feel.run import STEPS, Diagnostic, Run, bounded
from thanglong.solve.dmn.feel.values import DateTime, Value
from thanglong.solve.dmn.graph import DecisionNode, InputNode, KnowledgeNode, Node, ServiceNode, Unit
from thanglong.solve.dmn.source import build
from thanglong.solve.dmn.space import Fault
from thanglong.solve.dmn.trace import DecisionTrace, Trace
from thanglong.solve.dmn.tree import Node as Tree


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of an evaluation: the value, what a reader should know about it, and (if asked for) what was done."""

    value: Value
    diagnostics: tuple[Diagnostic, ...] = ()
    trace: tuple[Trace, ...] = ()


class Compiled:
    """A model and the models it imports, compiled; unchanging and safe to share between threads."""

    def __init__(self, units: Mapping[str, Unit], main: str) -> None:
        self.units = units
        self.main = units[main]
        self.definitions = self.main.definitions
        self.faults: tuple[Fault, ...] = tuple(fault for unit in units.values() for fault in unit.model.faults)
        self._by_name: dict[str, Node] = {}
        for space in (*[space for space in units if space != main], main):
            for node in units[space].nodes.values():
                self._by_name[node.element.id] = node
        for space in (*[space for space in units if space != main], main):
            for node in units[space].nodes.values():
                self._by_name[node.element.name or node.name] = node
                self._by_name[node.name] = node
        self.inputs = {node.key: node for unit in units.values() for node in unit.nodes.values()}

    def find(self, name: str, namespace: str | None = None) -> Node | None:
        """An element by name or id, of the main model first; or of the model with this namespace."""
        if namespace is None:
            # An imported element may be called by its import: "Fees.Amount".
            return self._by_name.get(name) or self._by_name.get(name.rpartition(".")[2])
        unit = self.units.get(namespace)
        nodes = unit.nodes.values() if unit else ()
        return next((node for node in nodes if name in (node.name, node.element.name, node.element.id)), None)

    def decisions(self) -> tuple[str, ...]:
        """The names of the main model's decisions, in the order of the file."""
        return tuple(node.name for node in self.main.nodes.values() if isinstance(node, DecisionNode))

    def services(self) -> tuple[str, ...]:
        """The names of the main model's decision services."""
        return tuple(node.name for node in self.main.nodes.values() if isinstance(node, ServiceNode))

    def input_names(self) -> tuple[str, ...]:
        """The names of the main model's inputs."""
        return tuple(node.name for node in self.main.nodes.values() if isinstance(node, InputNode))


def compile_definitions(main: m.Definitions, imported: Iterable[m.Definitions] = ()) -> Compiled:
    """Compiles a model with the models it imports (and those that they import).

    Faults do not stop it: they are listed in ``faults``, and what is faulty evaluates to null."""
    units: dict[str, Unit] = {}
    for definitions in (main, *imported):
        units.setdefault(definitions.namespace, Unit(definitions, units))
    for unit in units.values():
        for one in unit.definitions.imports:
            if one.namespace not in units and "DMN" in one.kind:
                fault = Fault("import", f"the imported model {one.namespace} is not at hand", "", one.line)
                unit.model.faults.append(fault)
    for unit in units.values():
        unit.prepare()
    for unit in units.values():
        unit.finish()
    return Compiled(units, main.namespace)


def load(root: Tree, imports: Iterable[Tree] = ()) -> Compiled:
    """Compiles the model in a document's root element, with the root elements of the documents it may import."""
    return compile_definitions(build(root), [build(one) for one in imports])


def evaluate(
    model: Compiled,
    name: str,
    inputs: Mapping[str, Any] | None = None,
    *,
    trace: bool = False,
    namespace: str | None = None,
    now: DateTime | None = None,
    steps: int = STEPS,
    typed: bool = True,
) -> Outcome:
    """The result of a decision, a decision service or a knowledge model.

    ``inputs`` are values by the names of inputs (or input decisions of a service, or parameters); names of imported
    inputs may be given as (namespace, name). Python's numbers, dates, lists and mappings are taken as FEEL values; with
    ``typed``, a string given for an input of a calendar type is read as FEEL would read it. ``now`` is the moment that
    ``now()`` and ``today()`` give, the present one by default. Never raises for what a model or an input says: the
    value is then null and the diagnostics say why.

    :raises LookupError: there is no such element.
    """
    node = model.find(name, namespace)
    if node is None:
        raise LookupError(f"the model has no decision or service called {name!r}")
    run = Run(now, steps)
    if trace:
        run.trace = []
    value = bounded(run, lambda: _start(model, run, node, inputs or {}, typed))
    return Outcome(value, tuple(run.notes), tuple(run.trace or ()))


def _start(model: Compiled, run: Run, node: Node, inputs: Mapping[Any, Any], typed: bool) -> Value:
    if isinstance(node, ServiceNode):
        given = _values(node.inputs, inputs, typed)
        made = node.results(run, given)
        value = next(iter(made.values())) if len(made) == 1 else made
        if run.trace is not None:
            used = tuple((one.name, given.get(one.key)) for one in node.inputs)
            run.trace.append(DecisionTrace(node.name, *node.key, "service", used, value))
        return value
    if isinstance(node, KnowledgeNode):
        from thanglong.solve.dmn.feel.calls import invoke

        arguments = [adopt(inputs.get(name)) for name in node.parameters]
        return invoke(run, node.function, arguments)
    for key, value in inputs.items():
        found = model.find(key) if isinstance(key, str) else model.find(key[1], key[0])
        if isinstance(found, InputNode | DecisionNode):
            found.accept(run, adopt(value, found.wanted if typed else None))
    return node.get(run)


def _values(nodes: Iterable[Any], inputs: Mapping[Any, Any], typed: bool) -> dict[tuple[str, str], Value]:
    found = {}
    for node in nodes:
        for key in (node.name, (node.key[0], node.name), node.element.name):
            if key in inputs:
                found[node.key] = adopt(inputs[key], node.wanted if typed else None)
    return found
