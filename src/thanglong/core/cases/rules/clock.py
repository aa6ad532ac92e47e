"""When a case is due: durations on the office calendar or around the clock, stops, escalation moments."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from thanglong.core.cases.rules.conditions import holds
from thanglong.core.cases.types import CaseType, Deadline, Duration, State
from thanglong.kit import clock
from thanglong.solve.calendar import VIETNAM

# one step asks several times for the same case; case data are never changed in place
_last: tuple[CaseType, Mapping[str, Any], Deadline | None] | None = None
_SECONDS = {"working_hour": 3600, "hour": 3600, "day": 86400}


def _naive(moment: datetime) -> datetime:
    return clock.local(moment).replace(tzinfo=None)


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=clock.zone()).astimezone(UTC)


def local_text(moment: datetime) -> str:
    """A moment as people read it: 08:30 16/11/2026."""
    return f"{clock.local(moment):%H:%M %d/%m/%Y}"


def is_working(duration: Duration) -> bool:
    """Whether the duration runs in office hours only."""
    return duration.unit.startswith("working")


def after(start: datetime, duration: Duration) -> datetime:
    """The moment at which ``duration`` from ``start`` has passed."""
    if duration.unit == "working_day":
        return _aware(VIETNAM.add_days(_naive(start), round(duration.n)))
    return shift(start, round(duration.n * _SECONDS[duration.unit]), is_working(duration))


def shift(moment: datetime, seconds: int, working: bool) -> datetime:
    """``moment`` moved by ``seconds`` of office time (``working``) or of any time."""
    if working:
        return _aware(VIETNAM.add(_naive(moment), seconds))
    return moment + timedelta(seconds=seconds)


def seconds_between(start: datetime, end: datetime, working: bool) -> int:
    """Seconds from ``start`` to ``end``, of office time or of any time."""
    if working:
        return VIETNAM.between(_naive(start), _naive(end))
    return round((end - start).total_seconds())


def deadline_of(definition: CaseType, data: Mapping[str, Any]) -> Deadline | None:
    """The first deadline of the definition whose condition holds over the case's data."""
    global _last
    last = _last
    if last is not None and last[0] is definition and last[1] is data:
        return last[2]
    context = {"data": data}
    found = next((deadline for deadline in definition.deadlines if holds(deadline.when, context)), None)
    _last = definition, data, found
    return found


def due(definition: CaseType, data: Mapping[str, Any], start: datetime) -> datetime | None:
    """When a case that starts its clock at ``start`` is due."""
    deadline = deadline_of(definition, data)
    return None if deadline is None else after(start, deadline.duration)


def left(definition: CaseType, data: Mapping[str, Any], now: datetime, due_at: datetime) -> int:
    """Seconds (of the deadline's own calendar) left at ``now``; negative when late."""
    deadline = deadline_of(definition, data)
    return seconds_between(now, due_at, deadline is not None and is_working(deadline.duration))


def resume(definition: CaseType, data: Mapping[str, Any], now: datetime, seconds: int) -> datetime:
    """The new due moment of a clock that goes on at ``now`` with ``seconds`` left."""
    deadline = deadline_of(definition, data)
    return shift(now, seconds, deadline is not None and is_working(deadline.duration))


def escalation_at(
    definition: CaseType, data: Mapping[str, Any], opened_at: datetime, due_at: datetime, level: int
) -> datetime | None:
    """When escalation step ``level`` (0-based) is reached; None when there is no such step."""
    deadline = deadline_of(definition, data)
    if deadline is None or level >= len(definition.escalations):
        return None
    working = is_working(deadline.duration)
    share = definition.escalations[level].share
    if share == 1.0:
        return due_at
    total = seconds_between(opened_at, after(opened_at, deadline.duration), working)
    return shift(due_at, round(total * (share - 1)), working)


def next_check(
    definition: CaseType,
    state: State,
    data: Mapping[str, Any],
    *,
    opened_at: datetime,
    state_since: datetime,
    due_at: datetime | None,
    level: int,
    paused_until: datetime | None = None,
) -> datetime | None:
    """The next moment at which time itself changes the case: a rung, the end of a pause, an automatic action."""
    moments = [paused_until]
    if due_at is not None and not state.kind.closed:
        moments.append(escalation_at(definition, data, opened_at, due_at, level))
    if state.auto is not None:
        moments.append(after(state_since, state.auto.after))
    return min((moment for moment in moments if moment is not None), default=None)
