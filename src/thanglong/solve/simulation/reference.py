"""The same simulation in plain Python: objects, lists, no compiled code. Slow and obvious; the oracle of the kernel.

Policies are plug-ins here, see ``plugs``.
"""

import numpy as np

from thanglong.solve.simulation.plugs import NEVER, Plug, Unit, World, plug_of
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
    Limits,
    Moves,
    Outcome,
    Policy,
    Rules,
)


class _Run:
    def __init__(self, land: Land, fleet: Fleet, calls: Calls, rules: Rules, plug: Plug | None,
                 limits: Limits) -> None:  # fmt: skip
        self.units = [
            Unit(number, int(home), int(fleet.kind[number]), float(fleet.starts[number]), float(fleet.ends[number]),
                 int(land.bases[home]), int(land.bases[home]), int(home))
            for number, home in enumerate(fleet.home)
        ]  # fmt: skip
        self.world = World(land, self.units, calls, rules)
        self.plug, self.limits = plug, limits
        self.release = [[-NEVER] * int(count) for count in land.places]
        count, crew = len(calls), len(self.units)
        self.who, self.into, self.idle = (np.full(count, -1, np.int64) for _ in range(3))
        self.start, self.drive, self.response, self.finish = (np.full(count, np.nan) for _ in range(4))
        self.busy, self.waiting_drive, self.waiting_km = np.zeros(crew), np.zeros(crew), np.zeros(crew)
        self.trips, self.stirred = np.zeros(crew, np.int64), False
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
            self.stirred = False
            t = min(t_event, t_change, t_call)
            if unit is not None and t_event == t:
                self.step(unit, t)
            elif t_change == t:
                changer = self.units[changes.index(t_change)]
                changes[changer.number] = changer.next_change(t)
                self.change(changer, t)
            else:
                self.call(upcoming, t)
                upcoming += 1
            if self.stirred and self.plug and self.limits.most:
                for mover, base in self.plug.moves(self.world, t):
                    self.move(mover, base, t)
        for unit in self.units:
            self.drove(unit, unit.length)
            if unit.length > 0:
                self.note(unit, unit.leaves + unit.length, TO_BASE, unit.origin, unit.target, unit.length)

    def move(self, unit: Unit, base: int, t: float) -> None:
        """A waiting unit leaves its base for another."""
        self.drove(unit, unit.length)
        if unit.length > 0:
            self.note(unit, unit.leaves + unit.length, TO_BASE, unit.origin, unit.target, unit.length)
        unit.origin, unit.aim, unit.target = unit.target, base, int(self.world.land.bases[base])
        unit.leaves, unit.length = t, float(self.world.land.calm[unit.origin, unit.target])
        unit.moves.append(t)
        self.trips[unit.number] += 1

    def drove(self, unit: Unit, minutes: float) -> None:
        """So many minutes of a trip to a base are over."""
        self.waiting_drive[unit.number] += minutes
        if unit.length > 0 and self.world.land.km.size:
            self.waiting_km[unit.number] += self.world.land.km[unit.origin, unit.target] * (minutes / unit.length)

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
                unit.stage, unit.event = "carrying", t + self.carrying(place, int(land.hospitals[hospital]), call)
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
            self.note(unit, t, TO_HOSPITAL, place, node, self.carrying(place, node, call))
            unit.stage, unit.event = "giving", begun + float(calls.handover[call])
        else:
            node = int(land.hospitals[self.into[call]])
            self.note(unit, t, HANDOVER, node, node, calls.handover[call])
            self.free(unit, t, node)

    def carrying(self, place: int, node: int, call: int | None = None) -> float:
        """Minutes from a patient to a hospital: as the desk expects, or as they turn out for a call."""
        way = self.world.land.calm if self.world.rules.carry_calm else self.world.land.urgent
        return float(way[place, node]) * (1.0 if call is None else self.world.pace(call))

    def choose(self, place: int, t: float) -> int:
        land, best, chosen = self.world.land, NEVER, 0
        for hospital, node in enumerate(land.hospitals):
            minutes = self.carrying(place, int(node))
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
            self.send(unit, call, t, float(self.world.way(call)[node, self.world.calls.node[call]]))
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
        self.stirred = unit.counted

    def change(self, unit: Unit, t: float) -> None:
        if unit.stage != "idle":
            return
        self.stirred = unit.counted != unit.on_duty(t)
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
        self.leave(min(able, key=lambda unit: (self.world.minutes(unit, call, t), unit.number)), call, t)

    def leave(self, unit: Unit, call: int, t: float) -> None:
        """An idle unit breaks off its trip, or leaves its base, for a call."""
        gone = t - unit.leaves
        minutes = self.world.minutes(unit, call, t)
        here = self.world.stand(unit, t)
        self.drove(unit, min(gone, unit.length))
        if unit.length > 0:
            arrived = gone >= unit.length
            self.note(
                unit, unit.leaves + unit.length if arrived else t, TO_BASE if arrived else DIVERTED, unit.origin, here,
                min(gone, unit.length),
            )  # fmt: skip
        unit.origin, unit.counted, self.stirred = here, False, True
        self.send(unit, call, t, minutes)

    def send(self, unit: Unit, call: int, t: float, minutes: float) -> None:
        node, minutes = int(self.world.calls.node[call]), minutes * self.world.pace(call)
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
    run = _Run(land, fleet, calls, rules, plug or plug_of(policy, len(fleet.home)), policy.limits or Limits(most=0))
    run.go()
    rows = sorted(run.moves, key=lambda row: row[1])
    columns = [np.array([row[index] for row in rows]) for index in range(6)]
    moves = Moves(
        columns[0].astype(np.int64), columns[1].astype(np.float64), columns[2].astype(np.int64),
        columns[3].astype(np.int64), columns[4].astype(np.int64), columns[5].astype(np.float64),
    )  # fmt: skip
    return Outcome(
        run.who, run.start, run.drive, run.response, run.into, run.finish, run.idle, run.busy, run.waiting_drive,
        run.trips, np.array([len(unit.moves) for unit in run.units], np.int64), run.waiting_km, moves,
    )  # fmt: skip
