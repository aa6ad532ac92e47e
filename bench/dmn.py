"""Decisions: evaluations a second of a table with 20 rules, the conformance suite, the import; in the same run
SpiffWorkflow's and bkflow-feel's evaluators on the table and on the expressions they can do.

Answers are compared before anything is timed. ``python bench/dmn.py [scale]``: a scale below 1 shortens every round.
"""

import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import _figures

from thanglong.cli.dmn_tck import run_suite
from thanglong.formats.dmn.reader import parse_tree
from thanglong.solve.dmn import Expression, evaluate, load

SHARED = Path(os.environ.get("THANGLONG_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
SUITE = SHARED / "services" / "dmn_tck"
DISTRICTS = ("Hoàn Kiếm", "Ba Đình", "Đống Đa", "Cầu Giấy")
KINDS = ("copy", "permit", "licence", "certificate", "survey")


result = _figures.of("dmn")


def rate(ask: Callable[[], object], times: int) -> float:
    """Calls a CPU second, the best of five rounds."""
    ask()
    best = 0.0
    for _ in range(5):
        begun = time.process_time()
        for _ in range(times):
            ask()
        best = max(best, times / (time.process_time() - begun))
    return best


def rules() -> list[tuple[str, int, int, int]]:
    """20 rules: each kind of request in four bands of pages, with its fee."""
    bands = ((1, 10), (11, 50), (51, 200), (201, 1000))
    return [
        (kind, low, high, 1000 * (k + 1) * (b + 1))
        for k, kind in enumerate(KINDS)
        for b, (low, high) in enumerate(bands)
    ]


MODEL = "https://www.omg.org/spec/DMN/20230324/MODEL/"


def table_xml(namespace: str = MODEL) -> bytes:
    """The table as a DMN document."""
    rows = "".join(
        f"<rule id='r{n}'><inputEntry id='a{n}'><text>\"{kind}\"</text></inputEntry>"
        f"<inputEntry id='b{n}'><text>[{low}..{high}]</text></inputEntry>"
        f"<outputEntry id='c{n}'><text>{fee}</text></outputEntry></rule>"
        for n, (kind, low, high, fee) in enumerate(rules())
    )
    return f"""<definitions xmlns="{namespace}" namespace="urn:bench" name="bench" id="bench">
<inputData id="k" name="kind"><variable name="kind" typeRef="string"/></inputData>
<inputData id="p" name="pages"><variable name="pages" typeRef="number"/></inputData>
<decision id="fee" name="fee"><variable name="fee" typeRef="number"/>
<informationRequirement id="q1"><requiredInput href="#k"/></informationRequirement>
<informationRequirement id="q2"><requiredInput href="#p"/></informationRequirement>
<decisionTable id="t" hitPolicy="UNIQUE">
<input id="i1"><inputExpression id="e1" typeRef="string"><text>kind</text></inputExpression></input>
<input id="i2"><inputExpression id="e2" typeRef="number"><text>pages</text></inputExpression></input>
<output id="o" name="fee" typeRef="number"/>{rows}</decisionTable></decision></definitions>""".encode()


def wanted(kind: str, pages: int) -> int | None:
    return next((fee for name, low, high, fee in rules() if name == kind and low <= pages <= high), None)


def table(scale: float) -> None:
    model = load(parse_tree(table_xml()))
    asked = [{"kind": kind, "pages": pages} for kind in KINDS for pages in (1, 30, 120, 999)]
    for case in asked:
        assert evaluate(model, "fee", case).value == wanted(**case), case
    turn = iter(range(10**9))
    ours = rate(lambda: evaluate(model, "fee", asked[next(turn) % 20]), int(20_000 * scale))
    reference = spiff(asked, scale)
    result("evaluations of a 20-rule table", ours, "per CPU second", *reference_of("SpiffWorkflow", ours, reference))
    traced = rate(lambda: evaluate(model, "fee", asked[next(turn) % 20], trace=True), int(10_000 * scale))
    result("the same with its trace", traced, "per CPU second")


def reference_of(name: str, ours: float, reference: float | None) -> tuple[str, float | None]:
    if not reference:
        return f"{name} not at hand", None
    return f"{name} {reference:,.0f}", ours / reference


def spiff(asked: list[dict[str, Any]], scale: float) -> float | None:
    """SpiffWorkflow's DMN engine on the same table (its cells are Python, so the ranges are written for it)."""
    try:
        from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
        from SpiffWorkflow.dmn.engine.DMNEngine import DMNEngine
        from SpiffWorkflow.dmn.specs.model import DecisionTable, Input, InputEntry, Output, OutputEntry, Rule
    except ImportError:
        return None
    spec = DecisionTable("t", "fee", "UNIQUE")
    spec.inputs = [Input("i1", "kind", "kind", "", "string"), Input("i2", "pages", "pages", "", "number")]
    spec.outputs = [Output("o", "fee", "fee", "number")]
    for n, (kind, low, high, fee) in enumerate(rules()):
        rule = Rule(f"r{n}")
        first, second = InputEntry(f"a{n}", spec.inputs[0]), InputEntry(f"b{n}", spec.inputs[1])
        first.text, first.lhs = f'"{kind}"', [f'"{kind}"']
        second.text, second.lhs = f"{low} <= ? <= {high}", [f"{low} <= ? <= {high}"]
        out = OutputEntry(f"c{n}", spec.outputs[0])
        out.text = str(fee)
        rule.inputEntries, rule.outputEntries = [first, second], [out]
        spec.rules.append(rule)
    script = PythonScriptEngine()

    class Task:
        def __init__(self, data: dict[str, Any]) -> None:
            self.data = data
            self.workflow = type("W", (), {"script_engine": script})()
            self.task_spec = type("S", (), {"name": "fee", "bpmn_name": "fee", "bpmn_id": "fee"})()

    engine = DMNEngine(spec)
    try:
        for case in asked:
            assert engine.result(Task(dict(case)))["fee"] == wanted(**case)
    except Exception as error:
        print(f"  SpiffWorkflow's engine does not answer: {type(error).__name__}: {error}")
        return None
    turn = iter(range(10**9))
    return rate(lambda: engine.result(Task(dict(asked[next(turn) % 20]))), max(20, int(400 * scale)))


EXPRESSIONS: list[tuple[str, dict[str, Any], Any]] = [
    ("1 + 2 * 3 - 4 / 2", {}, 5),
    ("a + b * 2", {"a": 1, "b": 2}, 5),
    ("a > 1 and b < 5", {"a": 2, "b": 3}, True),
    ('if a > 10 then "big" else "small"', {"a": 11}, "big"),
    ("sum([1, 2, 3, 4])", {}, 10),
    ("a in [1..10]", {"a": 5}, True),
    ("some x in [1, 2, 3] satisfies x > 2", {}, True),
    ("for x in [1, 2, 3] return x * 2", {}, [2, 4, 6]),
]


def expressions(scale: float) -> None:
    """Expressions given as text each time, which is how bkflow-feel works; ours also compiled once."""
    reference = bkflow()
    for text, values, answer in EXPRESSIONS:
        compiled = Expression(text, values)
        found = compiled.evaluate(values).value
        assert found == answer, (text, found)
        fast = rate(lambda run=compiled, v=values: run.evaluate(v), int(4_000 * scale))
        slow = rate(lambda t=text, v=values: Expression(t, v).evaluate(v), int(300 * scale))
        other = None
        if reference:
            try:
                if reference(text, values) == answer:
                    other = rate(lambda t=text, v=values: reference(t, v), max(3, int(20 * scale)))
            except Exception as error:
                print(f"  bkflow-feel on {text!r}: {type(error).__name__}")
        result(f"compiled once: {text}", fast, "per CPU second")
        result(f"from its text: {text}", slow, "per CPU second", *reference_of("bkflow-feel", slow, other))


def bkflow() -> Callable[[str, dict[str, Any]], Any] | None:
    try:
        from bkflow_feel.api import parse_expression
    except ImportError:
        return None
    logging.disable(logging.CRITICAL)  # it logs a traceback for each expression it cannot do
    return lambda text, values: parse_expression(text, values)


def suite() -> None:
    if not SUITE.is_dir():
        print("  the conformance suite needs ../shared/data/services/dmn_tck: skipped")
        return
    begun = time.process_time()
    cases = list(run_suite(SUITE))
    taken = time.process_time() - begun
    passed = sum(case.passed for case in cases)
    result(f"conformance suite, {passed} of {len(cases)} cases", taken, "CPU seconds", "limit 60", 60 / taken)


def importing() -> None:
    code = "import time; b = time.process_time(); import thanglong.solve.dmn; print(time.process_time() - b)"
    times = [
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
        for _ in range(5)
    ]
    result("import of the module", min(times), "CPU seconds", "limit 0.3", 0.3 / min(times))


def main() -> None:
    scale = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    importing()
    table(scale)
    expressions(scale)
    suite()


if __name__ == "__main__":
    main()
