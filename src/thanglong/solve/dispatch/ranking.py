"""The best units for one call, and why the others are not among them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

PROPOSED, FURTHER, BUSY, LACKS_SKILL, OFF_DUTY, UNREACHABLE, TOO_LATE = range(7)
REASONS = ("proposed", "further", "busy", "lacks-skill", "off-duty", "unreachable", "too-late")
"""Codes of reasons, for texts: see :class:`Ranking` for the number that goes with each."""


@dataclass(frozen=True, slots=True)
class Units:
    """All units as they are now, one row a unit.

    ``drive`` (u,): minutes by road to the call, from where the unit is or from where it will be free (infinite: no
    way); ``free_in`` (u,): minutes until its job ends (0: free; infinite: unknown); ``turnout`` (u,): minutes before it
    rolls (0 when it is on the road); ``skills`` (u,): bits; ``on_duty`` (u,); ``doubt`` (u,): minutes by which the
    arrival may be wrong because the position is old (0: fresh).
    """

    drive: Floats
    free_in: Floats
    turnout: Floats
    skills: Ints
    on_duty: Bools
    doubt: Floats

    def __post_init__(self) -> None:
        columns = (self.free_in, self.turnout, self.skills, self.on_duty, self.doubt)
        if any(len(column) != len(self.drive) for column in columns):
            raise ValueError("the units' columns must be of one length")
        if any(
            np.any(np.isnan(column) | (column < 0)) for column in (self.drive, self.free_in, self.turnout, self.doubt)
        ):
            raise ValueError("minutes are numbers of at least 0; infinite where there is no way or no known end")


@dataclass(frozen=True, slots=True)
class Ranking:
    """``chosen`` (<= k,): the units to propose, soonest first, and ``arrives`` (u,) minutes of every unit with all that
    comes before (its job, turnout, drive). ``reason`` (u,): a code for each unit, ``number`` (u,) what it speaks of:
    PROPOSED its place from 0, FURTHER minutes later than the best, BUSY minutes until it is free, LACKS_SKILL the bits
    missing, TOO_LATE minutes over the latest arrival, else 0. ``sooner``: busy units that would still be there before
    the best free one, soonest first: "a closer unit becomes free in 90 s"."""

    chosen: Ints
    arrives: Floats
    reason: Ints
    number: Floats
    sooner: Ints


def arrival(units: Units) -> Floats:
    """Minutes until each unit could be there, its present job included: free_in + turnout + drive.

    A unit on a job is on the road when it ends, so that it needs no turnout.
    """
    moving = (units.free_in > 0) & np.isfinite(units.free_in)
    made: Floats = units.free_in + np.where(moving, 0.0, units.turnout) + units.drive
    return made


def rank(units: Units, needs: int = 0, best: int = 5, *, latest: float = np.inf) -> Ranking:
    """The ``best`` free units that have all skills of ``needs``, by arrival plus doubt, the lowest number on a tie.

    ``latest``: units that arrive after so many minutes are not proposed. Every unit gets one reason; the first that
    holds of: off duty, lacks a skill, busy, unreachable, too late, further.
    """
    arrives = arrival(units)
    missing = needs & ~units.skills
    able = units.on_duty & (missing == 0)
    free = able & (units.free_in == 0)
    sendable = free & np.isfinite(arrives) & (arrives <= latest)
    sure = arrives + units.doubt
    order = np.lexsort((np.arange(len(sure)), np.where(sendable, sure, np.inf)))
    ranked = order[: int(sendable.sum())]
    chosen = ranked[:best]
    first = float(sure[ranked[0]]) if len(ranked) else np.inf

    reason = np.select(
        [~units.on_duty, missing != 0, ~free, ~np.isfinite(arrives), ~sendable],
        [OFF_DUTY, LACKS_SKILL, BUSY, UNREACHABLE, TOO_LATE], FURTHER,
    ).astype(np.int64)  # fmt: skip
    number = np.zeros(len(sure))
    number[reason == LACKS_SKILL] = missing[reason == LACKS_SKILL]
    number[reason == BUSY] = units.free_in[reason == BUSY]
    number[reason == TOO_LATE] = arrives[reason == TOO_LATE] - latest
    number[reason == FURTHER] = sure[reason == FURTHER] - first
    reason[chosen], number[chosen] = PROPOSED, np.arange(len(chosen))

    waiting = np.flatnonzero(able & ~free & (sure < first) & (arrives <= latest))
    return Ranking(chosen, arrives, reason, number, waiting[np.argsort(sure[waiting], kind="stable")])
