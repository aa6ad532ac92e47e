"""The ground on which policies are trained and judged: an area, its rules, its norm; comparisons on the same days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from thanglong.solve import simulation

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Standing = tuple[Ints, simulation.Policy]
"""Units at each base, and where they wait when they are idle."""


@dataclass(frozen=True, slots=True)
class Ground:
    """``covers`` (b, s) and ``demand`` (s,) as the policies see them; ``norms`` (p,): minutes from call to arrival
    after which a call of priority 0, 1 … is late (the last for all later ones)."""

    land: simulation.Land
    rules: simulation.Rules
    covers: Bools
    demand: Floats
    norms: Floats

    def run(self, count: Ints, policy: simulation.Policy, calls: simulation.Calls) -> simulation.Outcome:
        """One day-book with so many units at each base, all alike."""
        fleet = simulation.Fleet.alike(np.repeat(np.arange(len(count)), count))
        return simulation.simulate(self.land, fleet, calls, self.rules, policy)

    def late(self, outcome: simulation.Outcome, calls: simulation.Calls) -> float:
        """The share of calls reached after their norm, or never."""
        norm = self.norms[np.minimum(calls.priority, len(self.norms) - 1)]
        return float(np.mean(~(outcome.response <= norm))) if len(calls) else 0.0


@dataclass(frozen=True, slots=True)
class Judged:
    """A standing on the judging days, one number a day-book: ``late`` share, ``p50`` and ``p90`` minutes, ``hours`` and
    ``km`` driven without a patient a day by all units, ``trips`` and ``moves`` (of waiting crews) a unit and day, and
    the ``busiest`` crew's moves a day."""

    name: str
    late: Floats
    p50: Floats
    p90: Floats
    hours: Floats
    km: Floats
    trips: Floats
    moves: Floats
    busiest: Floats


def judge(ground: Ground, name: str, standing: Standing, days: Sequence[simulation.Calls]) -> Judged:
    """A standing on day-books; the same day-books make two standings comparable (common random numbers)."""
    rows = []
    count, policy = standing
    for calls in days:
        out = ground.run(count, policy, calls)
        length, units = calls.at[-1] / 1440.0, max(1, int(count.sum()))
        reached = out.response[np.isfinite(out.response)]
        p50, p90 = np.quantile(reached, [0.5, 0.9]) if len(reached) else (np.nan, np.nan)
        rows.append((
            ground.late(out, calls), p50, p90, out.waiting_drive.sum() / 60.0 / length, out.waiting_km.sum() / length,
            out.trips.sum() / length / units, out.relocations.sum() / length / units, out.relocations.max() / length,
        ))  # fmt: skip
    return Judged(name, *np.array(rows, np.float64).T)


def compare(ground: Ground, standings: Mapping[str, Standing], days: Sequence[simulation.Calls]) -> dict[str, Judged]:
    """All standings on the same day-books."""
    return {name: judge(ground, name, standing, days) for name, standing in standings.items()}


def interval(values: Floats, share: float = 0.95) -> tuple[float, float]:
    """The interval of a mean (Student's t); of one value alone, that value twice."""
    from scipy.stats import t

    if len(values) < 2:
        return float(values.mean()), float(values.mean())
    half = float(t.ppf(0.5 + share / 2, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values)))
    return float(values.mean()) - half, float(values.mean()) + half


def paired(one: Floats, other: Floats, share: float = 0.95) -> tuple[float, float, float]:
    """The mean of one minus other over the same day-books, and its interval."""
    low, high = interval(one - other, share)
    return float((one - other).mean()), low, high
