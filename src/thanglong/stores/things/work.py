"""A unit of work: requests applied in memory to the entities they touch, then flushed as rows in one transaction.

Both stores load the present state of all ids of a group of requests, let :class:`Work` decide what becomes of them, and
write out what it gathered. So the meaning of a write exists once, whatever the database.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from thanglong.kit.errors import N_, Fault, Invalid
from thanglong.kit.ports import WriteMode, Written
from thanglong.stores.ops import ADDED, BORN, CHANGED, GONE, REMOVED
from thanglong.stores.things import rows
from thanglong.stores.things.rows import Leaf, Place


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


@dataclass(frozen=True, slots=True)
class Write:
    """A request: entities (checked by :func:`prepare`), how to write them, when, and of which tenant they are."""

    entities: Sequence[Mapping[str, Any]]
    mode: WriteMode
    at: int
    tenant: str = ""

    def ids(self) -> Iterable[str]:
        return (entity["id"] for entity in self.entities)


@dataclass(frozen=True, slots=True)
class Delete:
    """A request to delete entities."""

    entities: Sequence[str]
    at: int
    tenant: str = ""

    def ids(self) -> Iterable[str]:
        return self.entities


def prepare(entities: Sequence[Mapping[str, Any]], mode: WriteMode) -> None:
    """Raise Invalid for an entity that could not be stored, before it may spoil the group it is written with."""
    makes = mode in ("create", "upsert", "replace")
    for entity in entities:
        name = entity.get("id")
        if not isinstance(name, str) or not name or len(name) > 1000 or "\x00" in name:
            raise Invalid([Fault("id", N_("An entity needs an id, a URI."))])
        if makes and not types_of(entity):
            raise Invalid([Fault("type", N_("An entity needs a type."))])
        try:
            orjson.dumps(dict(entity))
        except (TypeError, ValueError) as error:
            raise Invalid(N_("Entity %(id)s cannot be written as JSON."), id=name) from error
        for key, attribute in attributes_of(entity):
            if attribute is None:
                continue
            if not attribute or not all(
                isinstance(item, Mapping) and "type" in item for item in rows.instances(attribute)
            ):
                raise Invalid([Fault(key, N_("An attribute is an object with a type."))])
            rows.leaves(key, attribute)
            rows.place(attribute)


def merged(before: Any, given: Any) -> Any:
    """An attribute with the given members put in, instance by instance (told apart by datasetId); None takes out."""
    if given is None or before is None:
        return given
    known = {instance.get("datasetId"): instance for instance in rows.instances(before)}
    for instance in rows.instances(given):
        dataset = instance.get("datasetId")
        known[dataset] = _merged_members(known.get(dataset, {}), instance)
    found = list(known.values())
    return found if len(found) > 1 or isinstance(before, list) else found[0]


def _merged_members(before: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(before)
    for key, value in given.items():
        if value is None and key != "value":
            found.pop(key, None)
        elif key not in rows.MEMBERS and isinstance(value, dict) and isinstance(found.get(key), dict):
            found[key] = _merged_members(found[key], value)
        else:
            found[key] = value
    return found


def types_of(entity: Mapping[str, Any]) -> tuple[str, ...]:
    found = entity.get("type")
    names = [found] if isinstance(found, str) else found or []
    return tuple(dict.fromkeys(name for name in names if isinstance(name, str) and name))


def attributes_of(entity: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    return ((key, value) for key, value in entity.items() if key not in ("id", "type"))


class Work:
    """Requests applied to loaded entities; afterwards the attributes below hold the rows to flush."""

    def __init__(self, loaded: Iterable[Entity], last_seq: int, last_n: int) -> None:
        self.entities = {(entity.tenant, entity.id): entity for entity in loaded}
        self.seq = last_seq
        self.n = last_n
        self.history: list[Past] = []
        self.touched: dict[int, Entity] = {}
        self.leaves_gone: dict[tuple[int, str, tuple[str, str, int]], None] = {}
        self.leaves_set: dict[tuple[int, str, tuple[str, str, int]], Leaf] = {}
        self.places_gone: dict[tuple[int, str], None] = {}
        self.places_set: dict[tuple[int, str], Place] = {}
        self.kinds_gone: dict[tuple[str, str, str], None] = {}
        self.kinds_set: dict[tuple[str, str, str], int] = {}
        self.tally: dict[tuple[str, str], int] = {}

    def apply(self, request: "Write | Delete") -> list[Any]:
        """Apply one request; a list of Written, or of bool for a deletion."""
        if isinstance(request, Delete):
            return [self._delete(request.tenant, name, request.at) for name in request.entities]
        return [self._write(request, entity) for entity in request.entities]

    def names(self) -> set[str]:
        """Every name the gathered rows use."""
        used = {leaf.path for leaf in self.leaves_set.values()} | {leaf.dataset for leaf in self.leaves_set.values()}
        for _, kind, (path, dataset, _) in self.leaves_gone:
            used.update((kind, path, dataset))
        for row in self.history:
            used.update((row.attribute, row.dataset))
        for entity in self.touched.values():
            used.update(entity.types)
        used.update(key for _, key in self.places_gone)
        return used

    def _write(self, request: Write, given: Mapping[str, Any]) -> Written:
        mode, at = request.mode, request.at
        entity = self.entities.get((request.tenant, given["id"]))
        alive = entity is not None and entity.alive
        if mode == "create" and alive:
            return Written("exists")
        if mode in ("append", "add", "update", "merge") and not alive:
            return Written("missing")
        self.seq += 1
        if entity is None or not alive:
            entity = self._born(entity, given, at, request.tenant)
        fresh = not alive
        skipped = []
        wrote = self._add_types(entity, types_of(given)) or fresh
        for key, attribute in attributes_of(given):
            if (mode == "add" and key in entity.state) or (mode == "update" and key not in entity.state):
                skipped.append(key)
            elif mode == "merge":
                wrote = self._set(entity, key, merged(entity.state.get(key), attribute), at, fresh) or wrote
            else:
                wrote = self._set(entity, key, attribute, at, fresh) or wrote
        if mode == "replace" and alive:
            for key in [key for key, _ in attributes_of(entity.state) if key not in given]:
                wrote = self._set(entity, key, None, at, False)
        self._settle(entity, at, fresh, wrote)
        return Written(None, fresh, tuple(skipped))

    def _settle(self, entity: Entity, at: int, fresh: bool, wrote: bool) -> None:
        """Close one write: it must have left a row in the log, or it used no sequence number."""
        if not self.history or self.history[-1].seq != self.seq:
            if not wrote:
                self.seq -= 1
                return
            self.history.append(Past(self.seq, "", "", entity.n, at, at, False, BORN if fresh else CHANGED, None, None))
        entity.modified = max(at, entity.modified)
        self.touched[entity.n] = entity

    def _born(self, before: Entity | None, given: Mapping[str, Any], at: int, tenant: str) -> Entity:
        if before is None:
            self.n += 1
            before = Entity(self.n, given["id"], (), {}, {}, at, at, True, tenant)
            self.entities[tenant, before.id] = before
        before.types, before.created, before.modified, before.alive = (), at, at, True
        before.state, before.stamps = {"id": before.id, "type": given["type"]}, {}
        return before

    def _add_types(self, entity: Entity, types: tuple[str, ...]) -> bool:
        new = [name for name in types if name not in entity.types]
        if not new:
            return False
        for key, attribute in attributes_of(entity.state):
            for leaf_key, leaf in rows.leaves(key, attribute).items():
                for name in new:
                    self._put_leaf(entity.n, name, leaf_key, leaf)
        entity.types = (*entity.types, *new)
        entity.state["type"] = entity.types[0] if len(entity.types) == 1 else list(entity.types)
        for name in new:
            self._count(entity, name, 1)
            self.kinds_gone.pop((entity.tenant, name, entity.id), None)
            self.kinds_set[entity.tenant, name, entity.id] = entity.n
        return True

    def _set(self, entity: Entity, key: str, attribute: Any, at: int, fresh: bool) -> bool:
        before = entity.state.get(key)
        if attribute is None:
            if before is None:
                return False
            del entity.state[key]
            entity.stamps.pop(key, None)
            self._log(entity, key, before, at, REMOVED)
            self._reindex(entity, key, before, None)
            return True
        entity.state[key] = attribute
        stamp = entity.stamps.setdefault(key, [at, at])
        stamp[1] = at
        self._log(entity, key, attribute, at, BORN if fresh else ADDED if before is None else CHANGED)
        self._reindex(entity, key, before, attribute)
        return True

    def _log(self, entity: Entity, key: str, attribute: Any, at: int, op: int) -> None:
        for instance in rows.instances(attribute):
            seen = None
            if op != REMOVED and isinstance(text := instance.get("observedAt"), str):
                seen = rows.parse_time(text)
            value = None if op == REMOVED else orjson.dumps(instance).decode()
            number = None if op == REMOVED else rows.number_of(instance)
            moment = rows.micros(seen) if seen else at
            dataset = str(instance.get("datasetId", ""))
            self.history.append(Past(self.seq, key, dataset, entity.n, at, moment, seen is not None, op, number, value))

    def _reindex(self, entity: Entity, key: str, before: Any, after: Any) -> None:
        old = rows.leaves(key, before) if before is not None else {}
        new = rows.leaves(key, after) if after is not None else {}
        for name in entity.types:
            for leaf_key in old.keys() - new.keys():
                self.leaves_set.pop((entity.n, name, leaf_key), None)
                self.leaves_gone[entity.n, name, leaf_key] = None
            for leaf_key, leaf in new.items():
                if old.get(leaf_key) != leaf:
                    self._put_leaf(entity.n, name, leaf_key, leaf)
        was = rows.place(before) if before is not None else None
        now = rows.place(after) if after is not None else None
        if now is not None and now != was:
            self.places_gone.pop((entity.n, key), None)
            self.places_set[entity.n, key] = now
        elif now is None and was is not None:
            self.places_set.pop((entity.n, key), None)
            self.places_gone[entity.n, key] = None

    def _put_leaf(self, n: int, type_name: str, leaf_key: tuple[str, str, int], leaf: Leaf) -> None:
        self.leaves_gone.pop((n, type_name, leaf_key), None)
        self.leaves_set[n, type_name, leaf_key] = leaf

    def _count(self, entity: Entity, kind: str, more: int) -> None:
        key = (entity.tenant, kind)
        self.tally[key] = self.tally.get(key, 0) + more

    def _delete(self, tenant: str, name: str, at: int) -> bool:
        entity = self.entities.get((tenant, name))
        if entity is None or not entity.alive:
            return False
        self.seq += 1
        for key, attribute in list(attributes_of(entity.state)):
            self._reindex(entity, key, attribute, None)
        for kind in entity.types:
            self._count(entity, kind, -1)
            self.kinds_set.pop((tenant, kind, name), None)
            self.kinds_gone[tenant, kind, name] = None
        self.history.append(Past(self.seq, "", "", entity.n, at, at, False, GONE, None, None))
        entity.alive, entity.modified = False, at
        self.touched[entity.n] = entity
        return True


def at_of(moment: datetime) -> int:
    """The moment of a request in microseconds; Invalid when it has no zone."""
    if moment.tzinfo is None:
        raise Invalid(N_("A moment needs a time zone."))
    return rows.micros(moment)
