"""Calling a function value: arguments placed, converted, counted."""

from thanglong.solve.dmn.feel.kinds import kind
from thanglong.solve.dmn.feel.run import CALLS, Exhausted, Run
from thanglong.solve.dmn.feel.types import coerce
from thanglong.solve.dmn.feel.values import Function, Value

Names = tuple[str, ...]


def wrong_count(run: Run, function: Function, count: int) -> Value:
    return run.null("argument", "The function does not take this number of arguments", function.name, str(count))


def invoke(run: Run, function: Value, arguments: list[Value], names: Names | None = None) -> Value:
    """The result of a call; null (with a note) when the function or its arguments are not right."""
    if type(function) is not Function:
        return run.null("type", "What is called is not a function", kind(function))
    if function.forms:
        if names is not None:
            placed = _place(function, arguments, names)
            if placed is None:
                return run.null("argument", "The function has no such parameters", function.name, *names)
            return function.call(run, *placed)
        if len(arguments) < function.least or (function.most is not None and len(arguments) > function.most):
            return wrong_count(run, function, len(arguments))
        return function.call(run, *arguments)
    return _defined(run, function, arguments, names)


def _place(function: Function, arguments: list[Value], names: Names) -> list[Value] | None:
    """Named arguments of a built-in function in the order of the first form that takes them."""
    given = dict(zip(names, arguments, strict=True))
    if len(given) != len(arguments):
        return None
    for form in function.forms:
        split = [name.rstrip("?").partition(":") for name in form]
        plain = [name for name, _, _ in split]
        needed = [name for name, whole in zip(plain, form, strict=True) if not whole.endswith("?")]
        right = all(kind(given[name]) == wanted for name, _, wanted in split if wanted and name in given)
        if right and set(given) <= set(plain) and all(name in given for name in needed):
            last = max((k for k, name in enumerate(plain) if name in given), default=-1)
            count = max(last + 1, len(needed), min(function.least, len(plain)))
            return [given.get(name) for name in plain[:count]]
    return None


def _defined(run: Run, function: Function, arguments: list[Value], names: Names | None) -> Value:
    if names is not None:
        given = dict(zip(names, arguments, strict=True))
        if set(given) != set(function.parameters) or len(given) != len(names):
            return run.null("argument", "The function has no such parameters", function.name, *names)
        arguments = [given[name] for name in function.parameters]
    if len(arguments) != len(function.parameters):
        return wrong_count(run, function, len(arguments))
    if function.kinds:
        placed = []
        for name, value, wanted in zip(function.parameters, arguments, function.kinds, strict=True):
            made, right = coerce(run, value, wanted)
            if not right:
                label = wanted.get().label()
                return run.null("type", "An argument is not of the parameter's type", name, kind(value), label)
            placed.append(made)
        arguments = placed
    run.depth += 1
    if run.depth > CALLS:
        raise Exhausted(f"functions may call each other {CALLS} deep")
    try:
        result = function.call(run, *arguments)
    finally:
        run.depth -= 1
    if function.result is None:
        return result
    made, right = coerce(run, result, function.result)
    if not right:
        return run.null("type", "The result is not of the declared type", kind(result), function.result.get().label())
    return made
