"""What a unit of work knows of an entity, and the rows it leaves in the history."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from thanglong.stores.things import rows

ALIVE, PAST, NOTHING = 1, 0, -1
"""The column ``alive``: the entity is there; it has only a past; nothing is left but its number."""


@dataclass(slots=True)
class Entity:
    """The present state of one entity, as far as writing needs it. ``stamps``: attribute -> [made, changed] in us."""

    n: int
    id: str
    types: tuple[str, ...]
    state: dict[str, Any]
    stamps: dict[str, list[int]]
    created: int
    modified: int
    alive: bool
    tenant: str = ""
    past: bool = False
    """Not alive, but it has a past: it was deleted, or only ever recorded."""


class Past(NamedTuple):
    """One history row: ``moment`` is observedAt where given, else ``at``; ``value`` JSON text or None."""

    seq: int
    attribute: str
    dataset: str
    n: int
    at: int
    moment: int
    observed: bool
    op: int
    number: float | None
    value: str | None


def types_of(entity: Mapping[str, Any]) -> tuple[str, ...]:
    found = entity.get("type")
    if type(found) is str and found:
        return (found,)
    names = [found] if isinstance(found, str) else found or []
    return tuple(dict.fromkeys(name for name in names if isinstance(name, str) and name))


def attributes_of(entity: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    return [(key, value) for key, value in entity.items() if key not in rows.OWN]


Stamps = dict[str, list[int]]


def kept_stamps(entity: Entity) -> Stamps:
    """The stamps that are written: an attribute that came with its entity and never changed needs none."""
    if not entity.alive:
        return entity.stamps
    first = [entity.created, entity.created]
    return {key: pair for key, pair in entity.stamps.items() if pair != first}


def stamps_of(stamps: str, state: Mapping[str, Any], created: int, alive: int) -> Stamps:
    """The stamps of all attributes, from those that were written and the state."""
    found: Stamps = orjson.loads(stamps)
    if alive == ALIVE:
        for key in state:
            if key not in found and key not in rows.OWN:
                found[key] = [created, created]
    return found


def alive_of(entity: Entity) -> int:
    """The column ``alive`` of an entity."""
    return ALIVE if entity.alive else PAST if entity.past else NOTHING
