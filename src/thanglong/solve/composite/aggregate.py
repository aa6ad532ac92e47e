"""Joining indicators: means with weights, missing parts dropped and weights re-scaled, level by level up the tree."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .errors import UnknownMethod, Unsuitable
from .outrank import copeland
from .types import Array, Framework, real

# quasi-arithmetic means: y = g(sum w f(x) / sum w)
MEANS = ("arithmetic", "geometric", "harmonic", "generalised")
METHODS = (*MEANS, "copeland", "owa", "mazziotta_pareto", "median", "minimum", "maximum")


def forward(method: str, x: Array, power: float = 1.0) -> Array:
    """f of a quasi-arithmetic mean: x, log x, 1/x or x**power. Raises where a value lies outside its domain."""
    if method == "arithmetic" or (method == "generalised" and power == 1):
        return x
    bad = x <= 0 if method in ("geometric", "harmonic") or power == 0 or power != int(power) or power < 0 else np.False_
    if np.any(bad):
        label = f"generalised mean with power {power}" if method == "generalised" else f"{method} mean"
        raise Unsuitable(
            f"the {label} needs positive values: normalise onto a scale that stays above zero, such as 1 to 100"
        )
    if method == "geometric" or (method == "generalised" and power == 0):
        return np.log(x)
    return 1 / x if method == "harmonic" else x**power


def backward(method: str, s: Array, power: float = 1.0) -> Array:
    """g, the inverse of :func:`forward`."""
    if method == "arithmetic" or (method == "generalised" and power == 1):
        return s
    if method == "geometric" or (method == "generalised" and power == 0):
        return np.exp(s)
    return 1 / s if method == "harmonic" else np.sign(s) * np.abs(s) ** (1 / power)


def falls(method: str, power: float = 1.0) -> bool:
    """True when f falls, so that the order of sums is the reverse of the order of scores."""
    return method == "harmonic" or (method == "generalised" and power < 0)


def mean(x: Array, weights: Array, method: str = "arithmetic", power: float = 1.0, zeros: bool = False) -> Array:
    """Weighted mean of each row; NaN parts dropped, weights of the rest re-scaled; a row without any part is NaN.

    A zero makes a geometric or harmonic mean zero: with ``zeros`` that is the answer, without it an error.
    """
    none = np.zeros(len(x), dtype=bool)
    if zeros and method != "arithmetic":
        nought = (x == 0) & (weights != 0)
        none, x = nought.any(axis=1), np.where(x == 0, 1.0, x)
    f = forward(method, x, power)
    there = ~np.isnan(f)
    total = np.where(there, weights, 0.0).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        s = np.where(there, f * weights, 0.0).sum(axis=1) / total
        y = np.where(there.any(axis=1), backward(method, s, power), np.nan)
    return np.where(none, 0.0, y)


def owa(x: Array, order_weights: Array) -> Array:
    """Ordered weighted average (Yager 1988): the first weight goes to each row's highest value, and so on down.

    With missing parts the weight function is re-read at fewer places: W(j/m) - W((j-1)/m), W the piecewise linear sum.
    """
    n = x.shape[1]
    if len(order_weights) != n:
        raise Unsuitable(f"{len(order_weights)} order weights for {n} parts")
    cumulative = np.concatenate([[0.0], np.cumsum(order_weights) / np.sum(order_weights)])
    y = np.full(x.shape[0], np.nan)
    m = (~np.isnan(x)).sum(axis=1)
    down = -np.sort(-x, axis=1)
    for size in np.unique(m[m > 0]):
        w = np.diff(np.interp(np.linspace(0, 1, size + 1), np.linspace(0, 1, n + 1), cumulative))
        at = m == size
        y[at] = down[at, :size] @ w
    return y


def orness_weights(n: int, orness: float) -> Array:
    """OWA weights of a power quantifier Q(r) = r**a with a = (1 - orness)/orness: 1 = best value, 0.5 = mean, 0 =
    worst."""
    if not 0 <= orness <= 1:
        raise Unsuitable("orness lies between 0 and 1")
    r = np.arange(n + 1) / n
    if orness == 0:
        return real(np.eye(n)[n - 1])
    if orness == 1:
        return real(np.eye(n)[0])
    q: Array = np.diff(r ** ((1 - orness) / orness))
    return q


def mazziotta_pareto(x: Array, weights: Array, sign: int = -1) -> Array:
    """Mean of each row with a penalty for imbalance: M + sign * S * cv, cv = S/M (Mazziotta and Pareto 2016).

    ``sign`` -1 punishes uneven profiles of a positive phenomenon, +1 of a negative one. x stands on the index's own
    scale (z-scores of mean 100 and sd 10, or goalposts 70..130 for the adjusted index): it must be positive.
    """
    m = mean(x, weights)
    there = ~np.isnan(x)
    w = np.where(there, weights, 0.0)
    w = w / w.sum(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        spread2 = (w * np.where(there, x - m[:, None], 0.0) ** 2).sum(axis=1)
        if np.any(m <= 0):
            raise Unsuitable("the Mazziotta-Pareto index needs positive values: normalise to mean 100 first")
        return real(m + sign * spread2 / m)


def combine(x: Array, weights: Array, method: str = "arithmetic", options: Mapping[str, Any] | None = None) -> Array:
    """Join columns into one by any of :data:`METHODS`; options: ``power``, ``orness`` or ``order_weights``,
    ``sign``."""
    given = dict(options or {})
    if method in MEANS:
        return mean(x, weights, method, float(given.get("power", 1.0)), bool(given.get("zeros", False)))
    if method == "copeland":
        return copeland(x, weights)
    if method == "owa":
        order = given.get("order_weights")
        return owa(
            x,
            np.asarray(order, dtype=np.float64)
            if order is not None
            else orness_weights(x.shape[1], given.get("orness", 0.5)),
        )
    if method == "mazziotta_pareto":
        return mazziotta_pareto(x, weights, int(given.get("sign", -1)))
    if method == "median":
        return _nan_rows(np.nanmedian, x)
    if method in ("minimum", "maximum"):
        return real((np.fmin if method == "minimum" else np.fmax).reduce(x, axis=1))
    raise UnknownMethod("aggregation", method, METHODS)


def _nan_rows(f: Callable[..., Any], x: Array) -> Array:
    out = np.full(x.shape[0], np.nan)
    full = ~np.isnan(x).all(axis=1)
    out[full] = f(x[full], axis=1)
    return out


def method_of(framework: Framework, code: str, method: str | Sequence[str] | Mapping[str, str]) -> str:
    """The method of one aggregate: its own, else by code, else by level (first entry: level 2), else the common one."""
    own = framework[code].aggregate
    if own:
        return own
    if isinstance(method, str):
        return method
    if isinstance(method, Mapping):
        if code not in method and "default" not in method:
            raise Unsuitable(f"no aggregation method given for {code}")
        return method[code] if code in method else method["default"]
    return method[_level(framework, code, len(method))]


def _level(framework: Framework, code: str, length: int) -> int:
    if length != framework.height - 1:
        raise Unsuitable(f"give one entry for each level above the indicators ({framework.height - 1}), not {length}")
    return framework.levels[code] - 2


def aggregate_tree(
    x: Array, framework: Framework, method: str | Sequence[str] | Mapping[str, str] = "arithmetic",
    threshold: float | Sequence[float] | None = None, options: Mapping[str, Any] | None = None,
) -> Array:  # fmt: skip
    """Scores of all aggregates (columns in the order of ``framework.aggregates``) from normalised indicators.

    ``threshold``: least share of a parent's parts that must stand, else its score is NaN (one number, or one a level).
    """
    known: dict[str, Array] = {code: x[:, j] for j, code in enumerate(framework.indicators)}
    for code in framework.aggregates:
        children = framework.children(code)
        part = np.column_stack([known[child] for child in children])
        weights = np.array([framework[child].weight for child in children])
        try:
            score = combine(part, weights, method_of(framework, code, method), options)
        except Unsuitable as error:
            raise Unsuitable(f"{code}: {error}") from None
        limit = (
            threshold
            if threshold is None or isinstance(threshold, (int, float))
            else threshold[_level(framework, code, len(threshold))]
        )
        if limit is not None:
            score = np.where((~np.isnan(part)).mean(axis=1) < limit, np.nan, score)
        known[code] = score
    return np.column_stack([known[code] for code in framework.aggregates])
