"""Weights by people: pairwise comparison (AHP), best-worst, swing, budget allocation, and Delphi rounds with
consensus."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .columns import mid_ranks
from .errors import CompositeError, UnknownMethod, Unsuitable
from .types import Array

# mean consistency index of random matrices by size; published tables differ, so every result names the one it used
RANDOM_INDEX: dict[str, dict[int, float]] = {
    "saaty": {1: 0.0, 2: 0.0, 3: 0.58, 4: 0.90, 5: 1.12, 6: 1.24, 7: 1.32, 8: 1.41, 9: 1.45, 10: 1.49},
    "saaty_2008": {1: 0.0, 2: 0.0, 3: 0.52, 4: 0.89, 5: 1.11, 6: 1.25, 7: 1.35, 8: 1.40, 9: 1.45, 10: 1.49},
    # Donegan and Dodd (1991), as the ahpy package has it
    "donegan_dodd": {
        1: 0.0, 2: 0.0, 3: 0.4914, 4: 0.8286, 5: 1.0591, 6: 1.1797, 7: 1.2519, 8: 1.3171, 9: 1.3733, 10: 1.4055,
    },
}  # fmt: skip
# consistency index of the best-worst method by the value of best over worst (Rezaei 2015)
BEST_WORST_INDEX = {1: 0.0, 2: 0.44, 3: 1.0, 4: 1.63, 5: 2.3, 6: 3.0, 7: 3.73, 8: 4.47, 9: 5.23}


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """AHP result: weights, largest eigenvalue, consistency index and ratio, and the random-index table behind the
    ratio."""

    weights: Array
    eigenvalue: float
    consistency_index: float
    consistency_ratio: float
    random_index: str


def pairwise_matrix(items: Sequence[str], judgements: Mapping[tuple[str, str], float]) -> Array:
    """Reciprocal matrix from judgements (a, b) -> how many times a counts as much as b; every pair must be judged
    once."""
    n, at = len(items), {item: i for i, item in enumerate(items)}
    m = np.eye(n)
    seen = np.eye(n, dtype=bool)
    for (a, b), value in judgements.items():
        if a not in at or b not in at or a == b or not value > 0:
            raise CompositeError(f"not a judgement: {a} against {b} = {value}")
        if seen[at[a], at[b]]:
            raise CompositeError(f"{a} against {b} is judged twice")
        m[at[a], at[b]], m[at[b], at[a]] = value, 1 / value
        seen[at[a], at[b]] = seen[at[b], at[a]] = True
    if not seen.all():
        i, j = np.argwhere(~seen)[0]
        raise CompositeError(f"{items[int(i)]} against {items[int(j)]} is not judged")
    return m


def ahp(matrix: Array, random_index: str = "saaty", method: str = "eigenvector") -> Hierarchy:
    """Weights of a reciprocal matrix (Saaty 1980): principal eigenvector, or row geometric means (Crawford 1987)."""
    n = len(matrix)
    if matrix.shape != (n, n) or not np.allclose(matrix * matrix.T, 1.0, rtol=1e-6) or (matrix <= 0).any():
        raise Unsuitable("a pairwise matrix is square, positive and reciprocal")
    if random_index not in RANDOM_INDEX:
        raise UnknownMethod("random-index table", random_index, list(RANDOM_INDEX))
    if method not in ("eigenvector", "geometric"):
        raise UnknownMethod("AHP method", method, ("eigenvector", "geometric"))
    if method == "eigenvector":
        values, vectors = np.linalg.eig(matrix)
        top = int(np.argmax(values.real))
        w = np.abs(vectors[:, top].real)
    else:
        w = np.exp(np.log(matrix).mean(axis=1))
    w = w / w.sum()
    eigenvalue = float((matrix @ w / w).mean())
    ci = (eigenvalue - n) / (n - 1) if n > 1 else 0.0
    table = RANDOM_INDEX[random_index]
    if n not in table:
        raise Unsuitable(f"the table {random_index} goes to {max(table)} items, not {n}: split the comparison")
    ratio = ci / table[n] if table[n] > 0 else 0.0
    return Hierarchy(w, eigenvalue, ci, ratio, random_index)


def group_matrix(matrices: Sequence[Array], voices: Sequence[float] | None = None) -> Array:
    """Judgements of several people as one matrix: the (weighted) geometric mean keeps it reciprocal (Aczel and Saaty
    1983)."""
    v = np.ones(len(matrices)) if voices is None else np.asarray(voices, dtype=np.float64)
    logs = np.tensordot(v / v.sum(), np.log(np.stack(matrices)), axes=1)
    return np.exp(np.asarray(logs, dtype=np.float64))


@dataclass(frozen=True, slots=True)
class BestWorst:
    """Best-worst weights with the largest deviation ``xi`` and the consistency ratio (lower is better)."""

    weights: Array
    xi: float
    consistency_ratio: float


def best_worst(best: int, worst: int, best_to_others: Sequence[float], others_to_worst: Sequence[float]) -> BestWorst:
    """Linear best-worst method (Rezaei 2016): min xi with |w_B - a_Bj w_j| <= xi, |w_j - a_jW w_W| <= xi, sum 1.

    ``best_to_others[j]``: how many times the best counts as much as j (1..9); ``others_to_worst[j]``: j against the
    worst.
    """
    from scipy import optimize

    n = len(best_to_others)
    b, w = np.asarray(best_to_others, dtype=np.float64), np.asarray(others_to_worst, dtype=np.float64)
    if len(w) != n or b[best] != 1 or w[worst] != 1 or (b < 1).any() or (w < 1).any() or (best == worst and n > 1):
        raise Unsuitable("comparisons are 1 or more, and 1 for the best with itself and the worst with itself")
    rows = []
    for j in range(n):
        for one, other, a in ((best, j, b[j]), (j, worst, w[j])):
            row = np.zeros(n + 1)
            row[one] += 1
            row[other] -= a
            rows += [np.concatenate([row[:n], [-1.0]]), np.concatenate([-row[:n], [-1.0]])]
    found = optimize.linprog(
        np.eye(n + 1)[n], A_ub=np.array(rows), b_ub=np.zeros(len(rows)), A_eq=np.array([[1.0] * n + [0.0]]), b_eq=[1.0],
        bounds=(0, None), method="highs",
    )  # fmt: skip
    if found.x is None:
        raise CompositeError(f"best-worst: {found.message}")
    xi = float(found.x[n])
    span = round(float(b[worst]))
    index = BEST_WORST_INDEX.get(span, 0.0)
    return BestWorst(np.asarray(found.x[:n], dtype=np.float64), xi, xi / index if index else 0.0)


def swing(points: Sequence[float]) -> Array:
    """Swing weights (von Winterfeldt and Edwards 1986): points for the swing from worst to best, the first swing
    100."""
    p = np.asarray(points, dtype=np.float64)
    if (p < 0).any() or not p.max() > 0 or not np.isfinite(p).all():
        raise Unsuitable("swing points are zero or more, at least one above zero")
    return np.asarray(p / p.sum(), dtype=np.float64)


def budget(allocations: Array, total: float = 100.0, trim: float = 0.0) -> Array:
    """Budget allocation: people (rows) spread ``total`` points over items; the weight is the (trimmed) mean share.

    A row that does not add up to ``total`` is an error that names it.
    """
    from scipy import stats

    a = np.atleast_2d(np.asarray(allocations, dtype=np.float64))
    wrong = np.flatnonzero((a < 0).any(axis=1) | (np.abs(a.sum(axis=1) - total) > 1e-6 * total))
    if len(wrong):
        raise Unsuitable(
            f"allocations must be zero or more and sum to {total:g}: see row(s) {', '.join(map(str, wrong))}"
        )
    mean = np.asarray(stats.trim_mean(a, trim, axis=0), dtype=np.float64) if trim else a.mean(axis=0)
    return np.asarray(mean / mean.sum(), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Consensus:
    """One Delphi round: centre and spread of each item, agreement over all, and which items still divide the panel."""

    median: Array
    quartiles: Array
    iqr: Array
    cv: Array
    kendall_w: float
    p_value: float
    agreed: tuple[bool, ...]
    weights: Array


def delphi(ratings: Array, iqr_limit: float = 1.0) -> Consensus:
    """Consensus of a round. ``ratings``: people by items, NaN where a person abstained.

    Kendall's W is corrected for ties and taken over people who rated every item; its p-value is the chi-square one with
    items - 1 degrees of freedom. An item is agreed when its interquartile range is within ``iqr_limit``.
    """
    r = np.asarray(ratings, dtype=np.float64)
    if np.isnan(r).all(axis=0).any():
        raise Unsuitable("an item has no rating")
    q = np.nanquantile(r, [0.25, 0.5, 0.75], axis=0)
    mean = np.nanmean(r, axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        cv = np.nanstd(r, axis=0, ddof=1) / mean if len(r) > 1 else np.zeros(r.shape[1])
    w, p = kendall_w(r)
    iqr = q[2] - q[0]
    return Consensus(q[1], q[[0, 2]], iqr, cv, w, p, tuple(bool(v <= iqr_limit) for v in iqr), q[1] / q[1].sum())


def kendall_w(ratings: Array) -> tuple[float, float]:
    """Kendall's coefficient of concordance (0..1), corrected for ties, and its chi-square p-value."""
    from scipy import stats

    whole = ratings[~np.isnan(ratings).any(axis=1)]
    m, n = whole.shape
    if m < 2 or n < 2:
        return np.nan, np.nan
    ranks = mid_ranks(whole.T)
    s = float(((ranks.sum(axis=1) - m * (n + 1) / 2) ** 2).sum())
    ties = sum(float((c**3 - c).sum()) for c in (np.unique(ranks[:, j], return_counts=True)[1] for j in range(m)))
    bottom = m * m * (n**3 - n) - m * ties
    if bottom <= 0:
        return np.nan, np.nan
    w = 12 * s / bottom
    return w, float(stats.chi2.sf(m * (n - 1) * w, n - 1))


def stability(before: Array, after: Array) -> Array:
    """Share of people whose rating of each item stayed the same between two rounds (stop when nobody moves)."""
    return np.asarray((before == after).mean(axis=0), dtype=np.float64)
