"""How a built-in function is declared."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from thanglong.solve.dmn.feel.kinds import kind
from thanglong.solve.dmn.feel.run import Run
from thanglong.solve.dmn.feel.values import Function, Value

TABLE: dict[str, Function] = {}
Built = Callable[..., Value]


def built_in(name: str, *forms: str, many: bool = False) -> Callable[[Built], Built]:
    """Declares a function: each form is its parameters separated by commas, ``?`` behind one that may be left out,
    ``:kind`` behind one that, given by name, must be of a kind (where two forms differ only there);
    ``many``: any number of positional arguments from one on."""
    split = tuple(tuple(part.strip() for part in form.split(",") if part.strip()) for form in forms) or ((),)
    least = min(sum(not part.endswith("?") for part in form) for form in split)
    most = None if many else max(len(form) for form in split)
    names = tuple(part.rstrip("?").partition(":")[0] for part in max(split, key=len))

    def declare(act: Built) -> Built:
        TABLE[name] = Function(name, names, act if many else unwrapping(act), least, most, (), None, split)
        return act

    return declare


def unwrapping(act: Built) -> Built:
    """A function that takes a list of one where it wants the element itself (specification 10.3.2.9.4)."""

    def call(run: Run, *arguments: Value) -> Value:
        before = len(run.notes)
        made = act(run, *arguments)
        if made is not None or not any(type(one) is list and len(one) == 1 for one in arguments):
            return made
        single = [one[0] if type(one) is list and len(one) == 1 else one for one in arguments]
        notes = run.notes[before:]
        del run.notes[before:]
        made = act(run, *single)
        if made is None:
            run.notes[before:] = notes
        return made

    return call


def wrong(run: Run, name: str, value: Value, wanted: str) -> Any:
    """The null of an argument that is not what the function takes."""
    if value is None:
        return run.null("null", "An argument is null", name, wanted)
    return run.null("argument", "An argument is not of the type the function takes", name, wanted, kind(value))


def whole_number(value: Value) -> int | None:
    """An integer argument cut from a number; None for anything else."""
    if type(value) is not Decimal or value.adjusted() > 18:
        return None
    return int(value)


def as_list(value: Value) -> list[Any]:
    """A list argument; anything else counts as a list of one."""
    return value if type(value) is list else [value]


def spread(arguments: tuple[Value, ...]) -> list[Any] | None:
    """The elements of ``f(list)`` or of ``f(a, b, c)``; None for a single null."""
    if len(arguments) == 1:
        return None if arguments[0] is None else as_list(arguments[0])
    return list(arguments)
