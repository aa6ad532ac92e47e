"""A placing tuned on simulated days: the model's optimum is only as good as its assumptions; the simulation knows
queues, trips and units that are busy together."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Judge = Callable[[Ints, int], float]
"""The share of late calls of a placing (count a site) on the day of a seed."""


def tune(
    count: Ints, judge: Judge, seeds: Sequence[int], *, most: Ints | int | None = None,
    report: Callable[[int, float], None] | None = None, rounds: int = 50,
) -> tuple[Ints, float]:  # fmt: skip
    """Move one unit from site to site while the mean share of late calls on the seeds falls; the placing and its share.

    Every round tries all moves of one unit on the first seed, takes the most promising in turn and keeps the first
    that is better on all seeds together. Ends at a local optimum, or after ``rounds``.
    """
    best = np.asarray(count, np.int64).copy()
    room = np.full(best.size, best.sum()) if most is None else np.broadcast_to(np.asarray(most, np.int64), best.size)

    def mean(placing: Ints) -> float:
        return float(np.mean([judge(placing, seed) for seed in seeds]))

    value, first = mean(best), judge(best, seeds[0])
    for number in range(rounds):
        if report:
            report(number, value)
        tried: list[tuple[float, int, int]] = []
        for source in np.flatnonzero(best > 0).tolist():
            for target in np.flatnonzero(best < room).tolist():
                if source != target:
                    moved = _moved(best, source, target)
                    tried.append((judge(moved, seeds[0]), source, target))
        tried.sort()
        for late, source, target in tried[:10]:
            if late >= first:
                return best, value
            moved = _moved(best, source, target)
            found = late if len(seeds) == 1 else mean(moved)
            if found < value:
                best, value, first = moved, found, late
                break
        else:
            return best, value
    return best, value


def _moved(count: Ints, source: int, target: int) -> Ints:
    moved = count.copy()
    moved[source] -= 1
    moved[target] += 1
    return moved
