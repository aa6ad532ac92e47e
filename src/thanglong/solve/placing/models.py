"""Where to place units or stations so that people are near: exact models, solved by HiGHS with a proven bound.

All take ``reach`` (sites, places): the site reaches the place in time, or ``minutes`` (sites, places); and ``demand``
(places,) in any unit. ``present`` counts what already stands at each site and cannot be moved, ``most`` what a site can
hold. Answers say how many stand at each site, the value of the goal, and the relative gap still open (0: proven).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array, csr_array, hstack, vstack

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


class Impossible(ValueError):
    """The demands on the placing contradict each other, or no answer was found in time; the text says which."""


@dataclass(frozen=True, slots=True)
class Placing:
    """``count`` (sites,) units at each site, the goal's ``value``, the relative ``gap`` to the proven bound."""

    count: Ints
    value: float
    gap: float

    def homes(self) -> Ints:
        """One site number a unit, in order of the sites."""
        return np.repeat(np.arange(self.count.size), self.count)


def _solve(
    goal: Floats, rows: list[LinearConstraint], whole: Ints, low: Floats, high: Floats, seconds: float
) -> tuple[Floats, float, float]:
    found = milp(goal, constraints=rows, integrality=whole, bounds=Bounds(low, high), options={"time_limit": seconds})
    if found.x is None:
        raise Impossible(
            "no placing satisfies all conditions" if found.status == 2 else f"no placing found in {seconds:g} s"
        )
    return found.x, float(found.fun), float(found.mip_gap or 0.0)


def _beside(parts: Sequence[Any]) -> csr_array:
    return csr_array(hstack(parts))


def _sites(sites: int, units: int, present: Ints | None, most: Ints | int | None) -> tuple[Floats, Floats]:
    low = np.zeros(sites) if present is None else np.asarray(present, np.float64)
    high = np.full(sites, float(units)) if most is None else np.broadcast_to(np.asarray(most, np.float64), sites).copy()
    if np.any(high < low) or low.sum() > units or high.sum() < units:
        raise Impossible("the sites cannot hold exactly that many units")
    return low, high


def mexclp(
    reach: Bools, demand: Floats, units: int, busy: float, *, present: Ints | None = None,
    most: Ints | int | None = None, deepest: int = 8, seconds: float = 60.0,
) -> Placing:  # fmt: skip
    """Maximum expected covering (Daskin 1983): the demand expected to find a free unit in reach when each is busy with
    probability ``busy``: maximise sum d_i (1-q) q^(k-1) y_ik, sum_k y_ik <= sum_j a_ij x_j, sum_j x_j = units. Gains
    fall with k, so the y need no integrality. ``value`` is a share of all demand. ``busy`` 0 gives MCLP.
    """
    sites, places = reach.shape
    deep = 1 if busy == 0 else min(deepest, units)
    low, high = _sites(sites, units, present, most)
    gains = (1.0 - busy) * busy ** np.arange(deep) if busy else np.ones(1)
    share = np.asarray(demand, np.float64) / np.sum(demand)
    goal = np.concatenate([np.zeros(sites), -(share[:, None] * gains).ravel()])
    covered = csr_array(reach.T.astype(np.float64))
    each = coo_array(
        (np.ones(places * deep), (np.repeat(np.arange(places), deep), np.arange(places * deep))),
        shape=(places, places * deep),
    )
    budget = csr_array(np.concatenate([np.ones(sites), np.zeros(places * deep)])[None, :])
    rows = [
        LinearConstraint(_beside([-covered, each]), -np.inf, 0.0),
        LinearConstraint(budget, units, units),
    ]
    whole = np.concatenate([np.ones(sites, np.int64), np.zeros(places * deep, np.int64)])
    x, value, gap = _solve(
        goal, rows, whole, np.concatenate([low, np.zeros(places * deep)]),
        np.concatenate([high, np.ones(places * deep)]), seconds,
    )  # fmt: skip
    return Placing(np.rint(x[:sites]).astype(np.int64), -value, gap)


def mclp(reach: Bools, demand: Floats, units: int, *, present: Ints | None = None, seconds: float = 60.0) -> Placing:
    """Maximal covering (Church and ReVelle 1974): the share of demand that has at least one site in reach."""
    return mexclp(reach, demand, units, 0.0, present=present, most=1, seconds=seconds)


def malp(
    reach: Bools, demand: Floats, units: int, busy: float, sure: float, *, present: Ints | None = None,
    most: Ints | int | None = None, seconds: float = 60.0,
) -> Placing:  # fmt: skip
    """Maximum availability (ReVelle and Hogan 1989, MALP I): the share of demand with b = ceil(log(1-sure)/log(busy))
    units in reach, so that one is free with probability ``sure``."""
    if not (0 < busy < 1 and 0 < sure < 1):
        raise Impossible("busy and sure lie between 0 and 1")
    needed = max(1, int(np.ceil(np.log(1.0 - sure) / np.log(busy) - 1e-12)))
    sites, places = reach.shape
    low, high = _sites(sites, units, present, most)
    share = np.asarray(demand, np.float64) / np.sum(demand)
    eye = coo_array((np.full(places, float(needed)), (np.arange(places), np.arange(places))), shape=(places, places))
    rows = [
        LinearConstraint(_beside([-csr_array(reach.T.astype(np.float64)), eye]), -np.inf, 0.0),
        LinearConstraint(csr_array(np.concatenate([np.ones(sites), np.zeros(places)])[None, :]), units, units),
    ]
    x, value, gap = _solve(
        np.concatenate([np.zeros(sites), -share]), rows, np.ones(sites + places, np.int64),
        np.concatenate([low, np.zeros(places)]), np.concatenate([high, np.ones(places)]), seconds,
    )  # fmt: skip
    return Placing(np.rint(x[:sites]).astype(np.int64), -value, gap)


def double_standard(
    near: Bools, far: Bools, demand: Floats, units: int, share_near: float, *, present: Ints | None = None,
    most: Ints | int | None = None, seconds: float = 60.0,
) -> Placing:  # fmt: skip
    """Double standard (Gendreau, Laporte and Semet 1997): every place has a unit in the far reach, ``share_near`` of
    the demand one in the near reach, and the share of demand with two in the near reach is as large as can be. Raises
    Impossible when the first two conditions cannot be met."""
    sites, places = near.shape
    low, high = _sites(sites, units, present, most)
    share = np.asarray(demand, np.float64) / np.sum(demand)
    eye = coo_array((np.ones(places), (np.arange(places), np.arange(places))), shape=(places, places)).tocsr()
    none = csr_array((places, places))
    close = csr_array(near.T.astype(np.float64))
    once_twice = vstack([_beside([-close, eye, eye]), hstack([csr_array((places, sites)), -eye, eye])])
    rows = [
        LinearConstraint(once_twice, -np.inf, 0.0),
        LinearConstraint(_beside([csr_array(far.T.astype(np.float64)), none, none]), 1.0, np.inf),
        LinearConstraint(
            csr_array(np.concatenate([np.zeros(sites), share, np.zeros(places)])[None, :]), share_near, np.inf
        ),
        LinearConstraint(csr_array(np.concatenate([np.ones(sites), np.zeros(2 * places)])[None, :]), units, units),
    ]
    x, value, gap = _solve(
        np.concatenate([np.zeros(sites + places), -share]), rows, np.ones(sites + 2 * places, np.int64),
        np.concatenate([low, np.zeros(2 * places)]), np.concatenate([high, np.ones(2 * places)]), seconds,
    )  # fmt: skip
    return Placing(np.rint(x[:sites]).astype(np.int64), -value, gap)


def p_median(
    minutes: Floats, demand: Floats, sites_open: int, *, present: Bools | None = None, capacity: Floats | None = None,
    seconds: float = 60.0,
) -> Placing:  # fmt: skip
    """p-median (Hakimi 1964; ReVelle and Swain 1970): the least mean time of all demand to its site. ``capacity``
    (sites,) limits the demand a site serves, in the unit of ``demand``. ``value`` is that mean, in minutes."""
    sites, places = minutes.shape
    share = np.asarray(demand, np.float64) / np.sum(demand)
    goal = np.concatenate([np.zeros(sites), (minutes * share).ravel()])
    flat = np.arange(sites * places)
    site_of, place_of = np.divmod(flat, places)
    ones = np.ones(flat.size)
    served = coo_array((ones, (place_of, sites + flat)), shape=(places, sites + flat.size)).tocsr()
    only_open = coo_array(
        (np.concatenate([ones, -ones]), (np.concatenate([flat, flat]), np.concatenate([sites + flat, site_of]))),
        shape=(flat.size, sites + flat.size),
    ).tocsr()
    rows = [
        LinearConstraint(served, 1.0, 1.0),
        LinearConstraint(only_open, -np.inf, 0.0),
        LinearConstraint(
            csr_array(np.concatenate([np.ones(sites), np.zeros(flat.size)])[None, :]), sites_open, sites_open
        ),
    ]
    if capacity is not None:
        load = coo_array((np.asarray(demand, np.float64)[place_of], (site_of, sites + flat)),
                         shape=(sites, sites + flat.size)).tocsr()  # fmt: skip
        rows.append(LinearConstraint(load, -np.inf, np.asarray(capacity, np.float64)))
    low = np.zeros(sites) if present is None else np.asarray(present, np.float64)
    if low.sum() > sites_open or sites_open > sites:
        raise Impossible("the number of open sites must lie between those present and all")
    whole = np.concatenate([np.ones(sites, np.int64), np.zeros(flat.size, np.int64)])
    x, value, gap = _solve(
        goal, rows, whole, np.concatenate([low, np.zeros(flat.size)]), np.ones(sites + flat.size), seconds
    )
    return Placing(np.rint(x[:sites]).astype(np.int64), value, gap)


def greedy(reach: Bools, demand: Floats, units: int, busy: float, *, most: Ints | int | None = None) -> Placing:
    """Units one by one where each adds most expected cover: the usual start, within 1 - 1/e of the optimum."""
    sites, _ = reach.shape
    _, high = _sites(sites, units, None, most)
    weights = np.asarray(demand, np.float64) / np.sum(demand) * (1.0 - busy)
    count, value = np.zeros(sites, np.int64), 0.0
    for _ in range(units):
        gains = np.where(count < high, reach @ weights, -1.0)
        site = int(np.argmax(gains))
        count[site] += 1
        value += float(gains[site])
        weights = np.where(reach[site], weights * busy, weights)
    return Placing(count, value, float("nan"))
