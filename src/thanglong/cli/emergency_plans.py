"""Simulated days and placings of an area: what ``thanglong emergency simulate`` and ``plan`` compute."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from thanglong.formats import elaspy
from thanglong.solve import placing, simulation
from thanglong.solve.simulation import laws
from thanglong.solve.simulation.types import Bools, Calls, Floats, Ints

NO_SIREN, TURNOUT, CARRIED = 0.95, 1.0, 0.63
TRAINING = 1
"""Seeds of tuning: never among those that judge."""


@dataclass(frozen=True, slots=True)
class Study:
    """An area and a question: how many units, which calls, when late."""

    land: simulation.Land
    demand: laws.Demand
    covers: Bools
    units: int
    calls: int
    target: float
    busy: float

    def day(self, seed: int) -> Calls:
        """The day-book of a seed."""
        return self.demand.draw(self.calls, seed)


def study(folder: Path, units: int, calls: int, between: float, target: float, busy: float) -> Study:
    """The area of a folder with the laws of the emergency notes: on scene Weibull(1.4, 30 min), 63 % to a hospital,
    handover Weibull(2.5, 28 min), one minute of turnout, home without siren at 0.95 of the speed. Raises Unreadable."""
    told = elaspy.describe(folder)
    area = elaspy.read_area(folder, told["common"])
    index = {code: number for number, code in enumerate(area.codes)}
    missing = [code for code in (*area.bases, *area.hospitals) if code not in index]
    if missing:
        raise elaspy.Unreadable(f"{missing[0]} is not in the driving-time matrix")
    urgent = np.array(area.minutes)
    bases = np.array(sorted({index[code] for code in area.bases}), np.int64)
    hospitals = np.array([index[code] for code in area.hospitals], np.int64)
    land = simulation.Land(
        urgent, urgent / NO_SIREN, np.array(area.x), np.array(area.y), bases, hospitals,
        np.zeros(len(hospitals), np.int64),
    )  # fmt: skip
    demand = laws.Demand(
        laws.exponential(between), np.array(area.inhabitants), laws.weibull(1.4, 30.0), laws.weibull(2.5, 28.0), CARRIED
    )
    covers = urgent[bases] + TURNOUT <= target
    return Study(land, demand, covers, units, calls, target, busy)


def standing(study: Study, text: str) -> Ints:
    """Units at each base from a list like ``1,0,2``; greedy when empty. Raises ValueError."""
    if not text:
        return placing.greedy(study.covers, study.demand.weights, study.units, study.busy).count
    try:
        count = np.array([int(part) for part in text.split(",")], np.int64)
    except ValueError:
        raise ValueError("--stand takes whole numbers with commas between them, one a base") from None
    if len(count) != len(study.land.bases) or count.min() < 0 or count.sum() != study.units:
        raise ValueError(f"--stand needs {len(study.land.bases)} numbers whose sum is {study.units}")
    return count


def run(study: Study, count: Ints, policy: str, calls: Calls) -> simulation.Outcome:
    """One day-book with units standing so."""
    rule = simulation.Policy()
    if policy == "cover":
        shares = study.demand.weights / study.demand.weights.sum()
        rule = simulation.Policy("cover", shares, study.covers, study.busy)
    elif policy != "home":
        raise ValueError("--policy is home or cover")
    fleet = simulation.Fleet.alike(np.repeat(np.arange(count.size), count))
    return simulation.simulate(study.land, fleet, calls, simulation.Rules(turnout=TURNOUT), rule)


def judge(study: Study, count: Ints, policy: str, seeds: Sequence[int], name: str = "") -> dict[str, Any]:
    """Late share, response percentiles and driving of a placing, mean and 95 % interval over seeds."""
    late, p50, p90, hours, trips = [], [], [], [], []
    for seed in seeds:
        calls = study.day(seed)
        out = run(study, count, policy, calls)
        late.append(out.late(study.target))
        p50.append(float(np.quantile(out.response, 0.5)))
        p90.append(float(np.quantile(out.response, 0.9)))
        days = calls.at[-1] / 1440.0
        hours.append(float(out.waiting_drive.sum() / 60.0 / days))
        trips.append(float(out.trips.sum() / days / study.units))
    return {
        "name": name or policy, "policy": policy, "units": study.units, "stand": count.tolist(), "seeds": list(seeds),
        "late": float(np.mean(late)), "late_interval": interval(np.array(late)), "late_by_seed": late,
        "p50_minutes": float(np.mean(p50)), "p90_minutes": float(np.mean(p90)),
        "idle_driving_hours_a_day": float(np.mean(hours)), "trips_a_unit_and_day": float(np.mean(trips)),
    }  # fmt: skip


def interval(values: Floats) -> list[float]:
    """The 95 % interval of a mean (Student's t)."""
    from scipy.stats import t

    half = float(t.ppf(0.975, values.size - 1) * values.std(ddof=1) / np.sqrt(values.size))
    return [float(values.mean()) - half, float(values.mean()) + half]


def plan(study: Study, seeds: Sequence[int], step: Callable[[str], None]) -> dict[str, Any]:
    """Placings compared on the same seeds: the model's optimum, tuned on days, the optimum with relocation."""
    step("the cover model's optimum")
    best = placing.mexclp(study.covers, study.demand.weights, study.units, max(study.busy, 0.01))
    shorter = replace(study, calls=min(study.calls, 50_000))  # enough to tell placings apart, and thrice as fast
    training = {seed: shorter.day(seed) for seed in (TRAINING, TRAINING + 1)}

    def late(count: Ints, seed: int) -> float:
        return run(study, count, "home", training[seed]).late(study.target)

    start = min(
        (best.count, placing.greedy(study.covers, study.demand.weights, study.units, 0.5).count),
        key=lambda count: late(count, TRAINING),
    )
    tuned, _ = placing.tune(
        start, late, list(training), report=lambda number, share: step(f"tuned {number} times, {share:.2%} late")
    )
    step("judging")
    rows = [
        judge(study, best.count, "home", seeds, "model optimum"),
        judge(study, tuned, "home", seeds, "tuned"),
        judge(study, tuned, "cover", seeds, "tuned, with relocation"),
    ]
    base = np.array(rows[1]["late_by_seed"])
    for row in rows:
        row["against_tuned"] = interval(np.array(row["late_by_seed"]) - base)
    return {"gap": best.gap, "expected_cover": best.value, "placings": rows}


def sentence(row: dict[str, Any]) -> str:
    """A judged placing in one line."""
    low, high = row["late_interval"]
    return (
        f"{row['name']}: {row['late']:.2%} late (95 % interval {low:.2%} to {high:.2%}), half within "
        f"{row['p50_minutes']:.1f} min, nine of ten within {row['p90_minutes']:.1f} min, "
        f"{row['idle_driving_hours_a_day']:.1f} h a day driven without a patient; standing {row['stand']}"
    )


def picture(told: dict[str, Any], folder: Path) -> Path:
    """Late shares with their intervals, as a picture."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    rows = told["placings"][::-1]
    folder.mkdir(parents=True, exist_ok=True)
    figure, axes = plt.subplots(figsize=(8, 1.2 + 0.6 * len(rows)), layout="constrained")
    for place, row in enumerate(rows):
        low, high = row["late_interval"]
        axes.plot([low * 100, high * 100], [place, place], color="#1f6f8b", linewidth=3)
        axes.plot(row["late"] * 100, place, "o", color="#1f6f8b")
    axes.set_yticks(range(len(rows)), [row["name"] for row in rows])
    axes.set_xlabel("late calls, % (mean and 95 % interval over seeds)")
    axes.grid(axis="x", alpha=0.3)
    path = folder / "placings.png"
    figure.savefig(path, dpi=150)
    plt.close(figure)
    return path
