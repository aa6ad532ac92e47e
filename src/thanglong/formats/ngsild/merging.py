"""One entity from what several sources said of it (clauses 4.5.5.2 and 4.5.5.3). Pure; names in whatever words.

Entities are normalised and carry createdAt and modifiedAt. What an auxiliary source says counts only where no other
said anything.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from thanglong.formats.ngsild.entities import SYSTEM

Entity = Mapping[str, Any]
OWN = frozenset(["id", "type", "scope", "createdAt", "modifiedAt", "deletedAt", "expiresAt", "@context"])


def _moment(text: Any) -> float:
    try:
        return datetime.fromisoformat(text).timestamp() if isinstance(text, str) else float("-inf")
    except ValueError:
        return float("-inf")


def expired(item: Entity, now: datetime) -> bool:
    """Whether an entity or instance says that its time is over."""
    return "expiresAt" in item and _moment(item["expiresAt"]) <= now.timestamp()


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _newer(a: Entity, b: Entity) -> bool:
    """Whether instance ``a`` is to be shown instead of ``b``: by when observed, else by when written."""
    seen = _moment(a.get("observedAt")), _moment(b.get("observedAt"))
    if seen[0] != seen[1]:
        return seen[0] > seen[1]
    return _moment(a.get("modifiedAt")) > _moment(b.get("modifiedAt"))


def _instances(attribute: Any, now: datetime) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for instance in _listed(attribute):
        if not isinstance(instance, Mapping):
            found[None] = instance
        elif not expired(instance, now):
            found[instance.get("datasetId")] = instance
    return found


def merge(parts: Sequence[tuple[Entity, bool]], now: datetime) -> dict[str, Any] | None:
    """The entity several parts tell of, each with whether it comes from an auxiliary source; None: nothing is left."""
    live = [(entity, auxiliary) for entity, auxiliary in parts if not expired(entity, now)]
    if not live:
        return None
    ordered = [entity for entity, auxiliary in live if not auxiliary]
    extra = [entity for entity, auxiliary in live if auxiliary]
    found: dict[str, Any] = {}
    attributes: dict[str, dict[Any, Any]] = {}
    for entity in ordered:
        for key, value in entity.items():
            if key in OWN:
                continue
            known = attributes.setdefault(key, {})
            for dataset, instance in _instances(value, now).items():
                if dataset not in known or (
                    isinstance(instance, Mapping)
                    and isinstance(known[dataset], Mapping)
                    and _newer(instance, known[dataset])
                ):
                    known[dataset] = instance
    for entity in extra:
        told = set(attributes)
        for key, value in entity.items():
            if key not in OWN and key not in told:
                attributes[key] = _instances(value, now)
    everyone = [*ordered, *extra]
    _own_members(found, everyone)
    for key, instances in attributes.items():
        if instances:
            values = list(instances.values())
            found[key] = values[0] if len(values) == 1 else values
    return found


def _own_members(found: dict[str, Any], entities: Sequence[Entity]) -> None:
    found["id"] = entities[0]["id"]
    for key in ("type", "scope"):
        values = list(dict.fromkeys(item for entity in entities for item in _listed(entity.get(key, []))))
        if values:
            found[key] = values[0] if len(values) == 1 else values
    for key, pick in (("createdAt", min), ("modifiedAt", max)):
        moments = [entity[key] for entity in entities if isinstance(entity.get(key), str)]
        if moments:
            found[key] = pick(moments, key=_moment)
    ends = [entity.get("expiresAt") for entity in entities]
    if all(isinstance(end, str) for end in ends):
        found["expiresAt"] = max(ends, key=_moment)


def merge_all(lists: Iterable[tuple[Iterable[Entity], bool]], now: datetime) -> list[dict[str, Any]]:
    """Entities of several lists, each with whether it is auxiliary, merged by id and in the order of ids."""
    parts: dict[str, list[tuple[Entity, bool]]] = {}
    for entities, auxiliary in lists:
        for entity in entities:
            parts.setdefault(entity["id"], []).append((entity, auxiliary))
    merged = (merge(parts[id], now) for id in sorted(parts))
    return [entity for entity in merged if entity is not None]


def without_system(value: Any) -> Any:
    """An entity without what only the system writes: when things were made, changed and deleted."""
    if isinstance(value, Mapping):
        return {
            key: item if key in ("value", "json", "languageMap") else without_system(item)
            for key, item in value.items()
            if key not in SYSTEM
        }
    return [without_system(item) for item in value] if isinstance(value, list) else value


def merge_evolutions(parts: Sequence[Entity]) -> dict[str, Any]:
    """The past of one entity from several sources: the instances of all, those of one dataset in order of time.

    Values in short form (``values`` and the like) are joined; of aggregates the first source's stand.
    """
    found: dict[str, Any] = {}
    for entity in parts:
        for key, value in entity.items():
            if key in OWN or key not in found:
                found.setdefault(key, value)
            elif isinstance(value, Mapping) and isinstance(found[key], Mapping):
                found[key] = _joined(found[key], value)
            else:
                found[key] = _instances_joined(_listed(found[key]), _listed(value))
    types = list(dict.fromkeys(item for entity in parts for item in _listed(entity.get("type", []))))
    return {**found, "type": types[0] if len(types) == 1 else types}


def _joined(a: Entity, b: Entity) -> dict[str, Any]:
    found = dict(a)
    for key, value in b.items():
        if isinstance(value, list) and isinstance(a.get(key), list) and all(isinstance(item, list) for item in value):
            rows = [*a[key], *value]
            found[key] = sorted(rows, key=lambda row: _moment(row[-1]) if row else float("-inf"))
    return found


def _instances_joined(a: list[Any], b: list[Any]) -> list[Any]:
    known = {item.get("instanceId") for item in a if isinstance(item, Mapping) and "instanceId" in item}
    both = [*a, *(item for item in b if not isinstance(item, Mapping) or item.get("instanceId", "") not in known)]
    return sorted(both, key=lambda item: _moment(item.get("observedAt", item.get("modifiedAt", item.get("createdAt")))))


def merge_discovery(parts: Sequence[Any]) -> Any:
    """What several sources say of types or attributes: lists joined by id or name, counts added."""
    first = parts[0]
    if isinstance(first, list):
        return _by_id(item for part in parts for item in _listed(part))
    found = dict(first)
    for part in parts[1:]:
        for key, value in part.items():
            found[key] = _told(key, found.get(key), value)
    return found


def _told(key: str, a: Any, b: Any) -> Any:
    if a is None or key in ("id", "type", "@context"):
        return b if a is None else a
    if isinstance(a, list) and isinstance(b, list):
        if any(isinstance(item, Mapping) for item in [*a, *b]):
            return _by_id([*a, *b])
        return sorted({*map(str, a), *map(str, b)})
    if key in ("entityCount", "attributeCount") and isinstance(a, int) and isinstance(b, int):
        return a + b
    return a


def _by_id(items: Iterable[Any]) -> list[Any]:
    found: dict[str, Any] = {}
    for item in items:
        id = str(item.get("id"))
        found[id] = merge_discovery([found[id], item]) if id in found else item
    return list(found.values())
