"""Where the policies want units to wait, for the compiled loop.

Sums run over demand points in their order, so that the plain simulator gets the same numbers to the last bit.
"""

from typing import Any

import numpy as np

from thanglong.solve.simulation.pieces import IDLE, Array, compiled

ASSIGN = 2
UNWANTED, FORBIDDEN = 1e4, 1e7
"""Minutes that stand for: stays where nobody is wanted; may not drive so far."""


@compiled
def count_cover(base: int, step: int, reached: Array, sizes: Array, counts: Array) -> None:
    """A unit more or less waits for a base: how many have each demand point in reach."""
    for place in range(sizes[base]):
        counts[reached[base, place]] += step


@compiled
def add_worth(reaches: Array, counts: Array, worth: Array, gains: Array) -> None:
    """What one more unit would be worth at each base."""
    gains[:] = 0.0
    deepest = worth.shape[1] - 1
    for point in range(counts.size):
        one = worth[point, min(counts[point], deepest)]
        for base in range(gains.size):
            gains[base] += reaches[point, base] * one


@compiled
def best_worth(
    origin: int, bases: Array, calm: Array, reaches: Array, counts: Array, worth: Array, price: float, held: Array,
    plan: Array, pull: float, furthest: float, gains: Array,
) -> int:  # fmt: skip
    """Where a unit that has come free is worth most, less the price of its way; the nearest of equals."""
    add_worth(reaches, counts, worth, gains)
    best, found, near = -np.inf, -1, np.inf
    for base in range(bases.size):
        minutes = calm[origin, bases[base]]
        if minutes > furthest:
            continue
        gain = gains[base] + pull * int(held[base] < plan[base]) - price * minutes
        if gain > best or (gain == best and minutes < near):
            best, found, near = gain, base, minutes
    return found


@compiled
def may_move(
    unit: int, t: float, state: Array, counted: Array, leaves: Array, length: Array, moved: Array, rest: float,
    most: int,
) -> bool:  # fmt: skip
    """Whether a unit waits at its base, has rested, and was not moved too often."""
    waits = state[unit] == IDLE and counted[unit] and moved[unit] < most
    return bool(waits and t - leaves[unit] - length[unit] >= rest)


@compiled
def best_move(
    t: float, state: Array, counted: Array, aim: Array, leaves: Array, length: Array, moved: Array, bases: Array,
    calm: Array, reaches: Array, reached: Array, sizes: Array, counts: Array, worth: Array, price: float, held: Array,
    plan: Array, pull: float, least: float, furthest: float, rest: float, most: int, gains: Array,
) -> Any:  # fmt: skip
    """The waiting unit and the base to which its move gains most, more than ``least``; (-1, -1) when none does. Of the
    units of a base the one moved least goes."""
    deepest = worth.shape[1] - 1
    movers = np.full(bases.size, -1, np.int64)
    for unit in range(aim.size):
        if may_move(unit, t, state, counted, leaves, length, moved, rest, most):
            before = movers[aim[unit]]
            if before < 0 or moved[unit] < moved[before]:
                movers[aim[unit]] = unit
    add_worth(reaches, counts, worth, gains)
    without = np.empty(bases.size)
    best, who, where, near = least, -1, -1, np.inf
    for base in range(bases.size):
        if movers[base] < 0:
            continue
        without[:] = gains
        for place in range(sizes[base]):
            point = reached[base, place]
            more = worth[point, min(counts[point] - 1, deepest)] - worth[point, min(counts[point], deepest)]
            for other in range(bases.size):
                without[other] += reaches[point, other] * more
        for other in range(bases.size):
            minutes = calm[bases[base], bases[other]]
            if other == base or minutes > furthest:
                continue
            nearer = int(held[other] < plan[other]) - int(held[base] <= plan[base])
            gain = without[other] - without[base] + pull * nearer - price * minutes
            if gain > best or (gain == best and who >= 0 and minutes < near):
                best, who, where, near = gain, movers[base], other, minutes
    return who, where


@compiled
def wanted_base(origin: int, bases: Array, calm: Array, held: Array, wanted: Array, furthest: float) -> int:
    found, near = -1, np.inf
    for base in range(bases.size):
        minutes = calm[origin, bases[base]]
        if wanted[base] > held[base] and minutes <= furthest and minutes < near:
            found, near = base, minutes
    return found


@compiled
def assign(cost: Array) -> Array:
    """For each row a column of its own so that the sum is least (rows <= columns): shortest augmenting paths (Jonker
    and Volgenant 1987)."""
    rows, columns = cost.shape
    row_price, column_price = np.zeros(rows + 1), np.zeros(columns + 1)
    taken, before = np.zeros(columns + 1, np.int64), np.zeros(columns + 1, np.int64)
    for row in range(1, rows + 1):
        taken[0] = row
        column = 0
        least, used = np.full(columns + 1, np.inf), np.zeros(columns + 1, np.bool_)
        while taken[column] != 0:
            used[column] = True
            from_row, step, nearest = taken[column], np.inf, 0
            for other in range(1, columns + 1):
                if not used[other]:
                    left = cost[from_row - 1, other - 1] - row_price[from_row] - column_price[other]
                    if left < least[other]:
                        least[other], before[other] = left, column
                    if least[other] < step:
                        step, nearest = least[other], other
            for other in range(columns + 1):
                if used[other]:
                    row_price[taken[other]] += step
                    column_price[other] -= step
                else:
                    least[other] -= step
            column = nearest
        while column != 0:
            taken[column] = taken[before[column]]
            column = before[column]
    found = np.empty(rows, np.int64)
    for column in range(1, columns + 1):
        if taken[column] > 0:
            found[taken[column] - 1] = column - 1
    return found


@compiled
def comply(
    aims: Array, t: float, free: int, origin: int, state: Array, counted: Array, aim: Array, leaves: Array,
    length: Array, moved: Array, bases: Array, calm: Array, wanted: Array, furthest: float, rest: float, most: int,
) -> None:  # fmt: skip
    """Writes the base of each unit to ``aims`` (-1: as it is) so that the table is held with the least driving by the
    units that may move and the one that has come free (``free`` at ``origin``, or -1)."""
    units = aim.size
    open_places = wanted.copy()
    movers, count = np.empty(units, np.int64), 0
    for unit in range(units):
        if unit == free or may_move(unit, t, state, counted, leaves, length, moved, rest, most):
            movers[count] = unit
            count += 1
        elif counted[unit] and open_places[aim[unit]] > 0:
            open_places[aim[unit]] -= 1
    columns = open_places.sum()
    goals, number = np.empty(columns, np.int64), 0
    for base in range(bases.size):
        for _ in range(open_places[base]):
            goals[number] = base
            number += 1
    cost = np.full((count, columns + count), UNWANTED)  # the last columns: stay, though nobody is wanted there
    for row in range(count):
        place = origin if movers[row] == free else bases[aim[movers[row]]]
        for column in range(columns):
            minutes = calm[place, bases[goals[column]]]
            cost[row, column] = minutes if minutes <= furthest else FORBIDDEN
    aims[:] = -1
    found = assign(cost)
    for row in range(count):
        if found[row] < columns and (movers[row] == free or goals[found[row]] != aim[movers[row]]):
            aims[movers[row]] = goals[found[row]]


@compiled
def renew(t: float, period: float, since: Array, moved: Array) -> None:
    """With a new period the count of each crew's moves begins again."""
    if np.floor(t / period) > since[0]:
        since[0] = np.floor(t / period)
        moved[:] = 0


@compiled
def plan_moves(
    aims: Array, policy: int, t: float, state: Array, counted: Array, aim: Array, leaves: Array, length: Array,
    moved: Array, since: Array, bases: Array, calm: Array, reaches: Array, reached: Array, sizes: Array, counts: Array,
    worths: Array, table: Array, price: float, held: Array, plan: Array, pull: float, least: float, furthest: float,
    rest: float, most: int, period: float, gains: Array,
) -> None:  # fmt: skip
    """Writes to ``aims`` where waiting units should go now that one is gone, has come or has found its base."""
    renew(t, period, since, moved)
    ready = counted.sum()
    if policy == ASSIGN:
        comply(aims, t, -1, 0, state, counted, aim, leaves, length, moved, bases, calm, table[min(ready, aim.size)],
               furthest, rest, most)  # fmt: skip
        return
    aims[:] = -1
    unit, base = best_move(
        t, state, counted, aim, leaves, length, moved, bases, calm, reaches, reached, sizes, counts,
        worths[min(ready, worths.shape[0] - 1)], price, held, plan, pull, least, furthest, rest, most, gains,
    )  # fmt: skip
    if unit >= 0:
        aims[unit] = base


@compiled
def move(
    unit: int, base: int, t: float, aim: Array, origin: Array, target: Array, leaves: Array, length: Array,
    bases: Array, calm: Array, km: Array, waiting_drive: Array, waiting_km: Array, held: Array, reached: Array,
    sizes: Array, counts: Array,
) -> None:  # fmt: skip
    """A waiting unit leaves its base for another."""
    waiting_drive[unit] += length[unit]
    if km.size and length[unit] > 0:
        waiting_km[unit] += km[origin[unit], target[unit]]
    held[aim[unit]] -= 1
    held[base] += 1
    if counts.size:
        count_cover(aim[unit], -1, reached, sizes, counts)
        count_cover(base, 1, reached, sizes, counts)
    origin[unit], target[unit], aim[unit] = target[unit], bases[base], base
    leaves[unit], length[unit] = t, calm[origin[unit], bases[base]]
