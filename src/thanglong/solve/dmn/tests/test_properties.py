"""Laws: text and tree, numbers against ``decimal``, three values, ranges."""

from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from thanglong.solve.dmn import Expression, FeelFault
from thanglong.solve.dmn.feel import ast
from thanglong.solve.dmn.feel.builtins import BUILT_INS
from thanglong.solve.dmn.feel.names import Scope, canonical
from thanglong.solve.dmn.feel.parser import parse, parse_tests
from thanglong.solve.dmn.feel.printer import to_text
from thanglong.solve.dmn.feel.temporal import parse_literal
from thanglong.solve.dmn.feel.values import DECIMAL128, Range

NAMES = ("a", "loan amount", "x-y", "Approved/Declined", "phí", "date", "applicant's age")
FIELDS = ("b", "first name", "end included", "c+d")
SCOPE = Scope((*NAMES, "?"), Scope(set(BUILT_INS) - {"not"}, known={canonical(name): name for name in FIELDS}))

numbers = st.decimals(-(10**12), 10**12, allow_nan=False, places=4) | st.integers(-(10**30), 10**30).map(Decimal)
temporals = st.sampled_from(["2020-02-29", "10:00:00Z", "2020-01-01T00:00:00@Europe/Paris", "P1Y2M", "-PT1H"])
literals = st.one_of(st.none(), st.booleans(), numbers, st.text(max_size=8), temporals.map(parse_literal)).map(
    ast.Literal
)
types = st.sampled_from(
    [
        ast.TypeNode("name", "date and time"),
        ast.TypeNode("list", arguments=(ast.TypeNode("name", "number"),)),
        ast.TypeNode("context", fields=(("first name", ast.TypeNode("name", "string")),)),
        ast.TypeNode("function", arguments=(ast.TypeNode("name", "number"),), result=ast.TypeNode("name", "Any")),
    ]
)


def compound(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    pair = st.tuples(inner, inner)
    test = st.builds(ast.Test, st.sampled_from(["<", "<=", ">", ">=", "=", "!="]), inner)
    iterator = st.tuples(st.sampled_from(["v", "w item"]), inner, st.none() | inner)
    iterators = st.lists(iterator, min_size=1, max_size=2).map(tuple)
    many = st.lists(inner, max_size=3).map(tuple)
    return st.one_of(
        st.builds(ast.ListOf, many),
        st.dictionaries(st.sampled_from(["k", "two words", 'odd "key"']), inner, max_size=2).map(
            lambda entries: ast.ContextOf(tuple(entries.items()))
        ),
        st.builds(ast.RangeOf, inner, st.booleans(), inner, st.booleans()),
        test,
        st.builds(ast.Unary, inner),
        st.builds(
            ast.Binary,
            st.sampled_from(["+", "-", "*", "/", "**", "=", "!=", "<", "<=", ">", ">=", "and", "or"]),
            inner,
            inner,
        ),
        st.builds(ast.Between, inner, inner, inner),
        st.builds(lambda v, t: ast.In(v, (t,)), inner, inner | test),
        st.builds(lambda v, t: ast.In(v, t), inner, st.tuples(inner | test, inner | test)),
        st.builds(ast.InstanceOf, inner, types),
        st.builds(ast.Path, inner, st.sampled_from(FIELDS)),
        st.builds(ast.Filter, inner, inner),
        st.builds(ast.Call, inner, many, st.none()),
        st.builds(lambda f, p: ast.Call(f, p, ("start position", "n")), inner, pair),
        st.builds(ast.If, inner, inner, inner),
        st.builds(ast.For, iterators, inner),
        st.builds(ast.Quantified, st.booleans(), iterators, inner),
        st.builds(ast.Lambda, st.just((("p", None), ("q r", ast.TypeNode("name", "number")))), inner, st.booleans()),
    )


trees = st.recursive(literals | st.sampled_from(NAMES).map(ast.Name), compound, max_leaves=12)


@given(trees)
@settings(max_examples=200, deadline=None)
def test_an_expression_reads_back_from_its_text(tree: ast.Node) -> None:
    text = to_text(tree)
    try:
        assert parse(text, SCOPE) == tree, text
    except FeelFault as fault:
        assert "nested" in fault.reason, text


@given(st.lists(trees | st.builds(ast.Test, st.sampled_from(["<", ">=", "!="]), trees), max_size=3), st.booleans())
@settings(max_examples=150, deadline=None)
def test_unary_tests_read_back_from_their_text(tests: list[ast.Node], negated: bool) -> None:
    tree = ast.UnaryTests(tuple(tests), negated and bool(tests))
    text = to_text(tree)
    try:
        assert parse_tests(text, SCOPE) == tree, text
    except FeelFault as fault:
        assert "nested" in fault.reason, text


def value(text: str, **names: Any) -> Any:
    return Expression(text, names).evaluate(names).value


OURS = Context(prec=34, rounding=ROUND_HALF_EVEN, Emin=-6143, Emax=6144)
small = st.decimals(-(10**9), 10**9, allow_nan=False, places=6)


@given(small, small)
@settings(deadline=None)
def test_arithmetic_is_that_of_decimal_with_34_digits(a: Decimal, b: Decimal) -> None:
    assert value("a + b", a=a, b=b) == OURS.add(a, b)
    assert value("a - b", a=a, b=b) == OURS.subtract(a, b)
    assert value("a * b", a=a, b=b) == OURS.multiply(a, b)
    assert value("a / b", a=a, b=b) == (OURS.divide(a, b) if b else None)
    assert value("modulo(a, b)", a=a, b=b) == (a - b * (a / b).to_integral_value("ROUND_FLOOR") if b else None)


@given(small, st.integers(-3, 6))
@settings(deadline=None)
def test_rounding_is_that_of_decimal(a: Decimal, scale: int) -> None:
    unit = Decimal(1).scaleb(-scale)
    names = {"floor": "ROUND_FLOOR", "ceiling": "ROUND_CEILING", "decimal": "ROUND_HALF_EVEN", "round up": "ROUND_UP"}
    names |= {"round down": "ROUND_DOWN", "round half up": "ROUND_HALF_UP", "round half down": "ROUND_HALF_DOWN"}
    for name, mode in names.items():
        assert value(f"{name}(a, n)", a=a, n=scale) == a.quantize(unit, mode), name


truth = st.sampled_from([True, False, None])


@given(truth, truth, truth)
@settings(deadline=None)
def test_the_laws_of_three_valued_logic(a: bool | None, b: bool | None, c: bool | None) -> None:
    for left, right in (
        ("a and b", "b and a"),
        ("a or b", "b or a"),
        ("(a and b) and c", "a and (b and c)"),
        ("(a or b) or c", "a or (b or c)"),
        ("a and (b or c)", "(a and b) or (a and c)"),
        ("a or (b and c)", "(a or b) and (a or c)"),
        ("not(a and b)", "not(a) or not(b)"),
        ("not(a or b)", "not(a) and not(b)"),
        ("not(not(a))", "a"),
        ("a and true", "a"),
        ("a or false", "a"),
        ("some x in [a, b, c] satisfies x", "a or b or c"),
        ("every x in [a, b, c] satisfies x", "a and b and c"),
    ):
        assert value(left, a=a, b=b, c=c) is value(right, a=a, b=b, c=c), (left, right)


@given(st.integers(-5, 5), st.integers(-5, 5), st.integers(-5, 5), st.booleans(), st.booleans())
@settings(deadline=None)
def test_a_range_includes_what_lies_between_its_ends(x: int, low: int, high: int, first: bool, last: bool) -> None:
    text = f"x in {'[' if first else '('}low..high{']' if last else ')'}"
    wanted = (low <= x if first else low < x) and (x <= high if last else x < high)
    assert value(text, x=x, low=low, high=high) is wanted


ends = st.tuples(st.integers(0, 6), st.booleans(), st.integers(0, 6), st.booleans())
spans = ends.filter(lambda e: e[0] < e[2] or (e[0] == e[2] and e[1] and e[3])).map(
    lambda e: Range(Decimal(e[0]), e[1], Decimal(e[2]), e[3])
)


def points(span: Range) -> set[Decimal]:
    """The quarters inside a range: enough to tell ranges with whole ends apart."""
    quarters = (Decimal(k) / 4 for k in range(-4, 32))
    low, high = span.low, span.high
    return {
        q
        for q in quarters
        if (q > low or (q == low and span.low_closed)) and (q < high or (q == high and span.high_closed))
    }


@given(spans, spans)
@settings(deadline=None, max_examples=200)
def test_the_relations_of_ranges_are_those_of_sets_of_points(a: Range, b: Range) -> None:
    mine, other = points(a), points(b)
    assert value("overlaps(a, b)", a=a, b=b) is bool(mine & other)
    assert value("includes(a, b)", a=a, b=b) is (mine >= other)
    assert value("during(a, b)", a=a, b=b) is (mine <= other)
    assert value("coincides(a, b)", a=a, b=b) is (mine == other)
    assert value("before(a, b)", a=a, b=b) is (max(mine) < min(other))
    assert value("after(a, b)", a=a, b=b) is (min(mine) > max(other))
    assert value("meets(a, b)", a=a, b=b) is value("met by(b, a)", a=a, b=b)
    assert (
        value("overlaps before(a, b)", a=a, b=b) is value("overlaps after(b, a)", a=a, b=b)
        or mine == other
        or (max(mine) == max(other) or min(mine) == min(other))
    )


@given(st.lists(st.integers(-20, 20), max_size=8), st.integers(-20, 20))
@settings(deadline=None)
def test_lists_behave_like_lists(items: list[int], one: int) -> None:
    decimals = [Decimal(item) for item in items]
    assert value("sort(a)", a=items) == sorted(decimals)
    assert value("reverse(reverse(a))", a=items) == decimals
    assert value("a[item > b]", a=items, b=one) == [item for item in decimals if item > one]
    assert value("distinct values(a)", a=items) == list(dict.fromkeys(decimals))
    assert value("list contains(a, b)", a=items, b=one) is (one in items)
    assert value("index of(a, b)", a=items, b=one) == [Decimal(k + 1) for k, item in enumerate(items) if item == one]
    assert value("count(a)", a=items) == len(items)
    assert value("sum(a)", a=items) == (sum(decimals) if items else None)
    assert value("max(a)", a=items) == max(decimals, default=None)
    assert DECIMAL128.prec == 34
