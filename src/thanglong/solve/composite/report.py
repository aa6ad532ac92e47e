"""What people read: results tables, one unit's summary, strengths and weaknesses, comparison of variants, removal
effects."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .columns import ranks
from .errors import BadFramework, CompositeError, UnknownMethod
from .pipeline import Result, advance, compute, options_of
from .types import Array, Framework, Ints, Panel, Pipeline, Step, index_of


@dataclass(frozen=True, slots=True)
class Table:
    """Rows by named columns: units with numbers."""

    units: tuple[str, ...]
    columns: tuple[str, ...]
    values: Array

    def sorted_by(self, column: str, descending: bool = True) -> "Table":
        """Rows in the order of one column (stable; NaN last)."""
        v = self.values[:, self.columns.index(column)]
        at = np.argsort(-v if descending else v, kind="stable")
        return Table(tuple(self.units[int(i)] for i in at), self.columns, self.values[at])


def results(
    result: Result,
    use: str = "scores",
    codes: Sequence[str] = (),
    group: str | None = None,
    decimals: int | None = None,
) -> Table:
    """Scores, ranks or ranks within the labels of ``group`` of the asked nodes (default: all aggregates, index
    first)."""
    if use not in ("scores", "ranks", "groupranks"):
        raise UnknownMethod("table", use, ("scores", "ranks", "groupranks"))
    framework = result.framework
    asked = tuple(codes) or tuple(reversed(framework.aggregates))
    at = index_of(framework.codes)
    values = result.scores[:, [at[c] for c in asked]]
    if use == "ranks":
        values = np.column_stack([result.ranks(c) for c in asked])
    elif use == "groupranks":
        if group is None or group not in result.panel.groups:
            raise BadFramework(f"the panel has no group {group!r}")
        labels, whole = np.array(result.panel.groups[group]), values
        values = np.empty_like(whole)
        for label in np.unique(labels):
            values[labels == label] = ranks(whole[labels == label])
    return Table(result.units, asked, np.round(values, decimals) if decimals is not None else values)


@dataclass(frozen=True, slots=True)
class Line:
    """A node as seen by one unit."""

    code: str
    name: str
    score: float
    rank: int | None
    parent: str = ""
    unit: str = ""


def unit_summary(result: Result, unit: str, levels: Sequence[int] = ()) -> list[Line]:
    """Score and rank of a unit in every node of the asked levels (default: all aggregates), highest level first."""
    row = _row(result, unit)
    wanted = set(levels) or set(range(2, result.framework.height + 1))
    lines = []
    for level in sorted(wanted, reverse=True):
        for code in result.framework.at_level(level):
            rank = result.ranks(code)[row]
            node = result.framework[code]
            lines.append(
                Line(
                    code,
                    node.name,
                    float(result.score(code)[row]),
                    None if np.isnan(rank) else int(rank),
                    node.parent or "",
                    node.unit,
                )
            )
    return lines


def _row(result: Result, unit: str) -> int:
    if unit not in result.units:
        raise BadFramework(f"the index has no unit {unit!r}")
    return result.units.index(unit)


def strengths(
    framework: Framework, units: Sequence[str], x: Array, unit: str, top: int = 5, bottom: int = 5, *,
    level: int = 2, drop_last: bool = True, unique: float = 0.0,
) -> tuple[list[Line], list[Line]]:  # fmt: skip
    """Indicators where a unit stands best and worst. ``x`` on the indicators' own scales (directions are applied here).

    ``drop_last`` leaves out indicators where the unit shares the very last rank of all; ``unique`` those with a smaller
    share of distinct values. Order within equal ranks is that of the framework.
    """
    codes = framework.indicators
    row = list(units).index(unit)
    direction = np.array([framework[c].direction for c in codes], dtype=np.float64)
    place = ranks(x * direction)
    distinct = np.array([len(np.unique(x[~np.isnan(x[:, j]), j])) / len(x) for j in range(len(codes))])
    usable = ~np.isnan(place[row]) & (distinct > unique)
    if drop_last:
        usable &= place[row] != np.fmax.reduce(place, axis=0)
    at = [int(j) for j in np.argsort(place[row], kind="stable") if usable[j]]

    def line(j: int) -> Line:
        node = framework[codes[j]]
        return Line(
            node.code,
            node.name,
            float(x[row, j]),
            int(place[row, j]),
            framework.ancestor(node.code, level) or "",
            node.unit,
        )

    return [line(j) for j in at[:top]], [line(j) for j in at[max(0, len(at) - bottom) :]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Ranks of the same units in several variants; ``change`` is the first variant's rank less the other's (+:
    risen)."""

    units: tuple[str, ...]
    variants: tuple[str, ...]
    ranks: Array
    change: Array
    mean_change: Array
    spearman: Array


def compare(variants: Mapping[str, Result], code: str | None = None) -> Comparison:
    """Compare computed variants on the units they share (at the newest time of a panel); the first named is the
    base."""
    from .multivariate import correlation

    if len(variants) < 2:
        raise CompositeError("a comparison needs at least two variants")
    rows = {name: result.panel.years()[-1] for name, result in variants.items()}
    at = {name: index_of([variants[name].units[int(i)] for i in here]) for name, here in rows.items()}
    common = [unit for unit in next(iter(at.values())) if all(unit in places for places in at.values())]
    if not common:
        raise CompositeError("the variants have no unit in common")
    table = []
    for name, result in variants.items():
        turn = result.framework[code or result.framework.root].direction
        score = result.score(code)[rows[name]] * turn
        table.append(ranks(score[[at[name][unit] for unit in common]]))
    r = np.column_stack(table)
    change = r[:, :1] - r
    return Comparison(
        tuple(common), tuple(variants), r, change, np.nanmean(np.abs(change), axis=0), correlation(r, "spearman")[:, 0]
    )


@dataclass(frozen=True, slots=True)
class Removal:
    """Effect of leaving out one element at a time: scores, ranks and mean absolute rank change, nominal in column 0."""

    codes: tuple[str, ...]
    units: tuple[str, ...]
    scores: Array
    ranks: Array
    mean_change: Array


def remove(panel: Panel, framework: Framework, pipeline: Pipeline, level: int = 2) -> Removal:
    """Take each element of a level out (weight 0) and rebuild from the step that first uses weights."""
    codes = framework.at_level(level)
    if not codes or level >= framework.height:
        raise CompositeError(f"level {level} has nothing to remove")
    nominal = compute(panel, framework, pipeline)
    scores = [nominal.score()]
    for code in codes:
        siblings = [
            c for c in framework.children(str(framework[code].parent)) if framework[c].weight != 0 and c != code
        ]
        if not siblings:
            raise CompositeError(
                f"{code} has no sibling with weight: without it {framework[code].parent} would be empty"
            )
        scores.append(_rebuilt(nominal, framework.with_weights({code: 0.0}), pipeline))
    table = np.column_stack(scores)
    r = ranks(table * framework[framework.root].direction)
    return Removal(codes, nominal.units, table, r, np.nanmean(np.abs(r - r[:, :1]), axis=0))


def _rebuilt(nominal: Result, framework: Framework, pipeline: Pipeline) -> Array:
    """Index scores under other weights, from the stage before the first step that reads weights."""
    from .pipeline import State

    first = next(k for k, s in enumerate(pipeline.steps) if s.kind in ("weigh", "aggregate"))
    before = pipeline.steps[first - 1].kind if first else None
    x = nominal.stages[before] if before else nominal.panel.columns(framework.indicators)
    state = State(nominal.panel, framework, x)
    for step in pipeline.steps[first:]:
        if step.kind == "weigh" and options_of(step)["method"] != "given":
            raise CompositeError("removal needs given weights: computed ones would undo it")
        advance(state, Step(step.kind, step.options))
    if state.scores is None:
        raise CompositeError("the pipeline has no aggregate step")
    return state.scores[:, index_of(framework.codes)[framework.root]]


def positions(result: Result) -> Ints:
    """Row numbers of the units, best index score first (ties in the order given)."""
    return np.argsort(-result.score(), kind="stable")
