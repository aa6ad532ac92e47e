"""External functions.

A model may name a Java method or a PMML model. Nothing outside is ever loaded or run: calling such a function gives
null with a diagnostic, except for a handful of pure methods of the Java library (mathematics, conversions,
``String.format``) whose results are computed here, by name and signature, because models exchanged between tools use
them."""

import math
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

import regex

from thanglong.solve.dmn.feel.layout import Code, Frame
from thanglong.solve.dmn.feel.run import Run
from thanglong.solve.dmn.feel.show import show_number
from thanglong.solve.dmn.feel.values import DECIMAL128, Value

_SIGNATURE = regex.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)\s*\(([^()]*)\)\s*")
_FORMAT = regex.compile(r"%(?:%|n|(-?)([0-9]{0,3})(?:\.([0-9]{1,3}))?([sdfS]))")
_WHOLE = {"byte": 7, "short": 15, "int": 31, "long": 63, "Byte": 7, "Short": 15, "Integer": 31, "Long": 63}
_REAL = ("double", "float", "Double", "Float", "BigDecimal")


class _Refused(Exception):
    """An argument that the method does not take."""


def external_body(body: Code, cells: tuple[int, ...], kind: str = "Java") -> Code:
    """The body of an external function: ``body`` gives the context that names it."""

    def call(frame: Frame) -> Value:
        run: Run = frame[0]
        named = body(frame)
        if type(named) is dict:
            named = next((named[key] for key in ("java", "Java") if type(named.get(key)) is dict), named)
        name, signature = (named.get(key) if type(named) is dict else None for key in ("class", "method signature"))
        found = _SIGNATURE.fullmatch(signature) if type(signature) is str else None
        method = _METHODS.get(f"{name}.{found[1]}") if found and kind == "Java" else None
        if method is None or found is None:
            return run.null("external", "External functions are not run", kind, str(name), str(signature))
        types = [part.strip() for part in found[2].split(",") if part.strip()]
        return _call(run, method, types, [frame[cell] for cell in cells], f"{name}.{found[1]}")

    return call


def _call(run: Run, method: "Method", types: list[str], arguments: list[Value], name: str) -> Value:
    shapes, act = method
    short = tuple(_short(one) for one in types)
    if short not in shapes or (len(arguments) != len(short) and "..." not in short):
        return run.null("external", "There is no such method", name, ", ".join(types))
    try:
        pairs = zip(arguments, _spread(short, arguments), strict=True)
        return act(short, [_convert(value, kind) for value, kind in pairs])
    except (_Refused, ArithmeticError, ValueError):
        return run.null("external", "The method does not take these arguments", name)


def _short(name: str) -> str:
    if name.startswith("[L") or name.endswith(("[]", "...")):
        return "..."
    return name.rpartition(".")[2]


def _spread(short: tuple[str, ...], arguments: list[Value]) -> list[str]:
    if not short or short[-1] != "...":
        return list(short)
    return [*short[:-1], *["Object"] * (len(arguments) - len(short) + 1)]


def _convert(value: Value, kind: str) -> Any:
    if kind in _WHOLE:
        if type(value) is not Decimal or value != value.to_integral_value() or abs(value) >= 2 ** _WHOLE[kind]:
            raise _Refused
    elif kind in _REAL:
        if type(value) is not Decimal:
            raise _Refused
    elif kind in ("char", "Character"):
        if type(value) is not str or len(value) != 1:
            raise _Refused
    elif kind in ("String", "CharSequence"):
        if type(value) is not str:
            raise _Refused
    elif kind in ("boolean", "Boolean") and type(value) is not bool:
        raise _Refused
    return value


def _number(value: float) -> Decimal:
    if not math.isfinite(value):
        raise _Refused
    return Decimal(repr(value))


Method = tuple[tuple[tuple[str, ...], ...], Callable[[tuple[str, ...], list[Any]], Value]]
_NUMERIC = ("int", "long", "float", "double")


def _of_real(act: Callable[..., float], count: int = 1) -> Method:
    return (("double",) * count,), lambda kinds, values: _number(act(*map(float, values)))


def _of_any(act: Callable[..., Decimal], count: int) -> Method:
    return tuple((kind,) * count for kind in _NUMERIC), lambda kinds, values: act(*values)


def _value_of(*kinds: str) -> Method:
    def act(given: tuple[str, ...], values: list[Any]) -> Value:
        if given[0] != "String":
            return values[0]
        try:
            number = DECIMAL128.plus(Decimal(values[0].strip()))
        except InvalidOperation:
            raise _Refused from None
        target = kinds[0]
        if not number.is_finite() or (target in _WHOLE and not regex.fullmatch(r"[+-]?[0-9]+", values[0])):
            raise _Refused
        return number if target in _REAL else _convert(number, target)

    return tuple((kind,) for kind in (*kinds, "String")), act


def _text(kinds: tuple[str, ...], values: list[Any]) -> Value:
    value = values[0]
    if type(value) is Decimal:
        return show_number(value)
    return {True: "true", False: "false", None: "null"}.get(value, value) if not isinstance(value, str) else value


def _format(kinds: tuple[str, ...], values: list[Any]) -> Value:
    template, rest = values[0], list(values[1:])
    if len(template) > 10_000:
        raise _Refused

    def one(found: regex.Match[str]) -> str:
        if found[0] in ("%%", "%n"):
            return "%" if found[0] == "%%" else "\n"
        if not rest:
            raise _Refused
        text = _formatted(rest.pop(0), found[4], found[3])
        width = int(found[2] or 0)
        return text.ljust(width) if found[1] else text.rjust(width)

    if "%" in _FORMAT.sub("", template):
        raise _Refused
    return _FORMAT.sub(one, template)


def _formatted(value: Value, mark: str, digits: str | None) -> str:
    if mark in "sS":
        text = str(_text((), [value]))
        return text.upper() if mark == "S" else text
    if type(value) is not Decimal or (mark == "d" and value != value.to_integral_value()):
        raise _Refused
    return f"{int(value)}" if mark == "d" else f"{value:.{digits or 6}f}"


_ONE_REAL = ("cos", "sin", "tan", "acos", "asin", "atan", "exp", "sqrt", "log", "log10", "cbrt", "sinh", "cosh", "tanh")
_METHODS: dict[str, Method] = {
    **{f"java.lang.Math.{name}": _of_real(getattr(math, name)) for name in _ONE_REAL},
    "java.lang.Math.toRadians": _of_real(math.radians),
    "java.lang.Math.toDegrees": _of_real(math.degrees),
    "java.lang.Math.pow": _of_real(math.pow, 2),
    "java.lang.Math.hypot": _of_real(math.hypot, 2),
    "java.lang.Math.atan2": _of_real(math.atan2, 2),
    "java.lang.Math.floor": _of_real(math.floor),
    "java.lang.Math.ceil": _of_real(math.ceil),
    "java.lang.Math.max": _of_any(max, 2),
    "java.lang.Math.min": _of_any(min, 2),
    "java.lang.Math.abs": _of_any(abs, 1),
    "java.lang.Byte.valueOf": _value_of("byte"),
    "java.lang.Short.valueOf": _value_of("short"),
    "java.lang.Integer.valueOf": _value_of("int"),
    "java.lang.Integer.parseInt": _value_of("int"),
    "java.lang.Long.valueOf": _value_of("long"),
    "java.lang.Float.valueOf": _value_of("float"),
    "java.lang.Double.valueOf": _value_of("double"),
    "java.lang.Double.parseDouble": _value_of("double"),
    "java.lang.String.valueOf": (
        tuple((kind,) for kind in (*_NUMERIC, "char", "boolean", "Object")),
        _text,
    ),
    "java.lang.String.format": ((("String", "..."),), _format),
}
