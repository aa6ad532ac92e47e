"""What the temporal interface writes: instances put into the past of an entity, whose present stays as it is.

An entity that has only a past is kept like one that was deleted: its types stand in ``former``, its state holds the
newest instance of each attribute.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from thanglong.kit.ports import Written
from thanglong.stores.ops import RECORDED, REMOVED, WITHDRAWN
from thanglong.stores.things import rows
from thanglong.stores.things.placing import NULL
from thanglong.stores.things.states import Entity, Past, types_of

PAST_MEMBERS = {"Relationship": "object", "VocabProperty": "vocab", "JsonProperty": "json"}
LISTS = {"ListProperty": "valueList", "ListRelationship": "objectList"}
GOING = (REMOVED, WITHDRAWN)
DELETED = "deletedAt"
"""The stamp of an entity that was deleted; one that never was has none."""


@dataclass(frozen=True, slots=True)
class Record:
    """A request: entities whose attributes are lists of instances for the past; ``create``: also where none is."""

    entities: Sequence[Mapping[str, Any]]
    at: int
    create: bool
    tenant: str = ""

    def ids(self) -> Iterable[str]:
        return (entity["id"] for entity in self.entities)


class Recording:
    """The part of a unit of work that puts rows into the history."""

    def __init__(self, loaded: Iterable[Entity], last_seq: int, last_n: int) -> None:
        self.entities = {(entity.tenant, entity.id): entity for entity in loaded}
        self.seq = last_seq
        self.n = last_n
        self.history: list[Past] = []
        self.touched: dict[int, Entity] = {}
        self.former_gone: dict[tuple[str, str, str], None] = {}
        self.former_set: dict[tuple[str, str, str], int] = {}

    @staticmethod
    def _row(seq: int, entity: Entity, key: str, instance: Mapping[str, Any], at: int, op: int) -> Past:
        moment, observed = told(instance, at)
        number = None if op in GOING else rows.number_of(instance)
        dataset = str(instance.get("datasetId", ""))
        value = orjson.dumps(instance).decode()
        return Past(seq, key, dataset, entity.n, at, moment, observed, op, number, value)

    def _log_scope(self, entity: Entity, scope: Any, at: int) -> None:
        op = WITHDRAWN if scope is None else RECORDED
        self.history.append(Past(self.seq, "scope", "", entity.n, at, at, True, op, None, scope_row(scope)))

    # -- the past alone

    def _record(self, request: Record, given: Mapping[str, Any]) -> bool | None:
        """Put instances into the past; whether the past is new, None where there is none and none may be made."""
        entity, at = self.entities.get((request.tenant, given["id"])), request.at
        there = entity is not None and (entity.alive or entity.past)
        if not there and not request.create:
            return None
        if entity is None or not there:
            entity = self._past_born(entity, given["id"], at, request.tenant)
        if entity.past:
            self._add_former(entity, types_of(given))
        first, deepest = self.seq + 1, 0
        for layer, key, instance in layers(given):
            deepest = max(deepest, layer)
            self.history.append(self._row(first + layer, entity, key, instance, at, op_of(instance)))
            if entity.past:
                entity.state[key] = instance
        self.seq = first + deepest
        if not self.history or self.history[-1].n != entity.n or self.history[-1].seq < first:
            self.history.append(Past(first, "", "", entity.n, at, at, False, RECORDED, None, None))
        if entity.past:
            entity.modified = at
            self.touched[entity.n] = entity
        return not there

    def _past_born(self, before: Entity | None, name: str, at: int, tenant: str) -> Entity:
        if before is None:
            self.n += 1
            before = Entity(self.n, name, (), {}, {}, at, at, False, tenant)
            self.entities[tenant, name] = before
        before.types, before.created, before.past = (), at, True
        before.state, before.stamps = {"id": name}, {}
        return before

    def _add_former(self, entity: Entity, types: tuple[str, ...]) -> None:
        entity.types = tuple(dict.fromkeys([*entity.types, *types]))
        entity.state["type"] = entity.types[0] if len(entity.types) == 1 else list(entity.types)
        for kind in types:
            self.former_gone.pop((entity.tenant, kind, entity.id), None)
            self.former_set[entity.tenant, kind, entity.id] = entity.n

    def _withdraw(self, entity: Entity | None, given: Mapping[str, Any], at: int) -> Written | None:
        """Taking attributes from an entity that has only ever been recorded tells its past that they went."""
        keys = [key for key in given if key not in ("id", "type")]
        if entity is None or not entity.past or entity.stamps or not keys:
            return None
        if any(given[key] is not None or key not in entity.state for key in keys):
            return None
        self.seq += 1
        for key in keys:
            if key == "scope":
                self._log_scope(entity, None, at)
            else:
                self.history.append(self._row(self.seq, entity, key, null_of(entity.state[key]), at, WITHDRAWN))
            del entity.state[key]
        entity.modified = at
        self.touched[entity.n] = entity
        return Written()


def null_of(instance: Mapping[str, Any]) -> dict[str, Any]:
    """The instance that tells an attribute went: of the same kind and data set, its value the NGSI-LD null."""
    kind = str(instance.get("type", "Property"))
    found: dict[str, Any] = {"type": kind}
    if kind == "LanguageProperty":
        found["languageMap"] = {"@none": NULL}
    elif kind in LISTS:
        found[LISTS[kind]] = [NULL]
    else:
        found[PAST_MEMBERS.get(kind, "value")] = NULL
    if "datasetId" in instance:
        found["datasetId"] = instance["datasetId"]
    return found


def scope_row(scope: Any) -> str:
    """The JSON text of a history row that tells an entity's scopes (None: it has none any more)."""
    several = [] if scope is None else scope if isinstance(scope, list) else [scope]
    return orjson.dumps({"type": "Property", "value": several}).decode()


def told(instance: Mapping[str, Any], at: int) -> tuple[int, bool]:
    """When an instance held, and whether it says so itself."""
    text = instance.get("observedAt")
    seen = rows.time_of(text) if isinstance(text, str) else None
    return (at, False) if seen is None else (seen, True)


def layers(entity: Mapping[str, Any]) -> Iterable[tuple[int, str, Mapping[str, Any]]]:
    """``(layer, attribute, instance)``: instances of one attribute and data set stand in different layers, because a
    number of the log has one row for each."""
    for key, instances in entity.items():
        if key in ("id", "type"):
            continue
        depth: dict[str, int] = {}
        for instance in instances:
            dataset = str(instance.get("datasetId", ""))
            yield depth.get(dataset, 0), key, instance
            depth[dataset] = depth.get(dataset, 0) + 1


def op_of(instance: Mapping[str, Any]) -> int:
    """What the row of a recorded instance tells: that it was, or (``deletedAt`` stands in it) that it went."""
    return WITHDRAWN if DELETED in instance else RECORDED
