"""What ``thanglong emergency simulate`` and ``plan`` compute: simulated days, policies and placings of an area."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thanglong.cli.emergency_areas import Study
from thanglong.solve import placing, relocation, simulation
from thanglong.solve.relocation import Judged
from thanglong.solve.relocation.ground import Standing
from thanglong.solve.simulation import Limits
from thanglong.solve.simulation.types import Floats, Ints

Step = Callable[[str], None]
TRAINING, TRAINING_CALLS = (1, 2), 25_000
"""Seeds of tuning, never among those that judge, and calls of each."""
POLICIES = ("home", "cover", "table", "assign", "worth")


def policy(
    study: Study, count: Ints, kind: str, limits: Limits, driving: float | None, step: Step
) -> relocation.Trained:
    """A policy by name, fitted on the training days where it has settings. ``driving``: hours a day that all units may
    drive without a patient ("worth" only). Raises ValueError for an unknown name."""
    ground, days = study.ground, study.days(TRAINING, min(study.calls, TRAINING_CALLS))

    def report(name: str, late: float) -> None:
        step(f"{kind}: {name} tried, {late:.2%} late")

    if kind == "home":
        return relocation.Trained(simulation.Policy(), {}, float("nan"), 0)
    if kind == "cover":
        return relocation.train_cover(ground, count, days, report=report)
    if kind == "table":
        table = relocation.compliance(ground.covers, ground.demand, int(count.sum()), study.busy)
        return relocation.Trained(simulation.Policy("table", table=table), {"busy": study.busy}, float("nan"), 1)
    if kind == "assign":
        return relocation.train_assign(ground, count, days, limits, report=report)
    if kind == "worth":
        return relocation.train_worth(ground, count, days, limits, budget=driving, report=report)
    raise ValueError(f"--policy is one of {', '.join(POLICIES)}")


def simulate(
    study: Study, count: Ints, kind: str, limits: Limits, driving: float | None, seeds: Sequence[int], step: Step
) -> tuple[dict[str, Any], simulation.Policy]:
    """One policy on the judging days, against every unit going home on the same days."""
    trained = policy(study, count, kind, limits, driving, step)
    step("judging")
    days = study.days(seeds)
    standings: dict[str, Standing] = {"home": (count, simulation.Policy())}
    standings[kind] = (count, trained.policy)
    judged = relocation.compare(study.ground, standings, days)
    told = row(study, standings[kind], judged[kind], judged["home"], seeds)
    return told | {"settings": dict(trained.settings), "settings_tried": trained.tried}, trained.policy


def plan(
    study: Study, limits: Limits, driving: float | None, kinds: Sequence[str], seeds: Sequence[int], step: Step
) -> dict[str, Any]:
    """Placings and policies compared on the same days: the model's optimum, the authors' placing where there is one,
    the placing tuned on training days, and each policy from there."""
    ground, home = study.ground, simulation.Policy()
    step("the cover model's optimum")
    best = placing.mexclp(ground.covers, ground.demand, study.units, max(study.busy, 0.01))
    tuned = tuned_standing(study, best.count, step)
    standings: dict[str, Standing] = {"model optimum": (best.count, home), "tuned": (tuned, home)}
    if len(study.authors):
        standings["authors' placing"] = (study.authors, home)
    settings: dict[str, Any] = {}
    for kind in kinds:
        trained = policy(study, tuned, kind, limits, driving, step)
        standings[f"tuned, {kind}"] = (tuned, trained.policy)
        settings[f"tuned, {kind}"] = dict(trained.settings)
    rows = []
    days = study.days(seeds)
    judged: dict[str, Judged] = {}
    for name, standing in standings.items():
        step(f"judging: {name}")
        judged[name] = relocation.judge(ground, name, standing, days)
        rows.append(row(study, standing, judged[name], judged.get("tuned", judged[name]), seeds))
        rows[-1]["settings"] = settings.get(name, {})
    for one in rows:  # the first row was judged before the tuned one
        one["against_tuned"] = list(relocation.paired(judged[one["name"]].late, judged["tuned"].late))
    return {"gap": best.gap, "expected_cover": best.value, "placings": rows}


def tuned_standing(study: Study, start: Ints, step: Step) -> Ints:
    """The placing that lets fewest calls be late on the training days when every unit goes home."""
    ground, days = study.ground, study.days(TRAINING, min(study.calls, TRAINING_CALLS))
    book = dict(zip(TRAINING, days, strict=True))

    def late(count: Ints, seed: int) -> float:
        return ground.late(ground.run(count, simulation.Policy(), book[seed]), book[seed])

    greedy = placing.greedy(ground.covers, ground.demand, study.units, 0.5).count
    begin = min((start, greedy), key=lambda count: late(count, TRAINING[0]))
    tuned, _ = placing.tune(
        begin, late, TRAINING, report=lambda number, share: step(f"placing tuned {number} times, {share:.2%} late")
    )
    return tuned


def row(study: Study, standing: Standing, judged: Judged, against: Judged, seeds: Sequence[int]) -> dict[str, Any]:
    """A judged standing as JSON: means, the 95 % interval of the late share, and its paired difference to another."""
    count, rule = standing
    return {
        "name": judged.name, "policy": rule.kind, "units": study.units, "stand": count.tolist(), "seeds": list(seeds),
        "late": float(judged.late.mean()),
        "late_interval": np.clip(relocation.interval(judged.late), 0.0, 1.0).tolist(),
        "late_by_seed": judged.late.tolist(), "against": against.name,
        "against_late": list(relocation.paired(judged.late, against.late)),
        "p50_minutes": float(judged.p50.mean()), "p90_minutes": float(judged.p90.mean()),
        "idle_driving_hours_a_day": float(judged.hours.mean()), "idle_driving_km_a_day": float(judged.km.mean()),
        "trips_a_unit_and_day": float(judged.trips.mean()), "moves_a_unit_and_day": float(judged.moves.mean()),
        "moves_of_the_busiest_crew_a_day": float(judged.busiest.mean()),
    }  # fmt: skip


def sentence(told: dict[str, Any]) -> str:
    """A judged standing in one line."""
    low, high = told["late_interval"]
    text = (
        f"{told['name']}: {told['late']:.2%} late (95 % interval {low:.2%} to {high:.2%}), half within "
        f"{told['p50_minutes']:.1f} min, nine of ten within {told['p90_minutes']:.1f} min, "
        f"{told['idle_driving_hours_a_day']:.1f} h and {told['idle_driving_km_a_day']:.0f} km a day driven without a "
        f"patient, {told['moves_a_unit_and_day']:.1f} moves a crew and day; standing {told['stand']}"
    )
    if told["against"] != told["name"]:
        mean, low, high = told["against_late"]
        text += f"; {mean * 100:+.2f} points ({low * 100:+.2f} to {high * 100:+.2f}) against {told['against']}"
    return text


def responses(study: Study, count: Ints, rule: simulation.Policy, seed: int) -> tuple[Floats, Ints, Floats]:
    """Minutes to each call of a day-book, the place it came from, and the late share of each place (nan: no call)."""
    calls = study.days([seed])[0]
    out = study.ground.run(count, rule, calls)
    norms = study.ground.norms[np.minimum(calls.priority, len(study.ground.norms) - 1)]
    missed = ~(out.response <= norms)
    nodes = study.ground.land.nodes
    made, late = np.bincount(calls.node, minlength=nodes), np.bincount(calls.node, missed, minlength=nodes)
    with np.errstate(invalid="ignore"):
        return out.response, calls.node, late / np.where(made, made, np.nan)
