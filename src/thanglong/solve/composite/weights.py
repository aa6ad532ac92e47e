"""Weights: effective, noisy, equal, from principal components, from spread and conflict, optimised for correlation."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .aggregate import aggregate_tree, combine, method_of
from .errors import BadFramework, Degenerate, UnknownMethod, Unsuitable
from .multivariate import correlation, pca
from .types import Array, Framework, real


def effective(framework: Framework) -> dict[str, float]:
    """Share of each node in the index: the product of shares down the tree; each level sums to 1 in a complete tree."""
    share = {framework.root: 1.0}
    for code in reversed(framework.aggregates):
        children = framework.children(code)
        total = sum(framework[child].weight for child in children)
        if total == 0:
            raise BadFramework(f"the weights below {code} sum to zero")
        for child in children:
            share[child] = framework[child].weight / total * share[code]
    return {code: share[code] for code in framework.codes}


def equal(framework: Framework) -> dict[str, float]:
    """Weight 1 everywhere."""
    return dict.fromkeys(framework.codes, 1.0)


def noisy(framework: Framework, noise: Mapping[int, float], draws: int, rng: np.random.Generator) -> dict[str, Array]:
    """``draws`` weight sets: at each level of ``noise`` weight * (1 + f u), u uniform on [-1, 1]; other levels as
    given."""
    out = {node.code: np.full(draws, node.weight) for node in framework.nodes}
    for level, factor in noise.items():
        if not 0 <= factor <= 1:
            raise Unsuitable(f"noise of {factor} at level {level}: choose 0 to 1, so that no weight turns negative")
        for code in framework.at_level(level):
            out[code] = framework[code].weight * (1 + factor * (2 * rng.random(draws) - 1))
    return out


def from_pca(x: Array, codes: Sequence[str], framework: Framework, by_group: bool = True) -> dict[str, float]:
    """Loadings of the first principal component of the standardised columns, within each parent (``by_group``) or at
    once.

    The sign of a component is arbitrary: it is turned so that the loadings sum to a positive number. Loadings may be
    negative: a column that moves against the rest. ``x`` holds the columns ``codes``, all of one level.
    """
    parents = [framework[code].parent for code in codes] if by_group else [None] * len(codes)
    out: dict[str, float] = {}
    for parent in dict.fromkeys(parents):
        at = [j for j, p in enumerate(parents) if p == parent]
        loading = pca(x[:, at]).rotation[:, 0] if len(at) > 1 else np.ones(1)
        out |= {codes[j]: float(value) for j, value in zip(at, loading, strict=True)}
    return out


def entropy(x: Array) -> Array:
    """Entropy weights of non-negative columns (Shannon; Zeleny 1982): a column that tells units apart weighs more."""
    if np.isnan(x).any() or (x < 0).any():
        raise Unsuitable("entropy weights need complete, non-negative columns")
    if len(x) < 2 or (x.sum(axis=0) == 0).any():
        raise Degenerate("entropy weights need at least two units and no column of zeros")
    p = x / x.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        e = -np.where(p > 0, p * np.log(p), 0.0).sum(axis=0) / np.log(len(x))
    d = np.maximum(1 - e, 0.0)
    if d.sum() < 1e-12:
        raise Degenerate("no column tells the units apart")
    return real(d / d.sum())


def critic(x: Array) -> Array:
    """CRITIC weights (Diakoulaki et al. 1995): spread of the 0..1 scaled column times its conflict with the others."""
    low, high = np.nanmin(x, axis=0), np.nanmax(x, axis=0)
    if np.any(low == high):
        raise Degenerate("CRITIC weights need spread in every column")
    z = (x - low) / (high - low)
    c = np.nanstd(z, axis=0) * (1 - correlation(z)).sum(axis=0)
    return real(c / c.sum())


def spread(x: Array) -> Array:
    """Weights in proportion to the standard deviation of each column."""
    s = np.nanstd(x, axis=0, ddof=1)
    if s.sum() == 0:
        raise Degenerate("no column has spread")
    return real(s / s.sum())


@dataclass(frozen=True, slots=True)
class Optimised:
    """Result of :func:`optimise`: weights (sum 1), the correlation of each part with the index, the objective
    reached."""

    codes: tuple[str, ...]
    weights: Array
    correlations: Array
    objective: float
    desired: Array | None


def optimise(
    x: Array, framework: Framework, level: int, kind: str = "balance", importance: Sequence[float] | None = None,
    *, correlation_kind: str = "pearson", non_negative: bool = False, method: str | Sequence[str] | Mapping[str,
    str] = "arithmetic",
) -> Optimised:  # fmt: skip
    """Weights of one level so that the parts' correlations with the index are balanced, or as large as can be.

    ``balance``: minimise the mean squared gap between shares of correlation and ``importance`` (default equal), after
    Becker et al. (2017); ``infomax``: maximise the sum of correlations. ``x`` holds the normalised indicators. Without
    ``non_negative`` a weight may turn out below zero, as in COINr. Polished from several starts; deterministic.
    """
    if kind not in ("balance", "infomax"):
        raise UnknownMethod("optimisation", kind, ("balance", "infomax"))
    codes = framework.at_level(level)
    n = len(codes)
    if level >= framework.height or n < 2:
        raise Unsuitable(f"level {level} has nothing to weigh")
    desired = None
    if kind == "balance":
        desired = (
            np.ones(n) / n if importance is None else np.asarray(importance, dtype=np.float64) / np.sum(importance)
        )
        if len(desired) != n:
            raise Unsuitable(f"{len(desired)} importances for {n} parts: {', '.join(codes)}")

    above = _above(x, framework, codes, method)

    def correlations(w: Array) -> Array:
        total = w.sum()
        parts, index = above(w / (total if abs(total) > 1e-9 else 1e-9))
        return correlation(parts, correlation_kind, index[:, None])[:, 0]

    def objective(w: Array) -> float:
        c = correlations(w)
        if not np.isfinite(c).all():
            return 1e9
        return float(-c.sum()) if desired is None else float(np.mean((desired - c / c.sum()) ** 2))

    best = _search(objective, n, desired, non_negative, smooth=correlation_kind == "pearson")
    best = best / best.sum()
    return Optimised(codes, best, correlations(best), objective(best), desired)


def _above(
    x: Array, framework: Framework, codes: Sequence[str], method: str | Sequence[str] | Mapping[str, str]
) -> Callable[[Array], tuple[Array, Array]]:
    """Scores of one level, and a function from its weights to those scores and the index above them."""
    table = np.column_stack([x, aggregate_tree(x, framework, method)])
    known = {code: table[:, j] for j, code in enumerate(framework.codes)}
    parts = np.column_stack([known[code] for code in codes])
    level = framework.levels[codes[0]]
    higher = [
        (c, framework.children(c), method_of(framework, c, method))
        for c in framework.aggregates
        if framework.levels[c] > level
    ]

    def evaluate(w: Array) -> tuple[Array, Array]:
        given = framework.weights() | dict(zip(codes, w.tolist(), strict=True))
        for code, children, how in higher:
            known[code] = combine(
                np.column_stack([known[c] for c in children]), np.array([given[c] for c in children]), how
            )
        return parts, known[framework.root]

    return evaluate


def _search(
    objective: Callable[[Array], float], n: int, desired: Array | None, non_negative: bool, smooth: bool
) -> Array:
    from scipy import optimize

    starts = [np.ones(n) / n]
    if desired is not None and not np.allclose(desired, starts[0]):
        starts.append(desired)
    bounds = [(0.0, None)] * n if non_negative else None
    best, value = starts[0], np.inf
    for start in starts:
        found: Any = optimize.minimize(
            objective, start, method="Nelder-Mead", bounds=bounds,
            options={"maxiter": 400 * n, "maxfev": 400 * n, "xatol": 1e-6, "fatol": 1e-12, "adaptive": True},
        )  # fmt: skip
        if smooth:
            polish: Any = optimize.minimize(objective, found.x, method="L-BFGS-B", bounds=bounds)
            found = polish if polish.fun < found.fun else found
        if found.fun < value:
            best, value = found.x, float(found.fun)
    return np.asarray(best, dtype=np.float64)
