"""What policies read: compliance tables, the worth of units, cover by priority."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from thanglong.solve import placing

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def compliance(
    reach: Bools, demand: Floats, units: int, busy: float, *, most: Ints | int | None = None, seconds: float = 10.0
) -> Ints:
    """For each number of idle units, 0 to ``units``, how many should wait at each base: (units + 1, bases).

    Each row is the proven optimum of MEXCLP (Daskin 1983) for so many units; the rows are not nested, so that moves
    are needed from one to the next (Gendreau, Laporte and Semet 2006). ``busy`` is the share of time that a unit that
    stands idle now is away soon: small, because only idle units are counted. Rows for more units than the bases can
    hold repeat the last that fits.
    """
    rows = [np.zeros(len(reach), np.int64)]
    room = units if most is None else int(np.broadcast_to(np.asarray(most, np.int64), len(reach)).sum())
    for idle in range(1, units + 1):
        if idle > room:
            rows.append(rows[-1])
        else:
            rows.append(placing.mexclp(reach, demand, idle, busy, most=most, seconds=seconds).count)
    return np.array(rows)


def expected_worth(demand: Floats, busy: float | Sequence[float], depth: int) -> Floats:
    """What the first, second … unit in reach of a point is worth by expected cover: d (1 - q) q^k (levels, points,
    depth). ``busy`` is one q, or one for each number of idle units from 0."""
    shares = np.asarray(demand, np.float64) / np.sum(demand)
    levels = np.atleast_1d(np.asarray(busy, np.float64))
    falling = (1.0 - levels)[:, None] * levels[:, None] ** np.arange(depth)
    made: Floats = shares[None, :, None] * falling[:, None, :]
    return made


def by_priority(minutes: Sequence[Floats], norms: Sequence[float], weights: Sequence[Floats]) -> tuple[Bools, Floats]:
    """Cover and demand where each priority has its own norm: the demand points are the nodes, once for each priority.

    ``minutes``: (bases, nodes) to the patient with all delays, by priority; ``weights``: (nodes,) of each priority's
    calls, in one unit, times the importance of the priority. Returns reach (bases, nodes x priorities) and shares.
    """
    reach = np.concatenate([times <= norm for times, norm in zip(minutes, norms, strict=True)], axis=1)
    demand = np.concatenate([np.asarray(one, np.float64) for one in weights])
    return reach, demand / demand.sum()
