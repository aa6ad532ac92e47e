"""Normalising: indicators of many units onto one scale. ``x`` is already turned so that more is better, unless said.

Every function takes rows by columns and gives the same shape; NaN stays NaN. A column without spread cannot be placed
on
a scale that its own extremes define: that is an error that names the column, unless ``flat`` gives the score to use.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .columns import ranks_up
from .errors import Degenerate, UnknownMethod, Unsuitable
from .types import Array, Bools, real


def _extremes(x: Array) -> tuple[Array, Array]:
    return np.fmin.reduce(x, axis=0), np.fmax.reduce(x, axis=0)


def minmax(x: Array, lower: float = 0.0, upper: float = 100.0) -> Array:
    """(x - min)/(max - min), stretched onto [lower, upper]."""
    low, high = _extremes(x)
    return (x - low) / (high - low) * (upper - lower) + lower


def scaled(x: Array, lower: float = 0.0, upper: float = 100.0, factor: float = 100.0) -> Array:
    """(x - lower)/(upper - lower) * factor, the same line for every column."""
    return (x - lower) / (upper - lower) * factor


def zscore(x: Array, mean: float = 0.0, sd: float = 1.0) -> Array:
    """(x - mean(x))/sd(x) * sd + mean with the sample standard deviation (n - 1)."""
    n = (~np.isnan(x)).sum(axis=0)
    centre = np.nansum(x, axis=0) / n
    d = x - centre
    spread = np.sqrt(np.nansum(d * d, axis=0) / (n - 1))
    return real(d / spread * sd + mean)


def dist2max(x: Array) -> Array:
    """1 - (max - x)/(max - min): the distance to the best, 0..1."""
    low, high = _extremes(x)
    return 1 - (high - x) / (high - low)


def dist2ref(x: Array, reference: int, cap: bool = False) -> Array:
    """1 - (ref - x)/(ref - min), the reference being row ``reference`` (0-based); ``cap`` limits at 1."""
    low, _ = _extremes(x)
    ref = x[reference]
    with np.errstate(divide="ignore", invalid="ignore"):
        y = 1 - (ref - x) / (ref - low)
    return np.where(y > 1, 1.0, y) if cap else y


def dist2target(x: Array, target: Array, direction: Array, cap: bool = False) -> Array:
    """Distance to a target, with x on its own scale: (x - min)/(t - min) for +1, (max - x)/(max - t) for -1."""
    low, high = _extremes(x)
    y = np.where(direction > 0, (x - low) / (target - low), (high - x) / (high - target))
    return np.where(y > 1, 1.0, y) if cap else y


def fracmax(x: Array) -> Array:
    """x / max(x); with a maximum of zero or less it has no meaning."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return real(x / np.fmax.reduce(x, axis=0))


def rank(x: Array) -> Array:
    """Ascending rank, ties at the lowest."""
    return ranks_up(x)


def borda(x: Array) -> Array:
    """Rank - 1."""
    return ranks_up(x) - 1


def percentile(x: Array) -> Array:
    """(rank - 1)/(n - 1)."""
    return real((ranks_up(x) - 1) / ((~np.isnan(x)).sum(axis=0) - 1))


def goalposts(x: Array, low: Array, high: Array, direction: Array, clip: bool = True, scale: float = 1.0) -> Array:
    """(x - low)/(high - low) between fixed posts, x and posts on the indicator's own scale; for -1 the posts change
    ends."""
    a, b = np.where(direction > 0, low, high), np.where(direction > 0, high, low)
    y = (x - a) / (b - a)
    return real((np.clip(y, 0.0, 1.0) if clip else y) * scale)


def category(x: Array, scores: Sequence[float] = (0, 20, 40, 60, 80, 100), cuts: Sequence[float] = ()) -> Array:
    """Score of the quantile class a value falls in (``cuts`` as probabilities; by default as many equal classes as
    scores)."""
    levels = np.asarray(cuts if len(cuts) else np.arange(1, len(scores)) / len(scores))
    edges = np.nanquantile(x, levels, axis=0)
    at = (x[None] > edges[:, None, :]).sum(axis=0)
    return np.where(np.isnan(x), np.nan, np.asarray(scores, dtype=np.float64)[at])


def around_mean(x: Array, share: float = 0.2) -> Array:
    """Above (+1), near (0) or below (-1) the mean; near is within ``share`` of it (OECD handbook 2008, section 5)."""
    mean = np.nanmean(x, axis=0)
    near = np.abs(mean) * share
    return np.where(np.isnan(x), np.nan, np.where(x > mean + near, 1.0, np.where(x < mean - near, -1.0, 0.0)))


def logistic(x: Array) -> Array:
    """1/(1 + exp(-z)) of the z-score, 0..1: spreads the middle, calms the ends."""
    return 1 / (1 + np.exp(-zscore(x)))


def robust(x: Array) -> Array:
    """(x - median) / (1.4826 MAD): a z-score that outliers cannot move."""
    middle = np.nanmedian(x, axis=0)
    return (x - middle) / (1.4826 * np.nanmedian(np.abs(x - middle), axis=0))


_PLAIN: dict[str, tuple[Callable[..., Array], tuple[str, ...]]] = {
    "minmax": (minmax, ("lower", "upper")), "scaled": (scaled, ("lower", "upper", "factor")),
    "zscore": (zscore, ("mean", "sd")), "dist2max": (dist2max, ()), "dist2ref": (dist2ref, ("reference", "cap")),
    "fracmax": (fracmax, ()), "rank": (rank, ()), "borda": (borda, ()), "percentile": (percentile, ()),
    "category": (category, ("scores", "cuts")), "around_mean": (around_mean, ("share",)), "logistic": (logistic, ()),
    "robust": (robust, ()),
}  # fmt: skip
_OWN_SCALE = {"dist2target": ("cap",), "goalposts": ("clip", "scale")}
METHODS = (*_PLAIN, *_OWN_SCALE, "none")
# methods whose scale comes from the column's own spread
_NEEDS_SPREAD = {"minmax", "zscore", "dist2max", "logistic"}


def normalise(
    x: Array,
    direction: Array,
    method: str = "minmax",
    options: Mapping[str, Any] | None = None,
    *,
    codes: Sequence[str] = (),
    targets: Array | None = None,
    posts: tuple[Array, Array] | None = None,
    flat: float | None = None,
) -> Array:
    """Normalise columns on their own scales; ``direction`` (+1/-1 a column) turns them.

    Options a method does not know are refused. ``targets`` and ``posts`` serve ``dist2target`` and ``goalposts``.
    """
    if method not in METHODS:
        raise UnknownMethod("normalisation", method, METHODS)
    given = dict(options or {})
    known = _OWN_SCALE.get(method) or (_PLAIN[method][1] if method in _PLAIN else ())
    strange = sorted(set(given) - set(known))
    if strange:
        raise UnknownMethod(f"option of {method}", strange[0], known)
    names = list(codes) or [str(j) for j in range(x.shape[1])]
    if method == "none":
        return x * direction
    dead = (
        _flat_columns(x) if method in _NEEDS_SPREAD or (method == "dist2target") else np.zeros(x.shape[1], dtype=bool)
    )
    if dead.any() and flat is None:
        raise Degenerate(f"no spread, so {method} is undefined: {', '.join(np.array(names)[dead])}")
    with np.errstate(divide="ignore", invalid="ignore"):
        y = _apply(x, direction, method, given, names, targets, posts)
    if dead.any() and flat is not None:
        y = np.where(dead[None, :] & ~np.isnan(x), flat, y)
    return y


def _flat_columns(x: Array) -> Bools:
    low, high = _extremes(x)
    flat: Bools = ~(high > low)
    return flat


def _apply(
    x: Array, direction: Array, method: str, given: Mapping[str, Any], names: Sequence[str],
    targets: Array | None, posts: tuple[Array, Array] | None,
) -> Array:  # fmt: skip
    if method == "goalposts":
        if posts is None or np.isnan(posts[0]).any() or np.isnan(posts[1]).any():
            gap = (
                names
                if posts is None
                else [c for c, a, b in zip(names, *posts, strict=True) if np.isnan(a) or np.isnan(b)]
            )
            raise Unsuitable(f"no goalposts given for: {', '.join(gap)}")
        return goalposts(x, posts[0], posts[1], direction, **given)
    if method == "dist2target":
        if targets is None or np.isnan(targets).any():
            gap = names if targets is None else [c for c, t in zip(names, targets, strict=True) if np.isnan(t)]
            raise Unsuitable(f"no target given for: {', '.join(gap)}")
        return dist2target(x, targets, direction, **given)
    return _PLAIN[method][0](x * direction, **given)
