"""Filling gaps, in the ways COINr offers and a few more. What was present is never changed (bit for bit)."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .errors import BadFramework, UnknownMethod
from .types import Array, Framework, Panel

METHODS = (
    "none", "mean", "median", "group_mean", "group_median", "row_mean", "row_median", "latest", "linear", "constant",
    "em",
)  # fmt: skip


def _centre(x: Array, median: bool) -> Array:
    """Mean or median of each column; NaN where a column is empty, without a warning."""
    full = ~np.isnan(x).all(axis=0)
    out = np.full(x.shape[1], np.nan)
    if x.shape[0]:
        out[full] = (np.nanmedian if median else np.nanmean)(x[:, full], axis=0)
    return out


def by_column(x: Array, median: bool = False) -> Array:
    """Gaps take the mean (median) of their column."""
    return np.where(np.isnan(x), _centre(x, median), x)


def by_group(x: Array, labels: Sequence[str], median: bool = False) -> Array:
    """Gaps take the mean (median) of their column among units with the same label."""
    y = x.copy()
    tags = np.asarray(labels)
    for label in np.unique(tags):
        at = tags == label
        y[at] = by_column(x[at], median)
    return y


def by_row(x: Array, direction: Array, median: bool = False, normalise_first: bool = True) -> Array:
    """Gaps take the mean (median) of the unit's other indicators, measured on a 0..1 scale unless told otherwise."""
    if not normalise_first:
        return np.where(np.isnan(x), _centre(x.T, median)[:, None], x)
    z = x * direction
    low, high = np.fmin.reduce(z, axis=0), np.fmax.reduce(z, axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        unit = (z - low) / (high - low)
    guess = _centre(unit.T, median)[:, None] * (high - low) + low
    return np.where(np.isnan(x), guess * direction, x)


def by_em(x: Array, rounds: int = 200, tolerance: float = 1e-9) -> Array:
    """Gaps take their expectation under a multivariate normal fitted by expectation-maximisation (Little and Rubin
    2002).

    A ridge of 1e-8 of the variance keeps the covariance invertible; columns are standardised inside.
    """
    there = ~np.isnan(x)
    mean, sd = _centre(x, False), np.nanstd(x, axis=0)
    sd = np.where(sd > 0, sd, 1.0)
    z = np.where(there, (x - mean) / sd, 0.0)
    n, p = z.shape
    mu, cov = z.mean(axis=0), np.cov(z, rowvar=False, bias=True).reshape(p, p) + 1e-8 * np.eye(p)
    for _ in range(rounds):
        before, extra = z.copy(), np.zeros((p, p))
        for i in np.flatnonzero(~there.all(axis=1)):
            gap, have = ~there[i], there[i]
            slope = (
                np.linalg.solve(cov[np.ix_(have, have)], cov[np.ix_(have, gap)])
                if have.any()
                else np.zeros((0, gap.sum()))
            )
            z[i, gap] = mu[gap] + (z[i, have] - mu[have]) @ slope
            extra[np.ix_(gap, gap)] += cov[np.ix_(gap, gap)] - cov[np.ix_(gap, have)] @ slope
        mu = z.mean(axis=0)
        d = z - mu
        cov = (d.T @ d + extra) / n + 1e-8 * np.eye(p)
        if np.abs(z - before).max() < tolerance:
            break
    return np.where(there, x, z * sd + mean)


def over_time(values: Array, units: Sequence[str], times: Array, method: str, reach: float | None = None) -> Array:
    """Gaps of a unit's series: ``latest`` takes its last value before, ``linear`` the line between neighbours.

    ``linear`` does not go beyond the ends; ``reach`` limits how many time steps back ``latest`` looks.
    """
    out = values.copy()
    names = np.asarray(units)
    for unit in dict.fromkeys(units):
        rows = np.flatnonzero(names == unit)
        rows = rows[np.argsort(times[rows], kind="stable")]
        t, part = times[rows], values[rows]
        for j in np.flatnonzero(np.isnan(part).any(axis=0)):
            have = ~np.isnan(part[:, j])
            if have.any():
                out[rows, j] = _series(t, part[:, j], have, method, reach)
    return out


def _series(t: Array, y: Array, have: np.ndarray[Any, np.dtype[np.bool_]], method: str, reach: float | None) -> Array:
    if method == "linear":
        guess = np.interp(t, t[have], y[have], left=np.nan, right=np.nan) if have.sum() > 1 else np.full(len(t), np.nan)
        return np.where(have, y, guess)
    last = np.maximum.accumulate(np.where(have, np.arange(len(t)), -1))
    guess = np.where(last >= 0, y[np.maximum(last, 0)], np.nan)
    if reach is not None:
        guess = np.where(t - t[np.maximum(last, 0)] <= reach, guess, np.nan)
    return np.where(have, y, guess)


def impute(
    panel: Panel, framework: Framework, method: str = "mean", *, group: str | None = None, level: int | None = None,
    normalise_first: bool = True, value: float = 0.0, reach: float | None = None,
) -> Panel:  # fmt: skip
    """Fill gaps of the framework's indicators. Methods: :data:`METHODS`.

    ``group`` names the labels for the group methods; ``level`` keeps row methods within each aggregate of that level.
    Column methods work within each time of a panel. Gaps a method cannot fill stay NaN.
    """
    if method not in METHODS:
        raise UnknownMethod("imputation", method, METHODS)
    codes = framework.indicators
    x = panel.columns(codes)
    direction = np.array([framework[c].direction for c in codes], dtype=np.float64)
    if method in ("latest", "linear"):
        if panel.times is None:
            raise BadFramework(f"{method} needs a panel with times")
        y = over_time(x, panel.units, panel.times, method, reach)
    elif method == "constant":
        y = np.where(np.isnan(x), value, x)
    elif method == "none":
        y = x
    else:
        y = x.copy()
        for rows in panel.years():
            y[rows] = _one_year(x[rows], direction, framework, panel, rows, method, group, level, normalise_first)
    values = panel.values.copy()
    at = {code: j for j, code in enumerate(panel.codes)}
    values[:, [at[c] for c in codes]] = y
    return Panel(panel.units, panel.codes, values, panel.groups, panel.times)


def _one_year(
    x: Array, direction: Array, framework: Framework, panel: Panel, rows: np.ndarray[Any, np.dtype[np.int64]], method:
    str,
    group: str | None, level: int | None, normalise_first: bool,
) -> Array:  # fmt: skip
    median = method.endswith("median")
    if method == "em":
        return by_em(x)
    if method.startswith("group"):
        if group is None or group not in panel.groups:
            raise BadFramework(f"the panel has no group {group!r}; it has: {', '.join(panel.groups) or 'none'}")
        return by_group(x, [panel.groups[group][int(i)] for i in rows], median)
    if not method.startswith("row"):
        return by_column(x, median)
    if level is None:
        return by_row(x, direction, median, normalise_first)
    y = x.copy()
    above = [framework.ancestor(c, level) for c in framework.indicators]
    for parent in dict.fromkeys(above):
        at = np.array([a == parent for a in above])
        y[:, at] = by_row(x[:, at], direction[at], median, normalise_first)
    return y
