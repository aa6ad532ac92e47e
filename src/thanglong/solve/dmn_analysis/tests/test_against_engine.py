"""What the analysis finds is what the engine does; explanations tell what was done."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from thanglong.solve import dmn
from thanglong.solve.dmn import model as m
from thanglong.solve.dmn_analysis import Speech, Types, analyse, check, explain, sentences
from thanglong.solve.dmn_analysis.check import table_of

KINDS = ("number", "string", "boolean", "date")
NAMES = ("How many", "What", "Whether", "When")


def model(rules: list[tuple[tuple[str, ...], str]], policy: str = "R", **given: Any) -> m.Definitions:
    inputs = {f"i{n}": m.InputData(f"i{n}", m.Variable(name, KINDS[n]), name) for n, name in enumerate(NAMES)}
    table = m.DecisionTable(
        hit_policy=policy,
        inputs=tuple(m.TableInput(name, KINDS[n]) for n, name in enumerate(NAMES)),
        outputs=(m.TableOutput(type_ref="number", **given),),
        rules=tuple(m.Rule(tests, (result,), ("a note",), f"r{n}", n) for n, (tests, result) in enumerate(rules, 1)),
    )
    decision = m.Decision("d", m.Variable("Answer", None), tuple(f"#{key}" for key in inputs), table, "Answer")
    return m.Definitions("urn:m", "m", elements={**inputs, "d": decision})


def matched(compiled: dmn.Compiled, example: dict[str, Any]) -> set[int]:
    outcome = dmn.evaluate(compiled, "Answer", example, trace=True)
    (table,) = [each for each in outcome.trace if isinstance(each, dmn.TableTrace)]
    return {number for number, _ in table.rules}


NUMBERS = st.sampled_from(["-", "1", "< 2", "<= 2", "> 2", ">= 3", "[1..3]", "(1..3]", "not(2)", "1, 3", "null"])
TEXTS = st.sampled_from(["-", '"a"', '"b"', '"a", "b"', 'not("a")', "null", "not(null)"])
TRUTHS = st.sampled_from(["-", "true", "false", "not(true)", "null"])
DAYS = st.sampled_from(
    ["-", '< date("2025-07-01")', '>= date("2025-07-01")', '[date("2025-06-30")..date("2025-07-02")]', 'date("2025-07-01")']
)  # fmt: skip
RULES = st.lists(st.tuples(st.tuples(NUMBERS, TEXTS, TRUTHS, DAYS), st.just("1")), min_size=1, max_size=6)


@settings(max_examples=150, deadline=None)
@given(RULES)
def test_examples_of_gaps_and_overlaps_are_what_the_engine_sees(rules: list[tuple[tuple[str, ...], str]]) -> None:
    unique = model(rules, "U")
    compiled = dmn.compile_definitions(model(rules, "R"))
    element = unique.elements["d"]
    assert isinstance(element, m.Decision) and isinstance(element.expression, m.DecisionTable)
    for finding in analyse(table_of(unique, element, "Answer", element.expression, Types(unique))):
        if finding.code == "gap":
            assert not matched(compiled, dict(finding.example))
        elif finding.code == "overlap":
            assert set(finding.rules) <= matched(compiled, dict(finding.example))


def test_steps_tell_inputs_rules_and_notes() -> None:
    rules = [(("> 2", '"a"', "-", "-"), "7"), (("-", "-", "-", "-"), "1")]
    compiled = dmn.compile_definitions(model(rules, "F"))
    outcome = dmn.evaluate(compiled, "Answer", {"How many": 3, "What": "a", "Whether": True, "When": None}, trace=True)
    steps = explain(outcome.trace)
    assert [step.kind for step in steps].count("table") == 1 and steps[-1].value == 7
    said = list(sentences(steps, Speech()))
    assert said[-1] == "“Answer” is 7, because rule 1 applies: How many is 3 (more than 2), What is “a”. a note"
    plain = steps[-1].plain()
    assert plain["rules"][0] == {
        "number": 1, "id": "r1", "notes": ["a note"], "line": 1,
        "conditions": [
            {"input": "How many", "value": 3, "test": "> 2"}, {"input": "What", "value": "a", "test": '"a"'},
        ],
    }  # fmt: skip
    outcome = dmn.evaluate(compiled, "Answer", {"How many": 1}, trace=True)
    assert "by rule 2, which always applies" in list(sentences(explain(outcome.trace), Speech()))[-1]


def test_a_result_without_a_rule_and_one_of_several_rules_are_told() -> None:
    compiled = dmn.compile_definitions(model([(("> 2", "-", "-", "-"), "7"), (("> 1", "-", "-", "-"), "1")], "C"))
    outcome = dmn.evaluate(compiled, "Answer", {"How many": 3}, trace=True)
    assert "because rules 1, 2 apply" in list(sentences(explain(outcome.trace), Speech()))[-1]
    outcome = dmn.evaluate(compiled, "Answer", {"How many": 0}, trace=True)
    assert "because no rule applies" in list(sentences(explain(outcome.trace), Speech()))[-1]


def test_models_of_a_program_are_checked_too() -> None:
    found = check(model([(("> 2", "-", "-", "-"), '"seven"'), (("nonsense(", "-", "-", "-"), "1")]))
    assert {finding.code for finding in found} == {"syntax"}
    found = check(model([(("> 2", "-", "-", "-"), '"seven"'), (("<= 2", "-", "-", "-"), "Other")]))
    assert {finding.code for finding in found} == {"type", "unknown"}
    ring = m.Decision("e", m.Variable("E"), ("#e",), m.LiteralExpression(text="1"), "E")
    found = check(m.Definitions("urn:m", elements={"e": ring}))
    assert [finding.code for finding in found] == ["cycle"]
