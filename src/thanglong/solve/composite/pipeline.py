"""From raw panel to scores: the steps of a pipeline run in order, each checked, each kept.

Every option has a documented default and a dotted address (``treat.most``). :data:`DEFAULTS` is the one list of both.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import aggregate, impute, normalise, prepare, treat, weights
from .columns import ranks
from .errors import BadFramework, CompositeError, UnknownMethod, UnknownStep
from .types import Array, Bools, Framework, Ints, Panel, Pipeline, Step, cells, index_of

DEFAULTS: dict[str, dict[str, Any]] = {
    "derive": {"columns": {}},
    "denominate": {"by": {}, "scale": 1.0},
    "impute": {"method": "mean", "group": None, "level": None, "normalise_first": True, "value": 0.0, "reach": None},
    "screen": {"by": "available", "available": 2 / 3, "nonzero": 2 / 3, "keep": [], "drop": []},
    "treat": {
        "most": 5, "then": "log_ct", "power": 0.0, "skew_limit": 2.0, "kurtosis_limit": 3.5, "combine": False,
        "force": False,
        "indicators": {},
    },
    "normalise": {"method": "minmax", "options": {}, "flat": None, "across": "all", "indicators": {}},
    "weigh": {"method": "given", "values": {}, "level": 1},
    "aggregate": {"method": "arithmetic", "threshold": None, "options": {}},
    "round": {"decimals": 3},
}  # fmt: skip
WEIGHING = ("given", "equal", "pca", "entropy", "critic", "spread", "optimise_balance", "optimise_infomax")


def options_of(step: Step) -> dict[str, Any]:
    """All options of a step, defaults filled in; an option that does not exist is an error."""
    if step.kind not in DEFAULTS:
        raise UnknownMethod("step", step.kind, list(DEFAULTS))
    strange = sorted(set(step.options) - set(DEFAULTS[step.kind]))
    if strange:
        raise UnknownMethod(f"option of {step.kind}", strange[0], list(DEFAULTS[step.kind]))
    return DEFAULTS[step.kind] | dict(step.options)


def addresses(pipeline: Pipeline) -> list[str]:
    """Everything that may be varied: ``kind.option`` of each step, and ``normalise.options.lower`` where options are
    given."""
    found = []
    for step in pipeline.steps:
        for name, value in options_of(step).items():
            found.append(f"{step.kind}.{name}")
            if isinstance(value, Mapping):
                found += [f"{step.kind}.{name}.{key}" for key in value]
    return found


def edit(pipeline: Pipeline, changes: Mapping[str, Any]) -> Pipeline:
    """The pipeline with options at some addresses replaced; an address it does not have is an :class:`UnknownStep`."""
    known = addresses(pipeline)
    steps = list(pipeline.steps)
    for address, value in changes.items():
        if address not in known:
            raise UnknownStep(address, known)
        kind, name, *rest = address.split(".", 2)
        for k, step in enumerate(steps):
            if step.kind == kind:
                old = options_of(step)[name]
                steps[k] = Step(kind, {**step.options, name: {**old, rest[0]: value} if rest else value})
    return Pipeline(tuple(steps))


@dataclass
class State:
    """What flows through the steps: the panel, the framework (weights may change), indicators, scores, and notes."""

    panel: Panel
    framework: Framework
    x: Array
    scores: Array | None = None
    stages: dict[str, Array] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """A computed index. ``scores`` has a column for each of ``framework.codes`` (indicators as normalised, then
    aggregates)."""

    framework: Framework
    pipeline: Pipeline
    panel: Panel
    scores: Array
    stages: Mapping[str, Array]
    notes: Mapping[str, Any]

    @property
    def units(self) -> tuple[str, ...]:
        return self.panel.units

    def score(self, code: str | None = None) -> Array:
        """Scores of one node, by default the index."""
        return self.scores[:, index_of(self.framework.codes)[code or self.framework.root]]

    def ranks(self, code: str | None = None) -> Array:
        """Ranks of one node (1 = best, ties share the best), within each time of a panel.

        Best is highest, but lowest for an aggregate whose direction is -1 (an index of inequality, say).
        """
        score = self.score(code)
        if self.framework.children(code or self.framework.root):
            score = score * self.framework[code or self.framework.root].direction
        out = np.full(len(score), np.nan)
        for rows in self.panel.years():
            out[rows] = ranks(score[rows])
        return out


def start(panel: Panel, framework: Framework, pipeline: Pipeline) -> State:
    """The state before the first step. Columns that a ``derive`` step will make need not stand in the panel yet."""
    made = {code for step in pipeline.steps if step.kind == "derive" for code in options_of(step)["columns"]}
    lacking = [code for code in framework.indicators if code not in panel.codes and code not in made]
    if lacking:
        raise BadFramework(f"the panel lacks the columns: {', '.join(lacking)}")
    x = panel.columns([c for c in framework.indicators if c in panel.codes])
    return State(panel, framework, x)


def compute(panel: Panel, framework: Framework, pipeline: Pipeline) -> Result:
    """Run all steps. The last must aggregate (a ``round`` may follow)."""
    state = start(panel, framework, pipeline)
    for step in pipeline.steps:
        advance(state, step)
    if state.scores is None:
        raise CompositeError("the pipeline has no aggregate step")
    return Result(state.framework, pipeline, state.panel, state.scores, state.stages, state.notes)


def advance(state: State, step: Step) -> None:
    """Do one step in place."""
    options = options_of(step)
    if state.scores is not None and step.kind != "round":
        raise CompositeError(f"{step.kind} comes after aggregate: nothing but round may")
    _STEPS[step.kind](state, options)
    if step.kind in ("derive", "denominate", "impute", "screen"):
        codes = [c for c in state.framework.indicators if c in state.panel.codes]
        state.x = state.panel.columns(codes)
    state.stages[step.kind] = state.x if state.scores is None else state.scores


def _derive(state: State, options: dict[str, Any]) -> None:
    state.panel = prepare.derive(state.panel, options["columns"])


def _denominate(state: State, options: dict[str, Any]) -> None:
    state.panel = prepare.denominate(state.panel, state.framework, options["by"], options["scale"])


def _impute(state: State, options: dict[str, Any]) -> None:
    state.panel = impute.impute(state.panel, state.framework, **options)


def _screen(state: State, options: dict[str, Any]) -> None:
    keep: Bools = prepare.screen(state.panel.columns(state.framework.indicators), units=state.panel.units, **options)
    state.notes["screened_out"] = tuple(u for u, k in zip(state.panel.units, keep, strict=True) if not k)
    state.panel = state.panel.rows(keep)


def _treat(state: State, options: dict[str, Any]) -> None:
    own = options.pop("indicators")
    at = _positions(state.framework, own)
    out, details = state.x.copy(), []
    for rows in state.panel.years():
        common = [j for j in range(out.shape[1]) if j not in at]
        parts = [(common, options)] + [([j], options | dict(own[c])) for j, c in at.items() if own[c] != "none"]
        for columns, given in parts:
            found = treat.treat(state.x[cells(rows, columns)], **given)
            out[cells(rows, columns)] = found.values
            details.append((tuple(state.framework.indicators[j] for j in columns), rows, found))
    state.x, state.notes["treat"] = out, details


def _positions(framework: Framework, own: Mapping[str, Any]) -> dict[int, str]:
    at = index_of(framework.indicators)
    strange = sorted(set(own) - set(at))
    if strange:
        raise BadFramework(f"options for indicators that are not in the framework: {', '.join(strange)}")
    return {at[code]: code for code in own}


def _normalise(state: State, options: dict[str, Any]) -> None:
    framework, codes = state.framework, state.framework.indicators
    blocks = [np.arange(len(state.x))] if options["across"] == "all" else state.panel.years()
    at = _positions(framework, options["indicators"])
    out = np.empty_like(state.x)
    for rows in blocks:
        common = [j for j in range(len(codes)) if j not in at]
        for columns, given in [(common, options)] + [
            ([j], options | dict(options["indicators"][c])) for j, c in at.items()
        ]:
            if columns:
                out[cells(rows, columns)] = _normalised(state, rows, columns, given)
    state.x = out


def _normalised(state: State, rows: Ints, columns: list[int], given: Mapping[str, Any]) -> Array:
    nodes = [state.framework[state.framework.indicators[j]] for j in columns]
    own = dict(given["options"])
    nan = (np.nan, np.nan)
    posts = np.array([n.goalposts or nan for n in nodes], dtype=np.float64)
    return normalise.normalise(
        state.x[cells(rows, columns)], np.array([n.direction for n in nodes], dtype=np.float64), given["method"], own,
        codes=[n.code for n in nodes], targets=np.array([np.nan if n.target is None else n.target for n in nodes]),
        posts=(posts[:, 0], posts[:, 1]), flat=given["flat"],
    )  # fmt: skip


def _weigh(state: State, options: dict[str, Any]) -> None:
    method, framework = options["method"], state.framework
    if method == "given":
        new = dict(options["values"])
    elif method == "equal":
        new = weights.equal(framework)
    elif method == "pca":
        new = _weigh_pca(state, options["level"])
    elif method in ("entropy", "critic", "spread"):
        new = {}
        for parent in dict.fromkeys(framework[c].parent for c in framework.indicators):
            columns = [j for j, c in enumerate(framework.indicators) if framework[c].parent == parent]
            values = getattr(weights, method)(state.x[:, columns]) if len(columns) > 1 else np.ones(1)
            new |= {framework.indicators[j]: float(v) for j, v in zip(columns, values, strict=True)}
    elif method.startswith("optimise_") and method in WEIGHING:
        found = weights.optimise(state.x, framework, options["level"], method.removeprefix("optimise_"))
        new = dict(zip(found.codes, found.weights.tolist(), strict=True))
    else:
        raise UnknownMethod("weighing", method, WEIGHING)
    state.framework = framework.with_weights(new)
    state.notes["weights"] = new


def _weigh_pca(state: State, level: int) -> dict[str, float]:
    table = np.column_stack([state.x, aggregate.aggregate_tree(state.x, state.framework)])
    at = index_of(state.framework.codes)
    codes = state.framework.at_level(level)
    return weights.from_pca(table[:, [at[c] for c in codes]], codes, state.framework)


def _aggregate(state: State, options: dict[str, Any]) -> None:
    above = aggregate.aggregate_tree(
        state.x, state.framework, options["method"], options["threshold"], options["options"]
    )
    state.scores = np.column_stack([state.x, above])


def _round(state: State, options: dict[str, Any]) -> None:
    if state.scores is None:
        raise CompositeError("round comes after aggregate")
    state.scores = np.round(state.scores, options["decimals"])


_STEPS = {
    "derive": _derive, "denominate": _denominate, "impute": _impute, "screen": _screen, "treat": _treat,
    "normalise": _normalise, "weigh": _weigh, "aggregate": _aggregate, "round": _round,
}  # fmt: skip
