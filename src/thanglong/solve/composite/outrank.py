"""Pairwise comparison of units: outranking, Copeland, Kemeny. No common scale needed: only who is ahead in what."""

from itertools import pairwise

import numpy as np

from .columns import ranks_up
from .errors import Unsuitable
from .types import Array, Ints


def outranking(x: Array, weights: Array | None = None) -> Array:
    """o[i, j]: share of the weights of columns where i is ahead of j, plus half of those where they are equal.

    Columns where either is missing do not count (their weight is not passed on). Diagonal 0.
    """
    n, m = x.shape
    w = np.ones(m) if weights is None else np.asarray(weights, dtype=np.float64)
    w = w / w.sum()
    out = np.zeros((n, n))
    for j in range(m):
        column = x[:, j]
        ahead = (column[:, None] > column[None, :]).astype(np.float64)
        tied = column[:, None] == column[None, :]
        out += w[j] * (ahead + 0.5 * tied)
    np.fill_diagonal(out, 0.0)
    return out


def copeland(x: Array, weights: Array | None = None) -> Array:
    """Units beaten minus units lost to, a pair being won by the larger outranking share.

    Exact majorities: shares are compared with each other (o_ij with o_ji), so that halves of odd weights cannot slip.
    A unit without any value gets NaN.
    """
    w = np.ones(x.shape[1]) if weights is None else np.asarray(weights, dtype=np.float64)
    if np.any(w < 0) or w.sum() <= 0:
        raise Unsuitable("Copeland needs weights of zero or more, not all zero")
    margin = _margins(x, w / w.sum())
    score = (margin > 1e-12).sum(axis=1) - (margin < -1e-12).sum(axis=1)
    return np.where(np.isnan(x).all(axis=1), np.nan, score.astype(np.float64))


def _margins(x: Array, w: Array) -> Array:
    """o_ij - o_ji. For each unit one comparison of whole numbers with all others and one product with the weights."""
    n, m = x.shape
    place = ranks_up(x)
    missing = np.isnan(place)
    # where either side is missing neither is ahead: lowest as the one ahead, highest as the one behind
    ahead = np.where(missing, -1, place).astype(np.int32)
    behind = np.where(missing, np.iinfo(np.int32).max, place).astype(np.int32)
    wins = np.empty((n, n))
    flags, numbers = np.empty((n, m), dtype=bool), np.empty((n, m))
    for i in range(n):
        np.greater(ahead, behind[i], out=flags)
        numbers[:] = flags
        np.matmul(numbers, w, out=wins[i])
    return wins.T - wins


def kemeny(x: Array, weights: Array | None = None, exact_limit: int = 14, rounds: int = 50) -> Ints:
    """Order of units (best first) that agrees with the most weighted pairwise majorities (Kemeny 1959,
    Condorcet-Young).

    Exact by dynamic programming over subsets up to ``exact_limit`` units (2**n states); beyond it starts from Copeland
    and moves single units and pairs while that helps: a local optimum, deterministic.
    """
    support = outranking(x, weights)
    n = len(support)
    if n <= exact_limit:
        return _kemeny_exact(support)
    score = (support > support.T).sum(axis=1) - (support < support.T).sum(axis=1)
    return _kemeny_local(support, np.argsort(-score, kind="stable"), rounds)


def kemeny_score(order: Ints, x: Array, weights: Array | None = None) -> float:
    """Total support of the pairs an order keeps: what :func:`kemeny` makes as large as it can."""
    support = outranking(x, weights)[np.ix_(order, order)]
    return float(np.triu(support, 1).sum())


def _kemeny_exact(support: Array) -> Ints:
    n = len(support)
    size = 1 << n
    best = np.full(size, -np.inf)
    best[0] = 0.0
    choice = np.zeros(size, dtype=np.int64)
    members = (np.arange(size)[:, None] >> np.arange(n)) & 1
    # gain[i, s]: support of i over everybody in s
    gain = support @ members.T
    for done in range(size):
        for unit in np.flatnonzero(members[~done & (size - 1)]).tolist():
            target = done | (1 << unit)
            # the unit goes after those done and before all that remain
            value = best[done] + gain[unit, size - 1 & ~target]
            if value > best[target] + 1e-15:
                best[target], choice[target] = value, unit
    order, state = [], size - 1
    while state:
        unit = int(choice[state])
        order.append(unit)
        state &= ~(1 << unit)
    return np.array(order[::-1], dtype=np.int64)


def _kemeny_local(support: Array, order: Ints, rounds: int) -> Ints:
    net = support - support.T
    current = [int(i) for i in order]
    for _ in range(rounds):
        moved = False
        for unit in list(current):
            at = current.index(unit)
            others = current[:at] + current[at + 1 :]
            # standing before others[k:] earns their sum, standing after loses it
            ahead = net[unit, others]
            total = np.concatenate([[0.0], np.cumsum(ahead)])
            value = (total[-1] - total) - total
            place = int(np.argmax(value))
            if value[place] > value[at] + 1e-12:
                others.insert(place, unit)
                current, moved = others, True
        if not moved:
            break
    return np.array(current, dtype=np.int64)


def cycles(x: Array, weights: Array | None = None) -> int:
    """Number of majority cycles of three units (Condorcet's paradox): 0 means that pairwise majorities form an
    order."""
    support = outranking(x, weights)
    win = (support > support.T + 1e-12).astype(np.int64)
    return int(np.trace(win @ win @ win) // 3)


def is_condorcet_order(order: Ints, x: Array, weights: Array | None = None) -> bool:
    """True when each unit of the order is at least level with the one after it (what a Kemeny order must hold)."""
    support = outranking(x, weights)
    return all(support[a, b] >= support[b, a] - 1e-12 for a, b in pairwise(order))
