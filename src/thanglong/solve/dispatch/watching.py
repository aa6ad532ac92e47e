"""What to notice about units sent: one that would have been there sooner, and one that now would."""

from dataclasses import dataclass

import numpy as np

from thanglong.solve.dispatch.ranking import PROPOSED, Floats, Ints, Ranking


@dataclass(frozen=True, slots=True)
class Bypass:
    """``passed``: units that were free, able and sooner than the one sent, soonest first; ``lost``: minutes by which
    the soonest of them would have been there earlier."""

    passed: Ints
    lost: float


def bypassed(ranking: Ranking, sent: int, sendable: Ints | None = None, *, tolerance: float = 0.5) -> Bypass | None:
    """Whether a dispatcher sent another unit than the soonest, by more than ``tolerance`` minutes; None when not.

    ``sendable``: the units that could have been sent; those proposed when it is not given. The dispatcher may have good
    reasons: this asks for one, it does not forbid.
    """
    able = np.flatnonzero(ranking.reason == PROPOSED) if sendable is None else sendable
    sooner = able[ranking.arrives[able] < ranking.arrives[sent] - tolerance]
    sooner = sooner[sooner != sent]
    if not len(sooner):
        return None
    passed = sooner[np.argsort(ranking.arrives[sooner], kind="stable")]
    return Bypass(passed, float(ranking.arrives[sent] - ranking.arrives[passed[0]]))


@dataclass(frozen=True, slots=True)
class Overtaken:
    """Call ``call`` is reached ``gain`` minutes sooner when ``unit`` takes it over."""

    call: int
    unit: int
    gain: float


def overtaken(left: Floats, arrives: Floats, *, worth: float = 1.0) -> list[Overtaken]:
    """Calls to which a unit is under way and that a unit now free would reach sooner by at least ``worth`` minutes.

    ``left`` (c,): minutes the unit under way still needs; ``arrives`` (u, c): minutes of the free units, infinite where
    the unit lacks a skill. Each unit takes over one call at most: the largest gain first.
    """
    gains = np.where(np.isfinite(arrives), left[None, :] - arrives, -np.inf)
    found: list[Overtaken] = []
    while gains.size:
        unit, call = np.unravel_index(int(np.argmax(gains)), gains.shape)
        if gains[unit, call] < worth:
            break
        found.append(Overtaken(int(call), int(unit), float(gains[unit, call])))
        gains[unit, :] = -np.inf
        gains[:, call] = -np.inf
    return found
