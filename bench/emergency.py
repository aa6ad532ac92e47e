"""Ambulances: simulated calls a second, static and with relocation, against the plain simulator in the same run; cover
models against trying greedily; recorded runs compared first.

With ``../shared/data/emergency/utrecht_elaspy`` at hand the area is Utrecht's (231 places, 21 bases, 5 hospitals),
otherwise a generated one of the same size. Times are CPU seconds of one core.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from thanglong.cli import emergency_plans as plans
from thanglong.cli import emergency_runs as runs
from thanglong.solve import placing, simulation
from thanglong.solve.simulation import laws, reference

SHARED = Path(os.environ.get("THANGLONG_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
UTRECHT = SHARED / "emergency" / "utrecht_elaspy"
CALLS, PLAIN_CALLS = 150_000, 1_500


def result(metric: str, value: float, unit: str, versus: str = "", ratio: float | None = None) -> None:
    shown = None if ratio is None else round(ratio, 2)
    line = {"area": "emergency", "metric": metric, "value": round(value, 4), "unit": unit, "versus": versus,
            "ratio": shown}  # fmt: skip
    print("RESULT " + json.dumps(line))


def cpu(work: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.process_time()
    made = work()
    return time.process_time() - begun, made


def generated() -> plans.Study:
    rng = np.random.default_rng(7)
    x, y = rng.uniform(0, 40, (2, 231))
    urgent = np.hypot(x[:, None] - x, y[:, None] - y)
    bases = np.sort(rng.choice(231, 21, replace=False)).astype(np.int64)
    hospitals = rng.choice(231, 5, replace=False).astype(np.int64)
    land = simulation.Land(urgent, urgent / 0.95, x, y, bases, hospitals, np.zeros(5, np.int64))
    demand = laws.Demand(laws.exponential(7.75), rng.random(231), laws.weibull(1.4, 30.0), laws.weibull(2.5, 28.0))
    return plans.Study(land, demand, urgent[bases] <= 11, 20, CALLS, 12.0, 0.3)


def main() -> None:
    if UTRECHT.is_dir():
        for played in runs.replay(UTRECHT):
            print(played.sentence())
            assert played.same
        study = plans.study(UTRECHT, 20, CALLS, 7.75, 12.0, 0.3)
    else:
        print("Utrecht's data are absent: a generated area of the same size")
        study = generated()
    count = plans.standing(study, "")
    for policy in ("home", "cover"):
        simulated(study, count, policy)
    for units in (20, 40):
        placed(study, units)


def simulated(study: plans.Study, count: plans.Ints, policy: str) -> None:
    day, short = study.day(1), study.demand.draw(PLAIN_CALLS, 1)
    fast = plans.run(study, count, policy, short)
    shares = study.demand.weights / study.demand.weights.sum()
    cover = simulation.Policy("cover", shares, study.covers, study.busy)
    rule = simulation.Policy() if policy == "home" else cover
    fleet = simulation.Fleet.alike(np.repeat(np.arange(count.size), count))
    plain, slow = cpu(lambda: reference.simulate(study.land, fleet, short, simulation.Rules(plans.TURNOUT), rule))
    assert np.array_equal(fast.unit, slow.unit)
    seconds, _ = cpu(lambda: plans.run(study, count, policy, day))
    ratio = (plain / PLAIN_CALLS) / (seconds / CALLS)
    print(f"{policy}: {CALLS:,} calls in {seconds:.2f} CPU s")
    result(f"simulate_{policy}_150k", seconds, "CPU s", "plain Python, per call", ratio)


def placed(study: plans.Study, units: int) -> None:
    _, easy = cpu(lambda: placing.greedy(study.covers, study.demand.weights, units, 0.5))
    seconds, best = cpu(lambda: placing.mexclp(study.covers, study.demand.weights, units, 0.5))
    assert best.value >= easy.value - 1e-9
    assert best.gap < 1e-4
    result(f"mexclp_{units}", seconds, "CPU s", "greedy: expected cover", best.value / easy.value)


if __name__ == "__main__":
    sys.exit(main())
