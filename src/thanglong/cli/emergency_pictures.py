"""Pictures of simulated days: late shares with intervals, what driving buys, response times, where calls are late."""

from pathlib import Path
from typing import Any

import numpy as np

from thanglong.cli import pictures
from thanglong.cli.pictures import BLUE, GOLD, GREY, INK, RED
from thanglong.solve.simulation.types import Floats, Ints, Land


def late_shares(rows: list[dict[str, Any]], folder: Path) -> Path:
    """Each standing's late share with its interval."""
    figure, axes = pictures.figure(8, 1.2 + 0.5 * len(rows))
    for place, row in enumerate(rows[::-1]):
        low, high = row["late_interval"]
        axes.hlines(place, low * 100, high * 100, color=BLUE, linewidth=3)
        axes.plot(row["late"] * 100, place, "o", color=GOLD, markersize=5)
    axes.set_yticks(range(len(rows)), [row["name"] for row in rows[::-1]])
    axes.set_xlabel("late calls, % (mean and 95 % interval over day-books)", fontsize=8, color=INK)
    axes.grid(axis="x", alpha=0.3)
    return pictures.save(figure, folder / "late.svg")


def driving(rows: list[dict[str, Any]], folder: Path) -> Path:
    """What driving without a patient buys: kilometres (or hours) a day against the late share."""
    figure, axes = pictures.figure(7, 4.5)
    known = any(row["idle_driving_km_a_day"] for row in rows)
    key = "idle_driving_km_a_day" if known else "idle_driving_hours_a_day"
    for row in rows:
        axes.plot(row[key], row["late"] * 100, "o", color=GOLD if row["moves_a_unit_and_day"] else BLUE)
        axes.annotate(f"  {row['name']}", (row[key], row["late"] * 100), fontsize=7, color=INK, va="center")
    axes.set_xlabel(f"{'kilometres' if known else 'hours'} a day without a patient, all units", fontsize=8, color=INK)
    axes.set_ylabel("late calls, %", fontsize=8, color=INK)
    axes.margins(x=0.25)
    axes.grid(alpha=0.3)
    return pictures.save(figure, folder / "driving.svg")


def response_times(minutes: Floats, norm: float, folder: Path) -> Path:
    """The share of calls reached within so many minutes."""
    figure, axes = pictures.figure(7, 4)
    reached = np.sort(minutes[np.isfinite(minutes)])
    most = float(np.quantile(reached, 0.995)) if len(reached) else norm
    at = np.linspace(0.0, max(most, norm), 200)
    axes.plot(at, np.searchsorted(reached, at, side="right") / max(1, len(minutes)) * 100, color=BLUE)
    axes.axvline(norm, color=RED, linewidth=1)
    axes.text(norm, 2, f" norm {norm:.1f} min", fontsize=8, color=RED)
    axes.set_xlabel("minutes from call to arrival", fontsize=8, color=INK)
    axes.set_ylabel("calls reached, %", fontsize=8, color=INK)
    axes.set_ylim(0, 100)
    axes.grid(alpha=0.3)
    return pictures.save(figure, folder / "response.svg")


def late_map(land: Land, late: Floats, weights: Floats, count: Ints, folder: Path) -> Path:
    """Where calls are late (red), as large as the demand there, and how many units stand at each base."""
    figure, axes = pictures.figure(7, 6.5)
    seen = np.isfinite(late)
    size = 8 + 160 * weights[seen] / max(float(weights.max()), 1e-12)
    spots = axes.scatter(land.x[seen], land.y[seen], size, late[seen] * 100, cmap="RdYlBu_r", vmin=0, vmax=50)
    figure.colorbar(spots, label="late calls, %", shrink=0.7)
    axes.scatter(land.x[land.hospitals], land.y[land.hospitals], 40, marker="P", color=INK, label="hospital")
    empty = land.bases[count == 0]
    axes.scatter(land.x[empty], land.y[empty], 30, marker="s", color=GREY, label="base without a unit")
    for base in np.flatnonzero(count):
        node = land.bases[base]
        axes.text(land.x[node], land.y[node], str(count[base]), fontsize=9, ha="center", va="center", color="white",
                  bbox={"boxstyle": "square,pad=0.2", "color": BLUE})  # fmt: skip
    axes.set_aspect("equal")
    axes.set_axis_off()
    axes.legend(fontsize=8, loc="lower left")
    return pictures.save(figure, folder / "map.svg")
