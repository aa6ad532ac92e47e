"""From documents to studies, from tables to panels; plausibility. Pure decisions, no Django."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from thanglong.domains.index.types import Finding, Rule, Study
from thanglong.formats import index_framework
from thanglong.kit.errors import Fault, Invalid
from thanglong.solve import composite
from thanglong.solve.composite.columns import column_stats
from thanglong.solve.composite.factors import Factor
from thanglong.solve.composite.prepare import formula
from thanglong.solve.composite.types import Framework, Node, Panel, Pipeline, Step

NODE_FIELDS = ("code", "parent", "name", "weight", "direction", "unit", "target", "denominator", "aggregate")


def study_of(document: Mapping[str, Any]) -> Study:
    """The study of a document; :class:`Invalid` lists every fault at once."""
    found = index_framework.faults(document)
    if found:
        raise Invalid([Fault(place, text.replace("%", "%%")) for place, text in found])
    try:
        framework = Framework(tuple(_node(node) for node in document["framework"]), document["title"])
        pipeline = Pipeline(tuple(_step(step) for step in document.get("pipeline", ())))
        composite.addresses(pipeline)
    except composite.CompositeError as error:
        raise Invalid([Fault("/framework", str(error).replace("%", "%%"))]) from None
    return Study(
        key=document["key"],
        title=document["title"],
        framework=framework,
        pipeline=pipeline,
        factors=tuple(factor_of(factor) for factor in document.get("factors", ())),
        rules=tuple(Rule(**rule) for rule in document.get("plausibility", ())),
        panel=document.get("panel", {}),
        status=document.get("status", "draft"),
        title_vi=document.get("title_vi", ""),
        sources=tuple(document.get("sources", ())),
        notes=tuple(document.get("notes", ())),
        document=document,
    )


def _node(node: Mapping[str, Any]) -> Node:
    posts = node.get("goalposts")
    return Node(
        **{name: node[name] for name in NODE_FIELDS if node.get(name) is not None},
        goalposts=(float(posts[0]), float(posts[1])) if posts else None,
    )


def _step(step: Mapping[str, Any]) -> Step:
    return Step(step["step"], {name: value for name, value in step.items() if name != "step"})


def factor_of(factor: Mapping[str, Any]) -> Factor:
    """A factor of a document as the engine's."""
    if "choice" in factor:
        return composite.Choice(factor["choice"], tuple(factor["values"]))
    if "range" in factor:
        return composite.Range(factor["range"], factor["low"], factor["high"])
    named = {"name": factor["name"]} if "name" in factor else {}
    if "noise" in factor:
        return composite.WeightNoise({int(level): f for level, f in factor["noise"].items()}, **named)
    if "simplex" in factor:
        return composite.WeightSimplex(tuple(factor["simplex"]), **named)
    return composite.WeightSets(tuple(factor["sets"]), **named)


def panel_of(columns: index_framework.Columns) -> Panel:
    """A panel for the engine from a table as read."""
    try:
        return Panel(columns.units, columns.codes, columns.values, columns.groups, columns.times)
    except composite.CompositeError as error:
        raise Invalid([Fault("panel", str(error).replace("%", "%%"))]) from None


@dataclass(frozen=True, slots=True)
class _Bounds:
    low: float
    high: float


# what a unit of measure says about possible values
UNIT_BOUNDS = {"%": _Bounds(0, 100), "0..1": _Bounds(0, 1), "yes/no": _Bounds(0, 1)}


def plausibility(study: Study, panel: Panel) -> list[Finding]:
    """Values that cannot or can hardly be true: outside their unit's bounds, negative counts, or against a rule.

    A rule is silent for rows that lack one of its columns, and altogether when the panel lacks a column.
    """
    found: list[Finding] = []
    for code in study.framework.indicators:
        if code in panel.codes:
            found += _bounds(study, panel, code)
    columns = {code: panel.values[:, j] for j, code in enumerate(panel.codes)}
    for rule in study.rules:
        names = names_in(rule.holds)
        if names <= set(columns):
            truth = formula(rule.holds, columns)
            complete = ~np.isnan(np.column_stack([columns[name] for name in sorted(names)])).any(axis=1)
            for i in np.flatnonzero((truth == 0) & complete):
                found.append(_finding(panel, int(i), rule.level, rule.key, rule.text, sorted(names)))
    return found


def _bounds(study: Study, panel: Panel, code: str) -> list[Finding]:
    node, column = study.framework[code], panel.column(code)
    bounds = UNIT_BOUNDS.get(node.unit)
    if bounds is None:
        if not node.unit.startswith("per ") and node.unit not in ("number", "minutes", "years", "km"):
            return []
        bounds = _Bounds(0, np.inf)
    wrong = np.flatnonzero((column < bounds.low) | (column > bounds.high))
    text = f"{node.name or code} lies outside {bounds.low:g} to {bounds.high:g} ({node.unit})"
    return [_finding(panel, int(i), "error", "unit", text, [code]) for i in wrong]


def _finding(panel: Panel, row: int, level: Any, rule: str, text: str, names: Sequence[str]) -> Finding:
    values = {name: float(panel.column(name)[row]) for name in names}
    return Finding(
        level, rule, text, panel.units[row], None if panel.times is None else float(panel.times[row]), values
    )


def names_in(text: str) -> set[str]:
    """Columns that a formula reads."""
    tree = ast.parse(text, mode="eval")
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in called}


def check(study: Study, panel: Panel) -> list[Finding]:
    """Everything to know before computing: missing columns, empty and constant indicators, and plausibility."""
    made = {code for step in study.pipeline.steps if step.kind == "derive" for code in step.options.get("columns", {})}
    found = [
        Finding("error", "column", f"the panel has no column {code}")
        for code in study.framework.indicators
        if code not in panel.codes and code not in made
    ]
    present = tuple(code for code in study.framework.indicators if code in panel.codes)
    if present:
        stats = column_stats(present, panel.columns(present))
        for j, code in enumerate(present):
            if stats.n_available[j] == 0:
                found.append(Finding("error", "empty", f"{code} has no value"))
            elif stats.n_unique[j] == 1:
                found.append(Finding("warning", "constant", f"{code} has the same value everywhere"))
            elif stats.low_available[j]:
                share = stats.n_available[j] / len(panel.units)
                found.append(Finding("warning", "available", f"{code}: only {share:.0%} of values are there"))
    return found + plausibility(study, panel)
