"""How the dated states of one unit fit together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

from thanglong.core.places.types import NewState

DAY = timedelta(days=1)
# what a file may leave open without meaning to delete it
OPTIONAL = ("name_en", "lon", "lat", "area_km2", "population", "boundary")


@dataclass(frozen=True, slots=True)
class Period:
    """Days from ``first`` to ``last``, both included (None: open)."""

    first: date
    last: date | None

    def overlaps(self, other: "Period") -> bool:
        return (other.last is None or self.first <= other.last) and (self.last is None or other.first <= self.last)


def period(state: NewState) -> Period:
    return Period(state.valid_from, state.valid_to)


def overlapping(states: Sequence[NewState]) -> list[tuple[NewState, NewState]]:
    """Pairs of neighbouring states (by first day) whose periods share a day."""
    ordered = sorted(states, key=lambda state: state.valid_from)
    return [(a, b) for a, b in pairwise(ordered) if period(a).overlaps(period(b))]


def splice(states: Iterable[NewState], new: NewState) -> list[NewState]:
    """The states of one unit after ``new`` has been laid over them: what it covers is cut away.

    Neighbours that say the same merge, so laying the same state over itself changes nothing.
    """
    kept: list[NewState] = []
    for state in states:
        if not period(state).overlaps(period(new)):
            kept.append(state)
            continue
        if state.valid_from < new.valid_from:
            kept.append(replace(state, valid_to=new.valid_from - DAY))
        if new.valid_to is not None and (state.valid_to is None or state.valid_to > new.valid_to):
            kept.append(replace(state, valid_from=new.valid_to + DAY))
    return merged([*kept, new])


def merged(states: Iterable[NewState]) -> list[NewState]:
    """The states in order of time, touching neighbours that say the same joined."""
    result: list[NewState] = []
    for state in sorted(states, key=lambda item: item.valid_from):
        last = result[-1] if result else None
        if last and last.valid_to and last.valid_to + DAY == state.valid_from and same(last, state):
            result[-1] = replace(last, valid_to=state.valid_to)
        else:
            result.append(state)
    return result


def same(a: NewState, b: NewState) -> bool:
    """Whether two states say the same, their periods aside."""
    plain_a = replace(a, valid_from=b.valid_from, valid_to=b.valid_to, boundary=None)
    plain_b = replace(b, boundary=None)
    if plain_a != plain_b:
        return False
    if a.boundary is None or b.boundary is None:
        return a.boundary is b.boundary
    return bool(a.boundary.equals_exact(b.boundary, 0.0))


def overlay(states: Iterable[NewState], new: NewState) -> list[NewState]:
    """As :func:`splice`, but what ``new`` leaves open keeps the value each state had."""
    given = list(states)
    pieces: list[NewState] = []
    for state in given:
        if not period(state).overlaps(period(new)):
            continue
        last = min((day for day in (state.valid_to, new.valid_to) if day is not None), default=None)
        kept = {field: getattr(state, field) for field in OPTIONAL if getattr(new, field) in (None, "")}
        if "boundary" in kept:
            kept["boundary_approximate"] = state.boundary_approximate
        pieces.append(replace(new, valid_from=max(state.valid_from, new.valid_from), valid_to=last, **kept))
    result = splice(given, new)
    for piece in pieces:
        result = splice(result, piece)
    return result


def say_the_same(before: Iterable[NewState], after: Iterable[NewState]) -> bool:
    """Whether two histories of one unit differ at most in their legal bases."""
    a, b = (merged(replace(state, act=None) for state in states) for states in (before, after))
    return len(a) == len(b) and all(
        (x.valid_from, x.valid_to) == (y.valid_from, y.valid_to) and same(x, y) for x, y in zip(a, b, strict=True)
    )
