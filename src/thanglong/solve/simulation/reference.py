"""The same simulation in plain Python: objects, lists, no compiled code. Slow and obvious; the oracle of the kernel.

Policies are plug-ins here: anything with ``base(unit, world, moment)`` that names a base, or None for the own one.
"""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from thanglong.solve.simulation.running import check
from thanglong.solve.simulation.types import (
    DIVERTED,
    HANDOVER,
    ON_SCENE,
    TO_BASE,
    TO_CALL,
    TO_HOSPITAL,
    Calls,
    Fleet,
    Land,
    Moves,
    Outcome,
    Policy,
    Rules,
)

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

    def on_duty(self, moment: float) -> bool:
        """Whether it works at a moment."""
        minute = moment % DAY
        if self.starts == self.ends:
            return True
        if self.starts < self.ends:
            return self.starts <= minute < self.ends
        return minute >= self.starts or minute < self.ends

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

    def idle(self, moment: float) -> list[Unit]:
        """Units that wait or drive to where they wait, on duty."""
        return [unit for unit in self.units if unit.stage == "idle" and unit.counted and unit.on_duty(moment)]

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

    def minutes(self, unit: Unit, node: int, moment: float) -> float:
        """Until an idle unit is at a node, its turnout included when it leaves from its base."""
        land, gone = self.land, moment - unit.leaves
        if gone >= unit.length:
            return float(land.urgent[unit.target, node]) + self.rules.turnout
        if self.rules.snap:
            return float(land.urgent[self.stand(unit, moment), node])
        share = gone / unit.length
        return float((1.0 - share) * land.urgent[unit.origin, node] + share * land.urgent[unit.target, node])


class Plug(Protocol):
    """A relocation policy."""

    def base(self, unit: Unit, world: World, moment: float) -> int | None:
        """The base (index into ``Land.bases``) an idle unit should go to; None: its own."""


@dataclass(frozen=True, slots=True)
class Cover:
    """DMEXCLP."""

    policy: Policy

    def base(self, unit: Unit, world: World, moment: float) -> int | None:
        """The base that adds most expected cover; the nearest of equals."""
        policy, land = self.policy, world.land
        times = np.zeros(land.nodes, np.int64)
        for other in world.idle(moment):
            if other is not unit:
                times += policy.covers[other.aim]
        weights = policy.demand * (1.0 - policy.busy) * policy.busy**times
        best: tuple[float, float, int] | None = None
        for index, node in enumerate(land.bases):
            minutes = float(land.calm[unit.origin, node])
            if minutes > policy.furthest:
                continue
            gain = 0.0
            for place in range(land.nodes):  # summed in order, so that equal gains are equal to the last bit
                gain += policy.covers[index, place] * weights[place]
            if best is None or gain > best[0] or (gain == best[0] and minutes < best[1]):
                best = (gain, minutes, index)
        return best[2] if best else None


@dataclass(frozen=True, slots=True)
class Table:
    """A compliance table."""

    policy: Policy

    def base(self, unit: Unit, world: World, moment: float) -> int | None:
        """The nearest base that wants one more for so many idle units."""
        others = [other for other in world.idle(moment) if other is not unit]
        wanted = self.policy.table[min(len(others) + 1, len(world.units))]
        best: tuple[float, int] | None = None
        for index, node in enumerate(world.land.bases):
            minutes = float(world.land.calm[unit.origin, node])
            held = sum(other.aim == index for other in others)
            if wanted[index] > held and minutes <= self.policy.furthest and (best is None or minutes < best[0]):
                best = (minutes, index)
        return best[1] if best else None


def _plug(policy: Policy) -> Plug | None:
    return {"home": None, "cover": Cover(policy), "table": Table(policy)}[policy.kind]


class _Run:
    def __init__(self, land: Land, fleet: Fleet, calls: Calls, rules: Rules, plug: Plug | None) -> None:
        self.units = [
            Unit(number, int(home), int(fleet.kind[number]), float(fleet.starts[number]), float(fleet.ends[number]),
                 int(land.bases[home]), int(land.bases[home]), int(home))
            for number, home in enumerate(fleet.home)
        ]  # fmt: skip
        self.world = World(land, self.units, calls, rules)
        self.plug = plug
        self.release = [[-NEVER] * int(count) for count in land.places]
        count, crew = len(calls), len(self.units)
        self.who, self.into, self.idle = (np.full(count, -1, np.int64) for _ in range(3))
        self.start, self.drive, self.response, self.finish = (np.full(count, np.nan) for _ in range(4))
        self.busy, self.waiting_drive, self.trips = np.zeros(crew), np.zeros(crew), np.zeros(crew, np.int64)
        self.moves: list[tuple[int, float, int, int, int, float]] = []
        for unit in self.units:
            unit.counted = unit.on_duty(0.0)

    def go(self) -> None:
        calls, upcoming = self.world.calls, 0
        changes = [unit.next_change(0.0) for unit in self.units]
        while True:
            busy = [unit for unit in self.units if unit.event < NEVER]
            unit = min(busy, key=lambda one: (one.event, one.number), default=None)
            t_event = unit.event if unit else NEVER
            t_change = min(changes, default=NEVER)
            t_call = float(calls.at[upcoming]) if upcoming < len(calls) else NEVER
            if unit is None and upcoming >= len(calls) and not self.can_end_well():
                break
            if unit is not None and t_event <= t_change and t_event <= t_call:
                self.step(unit, t_event)
            elif t_change <= t_call:
                changer = self.units[changes.index(t_change)]
                changes[changer.number] = changer.next_change(t_change)
                self.change(changer, t_change)
            else:
                self.call(upcoming, t_call)
                upcoming += 1
        for unit in self.units:
            self.waiting_drive[unit.number] += unit.length
            if unit.length > 0:
                self.note(unit, unit.leaves + unit.length, TO_BASE, unit.origin, unit.target, unit.length)

    def can_end_well(self) -> bool:
        """Whether some unit may take some waiting call, now or when its duty begins."""
        needs = self.world.calls.needs
        return any(int(needs[call]) & unit.kind for call in self.world.waiting for unit in self.units)

    def note(self, unit: Unit, at: float, kind: int, source: int, target: int, minutes: float) -> None:
        self.moves.append((unit.number, at, kind, int(source), int(target), float(minutes)))

    def step(self, unit: Unit, t: float) -> None:
        """A busy unit's next step: scene done, hospital reached, or free."""
        land, calls, call = self.world.land, self.world.calls, unit.job
        place = int(calls.node[call])
        if unit.stage == "call":
            self.note(unit, t, ON_SCENE, place, place, calls.on_scene[call])
            if calls.carried[call] and len(land.hospitals):
                hospital = self.choose(place, t)
                self.into[call] = hospital
                unit.stage, unit.event = "carrying", t + float(land.urgent[place, land.hospitals[hospital]])
                return
            self.free(unit, t, place)
        elif unit.stage == "carrying":
            hospital = int(self.into[call])
            node = int(land.hospitals[hospital])
            begun = t
            if self.release[hospital]:
                slot = int(np.argmin(self.release[hospital]))
                begun = max(t, self.release[hospital][slot])
                self.release[hospital][slot] = begun + float(calls.handover[call])
            self.note(unit, t, TO_HOSPITAL, place, node, land.urgent[place, node])
            unit.stage, unit.event = "giving", begun + float(calls.handover[call])
        else:
            node = int(land.hospitals[self.into[call]])
            self.note(unit, t, HANDOVER, node, node, calls.handover[call])
            self.free(unit, t, node)

    def choose(self, place: int, t: float) -> int:
        land, best, chosen = self.world.land, NEVER, 0
        for hospital, node in enumerate(land.hospitals):
            minutes = float(land.urgent[place, node])
            if self.world.rules.weigh_waiting and self.release[hospital]:
                minutes += max(0.0, min(self.release[hospital]) - (t + minutes))
            if minutes < best:
                best, chosen = minutes, hospital
        return chosen

    def free(self, unit: Unit, t: float, node: int) -> None:
        self.finish[unit.job] = t
        self.busy[unit.number] += t - unit.sent
        unit.stage, unit.event, unit.job, unit.origin = "idle", NEVER, -1, node
        call = self.next_waiting(unit, t)
        if call is not None:
            self.send(unit, call, t, float(self.world.land.urgent[node, self.world.calls.node[call]]))
            return
        base = None
        if unit.on_duty(t) and self.plug:
            base = self.plug.base(unit, self.world, t)
        unit.aim = unit.home if base is None else base
        unit.target = int(self.world.land.bases[unit.aim])
        unit.leaves, unit.length = t, float(self.world.land.calm[node, unit.target])
        if unit.length > 0:
            self.trips[unit.number] += 1
        else:
            self.note(unit, t, TO_BASE, node, unit.target, 0.0)
        unit.counted = unit.on_duty(t)

    def change(self, unit: Unit, t: float) -> None:
        if unit.stage != "idle":
            return
        unit.counted = unit.on_duty(t)
        call = self.next_waiting(unit, t) if unit.counted else None
        if call is not None:
            self.leave(unit, call, t)

    def next_waiting(self, unit: Unit, t: float) -> int | None:
        calls = self.world.calls
        able = [call for call in self.world.waiting if int(calls.needs[call]) & unit.kind]
        if not able or not unit.on_duty(t):
            return None
        call = min(able, key=lambda one: (calls.priority[one], self.world.waiting.index(one)))
        self.world.waiting.remove(call)
        return call

    def call(self, call: int, t: float) -> None:
        calls = self.world.calls
        able = [
            unit for unit in self.units
            if unit.stage == "idle" and int(calls.needs[call]) & unit.kind and unit.on_duty(t)
        ]  # fmt: skip
        if not able:
            self.world.waiting.append(call)
            return
        self.idle[call] = len(able)
        node = int(calls.node[call])
        self.leave(min(able, key=lambda unit: (self.world.minutes(unit, node, t), unit.number)), call, t)

    def leave(self, unit: Unit, call: int, t: float) -> None:
        """An idle unit breaks off its trip, or leaves its base, for a call."""
        gone = t - unit.leaves
        minutes = self.world.minutes(unit, int(self.world.calls.node[call]), t)
        here = self.world.stand(unit, t)
        self.waiting_drive[unit.number] += min(gone, unit.length)
        if unit.length > 0:
            arrived = gone >= unit.length
            self.note(
                unit, unit.leaves + unit.length if arrived else t, TO_BASE if arrived else DIVERTED, unit.origin, here,
                min(gone, unit.length),
            )  # fmt: skip
        unit.origin, unit.counted = here, False
        self.send(unit, call, t, minutes)

    def send(self, unit: Unit, call: int, t: float, minutes: float) -> None:
        node = int(self.world.calls.node[call])
        self.note(unit, t + minutes, TO_CALL, unit.origin, node, minutes)
        unit.leaves, unit.length = t, 0.0
        self.who[call], self.start[call], self.drive[call] = unit.number, t, minutes
        self.response[call] = t + minutes - float(self.world.calls.at[call])
        unit.stage, unit.job, unit.sent = "call", call, t
        unit.event = t + minutes + float(self.world.calls.on_scene[call])


def simulate(
    land: Land, fleet: Fleet, calls: Calls, rules: Rules | None = None, policy: Policy | None = None,
    *, plug: Plug | None = None,
) -> Outcome:  # fmt: skip
    """As ``thanglong.solve.simulation.simulate``, with all moves; ``plug`` takes the place of ``policy``."""
    rules, policy = rules or Rules(), policy or Policy()
    check(land, fleet, calls, policy)
    run = _Run(land, fleet, calls, rules, plug or _plug(policy))
    run.go()
    rows = sorted(run.moves, key=lambda row: row[1])
    columns = [np.array([row[index] for row in rows]) for index in range(6)]
    moves = Moves(
        columns[0].astype(np.int64), columns[1].astype(np.float64), columns[2].astype(np.int64),
        columns[3].astype(np.int64), columns[4].astype(np.int64), columns[5].astype(np.float64),
    )  # fmt: skip
    return Outcome(
        run.who, run.start, run.drive, run.response, run.into, run.finish, run.idle, run.busy, run.waiting_drive,
        run.trips, moves,
    )  # fmt: skip
