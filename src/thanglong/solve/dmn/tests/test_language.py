"""FEEL by examples: each line is an expression that must be true, or one that must be null with a reason."""

import pytest

from thanglong.solve.dmn import Expression, FeelFault

TRUE = """
# numbers
0.1 + 0.2 = 0.3
1 / 3 = 0.3333333333333333333333333333333333
-2 ** 2 = 4
2 ** 3 ** 2 = 64
10 - 4 - 3 = 3
2 + 3 * 4 = 14
1.5e3 = 1500
.5 = 0.5
7 between 5 and 9
decimal(2.5, 0) = 2
decimal(3.5, 0) = 4
decimal(1 / 3, 2) = 0.33
floor(-1.56, 1) = -1.6
ceiling(-1.56, 1) = -1.5
round up(-5.5) = -6
round down(-5.5) = -5
round half up(2.5) = 3
round half down(2.5) = 2
abs(-10) = 10
abs(@"-P1D") = @"P1D"
modulo(-12, 5) = 3
modulo(10.1, -4.5) = -3.4
sqrt(16) = 4
exp(0) = 1
log(1) = 0
odd(5) and even(4) and not(odd(4))
number("1 234,5", " ", ",") = 1234.5
number("12") = 12
# strings
"a" + "b" = "ab"
"\\u00e9" = "é"
"\\uD83D\\uDC0E" = "\\U01F40E"
string length("\\U01F40Eab") = 3
substring("\\U01F40Eab", 2) = "ab"
substring("foobar", -2, 1) = "a"
upper case("đồng") = "ĐỒNG"
lower case("ĐỒNG") = "đồng"
substring before("foobar", "bar") = "foo"
substring after("foobar", "ob") = "ar"
substring after("foobar", "") = "foobar"
contains("foobar", "ob")
starts with("foobar", "fo") and ends with("foobar", "r")
matches("foobar", "^fo*b")
matches("hồ sơ", "^\\\\w+ \\\\w+$")
not(matches("b", "[a-z-[aeiou]]+") = false)
replace("banana", "a", "o") = "bonono"
replace("abcd", "(ab)|(a)", "[1=$1][2=$2]") = "[1=ab][2=]cd"
replace("a.b", ".", "-", "q") = "a-b"
split("a;b;;", ";") = ["a", "b", "", ""]
split("một hai", "\\\\s") = ["một", "hai"]
string join(["a", null, "c"], "-") = "a-c"
string([1, "a", {b c: true}]) = "[1, \\"a\\", {b c: true}]"
string(@"P1DT2H") = "P1DT2H"
string(1.10) = "1.10"
# logic
(true or null) = true
(false and null) = false
is(null and true, null)
not(null = 0)
(if null then 1 else 2) = 2
# lists
[1, 2, 3][2] = 2
[1, 2, 3][-1] = 3
[1, 2, 3, 4][item > 2] = [3, 4]
[{x: 1, y: 2}, {x: 2, y: 3}][x = 1].y = [2]
[{item: 1}, {item: 2}][item > 1] = [{item: 2}]
[{a: {b: 1}}, {a: {b: [2, 3]}}].a.b = [1, [2, 3]]
5[1] = 5
{a: 1}[a = 1] = [{a: 1}]
[][item > 1] = []
[100] = 100 and 100 != [1] and is([] = 0, null)
list contains([1, null], null)
count([1, null, 3]) = 3
min(3, 1, 2) = 1 and max(["b", "a"]) = "b"
sum([1, 2, 3]) = 6 and product(2, 3, 4) = 24
mean(1, 2, 3) = 2 and median(8, 2, 5, 3, 4) = 4 and median(6, 1, 2, 3) = 2.5
mode([6, 1, 9, 6, 1]) = [1, 6] and mode([]) = []
decimal(stddev(2, 4, 7, 5), 4) = 2.0817
all([]) and not(any([])) and all([true, true]) and any([null, true])
sublist([4, 5, 6], 1, 2) = [4, 5] and sublist([4, 5, 6], -2) = [5, 6]
append([1], 2, 3) = [1, 2, 3]
concatenate([1, 2], [3], 4) = [1, 2, 3, 4]
insert before([1, 3], 1, 2) = [2, 1, 3] and insert before([1, 3], -1, 2) = [1, 2, 3]
remove([1, 2, 3], 2) = [1, 3] and remove([1, 2, 3], -1) = [1, 2]
list replace([2, 4, 7], 3, 6) = [2, 4, 6]
list replace([2, 4, 7, 8], function(item, newItem) item < newItem, 5) = [5, 5, 7, 8]
list replace(list: [1, 2], position: 1, newItem: 9) = [9, 2]
reverse([1, 2, 3]) = [3, 2, 1]
index of([1, 2, 3, 2], 2) = [2, 4]
union([1, 2], [2, 3]) = [1, 2, 3]
distinct values([1, 2, 1, [3], [3]]) = [1, 2, [3]]
flatten([[1, 2], [[3]], 4]) = [1, 2, 3, 4]
sort([3, 1, 2], function(x, y) x > y) = [3, 2, 1]
sort(["b", "a"]) = ["a", "b"]
# contexts
{a: 1, b: a + 1}.b = 2
{"lệ phí": 5}.lệ phí = 5
{foo+bar: 1}.foo+bar = 1
get value({a: 1}, "a") = 1
get entries({a: 1}) = [{key: "a", value: 1}]
context([{key: "a", value: 1}]) = {a: 1}
context put({x: 1}, "y", 2) = {x: 1, y: 2}
context put({x: {y: 1}}, ["x", "z"], 2) = {x: {y: 1, z: 2}}
context merge([{x: 1}, {x: 2, y: 3}]) = {x: 2, y: 3}
{a: {b: {b: 1}}}...b = [{b: 1}, 1]
# functions
(function(x, y) x + y)(1, 2) = 3
(function(x: number, y: number) x - y)(y: 1, x: 3) = 2
{f: function(n) if n <= 1 then 1 else n * f(n - 1), r: f(10)}.r = 3628800
{add: function(a) function(b) a + b, r: add(1)(2)}.r = 3
(function(s: string) s)(["x"]) = "x"
(function(l: list<number>) l)(1) = [1]
(function(d: date and time) d)(@"2020-01-02") = @"2020-01-02T00:00:00Z"
upper case(["a"]) = "A"
# iterations
(for x in 1..3 return x * x) = [1, 4, 9]
(for x in 3..1 return x) = [3, 2, 1]
(for x in [1, 2], y in [x, 10] return x * y) = [1, 10, 4, 20]
(for i in 0..4 return if i = 0 then 1 else i * partial[-1]) = [1, 1, 2, 6, 24]
(for d in @"2024-02-28"..@"2024-03-01" return d.day) = [28, 29, 1]
(some x in [1, 2], y in [2, 3] satisfies x = y) and not(every x in [1, 2] satisfies x = 1)
every x in [] satisfies false
# ranges
1 in [1..3] and not(1 in (1..3)) and not(3 in [1..3[) and 2 in ]1..3[
5 in (> 4) and 5 in (1, 5) and 5 in != 6
[1..3].start = 1 and [1..3).end included = false
before(1, [2..3]) and after([5..6], 4)
meets([1..5], [5..10]) and met by([5..10], [1..5])
overlaps([1..5], [3..8]) and overlaps before([1..5], [3..8]) and overlaps after([3..8], [1..5])
finishes(10, [1..10]) and finished by([1..10], [5..10])
starts(1, [1..10]) and started by([1..10], [1..5])
includes([1..10], [4..6]) and during([4..6], [1..10]) and coincides(5, 5)
range("[1..3)") = [1..3)
# dates
@"2024-02-29" + @"P1Y" = @"2025-02-28"
@"2024-01-31" + @"P1M" = @"2024-02-29"
@"2024-03-01" - @"2024-02-28" = @"P2D"
@"2024-03-01" - @"PT1H" = @"2024-02-29"
date and time("2024-03-01T10:00:00+07:00") = date and time("2024-03-01T03:00:00Z")
date and time(@"2024-03-01", @"10:00:00Z") = @"2024-03-01T10:00:00Z"
@"2021-03-28T01:30:00@Europe/Paris" + @"PT1H" = @"2021-03-28T03:30:00@Europe/Paris"
@"23:59:00" + @"PT2M" = @"00:01:00"
@"10:00:00Z" - @"10:00:00+01:00" = @"PT1H"
@"P1Y" / @"P1M" = 12 and @"P1D" * 2 = @"P2D" and @"P1Y" / 2 = @"P6M"
years and months duration(@"2011-12-22", @"2013-08-24") = @"P1Y8M"
years and months duration(@"2013-08-24", @"2011-12-22") = @"-P1Y8M"
@"2024-02-29".weekday = 4 and @"P1Y2M".months = 2 and @"-P1DT2H".hours = -2
day of week(@"2019-09-17") = "Tuesday" and day of year(@"2019-09-17") = 260
week of year(@"2005-01-01") = 53 and month of year(@"2019-09-17") = "September"
date("-0044-03-15").year = -44 and date(999999999, 12, 31).year = 999999999
now() instance of date and time and today() instance of date
not(is(@"23:00:50Z", @"23:00:50@Etc/UTC")) and is(@"23:00:50Z", @"23:00:50+00:00")
# types
[1, 2] instance of list<number> and not([1, "a"] instance of list<number>)
{a: 1, b: 2} instance of context<a: number> and not({} instance of context<a: number>)
(function(a: number) "x") instance of function<number> -> Any
[1..2] instance of range<number> and not(null instance of Any)
# comments
1 /* one */ + 1 // two
 = 2
"""

NULL = """
1 + "a"
"a" - "a"
1 / 0
-"a"
1 < "a"
1 = "a"
null + 1
[1, 2][3]
[1, 2][0]
[1, 2]["a"]
null[1]
{a: 1}.b
substring("foobar", 0)
substring("foobar", 7)
number("1,2", ".", ".")
number("abc", ",", ".")
sum([])
sum([1, null])
max([1, "a"])
mean("a")
sqrt(-1)
log(0)
date("2023-02-29")
date(2023, 13, 1)
time("24:00:01")
time(23, 60, 0, null)
duration("P1Y1D")
matches("a", "(")
matches("a", "a", "g")
matches("a", "\\\\2")
replace("a", "a?", "b")
replace("a", "a", "$")
sort([1, 2], function(x, y) 1)
(function(x) x)(1, 2)
(function(x: number) 1)("a")
(function(x) x)(y: 1)
upper case("a", "b")
upper case(text: "a")
unknown(1)
no such name
context([{key: "a", value: 1}, {key: "a", value: 2}])
context put(context: {}, key: ["a"], value: 1)
for x in null return x
for x in 1..2.5 return x
for x in [2..1] return x
some x in [null] satisfies x
if 1 then 2 else 3
@"2024-01-01" + @"2024-01-01"
@"2024-01-01T00:00:00" - @"2024-01-01T00:00:00Z"
@"2024-13-01"
@"999999999-12-31" + @"P1D"
9 ** 99999
1 instance of unknown type
(function(a) external {java: {class: "java.lang.Runtime", method signature: "exec(java.lang.String)"}})("ls")
(function(a) external {pmml: {document: "x", model: "y"}})(1)
"""
FAULTS = [
    "",
    "1 +",
    "if 1 then 2",
    "[1, 2",
    "{a: 1",
    '"abc',
    "for x in",
    "a b",
    "1 2",
    "{a: 1, a: 2}",
    "f(a: 1, 2)",
    "x in",
    ")",
]


def lines(text: str) -> list[str]:
    joined = text.replace("\\\\", "\0").replace("\n =", "\r =").replace("\0", "\\")
    return [line.replace("\r", "\n") for line in joined.split("\n") if line.strip() and not line.startswith("#")]


@pytest.mark.parametrize("text", lines(TRUE))
def test_an_example_is_true(text: str) -> None:
    outcome = Expression(text).evaluate()
    assert outcome.value is True, outcome


@pytest.mark.parametrize(
    "text", [line for line in lines(NULL) if line not in ("no such name", "1 instance of unknown type")]
)
def test_a_mistake_is_null_and_says_why(text: str) -> None:
    outcome = Expression(text).evaluate()
    assert outcome.value is None
    assert outcome.diagnostics


@pytest.mark.parametrize("text", FAULTS)
def test_what_is_not_feel_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(FeelFault) as caught:
        Expression(text)
    assert 0 <= caught.value.position <= len(text)
    assert str(caught.value.position + 1) in str(caught.value)


TESTS = [
    ('not("a", "b")', "c", True),
    ("< 5, > 10", 11, True),
    ("null", None, True),
    ("-", None, True),
    ("[1..3], 7", 7, True),
    ("? > 3 and ? < 5", 4, True),
    ("list contains(?, 1)", [1, 2], True),
    ("[1, 2]", 1, True),
    ("[1, 2]", [1, 2], True),
    ("-5", -5, True),
    ('"a"', ["a"], True),
    ("limit", 3, False),
    ("<= limit", 3, True),
    ("true", None, False),
    ("> 3", None, None),
]


@pytest.mark.parametrize(("text", "value", "wanted"), TESTS)
def test_unary_tests(text: str, value: object, wanted: object) -> None:
    test = Expression(text, ("limit",), tests=True)
    assert test.evaluate({"?": value, "limit": 4}).value is wanted


def test_the_longest_name_in_scope_wins() -> None:
    names = {"a": 1, "a b": 10, "a-b": 100, "b": 2, "Fee (VND)": 7, "date and": 5}
    for text, wanted in {"a b": 10, "a-b": 100, "a - b": 100, "a+b": 3, "b - a": 1, "Fee (VND) + a": 8}.items():
        assert Expression(text, names).evaluate(names).value == wanted, text


def test_an_external_method_of_pure_arithmetic_is_computed_and_nothing_is_run() -> None:
    text = 'external {java: {class: "java.lang.Math", method signature: "max(int, int)"}}'
    assert Expression(f"(function(a, b) {text})(1, 2)").evaluate().value == 2
    outcome = Expression(
        '(function(a) external {java: {class: "os", method signature: "system(String)"}})("id")'
    ).evaluate()
    assert [note.code for note in outcome.diagnostics] == ["external"]
