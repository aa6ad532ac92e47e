"""Figures of columns: skewness, kurtosis, ranks, availability. A column is an axis-0 run of a 2-D array; NaN is
missing."""

from dataclasses import dataclass

import numpy as np

from .types import Array, Bools, Ints, real


def moments(x: Array) -> tuple[Array, Array]:
    """Skewness G1 and excess kurtosis G2 of each column (Joanes and Gill 1998, type 2, as in Excel).

    NaN where fewer than 3 (skewness) or 4 (kurtosis) values stand, or where the column is constant.
    """
    there = ~np.isnan(x)
    n = there.sum(axis=0).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(there, x, 0.0).sum(axis=0) / n
        d = np.where(there, x - mean, 0.0)
        d2 = d * d
        m2 = d2.sum(axis=0)
        m3 = (d2 * d).sum(axis=0)
        m4 = (d2 * d2).sum(axis=0)
        # a constant column leaves only rounding noise of its own size in the second moment
        noise = n * (np.finfo(np.float64).eps * 4 * np.abs(mean)) ** 2
        m2 = np.where(m2 > noise, m2, np.nan)
        skew = np.sqrt(n) * m3 / m2**1.5 * np.sqrt(n * (n - 1)) / (n - 2)
        r = n * m4 / m2**2
        kurt = ((n + 1) * (r - 3) + 6) * (n - 1) / ((n - 2) * (n - 3))
    return np.where(n >= 3, skew, np.nan), np.where(n >= 4, kurt, np.nan)


def skew(x: Array) -> Array:
    """Skewness of each column, see :func:`moments`."""
    return moments(x)[0]


def kurtosis(x: Array) -> Array:
    """Excess kurtosis of each column, see :func:`moments`."""
    return moments(x)[1]


def passes(x: Array, skew_limit: float = 2.0, kurtosis_limit: float = 3.5) -> Bools:
    """Columns without signs of outliers: |skewness| below its limit or kurtosis below its limit.

    A constant column, or one with fewer than four values, has no outliers and passes.
    """
    s, k = moments(x)
    return (np.abs(s) < skew_limit) | (k < kurtosis_limit) | np.isnan(s) | np.isnan(k)


def ranks_up(x: Array) -> Array:
    """Ascending ranks of each column, 1 = lowest; equal values share the lowest rank; NaN stays NaN."""
    order = np.argsort(x, axis=0, kind="stable")
    ordered = np.take_along_axis(x, order, axis=0)
    n = x.shape[0]
    first = np.ones(x.shape, dtype=bool)
    first[1:] = ordered[1:] != ordered[:-1]
    position = np.where(
        first, np.arange(1, n + 1, dtype=np.float64)[:, None] if x.ndim == 2 else np.arange(1.0, n + 1), 0
    )
    position = np.maximum.accumulate(position, axis=0)
    result = np.empty_like(x)
    np.put_along_axis(result, order, position, axis=0)
    return np.where(np.isnan(x), np.nan, result)


def ranks(scores: Array) -> Array:
    """Ranks as published: 1 = highest score, ties share the best rank, NaN stays NaN. Works along axis 0."""
    return ranks_up(-scores)


def mid_ranks(x: Array) -> Array:
    """Ascending ranks with ties at their average (for Spearman and Kendall's W)."""
    low, high = ranks_up(x), ranks_up(-x)
    n = (~np.isnan(x)).sum(axis=0)
    return real((low + n + 1 - high) / 2)


@dataclass(frozen=True, slots=True)
class ColumnStats:
    """One row a column: extremes, centre, spread, shape, availability, and flags (True = look here)."""

    codes: tuple[str, ...]
    minimum: Array
    maximum: Array
    mean: Array
    median: Array
    std: Array
    skew: Array
    kurtosis: Array
    n_available: Ints
    n_nonzero: Ints
    n_unique: Ints
    n_same: Ints
    low_available: Bools
    low_nonzero: Bools
    low_unique: Bools
    outliers: Bools


def column_stats(
    codes: tuple[str, ...],
    x: Array,
    *,
    skew_limit: float = 2.0,
    kurtosis_limit: float = 3.5,
    available: float = 0.65,
    nonzero: float = 0.5,
    unique: float = 0.5,
) -> ColumnStats:
    """Table of column figures. A flag is raised when a share falls below its limit, or both shape limits are passed."""
    n = x.shape[0]
    there = ~np.isnan(x)
    s, k = moments(x)
    kept = [x[there[:, j], j] for j in range(x.shape[1])]
    counts = [np.unique(column, return_counts=True)[1] for column in kept]
    n_unique = np.array([len(c) for c in counts], dtype=np.int64)
    n_same = np.array([c.max() if len(c) else 0 for c in counts], dtype=np.int64)
    n_nonzero = ((x != 0) & there).sum(axis=0)

    def each(f: "np.ufunc | object", least: int = 1) -> Array:
        return np.array([f(c) if len(c) >= least else np.nan for c in kept], dtype=np.float64)  # type: ignore[operator]

    return ColumnStats(
        codes, each(np.min), each(np.max), each(np.mean), each(np.median), each(lambda c: np.std(c, ddof=1), 2), s, k,
        there.sum(axis=0), n_nonzero, n_unique, n_same,
        there.sum(axis=0) / n < available, n_nonzero / n < nonzero, n_unique / n < unique,
        (np.abs(s) > skew_limit) & (k > kurtosis_limit),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Availability:
    """Per row: counts of missing and zero values, and their complements as shares."""

    missing: Ints
    zero: Ints
    available: Array
    nonzero: Array


def availability(x: Array) -> Availability:
    """Data availability of each row. ``nonzero`` is one less the share of zeros among the values that stand."""
    n = x.shape[1]
    missing = np.isnan(x).sum(axis=1)
    zero = (x == 0).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        nonzero = 1 - zero / (n - missing)
    return Availability(missing, zero, 1 - missing / n, nonzero)
