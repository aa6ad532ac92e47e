"""A unit of work: requests applied in memory to the entities they touch, then flushed as rows in one transaction.

Both stores load the present state of all ids of a group of requests, let :class:`Work` decide what becomes of them, and
write out what it gathered. So the meaning of a write exists once, whatever the database.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from thanglong.kit.errors import N_, Fault, Invalid
from thanglong.kit.ports import WriteMode, Written
from thanglong.stores.ops import ADDED, BORN, CHANGED, GONE, RECORDED, REMOVED
from thanglong.stores.things import rows
from thanglong.stores.things.placing import NULL, placed
from thanglong.stores.things.recording import DELETED, Record, Recording, null_of
from thanglong.stores.things.rows import Leaf, Place
from thanglong.stores.things.states import Entity, Past, attributes_of, types_of

Facts = dict[tuple[str, int], tuple[dict[tuple[str, str, int], Leaf], Place | None]]
"""Index rows and place of attributes, by name and ``id()`` of the attribute, which the request keeps alive: found when
a request is checked, used again where it is written as it came."""


@dataclass(frozen=True, slots=True)
class Write:
    """A request: entities (checked by :func:`prepare`), how to write them, when, of which tenant they are, and what
    :func:`prepare` found."""

    entities: Sequence[Mapping[str, Any]]
    mode: WriteMode
    at: int
    tenant: str = ""
    facts: Facts = field(default_factory=dict)

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


def prepare(entities: Sequence[Mapping[str, Any]], mode: WriteMode) -> Facts:
    """Raise Invalid for an entity that could not be stored, before it may spoil the group it is written with."""
    makes, whole = mode in ("create", "upsert", "replace"), mode not in ("merge", "patch")
    facts: Facts = {}
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
            plain = type(attribute) is dict and "type" in attribute
            if not plain and not (
                attribute
                and all(
                    isinstance(item, Mapping) and ("type" in item or not whole) for item in rows.instances(attribute)
                )
            ):
                raise Invalid([Fault(key, N_("An attribute is an object with a type."))])
            facts[key, id(attribute)] = _facts(key, attribute)
    return facts


class Work(Recording):
    """Requests applied to loaded entities; afterwards the attributes below hold the rows to flush."""

    def __init__(self, loaded: Iterable[Entity], last_seq: int, last_n: int) -> None:
        super().__init__(loaded, last_seq, last_n)
        self.leaves_gone: dict[tuple[int, str, tuple[str, str, int]], None] = {}
        self.leaves_set: dict[tuple[int, str, tuple[str, str, int]], Leaf] = {}
        self.places_gone: dict[tuple[int, str], None] = {}
        self.places_set: dict[tuple[int, str], Place] = {}
        self.kinds_gone: dict[tuple[str, str, str], None] = {}
        self.kinds_set: dict[tuple[str, str, str], int] = {}
        self.tally: dict[tuple[str, str], int] = {}
        self._facts: Facts = {}

    def apply(self, request: "Write | Delete | Record") -> list[Any]:
        """Apply one request; a list of Written, of bool for a deletion, of what ``PastStore.record`` says."""
        if isinstance(request, Record):
            return [self._record(request, entity) for entity in request.entities]
        if isinstance(request, Delete):
            return [self._delete(request.tenant, name, request.at) for name in request.entities]
        self._facts = request.facts
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
        used.update(kind for _, kind, _ in self.former_gone)
        return used

    def _write(self, request: Write, given: Mapping[str, Any]) -> Written:
        mode, at = request.mode, request.at
        entity = self.entities.get((request.tenant, given["id"]))
        alive = entity is not None and entity.alive
        if mode == "create" and alive:
            return Written("exists")
        if mode in ("append", "add", "update", "merge") and not alive:
            return self._withdraw(entity, given, at) or Written("missing")
        self.seq += 1
        if entity is None or not alive:
            entity = self._born(entity, given, at, request.tenant)
        fresh = not alive
        wrote = self._drop_types(entity, types_of(given)) if mode == "replace" and alive else fresh
        wrote = self._add_types(entity, types_of(given)) or wrote
        wrote = self._set_own(entity, given, mode, at) or wrote
        skipped = []
        for key, attribute in attributes_of(given):
            after, left = placed(entity.state.get(key), attribute, "replace" if fresh else mode)
            if left:
                skipped.append(key)
            if not left or left < len(rows.instances(attribute)):
                wrote = self._set(entity, key, after, at, fresh, attribute) or wrote
        if mode == "replace" and alive:
            for key in [key for key, _ in attributes_of(entity.state) if key not in given]:
                wrote = self._set(entity, key, None, at, False)
        self._settle(entity, at, fresh, wrote)
        return Written(None, fresh, tuple(skipped))

    def _settle(self, entity: Entity, at: int, fresh: bool, wrote: bool) -> None:
        """Close one write: it must have left a row in the log, or it used no sequence number."""
        if not self.history or self.history[-1].seq != self.seq or self.history[-1].op >= RECORDED:
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
        for kind in before.types if before.past else ():
            self.former_set.pop((tenant, kind, before.id), None)
            self.former_gone[tenant, kind, before.id] = None
        before.types, before.created, before.modified, before.alive, before.past = (), at, at, True, False
        before.state, before.stamps = {"id": before.id, "type": given["type"]}, {}
        return before

    def _set_own(self, entity: Entity, given: Mapping[str, Any], mode: WriteMode, at: int) -> bool:
        """The entity's scope and end, indexed like attributes."""
        changed = False
        for key in ("scope", "expiresAt"):
            before, value = entity.state.get(key), given.get(key)
            if key not in given and not (mode == "replace" and before is not None):
                continue
            if value == NULL:
                value = None
            if key == "scope" and mode == "add" and before is not None and value is not None:
                value = list(dict.fromkeys([*_several(before), *_several(value)]))
            if value == before:
                continue
            changed = True
            if key == "scope":
                self._log_scope(entity, value, at)
            if value is None:
                del entity.state[key]
            else:
                entity.state[key] = value
            self._reindex(entity, key, before, value)
        return changed

    def _drop_types(self, entity: Entity, keep: tuple[str, ...]) -> bool:
        """Take types away that a replacement does not name."""
        gone = [name for name in entity.types if keep and name not in keep]
        for key, attribute in indexed(entity.state):
            for leaf_key in rows.leaves(key, attribute):
                for name in gone:
                    self.leaves_set.pop((entity.n, name, leaf_key), None)
                    self.leaves_gone[entity.n, name, leaf_key] = None
        for name in gone:
            self._count(entity, name, -1)
            self.kinds_set.pop((entity.tenant, name, entity.id), None)
            self.kinds_gone[entity.tenant, name, entity.id] = None
        if gone:
            entity.types = tuple(name for name in entity.types if name in keep)
            entity.state["type"] = entity.types[0] if len(entity.types) == 1 else list(entity.types)
        return bool(gone)

    def _add_types(self, entity: Entity, types: tuple[str, ...]) -> bool:
        new = [name for name in types if name not in entity.types]
        if not new:
            return False
        for key, attribute in indexed(entity.state):
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

    def _set(self, entity: Entity, key: str, attribute: Any, at: int, fresh: bool, given: Any = None) -> bool:
        """Let an attribute be so from now on (None: gone); ``given`` are the instances that were written."""
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
        stamp = entity.stamps.get(key)
        if stamp is None:
            entity.stamps[key] = [at, at]
        else:
            stamp[1] = at
        self._log_written(entity, key, before, attribute, given, at, fresh)
        self._reindex(entity, key, before, attribute)
        return True

    def _log_written(self, entity: Entity, key: str, before: Any, after: Any, given: Any, at: int, fresh: bool) -> None:
        """History rows of the instances that were written or taken away, not of those that stayed."""
        op = BORN if fresh else ADDED if before is None else CHANGED
        if not isinstance(after, list) and not isinstance(before, list) and not isinstance(given, list):
            self.history.append(self._row(self.seq, entity, key, after, at, op))
            return
        written = {instance.get("datasetId") for instance in rows.instances(given)}
        there = {instance.get("datasetId") for instance in rows.instances(after)}
        gone = [one for one in rows.instances(before or []) if one.get("datasetId") not in there]
        self._log(entity, key, [one for one in rows.instances(after) if one.get("datasetId") in written], at, op)
        self._log(entity, key, gone, at, REMOVED)

    def _log(self, entity: Entity, key: str, attribute: Any, at: int, op: int) -> None:
        for instance in rows.instances(attribute):
            kept = null_of(instance) if op == REMOVED else instance
            self.history.append(self._row(self.seq, entity, key, kept, at, op))

    def _reindex(self, entity: Entity, key: str, before: Any, after: Any) -> None:
        if before == after and orjson.dumps(before) == orjson.dumps(after):
            return  # the texts too: 1 and true are equal to Python, but not in the index
        old, was = (rows.leaves(key, before), rows.place(before)) if before is not None else ({}, None)
        new, now = ({}, None) if after is None else self._facts.get((key, id(after))) or _facts(key, after)
        for name in entity.types:
            for leaf_key in old.keys() - new.keys() if old else ():
                self.leaves_set.pop((entity.n, name, leaf_key), None)
                self.leaves_gone[entity.n, name, leaf_key] = None
            for leaf_key, leaf in new.items():
                if old.get(leaf_key) != leaf:
                    self._put_leaf(entity.n, name, leaf_key, leaf)
        if now is not None and now != was:
            self.places_gone.pop((entity.n, key), None)
            self.places_set[entity.n, key] = now
        elif now is None and was is not None:
            self.places_set.pop((entity.n, key), None)
            self.places_gone[entity.n, key] = None

    def _put_leaf(self, n: int, type_name: str, leaf_key: tuple[str, str, int], leaf: Leaf) -> None:
        row = (n, type_name, leaf_key)
        if self.leaves_gone:
            self.leaves_gone.pop(row, None)
        self.leaves_set[row] = leaf

    def _count(self, entity: Entity, kind: str, more: int) -> None:
        key = (entity.tenant, kind)
        self.tally[key] = self.tally.get(key, 0) + more

    def _delete(self, tenant: str, name: str, at: int) -> bool:
        entity = self.entities.get((tenant, name))
        if entity is None or not entity.alive:
            return False
        self.seq += 1
        for key, attribute in list(indexed(entity.state)):
            self._reindex(entity, key, attribute, None)
        for kind in entity.types:
            self._count(entity, kind, -1)
            self.kinds_set.pop((tenant, kind, name), None)
            self.kinds_gone[tenant, kind, name] = None
        self.history.append(Past(self.seq, "", "", entity.n, at, at, False, GONE, None, None))
        entity.alive, entity.past, entity.modified, entity.stamps = False, True, at, {DELETED: [at, at]}
        self._add_former(entity, entity.types)
        self.touched[entity.n] = entity
        return True


def _facts(key: str, attribute: Any) -> tuple[dict[tuple[str, str, int], Leaf], Place | None]:
    return rows.leaves(key, attribute), rows.place(attribute)


def indexed(state: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    """What of an entity has rows in the index."""
    return ((key, value) for key, value in state.items() if key not in ("id", "type"))


def _several(scope: Any) -> list[str]:
    return scope if isinstance(scope, list) else [scope]


def at_of(moment: datetime) -> int:
    """The moment of a request in microseconds; Invalid when it has no zone."""
    if moment.tzinfo is None:
        raise Invalid(N_("A moment needs a time zone."))
    return rows.micros(moment)
