"""The door of the simulator: dataclasses in, dataclasses out."""

from pathlib import Path

import numpy as np

from thanglong.solve.simulation import kernel
from thanglong.solve.simulation.types import (
    Bools,
    Calls,
    Fleet,
    Floats,
    Ints,
    Land,
    Limits,
    Moves,
    Outcome,
    Policy,
    Rules,
)

KINDS = {"home": kernel.HOME, "cover": kernel.WORTH, "table": kernel.TABLE, "assign": kernel.ASSIGN,
         "worth": kernel.WORTH}  # fmt: skip
MOVING = ("cover", "assign", "worth")
"""Policies that also move units that wait, within their limits."""


def ready() -> bool:
    """Whether the loop was compiled before; else the first simulation takes half a minute longer."""
    index = Path(str(kernel.run.stats.cache_path)).glob(f"kernel.{kernel.run.py_func.__name__}-*.nbi")
    source = Path(str(kernel.__file__)).stat().st_mtime
    return any(file.stat().st_mtime >= source for file in index)


def simulate(
    land: Land, fleet: Fleet, calls: Calls, rules: Rules | None = None, policy: Policy | None = None, *,
    keep_moves: bool = False,
) -> Outcome:  # fmt: skip
    """Let the fleet serve the calls (sorted by time) from minute 0, all units at their own bases.

    The closest unit by urgent time goes (the lowest number on a tie); when nobody can, the call waits, and the unit
    that comes free takes the longest waiting call of the highest priority from where it stands. Raises ValueError for
    arrays that do not fit together.
    """
    rules, policy = rules or Rules(), policy or Policy()
    check(land, fleet, calls, policy)
    urgent, calm = (np.ascontiguousarray(times, np.float64) for times in (land.urgent, land.calm))
    counts = policy.kind in ("cover", "worth")
    covers = np.asarray(policy.covers if counts else np.zeros((len(land.bases), 0)), np.bool_)
    limits = policy.limits or Limits(most=0)
    most = int(limits.most) if policy.kind in MOVING else 0
    where = (
        np.stack([urgent, calm]), calm, np.ascontiguousarray(land.km, np.float64),
        np.asarray(land.x, np.float64), np.asarray(land.y, np.float64), np.asarray(land.bases, np.int64),
        np.asarray(land.hospitals, np.int64), np.asarray(land.places, np.int64),
        np.asarray(fleet.home, np.int64), np.asarray(fleet.kind, np.int64), np.asarray(fleet.starts, np.float64),
        np.asarray(fleet.ends, np.float64),
        calls.at, calls.node, calls.on_scene, calls.carried, calls.handover, calls.priority, calls.needs,
        calls.pace if len(calls.pace) else np.ones(len(calls)),
        float(rules.turnout), rules.snap, rules.weigh_waiting, rules.calm_from, calm if rules.carry_calm else urgent,
    )  # fmt: skip
    how = (
        KINDS[policy.kind], np.ascontiguousarray(covers.T, np.float64), *_points(covers),
        np.ascontiguousarray(worth_of(policy, len(fleet.home)), np.float64),
        np.ascontiguousarray(policy.table, np.int64), policy.price if policy.kind == "worth" else 0.0,
        *_plan(policy, len(land.bases)), float(policy.furthest), float(limits.least), float(limits.furthest),
        float(limits.rest), most, float(limits.period),
    )  # fmt: skip
    room = 0
    if keep_moves and most:  # how many rows it takes is known when it is over; growing them slows the loop by half
        room = int(kernel.run(*where, False, 0, *how)[10].sum())
    made = kernel.run(*where, keep_moves, room, *how)
    who, start, drive, response, into, finish, idle, busy, waiting_drive, trips, relocations, waiting_km = made[:12]
    unit, at, kind, source, target, minutes = made[12:]
    order = np.argsort(at, kind="stable")
    moves = Moves(unit[order], at[order], kind[order], source[order], target[order], minutes[order])
    return Outcome(
        who, start, drive, response, into, finish, idle, busy, waiting_drive, trips, relocations, waiting_km, moves
    )


def worth_of(policy: Policy, units: int) -> Floats:
    """The worth table (levels, points, depth) of a policy; that of "cover" is d (1 - q) q^k, whoever is idle."""
    if policy.kind == "worth":
        return policy.worth
    if policy.kind == "cover":
        falling = policy.busy ** np.arange(units + 1)
        return np.asarray((policy.demand * (1.0 - policy.busy))[None, :, None] * falling)
    return np.zeros((1, 0, 1))


def _plan(policy: Policy, bases: int) -> tuple[Ints, float]:
    """Units wanted at each base, and what standing there is worth."""
    if policy.kind == "worth" and len(policy.plan):
        return np.asarray(policy.plan, np.int64), float(policy.pull)
    return np.zeros(bases, np.int64), 0.0


def _points(covers: Bools) -> tuple[Ints, Ints]:
    """For each base the demand points it reaches, as rows of one length, and how many they are."""
    sizes = covers.sum(axis=1).astype(np.int64)
    points = np.zeros((len(covers), int(sizes.max(initial=0))), np.int64)
    for base, row in enumerate(covers):
        points[base, : sizes[base]] = np.flatnonzero(row)
    return points, sizes


def check(land: Land, fleet: Fleet, calls: Calls, policy: Policy) -> None:
    """Raises ValueError when arrays do not fit together; without it compiled code would read beside them."""
    nodes, bases = land.nodes, len(land.bases)
    square = land.urgent.shape == land.calm.shape == (nodes, nodes) and len(land.x) == len(land.y) == nodes
    if not square or len(land.places) != len(land.hospitals):
        raise ValueError("times must be n x n, x and y of n nodes, and each hospital needs its number of places")
    for name, values, most in (
        ("bases", land.bases, nodes), ("hospitals", land.hospitals, nodes), ("home", fleet.home, bases),
        ("node", calls.node, nodes),
    ):  # fmt: skip
        if len(values) and not (np.min(values) >= 0 and np.max(values) < most):
            raise ValueError(f"{name} names what does not exist (0 to {most - 1})")
    lengths = {len(column) for column in (calls.node, calls.on_scene, calls.carried, calls.handover, calls.priority,
                                          calls.needs)}  # fmt: skip
    if lengths - {len(calls)} or np.any(np.diff(calls.at) < 0) or (len(calls) and calls.at[0] < 0):
        raise ValueError("the calls' columns must be of one length, and the calls sorted by time from minute 0")
    if not len(fleet.home) == len(fleet.kind) == len(fleet.starts) == len(fleet.ends):
        raise ValueError("the fleet's columns must be of one length")
    if len(calls.pace) not in (0, len(calls)) or land.km.shape not in ((0, 0), (nodes, nodes)):
        raise ValueError("pace is given for every call or for none, kilometres as n x n or not at all")
    check_policy(policy, bases, len(fleet.home))


def check_policy(policy: Policy, bases: int, units: int) -> None:
    """Raises ValueError when a policy does not fit the bases and the fleet."""
    if policy.kind not in KINDS:
        raise ValueError(f"the policy is one of {', '.join(KINDS)}")
    points = policy.covers.shape[1] if policy.covers.ndim == 2 else -1
    if policy.kind == "cover" and (policy.covers.shape != (bases, len(policy.demand))):
        raise ValueError("the policy needs its cover as bases x demand points, and the demand of every point")
    if policy.kind == "worth" and (policy.covers.shape[0] != bases or policy.worth.ndim != 3
                                   or policy.worth.shape[1] != points or 0 in policy.worth.shape):  # fmt: skip
        raise ValueError("the policy needs its cover as bases x demand points, and worth as levels x points x units")
    if len(policy.plan) not in (0, bases):
        raise ValueError("the plan needs a number of units for every base, or none at all")
    if policy.kind in ("table", "assign") and policy.table.shape != (units + 1, bases):
        raise ValueError("the compliance table needs a row for each number of idle units, 0 to all")
    if policy.limits and (policy.limits.most < 0 or policy.limits.period <= 0 or policy.limits.rest < 0):
        raise ValueError("limits: most and rest are at least 0, the period is longer than 0 minutes")
