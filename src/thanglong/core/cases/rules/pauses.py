"""How long a clock may stand still, and when it goes on by law."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from thanglong.core.cases.rules import clock as timing
from thanglong.core.cases.types import Case, CaseType, ClockSegment, Duration, Pause
from thanglong.solve.calendar import VIETNAM

_SECONDS = {"working_hour": 3600, "hour": 3600, "day": 86400}


def stands(case_type: CaseType, case: Case) -> bool:
    """Whether the clock stands still: by the state, or by a decision."""
    return bool(case.paused) or case_type.state(case.state).stops_clock


def _total(duration: Duration) -> int:
    if duration.unit == "working_day":
        return round(duration.n * VIETNAM.day_seconds)
    return round(duration.n * _SECONDS[duration.unit])


def used(pause: Pause, segments: Sequence[ClockSegment]) -> tuple[int, int]:
    """How often, and for how many seconds of the limit's own calendar, earlier pauses of this reason lasted."""
    done = [item for item in segments if not item.running and item.reason == pause.reason and item.ended_at]
    if pause.most is None:
        return len(done), 0
    working = timing.is_working(pause.most)
    return len(done), sum(
        timing.seconds_between(item.started_at, item.ended_at, working) for item in done if item.ended_at
    )


def limit(pause: Pause, segments: Sequence[ClockSegment], start: datetime) -> datetime | None:
    """When a pause that begins at ``start`` ends by law; None when the law sets no limit.

    Not later than ``start`` when the time is used up: then there is nothing left to pause.
    """
    if pause.most is None:
        return None
    times, seconds = used(pause, segments)
    if not times:
        return timing.after(start, pause.most)
    return timing.shift(start, max(0, _total(pause.most) - seconds), timing.is_working(pause.most))


def exhausted(pause: Pause, segments: Sequence[ClockSegment]) -> bool:
    """Whether the law leaves no more pauses of this reason."""
    times, seconds = used(pause, segments)
    if pause.times is not None and times >= pause.times:
        return True
    return pause.most is not None and seconds >= _total(pause.most)


def sound(segments: Sequence[ClockSegment]) -> list[str]:
    """What is wrong with a clock's history: gaps, overlaps, stretches that end before they begin."""
    found = []
    for before, after in pairwise(segments):
        if before.ended_at != after.started_at:
            found.append(f"a gap or overlap at {after.started_at}")
    found += [
        f"runs backwards at {item.started_at}" for item in segments if item.ended_at and item.ended_at < item.started_at
    ]
    found += ["two open stretches"] * (sum(item.ended_at is None for item in segments) > 1)
    return found
