"""The form with which a decision is tried: one field per input, by the type the model declares. Works by address
alone."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext

from thanglong.core.cases.service.decisions import Loaded
from thanglong.solve.dmn import model as m
from thanglong.solve.dmn.feel.lexer import FeelFault
from thanglong.solve.dmn.feel.names import canonical
from thanglong.solve.dmn.feel.parser import parse_tests
from thanglong.solve.dmn_analysis import NotThatKind, Speech, to_feel
from thanglong.solve.dmn_analysis.axis import values_of
from thanglong.solve.dmn_analysis.check import root_scope
from thanglong.solve.dmn_analysis.texts import local, tables_of
from thanglong.solve.dmn_analysis.words import Name

_WIDGETS = {
    "number": "decimal", "boolean": "choice", "date": "date", "time": "time", "date and time": "datetime-local",
    "list": "json", "context": "json",
}  # fmt: skip
_HELP = {
    "days and time duration": "P2DT3H",
    "years and months duration": "P1Y6M",
    "list": '["a", "b"]',
    "context": '{"a": 1}',
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A field: ``widget`` is text, decimal, choice, date, time, datetime-local or json."""

    key: str
    name: str
    title: str
    widget: str
    choices: tuple[tuple[str, str], ...]
    value: str
    help: str
    error: str


def entries(
    loaded: Loaded, decision: str, asked: Mapping[str, str], speech: Speech
) -> tuple[list[Entry], dict[str, Any]]:
    """The fields that a decision needs, filled from the address, and their FEEL values by input name."""
    fields, values, types = [], {}, loaded.types()
    for each in needed(loaded.definitions, decision):
        variable = each.variable
        key, kind = f"in-{each.id}", types.kind(variable.type_ref)
        text, error = asked.get(key, "").strip(), ""
        choices = _choices(loaded, variable, kind, speech)
        if choices and text and text not in dict(choices):
            choices = (*choices, (text, _title(text, speech)))
        if text:
            try:
                values[variable.name] = to_feel(_plain(text, kind), types, variable.type_ref, variable.name)
            except NotThatKind as problem:
                error = speech.say(problem.said)
            except ValueError:
                error = gettext("This is not JSON: write it like the example.")
        widget = "choice" if choices else _WIDGETS.get(kind, "text")
        title = speech.say(Name(variable.name))
        fields.append(Entry(key, variable.name, title, widget, choices, text, _HELP.get(kind, ""), error))
    return fields, values


def _plain(text: str, kind: str) -> Any:
    """What was typed as a JSON value."""
    if kind == "number":
        try:
            return Decimal(text.replace(" ", "").replace(",", "."))
        except InvalidOperation:
            return text
    if kind == "boolean":
        return {"true": True, "false": False}.get(text, text)
    if kind == "date and time" and len(text) == 16:
        return f"{text}:00"  # a browser leaves the seconds out
    if kind == "time" and len(text) == 5:
        return f"{text}:00"
    if kind in ("list", "context"):
        return json.loads(text)
    return text


def needed(definitions: m.Definitions, decision: str) -> list[m.InputData]:
    """The inputs behind a decision or service, in the order of the file; all of them when it has none of its own."""
    start = [each.id for each in definitions.elements.values() if decision in (each.name, each.variable.name, each.id)]
    seen: set[str] = set()
    while start:
        key = start.pop()
        element = definitions.elements.get(key)
        if key in seen or element is None:
            continue
        seen.add(key)
        references: tuple[str, ...] = ()
        if isinstance(element, m.Decision | m.KnowledgeModel):
            references = element.requires
        elif isinstance(element, m.DecisionService):
            references = (*element.input_data, *element.outputs)
        start += [local(reference, definitions.namespace) for reference in references]
    return [each for each in definitions.elements.values() if isinstance(each, m.InputData) and each.id in seen]


def _choices(loaded: Loaded, variable: m.Variable, kind: str, speech: Speech) -> tuple[tuple[str, str], ...]:
    """Values to choose from: yes and no, the allowed texts, or those that the tables speak of and one more."""
    if kind == "boolean":
        return ("true", speech.value(True)), ("false", speech.value(False))
    if kind != "string":
        return ()
    limits = loaded.types().allowed(variable.type_ref)
    if limits:
        return tuple((text, _title(text, speech)) for text in _texts(limits))
    found: dict[str, str] = {}
    wanted = canonical(variable.name)
    for _, _, table in tables_of(loaded.definitions):
        for place, column in enumerate(table.inputs):
            if canonical(column.text) == wanted:
                tests = (column.values or "", *(rule.tests[place] for rule in table.rules if place < len(rule.tests)))
                found |= {text: _title(text, speech) for test in tests for text in _texts(test)}
    if not found:
        return ()
    return (*found.items(), ("other", gettext("Something else")))


def _title(text: str, speech: Speech) -> str:
    title = speech.words.get(text)
    return speech.translate(title) if title else text


def _texts(tests: str) -> list[str]:
    if not tests.strip():
        return []
    try:
        return [value for value in values_of(parse_tests(tests, root_scope(("?",), {}))) if isinstance(value, str)]
    except FeelFault:
        return []
