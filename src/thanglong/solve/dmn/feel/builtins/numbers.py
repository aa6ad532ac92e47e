"""Functions on numbers."""

from collections.abc import Callable
from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Context,
    Decimal,
)

from thanglong.solve.dmn.feel.builtins.base import built_in, whole_number, wrong
from thanglong.solve.dmn.feel.operators import finite
from thanglong.solve.dmn.feel.run import Run
from thanglong.solve.dmn.feel.values import DECIMAL128, DaysDuration, MonthsDuration, Value

_WIDE = Context(prec=80, Emin=-999999, Emax=999999, traps=[])
SCALES = (-6111, 6176)
"""The smallest and largest number of digits behind the point that decimal128 knows."""


def _rounding(name: str, mode: str) -> Callable[..., Value]:
    def act(run: Run, value: Value, scale: Value = Decimal(0)) -> Value:
        if type(value) is not Decimal:
            return wrong(run, name, value, "n")
        digits = whole_number(scale)
        if digits is None:
            return wrong(run, name, scale, "scale")
        if not SCALES[0] <= digits <= SCALES[1]:
            return run.null("argument", "The scale is out of range", name, str(digits))
        return round_to(run, value, digits, mode)

    return act


def round_to(run: Run, value: Decimal, digits: int, mode: str) -> Value:
    """The number with so many digits behind the point."""
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    if -exponent <= digits:
        return value
    rounded = value.quantize(Decimal((0, (1,), -digits)), mode, _WIDE)
    return finite(run, DECIMAL128.plus(rounded)) if rounded.is_finite() else Decimal(0)


built_in("decimal", "n, scale")(_rounding("decimal", ROUND_HALF_EVEN))
built_in("floor", "n, scale?")(_rounding("floor", ROUND_FLOOR))
built_in("ceiling", "n, scale?")(_rounding("ceiling", ROUND_CEILING))
built_in("round up", "n, scale?")(_rounding("round up", ROUND_UP))
built_in("round down", "n, scale?")(_rounding("round down", ROUND_DOWN))
built_in("round half up", "n, scale?")(_rounding("round half up", ROUND_HALF_UP))
built_in("round half down", "n, scale?")(_rounding("round half down", ROUND_HALF_DOWN))


@built_in("abs", "n")
def absolute(run: Run, value: Value) -> Value:
    if type(value) is Decimal:
        return value.copy_abs()
    if type(value) is DaysDuration:
        return DaysDuration(abs(value.nanos))
    return MonthsDuration(abs(value.months)) if type(value) is MonthsDuration else wrong(run, "abs", value, "n")


@built_in("modulo", "dividend, divisor")
def modulo(run: Run, dividend: Value, divisor: Value) -> Value:
    if type(dividend) is not Decimal or type(divisor) is not Decimal:
        return wrong(run, "modulo", dividend if type(dividend) is not Decimal else divisor, "number")
    if not divisor:
        return run.null("null", "Division by zero gives null")
    rest = _WIDE.remainder(dividend, divisor)
    if not rest.is_finite():
        quotient = DECIMAL128.divide(dividend, divisor).to_integral_value(ROUND_FLOOR)
        return finite(run, DECIMAL128.subtract(dividend, DECIMAL128.multiply(divisor, quotient)))
    if rest and (rest < 0) != (divisor < 0):
        rest = _WIDE.add(rest, divisor)
    return finite(run, DECIMAL128.plus(rest))


def _of_number(name: str, least: Decimal | None, open_end: bool, act: Callable[[Decimal], Decimal]) -> None:
    @built_in(name, "number")
    def compute(run: Run, value: Value) -> Value:
        if type(value) is not Decimal:
            return wrong(run, name, value, "number")
        if least is not None and (value < least or (open_end and value == least)):
            return run.null("argument", "The function has no value for this number", name, str(value))
        return finite(run, act(value))


_of_number("sqrt", Decimal(0), False, lambda value: value.sqrt(DECIMAL128))
_of_number("log", Decimal(0), True, lambda value: value.ln(DECIMAL128))
_of_number("exp", None, False, lambda value: value.exp(DECIMAL128))


def _remainder(value: Decimal) -> Decimal:
    rest = _WIDE.remainder(value, Decimal(2))
    return rest.copy_abs() if rest.is_finite() else Decimal(0)


@built_in("odd", "number")
def odd(run: Run, value: Value) -> Value:
    return _remainder(value) == 1 if type(value) is Decimal else wrong(run, "odd", value, "number")


@built_in("even", "number")
def even(run: Run, value: Value) -> Value:
    return _remainder(value) == 0 if type(value) is Decimal else wrong(run, "even", value, "number")


@built_in("not", "negand")
def negation(run: Run, value: Value) -> Value:
    return not value if type(value) is bool else wrong(run, "not", value, "negand")
