"""The built-in functions (specification 10.3.4), by name.

Each function takes the run and its positional arguments. A wrong argument makes null with a diagnostic, never an
exception."""

from thanglong.solve.dmn.feel.builtins import contexts, conversion, dates, lists, numbers, ranges, statistics, strings
from thanglong.solve.dmn.feel.builtins.base import TABLE
from thanglong.solve.dmn.feel.names import Scope
from thanglong.solve.dmn.feel.values import Function

BUILT_INS: dict[str, Function] = TABLE
"""Every built-in function by its name."""

BUILT_IN_SCOPE = Scope(BUILT_INS)
"""Their names, the outermost that an expression can see."""

__all__ = [
    "BUILT_INS",
    "BUILT_IN_SCOPE",
    "contexts",
    "conversion",
    "dates",
    "lists",
    "numbers",
    "ranges",
    "statistics",
    "strings",
]
