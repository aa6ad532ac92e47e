"""Relocation policies: late calls and kilometres of each on Utrecht, Edmonton and Auckland, on days that none was
trained on, against the better of a placing tuned by simulation and DMEXCLP with a tuned busy fraction. Paired 95 %
intervals.

A number as first argument (default 1) multiplies the calls of a judged day-book (40,000), names of areas after it
choose them; areas whose data are absent are left out. All of it takes some ten CPU minutes, most of them training.
Crews: at most 4 moves of a waiting crew in 12 hours, after 20 minutes of rest.
"""

import os
import sys
import time
from pathlib import Path

import _figures
import numpy as np

from thanglong.cli import emergency_areas as areas
from thanglong.cli import emergency_plans as plans
from thanglong.solve import placing, relocation, simulation

SHARED = Path(os.environ.get("THANGLONG_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
CASES = [
    *(("utrecht", SHARED / "emergency" / "utrecht_elaspy", units) for units in (14, 16, 20)),
    ("edmonton", SHARED / "roads" / "jemss" / "edmonton", 16),
    ("auckland", SHARED / "roads" / "jemss" / "auckland", 16),
]
CALLS, SEEDS = 40_000, range(1000, 1010)
result = _figures.of("relocation")
LIMITS = simulation.Limits(most=4, period=720.0, rest=20.0)


def main() -> None:
    asked = sys.argv[1:]
    scale = float(asked.pop(0)) if asked and asked[0][0].isdigit() else 1.0
    for name, folder, units in CASES:
        if asked and name not in asked:
            continue
        if not folder.is_dir():
            print(f"{name}: left out, {folder} is absent")
            continue
        compared(name, areas.study(folder, units, max(500, int(CALLS * scale))))


def compared(name: str, study: areas.Study) -> None:
    begun = time.process_time()
    ground, home = study.ground, simulation.Policy()
    best = placing.mexclp(ground.covers, ground.demand, study.units, 0.3).count
    tuned = plans.tuned_standing(study, best, lambda _: None)
    train = study.days(plans.TRAINING, plans.TRAINING_CALLS)
    cover = relocation.train_cover(ground, tuned, train)
    hours = float(relocation.judge(ground, "", (tuned, cover.policy), train).hours.mean())
    worth = relocation.train_worth(ground, tuned, train, LIMITS)
    frugal = relocation.train_worth(ground, tuned, train, LIMITS, budget=hours)
    assign = relocation.train_assign(ground, tuned, train, LIMITS)
    trained = time.process_time() - begun
    standings = {
        "tuned static": (tuned, home), "dmexclp": (tuned, cover.policy), "assign": (tuned, assign.policy),
        "worth": (tuned, worth.policy), "worth, driving as dmexclp": (tuned, frugal.policy),
    }  # fmt: skip
    if len(study.authors):
        standings["authors"] = (study.authors, home)
    judged = relocation.compare(ground, standings, study.days(SEEDS))
    rival = min(("tuned static", "dmexclp"), key=lambda one: judged[one].late.mean())
    print(f"{name}, {study.units} units: training {trained:.0f} CPU s; the better of the two rivals is {rival}")
    for one in judged.values():
        mean, low, high = relocation.paired(one.late, judged[rival].late)
        print(
            f"  {one.name:26} late {one.late.mean():7.2%}  {mean * 100:+6.2f} ({low * 100:+.2f} to {high * 100:+.2f}) "
            f"points  {one.km.mean():6.0f} km and {one.hours.mean():5.1f} h a day  {one.moves.mean():4.1f} moves a "
            f"crew and day, at most {one.busiest.max():.1f}"
        )
    for key in ("worth", "worth, driving as dmexclp"):
        gained = relocation.paired(judged[rival].late, judged[key].late)[0] * 100
        label = f"{name}_{study.units}_{'worth' if key == 'worth' else 'worth_frugal'}"
        result(f"{label}_gain", gained, "points of late share", rival, gained)
        km = float(np.mean(judged[key].km)) / float(np.mean(judged["dmexclp"].km))
        result(f"{label}_km", float(np.mean(judged[key].km)), "km a day", "dmexclp", km)


if __name__ == "__main__":
    sys.exit(main())
