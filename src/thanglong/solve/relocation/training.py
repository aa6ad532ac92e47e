"""Policies fitted to an area on training days. Days of training never judge."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from thanglong.solve.relocation.ground import Ground, Ints
from thanglong.solve.relocation.tables import compliance, expected_worth
from thanglong.solve.simulation import Calls, Limits, Policy

Report = Callable[[str, float], None]
Settings = Mapping[str, float]
BUSY = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7)
"""Busy fractions tried: a small one counts the first unit in reach most, a large one wants several."""
GRID: dict[str, tuple[float, ...]] = {
    "busy": BUSY,
    "price": (0.0, 1e-4, 2e-4, 3e-4, 5e-4, 8e-4, 1.2e-3, 2e-3, 3e-3, 5e-3),
    "pull": (0.0, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32),
    "least": (0.0, 0.002, 0.005, 0.01, 0.02, 0.04, 0.08),
}
"""Searched for "worth": q, and in shares of all demand the price of a driven minute, the pull of the placing from which
units begin, and the least worth of a move."""
STARTS: tuple[Settings, ...] = (
    {"busy": 0.3, "price": 2e-3, "pull": 0.01, "least": 0.02},
    {"busy": 0.2, "price": 5e-4, "pull": 0.0, "least": 0.01},
)
"""Where the search begins: near home, and far from it. Either may end in a better place, so both are tried."""
DEPTH, PATIENCE = 10, 2
OVER_BUDGET = 0.5
"""Late share that all driving of the budget again would cost: enough that the search turns back."""


@dataclass(frozen=True, slots=True)
class Trained:
    """The policy found, its settings, its late share on the training days, and how many settings were tried."""

    policy: Policy
    settings: Settings
    late: float
    tried: int


def search(
    start: Settings, grid: Mapping[str, Sequence[float]], judge: Callable[[Settings], float], *, rounds: int = 3,
    report: Report | None = None,
) -> tuple[dict[str, float], float, int]:  # fmt: skip
    """One setting at a time along its grid while the judge's number falls; the settings, the number, settings tried.

    Walks from the present value both ways and turns back when two steps in a row are worse: the number is nearly convex
    in each setting but for noise, and each look costs simulated days.
    """
    best: dict[str, float] = dict(start)
    seen: dict[tuple[tuple[str, float], ...], float] = {}

    def look(settings: Settings) -> float:
        key = tuple(sorted(settings.items()))
        if key not in seen:
            seen[key] = judge(settings)
        return seen[key]

    value = look(best)
    for _ in range(rounds):
        before = value
        for name, line in grid.items():
            at = int(np.argmin(np.abs(np.asarray(line) - best[name])))
            for step in (1, -1):
                place, worse = at + step, 0
                while 0 <= place < len(line) and worse < PATIENCE:
                    trial = {**best, name: line[place]}
                    found = look(trial)
                    place, worse = place + step, worse + 1
                    if found < value:
                        best, value, worse = trial, found, 0
            if report:
                report(name, value)
        if value >= before:
            break
    return best, value, len(seen)


def train_cover(ground: Ground, count: Ints, days: Sequence[Calls], *, report: Report | None = None) -> Trained:
    """DMEXCLP with the busy fraction that lets fewest calls be late: every fraction of the list is tried."""
    found: list[tuple[float, float]] = []
    for busy in BUSY:
        policy = Policy("cover", ground.demand, ground.covers, busy)
        found.append((_late(ground, count, policy, days), busy))
        if report:
            report("busy", min(found)[0])
    late, busy = min(found)
    return Trained(Policy("cover", ground.demand, ground.covers, busy), {"busy": busy}, late, len(BUSY))


def train_assign(
    ground: Ground, count: Ints, days: Sequence[Calls], limits: Limits, *, busy: Sequence[float] = (0.1, 0.3),
    report: Report | None = None,
) -> Trained:  # fmt: skip
    """The compliance table, held by assignment, with the better busy fraction of a few."""
    found: list[tuple[float, float, Policy]] = []
    for one in busy:
        table = compliance(ground.covers, ground.demand, int(count.sum()), one)
        policy = Policy("assign", table=table, limits=limits)
        found.append((_late(ground, count, policy, days), one, policy))
        if report:
            report("busy", found[-1][0])
    late, chosen, policy = min(found, key=lambda row: row[:2])
    return Trained(policy, {"busy": chosen}, late, len(found))


def train_worth(
    ground: Ground, count: Ints, days: Sequence[Calls], limits: Limits, *, budget: float | None = None,
    report: Report | None = None,
) -> Trained:  # fmt: skip
    """The worth policy, its settings searched on training days; ``count`` is also the plan to which units are pulled.

    ``budget``: hours a day all units together may drive without a patient (None: as many as it takes). The limits'
    other parts (moves a period, rest, furthest) are the crews' rules and are not searched.
    """

    def policy(settings: Settings) -> Policy:
        worth = expected_worth(ground.demand, settings["busy"], DEPTH)
        return Policy(
            "worth", ground.demand, ground.covers, worth=worth, price=settings["price"],
            plan=np.asarray(count, np.int64), pull=settings["pull"],
            limits=replace(limits, least=settings["least"]),
        )  # fmt: skip

    def value(settings: Settings) -> float:
        made, total = policy(settings), 0.0
        for calls in days:
            out = ground.run(count, made, calls)
            hours = out.waiting_drive.sum() / 60.0 / (calls.at[-1] / 1440.0)
            over = max(0.0, hours / budget - 1.0) if budget else 0.0
            total += ground.late(out, calls) + OVER_BUDGET * over
        return total / len(days)

    found = [search(start, GRID, value, report=report) for start in STARTS]
    settings, late, _ = min(found, key=lambda one: one[1])
    return Trained(policy(settings), settings, late, sum(tried for *_, tried in found))


def _late(ground: Ground, count: Ints, policy: Policy, days: Sequence[Calls]) -> float:
    return float(np.mean([ground.late(ground.run(count, policy, calls), calls) for calls in days]))
