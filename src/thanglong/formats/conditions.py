"""A tiny guard language as JSON: conditions over plain data, without code and without surprises.

``{"var": "data.kind"}`` reads a value (None when absent); ``== != < <= > >=`` compare two; ``in`` looks into a list or
text; ``all any`` take lists, ``not present`` one operand. A comparison of values of different kinds is false, never an
error. Officials' rules will be written in FEEL and DMN; this language serves the guards until then and stays for tests.
"""

from collections.abc import Callable, Mapping
from typing import Any

MAX_DEPTH = 20
_KINDS = (bool, (int, float), str)


def _comparable(a: Any, b: Any) -> bool:
    return any(isinstance(a, kind) and isinstance(b, kind) for kind in _KINDS) and isinstance(a, bool) == isinstance(
        b, bool
    )


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: a == b and isinstance(a, bool) == isinstance(b, bool),
    "!=": lambda a, b: not (a == b and isinstance(a, bool) == isinstance(b, bool)),
    "<": lambda a, b: _comparable(a, b) and a < b,
    "<=": lambda a, b: _comparable(a, b) and a <= b,
    ">": lambda a, b: _comparable(a, b) and a > b,
    ">=": lambda a, b: _comparable(a, b) and a >= b,
    "in": lambda a, b: a in b if isinstance(b, list | tuple) else isinstance(a, str) and isinstance(b, str) and a in b,
}


def _read(path: str, context: Mapping[str, Any]) -> Any:
    value: Any = context
    for part in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value


def value(expression: Any, context: Mapping[str, Any]) -> Any:
    """The value of an expression: a literal, a list of expressions, a variable, or a condition's truth."""
    if isinstance(expression, list | tuple):
        return [value(item, context) for item in expression]
    if not isinstance(expression, Mapping):
        return expression
    ((operator, operand),) = expression.items()
    if operator == "var":
        return _read(operand, context)
    if operator == "all":
        return all(holds(item, context) for item in operand)
    if operator == "any":
        return any(holds(item, context) for item in operand)
    if operator == "not":
        return not holds(operand, context)
    if operator == "present":
        return _read(operand, context) not in (None, "", [], {})
    left, right = operand
    return _COMPARE[operator](value(left, context), value(right, context))


def holds(condition: Any, context: Mapping[str, Any]) -> bool:
    """Whether a condition is true over ``context``; None (no condition) always holds."""
    return condition is None or value(condition, context) is True


def check(condition: Any, depth: int = 0) -> None:
    """Raise ValueError with the reason when ``condition`` is not a well-formed expression."""
    if depth > MAX_DEPTH:
        raise ValueError(f"a condition may be {MAX_DEPTH} levels deep at most")
    if isinstance(condition, list | tuple):
        for item in condition:
            check(item, depth + 1)
        return
    if not isinstance(condition, Mapping):
        if condition is not None and not isinstance(condition, str | int | float | bool):
            raise ValueError(f"not a value: {condition!r}")
        return
    if len(condition) != 1:
        raise ValueError(f"an expression has exactly one operator: {dict(condition)!r}")
    ((operator, operand),) = condition.items()
    if operator in ("var", "present"):
        if not isinstance(operand, str) or not operand:
            raise ValueError(f"{operator} needs a path such as 'data.kind'")
    elif operator in ("all", "any"):
        if not isinstance(operand, list | tuple):
            raise ValueError(f"{operator} needs a list")
        check(operand, depth + 1)
    elif operator == "not":
        check(operand, depth + 1)
    elif operator in _COMPARE:
        if not isinstance(operand, list | tuple) or len(operand) != 2:
            raise ValueError(f"{operator} needs two operands")
        check(operand, depth + 1)
    else:
        raise ValueError(f"unknown operator {operator!r}")
