"""Functions on points and ranges (specification table 78, after Allen's interval algebra), and ``range``."""

from collections.abc import Callable

from thanglong.solve.dmn.feel import ast
from thanglong.solve.dmn.feel.builtins.base import TABLE, built_in, wrong
from thanglong.solve.dmn.feel.lexer import FeelFault
from thanglong.solve.dmn.feel.names import Scope
from thanglong.solve.dmn.feel.operators import compare
from thanglong.solve.dmn.feel.parser import parse
from thanglong.solve.dmn.feel.run import Run
from thanglong.solve.dmn.feel.values import Range, Value

Relation = Callable[[Value, Value], bool | None]


class _Unordered(Exception):
    """Two points have no order between them."""


def _c(left: Value, right: Value) -> int:
    order = compare(left, right)
    if order is None:
        raise _Unordered
    return order


def _before(a: Value, b: Value) -> bool:
    if type(a) is Range:
        end, open_end = a.high, not a.high_closed
    else:
        end, open_end = a, False
    if type(b) is Range:
        start, open_start = b.low, not b.low_closed
    else:
        start, open_start = b, False
    order = _c(end, start)
    return order < 0 or (order == 0 and (open_end or open_start))


def _meets(a: Range, b: Range) -> bool:
    return a.high_closed and b.low_closed and _c(a.high, b.low) == 0


def _starts_low(a: Range, b: Range) -> int:
    """Order of two lower ends, an open one lying a little higher."""
    return _c(a.low, b.low) or int(b.low_closed) - int(a.low_closed)


def _ends_high(a: Range, b: Range) -> int:
    """Order of two upper ends, an open one lying a little lower."""
    return _c(a.high, b.high) or int(a.high_closed) - int(b.high_closed)


def _touch(a: Range, b: Range) -> bool:
    """Whether ``a`` reaches into the beginning of ``b``."""
    order = _c(a.high, b.low)
    return order > 0 or (order == 0 and a.high_closed and b.low_closed)


def _overlaps(a: Range, b: Range) -> bool:
    return _touch(a, b) and _touch(b, a)


def _overlaps_before(a: Range, b: Range) -> bool:
    return _starts_low(a, b) < 0 and _touch(a, b) and _ends_high(a, b) <= 0


def _overlaps_after(a: Range, b: Range) -> bool:
    return _starts_low(a, b) > 0 and _touch(b, a) and _ends_high(a, b) >= 0


def _finishes(a: Value, b: Range) -> bool:
    if type(a) is not Range:
        return b.high_closed and _c(a, b.high) == 0
    return a.high_closed == b.high_closed and _c(a.high, b.high) == 0 and _starts_low(a, b) >= 0


def _includes(a: Range, b: Value) -> bool:
    if type(b) is Range:
        return _starts_low(a, b) <= 0 and _ends_high(a, b) >= 0
    low, high = _c(a.low, b), _c(b, a.high)
    return (low < 0 or (low == 0 and a.low_closed)) and (high < 0 or (high == 0 and a.high_closed))


def _starts(a: Value, b: Range) -> bool:
    if type(a) is not Range:
        return b.low_closed and _c(a, b.low) == 0
    return a.low_closed == b.low_closed and _c(a.low, b.low) == 0 and _ends_high(a, b) <= 0


def _coincides(a: Value, b: Value) -> bool:
    if type(a) is Range and type(b) is Range:
        return _starts_low(a, b) == 0 and _ends_high(a, b) == 0
    return _c(a, b) == 0


def _declare(name: str, shapes: str, relation: Callable[..., bool]) -> None:
    """``shapes`` names the pairs the function takes: p for a point, r for a range."""
    words = {
        "pp": "point1, point2",
        "pr": "point, range",
        "rp": "range, point",
        "rr": "range1, range2",
    }
    allowed = shapes.split()

    @built_in(name, *(words[shape] for shape in allowed))
    def judge(run: Run, left: Value, right: Value) -> Value:
        if left is None or right is None:
            return wrong(run, name, None, "point or range")
        shape = ("r" if type(left) is Range else "p") + ("r" if type(right) is Range else "p")
        if shape not in allowed:
            return wrong(run, name, left, "point or range")
        try:
            return relation(left, right)
        except _Unordered:
            return run.null("argument", "The points have no order between them", name)


_declare("before", "pp pr rp rr", _before)
_declare("after", "pp pr rp rr", lambda a, b: _before(b, a))
_declare("meets", "rr", _meets)
_declare("met by", "rr", lambda a, b: _meets(b, a))
_declare("overlaps", "rr", _overlaps)
_declare("overlaps before", "rr", _overlaps_before)
_declare("overlaps after", "rr", _overlaps_after)
_declare("finishes", "pr rr", _finishes)
_declare("finished by", "rp rr", lambda a, b: _finishes(b, a))
_declare("includes", "rp rr", _includes)
_declare("during", "pr rr", lambda a, b: _includes(b, a))
_declare("starts", "pr rr", _starts)
_declare("started by", "rp rr", lambda a, b: _starts(b, a))
_declare("coincides", "pp rr", _coincides)

_REFUSED = object()
_MAKERS = ("date", "time", "date and time", "duration")


@built_in("range", "from")
def make_range(run: Run, text: Value) -> Value:
    """A range from its text; its ends must be literals or calendar functions of a literal string."""
    if type(text) is not str:
        return wrong(run, "range", text, "from")
    found = _read(run, text)
    return found or run.null("argument", "The text cannot be read as this type", "range", text[:40])


def _read(run: Run, text: str) -> Range | None:
    try:
        node = parse(_filled(text), Scope(_MAKERS, known={}))
    except FeelFault:
        return None
    if not isinstance(node, ast.RangeOf):
        return None
    low, high = _constant(run, node.low), _constant(run, node.high)
    if low is _REFUSED or high is _REFUSED or (low is None and high is None):
        return None
    if (low is None and node.low_closed) or (high is None and node.high_closed):
        return None
    order = -1 if low is None or high is None else compare(low, high)
    return None if order is None or order > 0 else Range(low, node.low_closed, high, node.high_closed)


def _filled(text: str) -> str:
    """An open end without a value stands for null."""
    plain = text.strip()
    if plain[:1] in ("(", "]") and plain[1:].lstrip().startswith(".."):
        plain = plain[0] + "null" + plain[1:]
    if plain[-1:] in (")", "[") and plain[:-1].rstrip().endswith(".."):
        plain = plain[:-1] + "null" + plain[-1]
    return plain


def _constant(run: Run, node: ast.Node) -> Value:
    """The value of a literal or of a calendar function of literals; anything else is refused."""
    if isinstance(node, ast.Literal):
        return node.value
    if isinstance(node, ast.Call) and isinstance(node.function, ast.Name) and node.function.name in _MAKERS:
        function, given = TABLE[node.function.name], node.arguments
        literals = [argument.value for argument in given if isinstance(argument, ast.Literal)]
        if len(literals) == len(given) and function.least <= len(given) <= (function.most or 0) and not node.names:
            made = function.call(run, *literals)
            return _REFUSED if made is None else made
    return _REFUSED
