"""Panels over time: growth rates, linear trends, and the bootstrap of units and years."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from .columns import ranks
from .errors import BadFramework, UnknownMethod
from .pipeline import Result
from .types import Array, Framework, Panel, Pipeline


def cagr(t: Array, y: Array) -> float:
    """Compound annual growth between the first and last value that stand: (last/first)^(1/years) - 1.

    0 when both are equal (also both zero); NaN with fewer than two values, or when the ratio has no real root.
    """
    have = ~np.isnan(y)
    if have.sum() < 2:
        return np.nan
    order = np.argsort(t[have])
    first, last = y[have][order[0]], y[have][order[-1]]
    years = t[have][order[-1]] - t[have][order[0]]
    if first == last:
        return 0.0
    if first == 0 or last / first < 0:
        return np.nan
    return float((last / first) ** (1 / years) - 1)


def slope(t: Array, y: Array) -> float:
    """Change a year of the least-squares line through the values that stand."""
    have = ~np.isnan(y)
    if have.sum() < 2:
        return np.nan
    d = t[have] - t[have].mean()
    return float((d * y[have]).sum() / (d * d).sum())


def percent_change(t: Array, y: Array) -> float:
    """Percentage change a year: of the fitted line against its start (three values or more), else between the two."""
    have = ~np.isnan(y)
    if have.sum() < 2:
        return np.nan
    tt, yy = t[have], y[have]
    order = np.argsort(tt)
    tt, yy = tt[order], yy[order]
    if np.all(yy == yy[0]):
        return 0.0
    rate = slope(tt, yy)
    begin = yy[0] if len(yy) == 2 else yy.mean() + rate * (tt[0] - tt.mean())
    return float(rate / begin * 100) if begin != 0 else np.nan


MEASURES: dict[str, Callable[[Array, Array], float]] = {"cagr": cagr, "slope": slope, "percent_change": percent_change}


@dataclass(frozen=True, slots=True)
class Trend:
    """One unit's trend in one column: the measure (turned so that + is better), share of years present, first and
    last year."""

    unit: str
    code: str
    value: float
    available: float
    first: float
    last: float


def trends(
    panel: Panel, framework: Framework, codes: Sequence[str] = (), measure: str = "cagr", latest: int | None = None
) -> list[Trend]:
    """Trends of every unit in the asked columns (default: all indicators). ``latest`` looks at the last n years
    only."""
    if panel.times is None:
        raise BadFramework("trends need a panel with times")
    if measure not in MEASURES:
        raise UnknownMethod("trend", measure, list(MEASURES))
    names, found = np.array(panel.units), []
    for code in codes or framework.indicators:
        column = panel.column(code)
        sign = framework[code].direction if code in framework else 1
        for unit in sorted(set(panel.units)):
            rows = np.flatnonzero(names == unit)
            rows = rows[np.argsort(panel.times[rows])][-latest if latest else 0 :]
            t, y = panel.times[rows], column[rows]
            have = ~np.isnan(y)
            span = (float(t[have][0]), float(t[have][-1])) if have.sum() > 1 else (np.nan, np.nan)
            found.append(Trend(unit, code, MEASURES[measure](t, y) * sign, float(have.mean()), *span))
    return found


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """Ranks of each unit over resampled panels: median and interval, and the share of samples that held the unit."""

    units: tuple[str, ...]
    nominal: Array
    median: Array
    low: Array
    high: Array
    present: Array
    scores: Array


def bootstrap(
    panel: Panel, framework: Framework, pipeline: Pipeline, draws: int = 200, seed: int = 1, *, what: str = "years",
    interval: float = 0.9,
) -> Bootstrap:  # fmt: skip
    """Resample a panel with replacement and rebuild the index: how firm is it against which data were at hand?

    ``years``: each draw picks years with replacement and averages every unit's index over them. ``units``: each draw
    picks
    the cities that set the scale, with replacement, and every city is scored on that scale. ``indicators``: each draw
    picks indicators with replacement within each parent (as weights).
    """
    from .pipeline import compute

    if what not in ("years", "units", "indicators"):
        raise UnknownMethod("bootstrap", what, ("years", "units", "indicators"))
    nominal = compute(panel, framework, pipeline)
    rng = np.random.default_rng(seed)
    draw = {"years": _draw_years, "units": _draw_units, "indicators": _draw_indicators}[what]
    names = tuple(dict.fromkeys(nominal.units))
    base, scores = draw(nominal, names, panel, framework, pipeline, draws, rng)
    r = np.column_stack([ranks(s) for s in scores.T]) if draws else np.empty((len(names), 0))
    tail = (1 - interval) / 2
    low, middle, high = np.nanquantile(r, [tail, 0.5, 1 - tail], axis=1)
    return Bootstrap(names, ranks(base), middle, low, high, (~np.isnan(r)).mean(axis=1), scores)


_Drawn = tuple[Array, Array]


def _table(nominal: Result, names: tuple[str, ...]) -> Array:
    """Index scores as units by years."""
    if nominal.panel.times is None:
        raise BadFramework("a bootstrap over years needs a panel with times")
    years = np.unique(nominal.panel.times)
    table = np.full((len(names), len(years)), np.nan)
    at = {unit: i for i, unit in enumerate(names)}
    place = np.searchsorted(years, nominal.panel.times)
    for row, unit in enumerate(nominal.units):
        table[at[unit], place[row]] = nominal.score()[row]
    return table


def _mean_rows(table: Array) -> Array:
    have = ~np.isnan(table)
    with np.errstate(invalid="ignore"):
        mean: Array = np.where(have, table, 0.0).sum(axis=1) / have.sum(axis=1)
    return mean


def _draw_years(
    nominal: Result,
    names: tuple[str, ...],
    panel: Panel,
    framework: Framework,
    pipeline: Pipeline,
    draws: int,
    rng: np.random.Generator,
) -> _Drawn:
    table = _table(nominal, names)
    picks = rng.integers(0, table.shape[1], (draws, table.shape[1]))
    return _mean_rows(table), np.column_stack([_mean_rows(table[:, p]) for p in picks])


def _draw_units(
    nominal: Result,
    names: tuple[str, ...],
    panel: Panel,
    framework: Framework,
    pipeline: Pipeline,
    draws: int,
    rng: np.random.Generator,
) -> _Drawn:
    """Each draw normalises by the extremes of the cities drawn: posts are the lowest and highest value among them."""
    from .aggregate import aggregate_tree
    from .pipeline import options_of

    before = next(
        (s.kind for s in reversed(pipeline.steps) if s.kind in ("treat", "screen", "impute", "denominate")), None
    )
    x = nominal.stages[before] if before else nominal.panel.columns(framework.indicators)
    z = x * np.array([framework[c].direction for c in framework.indicators], dtype=np.float64)
    options = next(options_of(s) for s in pipeline.steps if s.kind == "aggregate")
    columns = []
    for _ in range(draws):
        sample = z[rng.integers(0, len(z), len(z))]
        low, high = np.fmin.reduce(sample, axis=0), np.fmax.reduce(sample, axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            unit = np.where(high > low, np.clip((z - low) / (high - low), 0, 1), np.nan) * 99 + 1
        columns.append(
            aggregate_tree(unit, nominal.framework, options["method"], options["threshold"], options["options"])[:, -1]
        )
    return nominal.score(), np.column_stack(columns)


def _draw_indicators(
    nominal: Result,
    names: tuple[str, ...],
    panel: Panel,
    framework: Framework,
    pipeline: Pipeline,
    draws: int,
    rng: np.random.Generator,
) -> _Drawn:
    from .report import _rebuilt

    groups: dict[str, list[str]] = {}
    for code in framework.indicators:
        groups.setdefault(str(framework[code].parent), []).append(code)
    columns = []
    for _ in range(draws):
        weights: dict[str, float] = {}
        for codes in groups.values():
            counts = np.bincount(rng.integers(0, len(codes), len(codes)), minlength=len(codes))
            weights |= {c: framework[c].weight * int(k) for c, k in zip(codes, counts, strict=True)}
        columns.append(_rebuilt(nominal, framework.with_weights(weights), pipeline))
    return nominal.score(), np.column_stack(columns)
