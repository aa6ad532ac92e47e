"""Before scoring: derived columns, denomination, screening of units."""

import ast
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .columns import availability
from .errors import BadFramework, CompositeError, UnknownMethod
from .types import Array, Bools, Framework, Panel

# what a formula of a derived column may call; all work on arrays
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "log": np.log, "sqrt": np.sqrt, "exp": np.exp, "abs": np.abs,
    "min": lambda *a: np.minimum.reduce(np.broadcast_arrays(*a)),
    "max": lambda *a: np.maximum.reduce(np.broadcast_arrays(*a)),
    "clip": np.clip, "mean": lambda *a: sum(a) / len(a), "where": np.where,
    "round": lambda x, n=0: np.round(x, int(n)),
}  # fmt: skip
_OPERATORS: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply, ast.Div: np.divide, ast.Pow: np.power,
}  # fmt: skip
_COMPARISONS: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Lt: np.less, ast.LtE: np.less_equal, ast.Gt: np.greater, ast.GtE: np.greater_equal, ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
}  # fmt: skip


def formula(text: str, columns: Mapping[str, Array]) -> Array:
    """Value of an arithmetic formula over named columns, for example ``sqrt(pr_f * se_f) / 2``.

    Numbers, column names, + - * / **, comparisons, and ``log sqrt exp abs min max mean clip where round`` only;
    anything
    else is refused. NaN in, NaN out; a division by zero or a logarithm of zero gives inf or NaN as NumPy does.
    """
    try:
        tree = ast.parse(text, mode="eval")
    except SyntaxError as error:
        raise CompositeError(f"not a formula: {text!r} ({error.msg})") from None
    with np.errstate(all="ignore"):
        value = np.asarray(_evaluate(tree.body, columns, text), dtype=np.float64)
    size = len(next(iter(columns.values()))) if columns else 0
    return np.broadcast_to(value, (size,)).copy() if value.ndim == 0 else value


def _evaluate(node: ast.AST, columns: Mapping[str, Array], text: str) -> Any:
    match node:
        case ast.Constant(value=bool() | complex() | str() | bytes()):
            pass
        case ast.Constant(value=int() | float() as number) if math.isfinite(number):
            return float(number)
        case ast.Name(id=name):
            if name not in columns:
                raise BadFramework(f"the formula {text!r} names {name!r}, which is not a column")
            return columns[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_evaluate(operand, columns, text)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](_evaluate(left, columns, text), _evaluate(right, columns, text))
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARISONS:
            return _COMPARISONS[type(op)](_evaluate(left, columns, text), _evaluate(right, columns, text))
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in _FUNCTIONS:
            return _FUNCTIONS[name](*(_evaluate(argument, columns, text) for argument in args))
        case _:
            pass
    raise CompositeError(f"{ast.unparse(node)!r} is not allowed in a formula: {text!r}")


def derive(panel: Panel, columns: Mapping[str, str]) -> Panel:
    """The panel with further columns, each a :func:`formula` over the ones before it (also over earlier new ones)."""
    known = {code: panel.values[:, j] for j, code in enumerate(panel.codes)}
    for code, text in columns.items():
        known[code] = formula(text, known)
    values = np.column_stack(list(known.values())) if known else panel.values
    return Panel(panel.units, tuple(known), values, panel.groups, panel.times)


def denominate(panel: Panel, framework: Framework, by: Mapping[str, str] | None = None, scale: float = 1.0) -> Panel:
    """Divide indicators by their denominators, a column of the same panel.

    ``by`` maps indicator to denominator and goes before what the framework says; the result is multiplied by ``scale``.
    A zero denominator is an error, not an infinity.
    """
    pairs = {c: d for c in framework.indicators if (d := framework[c].denominator)} | dict(by or {})
    values = panel.values.copy()
    at = {code: j for j, code in enumerate(panel.codes)}
    for code, denominator in pairs.items():
        if code not in at:
            raise BadFramework(f"the panel has no column {code!r} to denominate")
        column = panel.column(denominator)
        zero = np.flatnonzero(column == 0)
        if len(zero):
            raise CompositeError(f"denominator {denominator} is zero for {panel.units[int(zero[0])]}")
        values[:, at[code]] = panel.values[:, at[code]] / column * scale
    return Panel(panel.units, panel.codes, values, panel.groups, panel.times)


SCREENS = ("available", "nonzero", "both")


def screen(
    values: Array, by: str = "available", available: float = 2 / 3, nonzero: float = 2 / 3,
    units: Sequence[str] = (), keep: Sequence[str] = (), drop: Sequence[str] = (),
) -> Bools:  # fmt: skip
    """Which rows stay: those with at least the asked share of present (or non-zero, or both) values.

    ``keep`` and ``drop`` name units that stay or go whatever their data.
    """
    if by not in SCREENS:
        raise UnknownMethod("screening rule", by, SCREENS)
    found = availability(values)
    stay = np.ones(len(values), dtype=bool)
    if by in ("available", "both"):
        stay &= found.available >= available - 1e-12
    if by in ("nonzero", "both"):
        stay &= np.nan_to_num(found.nonzero) >= nonzero - 1e-12
    strange = sorted((set(keep) | set(drop)) - set(units))
    if strange:
        raise BadFramework(f"units that are not in the panel: {', '.join(strange)}")
    if keep or drop:
        stay = np.array([(s or u in keep) and u not in drop for s, u in zip(stay, units, strict=True)])
    return stay
