"""Checks a whole model: its frame, every expression in it, and every decision table."""

from collections.abc import Iterator, Mapping

from thanglong.kit.errors import N_
from thanglong.solve.dmn import model as m
from thanglong.solve.dmn.feel import ast
from thanglong.solve.dmn.feel.lexer import FeelFault
from thanglong.solve.dmn.feel.names import Scope, canonical
from thanglong.solve.dmn.feel.parser import parse, parse_tests
from thanglong.solve.dmn_analysis.findings import Column, Finding, Row, Table
from thanglong.solve.dmn_analysis.literals import NotDecided, constant, kind_of
from thanglong.solve.dmn_analysis.plain import KINDS, Types
from thanglong.solve.dmn_analysis.structure import say, structure
from thanglong.solve.dmn_analysis.syntax import BUILT_IN, unknown_names
from thanglong.solve.dmn_analysis.table import analyse
from thanglong.solve.dmn_analysis.texts import Text, field_names, scope_of, tables_of, texts_of
from thanglong.solve.dmn_analysis.words import Said, Verbatim

NOT_FEEL = N_("“%(text)s” cannot be read: %(why)s.")
UNKNOWN = N_("“%(text)s” speaks of “%(what)s”, which “%(name)s” does not need.")
COUNT = N_("Rule %(n)s of “%(name)s” has %(found)s cells where the table has %(wanted)s columns.")
NO_RULES = N_("The table “%(name)s” has no rules.")
NO_OUTPUT = N_("The table “%(name)s” has no output column.")
POLICY = N_("The table “%(name)s” has the unknown hit policy “%(what)s”.")
NO_ORDER = N_("The table “%(name)s” needs output values to know which rule weighs more.")
NO_PLACE = N_("“%(text)s” is not among the output values of “%(name)s”.")
NOT_THAT_TYPE = N_("“%(text)s” should be %(kind)s, as the column “%(what)s” says.")
AGGREGATE = N_("The table “%(name)s” adds up several output columns; only one is possible.")


def check(definitions: m.Definitions, imported: Mapping[str, m.Definitions] | None = None) -> list[Finding]:
    """Everything found in a model, in the order of the file: errors, warnings and notes.

    ``imported`` holds the models it imports, by namespace; what depends on a missing one is not checked.
    """
    found = list(structure(definitions, imported))
    fields = dict(field_names(definitions.items))
    for other in (imported or {}).values():
        fields |= field_names(other.items)
        fields |= {element.variable.name: element.variable.name for element in other.elements.values()}
    complete = all(each.namespace in (imported or {}) for each in definitions.imports)
    for element in definitions.elements.values():
        found += _expressions(definitions, element, fields, strict=complete)
    types = Types(definitions, imported)
    for element, name, table in tables_of(definitions):
        found += _table(definitions, element, name, table, types)
    return sorted(found, key=lambda finding: finding.line)


def root_scope(names: tuple[str, ...], fields: Mapping[str, str]) -> Scope:
    """The names an expression may use, with those of entries after a point."""
    return Scope(names, Scope(BUILT_IN, known={canonical(name): name for name in (*fields, *names)}))


def _expressions(
    definitions: m.Definitions, element: m.Element, fields: Mapping[str, str], *, strict: bool
) -> Iterator[Finding]:
    for text in texts_of(definitions, element):
        node = None
        try:
            scope = root_scope(text.names, fields)
            node = parse_tests(text.text, scope) if text.kind == "tests" else parse(text.text, scope)
        except FeelFault as fault:
            line = text.line + text.text.count("\n", 0, fault.position)
            yield say("syntax", "error", NOT_FEEL, line, element.name, text=_short(text.text), why=fault.reason)
        if node is not None and strict and not text.loose:
            yield from _unknown(element, text, node)


def _unknown(element: m.Element, text: Text, node: ast.Node) -> Iterator[Finding]:
    names = {canonical(name) for name in (*text.names, *BUILT_IN)}
    for name in unknown_names(node, names):
        params = {"text": _short(text.text), "what": name, "name": element.name}
        yield say("unknown", "error", UNKNOWN, text.line, element.name, **params)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 80 else text[:79] + "…"


def _table(
    definitions: m.Definitions, element: m.Element, name: str, table: m.DecisionTable, types: Types
) -> Iterator[Finding]:
    broken = list(_shape(name, table))
    yield from broken
    if any(finding.level == "error" for finding in broken):
        return
    try:
        read = table_of(definitions, element, name, table, types)
    except FeelFault:
        return  # said where the expression is checked
    yield from _outputs(name, table, types)
    yield from analyse(read)


def _shape(name: str, table: m.DecisionTable) -> Iterator[Finding]:
    if table.hit_policy not in "UAPFROC":
        yield say("table", "error", POLICY, table.line, name, name=name, what=table.hit_policy)
    if not table.outputs:
        yield say("table", "error", NO_OUTPUT, table.line, name, name=name)
    if not table.rules:
        yield say("table", "warning", NO_RULES, table.line, name, name=name)
    if table.hit_policy == "C" and table.aggregation and table.aggregation != "COUNT" and len(table.outputs) > 1:
        yield say("table", "error", AGGREGATE, table.line, name, name=name)
    if table.hit_policy in ("P", "O") and not any(output.values for output in table.outputs):
        yield say("table", "error", NO_ORDER, table.line, name, name=name)
    for number, rule in enumerate(table.rules, 1):
        for cells, columns in ((rule.tests, table.inputs), (rule.results, table.outputs)):
            if len(cells) != len(columns):
                yield say(
                    "table", "error", COUNT, rule.line, name,
                    n=str(number), name=name, found=str(len(cells)), wanted=str(len(columns)),
                )  # fmt: skip


def table_of(definitions: m.Definitions, element: m.Element, name: str, table: m.DecisionTable, types: Types) -> Table:
    """A table as the analysis takes it.

    :raises FeelFault: a cell cannot be read.
    """
    scope = root_scope((*scope_of(definitions, element), *_parameters(element), "?"), field_names(definitions.items))
    columns = []
    for column in table.inputs:
        reference = column.type_ref or _declared(definitions, element, column.text)
        limits = column.values or types.allowed(reference)
        allowed = parse_tests(limits, scope) if limits and limits.strip() else None
        columns.append(
            Column(column.label or " ".join(column.text.split()), types.kind(reference), allowed, column.text)
        )
    orders = [_order(output, scope) for output in table.outputs]
    rows = []
    for rule in table.rules:
        tests = [parse_tests(test, scope) for test in rule.tests]
        values = [_fixed(text, scope) for text in rule.results]
        ranks = [order.index(value) for order, value in zip(orders, values, strict=True) if order and value in order]
        rank = tuple(ranks) if len(ranks) == sum(1 for order in orders if order) and ranks else None
        rows.append(Row(tests, tuple(values), rank, rule.line))
    policy = table.hit_policy + {"SUM": "+", "MIN": "<", "MAX": ">", "COUNT": "#"}.get(table.aggregation or "", "")
    default = bool(table.outputs) and all(output.default for output in table.outputs)
    return Table(name, policy, columns, rows, default, table.line)


def _parameters(element: m.Element) -> tuple[str, ...]:
    if isinstance(element, m.KnowledgeModel) and element.function is not None:
        return tuple(parameter.name for parameter in element.function.parameters)
    return ()


def _declared(definitions: m.Definitions, element: m.Element, text: str) -> str | None:
    """The declared type of a column that asks for one variable or one entry of it."""
    wanted = canonical(text)
    variables = [each.variable for each in definitions.elements.values()]
    if isinstance(element, m.KnowledgeModel) and element.function is not None:
        variables = [*element.function.parameters, *variables]
    items = {item.name: item for item in definitions.items}
    for variable in variables:
        if canonical(variable.name) == wanted:
            return variable.type_ref
        item = items.get(variable.type_ref or "")
        for part in item.components if item is not None and not item.is_collection else ():
            if canonical(f"{variable.name}.{part.name}") == wanted and not part.is_collection:
                return part.type_ref
    return None


def _fixed(text: str, scope: Scope) -> str | None:
    """An output as text that is the same for the same value; None when it is worked out."""
    if text.strip() in ("", "-"):
        return "null"
    try:
        value = constant(parse(text, scope))
    except NotDecided:
        return None
    return repr(value.normalize() if hasattr(value, "normalize") else value)


def _order(output: m.TableOutput, scope: Scope) -> list[str]:
    """Output values from the weightiest down."""
    if not output.values or not output.values.strip():
        return []
    found = []
    for test in parse_tests(output.values, scope).tests:
        try:
            value = constant(test)
        except NotDecided:
            return []
        found.append(repr(value.normalize() if hasattr(value, "normalize") else value))
    return found


def _outputs(name: str, table: m.DecisionTable, types: Types) -> Iterator[Finding]:
    """Fixed outputs against the column's type and values."""
    scope = root_scope(("?",), {})
    for place, output in enumerate(table.outputs):
        kind, order = types.kind(output.type_ref), _order(output, scope)
        for rule in table.rules:
            text = rule.results[place]
            try:
                value = constant(parse(text, scope)) if text.strip() not in ("", "-") else None
                found = kind_of(value)
            except (FeelFault, NotDecided):
                continue
            if value is None:
                continue
            if kind in KINDS and found and kind != found and kind not in ("list", "context"):
                title = output.label or output.name or name
                params = {"text": Verbatim(text.strip()), "kind": Said(KINDS[kind]), "what": Verbatim(title)}
                yield Finding("type", "error", Said(NOT_THAT_TYPE, params), rule.line, where=name)
            elif order and _fixed(text, scope) not in order:
                yield say("values", "error", NO_PLACE, rule.line, name, text=text.strip(), name=name)
