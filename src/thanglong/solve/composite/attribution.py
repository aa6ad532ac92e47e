"""Which choice moves the ranks? Sobol indices with bootstrap, Shapley effects, PAWN.

The outcome of a draw is one number: the mean absolute change of rank against the base (as in COINr), or on request the
rank or score of one unit. A factor may read many random numbers (every weight of a level): they are kept together, so
the indices are those of the whole factor (grouped Sobol indices).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .draws import Engine, Progress
from .errors import CompositeError, Degenerate, UnknownMethod
from .factors import Design, Factor, Line, design, uniforms
from .types import Array, Framework, Ints, Panel, Pipeline, real


@dataclass(frozen=True, slots=True)
class Sobol:
    """First-order and total-order indices of each factor, with bootstrap intervals (``None`` without bootstrap)."""

    names: tuple[str, ...]
    first: Array
    total: Array
    variance: float
    first_interval: Array | None = None
    total_interval: Array | None = None


def sobol_estimate(
    y: Array, n: int, names: Sequence[str], boot: int = 0, seed: int = 1, interval: float = 0.9, *, centre: bool = True
) -> Sobol:
    """Indices from outcomes in the order yA, yB, yAB_0 ... yAB_d-1, each of length ``n``.

    S_i = mean(yB (yAB_i - yA))/V (Saltelli et al. 2010), ST_i = sum (yA - yAB_i)^2 / (2 n V) (Jansen 1999), V the
    sample variance of yA and yB together. ``centre`` takes the mean off the outcomes first: the expectation stays, the
    error of S_i shrinks a good deal (COINr does not). Bootstrap resamples rows; an interval's two rows are its ends.
    """
    d = len(names)
    if len(y) != n * (d + 2):
        need = n * (d + 2)
        raise CompositeError(f"{len(y)} outcomes do not make a design of n={n}, d={d}: n(d + 2) = {need} are needed")
    if centre:
        y = y - y[: 2 * n].mean()
    a, b, mixed = y[:n], y[n : 2 * n], y[2 * n :].reshape(d, n)
    variance = float(np.var(y[: 2 * n], ddof=1))
    if not variance > 0:
        raise Degenerate("the outcome does not vary: there is nothing to explain")
    s_parts, t_parts = b * (mixed - a), (a - mixed) ** 2
    first, total = s_parts.mean(axis=1) / variance, t_parts.sum(axis=1) / (2 * n * variance)
    if not boot:
        return Sobol(tuple(names), first, total, variance)
    tail = (1 - interval) / 2
    spans = _bootstrap(np.vstack([a, b]), s_parts, t_parts, boot, seed, [tail, 1 - tail])
    return Sobol(tuple(names), first, total, variance, *spans)


def _bootstrap(
    both: Array, s_parts: Array, t_parts: Array, boot: int, seed: int, ends: Sequence[float]
) -> tuple[Array, Array]:
    """Intervals of both indices over resampled rows of the design, the variance resampled with them."""
    n = both.shape[1]
    counts = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=boot).astype(np.float64)
    centre = both - both.mean()
    m1, m2 = counts @ centre.sum(axis=0) / (2 * n), counts @ (centre**2).sum(axis=0) / (2 * n)
    v = np.maximum((m2 - m1**2) * (2 * n) / (2 * n - 1), 1e-300)
    first, total = counts @ s_parts.T / n / v[:, None], counts @ t_parts.T / (2 * n) / v[:, None]
    return real(np.quantile(first, ends, axis=0)), real(np.quantile(total, ends, axis=0))


def sobol_design(n: int, columns: Sequence[slice], width: int, seed: int) -> Array:
    """Random numbers of the whole design, A above B above AB_0 ...: n (d + 2) rows."""
    both = uniforms(seed, 0, n, 2 * width)
    a, b = both[:, :width], both[:, width:]
    parts = [a, b]
    for at in columns:
        mixed = a.copy()
        mixed[:, at] = b[:, at]
        parts.append(mixed)
    return np.concatenate(parts)


@dataclass(frozen=True)
class Sensitivity:
    """Result of :func:`sensitivity`. ``y`` holds the outcome of every run; ``failed`` the runs that could not be
    computed."""

    sobol: Sobol
    design: Design
    n: int
    seed: int
    y: Array
    units: tuple[str, ...]
    nominal: Ints
    failed: dict[int, str] = field(default_factory=dict)

    def line(self, run: int) -> str:
        """The one line that brings run number ``run`` (row of ``y``) back."""
        part, draw = divmod(run, self.n)
        name = "A" if part == 0 else "B" if part == 1 else f"AB{part - 2}"
        return str(Line(name, self.seed, draw, self.design.digest))


def outcomes(
    engine: Engine, u: Array, outcome: str = "rank_change", progress: Progress | None = None
) -> tuple[Array, dict[int, str]]:
    """The outcome of each row of ``u``: ``rank_change``, ``rank:UNIT`` or ``score:UNIT``; NaN where a run failed."""
    kind, _, unit = outcome.partition(":")
    if kind not in ("rank_change", "rank", "score") or (kind != "rank_change") != bool(unit):
        raise UnknownMethod("outcome", outcome, ("rank_change", "rank:UNIT", "score:UNIT"))
    if unit and unit not in engine.units:
        raise CompositeError(f"the index has no unit {unit!r}")
    at = engine.units.index(unit) if unit else 0
    y = np.full(len(u), np.nan)
    nominal: np.ndarray[Any, np.dtype[np.signedinteger[Any]]] = engine.nominal().astype(engine.dtype)

    def take(rows: Ints, found: "np.ndarray[Any, np.dtype[np.signedinteger[Any]]]") -> None:
        if kind == "rank":
            y[rows] = np.where(found[:, at] > 0, found[:, at], np.nan)
            return
        there = found > 0
        moved = np.abs(found - nominal)
        if there.all():
            y[rows] = moved.sum(axis=1, dtype=np.int64) / len(nominal)
        else:
            y[rows] = np.where(there, moved, 0).sum(axis=1) / np.maximum(there.sum(axis=1), 1)

    scores = np.full((len(u), len(engine.units)), np.nan) if kind == "score" else None
    failed = engine.evaluate(u, take, scores, progress)
    if scores is not None:
        y = scores[:, at].copy()
    return y, failed


def sensitivity(
    panel: Panel, framework: Framework, pipeline: Pipeline, factors: Sequence[Factor], n: int = 1024, seed: int = 1,
    *, outcome: str = "rank_change", boot: int = 500, time: float | None = None, progress: Progress | None = None,
) -> Sensitivity:  # fmt: skip
    """Sobol indices of each factor from n (d + 2) runs. Rows of which a part failed are left out, whole."""
    if len(factors) < 2:
        raise CompositeError("with one factor there is nothing to compare: use uncertainty")
    plan = design(panel, framework, pipeline, factors)
    engine = Engine(panel, plan, time)
    y, failed = outcomes(engine, sobol_design(n, plan.columns, plan.width, seed), outcome, progress)
    good = np.isfinite(y.reshape(-1, n)).all(axis=0)
    if good.sum() < 2:
        raise CompositeError(f"hardly any run succeeded; one failed because: {next(iter(failed.values()), 'no rank')}")
    kept = y.reshape(-1, n)[:, good].reshape(-1)
    found = sobol_estimate(kept, int(good.sum()), [f.name for f in factors], boot, seed)
    return Sensitivity(found, plan, n, seed, y, engine.units, engine.nominal(), failed)


@dataclass(frozen=True, slots=True)
class Shapley:
    """Shapley effects: each factor's fair share of the outcome's variance; they sum to 1. ``closed[S]`` by bit mask."""

    names: tuple[str, ...]
    effects: Array
    variance: float
    closed: Array


def shapley_estimate(
    f: Callable[[Array], Array], columns: Sequence[slice], width: int, names: Sequence[str], n: int, seed: int = 1
) -> Shapley:
    """Shapley effects of independent groups of inputs from closed Sobol indices of all subsets (pick and freeze).

    Owen (2014): the effect is the mean, over all orders,
    of what a factor adds to the variance explained. All 2^d subsets
    are computed, so d is at most 12; ``f`` maps rows of uniform numbers to outcomes.
    """
    d = len(columns)
    if d > 12:
        raise CompositeError("Shapley effects of more than 12 factors would need more than 4,096 designs")
    both = uniforms(seed, 0, n, 2 * width)
    a, b = both[:, :width], both[:, width:]
    ya = f(a)
    closed = np.zeros(1 << d)
    for subset in range(1, 1 << d):
        mixed = b.copy()
        for i in range(d):
            if subset >> i & 1:
                mixed[:, columns[i]] = a[:, columns[i]]
        ys = ya if subset == (1 << d) - 1 else f(mixed)
        # Janon et al. (2014): the mean of both outcomes stands for the mean, which lowers the variance of the estimate
        good = np.isfinite(ya) & np.isfinite(ys)
        centre = (ya[good] + ys[good]).mean() / 2
        closed[subset] = ((ya[good] - centre) * (ys[good] - centre)).mean()
    variance = float(closed[-1])
    if not variance > 0:
        raise Degenerate("the outcome does not vary: there is nothing to explain")
    effects = _shapley_values(closed, d) / variance
    return Shapley(tuple(names), effects, variance, closed / variance)


def _shapley_values(value: Array, d: int) -> Array:
    factorial = np.array([float(np.prod(np.arange(1, k + 1))) for k in range(d + 1)])
    out = np.zeros(d)
    for subset in range(1 << d):
        size = subset.bit_count()
        if size == d:
            continue
        weight = factorial[size] * factorial[d - size - 1] / factorial[d]
        for i in range(d):
            if not subset >> i & 1:
                out[i] += weight * (value[subset | 1 << i] - value[subset])
    return out


def shapley(
    panel: Panel, framework: Framework, pipeline: Pipeline, factors: Sequence[Factor], n: int = 1024, seed: int = 1,
    *, outcome: str = "rank_change", time: float | None = None,
) -> Shapley:  # fmt: skip
    """Shapley effects of each factor on the ranks of an index."""
    plan = design(panel, framework, pipeline, factors)
    engine = Engine(panel, plan, time)
    return shapley_estimate(
        lambda u: outcomes(engine, u, outcome)[0], plan.columns, plan.width, [f.name for f in factors], n, seed
    )


@dataclass(frozen=True, slots=True)
class Pawn:
    """PAWN indices of each input: minimum, mean, median and maximum over slices of the Kolmogorov-Smirnov distance."""

    names: tuple[str, ...]
    minimum: Array
    mean: Array
    median: Array
    maximum: Array


def pawn_estimate(x: Array, y: Array, names: Sequence[str], slices: int = 10) -> Pawn:
    """PAWN (Pianosi and Wagener 2018) from a plain sample: how far the outcome's distribution moves when one input is
    known.

    Each input is cut into slices of equal probability at its own quantiles; within each the outcome's distribution is
    compared with the distribution over all runs.
    """
    if len(x) != len(y) or x.shape[1] != len(names):
        raise CompositeError("inputs, outcomes and names do not match")
    good = np.isfinite(y)
    x, y = x[good], y[good]
    steps = np.arange(1, slices + 1) / slices
    distances = np.zeros((slices, x.shape[1]))
    every = np.sort(y)
    for j in range(x.shape[1]):
        edges = np.concatenate([[0.0], np.quantile(x[:, j], steps)])
        for k in range(slices):
            inside = (x[:, j] >= edges[k]) & (x[:, j] < edges[k + 1] if k < slices - 1 else x[:, j] <= edges[k + 1])
            if inside.any():
                distances[k, j] = ks_distance(np.sort(y[inside]), every)
    return Pawn(
        tuple(names), distances.min(axis=0), distances.mean(axis=0), np.median(distances, axis=0), distances.max(axis=0)
    )


def ks_distance(a: Array, b: Array) -> float:
    """Largest gap between the distribution functions of two sorted samples."""
    at = np.concatenate([a, b])
    return float(np.abs(np.searchsorted(a, at, "right") / len(a) - np.searchsorted(b, at, "right") / len(b)).max())


def pawn(
    panel: Panel, framework: Framework, pipeline: Pipeline, factors: Sequence[Factor], n: int = 4096, seed: int = 1,
    *, outcome: str = "rank_change", slices: int = 10, time: float | None = None,
) -> Pawn:  # fmt: skip
    """PAWN of each factor; a factor of several weights is given by its strongest single weight."""
    plan = design(panel, framework, pipeline, factors)
    engine = Engine(panel, plan, time)
    u = uniforms(seed, 0, n, plan.width)
    y, _ = outcomes(engine, u, outcome)
    one = pawn_estimate(u, y, [str(j) for j in range(plan.width)], slices)
    best = [at.start + int(np.argmax(one.median[at])) for at in plan.columns]
    return Pawn(tuple(f.name for f in factors), one.minimum[best], one.mean[best], one.median[best], one.maximum[best])
