"""Why a result is what it is: the inputs, rules and decisions that led to it, as data and as sentences."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

from thanglong.kit.errors import N_
from thanglong.solve.dmn import model as m
from thanglong.solve.dmn.feel.lexer import FeelFault
from thanglong.solve.dmn.feel.parser import parse, parse_tests
from thanglong.solve.dmn.feel.values import Value
from thanglong.solve.dmn.trace import DecisionTrace, InputTrace, TableTrace, Trace
from thanglong.solve.dmn_analysis.check import root_scope
from thanglong.solve.dmn_analysis.literals import NotDecided, constant
from thanglong.solve.dmn_analysis.plain import to_plain
from thanglong.solve.dmn_analysis.words import Either, Listed, Name, Said, Verbatim, cell

GIVEN = N_("“%(name)s” was given: %(value)s.")
NOT_GIVEN = N_("“%(name)s” was not given.")
BY_RULE = N_("“%(name)s” is %(value)s, because rule %(n)s applies: %(conditions)s.")
BY_RULES = N_("“%(name)s” is %(value)s, because rules %(n)s apply.")
BY_LAST_RULE = N_("“%(name)s” is %(value)s by rule %(n)s, which always applies.")
NO_RULE = N_("“%(name)s” is %(value)s, because no rule applies.")
WORKED_OUT = N_("“%(name)s” is %(value)s, worked out from %(used)s.")
FIXED = N_("“%(name)s” is %(value)s.")


@dataclass(frozen=True, slots=True)
class Condition:
    """A column of a rule that applied: its title, the value that was there, the test in words and in FEEL."""

    input: str
    value: Value
    words: Any
    test: str


@dataclass(frozen=True, slots=True)
class Fired:
    """A rule that applied."""

    number: int
    id: str
    conditions: tuple[Condition, ...]
    notes: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Step:
    """One step towards a result, in the order in which they were taken."""

    kind: Literal["input", "table", "decision"]
    name: str
    value: Value
    said: Said
    used: Mapping[str, Value] = field(default_factory=dict)
    rules: tuple[Fired, ...] = ()
    policy: str = ""

    def plain(self) -> dict[str, Any]:
        """The step as JSON."""
        found: dict[str, Any] = {"kind": self.kind, "name": self.name, "value": to_plain(self.value)}
        if self.used:
            found["used"] = to_plain(dict(self.used))
        if self.kind == "table":
            found["hit_policy"] = self.policy
            found["rules"] = [_rule_plain(rule) for rule in self.rules]
        return found


def _rule_plain(rule: Fired) -> dict[str, Any]:
    conditions = [{"input": c.input, "value": to_plain(c.value), "test": c.test} for c in rule.conditions]
    return {
        "number": rule.number,
        "id": rule.id,
        "conditions": conditions,
        "notes": list(rule.notes),
        "line": rule.line,
    }


def explain(trace: Sequence[Trace]) -> list[Step]:
    """The steps of an evaluation made with a trace: inputs, tables with the rules that applied, decisions."""
    steps: list[Step] = []
    for each in trace:
        if isinstance(each, InputTrace):
            said = Said(GIVEN if each.given else NOT_GIVEN, {"name": Name(each.name), "value": each.value})
            steps.append(Step("input", each.name, each.value, said))
        elif isinstance(each, TableTrace):
            steps.append(_table(each))
        else:
            _decision(each, steps)
    return steps


def _decision(trace: DecisionTrace, steps: list[Step]) -> None:
    used = dict(trace.used)
    if steps and steps[-1].kind == "table" and steps[-1].name == trace.name and steps[-1].value == trace.value:
        return  # its table has said so already
    params: dict[str, Any] = {"name": Name(trace.name), "value": trace.value}
    text = FIXED
    if used:
        text = WORKED_OUT
        params["used"] = Listed([Said(N_("“%(name)s”"), {"name": Name(name)}) for name in used])
    steps.append(Step("decision", trace.name, trace.value, Said(text, params), used))


def _table(trace: TableTrace) -> Step:
    table = trace.table
    fired = tuple(_fired(trace, number, rule) for number, rule in trace.rules)
    shown = fired[:1] if table.hit_policy in "UAFP" else fired
    params: dict[str, Any] = {"name": Name(trace.element), "value": trace.value}
    if not shown:
        text = NO_RULE
    elif len(shown) > 1:
        text, params["n"] = BY_RULES, Listed([rule.number for rule in shown])
    elif shown[0].conditions:
        text, params["n"] = BY_RULE, shown[0].number
        params["conditions"] = Listed([_condition(each) for each in shown[0].conditions])
    else:
        text, params["n"] = BY_LAST_RULE, shown[0].number
    policy = table.hit_policy + {"SUM": "+", "MIN": "<", "MAX": ">", "COUNT": "#"}.get(table.aggregation or "", "")
    used = dict(trace.inputs)
    return Step("table", trace.element, trace.value, Said(text, params), used, fired, policy)


def _fired(trace: TableTrace, number: int, rule: m.Rule) -> Fired:
    conditions = []
    for column, (_, value), test in zip(trace.table.inputs, trace.inputs, rule.tests, strict=False):
        if test.strip() not in ("", "-"):
            title = column.label or " ".join(column.text.split())
            conditions.append(Condition(title, value, words_of(test), test))
    notes = tuple(note.strip() for note in rule.notes if note.strip())
    return Fired(number, rule.id, tuple(conditions), notes, rule.line)


@lru_cache(maxsize=4096)
def words_of(test: str) -> Any:
    """A cell's tests in words; those without plain words stay FEEL."""
    try:
        return cell(parse_tests(test, root_scope(("?",), {})), test)
    except FeelFault:
        return Verbatim(test)


def _condition(condition: Condition) -> Said:
    params = {"input": Name(condition.input), "value": condition.value}
    words = condition.words
    simple = words.parts[0] if isinstance(words, Either) and len(words.parts) == 1 else words
    if simple == condition.value or (isinstance(words, Either) and condition.value in words.parts):
        return Said(N_("%(input)s is %(value)s"), params)
    return Said(N_("%(input)s is %(value)s (%(words)s)"), params | {"words": words})


def sentences(steps: Sequence[Step], speech: Any) -> Iterator[str]:
    """The steps said in a language, with the notes of the rules that applied."""
    for step in steps:
        text = speech.say(step.said)
        rules = step.rules[:1] if step.policy[:1] in "UAFP" else step.rules
        notes = [speech.say(Name(note)) for rule in rules for note in rule.notes]
        yield " ".join([text, *notes])


def result_words(text: str) -> Any:
    """An output cell in words: a fixed value as such, anything else as its FEEL."""
    if text.strip() in ("", "-"):
        return None
    try:
        return constant(parse(text, root_scope((), {})))
    except (FeelFault, NotDecided):
        return Verbatim(" ".join(text.split()))
