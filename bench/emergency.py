"""Ambulances: simulated calls a second, static and with relocation, against the plain simulator in the same run; cover
models against trying greedily; units ranked and chosen together; recorded runs compared first.

With ``../shared/data/emergency/utrecht_elaspy`` at hand the area is Utrecht's (231 places, 21 bases, 5 hospitals),
otherwise a generated one of the same size. Times are CPU seconds of one core.
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import _figures
import numpy as np

from thanglong.cli import emergency_areas as areas
from thanglong.cli import emergency_runs as runs
from thanglong.solve import dispatch, placing, relocation, simulation
from thanglong.solve.simulation import laws, reference

SHARED = Path(os.environ.get("THANGLONG_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
UTRECHT = SHARED / "emergency" / "utrecht_elaspy"
CALLS, PLAIN_CALLS = 150_000, 1_500


result = _figures.of("emergency")


def cpu(work: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.process_time()
    made = work()
    return time.process_time() - begun, made


def generated() -> areas.Study:
    rng = np.random.default_rng(7)
    x, y = rng.uniform(0, 40, (2, 231))
    urgent = np.hypot(x[:, None] - x, y[:, None] - y)
    bases = np.sort(rng.choice(231, 21, replace=False)).astype(np.int64)
    hospitals = rng.choice(231, 5, replace=False).astype(np.int64)
    land = simulation.Land(urgent, urgent / 0.95, x, y, bases, hospitals, np.zeros(5, np.int64))
    demand = laws.Demand(laws.exponential(7.75), rng.random(231), laws.weibull(1.4, 30.0), laws.weibull(2.5, 28.0))
    shares = demand.weights / demand.weights.sum()
    ground = relocation.Ground(land, simulation.Rules(turnout=1.0), urgent[bases] <= 11, shares, np.array([12.0]))
    return areas.Study(ground, demand, 20, CALLS, 0.3, np.zeros(0, np.int64))


def main() -> None:
    if UTRECHT.is_dir():
        for played in runs.replay(UTRECHT):
            print(played.sentence())
            assert played.same
        study = areas.study(UTRECHT, 20, CALLS)
    else:
        print("Utrecht's data are absent: a generated area of the same size")
        study = generated()
    ground, count = study.ground, areas.standing(study, "")
    worth = relocation.expected_worth(ground.demand, 0.2, 10)
    limits = simulation.Limits(most=4, rest=20.0, least=0.01)
    table = relocation.compliance(ground.covers, ground.demand, study.units, 0.3)
    policies = {
        "static": simulation.Policy(),
        "dmexclp": simulation.Policy("cover", ground.demand, ground.covers, 0.3),
        "assign": simulation.Policy("assign", table=table, limits=limits),
        "worth": simulation.Policy("worth", ground.demand, ground.covers, worth=worth, price=5e-4, limits=limits),
    }
    for name, policy in policies.items():
        simulated(study, count, name, policy)
    for units in (20, 40):
        placed(study, units)
    ranked()


def simulated(study: areas.Study, count: areas.Ints, name: str, policy: simulation.Policy) -> None:
    ground, day, short = study.ground, study.days([1])[0], study.demand.draw(PLAIN_CALLS, 1)
    fast = ground.run(count, policy, short)
    fleet = simulation.Fleet.alike(np.repeat(np.arange(count.size), count))
    plain, slow = cpu(lambda: reference.simulate(ground.land, fleet, short, ground.rules, policy))
    assert np.array_equal(fast.unit, slow.unit)
    assert np.array_equal(fast.relocations, slow.relocations)
    seconds, _ = cpu(lambda: ground.run(count, policy, day))
    ratio = (plain / PLAIN_CALLS) / (seconds / CALLS)
    print(f"{name}: {CALLS:,} calls in {seconds:.2f} CPU s")
    result(f"simulate_{name}_150k", seconds, "CPU s", "plain Python, per call", ratio)


def ranked() -> None:
    """Five of 500 units for each of 2,000 calls, against sorting them in plain Python; an alarm of 20 needs."""
    rng = np.random.default_rng(3)
    units = dispatch.Units(
        rng.uniform(0, 30, 500), rng.choice([0.0, 0.0, 5.0], 500), rng.choice([0.0, 1.0], 500),
        rng.integers(0, 16, 500), rng.random(500) < 0.9, np.zeros(500),
    )  # fmt: skip
    rows = list(zip(units.drive.tolist(), units.turnout.tolist(), units.free_in.tolist(), units.skills.tolist(),
                    units.on_duty.tolist(), strict=True))  # fmt: skip

    def plainly() -> list[int]:
        able = [(drive + turnout, number) for number, (drive, turnout, free_in, skills, duty) in enumerate(rows)
                if duty and not free_in and not 5 & ~skills]  # fmt: skip
        return [number for _, number in sorted(able)[:5]]

    assert dispatch.rank(units, 5).chosen.tolist() == plainly()
    seconds, _ = cpu(lambda: [dispatch.rank(units, 5) for _ in range(2000)])
    plain, _ = cpu(lambda: [plainly() for _ in range(2000)])
    result("rank_500_units", seconds / 2, "CPU ms", "plain Python without reasons", plain / seconds)
    alarm = dispatch.Alarm(rng.integers(1, 8, 20), np.ones(20, np.int64), np.full(20, np.inf))
    arrives = np.where(units.on_duty & (units.free_in == 0), units.drive, np.inf)
    once, found = cpu(lambda: dispatch.fill_needs(alarm, units.skills, arrives))
    assert found.short.sum() == 0
    nearest = one_by_one(alarm, units.skills, arrives)
    result("alarm_20_needs", once * 1000, "CPU ms", "each need its nearest: minutes in all", nearest / found.cost)


def one_by_one(alarm: dispatch.Alarm, skills: areas.Ints, arrives: areas.Floats) -> float:
    left, total = arrives.copy(), 0.0
    for need in range(len(alarm.skills)):
        able = np.where(alarm.able(skills, left)[need], left, np.inf)
        total += float(able.min())
        left[int(able.argmin())] = np.inf
    return total


def placed(study: areas.Study, units: int) -> None:
    _, easy = cpu(lambda: placing.greedy(study.ground.covers, study.ground.demand, units, 0.5))
    seconds, best = cpu(lambda: placing.mexclp(study.ground.covers, study.ground.demand, units, 0.5))
    assert best.value >= easy.value - 1e-9
    assert best.gap < 1e-4
    result(f"mexclp_{units}", seconds, "CPU s", "greedy: expected cover", best.value / easy.value)


if __name__ == "__main__":
    sys.exit(main())
