"""Outliers: winsorising, logarithms, Box-Cox, and the two-stage rule that joins them.

The rule (as in COINr's ``Treat``,
after the JRC handbook): a column passes when |skewness| < 2 or kurtosis < 3.5. One that
does not is winsorised, the most extreme value set to the next one, up to five points; one that still does not pass is
transformed from its *original* values (or, on request, from the winsorised ones). Directions are those of the raw data.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .columns import moments, passes
from .errors import Degenerate, UnknownMethod
from .types import Array, Bools, Ints, real


def log_ct(x: Array) -> Array:
    """log(x - min + 0.01 range) of each column."""
    low, high = np.nanmin(x, axis=0), np.nanmax(x, axis=0)
    return real(np.log(x - low + 0.01 * (high - low)))


def log_ct_plus(x: Array) -> Array:
    """:func:`log_ct` for positive skewness, and its mirror -log(max + 0.01 range - x) for negative."""
    low, high = np.nanmin(x, axis=0), np.nanmax(x, axis=0)
    s, _ = moments(x)
    a = 0.01 * (high - low)
    return real(np.where(s >= 0, np.log(x - low + a), -np.log(high + a - x)))


def log_ct_orig(x: Array) -> Array:
    """log(x - min + 1)."""
    return real(np.log(x - np.nanmin(x, axis=0) + 1))


def log_gii(x: Array) -> Array:
    """log((max - 1)(x - min)/(max - min) + 1), as in the Global Innovation Index.

    It turns the direction round where the maximum is below 1 and is undefined where it is not positive: both refused.
    """
    low, high = np.nanmin(x, axis=0), np.nanmax(x, axis=0)
    if np.any(high <= 1):
        raise Degenerate("log_gii needs a maximum above 1: below it the direction would turn round")
    return real(np.log((high - 1) * (x - low) / (high - low) + 1))


def boxcox(x: Array, power: float = 0.0, shift: bool = True) -> Array:
    """Box-Cox with a given power, of x - min + 1 (``shift``) or of x itself, which must then be positive."""
    base = x - np.nanmin(x, axis=0) + 1 if shift else x
    if np.any(base <= 0):
        raise Degenerate("Box-Cox without shift needs positive values")
    if power == 0:
        return np.log(base)
    return (base**power - 1) / power


TRANSFORMS: dict[str, Callable[[Array], Array]] = {
    "log_ct": log_ct, "log_ct_plus": log_ct_plus, "log_ct_orig": log_ct_orig, "log_gii": log_gii,
}  # fmt: skip


def winsorise(
    x: Array, most: int | None = 5, skew_limit: float = 2.0, kurtosis_limit: float = 3.5, force: bool = False
) -> tuple[Array, Ints, Array]:
    """Pull in extremes, one value at a time, until each column passes or ``most`` points are changed.

    High values when skewness is >= 0, low ones else; tied points move together, so ``most`` may be passed by a tie.
    ``force`` goes on to ``most`` whatever the shape. Returns the new columns, points changed, and marks (+1 high, -1
    low).
    """
    y = x.copy()
    n = x.shape[1]
    count = np.zeros(n, dtype=np.int64)
    n_high, n_low = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    marks = np.zeros(x.shape)
    limit = x.shape[0] if most is None else most
    open_ = np.ones(n, dtype=bool) if force else ~passes(x, skew_limit, kurtosis_limit)
    open_ &= (count < limit) & (_spread(y) > 0)
    while open_.any():
        at = np.flatnonzero(open_)
        part = y[:, at]
        up = moments(part)[0] >= 0
        _pull(part, marks, at, up, n_high, n_low)
        y[:, at] = part
        count[at] = n_high[at] + n_low[at]
        still = np.ones(len(at), dtype=bool) if force else ~passes(part, skew_limit, kurtosis_limit)
        open_[at] = still & (count[at] < limit) & (_spread(part) > 0)
    return y, count, marks


def _spread(x: Array) -> Array:
    with np.errstate(invalid="ignore"):
        return real(np.fmax.reduce(x, axis=0) - np.fmin.reduce(x, axis=0))


def _pull(part: Array, marks: Array, at: Ints, up: Bools, n_high: Ints, n_low: Ints) -> None:
    """Set the extremes of each column of ``part`` to the next value, in place."""
    sign = np.where(up, 1.0, -1.0)
    z = part * sign
    top = np.fmax.reduce(z, axis=0)
    hit = z == top
    following = np.fmax.reduce(np.where(hit, -np.inf, np.where(np.isnan(z), -np.inf, z)), axis=0)
    part[:] = np.where(hit, following * sign, part)
    marks[:, at] = np.where(hit, sign, marks[:, at])
    size = hit.sum(axis=0)
    n_high[at] = np.where(up, size, n_high[at])
    n_low[at] = np.where(up, n_low[at], size)


@dataclass(frozen=True, slots=True)
class Treatment:
    """What :func:`treat` did: the new columns; per column whether it passed at each stage, its shape, and points
    moved."""

    values: Array
    passed: tuple[Bools, Bools, Bools]
    skew: tuple[Array, Array, Array]
    kurtosis: tuple[Array, Array, Array]
    winsorised: Ints
    transformed: Bools
    marks: Array


def treat(
    x: Array,
    *,
    most: int | None = 5,
    then: str | None = "log_ct",
    power: float = 0.0,
    skew_limit: float = 2.0,
    kurtosis_limit: float = 3.5,
    combine: bool = False,
    force: bool = False,
) -> Treatment:
    """The two-stage rule on every column of ``x``.

    ``most`` points may be winsorised (0: none, None: no limit); ``then`` names the second stage (:data:`TRANSFORMS`,
    ``boxcox`` with ``power``, or None). Raises when a transformation fails: a column is never left untreated in
    silence.
    """
    if then is not None and then != "boxcox" and then not in TRANSFORMS:
        raise UnknownMethod("transformation", then, [*TRANSFORMS, "boxcox"])
    shape0 = moments(x)
    ok0 = passes(x, skew_limit, kurtosis_limit)
    y, count, marks = winsorise(x, most, skew_limit, kurtosis_limit, force)
    shape1 = moments(y)
    ok1 = passes(y, skew_limit, kurtosis_limit)
    again = np.flatnonzero(~ok1)
    out, ok2, s2, k2 = y.copy(), ok1.copy(), shape1[0].copy(), shape1[1].copy()
    transformed = np.zeros(x.shape[1], dtype=bool)
    if then is not None and len(again):
        source = (y if combine else x)[:, again]
        out[:, again] = boxcox(source, power) if then == "boxcox" else TRANSFORMS[then](source)
        s2[again], k2[again] = moments(out[:, again])
        ok2[again] = passes(out[:, again], skew_limit, kurtosis_limit)
        transformed[again] = True
        if not combine:
            marks[:, again] = 0
    return Treatment(
        out, (ok0, ok1, ok2), (shape0[0], shape1[0], s2), (shape0[1], shape1[1], k2), count, transformed, marks
    )
