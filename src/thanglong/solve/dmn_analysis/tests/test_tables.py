"""Findings about tables, against brute force and case by case."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thanglong.solve.dmn.feel.names import Scope
from thanglong.solve.dmn.feel.parser import parse_tests
from thanglong.solve.dmn.feel.values import Date
from thanglong.solve.dmn_analysis import Column, Finding, Row, Speech, Table, analyse
from thanglong.solve.dmn_analysis.table import MOST


def table(policy: str, kinds: list[str], *rules: str, allowed: str = "", default: bool = False) -> Table:
    """Rules as ``test | test -> output``."""
    rows = []
    for number, rule in enumerate(rules, 1):
        left, _, right = rule.partition("->")
        tests = [parse_tests(cell.strip(), Scope(["?"])) for cell in left.split("|")]
        outputs = tuple(part.strip() for part in right.split("|"))
        rows.append(Row(tests, outputs, line=10 + number))
    limits = parse_tests(allowed, Scope(["?"])) if allowed else None
    columns = [Column(chr(97 + n), kind, limits) for n, kind in enumerate(kinds)]
    return Table("D", policy, columns, rows, default)


def codes(found: list[Finding]) -> list[str]:
    return [finding.code for finding in found]


def said(found: list[Finding], code: str) -> list[str]:
    return [Speech().say(finding.said) for finding in found if finding.code == code]


def test_a_sound_table_has_no_findings() -> None:
    assert not analyse(table("U", ["number", "boolean"], "<5 | - -> 1", ">=5 | true -> 2", ">=5 | false -> 3"))
    assert not analyse(table("U", ["number"], "<5 -> 1", "5 -> 2", ">5 -> 3"))


def test_a_gap_is_shown_in_words_and_with_an_example() -> None:
    found = analyse(table("U", ["number", "string"], '<5 | "a" -> 1', '>=5 | "a","b" -> 2', '>= 5 | not("a","b") -> 3'))
    assert codes(found) == ["gap"]
    assert said(found, "gap") == ["No rule applies when a is less than 5 and b is anything but “a”."]
    assert found[0].example == {"a": Decimal(4), "b": "b"} and found[0].level == "warning"
    assert not analyse(table("U", ["number"], "<5 -> 1", default=True))


def test_between_two_days_lies_nothing_but_between_two_numbers_there_is_something() -> None:
    days = table("U", ["date"], '<= date("2025-06-30") -> 1', '>= @"2025-07-01" -> 2')
    assert not analyse(days)
    found = analyse(table("U", ["number"], "<= 5 -> 1", ">= 6 -> 2"))
    assert said(found, "gap") == ["No rule applies when a is more than 5 and less than 6."]
    assert found[0].example == {"a": Decimal("5.5")}
    found = analyse(table("U", ["date"], '< date("2025-06-30") -> 1', '> date("2025-07-02") -> 2'))
    assert found[0].example == {"a": Date(2025, 6, 30)}
    assert said(found, "gap") == ["No rule applies when a is from 2025-06-30 until 2025-07-02."]


def test_times_and_durations() -> None:
    assert not analyse(table("U", ["time"], '[time("00:00:00")..time("12:00:00")) -> 1', '>= time("12:00:00") -> 2'))
    found = analyse(table("U", ["days and time duration"], '< duration("P1D") -> 1', '> @"P2D" -> 2'))
    assert said(found, "gap") == ["No rule applies when a is from 1 days to 2 days."]
    found = analyse(table("U", ["years and months duration"], '< @"P1Y" -> 1', '> @"P1Y" -> 2'))
    assert said(found, "gap") == ["No rule applies when a is 1 years."]


def test_unique_tables_may_not_overlap() -> None:
    found = analyse(table("U", ["number"], "<=5 -> 1", ">=5 -> 2"))
    assert [(f.code, f.level, f.rules, f.line, f.example) for f in found] == [
        ("overlap", "error", (1, 2), 11, {"a": Decimal(5)})
    ]
    assert said(found, "overlap") == ["Rules 1 and 2 both apply when a is 5; only one may."]


def test_any_tables_may_overlap_when_they_agree() -> None:
    assert not analyse(table("A", ["number"], "<=5 -> 1", ">=5 -> 1"))
    assert codes(analyse(table("A", ["number"], "<=5 -> 1", ">=5 -> 2"))) == ["conflict"]


def test_a_first_table_finds_rules_that_never_speak() -> None:
    found = analyse(table("F", ["number"], "<5 -> 1", ">=5 -> 2", "[2..7] -> 3", "- -> 4"))
    assert codes(found) == ["masked", "masked"] and [f.rules for f in found] == [(3,), (4,)]
    assert not analyse(table("F", ["number"], "<5 -> 1", "- -> 4"))


def test_priority_tables_weigh_their_rules() -> None:
    plain = table("P", ["number"], "<5 -> 1", "- -> 2", ">0 -> 2")
    ranks = [(1,), (0,), (0,)]
    rows = [Row(r.tests, r.outputs, rank, r.line) for r, rank in zip(plain.rows, ranks, strict=True)]
    found = analyse(Table("D", "P", plain.columns, rows))
    assert [(f.code, f.rules) for f in found] == [("masked", (1,))]
    rows = [Row(r.tests, (str(n),), (0,), r.line) for n, r in enumerate(plain.rows)]
    assert set(codes(analyse(Table("D", "P", plain.columns, rows)))) == {"conflict"}


def test_collect_tables_may_overlap_but_rules_that_stand_twice_are_told() -> None:
    assert not analyse(table("C+", ["number"], "- -> 1", ">5 -> 2"))
    assert codes(analyse(table("C+", ["number"], "- -> 1", "- -> 1"))) == ["twice"]


def test_allowed_values_limit_what_must_be_covered() -> None:
    assert not analyse(table("U", ["string"], '"a" -> 1', '"b" -> 2', allowed='"a","b"'))
    assert said(analyse(table("U", ["string"], '"a" -> 1', allowed='"a","b"')), "gap") == [
        "No rule applies when a is “b”."
    ]
    assert not analyse(table("U", ["number"], "<=5 -> 1", ">5 -> 2", allowed="[0..10]"))
    found = analyse(table("U", ["number"], "<=5 -> 1", ">5 -> 2", "> 20 -> 3", allowed="[0..10]"))
    assert codes(found) == ["never"]


def test_null_is_asked_for_only_where_a_test_speaks_of_it() -> None:
    assert not analyse(table("U", ["boolean"], "true -> 1", "false -> 2", "null -> 3"))
    found = analyse(table("U", ["boolean"], "not(null) -> 2"))
    assert said(found, "gap") == ["No rule applies when a is nothing."] and found[0].example == {"a": None}


def test_a_test_of_another_kind_never_applies() -> None:
    assert codes(analyse(table("U", ["number"], '"x" -> 1', "- -> 2"))) == ["never"]


@pytest.mark.parametrize(
    ("test", "why"),
    [
        ("< b", "worked out"),
        ('< "m"', "compared by order"),
        ('< time("12:00:00Z")', "zone or an offset"),
        ('contains(?, "x")', "worked out"),
    ],
)
def test_what_cannot_be_decided_is_said_with_its_reason(test: str, why: str) -> None:
    cells = [parse_tests(test, Scope(["?", "b"]))]
    found = analyse(Table("D", "U", [Column("a")], [Row(cells, ("1",), line=5)]))
    assert codes(found) == ["undecided"] and why in Speech().say(found[0].said) and found[0].line == 5


def test_conditions_with_the_value_itself_are_read() -> None:
    found = analyse(
        table("U", ["number"], "? > 5 and ? < 8 -> 1", "? <= 5 -> 2", "? >= 8 -> 3", "? between 6 and 7 -> 4")
    )
    assert [(f.code, f.rules) for f in found] == [("overlap", (1, 4))]


def test_the_same_question_twice_is_not_decided() -> None:
    rows = [Row([parse_tests("<5", Scope()), parse_tests("<9", Scope())])]
    columns = [Column("a", "number", None, "x"), Column("b", "number", None, "x")]
    assert codes(analyse(Table("D", "U", columns, rows))) == ["undecided"]


def test_findings_are_limited() -> None:
    found = analyse(table("U", ["number"], *["- -> 1"] * 60))
    assert codes(found).count("overlap") == MOST


NUMBERS = st.integers(0, 4)


@st.composite
def some_test(draw: Any) -> str:
    low, high = sorted((draw(NUMBERS), draw(NUMBERS)))
    return str(
        draw(
            st.sampled_from(
                ["-", str(low), f"< {low}", f"<= {low}", f"> {low}", f">= {low}", f"[{low}..{high}]", f"({low}..{high}]",
                 f"[{low}..{high})", f"not({low})", f"{low}, {high}", f"not([{low}..{high}])", "null"]
            )
        )
    )  # fmt: skip


def holds(test: str, value: Decimal | None) -> bool:
    """The meaning of the tests above, written down a second time."""
    if test == "-":
        return True
    if test.startswith("not("):
        return not holds(test[4:-1], value)
    if test == "null":
        return value is None
    if value is None:
        return False
    if "," in test:
        return any(holds(part.strip(), value) for part in test.split(","))
    if test[0] in "[(":
        low, high = (Decimal(part) for part in test[1:-1].split(".."))
        above = value >= low if test[0] == "[" else value > low
        return above and (value <= high if test[-1] == "]" else value < high)
    for operator in ("<=", ">=", "<", ">"):
        if test.startswith(operator):
            other = Decimal(test[len(operator) :])
            return {"<=": value <= other, ">=": value >= other, "<": value < other, ">": value > other}[operator]
    return value == Decimal(test)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(some_test(), some_test()), min_size=1, max_size=6))
def test_gaps_and_overlaps_agree_with_brute_force(rules: list[tuple[str, str]]) -> None:
    found = analyse(table("U", ["number", "number"], *[f"{a} | {b} -> 1" for a, b in rules]))
    lines: list[list[Decimal | None]] = []
    for column in (0, 1):
        null = any("null" in rule[column] for rule in rules)
        lines.append([Decimal(n) / 2 for n in range(-2, 11)] + ([None] if null else []))
    gaps, overlaps = False, set()
    for a in lines[0]:
        for b in lines[1]:
            hits = [n for n, rule in enumerate(rules, 1) if holds(rule[0], a) and holds(rule[1], b)]
            gaps |= not hits
            overlaps |= {(x, y) for x in hits for y in hits if x < y}
    assert ("gap" in codes(found)) == gaps
    assert {f.rules for f in found if f.code == "overlap"} == overlaps
    for finding in found:
        if finding.code in ("gap", "overlap"):
            a, b = finding.example["a"], finding.example["b"]
            hits = [n for n, rule in enumerate(rules, 1) if holds(rule[0], a) and holds(rule[1], b)]
            assert set(finding.rules) <= set(hits) and bool(hits) == (finding.code == "overlap")
