"""Whole models through the engine: hit policies, boxed expressions, services, imports, types, traces."""

from decimal import Decimal
from typing import Any

import pytest

from thanglong.formats.dmn import read
from thanglong.solve.dmn import Compiled, DecisionTrace, InputTrace, TableTrace, evaluate, load

SPACE = "https://www.omg.org/spec/DMN/20230324/MODEL/"


def model(body: str, namespace: str = "urn:m", imports: tuple[bytes, ...] = ()) -> Compiled:
    return load(read(document(body, namespace)).root, [read(one).root for one in imports])


def document(body: str, namespace: str = "urn:m") -> bytes:
    return f'<definitions xmlns="{SPACE}" xmlns:o="urn:o" namespace="{namespace}" name="m" id="m">{body}</definitions>'.encode()


def given(name: str, kind: str = "") -> str:
    reference = f' typeRef="{kind}"' if kind else ""
    return f'<inputData id="{name}" name="{name}"><variable name="{name}"{reference}/></inputData>'


def needs(*names: str) -> str:
    return "".join(
        f'<informationRequirement><required{"Decision" if name[0].isupper() else "Input"} href="#{name}"/></informationRequirement>'
        for name in names
    )


def knows(*names: str) -> str:
    return "".join(
        f'<knowledgeRequirement><requiredKnowledge href="#{name}"/></knowledgeRequirement>' for name in names
    )


def text(words: str, kind: str = "") -> str:
    reference = f' typeRef="{kind}"' if kind else ""
    return f"<literalExpression{reference}><text>{words}</text></literalExpression>"


def decision(name: str, body: str, requires: str = "", kind: str = "") -> str:
    reference = f' typeRef="{kind}"' if kind else ""
    return f'<decision id="{name}" name="{name}"><variable name="{name}"{reference}/>{requires}{body}</decision>'


def table(policy: str, rules: list[tuple[str, str]], extra: str = "", output: str = "") -> str:
    rows = "".join(
        f"<rule><inputEntry><text>{test}</text></inputEntry><outputEntry><text>{out}</text></outputEntry></rule>"
        for test, out in rules
    )
    return (
        f'<decisionTable hitPolicy="{policy}"{extra}><input><inputExpression><text>x</text></inputExpression></input>'
        f'<output name="y">{output}</output>{rows}</decisionTable>'
    )


RULES = [("&gt; 1", "10"), ("&gt; 2", "30"), ("&gt; 3", "20")]
ORDER = "<outputValues><text>20, 30, 10</text></outputValues>"


@pytest.mark.parametrize(
    ("policy", "extra", "output", "x", "wanted"),
    [
        ("UNIQUE", "", "", 2, 10),
        ("UNIQUE", "", "", 4, None),
        ("FIRST", "", "", 4, 10),
        ("ANY", "", "", 2, 10),
        ("ANY", "", "", 3, None),
        ("PRIORITY", "", ORDER, 4, 20),
        ("OUTPUT ORDER", "", ORDER, 4, [20, 30, 10]),
        ("RULE ORDER", "", "", 4, [10, 30, 20]),
        ("COLLECT", "", "", 3, [10, 30]),
        ("COLLECT", ' aggregation="SUM"', "", 4, 60),
        ("COLLECT", ' aggregation="MIN"', "", 4, 10),
        ("COLLECT", ' aggregation="MAX"', "", 4, 30),
        ("COLLECT", ' aggregation="COUNT"', "", 3, 2),
        ("COLLECT", ' aggregation="COUNT"', "", 0, 0),
        ("UNIQUE", "", "", 0, None),
        ("UNIQUE", "", "<defaultOutputEntry><text>-1</text></defaultOutputEntry>", 0, -1),
        ("COLLECT", "", "<defaultOutputEntry><text>[]</text></defaultOutputEntry>", 0, []),
    ],
)
def test_each_hit_policy(policy: str, extra: str, output: str, x: int, wanted: object) -> None:
    made = model(given("x") + decision("D", table(policy, RULES, extra, output), needs("x")))
    outcome = evaluate(made, "D", {"x": x})
    assert outcome.value == wanted
    if wanted is None:
        assert outcome.diagnostics[0].code in ("conflict", "null")


def test_a_conflict_names_the_rules() -> None:
    made = model(given("x") + decision("D", table("UNIQUE", RULES), needs("x")))
    (note,) = evaluate(made, "D", {"x": 4}).diagnostics
    assert (note.code, note.where, note.facts) == ("conflict", "D", ("1, 2, 3",))


CELLS = [
    "-",
    "&lt; 10",
    "[10..20)",
    "(20..30]",
    "15, 25",
    '"a"',
    "true",
    "null",
    "not(5)",
    "? &gt; 12 and ? &lt; 14",
    '"a", 7',
]


@pytest.mark.parametrize(
    "value", [None, True, False, "a", "b", 5, 7, 10, 13, 15, 20, 20.5, 25, 30, 31, Decimal("9.999"), ["a"], [15]]
)
def test_indexed_cells_answer_as_cells_one_by_one(value: object) -> None:
    """A column answers all its cells at once; each cell alone, written so that it cannot be indexed, must agree."""
    rules = [(cell, str(n)) for n, cell in enumerate(CELLS)]
    together = evaluate(model(given("x") + decision("D", table("COLLECT", rules), needs("x"))), "D", {"x": value}).value
    alone = []
    for n, cell in enumerate(CELLS):
        one = table("COLLECT", [(cell if "?" in cell or cell in ("-", "not(5)") else f"? in ({cell})", str(n))])
        found = evaluate(model(given("x") + decision("D", one, needs("x"))), "D", {"x": value}).value
        alone += found or []
    assert together == alone


def test_what_was_read_decided_and_fired_is_in_the_trace() -> None:
    body = given("x", "number") + decision("D", table("COLLECT", RULES), needs("x"))
    made = model(body + decision("E", text("sum(D)"), needs("D")))
    outcome = evaluate(made, "E", {"x": 3}, trace=True)
    assert outcome.value == 40
    kinds = [type(step) for step in outcome.trace]
    assert kinds == [InputTrace, TableTrace, DecisionTrace, DecisionTrace]
    fired = outcome.trace[1]
    assert isinstance(fired, TableTrace)
    assert fired.element == "D"
    assert fired.inputs == (("x", Decimal(3)),)
    assert [number for number, _ in fired.rules] == [1, 2]
    last = outcome.trace[3]
    assert isinstance(last, DecisionTrace)
    assert last.used == (("D", [Decimal(10), Decimal(30)]),)
    assert evaluate(made, "E", {"x": 3}).trace == ()


BOXED = {
    "context": (
        "<context><contextEntry><variable name='a b'/>%s</contextEntry><contextEntry>%s</contextEntry></context>",
        2,
    ),
    "list": ("<list>%s%s</list>", [1, 2]),
    "relation": (
        "<relation><column name='a b'/><column name='c'/><row>%s<literalExpression><text>2</text></literalExpression></row></relation>",
        [{"a b": 1, "c": 2}],
    ),
    "conditional": (
        "<conditional><if><literalExpression><text>x = 1</text></literalExpression></if><then>%s</then><else/></conditional>",
        1,
    ),
    "filter": (
        "<filter><in><literalExpression><text>[x, 2, 3]</text></literalExpression></in><match><literalExpression>"
        "<text>item &gt; 1</text></literalExpression></match></filter>",
        [2, 3],
    ),
    "for": (
        "<for iteratorVariable='i'><in><literalExpression><text>[1, 2]</text></literalExpression></in><return>"
        "<literalExpression><text>i + x</text></literalExpression></return></for>",
        [2, 3],
    ),
    "every": (
        "<every iteratorVariable='i'><in><literalExpression><text>[1, 2]</text></literalExpression></in><satisfies>"
        "<literalExpression><text>i &gt; 0</text></literalExpression></satisfies></every>",
        True,
    ),
    "some": (
        "<some iteratorVariable='i'><in><literalExpression><text>[1, 2]</text></literalExpression></in><satisfies>"
        "<literalExpression><text>i &gt; 2</text></literalExpression></satisfies></some>",
        False,
    ),
    "function": (
        "<context><contextEntry><variable name='f'/><functionDefinition><formalParameter name='n' typeRef='number'/>"
        "<literalExpression><text>if n &lt; 2 then 1 else n * f(n - 1)</text></literalExpression></functionDefinition>"
        "</contextEntry><contextEntry><literalExpression><text>f(5)</text></literalExpression></contextEntry></context>",
        120,
    ),
}


@pytest.mark.parametrize("name", BOXED)
def test_each_boxed_expression(name: str) -> None:
    body, wanted = BOXED[name]
    parts = [text("x"), text("a b + 1" if name == "context" else "2")][: body.count("%s")]
    made = model(given("x", "number") + decision("D", body % tuple(parts) if parts else body, needs("x")))
    assert made.faults == ()
    assert evaluate(made, "D", {"x": 1}).value == wanted


BKM = (
    "<businessKnowledgeModel id='fee' name='fee'><variable name='fee' typeRef='number'/><encapsulatedLogic>"
    "<formalParameter name='per page' typeRef='number'/><formalParameter name='pages' typeRef='number'/>"
    "<literalExpression><text>per page * pages</text></literalExpression></encapsulatedLogic></businessKnowledgeModel>"
)


def test_a_knowledge_model_is_called_by_text_and_by_a_boxed_invocation() -> None:
    call = "<invocation><literalExpression><text>fee</text></literalExpression>"
    call += "".join(
        f"<binding><parameter name='{name}'/>{text(value)}</binding>"
        for name, value in (("pages", "3"), ("per page", "x"))
    )
    body = BKM + given("x") + decision("D", call + "</invocation>", needs("x") + knows("fee"))
    body += decision("E", text("fee(per page: x, pages: 2)"), needs("x") + knows("fee"))
    body += decision("F", text('fee("a", 1)'), knows("fee")) + decision("G", text("fee(1, 2)"))
    made = model(body)
    assert evaluate(made, "D", {"x": 5}).value == 15
    assert evaluate(made, "E", {"x": 5}).value == 10
    refused = evaluate(made, "F")
    assert refused.value is None
    assert [note.code for note in refused.diagnostics] == ["type"]
    assert evaluate(made, "G").value is None  # a decision sees only what it requires
    assert evaluate(made, "fee", {"per page": 2, "pages": 4}).value == 8


def test_a_service_hides_what_it_is_given_from_the_rest() -> None:
    body = given("x") + decision("A", text("x + 1"), needs("x")) + decision("B", text("A * 10 + x"), needs("A", "x"))
    body += "<decisionService id='S' name='S'><variable name='S'/><outputDecision href='#B'/>"
    body += "<inputDecision href='#A'/><inputData href='#x'/></decisionService>"
    body += decision("C", text("[S(1, 2), A]"), needs("A") + knows("S"))
    made = model(body)
    assert evaluate(made, "S", {"x": 3, "A": 5}).value == 53
    assert evaluate(made, "C", {"x": 7}).value == [21, 8]
    assert evaluate(made, "B", {"x": 3}).value == 43
    assert made.services() == ("S",)
    assert made.decisions() == ("A", "B", "C")


def test_an_imported_model_is_read_under_its_name() -> None:
    other = document(
        "<itemDefinition name='tRate'><typeRef>number</typeRef><allowedValues><text>[0..1]</text></allowedValues></itemDefinition>"
        + given("rate", "tRate")
        + BKM
        + decision("R", text("rate * 2"), needs("rate")),
        "urn:o",
    )
    body = f"<import namespace='urn:o' name='other one' importType='{SPACE}'/>"
    require = "<informationRequirement><requiredDecision href='urn:o#R'/></informationRequirement>"
    require += "<knowledgeRequirement><requiredKnowledge href='urn:o#fee'/></knowledgeRequirement>"
    made = model(
        body + decision("D", text("other one.fee(other one.R, 4)", "other one.tRate"), require), imports=(other,)
    )
    assert made.faults == ()
    assert evaluate(made, "D", {"rate": Decimal("0.1")}).value == Decimal("0.8")
    assert evaluate(made, "D", {("urn:o", "rate"): Decimal("0.1")}).value == Decimal("0.8")
    assert evaluate(made, "D", {"rate": 7}).value is None
    missing = model(body)
    assert [fault.code for fault in missing.faults] == ["import"]


TYPES = (
    "<itemDefinition name='tAge'><typeRef>number</typeRef><allowedValues><text>[0..150]</text></allowedValues></itemDefinition>"
    "<itemDefinition name='tPerson'><itemComponent name='full name'><typeRef>string</typeRef></itemComponent>"
    "<itemComponent name='age'><typeRef>tAge</typeRef></itemComponent>"
    "<itemComponent name='children' isCollection='true'><typeRef>tPerson</typeRef></itemComponent></itemDefinition>"
    "<itemDefinition name='tPeople' isCollection='true'><typeRef>tPerson</typeRef></itemDefinition>"
    "<itemDefinition name='tPair'><typeRef>tAny</typeRef></itemDefinition>"
    "<itemDefinition name='tShort' isCollection='true'><typeRef>string</typeRef><typeConstraint><text>count(?) &lt; 3</text>"
    "</typeConstraint></itemDefinition><itemDefinition name='tLoop'><typeRef>tLoop</typeRef></itemDefinition>"
)
PERSON = {"full name": "An", "age": 30, "children": [{"full name": "Bình", "age": 3, "children": []}]}


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [
        ("tAge", 10, 10),
        ("tAge", 151, None),
        ("tAge", [10], 10),
        ("tAge", [[10]], None),
        ("tAge", "10", None),
        ("tPerson", PERSON, PERSON),
        ("tPerson", {"full name": "An"}, {"full name": "An", "age": None, "children": None}),
        ("tPerson", PERSON | {"age": 200}, None),
        ("tPeople", PERSON, [PERSON]),
        ("tShort", ["a", "b"], ["a", "b"]),
        ("tShort", "a", ["a"]),
        ("tShort", ["a", "b", "c"], None),
        ("tLoop", 1, None),
        ("tUnknown", 1, None),
        ("date", "2024-02-29", "2024-02-29"),
        ("date and time", "2024-02-29T10:00:00Z", "2024-02-29T10:00:00Z"),
        ("days and time duration", "PT1H", "PT1H"),
        ("date", "yesterday", None),
        ("Any", "x", "x"),
    ],
)
def test_an_input_is_converted_to_its_type_or_refused_with_a_reason(kind: str, value: Any, wanted: Any) -> None:
    made = model(
        TYPES
        + given("x", kind)
        + decision(
            "D",
            text(
                "if x instance of list&lt;Any&gt; or x instance of context&lt;&gt; or x instance of number then x else string(x)"
            ),
            needs("x"),
        )
    )
    outcome = evaluate(made, "D", {"x": value})
    assert outcome.value == wanted
    if wanted is None:
        assert outcome.diagnostics


def test_a_path_follows_declared_names_with_blanks() -> None:
    made = model(TYPES + given("p", "tPerson") + decision("D", text("p.children[age &lt; 5].full name"), needs("p")))
    assert evaluate(made, "D", {"p": PERSON}).value == ["Bình"]


def test_a_cycle_of_decisions_ends() -> None:
    made = model(decision("A", text("B"), needs("B")) + decision("B", text("A"), needs("A")))
    outcome = evaluate(made, "A")
    assert outcome.value is None
    assert "cycle" in [note.code for note in outcome.diagnostics]


def test_faults_are_found_before_anything_runs() -> None:
    body = (
        decision("A", text("1 +"))
        + decision("B", text("1"), needs("nobody"))
        + decision("C", table("UNIQUE", [("&gt;", "1")]))
    )
    made = model(body)
    assert {(fault.code, fault.where) for fault in made.faults} == {
        ("syntax", "A"),
        ("reference", "B"),
        ("syntax", "C"),
    }
    assert all(fault.line for fault in made.faults)
    assert evaluate(made, "A").diagnostics[0].code == "syntax"
    with pytest.raises(LookupError, match="nobody"):
        evaluate(made, "nobody")


def test_an_input_that_is_not_given_is_null_and_noted() -> None:
    made = model(given("x", "number") + decision("D", text("x + 1"), needs("x")))
    outcome = evaluate(made, "D")
    assert outcome.value is None
    assert [note.code for note in outcome.diagnostics] == ["input", "null"]
