"""How indicators move together: correlations, reliability, principal components, and flags for the analyst."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .columns import mid_ranks
from .errors import Degenerate, UnknownMethod
from .types import Array, Framework

_TESTS = {"pearson": "pearsonr", "spearman": "spearmanr", "kendall": "kendalltau"}
KINDS = ("pearson", "spearman", "kendall")


def _pairwise_pearson(x: Array, y: Array) -> Array:
    """Pearson correlations of columns of x with columns of y over pairwise complete rows."""
    a, b = (~np.isnan(x)).astype(np.float64), (~np.isnan(y)).astype(np.float64)
    # centre first: sums of squares of centred data keep their digits
    x0 = np.where(a > 0, x - np.where(a > 0, x, 0).sum(0) / np.maximum(a.sum(0), 1), 0.0)
    y0 = np.where(b > 0, y - np.where(b > 0, y, 0).sum(0) / np.maximum(b.sum(0), 1), 0.0)
    n = a.T @ b
    with np.errstate(invalid="ignore", divide="ignore"):
        sx, sy = x0.T @ b, a.T @ y0
        cov = x0.T @ y0 - sx * sy / n
        vx = (x0 * x0).T @ b - sx * sx / n
        vy = a.T @ (y0 * y0) - sy * sy / n
        r = cov / np.sqrt(vx * vy)
    return np.where((n > 1) & (vx > 1e-300) & (vy > 1e-300), np.clip(r, -1, 1), np.nan)


def correlation(x: Array, kind: str = "pearson", y: Array | None = None) -> Array:
    """Correlations of the columns of ``x`` with each other (or with those of ``y``) over pairwise complete rows.

    ``kind``: pearson, spearman (mid-ranks among the pair's complete rows) or kendall (tau-b). NaN for constant columns.
    """
    if kind not in KINDS:
        raise UnknownMethod("correlation", kind, KINDS)
    other = x if y is None else y
    if kind == "pearson":
        return _pairwise_pearson(x, other)
    if kind == "spearman" and not (np.isnan(x).any() or np.isnan(other).any()):
        return _pairwise_pearson(mid_ranks(x), mid_ranks(other))
    out = np.full((x.shape[1], other.shape[1]), np.nan)
    for i in range(x.shape[1]):
        for j in range(other.shape[1]):
            both = ~np.isnan(x[:, i]) & ~np.isnan(other[:, j])
            pair = np.column_stack([x[both, i], other[both, j]])
            if kind == "kendall":
                out[i, j] = _kendall(pair[:, 0], pair[:, 1])
            elif len(pair) > 1:
                out[i, j] = _pairwise_pearson(mid_ranks(pair[:, :1]), mid_ranks(pair[:, 1:]))[0, 0]
    return out


def _kendall(a: Array, b: Array) -> float:
    """tau-b: concordant less discordant pairs over the geometric mean of untied pairs."""
    s, t = np.sign(a[:, None] - a[None, :]), np.sign(b[:, None] - b[None, :])
    scale = np.sqrt((s * s).sum() * (t * t).sum())
    return float((s * t).sum() / scale) if scale > 0 else np.nan


def p_values(x: Array, kind: str = "pearson") -> Array:
    """Two-sided p-value of each pair's correlation being zero (t test; for kendall the normal or exact test of
    SciPy)."""
    from scipy import stats

    n_columns = x.shape[1]
    out = np.full((n_columns, n_columns), np.nan)
    for i in range(n_columns):
        for j in range(i, n_columns):
            both = ~np.isnan(x[:, i]) & ~np.isnan(x[:, j])
            if both.sum() > 2 and np.ptp(x[both, i]) > 0 and np.ptp(x[both, j]) > 0:
                test: Callable[[Array, Array], Any] = getattr(stats, _TESTS[kind])
                out[i, j] = out[j, i] = float(test(x[both, i], x[both, j]).pvalue)
    return out


def cronbach(x: Array) -> float:
    """Cronbach's alpha: k^2 * mean off-diagonal covariance / sum of all covariances, covariances pairwise complete."""
    k = x.shape[1]
    if k < 2:
        raise Degenerate("Cronbach's alpha needs at least two columns")
    c = covariance(x)
    total = c.sum()
    if not total > 0:
        raise Degenerate("Cronbach's alpha is undefined: the sum of the columns does not vary")
    off = (total - np.trace(c)) / (k * (k - 1))
    return float(k * k * off / total)


def covariance(x: Array) -> Array:
    """Sample covariances over pairwise complete rows."""
    there = (~np.isnan(x)).astype(np.float64)
    x0 = np.where(there > 0, x - np.nansum(x, axis=0) / np.maximum(there.sum(0), 1), 0.0)
    n = there.T @ there
    s = x0.T @ there
    with np.errstate(invalid="ignore", divide="ignore"):
        c: Array = (x0.T @ x0 - s * s.T / n) / (n - 1)
    return c


@dataclass(frozen=True, slots=True)
class Components:
    """Principal components of standardised columns: ``rotation[:, k]`` the loadings, ``sdev[k]`` the spread of
    component k."""

    rotation: Array
    sdev: Array
    share: Array
    rows: int


def pca(x: Array) -> Components:
    """Principal components of the correlation matrix, over rows without gaps. Signs: loadings sum to zero or more."""
    rows = x[~np.isnan(x).any(axis=1)]
    if len(rows) < 2:
        raise Degenerate("principal components need at least two complete rows")
    d = rows - rows.mean(axis=0)
    sd = np.sqrt((d * d).sum(axis=0) / (len(rows) - 1))
    if np.any(sd <= 1e-12 * np.maximum(np.abs(rows).max(axis=0), 1e-300)):
        raise Degenerate("principal components need spread in every column")
    _, s, vt = np.linalg.svd(d / sd, full_matrices=False)
    sdev = s / np.sqrt(len(rows) - 1)
    rotation = vt.T
    rotation = rotation * np.where(rotation.sum(axis=0) < 0, -1.0, 1.0)
    return Components(rotation, sdev, sdev**2 / (sdev**2).sum(), len(rows))


@dataclass(frozen=True, slots=True)
class Pair:
    """Two columns and their correlation; ``group`` the aggregate that holds both."""

    first: str
    second: str
    value: float
    group: str = ""


def flags(
    x: Array, framework: Framework, limit: float = 0.9, *, low: bool = False, level: int = 2, kind: str = "pearson"
) -> list[Pair]:
    """Pairs of indicators within one aggregate of ``level`` correlated above (or, ``low``, below) a limit."""
    codes = framework.indicators
    r = correlation(x, kind)
    above = [framework.ancestor(code, level) for code in codes]
    return [
        Pair(codes[i], codes[j], float(r[i, j]), str(above[i]))
        for i in range(len(codes))
        for j in range(i)
        if above[i] == above[j] and above[i] is not None and ((r[i, j] < limit) if low else (r[i, j] > limit))
    ]


def with_denominators(
    x: Array, codes: Sequence[str], d: Array, names: Sequence[str], limit: float = 0.6, kind: str = "pearson"
) -> list[Pair]:
    """Indicators that follow a denominator closely (|r| above ``limit``): they may need denominating."""
    r = correlation(x, kind, d)
    return [
        Pair(codes[i], names[j], float(r[i, j]))
        for i in range(len(codes)) for j in range(len(names)) if abs(r[i, j]) > limit
    ]  # fmt: skip


def influence(indicators: Array, scores: Array, kind: str = "pearson") -> Array:
    """Effective influence: each column's squared correlation with the index over the sum, to be shown beside its
    weight."""
    r2 = correlation(indicators, kind, scores[:, None])[:, 0] ** 2
    total: Array = r2 / np.nansum(r2)
    return total
