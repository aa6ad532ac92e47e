"""A subscription reduced to what a context source has of it, to be made there as well (clause 5.8.1.4). Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from thanglong.formats.ngsild.sources import EntityInfo, Information, names_for

NAMED = re.compile(r"[,|;()]+")
HERE = frozenset(
    ["id", "type", "localOnly", "csf", "lang", "jsonldContext", "ngsildConformance", "entities", "watchedAttributes"]
)
"""Members that mean something only where the subscription was made, or are made anew."""
OF_WHOLE = frozenset(["q", "geoQ", "scopeQ"])
"""Conditions only an entity put together can be judged by."""
CONVEYED = ("showChanges", "sysAttrs")


def spreads(definition: Mapping[str, Any]) -> bool:
    """Whether a subscription is also about what other brokers hold."""
    anything = any(item["type"] == "*" for item in definition.get("entities") or ())
    return not definition.get("localOnly") and not anything


def reduced(definition: Mapping[str, Any], parts: Sequence[Information], uri: str) -> dict[str, Any]:
    """The copy of a subscription for a source of which ``parts`` match; its notifications go to ``uri``.

    What is shown of entities is cut here, when a notification is passed on, so the source tells of them whole.
    """
    left_out = HERE | OF_WHOLE if definition.get("splitEntities") else HERE
    copy = {key: value for key, value in definition.items() if key not in left_out}
    notification = {key: value for key, value in definition["notification"].items() if key in CONVEYED}
    copy["type"] = "Subscription"
    copy["notification"] = {**notification, "endpoint": {"uri": uri, "accept": "application/ld+json"}}
    selectors = list(_selectors(definition.get("entities") or (), parts))
    if selectors:
        copy["entities"] = selectors
    names = names_for(parts, frozenset(definition.get("watchedAttributes") or ()))
    if names and not definition.get("timeInterval"):
        copy["watchedAttributes"] = sorted(names)
    return copy


def _selectors(asked: Sequence[Mapping[str, Any]], parts: Sequence[Information]) -> Iterator[dict[str, Any]]:
    if any(not part.entities for part in parts):
        yield from map(dict, asked)
        return
    held = [entity for part in parts for entity in part.entities]
    found: list[dict[str, Any]] = []
    for entity in held:
        for one in [narrowed(selector, entity) for selector in asked] or [_of(entity)]:
            if one is not None and one not in found:
                found.append(one)
    yield from found


def _of(entity: EntityInfo) -> dict[str, Any] | None:
    """A selector of the entities a source has, for a subscription that names none."""
    if not entity.types:
        return None
    return {"type": ",".join(sorted(entity.types)), **_place(entity)}


def _place(entity: EntityInfo) -> dict[str, Any]:
    if entity.id:
        return {"id": entity.id}
    return {"idPattern": entity.pattern} if entity.pattern else {}


def narrowed(selector: Mapping[str, Any], entity: EntityInfo) -> dict[str, Any] | None:
    """A selector cut to the entities a source has; None when it means none of them."""
    found = dict(selector)
    if entity.types:
        named = [kind for kind in NAMED.split(selector["type"]) if kind]
        common = [kind for kind in named if kind in entity.types]
        if not common:
            return None
        if not set(selector["type"]) & set(";("):
            found["type"] = ",".join(common)
    given = selector.get("id", ())
    ids = [given] if isinstance(given, str) else list(given)
    if ids:
        kept = [id for id in ids if _has(entity, id)]
        found["id"] = kept[0] if len(kept) == 1 else kept
        return found if kept else None
    pattern = selector.get("idPattern")
    if pattern and entity.id:
        del found["idPattern"]
        return {**found, "id": entity.id} if re.search(pattern, entity.id) else None
    return found if pattern else {**found, **_place(entity)}


def _has(entity: EntityInfo, id: str) -> bool:
    if entity.id:
        return entity.id == id
    return not entity.pattern or re.search(entity.pattern, id) is not None
