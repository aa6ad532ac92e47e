"""Values as text: what ``string()`` gives, and what the printer writes for literals."""

from decimal import Decimal

from thanglong.solve.dmn.feel import temporal
from thanglong.solve.dmn.feel.kinds import TEMPORAL
from thanglong.solve.dmn.feel.names import KEYWORDS, PIECE, WORD
from thanglong.solve.dmn.feel.run import Run
from thanglong.solve.dmn.feel.values import Function, Range, Value

DEPTH = 100


def show_number(value: Decimal) -> str:
    """A number in digits, without exponent."""
    text = format(value, "f")
    return text[1:] if text.startswith("-0") and not value else text


def quote(text: str) -> str:
    """A string as a FEEL literal."""
    for char, escape in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        text = text.replace(char, escape)
    return f'"{text}"'


def show_key(name: str) -> str:
    """A context key, quoted where it is not a name."""
    first = WORD.match(name)
    if not first or first[0] in KEYWORDS or name != " ".join(name.split()):
        return quote(name)
    rest = PIECE.sub("", name).replace(" ", "")
    return quote(name) if rest or ".." in name or "**" in name or "//" in name or "/*" in name else name


def show(run: Run, value: Value) -> str:
    """What ``string(value)`` gives."""
    text = value if type(value) is str else _inner(run, value, 0)
    run.text(len(text))
    return text


def _inner(run: Run, value: Value, depth: int) -> str:
    run.spend(1)
    if depth > DEPTH:
        return "…"
    if value is None:
        return "null"
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) is Decimal:
        return show_number(value)
    if type(value) is str:
        return quote(value)
    if type(value) in TEMPORAL:
        return temporal.show(value)
    if type(value) is list:
        return "[" + ", ".join(_inner(run, item, depth + 1) for item in value) + "]"
    if type(value) is dict:
        return "{" + ", ".join(f"{show_key(k)}: {_inner(run, v, depth + 1)}" for k, v in value.items()) + "}"
    if type(value) is Range:
        return _range(run, value, depth)
    return f"function({', '.join(value.parameters)})" if type(value) is Function else str(value)


def _range(run: Run, value: Range, depth: int) -> str:
    if value.form != "..":
        end = value.low if value.form in (">", ">=", "=", "!=") else value.high
        return f"{value.form} {_inner(run, end, depth + 1)}"
    low, high = _inner(run, value.low, depth + 1), _inner(run, value.high, depth + 1)
    return f"{'[' if value.low_closed else '('}{low}..{high}{']' if value.high_closed else ')'}"
