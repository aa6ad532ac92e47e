"""What a change means for the subscriptions: which attributes came, changed and went, and who is to be told.

The log says what was written; whether a value differs from the one before, and how the whole entity looked, is asked of
the store for the changes somebody may want to hear of.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from thanglong.core.things.types import Change
from thanglong.kit import ports
from thanglong.kit.documents import Snapshot
from thanglong.surfaces.ngsild.notify.watch import Watch

NOTHING: Mapping[str, Any] = {}
EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
Asks = Callable[[Change], bool]
Of = Callable[[Change, Mapping[str, Any]], Sequence[Watch]]


@dataclass(slots=True)
class News:
    """One change as subscriptions see it: the entity after it (deleted: before it), and what its attributes were."""

    seq: int
    at: datetime
    kind: str
    entity: Mapping[str, Any]
    before: Mapping[str, Any]
    """Attribute -> what it was before the change, of those written and there before."""
    snapshot: Snapshot | None
    came: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()
    went: frozenset[str] = frozenset()
    """Attributes that lost an instance or are gone."""

    @property
    def id(self) -> str:
        """The entity's id."""
        return str(self.entity["id"])


def instances(attribute: Any) -> list[Mapping[str, Any]]:
    """The instances of an attribute by data set."""
    return attribute if isinstance(attribute, list) else [attribute]


def by_dataset(attribute: Any) -> dict[Any, Mapping[str, Any]]:
    """The instances of an attribute (None: none) by data set id (None: the default one)."""
    return {} if attribute is None else {item.get("datasetId"): item for item in instances(attribute)}


def attributes_of(entity: Mapping[str, Any]) -> list[str]:
    """The names of an entity's attributes."""
    return [
        key for key, value in entity.items() if key not in ("id", "type", "scope") and isinstance(value, (dict, list))
    ]


@dataclass(slots=True)
class Batch:
    """Changes read together. What the store knows now is turned back step by step to how it was after each."""

    changes: Sequence[Change]
    _snapshots: dict[tuple[str, str], Snapshot] = field(default_factory=dict)
    _states: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    _steps: dict[tuple[int, str], tuple[Any, Any]] = field(default_factory=dict)

    def load(self, wanted: Iterable[Change]) -> None:
        """Fetch the entities of the changes somebody may want to hear of."""
        names: dict[str, dict[str, None]] = {}
        for change in wanted:
            names.setdefault(change.tenant, {})[change.entity] = None
        for tenant, ids in names.items():
            for id, snapshot in ports.plugged.things.snapshots(tenant, list(ids)).items():
                self._snapshots[tenant, id] = snapshot
                self._turn_back(tenant, id, snapshot)

    def _turn_back(self, tenant: str, id: str, snapshot: Snapshot) -> None:
        own = [change for change in self.changes if change.entity == id and change.tenant == tenant]
        state = self._as_of(own[-1], snapshot)
        for number in range(len(own) - 1, -1, -1):
            change = own[number]
            if change.kind == "created":
                head: dict[str, Any] = {key: state[key] for key in ("id", "type", "scope") if key in state}
                self._states[change.seq] = {**head, **(change.attributes or NOTHING)}
                state = {"id": id, "type": change.type}
                continue
            self._states[change.seq] = dict(state)
            for name in (change.attributes or ()) if number else ():
                value = self._step(change, name)[0]
                if value is None:
                    state.pop(name, None)
                else:
                    state[name] = value

    @staticmethod
    def _as_of(change: Change, snapshot: Snapshot) -> dict[str, Any]:
        """The entity as it was after a change that may not be its last one: the reader may be behind the writers."""
        state = dict(snapshot.entity)
        if snapshot.modified <= (change.at - EPOCH) // MICROSECOND:
            return state
        store = ports.plugged.things
        for name in store.moved_since(change.tenant, change.entity, change.seq):
            value = store.step(change.tenant, change.entity, name, change.seq)[1]
            if value is None:
                state.pop(name, None)
            else:
                state[name] = value
        return state

    def _step(self, change: Change, name: str) -> tuple[Any, Any]:
        """An attribute before and after a change: the log has only the instances that were written."""
        key = (change.seq, name)
        if key not in self._steps:
            self._steps[key] = ports.plugged.things.step(change.tenant, change.entity, name, change.seq)
        return self._steps[key]

    def entity(self, change: Change) -> Mapping[str, Any]:
        """The entity after a change, or as it was when it was deleted."""
        found = self._states.get(change.seq)
        return {"id": change.entity, "type": change.type} if found is None else found

    def news(self, change: Change) -> News:
        """Everything a notification needs of a change."""
        entity, snapshot = self.entity(change), self._snapshots.get((change.tenant, change.entity))
        if change.kind == "deleted":
            names = frozenset(attributes_of(entity))
            before = {name: entity[name] for name in names}
            return News(change.seq, change.at, change.kind, entity, before, snapshot, went=names)
        written = change.attributes or NOTHING
        if change.kind == "created":
            return News(change.seq, change.at, change.kind, entity, {}, snapshot, came=frozenset(written))
        steps = {name: self._step(change, name) for name in written}
        known = {name: before for name, (before, _) in steps.items() if before is not None}
        came, changed, went = set(), set(), set()
        for name, (before, after) in steps.items():
            old, new = by_dataset(before), by_dataset(after)
            if new.keys() - old.keys():
                came.add(name)
            if old.keys() - new.keys():
                went.add(name)
            if any(new[dataset] != old[dataset] for dataset in old.keys() & new.keys()):
                changed.add(name)
        return News(
            change.seq,
            change.at,
            change.kind,
            entity,
            known,
            snapshot,
            frozenset(came),
            frozenset(changed),
            frozenset(went),
        )


def wanted(watch: Watch, news: News) -> bool:
    """Whether a change is one of those a subscription waits for (clause 5.2.12)."""
    triggers, names = watch.triggers, watch.attributes
    if news.kind != "updated":
        word = "Created" if news.kind == "created" else "Deleted"
        if f"entity{word}" in triggers or f"attribute{word}" in triggers:
            return names is None or not names.isdisjoint(news.entity)
        return False
    moved: set[str] = set()
    if "attributeCreated" in triggers or "attributeCreated of it" in triggers:
        moved |= news.came
    if "attributeUpdated" in triggers:
        moved |= news.changed
    if "attributeDeleted" in triggers or "attributeDeleted of it" in triggers:
        moved |= news.went
    return bool(moved) and (names is None or not names.isdisjoint(moved))


def heard(changes: Sequence[Change], asks: Asks, of: Of) -> Iterator[tuple[Watch, News]]:
    """Who is to be told what, in the order of the log.

    ``asks``: whether a change may be of interest to anybody; ``of``: to whom, once its entity is known.
    """
    batch = Batch(changes)
    chosen = [change for change in changes if asks(change)]
    batch.load(chosen)
    for change in chosen:
        entity, news = batch.entity(change), None
        shared: dict[str, Any] = {}
        for watch in of(change, entity):
            if not watch.active(change.at):
                continue
            news = news or batch.news(change)
            if wanted(watch, news) and watch.holds(entity, shared):
                yield watch, news
