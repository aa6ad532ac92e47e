"""Bad input: no crash, no hang, bounded time and memory."""

import threading
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from thanglong.solve.dmn import Expression, FeelFault

ALPHABET = "ab1.0 \"'@()[]{}<>=!+-*/,:?\n\\T" + "éậ🐎\u00a0"
PIECES = st.sampled_from(
    [
        "if ",
        " then ",
        " else ",
        "for x in ",
        " return ",
        "some x in ",
        " satisfies ",
        "function(",
        ")",
        "[",
        "]",
        "(",
        "{",
    ]
    + [
        "}",
        "..",
        "1",
        "-",
        "not(",
        "instance of ",
        "list<",
        ">",
        "and ",
        "or ",
        "between ",
        '"',
        '@"2020-01-01"',
        "a",
        ":",
    ]
    + ["date and time(", ".", ",", "**", "context<", "in ", "<", "external ", "/*", "//", "?", "'", "null", "1..3"]
)

TWICE = "for i in 1..60 return [partial[-1], partial[-1]]"
"""A list that would have 2 to the power of 60 elements if its shared parts were unfolded."""


def harmless(text: str) -> None:
    begun = time.process_time()
    for tests in (False, True):
        try:
            Expression(text, ("a", "date and a"), tests=tests).evaluate({"a": [1, "b", {"c": None}]}, steps=20_000)
        except FeelFault as fault:
            assert 0 <= fault.position <= len(text)
    assert time.process_time() - begun < 3


@given(st.text(ALPHABET, max_size=60))
@settings(max_examples=250, deadline=None)
@example("[1..[1..[1..[1..[1..[1..[1..[1..[1..[1..")
@example("(" * 3000)
@example("1" + "+1" * 8_000)
@example("a" + ".a" * 5000)
@example("a" + "[a" * 3000)
@example("-" * 5000 + "1")
@example("not" * 1000)
@example('"' + "\\u12" * 1000)
@example("{a:" * 2000)
@example("if " * 2000)
@example("x in (" * 40)
@example("x in (1, " * 30)
@example("list<" * 500)
@example("1 instance of " + "list<" * 500)
@example("function() " * 500 + "1")
@example("@" * 10)
@example("\ud800")
def test_any_text_is_read_or_refused(text: str) -> None:
    harmless(text)


@given(st.lists(PIECES, max_size=25).map("".join))
@settings(max_examples=300, deadline=None)
def test_any_jumble_of_feel_is_read_or_refused(text: str) -> None:
    harmless(text)


@pytest.mark.parametrize(
    "text",
    [
        "for x in 1..1000000000 return x",
        "count(for x in 1..100000, y in 1..100000 return 1)",
        "for x in 1..5000 return partial",
        "{f: function(n) f(n + 1), r: f(1)}.r",
        "{f: function(g) g(g), r: f(f)}.r",
        "{f: function(n) [f(n), f(n)], r: f(1)}.r",
        "flatten(for x in 1..3000 return for y in 1..3000 return y)",
        "every x in 1..3000, y in 1..3000 satisfies x + y > 0",
        '{s: "aaaaaaaaaa", r: for i in 1..60 return if i = 1 then s else partial[-1] + partial[-1]}.r',
        "{l: [1, 1], r: for i in 1..60 return if i = 1 then l else concatenate(partial[-1], partial[-1])}.r",
        "sort(for x in 1..3000 return x, function(a, b) count(for y in 1..3000 return y) > 0)",
        'matches("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", "(a|aa)+$")',
        "distinct values(for x in 1..5000 return [x])",
        f"{{l: {TWICE}, m: {TWICE}, r: l = m}}.r",
        f"{{l: {TWICE}, m: {TWICE}, r: is(l, m)}}.r",
        f"{{l: {TWICE}, r: l instance of list<list<list<number>>>, s: string(l)}}.s",
        f"{{l: {TWICE}, r: flatten(l)}}.r",
    ],
)
def test_hostile_work_ends_with_a_reason(text: str) -> None:
    begun = time.process_time()
    outcome = Expression(text).evaluate(steps=300_000)
    assert time.process_time() - begun < 5
    assert outcome.value is None
    assert any(note.code in ("budget", "argument", "null") for note in outcome.diagnostics)


@pytest.mark.parametrize(
    "text",
    [
        "9 ** 999999999",
        "(10 ** 6000) * (10 ** 6000)",
        "exp(1000000000)",
        "decimal(1, 1000000000000)",
        "10 ** -999999999 ** 3",
    ],
)
def test_enormous_numbers_end_at_once(text: str) -> None:
    begun = time.process_time()
    Expression(text).evaluate()
    assert time.process_time() - begun < 1


def test_one_compiled_expression_serves_many_threads() -> None:
    expression = Expression("sum(for x in 1..n return x * (for y in [x] return y + n)[1])", ("n",))
    wanted = {n: sum(x * (x + n) for x in range(1, n + 1)) for n in range(1, 30)}
    wrong: list[int] = []

    def work(start: int) -> None:
        for n in list(wanted)[start:] * 3:
            found = expression.evaluate({"n": n}).value
            wrong.extend([n] if found != wanted[n] else [])

    threads = [threading.Thread(target=work, args=(k,)) for k in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
