"""Computing many variants of an index at once. Draws that share their discrete choices share one normalised matrix."""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np

from . import exact
from .aggregate import MEANS, aggregate_tree, method_of
from .columns import ranks
from .errors import CompositeError, Degenerate, Unsuitable
from .factors import Choice, Design, Range, WeightNoise, WeightSets, WeightSimplex
from .pipeline import State, advance, edit, options_of, start
from .trees import Drawn, Group
from .types import Array, Bools, Framework, Ints, Panel, Pipeline, index_of

BLOCK = 262_144  # cells of one block: stays in the cache
Take = Callable[[Ints, exact.Ranks], None]
Progress = Callable[[int, int], None]


@dataclass
class Variant:
    """One combination of discrete choices: the normalised matrix and how it is joined, or why it cannot be."""

    changes: dict[str, Any]
    x: Array = field(default_factory=lambda: np.empty((0, 0)))
    framework: Framework | None = None
    options: dict[str, Any] = field(default_factory=dict)
    columns: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    failure: str = ""
    cache: dict[str, Any] = field(default_factory=dict)

    @property
    def tree(self) -> Framework:
        if self.framework is None:
            raise CompositeError(self.failure)
        return self.framework


class Engine:
    """Evaluates draws of one design. ``units`` are those of the base index (of one time, by default the latest)."""

    def __init__(self, panel: Panel, design: Design, time: float | None = None) -> None:
        self.panel, self.design, self.time = panel, design, time
        self._states: dict[str, State] = {}
        self._variants: dict[str, Variant] = {}
        base = self._build(design.pipeline, {})
        if base.failure:
            raise CompositeError(f"the base index cannot be computed: {base.failure}")
        self.units = tuple(self._names)
        base.columns = np.arange(len(self.units))
        self.base = base
        self.dtype = np.int16 if len(self.units) < 32_000 else np.int32
        self._check_effect()

    def _check_effect(self) -> None:
        """A weight factor above aggregates that ignore weights would be a silent one."""
        framework = self.base.tree
        for factor in self.design.factors:
            if isinstance(factor, (WeightNoise, WeightSimplex)) and not self._method_varies():
                parents = {str(framework[c].parent) for level in factor.levels for c in framework.at_level(level)}
                methods = {method_of(framework, p, self.base.options["method"]) for p in parents}
                if methods <= {"owa", "median", "minimum", "maximum"}:
                    raise Unsuitable(f"{factor.name} has no effect: {', '.join(sorted(methods))} takes no weights")

    def _method_varies(self) -> bool:
        return any(isinstance(f, (Choice, Range)) and "aggregate.method" in f.addresses() for f in self.design.factors)

    def _build(self, pipeline: Pipeline, changes: dict[str, Any]) -> Variant:
        variant = Variant(changes)
        try:
            state, options = self._state(pipeline)
        except (Unsuitable, Degenerate) as error:
            variant.failure = str(error)
            return variant
        rows = state.panel.years()[-1] if self.time is None else np.flatnonzero(state.panel.times == self.time)
        if not len(rows):
            variant.failure = "no units are left"
            return variant
        self._names = [state.panel.units[int(i)] for i in rows]
        variant.x, variant.framework, variant.options = state.x[rows], state.framework, options
        try:
            if not self._fast(variant):
                aggregate_tree(variant.x, variant.tree, options["method"], options["threshold"], options["options"])
            else:
                self._prepare(variant)
        except (Unsuitable, Degenerate) as error:
            variant.failure = str(error)
        return variant

    def _state(self, pipeline: Pipeline) -> tuple[State, dict[str, Any]]:
        """The state before aggregation; steps that several variants share are done once."""
        state = start(self.panel, self.design.framework, pipeline)
        key = ""
        for step in pipeline.steps:
            options = options_of(step)
            if step.kind == "aggregate":
                return state, options
            key += json.dumps([step.kind, options], sort_keys=True, default=str)
            if key not in self._states:
                following = replace(state, stages={}, notes={})
                advance(following, step)
                self._states[key] = following
            state = self._states[key]
        raise CompositeError("the pipeline has no aggregate step")

    def nominal(self) -> Ints:
        """Ranks of the base index, by the same arithmetic as every draw's."""
        tree = self.base.tree
        raw = {node.code: np.array([node.weight]) for node in tree.nodes}
        order, bound, absent, _ = self._orders(self.base, Drawn(tree, raw), slice(0, 1), False)
        out = np.zeros((1, len(self.units)), dtype=np.int32)
        exact.ranks_of(order, bound, absent, out)
        return np.asarray(out[0], dtype=np.int64)

    def variant(self, changes: dict[str, Any]) -> Variant:
        """The variant of one combination of choices (built once)."""
        key = json.dumps(changes, sort_keys=True, default=str)
        if key not in self._variants:
            if len(self._variants) > 512:  # continuous options: every draw its own
                self._variants.clear()
            variant = self._build(edit(self.design.pipeline, changes), changes)
            at = index_of(self.units)
            variant.columns = np.array([at.get(u, -1) for u in self._names], dtype=np.int64)
            self._variants[key] = variant
        return self._variants[key]

    # --- the fast road: quasi-arithmetic means all the way up --------------------------------------------------------

    def _fast(self, variant: Variant) -> bool:
        if variant.options["options"].get("zeros", False) and (variant.x == 0).any():
            return False
        return all(method_of(variant.tree, c, variant.options["method"]) in MEANS for c in variant.tree.aggregates)

    def _prepare(self, variant: Variant) -> None:
        """Group units by their gaps and cut each group's transformed matrix into exact halves."""
        gaps = np.isnan(variant.x)
        patterns, member = (
            np.unique(gaps, axis=0, return_inverse=True) if gaps.any() else (gaps[:1], np.zeros(len(gaps), dtype=int))
        )
        variant.cache["groups"] = [
            Group(variant.tree, variant.x, variant.options, p, np.flatnonzero(member == k))
            for k, p in enumerate(patterns)
        ]

    def raw_weights(self, u: Array, framework: Framework) -> dict[str, Array]:
        """Weight of every node in every draw (rows of ``u``)."""
        draws = len(u)
        out = {node.code: np.full(draws, node.weight) for node in framework.nodes}
        for factor, at in zip(self.design.factors, self.design.columns, strict=True):
            part = u[:, at]
            if isinstance(factor, WeightSets):
                pick = np.minimum((part[:, 0] * len(factor.sets)).astype(np.int64), len(factor.sets) - 1)
                for code in {c for given in factor.sets for c in given}:
                    values = np.array([given.get(code, framework[code].weight) for given in factor.sets])
                    out[code] = values[pick]
            elif isinstance(factor, (WeightNoise, WeightSimplex)):
                codes = [c for level in factor.levels for c in framework.at_level(level)]
                columns = np.ascontiguousarray(part.T)
                if isinstance(factor, WeightSimplex):
                    np.negative(np.log1p(-columns, out=columns), out=columns)
                else:
                    strength = np.array([f for level, f in factor.levels.items() for _ in framework.at_level(level)])
                    columns = (1 + strength[:, None] * (2 * columns - 1)) * np.array(
                        [[framework[c].weight] for c in codes]
                    )
                out |= {code: columns[j] for j, code in enumerate(codes)}
        return out

    def changes_of(self, row: Array) -> dict[str, Any]:
        """The discrete and numeric options of one draw."""
        changes: dict[str, Any] = {}
        for factor, at in zip(self.design.factors, self.design.columns, strict=True):
            if isinstance(factor, (Choice, Range)):
                changes |= factor.pick(float(row[at.start]))
        return changes

    def labels(self, u: Array) -> Ints:
        """Number of the combination of choices of each draw; draws with the same number share a variant."""
        if any(isinstance(f, Range) for f in self.design.factors):
            return np.arange(len(u))
        labels = np.zeros(len(u), dtype=np.int64)
        for factor, at in zip(self.design.factors, self.design.columns, strict=True):
            if isinstance(factor, Choice):
                k = len(factor.values)
                labels = labels * k + np.minimum((u[:, at.start] * k).astype(np.int64), k - 1)
        return labels

    def evaluate(
        self, u: Array, take: Take, scores: Array | None = None, progress: Progress | None = None
    ) -> dict[int, str]:
        """Ranks of all draws, handed block by block to ``take(draw numbers, ranks)``; failures by draw number.

        ``scores`` (draws by units), when given, receives the index scores; ``progress`` hears of draws done and all.
        """
        failures: dict[int, str] = {}
        prepared: dict[Framework, Drawn] = {}
        labels = self.labels(u)
        order = np.argsort(labels, kind="stable")
        u = u[order]
        cuts = [0, *(np.flatnonzero(np.diff(labels[order])) + 1).tolist(), len(u)]
        for first, last in pairwise(cuts):
            if first == last:
                continue
            variant = self.variant(self.changes_of(u[first]))
            if progress is not None:
                progress(first, len(u))
            if variant.failure:
                failures |= dict.fromkeys(order[first:last].tolist(), variant.failure)
                continue
            if variant.tree not in prepared:
                prepared[variant.tree] = Drawn(variant.tree, self.raw_weights(u, variant.tree))
            self._blocks(variant, order, range(first, last), prepared[variant.tree], take, scores)
        return failures

    def _blocks(
        self, variant: Variant, order: Ints, span: range, drawn: Drawn, take: Take, scores: Array | None
    ) -> None:
        size = max(1, BLOCK // max(1, len(self.units)))
        for first in range(span.start, span.stop, size):
            at = slice(first, min(first + size, span.stop))
            sums, bound, absent, values = self._orders(variant, drawn, at, scores is not None)
            found = np.zeros(sums.shape, dtype=self.dtype)
            exact.ranks_of(sums, bound, absent, found)
            found, values = self._placed(variant, found, values)
            take(order[at], found)
            if scores is not None and values is not None:
                scores[order[at]] = values

    def _placed(self, variant: Variant, found: Any, values: Array | None) -> tuple[Any, Array | None]:
        """Columns of a variant with other units put in the base's order; units it lacks get rank 0 and score NaN."""
        if len(variant.columns) == len(self.units) and (variant.columns == np.arange(len(self.units))).all():
            return found, values
        there = variant.columns >= 0
        out = np.zeros((len(found), len(self.units)), dtype=self.dtype)
        out[:, variant.columns[there]] = found[:, there]
        if values is None:
            return out, None
        moved = np.full((len(found), len(self.units)), np.nan)
        moved[:, variant.columns[there]] = values[:, there]
        return out, moved

    def _orders(
        self, variant: Variant, drawn: Drawn, at: slice, with_scores: bool
    ) -> tuple[Array, float, Bools | None, Array | None]:
        draws, units = at.stop - at.start, len(variant.x)
        if "groups" not in variant.cache:
            return self._slow(variant, drawn, at)
        groups: list[Group] = variant.cache["groups"]
        if len(groups) == 1 and not groups[0].empty:
            order = groups[0].order(drawn, at)
            return order, groups[0].bound, None, groups[0].scores(order) if with_scores else None
        order, absent = np.zeros((draws, units)), np.zeros(units, dtype=bool)
        values = np.full((draws, units), np.nan) if with_scores else None
        for group in groups:
            if group.empty:
                absent[group.units] = True
                continue
            order[:, group.units] = part = group.order(drawn, at)
            if values is not None:
                values[:, group.units] = group.scores(part)
        return order, max(g.bound for g in groups), absent, values

    def _slow(self, variant: Variant, drawn: Drawn, at: slice) -> tuple[Array, float, Bools | None, Array]:
        """Methods that are not means (Copeland, OWA, Mazziotta-Pareto ...): one draw at a time."""
        options = variant.options
        values = np.empty((at.stop - at.start, len(variant.x)))
        for k in range(at.start, at.stop):
            tree = variant.tree.with_weights({code: float(w[k]) for code, w in drawn.raw.items()})
            values[k - at.start] = aggregate_tree(
                variant.x, tree, options["method"], options["threshold"], options["options"]
            )[:, -1]
        order = -ranks(values.T * variant.tree[variant.tree.root].direction).T
        absent: Bools = np.asarray(np.isnan(values).any(axis=0))
        return np.where(np.isnan(order), 0.0, order), 2.0 ** math.ceil(math.log2(len(variant.x) + 2)), absent, values
