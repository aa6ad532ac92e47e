"""The logical model of a decision file: what the engine compiles, without XML.

``solve.dmn.source.build`` makes it from anything shaped like the faithful tree of ``formats.dmn``."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Expression:
    """A boxed expression; ``type_ref`` its declared type, ``line`` where it stands in the file."""

    type_ref: str | None = None
    line: int = 0
    id: str = ""


@dataclass(frozen=True, slots=True)
class LiteralExpression(Expression):
    text: str = ""
    language: str | None = None


@dataclass(frozen=True, slots=True)
class TableInput:
    """A condition column: the expression it tests, its type, and the allowed values (unary tests) if any."""

    text: str
    type_ref: str | None = None
    values: str | None = None
    label: str = ""
    id: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class TableOutput:
    """A result column: its name (empty for a single one), type, allowed values in order of priority, default."""

    name: str = ""
    type_ref: str | None = None
    values: str | None = None
    default: str | None = None
    label: str = ""
    id: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """A row: one unary test for each input, one expression for each output, notes."""

    tests: tuple[str, ...]
    results: tuple[str, ...]
    notes: tuple[str, ...] = ()
    id: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class DecisionTable(Expression):
    """``hit_policy`` is one of U A P F R O C; ``aggregation`` one of SUM MIN MAX COUNT or None."""

    hit_policy: str = "U"
    aggregation: str | None = None
    inputs: tuple[TableInput, ...] = ()
    outputs: tuple[TableOutput, ...] = ()
    rules: tuple[Rule, ...] = ()
    note_names: tuple[str, ...] = ()
    label: str = ""


@dataclass(frozen=True, slots=True)
class Variable:
    """A named, typed value: a context entry, a parameter, a column, a decision's result."""

    name: str
    type_ref: str | None = None
    id: str = ""


@dataclass(frozen=True, slots=True)
class BoxedContext(Expression):
    """Entries in order; the one without variable, if any, is the result."""

    entries: tuple[tuple[Variable | None, Expression | None], ...] = ()


@dataclass(frozen=True, slots=True)
class BoxedList(Expression):
    items: tuple[Expression | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Relation(Expression):
    columns: tuple[Variable, ...] = ()
    rows: tuple[tuple[Expression | None, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Invocation(Expression):
    function: Expression | None = None
    bindings: tuple[tuple[str, Expression | None], ...] = ()


@dataclass(frozen=True, slots=True)
class FunctionDefinition(Expression):
    """``kind`` is FEEL, Java or PMML."""

    kind: str = "FEEL"
    parameters: tuple[Variable, ...] = ()
    body: Expression | None = None


@dataclass(frozen=True, slots=True)
class Conditional(Expression):
    condition: Expression | None = None
    then: Expression | None = None
    otherwise: Expression | None = None


@dataclass(frozen=True, slots=True)
class BoxedFilter(Expression):
    source: Expression | None = None
    match: Expression | None = None


@dataclass(frozen=True, slots=True)
class Iteration(Expression):
    """``kind`` is for, every or some."""

    kind: str = "for"
    variable: str = ""
    source: Expression | None = None
    body: Expression | None = None


@dataclass(frozen=True, slots=True)
class ItemDefinition:
    """A declared type."""

    name: str
    type_ref: str | None = None
    is_collection: bool = False
    components: tuple["ItemDefinition", ...] = ()
    allowed_values: str | None = None
    type_constraint: str | None = None
    parameters: tuple[Variable, ...] | None = None
    result_type: str | None = None
    id: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class InputData:
    id: str
    variable: Variable
    name: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Decision:
    """``requires`` are references (``#id`` or ``namespace#id``) to inputs, decisions, knowledge models, services."""

    id: str
    variable: Variable
    requires: tuple[str, ...] = ()
    expression: Expression | None = None
    name: str = ""
    question: str = ""
    answers: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class KnowledgeModel:
    id: str
    variable: Variable
    requires: tuple[str, ...] = ()
    function: FunctionDefinition | None = None
    name: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class DecisionService:
    id: str
    variable: Variable
    outputs: tuple[str, ...] = ()
    encapsulated: tuple[str, ...] = ()
    input_decisions: tuple[str, ...] = ()
    input_data: tuple[str, ...] = ()
    name: str = ""
    line: int = 0


Element = InputData | Decision | KnowledgeModel | DecisionService


@dataclass(frozen=True, slots=True)
class Import:
    """Another model, visible under ``name`` (empty: its names are visible as they are)."""

    namespace: str
    name: str = ""
    kind: str = ""
    location: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Definitions:
    """A whole model."""

    namespace: str
    name: str = ""
    imports: tuple[Import, ...] = ()
    items: tuple[ItemDefinition, ...] = ()
    elements: Mapping[str, Element] = field(default_factory=dict)
    """By id, in the order of the file."""
    language: str | None = None
    prefixes: Mapping[str | None, str] = field(default_factory=dict)
