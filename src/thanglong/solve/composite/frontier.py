"""Weights that a unit would choose itself: benefit of the doubt; and what all weights say together: SMAA."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .errors import CompositeError, Unsuitable
from .factors import WeightSimplex, design, uniforms
from .types import Array, Framework, Ints, Panel, Pipeline


@dataclass(frozen=True, slots=True)
class Doubt:
    """Benefit-of-the-doubt scores (0..1], the weights each unit chose, and each part's share of the unit's score."""

    scores: Array
    weights: Array
    shares: Array
    peers: tuple[tuple[int, ...], ...]


def benefit_of_the_doubt(x: Array, least: float = 0.0, most: float = 1.0) -> Doubt:
    """Score of each unit under the weights that suit it best, against all others under the same weights.

    Melyn and Moesen (1991), Cherchye et al. (2007): max w'x_i with w'x_j <= 1 for every j and w >= 0, solved by HiGHS.
    ``least`` and ``most`` bound each part's share w_r x_ir in the unit's own score, so that nobody lives on one
    indicator.
    ``x``: complete, zero or more, more is better.
    """
    from scipy import optimize

    if np.isnan(x).any() or (x < 0).any():
        raise Unsuitable("benefit of the doubt needs complete values of zero or more")
    n, m = x.shape
    if not 0 <= least <= 1 / m <= most <= 1:
        raise Unsuitable(f"bounds of a share must enclose 1/{m}")
    top = x.max(axis=0)
    if (top == 0).any():
        raise Unsuitable("a column of zeros cannot carry weight")
    z = x / top  # unit invariance: solve on the scale of each column's best
    weights, scores = np.zeros((n, m)), np.zeros(n)
    for i in range(n):
        if least > 0 and (z[i] == 0).any():
            raise Unsuitable(f"row {i} has a zero, which cannot have a share of {least}")
        rows, limits = _share_bounds(z[i], least, most)
        found = optimize.linprog(
            -z[i],
            A_ub=np.vstack([z, rows]),
            b_ub=np.concatenate([np.ones(n), limits]),
            bounds=(0, None),
            method="highs",
        )
        if found.x is None:
            raise CompositeError(f"no weights satisfy the bounds for row {i}: {found.message}")
        weights[i], scores[i] = found.x, float(z[i] @ found.x)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = np.where(scores[:, None] > 0, weights * z / scores[:, None], 0.0)
    reach = z @ weights.T
    peers = tuple(tuple(int(j) for j in np.flatnonzero(reach[:, i] > 1 - 1e-9)) for i in range(n))
    return Doubt(scores, weights / top, shares, peers)


def _share_bounds(row: Array, least: float, most: float) -> tuple[Array, Array]:
    """w_r x_r >= least * sum and <= most * sum, as rows of A_ub w <= 0."""
    m, rows = len(row), []
    for r in range(m):
        own = np.zeros(m)
        own[r] = row[r]
        if least > 0:
            rows.append(least * row - own)
        if most < 1:
            rows.append(own - most * row)
    return (np.array(rows), np.zeros(len(rows))) if rows else (np.empty((0, m)), np.empty(0))


@dataclass(frozen=True, slots=True)
class Smaa:
    """Stochastic multicriteria acceptability: shares of rank (units by ranks), the weights that favour each unit,
    duels.

    ``central`` is NaN for a unit that no drawn weight puts first; ``confidence`` is the share of draws' agreement
    that a
    unit leads when weights are at its centre (1 or 0 with certain data); ``wins[i, j]``: share of draws with i ahead
    of j.
    """

    units: tuple[str, ...]
    codes: tuple[str, ...]
    acceptability: Array
    central: Array
    wins: Array
    holistic: Array


def smaa(
    panel: Panel,
    framework: Framework,
    pipeline: Pipeline,
    levels: Sequence[int] = (1,),
    draws: int = 10_000,
    seed: int = 1,
) -> Smaa:
    """SMAA-2 (Lahdelma and Salminen 2001): what ranks are possible, and how often, when nothing is known of the
    weights.

    Weights of the named levels are uniform over the simplex within each parent. The holistic index weighs rank shares
    with centroid weights 1/n sum_{k>=r} 1/k.
    """
    from .draws import Engine

    factor = WeightSimplex(tuple(levels))
    plan = design(panel, framework, pipeline, [factor])
    engine = Engine(panel, plan)
    n = len(engine.units)
    ranks = np.zeros((draws, n), dtype=engine.dtype)

    def take(rows: Ints, found: "np.ndarray[tuple[int, ...], np.dtype[np.signedinteger]]") -> None:
        ranks[rows] = found

    u = uniforms(seed, 0, draws, plan.width)
    engine.evaluate(u, take)
    codes = [c for level in levels for c in framework.at_level(level)]
    shares = _shares_of(framework, codes, engine.raw_weights(u, engine.base.tree))
    accept = np.array([np.bincount(ranks[:, i], minlength=n + 1)[1:] for i in range(n)]) / draws
    best = (ranks == 1).astype(np.float64)
    with np.errstate(invalid="ignore"):
        central = best.T @ shares.T / best.sum(axis=0)[:, None]
    wins = np.array([(ranks[:, [i]] < ranks).mean(axis=0) for i in range(n)])
    meta = np.cumsum((1 / np.arange(1, n + 1))[::-1])[::-1] / n
    return Smaa(engine.units, tuple(codes), accept, central, wins, accept @ meta)


def _shares_of(framework: Framework, codes: Sequence[str], weights: Mapping[str, Array]) -> Array:
    return np.array([weights[c] / sum(weights[s] for s in framework.children(str(framework[c].parent))) for c in codes])


def topsis(x: Array, weights: Array) -> Array:
    """TOPSIS closeness (Hwang and Yoon 1981): distance to the worst over distance to best plus worst; vector
    normalised.

    ``x``: complete, more is better in every column.
    """
    if np.isnan(x).any():
        raise Unsuitable("TOPSIS needs complete values")
    length = np.sqrt((x * x).sum(axis=0))
    v = x / np.where(length > 0, length, 1.0) * (weights / weights.sum())
    best, worst = np.sqrt(((v - v.max(axis=0)) ** 2).sum(axis=1)), np.sqrt(((v - v.min(axis=0)) ** 2).sum(axis=1))
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(best + worst > 0, worst / (best + worst), 0.5), dtype=np.float64)
