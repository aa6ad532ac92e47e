"""Sound definitions, open actions, guards, and what an action does to a case."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
from jsonschema import Draft202012Validator, SchemaError

from thanglong.core.cases.rules import conditions
from thanglong.core.cases.types import Action, Case, CaseType, StateKind
from thanglong.kit.ports import Actor


def digest(definition: CaseType) -> str:
    """Hex SHA-256 over the definition's canonical JSON (through plain values once, so that 8 and 8.0 are the same)."""
    plain = msgspec.convert(msgspec.to_builtins(definition), CaseType)
    return hashlib.sha256(msgspec.json.encode(plain, order="sorted")).hexdigest()


def problems(definition: CaseType) -> list[str]:
    """Everything wrong with a definition, in English (it is read by whoever writes case types)."""
    found: list[str] = []
    states = [state.key for state in definition.states]
    actions = [action.key for action in definition.actions]
    for what, keys in (("state", states), ("action", actions)):
        found += [f"{what} {key!r} is defined twice" for key in sorted({key for key in keys if keys.count(key) > 1})]
    if definition.initial not in states:
        found.append(f"the initial state {definition.initial!r} is not defined")
    elif definition.state(definition.initial).stops_clock or definition.state(definition.initial).kind.closed:
        found.append("the initial state must be open with a running clock")
    if not definition.prefix.isalnum() or len(definition.prefix) > 8:
        found.append("the prefix must be 1 to 8 letters or digits")
    for action in definition.actions:
        for key in (*action.sources, *([action.target] if action.target else [])):
            if key not in states:
                found.append(f"action {action.key!r} names the unknown state {key!r}")
        found += _condition_problem(f"guard of {action.key!r}", action.guard)
    for state in definition.states:
        if state.auto is not None and state.auto.action not in actions:
            found.append(f"state {state.key!r} takes the unknown action {state.auto.action!r}")
    for deadline in definition.deadlines:
        found += _condition_problem("condition of a deadline", deadline.when)
    for need in definition.documents:
        found += _condition_problem(f"condition of document {need.kind!r}", need.when)
    found += _return_problems(definition)
    reasons = [pause.reason for pause in definition.pauses]
    found += [f"pause {key!r} is defined twice" for key in sorted({key for key in reasons if reasons.count(key) > 1})]
    if definition.opinions and definition.opinions.silence == "consent" and not definition.opinions.basis:
        found.append("silence counts as consent only where a law says so: name it in the opinions' basis")
    if [step.share for step in definition.escalations] != sorted(step.share for step in definition.escalations):
        found.append("escalation steps must stand in the order of their shares")
    try:
        Draft202012Validator.check_schema(definition.form)
    except SchemaError as error:
        found.append(f"the form is not a JSON Schema: {error.message}")
    return found + _unreachable(definition)


def _return_problems(definition: CaseType) -> list[str]:
    found = []
    kinds = {state.key: state.kind for state in definition.states}
    answers = [action for action in definition.actions if "complete" in action.effects]
    for action in definition.actions:
        if "return" in action.effects and (
            kinds.get(action.target) is not StateKind.WAITING
            or not any(action.target in answer.sources for answer in answers)
        ):
            found.append(f"return {action.key!r} must lead to a waiting state that a step with 'complete' leaves")
        if "complete" in action.effects and not action.reporter:
            found.append(f"step {action.key!r} completes a return, so it must be the reporter's")
    return found


def _condition_problem(where: str, condition: Any) -> list[str]:
    try:
        conditions.check(condition)
    except ValueError as error:
        return [f"{where}: {error}"]
    return []


def _unreachable(definition: CaseType) -> list[str]:
    reached, grown = {definition.initial}, True
    while grown:
        more = {action.target for action in definition.actions if action.target and reached & set(action.sources)}
        grown = not more <= reached
        reached |= more
    return [f"state {state.key!r} cannot be reached" for state in definition.states if state.key not in reached]


def may_take(action: Action, *, permitted: Callable[[str], bool], reporter: bool, system: bool) -> bool:
    """Whether this asker may take the action at all (its guard aside)."""
    if system or (reporter and action.reporter):
        return True
    return bool(action.permission) and permitted(action.permission)


def guard_context(
    case: Case, data: Mapping[str, Any], actor: Actor, documents: Mapping[str, int], past: Mapping[str, str]
) -> dict[str, Any]:
    """What a guard may look at; ``documents`` counts files by kind, ``past`` names who last took which action."""
    return {
        "data": case.data,
        "input": data,
        "case": {
            "state": case.state,
            "unit": str(case.unit),
            "assignee": str(case.assignee) if case.assignee else None,
            "level": case.level,
            "reopened": case.reopened,
            "rating": case.rating,
        },
        "actor": {"kind": actor.kind, "id": str(actor.id) if actor.id else None},
        "documents": dict(documents),
        "past": dict(past),
    }


def asks_past(condition: Any) -> bool:
    """Whether a guard looks at ``past``, so that others need no query for it."""
    if isinstance(condition, Mapping):
        return any(asks_past(operand) for operand in condition.values())
    if isinstance(condition, list | tuple):
        return any(asks_past(item) for item in condition)
    return isinstance(condition, str) and condition.startswith("past.")


def open_actions(
    definition: CaseType,
    case: Case,
    *,
    permitted: Callable[[str], bool],
    reporter: bool = False,
    system: bool = False,
) -> Iterable[Action]:
    """The actions this asker may take in the case's present state."""
    return [
        action
        for action in definition.actions
        if case.state in action.sources and may_take(action, permitted=permitted, reporter=reporter, system=system)
    ]
