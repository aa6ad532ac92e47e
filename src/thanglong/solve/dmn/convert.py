"""Results converted to the types that a model declares for them."""

from thanglong.solve.dmn.feel.kinds import kind
from thanglong.solve.dmn.feel.layout import Code, Frame
from thanglong.solve.dmn.feel.run import Run
from thanglong.solve.dmn.feel.show import show
from thanglong.solve.dmn.feel.types import Lazy, coerce
from thanglong.solve.dmn.feel.values import Value


def checked(code: Code, wanted: Lazy | None, name: str) -> Code:
    """The closure with its result converted to a type; null (with a note) where it cannot be."""
    if wanted is None or (not hasattr(wanted, "table") and wanted.get().kind == "Any"):
        return code
    found: Lazy = wanted

    def convert(frame: Frame) -> Value:
        return to_type(frame[0], code(frame), found, name)

    return convert


def to_type(run: Run, value: Value, wanted: Lazy, name: str) -> Value:
    """The value as the type wants it, or null with a note."""
    if value is None:
        return None
    made, right = coerce(run, value, wanted)
    if right:
        return made
    shown = show(run, value)[:60]
    return run.null("type", "The value is not of the declared type", name, shown, kind(value), wanted.get().label())
