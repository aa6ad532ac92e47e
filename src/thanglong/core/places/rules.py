"""Pure decisions: what a name says, how periods of states fit together, which rows of a file are one unit."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

from thanglong.core.places.types import NewState, UnitKind

DAY = timedelta(days=1)

# first words of official names, longest first
_PREFIXES: tuple[tuple[str, UnitKind, str], ...] = (
    ("thành phố trực thuộc trung ương", UnitKind.CITY, "City"),
    ("thành phố", UnitKind.CITY, "City"),
    ("thị trấn", UnitKind.TOWNSHIP, "Township"),
    ("thị xã", UnitKind.DISTRICT, "Town"),
    ("đặc khu", UnitKind.SPECIAL_ZONE, "Special Zone"),
    ("phường", UnitKind.WARD, "Ward"),
    ("huyện", UnitKind.DISTRICT, "District"),
    ("quận", UnitKind.DISTRICT, "District"),
    ("tỉnh", UnitKind.CITY, "Province"),
    ("xã", UnitKind.COMMUNE, "Commune"),
)


def prefix_of(name: str) -> tuple[str, UnitKind, str] | None:
    """The kind that the first words of an official name tell: the words, the kind, its English word; else None."""
    lowered = name.lower()
    for words, kind, english in _PREFIXES:
        if lowered.startswith(words + " "):
            return name[: len(words)], kind, english
    return None


def kind_of(name: str) -> UnitKind:
    """The kind an official name tells ("Phường Cửa Nam" is a ward); a name without such words is an office's."""
    found = prefix_of(name)
    return found[1] if found else UnitKind.OFFICE


def short_name(name: str, kind: UnitKind) -> str:
    """The name without the words for its kind: "Phường Cửa Nam" -> "Cửa Nam", but "Quận 1" stays "Quận 1"."""
    found = prefix_of(name)
    if kind is UnitKind.OFFICE or not found:
        return name
    rest = name[len(found[0]) :].strip()
    return name if re.fullmatch(r"\d+", rest) else rest


def english_name(name: str, kind: UnitKind) -> str:
    """An English rendering where the file brings none: "Phường Cửa Nam" -> "Cửa Nam Ward"."""
    found = prefix_of(name)
    if kind is UnitKind.OFFICE or not found:
        return name
    rest = name[len(found[0]) :].strip()
    return f"{found[2]} {rest}" if re.fullmatch(r"\d+", rest) else f"{rest} {found[2]}"


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


@dataclass(frozen=True, slots=True)
class Identity:
    """What decides whether two dated rows speak of the same unit."""

    code: str
    name: str
    parent_code: str
    level: int


def continues(before: Identity, after: Identity) -> bool:
    """Whether a unit lives on under the same code.

    A code is not an identity: on 1 July 2025 every code of the new list had been another unit's. The unit lives on when
    it keeps its level in the tree and at least its parent or its name.
    """
    return (
        before.code == after.code
        and before.level == after.level
        and (before.parent_code == after.parent_code or before.name == after.name)
    )
