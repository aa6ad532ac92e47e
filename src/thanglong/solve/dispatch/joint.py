"""Units for an alarm with several needs, chosen together: what is best for each need alone may be wrong for all."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, linear_sum_assignment, milp

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Alarm:
    """One row a need: ``skills`` (n,) bits a unit must have, ``count`` (n,) units wanted, ``latest`` (n,) minutes after
    which a unit does not count (infinite: whenever)."""

    skills: Ints
    count: Ints
    latest: Floats

    def __post_init__(self) -> None:
        if not len(self.skills) == len(self.count) == len(self.latest):
            raise ValueError("the needs' columns must be of one length")
        if np.any(self.count < 0):
            raise ValueError("a need wants 0 units or more")

    def able(self, skills: Ints, arrives: Floats) -> Bools:
        """(n, u): the unit has what the need asks for and is there in time."""
        fits = (self.skills[:, None] & ~skills[None, :]) == 0
        able: Bools = fits & np.isfinite(arrives)[None, :] & (arrives[None, :] <= self.latest[:, None])
        return able


@dataclass(frozen=True, slots=True)
class Filled:
    """``unit`` and ``need`` (m,): who is sent for what (a unit may stand in several rows when it fills several needs);
    ``short`` (n,): units still missing for each need; ``cost``: arrivals and charges of the units sent; ``last``:
    minutes until the last of them is there (0 when none is sent)."""

    unit: Ints
    need: Ints
    short: Ints
    cost: float
    last: float


def fill_needs(
    alarm: Alarm, skills: Ints, arrives: Floats, charge: Floats | None = None, *, soonest_complete: bool = False
) -> Filled:
    """Each unit fills one place. First as few places as possible stay empty, then the sum of arrivals and charges is
    least (Kuhn 1955; scipy's linear assignment). ``arrives`` (u,): minutes, infinite for units that cannot be sent;
    ``charge`` (u,): minutes that the cover lost by sending the unit is worth. With ``soonest_complete`` the last
    arrival is made least before the sum: the clock of a first alarm stops with the last unit.
    """
    cost = arrives if charge is None else arrives + charge
    able = alarm.able(skills, arrives)
    unit, need = _assign(alarm, able, cost)
    if soonest_complete and len(unit):
        moments = np.unique(arrives[np.isfinite(arrives)])
        low, high = 0, int(np.searchsorted(moments, arrives[unit].max()))
        while low < high:
            middle = (low + high) // 2
            tried, _ = _assign(alarm, able & (arrives <= moments[middle]), cost)
            low, high = (low, middle) if len(tried) == len(unit) else (middle + 1, high)
        unit, need = _assign(alarm, able & (arrives <= moments[low]), cost)
    short = alarm.count - np.bincount(need, minlength=len(alarm.count))
    return Filled(unit, need, short.astype(np.int64), float(cost[unit].sum()), float(arrives[unit].max(initial=0.0)))


def _assign(alarm: Alarm, able: Bools, cost: Floats) -> tuple[Ints, Ints]:
    """Units and needs of the cheapest assignment that leaves fewest places empty."""
    slots = np.repeat(np.arange(len(alarm.count)), alarm.count)
    allowed = able[slots]
    known = np.where(np.isfinite(cost), np.abs(cost), 0.0)
    empty = 1.0 + 2.0 * float(np.sort(known)[::-1][: len(slots)].sum())  # dearer than any choice of units
    table = np.where(allowed, np.where(np.isfinite(cost), cost, 0.0)[None, :], empty)
    table = np.concatenate([table, np.full((len(slots), len(slots)), empty)], axis=1)
    row, column = linear_sum_assignment(table)
    good = column < len(cost)
    row, column = row[good], column[good]
    sent = allowed[row, column]
    return column[sent].astype(np.int64), slots[row[sent]].astype(np.int64)


def cover_needs(
    alarm: Alarm, skills: Ints, arrives: Floats, charge: Floats | None = None, *, per_unit: float = 0.0,
    seconds: float = 5.0,
) -> Filled:  # fmt: skip
    """A unit counts for every need it is able to fill (an engine that brings both pump and rescue crew): the set of
    units with fewest places empty, then least arrivals, charges and ``per_unit`` minutes for each unit (HiGHS, exact).

    Raises ValueError when no answer is proven within ``seconds``.
    """
    cost = (arrives if charge is None else arrives + charge) + per_unit
    able = alarm.able(skills, arrives)
    usable = np.flatnonzero(able.any(axis=0))
    needs, sent = len(alarm.count), len(usable)
    if not sent or not needs:
        none = np.zeros(0, np.int64)
        return Filled(none, none, alarm.count.astype(np.int64), 0.0, 0.0)
    empty = 1.0 + 2.0 * float(np.abs(cost[usable]).sum())
    found = milp(
        np.concatenate([cost[usable], np.full(needs, empty)]),
        constraints=LinearConstraint(
            np.concatenate([able[:, usable].astype(np.float64), np.eye(needs)], axis=1), alarm.count, np.inf
        ),
        integrality=np.ones(sent + needs, np.int64), bounds=Bounds(0, np.concatenate([np.ones(sent), alarm.count])),
        options={"time_limit": seconds, "mip_rel_gap": 0.0},
    )  # fmt: skip
    if found.x is None or found.status != 0:
        raise ValueError(f"no choice of units proven best in {seconds:g} s; ask for fewer needs or units")
    chosen = usable[found.x[:sent] > 0.5]
    need, place = np.nonzero(able[:, chosen])
    short = np.maximum(alarm.count - able[:, chosen].sum(axis=1), 0)
    return Filled(
        chosen[place].astype(np.int64), need.astype(np.int64), short.astype(np.int64), float(cost[chosen].sum()),
        float(arrives[chosen].max(initial=0.0)),
    )  # fmt: skip
