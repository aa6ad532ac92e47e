"""Small parts of the compiled loop: duty, and where a unit under way stands.

Whoever changes this file or ``choices.py`` also touches ``kernel.py``: numba keeps compiled code by the date of the
file that calls.
"""

from typing import Any, TypeAlias

import numba
import numpy as np

Array: TypeAlias = Any
IDLE, CALL, CARRYING, GIVING = 0, 1, 2, 3
DAY = 1440.0
compiled = numba.njit(cache=True, fastmath=False)


@compiled
def on_duty(start: float, end: float, t: float) -> bool:
    minute = t % DAY
    if start == end:
        return True
    if start < end:
        return bool(start <= minute < end)
    return bool(minute >= start or minute < end)


@compiled
def next_change(start: float, end: float, t: float) -> float:
    """When duty next begins or ends, after t; infinite for those who always work."""
    if start == end:
        return np.inf
    best = np.inf
    for moment in (start, end):
        due = np.floor(t / DAY) * DAY + moment
        if due <= t:
            due += DAY
        best = min(best, due)
    return best


@compiled
def nearest_node(px: float, py: float, x: Array, y: Array) -> int:
    best, found = np.inf, 0
    for node in range(x.size):
        apart = (x[node] - px) ** 2 + (y[node] - py) ** 2
        if apart < best:
            best, found = apart, node
    return found


@compiled
def stands_at(origin: int, target: int, gone: float, length: float, x: Array, y: Array) -> int:
    """The node at which a unit under way is taken to stand."""
    share = gone / length
    return int(
        nearest_node(x[origin] + share * (x[target] - x[origin]), y[origin] + share * (y[target] - y[origin]), x, y)
    )


@compiled
def can_end_well(queue: Array, needs: Array, kind: Array) -> bool:
    """Whether some unit may take some waiting call, now or when its duty begins."""
    for call in queue:
        for unit in range(kind.size):
            if (needs[call] & kind[unit]) != 0:
                return True
    return False


@compiled
def minutes_to(
    unit: int, node: int, gone: float, origin: Array, target: Array, length: Array, way: Array, turnout: float,
    snap: bool, x: Array, y: Array,
) -> float:  # fmt: skip
    """Minutes of an idle unit to a node; the loop has this written out where it asks for every unit."""
    if gone >= length[unit]:
        return float(way[target[unit], node] + turnout)
    if snap:
        return float(way[stands_at(origin[unit], target[unit], gone, length[unit], x, y), node])
    share = gone / length[unit]
    return float((1.0 - share) * way[origin[unit], node] + share * way[target[unit], node])
