"""Policies of the plain simulator as plug-ins, and what they may look at.

A plug-in is anything with ``base(unit, world, moment)`` and ``moves(world, moment)``; a new idea is tried here first
and written into the compiled loop when it is worth it.
"""

from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from thanglong.solve.simulation.choices import FORBIDDEN, UNWANTED, assign
from thanglong.solve.simulation.running import worth_of
from thanglong.solve.simulation.types import Calls, Floats, Ints, Land, Limits, Policy, Rules

DAY = 1440.0
NEVER = float("inf")


@dataclass(slots=True)
class Unit:
    """A unit: what it does (``stage`` idle, call, carrying, giving), until when, and its trip to a base."""

    number: int
    home: int
    kind: int
    starts: float
    ends: float
    origin: int
    target: int
    aim: int
    leaves: float = 0.0
    length: float = 0.0
    stage: str = "idle"
    event: float = NEVER
    job: int = -1
    sent: float = 0.0
    counted: bool = False
    moves: list[float] = field(default_factory=list)

    def on_duty(self, moment: float) -> bool:
        """Whether it works at a moment."""
        minute = moment % DAY
        if self.starts == self.ends:
            return True
        if self.starts < self.ends:
            return self.starts <= minute < self.ends
        return minute >= self.starts or minute < self.ends

    def moved(self, moment: float, period: float) -> int:
        """How often it was moved in the period of a moment."""
        return sum(at // period == moment // period for at in self.moves)

    def next_change(self, moment: float) -> float:
        """When its duty next begins or ends."""
        if self.starts == self.ends:
            return NEVER
        midnight = moment // DAY * DAY
        return min(due if due > moment else due + DAY for due in (midnight + self.starts, midnight + self.ends))


@dataclass(slots=True)
class World:
    """Everything a policy may look at."""

    land: Land
    units: list[Unit]
    calls: Calls
    rules: Rules
    waiting: list[int] = field(default_factory=list)

    def idle(self) -> list[Unit]:
        """Units that wait or drive to where they wait, on duty."""
        return [unit for unit in self.units if unit.stage == "idle" and unit.counted]

    def movable(self, moment: float, limits: Limits) -> list[Unit]:
        """Units that wait at their base, have rested and were not moved too often."""
        return [
            unit for unit in self.idle()
            if unit.moved(moment, limits.period) < limits.most and moment - unit.leaves - unit.length >= limits.rest
        ]  # fmt: skip

    def stand(self, unit: Unit, moment: float) -> int:
        """The node at which a unit on its way to a base is taken to stand."""
        land, gone = self.land, moment - unit.leaves
        if gone >= unit.length:
            return unit.target
        share = gone / unit.length
        if not self.rules.snap:
            return unit.origin if share < 0.5 else unit.target
        px = land.x[unit.origin] + share * (land.x[unit.target] - land.x[unit.origin])
        py = land.y[unit.origin] + share * (land.y[unit.target] - land.y[unit.origin])
        return int(np.argmin((land.x - px) ** 2 + (land.y - py) ** 2))

    def way(self, call: int) -> Floats:
        """The driving times to a call: with siren, or without for those that are not urgent."""
        return self.land.calm if int(self.calls.priority[call]) >= self.rules.calm_from else self.land.urgent

    def pace(self, call: int) -> float:
        """How many times the expected minutes the drives of a call take."""
        return float(self.calls.pace[call]) if len(self.calls.pace) else 1.0

    def minutes(self, unit: Unit, call: int, moment: float) -> float:
        """Until an idle unit is at a call, its turnout included when it leaves from its base."""
        way, node, gone = self.way(call), int(self.calls.node[call]), moment - unit.leaves
        if gone >= unit.length:
            return float(way[unit.target, node]) + self.rules.turnout
        if self.rules.snap:
            return float(way[self.stand(unit, moment), node])
        share = gone / unit.length
        return float((1.0 - share) * way[unit.origin, node] + share * way[unit.target, node])


class Plug(Protocol):
    """A relocation policy."""

    def base(self, unit: Unit, world: World, moment: float) -> int | None:
        """The base (index into ``Land.bases``) a unit that has come free should go to; None: its own."""

    def moves(self, world: World, moment: float) -> list[tuple[Unit, int]]:
        """Waiting units to be moved now that one has gone, come or found its base, and where to."""


@dataclass(frozen=True, slots=True)
class Cover:
    """DMEXCLP, in the words of its formula."""

    policy: Policy

    def base(self, unit: Unit, world: World, moment: float) -> int | None:
        """The base that adds most expected cover; the nearest of equals."""
        policy, land = self.policy, world.land
        times = np.zeros(len(policy.demand), np.int64)
        for other in world.idle():
            if other is not unit:
                times += policy.covers[other.aim]
        weights = policy.demand * (1.0 - policy.busy) * policy.busy**times
        best: tuple[float, float, int] | None = None
        for index, node in enumerate(land.bases):
            minutes = float(land.calm[unit.origin, node])
            if minutes > policy.furthest:
                continue
            gain = 0.0
            for point in range(len(weights)):  # summed in order, so that equal gains are equal to the last bit
                gain += policy.covers[index, point] * weights[point]
            if best is None or gain > best[0] or (gain == best[0] and minutes < best[1]):
                best = (gain, minutes, index)
        return best[2] if best else None

    def moves(self, world: World, moment: float) -> list[tuple[Unit, int]]:
        """At most one, by the same worth of a unit."""
        worth = worth_of(self.policy, len(world.units))
        free_of_charge = replace(self.policy, price=0.0, pull=0.0)
        return Worth(free_of_charge, worth, self.policy.limits or Limits(most=0)).moves(world, moment)


@dataclass(frozen=True, slots=True)
class Table:
    """A compliance table."""

    policy: Policy

    def base(self, unit: Unit, world: World, moment: float) -> int | None:
        """The nearest base that wants one more for so many idle units."""
        others = [other for other in world.idle() if other is not unit]
        wanted = self.policy.table[min(len(others) + 1, len(world.units))]
        best: tuple[float, int] | None = None
        for index, node in enumerate(world.land.bases):
            minutes = float(world.land.calm[unit.origin, node])
            held = sum(other.aim == index for other in others)
            if wanted[index] > held and minutes <= self.policy.furthest and (best is None or minutes < best[0]):
                best = (minutes, index)
        return best[1] if best else None

    def moves(self, world: World, moment: float) -> list[tuple[Unit, int]]:
        """None: only units that come free are sent."""
        return []


@dataclass(frozen=True, slots=True)
class Worth:
    """Where a unit is worth most, less the price of its way; and the one move of a waiting unit that gains most."""

    policy: Policy
    worth: Floats
    limits: Limits

    @property
    def pull(self) -> float:
        """What standing where the plan wants one more is worth."""
        return self.policy.pull if len(self.policy.plan) else 0.0

    def wants(self, base: int, units: list[Unit]) -> bool:
        """Whether the plan wants one more at a base than these units."""
        return bool(len(self.policy.plan)) and sum(one.aim == base for one in units) < int(self.policy.plan[base])

    def row(self, idle: int) -> Floats:
        """What units in reach of each point are worth when so many are idle."""
        table: Floats = self.worth[min(idle, len(self.worth) - 1)]
        return table

    def counts(self, units: list[Unit]) -> Ints:
        """How many units have each point in reach from where they wait."""
        made = np.zeros(self.policy.covers.shape[1], np.int64)
        for unit in units:
            made += self.policy.covers[unit.aim]
        return made

    def gains(self, worth: Floats, counts: Ints) -> Floats:
        """What one more unit is worth at each base, summed in the order of points."""
        return in_order(self.policy.covers * self.at(worth, counts))

    def at(self, worth: Floats, counts: Ints) -> Floats:
        """What one more unit is worth at each point."""
        found: Floats = worth[np.arange(len(counts)), np.minimum(counts, worth.shape[1] - 1)]
        return found

    def base(self, unit: Unit, world: World, moment: float) -> int | None:
        """As the class says; the nearest of equals."""
        others = [other for other in world.idle() if other is not unit]
        gains = self.gains(self.row(len(others) + 1), self.counts(others))
        best: tuple[float, float, int] | None = None
        for index, node in enumerate(world.land.bases):
            minutes = float(world.land.calm[unit.origin, node])
            nearer = int(self.wants(index, others))
            gain = gains[index] + self.pull * nearer - self.policy.price * minutes
            if minutes <= self.policy.furthest and (best is None or (-gain, minutes) < best[:2]):
                best = (-gain, minutes, index)
        return best[2] if best else None

    def moves(self, world: World, moment: float) -> list[tuple[Unit, int]]:
        """At most one."""
        idle, movable = world.idle(), world.movable(moment, self.limits)
        worth, counts = self.row(len(idle)), self.counts(idle)
        gains, covers = self.gains(worth, counts), self.policy.covers
        best: tuple[float, float, Unit, int] | None = None
        for here in range(len(covers)):
            there_now = [unit for unit in movable if unit.aim == here]
            if not there_now:
                continue
            unit = min(there_now, key=lambda one: (one.moved(moment, self.limits.period), one.number))
            points = np.flatnonzero(covers[here])
            more = self.at(worth, counts - covers[here]) - self.at(worth, counts)
            without = in_order(np.column_stack([gains, covers[:, points] * more[points]]))
            for there, node in enumerate(world.land.bases):
                minutes = float(world.land.calm[world.land.bases[here], node])
                left = [one for one in idle if one is not unit]
                nearer = int(self.wants(there, idle)) - int(self.wants(here, left))
                gain = without[there] - without[here] + self.pull * nearer - self.policy.price * minutes
                if there == here or minutes > self.limits.furthest or gain <= self.limits.least:
                    continue
                if best is None or (-gain, minutes) < best[:2]:
                    best = (-gain, minutes, unit, there)
        return [(best[2], best[3])] if best else []


@dataclass(frozen=True, slots=True)
class Assign:
    """A compliance table, held with the least driving of all units that may move."""

    policy: Policy
    limits: Limits

    def plan(self, world: World, moment: float, free: Unit | None) -> list[tuple[Unit, int]]:
        """Who goes where; a unit that stays is not named, the free one is if it is wanted."""
        idle = world.idle()
        movers = world.movable(moment, self.limits) + ([free] if free else [])
        movers.sort(key=lambda unit: unit.number)
        wanted = self.policy.table[min(len(idle) + (free is not None), len(world.units))].copy()
        for unit in idle:
            if unit not in movers and wanted[unit.aim] > 0:
                wanted[unit.aim] -= 1
        goals = np.repeat(np.arange(len(wanted)), wanted)
        cost = np.full((len(movers), len(goals) + len(movers)), UNWANTED)
        for row, unit in enumerate(movers):
            place = unit.origin if unit is free else world.land.bases[unit.aim]
            minutes = world.land.calm[place, world.land.bases[goals]]
            cost[row, : len(goals)] = np.where(minutes <= self.limits.furthest, minutes, FORBIDDEN)
        found = assign(cost) if movers else []
        chosen = [(unit, int(goals[at])) for unit, at in zip(movers, found, strict=True) if at < len(goals)]
        return [(unit, base) for unit, base in chosen if unit is free or base != unit.aim]

    def base(self, unit: Unit, world: World, moment: float) -> int | None:
        """The free unit's place in the plan."""
        return next((base for mover, base in self.plan(world, moment, unit) if mover is unit), None)

    def moves(self, world: World, moment: float) -> list[tuple[Unit, int]]:
        """Those of the plan."""
        return self.plan(world, moment, None)


def in_order(columns: Floats) -> Floats:
    """Sums of rows, number after number, as the compiled loop adds them."""
    if not columns.shape[1]:
        return np.zeros(len(columns))
    sums: Floats = np.cumsum(columns, axis=1)[:, -1]
    return sums


def plug_of(policy: Policy, units: int) -> Plug | None:
    """The plug-in that says what a policy says."""
    limits = policy.limits or Limits(most=0)
    if policy.kind == "worth":
        return Worth(policy, worth_of(policy, units), limits)
    return {"home": None, "cover": Cover(policy), "table": Table(policy), "assign": Assign(policy, limits)}[policy.kind]
