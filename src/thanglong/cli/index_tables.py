"""Report tables of an index as plain rows, written as CSV, Parquet and JSON."""

import csv
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from thanglong.domains.index.types import Finding, Study
from thanglong.solve import composite
from thanglong.solve.composite.attribution import Sensitivity
from thanglong.solve.composite.multivariate import correlation
from thanglong.solve.composite.report import Comparison
from thanglong.solve.composite.weights import effective


@dataclass(frozen=True, slots=True)
class Table:
    """Columns by name, all of one length; numbers or texts."""

    name: str
    columns: Mapping[str, Any]

    def rows(self) -> list[dict[str, Any]]:
        """Rows as dicts, NaN as None and NumPy numbers as Python's."""
        columns = {key: [_plain(value) for value in values] for key, values in self.columns.items()}
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def write(table: Table, folder: Path) -> list[Path]:
    """The table as ``name.csv``, ``name.parquet`` and ``name.json`` in a folder."""
    import pyarrow
    import pyarrow.parquet

    folder.mkdir(parents=True, exist_ok=True)
    rows = table.rows()
    paths = [folder / f"{table.name}.{ending}" for ending in ("csv", "parquet", "json")]
    with paths[0].open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(table.columns))
        writer.writeheader()
        writer.writerows(rows)
    columns = {key: [row[key] for row in rows] for key in table.columns}
    pyarrow.parquet.write_table(pyarrow.table(columns), paths[1])
    paths[2].write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return paths


def _keys(result: composite.Result) -> dict[str, Any]:
    keys: dict[str, Any] = {"unit": result.units}
    if result.panel.times is not None:
        keys["time"] = result.panel.times.tolist()
    return keys


def scores(result: composite.Result) -> Table:
    """Rank and score of every aggregate, index first."""
    columns = _keys(result) | {"rank": result.ranks()}
    for code in reversed(result.framework.aggregates):
        columns[code] = result.score(code)
    return Table("scores", columns)


def ranks(result: composite.Result) -> Table:
    """Ranks in every aggregate."""
    return Table("ranks", _keys(result) | {code: result.ranks(code) for code in reversed(result.framework.aggregates)})


def indicators(result: composite.Result) -> Table:
    """Normalised indicators."""
    return Table("indicators", _keys(result) | {code: result.score(code) for code in result.framework.indicators})


def framework(result: composite.Result) -> Table:
    """The tree with given and effective weights, and each node's influence: its squared correlation with the index."""
    tree, share = result.framework, effective(result.framework)
    r = correlation(result.scores, "pearson", result.score()[:, None])[:, 0]
    nodes = [tree[code] for code in tree.codes]
    return Table(
        "framework",
        {
            "code": [n.code for n in nodes],
            "name": [n.name for n in nodes],
            "parent": [n.parent for n in nodes],
            "level": [tree.levels[n.code] for n in nodes],
            "direction": [n.direction for n in nodes],
            "weight": [n.weight for n in nodes],
            "effective_weight": [share[n.code] for n in nodes],
            "correlation": r,
        },
    )


def best_and_worst(study: Study, result: composite.Result, top: int = 5) -> Table:
    """Strengths and weaknesses of every unit of the newest time."""
    rows = result.panel.years()[-1]
    columns: dict[str, list[Any]] = {k: [] for k in ("unit", "kind", "code", "name", "pillar", "rank", "score")}
    x = result.scores[rows][:, : len(study.framework.indicators)]
    # scores are turned already: a tree without directions keeps them as they are
    upright = composite.Framework(
        tuple(composite.Node(n.code, n.parent, n.name, n.weight) for n in study.framework.nodes)
    )
    units = [result.units[int(i)] for i in rows]
    for unit in units:
        for kind, lines in zip(
            ("strength", "weakness"), composite.strengths(upright, units, x, unit, top, top), strict=True
        ):
            for line in lines:
                values = (unit, kind, line.code, line.name, line.parent, line.rank, line.score)
                for key, value in zip(columns, values, strict=True):
                    columns[key].append(value)
    return Table("strengths", columns)


def intervals(found: composite.Uncertainty) -> Table:
    """Nominal, mean and quantiles of each unit's rank, and how often it held its nominal rank."""
    low, quarter, middle, three, high = found.quantiles([0.05, 0.25, 0.5, 0.75, 0.95])
    accept = found.acceptability()
    held = [accept[i, r - 1] if r > 0 else float("nan") for i, r in enumerate(found.nominal)]
    return Table(
        "uncertainty",
        {
            "unit": found.units,
            "rank": found.nominal,
            "mean": found.mean(),
            "q05": low,
            "q25": quarter,
            "median": middle,
            "q75": three,
            "q95": high,
            "share_at_rank": held,
        },
    )


def indices(found: Sensitivity) -> Table:
    """Sobol indices of each factor with their intervals."""
    s = found.sobol
    columns: dict[str, Any] = {"factor": s.names, "first": s.first, "total": s.total}
    if s.first_interval is not None and s.total_interval is not None:
        columns |= {"first_q05": s.first_interval[0], "first_q95": s.first_interval[1]}
        columns |= {"total_q05": s.total_interval[0], "total_q95": s.total_interval[1]}
    return Table("sensitivity", columns)


def comparison(found: Comparison) -> Table:
    """Ranks in every variant and the places won or lost against the first."""
    columns: dict[str, Any] = {"unit": found.units}
    for j, name in enumerate(found.variants):
        columns[name] = found.ranks[:, j]
        if j:
            columns[f"{name}_change"] = found.change[:, j]
    return Table("comparison", columns)


def findings(found: Sequence[Finding]) -> list[dict[str, Any]]:
    """Findings as plain rows."""
    return [asdict(finding) for finding in found]
