"""The door of the simulator: dataclasses in, dataclasses out."""

import numpy as np

from thanglong.solve.simulation import kernel
from thanglong.solve.simulation.types import Calls, Fleet, Land, Moves, Outcome, Policy, Rules

KINDS = {"home": kernel.HOME, "cover": kernel.COVER, "table": kernel.TABLE}


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
    places = np.asarray(land.places, np.int64)
    made = kernel.run(
        np.ascontiguousarray(land.urgent, np.float64), np.ascontiguousarray(land.calm, np.float64),
        np.asarray(land.x, np.float64), np.asarray(land.y, np.float64), np.asarray(land.bases, np.int64),
        np.asarray(land.hospitals, np.int64), places,
        np.asarray(fleet.home, np.int64), np.asarray(fleet.kind, np.int64), np.asarray(fleet.starts, np.float64),
        np.asarray(fleet.ends, np.float64),
        calls.at, calls.node, calls.on_scene, calls.carried, calls.handover, calls.priority, calls.needs,
        float(rules.turnout), rules.snap, rules.weigh_waiting,
        KINDS[policy.kind], np.asarray(policy.demand, np.float64),
        np.ascontiguousarray(policy.covers, np.float64), float(policy.busy),
        np.ascontiguousarray(policy.table, np.int64), float(policy.furthest), keep_moves,
    )  # fmt: skip
    who, start, drive, response, into, finish, idle, busy, waiting_drive, trips = made[:10]
    unit, at, kind, source, target, minutes = made[10:]
    order = np.argsort(at, kind="stable")
    moves = Moves(unit[order], at[order], kind[order], source[order], target[order], minutes[order])
    return Outcome(who, start, drive, response, into, finish, idle, busy, waiting_drive, trips, moves)


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
    if policy.kind not in KINDS:
        raise ValueError(f"the policy is one of {', '.join(KINDS)}")
    if policy.kind == "cover" and (policy.covers.shape != (bases, nodes) or len(policy.demand) != nodes):
        raise ValueError("the policy needs its cover as bases x nodes, and the demand of every node")
    if policy.kind == "table" and policy.table.shape != (len(fleet.home) + 1, bases):
        raise ValueError("the compliance table needs a row for each number of idle units, 0 to all")
