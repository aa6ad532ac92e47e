"""Boxed expressions of a model as a page shows them: tables with plain words, other boxes as labelled FEEL."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from thanglong.kit.errors import N_
from thanglong.solve.dmn import model as m
from thanglong.solve.dmn_analysis import Speech
from thanglong.solve.dmn_analysis.explain import result_words, words_of
from thanglong.solve.dmn_analysis.words import Name

POLICIES = {
    "U": N_("Exactly one rule may apply."),
    "A": N_("Several rules may apply when they say the same."),
    "P": N_("The weightiest rule that applies decides."),
    "F": N_("The first rule that applies decides."),
    "R": N_("All rules that apply count, in their order."),
    "O": N_("All rules that apply count, the weightiest first."),
    "C": N_("All rules that apply are collected."),
    "SUM": N_("The results of all rules that apply are added up."),
    "MIN": N_("The smallest result of the rules that apply counts."),
    "MAX": N_("The largest result of the rules that apply counts."),
    "COUNT": N_("The number of results counts."),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: words for people, and its FEEL when the two differ; ``any`` for a test that always holds."""

    words: str
    feel: str
    any: bool = False
    code: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A rule. ``fired``: it applied just now."""

    number: int
    id: str
    tests: tuple[Cell, ...]
    results: tuple[Cell, ...]
    notes: tuple[str, ...]
    fired: bool


@dataclass(frozen=True, slots=True)
class Grid:
    """A decision table."""

    policy: str
    letter: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    notes: tuple[str, ...]
    lines: tuple[Line, ...]
    asked: bool


@dataclass(frozen=True, slots=True)
class Box:
    """A boxed expression: a ``grid``, a FEEL ``text``, or labelled parts."""

    title: str = ""
    grid: Grid | None = None
    text: str = ""
    parts: "tuple[tuple[str, Box], ...]" = ()


def box(expression: m.Expression | None, speech: Speech, fired: Mapping[int, Collection[int]]) -> Box:
    """An expression for the page; ``fired`` are the rules that applied, by the ``id()`` of their table."""

    def inner(part: m.Expression | None) -> Box:
        return box(part, speech, fired)

    match expression:
        case m.DecisionTable():
            return Box(grid=_grid(expression, speech, fired.get(id(expression))))
        case m.LiteralExpression():
            return Box(text=expression.text.strip())
        case m.BoxedContext():
            return Box(parts=tuple((v.name if v else gettext("Result"), inner(part)) for v, part in expression.entries))
        case m.BoxedList():
            return Box(parts=tuple((str(n), inner(part)) for n, part in enumerate(expression.items, 1)))
        case m.Relation():
            rows = (
                (column.name, inner(cell)) for row in expression.rows
                for column, cell in zip(expression.columns, row, strict=False)
            )  # fmt: skip
            return Box(parts=tuple(rows))
        case m.Invocation():
            bound = tuple((name, inner(part)) for name, part in expression.bindings)
            return Box(title=gettext("Asks"), parts=((gettext("Rule"), inner(expression.function)), *bound))
        case m.FunctionDefinition():
            names = ", ".join(parameter.name for parameter in expression.parameters)
            return Box(
                title=gettext("With %(names)s") % {"names": names} if names else "",
                parts=(("", inner(expression.body)),),
            )
        case m.Conditional():
            parts = (
                (gettext("If"), expression.condition),
                (gettext("then"), expression.then),
                (gettext("else"), expression.otherwise),
            )
            return Box(parts=tuple((label, inner(part)) for label, part in parts))
        case m.BoxedFilter():
            return Box(
                parts=((gettext("From"), inner(expression.source)), (gettext("those with"), inner(expression.match)))
            )
        case m.Iteration():
            label = {"for": gettext("give"), "every": gettext("all must be"), "some": gettext("one must be")}[
                expression.kind
            ]
            each = gettext("For each %(name)s in") % {"name": expression.variable}
            return Box(parts=((each, inner(expression.source)), (label, inner(expression.body))))
    return Box(text="–")


def _grid(table: m.DecisionTable, speech: Speech, fired: Collection[int] | None) -> Grid:
    lines = tuple(
        Line(
            number,
            rule.id,
            tuple(_cell(words_of(test), test, speech) for test in rule.tests),
            tuple(_cell(result_words(text), text, speech) for text in rule.results),
            tuple(speech.say(Name(note.strip())) for note in rule.notes),
            number in (fired or ()),
        )
        for number, rule in enumerate(table.rules, 1)
    )
    letter = table.hit_policy + {"SUM": "+", "MIN": "<", "MAX": ">", "COUNT": "#"}.get(table.aggregation or "", "")
    text = POLICIES.get(table.aggregation or table.hit_policy, "")
    return Grid(
        gettext(text) if text else table.hit_policy,
        letter,
        tuple(speech.say(Name(column.label or " ".join(column.text.split()))) for column in table.inputs),
        tuple(
            speech.say(Name(column.label or column.name or table.label)) or gettext("Result")
            for column in table.outputs
        ),
        tuple(speech.say(Name(name)) for name in table.note_names),
        lines,
        fired is not None,
    )


def _cell(words: Any, source: str, speech: Speech) -> Cell:
    text, feel = speech.say(words), " ".join(source.split())
    return Cell(text, feel, feel in ("", "-"), text == feel and not feel.replace(".", "").isdigit())
