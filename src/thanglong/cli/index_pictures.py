"""Pictures of an index as SVG: ranks with intervals, sensitivity, strengths and weaknesses. Drawn without a screen."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from thanglong.cli import pictures
from thanglong.cli.pictures import BLUE, GOLD, GREY, INK, RED
from thanglong.solve import composite
from thanglong.solve.composite.attribution import Sensitivity

MOST = 60  # units in one picture: more cannot be read


def rank_intervals(found: composite.Uncertainty, folder: Path) -> Path:
    """Each unit's nominal rank (dot), median (bar) and the middle 90 % and 50 % of its ranks."""
    order = np.argsort(found.nominal, kind="stable")[:MOST]
    low, quarter, middle, three, high = found.quantiles([0.05, 0.25, 0.5, 0.75, 0.95])
    figure, axes = pictures.figure(max(6.0, 0.2 * len(order)), 5)
    at = np.arange(len(order))
    axes.vlines(at, low[order], high[order], color=GREY, linewidth=2, label="90 % of draws")
    axes.vlines(at, quarter[order], three[order], color=BLUE, linewidth=5, alpha=0.6, label="50 % of draws")
    axes.plot(at, middle[order], "_", color=INK, markersize=8, label="median")
    axes.plot(at, found.nominal[order], "o", color=GOLD, markersize=4, label="rank as published")
    axes.set_xticks(at, [found.units[int(i)] for i in order], rotation=90)
    axes.invert_yaxis()
    axes.set_ylabel("rank")
    axes.set_title(f"How firm each rank is ({found.draws:,} draws)", fontsize=10, color=INK)
    axes.legend(frameon=False, fontsize=8)
    return pictures.save(figure, folder / "ranks.svg")


def sensitivity_bars(found: Sensitivity, folder: Path) -> Path:
    """First-order and total-order index of each factor with 90 % intervals."""
    s = found.sobol
    figure, axes = pictures.figure(7, 1.2 + 0.6 * len(s.names))
    at = np.arange(len(s.names), dtype=np.float64)
    for shift, values, span, colour, label in (
        (-0.2, s.first, s.first_interval, BLUE, "alone (first order)"),
        (0.2, s.total, s.total_interval, GOLD, "with interactions (total order)"),
    ):
        axes.barh(at + shift, values, 0.36, color=colour, label=label)
        if span is not None:
            axes.hlines(at + shift, span[0], span[1], color=INK, linewidth=1)
    axes.set_yticks(at, s.names)
    axes.invert_yaxis()
    axes.set_xlabel("share of the variance of the mean change of rank")
    axes.legend(frameon=False, fontsize=8)
    return pictures.save(figure, folder / "sensitivity.svg")


def scores_bars(result: composite.Result, folder: Path) -> Path:
    """Index scores of the newest time, best first."""
    rows = result.panel.years()[-1]
    score, rank = result.score()[rows], result.ranks()[rows]
    order = np.argsort(np.where(np.isnan(rank), np.inf, rank), kind="stable")[:MOST]
    figure, axes = pictures.figure(max(6.0, 0.2 * len(order)), 4)
    axes.bar(np.arange(len(order)), score[order], color=BLUE)
    axes.set_xticks(np.arange(len(order)), [result.units[int(rows[i])] for i in order], rotation=90)
    axes.set_ylabel(result.framework[result.framework.root].name or "score")
    return pictures.save(figure, folder / "scores.svg")


def strengths_and_weaknesses(unit: str, rows: Sequence[dict[str, Any]], folder: Path) -> Path:
    """One unit's best and worst indicators by rank."""
    mine = [row for row in rows if row["unit"] == unit]
    figure, axes = pictures.figure(7, 1 + 0.3 * len(mine))
    at = np.arange(len(mine))
    colours = [BLUE if row["kind"] == "strength" else RED for row in mine]
    axes.barh(at, [row["score"] for row in mine], color=colours)
    for place, row in zip(at, mine, strict=True):
        axes.text(row["score"] or 0, place, f"  {row['kind']}, rank {row['rank']}", va="center", fontsize=8, color=INK)
    axes.set_yticks(at, [row["name"] or row["code"] for row in mine])
    axes.invert_yaxis()
    axes.set_xlabel("normalised score")
    axes.set_title(f"{unit}: strengths (blue) and weaknesses (red)", fontsize=10, color=INK)
    return pictures.save(figure, folder / "units" / f"{''.join(c if c.isalnum() else '_' for c in unit)}.svg")
