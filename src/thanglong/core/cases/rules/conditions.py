"""Conditions of case types: the guard language, with decision models inside it.

``{"decision": {"model": "fees", "decision": "Exempt", "version": 3}}`` stands anywhere in a condition for the value
that the decision model gives over the same context.
"""

from collections.abc import Callable, Mapping
from typing import Any

from thanglong.formats import conditions

Decide = Callable[[Mapping[str, Any], Mapping[str, Any]], Any]
NAMES = {"model", "decision", "version"}
_decide: Decide | None = None


def use(decide: Decide | None) -> None:
    """Let conditions ask decision models through ``decide`` (plugged once at start)."""
    global _decide
    _decide = decide


def _replaced(condition: Any, put: Callable[[Mapping[str, Any]], Any]) -> Any:
    if isinstance(condition, Mapping):
        if len(condition) == 1 and "decision" in condition:
            return put(condition["decision"])
        return {key: _replaced(operand, put) for key, operand in condition.items()}
    if isinstance(condition, list | tuple):
        return [_replaced(item, put) for item in condition]
    return condition


def asks_decision(condition: Any) -> bool:
    """Whether a condition needs a decision model."""
    if isinstance(condition, Mapping):
        return "decision" in condition or any(asks_decision(operand) for operand in condition.values())
    return isinstance(condition, list | tuple) and any(asks_decision(item) for item in condition)


def check(condition: Any) -> None:
    """ValueError with the reason when ``condition`` is not well-formed."""

    def put(reference: Mapping[str, Any]) -> bool:
        if (
            not isinstance(reference, Mapping)
            or not reference.keys() <= NAMES
            or not {"model", "decision"} <= set(reference)
        ):
            raise ValueError("a decision needs a model and the name of a decision in it")
        return True

    conditions.check(_replaced(condition, put))


def holds(condition: Any, context: Mapping[str, Any]) -> bool:
    """Whether a condition is true over ``context``; decisions are asked of the engine that is plugged in.

    Raises RuntimeError when a condition needs a decision and nothing is there to decide.
    """
    if condition is None:
        return True
    if asks_decision(condition):
        decide = _decide
        if decide is None:
            raise RuntimeError("this case type needs the decision engine, which is not plugged in")
        condition = _replaced(condition, lambda reference: decide(reference, context))
    return conditions.holds(condition, context)
