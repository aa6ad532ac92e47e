"""A past day of the city from the things' log: which mark had which state when."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import orjson

from thanglong.core.things import service as things
from thanglong.core.things.types import plain
from thanglong.kit import clock
from thanglong.kit.registry import Layer
from thanglong.web import livemap

STATES = ("normal", "notice", "urgent", "silent")
MOST = 150_000
BINS = 48
KEPT = 4
SETTLED = timedelta(minutes=10)
_days: dict[tuple[Any, ...], dict[str, Any]] = {}
_bins: dict[tuple[date, int], int] = {}


def bounds(day: date) -> tuple[datetime, datetime]:
    """First moment of a city day and of the next one."""
    start = datetime.combine(day, time(), clock.zone())
    return start, start + timedelta(days=1)


def activity(day: date) -> list[int]:
    """How many changes the log took in each half-hour of a day; future half-hours are 0."""
    start, _ = bounds(day)
    now = clock.now()
    edges: list[int] = []
    low = 0
    for index in range(BINS + 1):
        edge = start + timedelta(minutes=30 * index)
        kept = _bins.get((day, index))
        if kept is not None:
            low = kept
        elif edge <= now:
            low = things.seq_before(edge)
            _bins[day, index] = low
        elif not edges or edge - timedelta(minutes=30) <= now:
            low = things.last_seq()
        edges.append(low)
    return [max(0, after - before) for before, after in pairwise(edges)]


@dataclass(slots=True)
class _Day:
    things: dict[str, int]
    layer_of: list[int]
    before: dict[int, int]
    changes: list[tuple[int, int, int]]

    def number(self, thing: str, layer: int) -> int:
        if thing not in self.things:
            self.things[thing] = len(self.things)
            self.layer_of.append(layer)
        return self.things[thing]


def day(layers: list[Layer], wanted: date) -> dict[str, Any]:
    """The day's changes of state of the layers' things, and the state each had before midnight as far as known.

    ``changes`` are ``[second, thing, state]`` by position in ``things`` and ``states``; what was not written in the day
    before or the day itself keeps the state the map shows. Days that ended are kept in memory, the last four asked.
    """
    key = (wanted, *(layer.key for layer in layers))
    if key in _days:
        return _days[key]
    found = _read(layers, wanted)
    if bounds(wanted)[1] + SETTLED < clock.now():
        while len(_days) >= KEPT:
            _days.pop(next(iter(_days)))
        _days[key] = found
    return found


def _read(layers: list[Layer], wanted: date) -> dict[str, Any]:
    start, end = bounds(wanted)
    made = _Day({}, [], {}, [])
    by_type = {kind: (index, layer) for index, layer in enumerate(layers) if layer.state for kind in layer.types}
    first, last = things.seq_before(start - timedelta(days=1)), things.seq_before(end)
    attributes = sorted({layer.state for _, layer in by_type.values()})
    midnight, known = round(start.timestamp() * 1_000_000), dict[tuple[int, Any], int]()
    for at, thing, kind, attribute, text in (
        things.steps(first, last, list(by_type), attributes, MOST) if by_type else ()
    ):
        index, layer = by_type[kind]
        if layer.state != attribute:
            continue
        value = None if text is None else _plain(orjson.loads(text))
        state = known.get((index, value))
        if state is None:
            state = known[index, value] = STATES.index(livemap.state_of(layer, value))
        number = made.number(thing, index)
        if at < midnight:
            made.before[number] = state
        else:
            made.changes.append(((at - midnight) // 1_000_000, number, state))
    return {
        "day": wanted.isoformat(),
        "layers": [layer.key for layer in layers],
        "states": list(STATES),
        "things": list(made.things),
        "layer_of": made.layer_of,
        "before": [[thing, state] for thing, state in made.before.items()],
        "changes": made.changes,
        "bins": activity(wanted),
    }


def _plain(instance: dict[str, Any]) -> Any:
    """The value of an attribute's instance as something that can be looked up."""
    value = instance["value"] if "value" in instance else plain({"a": instance}, "a")
    return value if value is None or isinstance(value, str | int | float) else str(value)
