"""The compiled loop. Same rules, same order, same numbers as ``reference.simulate``; only faster.

Numba compiles it once a machine and keeps the result beside this file (or in the user's cache folder). Everything is
arrays because compiled code knows no dataclasses; ``running.simulate`` is the door.
"""

from typing import Any

import numpy as np

from thanglong.solve.simulation.choices import (
    best_worth,
    comply,
    count_cover,
    move,
    plan_moves,
    renew,
    wanted_base,
)
from thanglong.solve.simulation.pieces import (
    CALL,
    CARRYING,
    GIVING,
    IDLE,
    Array,
    can_end_well,
    compiled,
    minutes_to,
    next_change,
    on_duty,
    stands_at,
)
from thanglong.solve.simulation.types import DIVERTED, HANDOVER, ON_SCENE, TO_BASE, TO_CALL, TO_HOSPITAL

HOME, TABLE, ASSIGN, WORTH = 0, 1, 2, 3


@compiled
def run(
    ways: Array, calm: Array, km: Array, x: Array, y: Array, bases: Array, hospitals: Array, places: Array,
    home: Array, kind: Array, starts: Array, ends: Array,
    at: Array, node: Array, on_scene: Array, carried: Array, handover: Array, priority: Array, needs: Array,
    pace: Array, turnout: float, snap: bool, weigh: bool, calm_from: int, carry: Array, keep: bool, room: int,
    policy: int, reaches: Array, reached: Array, sizes: Array, worths: Array, table: Array, price: float,
    plan: Array, pull: float, furthest: float, least: float, move_furthest: float, rest: float, most: int,
    period: float,
) -> Any:  # fmt: skip
    units, calls = home.size, at.size
    state = np.zeros(units, np.int64)
    event = np.full(units, np.inf)
    change = np.empty(units)
    origin, target = bases[home].copy(), bases[home].copy()
    leaves, length = np.zeros(units), np.zeros(units)
    aim = home.copy()
    counted = np.zeros(units, np.bool_)
    job = np.full(units, -1, np.int64)
    sent = np.zeros(units)
    counts, gains = np.zeros(reaches.shape[0], np.int64), np.zeros(bases.size)
    moved, relocations, since = np.zeros(units, np.int64), np.zeros(units, np.int64), np.zeros(1)
    stirred, t = False, 0.0  # the idle units are others than before: some that wait may be moved
    aims = np.full(units, -1, np.int64)
    held = np.zeros(bases.size, np.int64)
    widest = max(1, places.max()) if places.size else 1
    release = np.full((places.size, widest), -np.inf)

    who, start = np.full(calls, -1, np.int64), np.full(calls, np.nan)
    drive, response = np.full(calls, np.nan), np.full(calls, np.nan)
    into, finish, idle = np.full(calls, -1, np.int64), np.full(calls, np.nan), np.full(calls, -1, np.int64)
    busy, waiting_drive, trips = np.zeros(units), np.zeros(units), np.zeros(units, np.int64)
    waiting_km = np.zeros(units)

    rows = calls * 5 + units + room if keep else 0
    m_unit, m_kind = np.empty(rows, np.int64), np.empty(rows, np.int64)
    m_from, m_to = np.empty(rows, np.int64), np.empty(rows, np.int64)
    m_at, m_minutes = np.empty(rows), np.empty(rows)
    noted = 0

    for unit in range(units):
        change[unit] = next_change(starts[unit], ends[unit], 0.0)
        if on_duty(starts[unit], ends[unit], 0.0):
            counted[unit] = True
            held[aim[unit]] += 1
            if policy == WORTH:
                count_cover(aim[unit], 1, reached, sizes, counts)

    queue = np.empty(max(calls, 1), np.int64)
    queued = 0
    upcoming = 0
    while True:
        if stirred:
            stirred = False
            plan_moves(
                aims, policy, t, state, counted, aim, leaves, length, moved, since, bases, calm, reaches, reached,
                sizes, counts, worths, table, price, held, plan, pull, least, move_furthest, rest, most, period, gains,
            )  # fmt: skip
            for unit in range(units):
                if aims[unit] >= 0:
                    if keep and length[unit] > 0:
                        m_unit[noted], m_kind[noted], m_at[noted] = unit, TO_BASE, leaves[unit] + length[unit]
                        m_from[noted], m_to[noted], m_minutes[noted] = origin[unit], target[unit], length[unit]
                        noted += 1
                    move(unit, aims[unit], t, aim, origin, target, leaves, length, bases, calm, km, waiting_drive,
                         waiting_km, held, reached, sizes, counts)  # fmt: skip
                    trips[unit] += 1
                    moved[unit] += 1
                    relocations[unit] += 1
        t_event, unit = np.inf, -1
        t_change, changer = np.inf, -1
        for candidate in range(units):
            if event[candidate] < t_event:
                t_event, unit = event[candidate], candidate
            if change[candidate] < t_change:
                t_change, changer = change[candidate], candidate
        t_call = at[upcoming] if upcoming < calls else np.inf
        if unit < 0 and upcoming >= calls and not can_end_well(queue[:queued], needs, kind):
            break
        free, t = -1, t_call
        if t_event <= t_change and t_event <= t_call:
            t = t_event
            call = job[unit]
            if state[unit] == CALL:
                if keep:
                    m_unit[noted], m_kind[noted], m_at[noted] = unit, ON_SCENE, t
                    m_from[noted], m_to[noted], m_minutes[noted] = node[call], node[call], on_scene[call]
                    noted += 1
                if carried[call] and hospitals.size > 0:
                    best, chosen = np.inf, 0
                    for hospital in range(hospitals.size):
                        minutes = carry[node[call], hospitals[hospital]]
                        if weigh and places[hospital] > 0:
                            minutes += max(0.0, release[hospital, : places[hospital]].min() - (t + minutes))
                        if minutes < best:
                            best, chosen = minutes, hospital
                    into[call] = chosen
                    state[unit] = CARRYING
                    event[unit] = t + carry[node[call], hospitals[chosen]] * pace[call]
                    continue
                origin[unit] = node[call]
                free = unit
            elif state[unit] == CARRYING:
                hospital = into[call]
                begun = t
                if places[hospital] > 0:
                    slot = release[hospital, : places[hospital]].argmin()
                    begun = max(t, release[hospital, slot])
                    release[hospital, slot] = begun + handover[call]
                if keep:
                    m_unit[noted], m_kind[noted], m_at[noted] = unit, TO_HOSPITAL, t
                    m_from[noted], m_to[noted] = node[call], hospitals[hospital]
                    m_minutes[noted] = carry[node[call], hospitals[hospital]] * pace[call]
                    noted += 1
                state[unit] = GIVING
                event[unit] = begun + handover[call]
                continue
            else:
                if keep:
                    m_unit[noted], m_kind[noted], m_at[noted] = unit, HANDOVER, t
                    m_from[noted] = m_to[noted] = hospitals[into[call]]
                    m_minutes[noted] = handover[call]
                    noted += 1
                origin[unit] = hospitals[into[call]]
                free = unit
            finish[call] = t
            busy[unit] += t - sent[unit]
            state[unit], event[unit], job[unit] = IDLE, np.inf, -1
        elif t_change <= t_call:
            t = t_change
            change[changer] = next_change(starts[changer], ends[changer], t)
            duty = on_duty(starts[changer], ends[changer], t)
            if state[changer] != IDLE:
                continue
            if not duty:
                if counted[changer]:
                    counted[changer] = False
                    held[aim[changer]] -= 1
                    if policy == WORTH:
                        count_cover(aim[changer], -1, reached, sizes, counts)
                    stirred = most > 0
                continue
            if not counted[changer]:
                counted[changer] = True
                held[aim[changer]] += 1
                if policy == WORTH:
                    count_cover(aim[changer], 1, reached, sizes, counts)
                stirred = most > 0
            free = changer

        chosen_unit, call = -1, -1
        eta = 0.0
        fresh = free >= 0 and state[free] == IDLE and job[free] == -1 and t == t_event and t_event <= t_change
        if free >= 0:
            # the longest waiting call of the highest priority that this unit may take
            place = -1
            if on_duty(starts[free], ends[free], t):
                for position in range(queued):
                    waiting = queue[position]
                    if (needs[waiting] & kind[free]) != 0 and (place < 0 or priority[waiting] < priority[queue[place]]):
                        place = position
            if place >= 0:
                call = queue[place]
                for position in range(place, queued - 1):
                    queue[position] = queue[position + 1]
                queued -= 1
                chosen_unit = free
                if fresh:
                    eta = ways[1 if priority[call] >= calm_from else 0, origin[free], node[call]]
            elif fresh:
                duty = on_duty(starts[free], ends[free], t)
                base = home[free]
                if duty and policy != HOME:
                    ready = 1
                    for other in range(units):
                        ready += counted[other]
                    if policy == WORTH:
                        base = best_worth(
                            origin[free], bases, calm, reaches, counts, worths[min(ready, worths.shape[0] - 1)], price,
                            held, plan, pull, furthest, gains,
                        )  # fmt: skip
                    elif policy == TABLE:
                        base = wanted_base(origin[free], bases, calm, held, table[min(ready, units)], furthest)
                    else:
                        renew(t, period, since, moved)
                        comply(aims, t, free, origin[free], state, counted, aim, leaves, length, moved, bases, calm,
                               table[min(ready, units)], move_furthest, rest, most)  # fmt: skip
                        base = aims[free]
                    stirred = most > 0
                if base < 0:
                    base = home[free]
                aim[free], target[free] = base, bases[base]
                leaves[free], length[free] = t, calm[origin[free], bases[base]]
                if length[free] > 0:
                    trips[free] += 1
                elif keep:
                    m_unit[noted], m_kind[noted], m_at[noted] = free, TO_BASE, t
                    m_from[noted], m_to[noted], m_minutes[noted] = origin[free], target[free], 0.0
                    noted += 1
                if duty:
                    counted[free] = True
                    held[base] += 1
                    if policy == WORTH:
                        count_cover(base, 1, reached, sizes, counts)
                continue
            else:
                continue
        else:
            call = upcoming
            upcoming += 1
            best, ready = np.inf, 0
            mode = 1 if priority[call] >= calm_from else 0
            for candidate in range(units):
                if state[candidate] != IDLE or (needs[call] & kind[candidate]) == 0:
                    continue
                if not on_duty(starts[candidate], ends[candidate], t):
                    continue
                ready += 1
                gone = t - leaves[candidate]
                if gone >= length[candidate]:
                    minutes = ways[mode, target[candidate], node[call]] + turnout
                elif snap:
                    stand = stands_at(origin[candidate], target[candidate], gone, length[candidate], x, y)
                    minutes = ways[mode, stand, node[call]]
                else:
                    share = gone / length[candidate]
                    minutes = (1.0 - share) * ways[mode, origin[candidate], node[call]] + share * ways[
                        mode, target[candidate], node[call]
                    ]
                if minutes < best:
                    best, chosen_unit = minutes, candidate
            if chosen_unit < 0:
                queue[queued] = call
                queued += 1
                continue
            idle[call] = ready
            eta = best

        unit = chosen_unit
        if not fresh:
            gone = t - leaves[unit]
            if free >= 0:  # begins its shift, on its way to its base or there
                mode = 1 if priority[call] >= calm_from else 0
                eta = minutes_to(unit, node[call], gone, origin, target, length, ways[mode], turnout, snap, x, y)
            done = min(gone, length[unit])
            waiting_drive[unit] += done
            if km.size and length[unit] > 0:
                waiting_km[unit] += km[origin[unit], target[unit]] * (done / length[unit])
            here = target[unit]
            if gone < length[unit]:
                if snap:
                    here = stands_at(origin[unit], target[unit], gone, length[unit], x, y)
                elif gone / length[unit] < 0.5:
                    here = origin[unit]
            if keep and length[unit] > 0:
                m_unit[noted], m_from[noted], m_to[noted], m_minutes[noted] = unit, origin[unit], here, done
                m_kind[noted] = TO_BASE if gone >= length[unit] else DIVERTED
                m_at[noted] = leaves[unit] + length[unit] if gone >= length[unit] else t
                noted += 1
            origin[unit] = here
            if counted[unit]:
                counted[unit] = False
                held[aim[unit]] -= 1
                if policy == WORTH:
                    count_cover(aim[unit], -1, reached, sizes, counts)
                stirred = most > 0
        eta *= pace[call]
        if keep:
            m_unit[noted], m_kind[noted], m_at[noted] = unit, TO_CALL, t + eta
            m_from[noted], m_to[noted], m_minutes[noted] = origin[unit], node[call], eta
            noted += 1
        length[unit] = 0.0
        leaves[unit] = t
        who[call], start[call], drive[call] = unit, t, eta
        response[call] = t + eta - at[call]
        state[unit], job[unit], sent[unit] = CALL, call, t
        event[unit] = t + eta + on_scene[call]

    for unit in range(units):
        waiting_drive[unit] += length[unit]
        if km.size and length[unit] > 0:
            waiting_km[unit] += km[origin[unit], target[unit]]
        if keep and length[unit] > 0:
            m_unit[noted], m_kind[noted], m_at[noted] = unit, TO_BASE, leaves[unit] + length[unit]
            m_from[noted], m_to[noted], m_minutes[noted] = origin[unit], target[unit], length[unit]
            noted += 1
    return (who, start, drive, response, into, finish, idle, busy, waiting_drive, trips, relocations, waiting_km,
            m_unit[:noted], m_at[:noted], m_kind[:noted], m_from[:noted], m_to[:noted], m_minutes[:noted])  # fmt: skip
