"""A question in a body (data type Query, clause 5.2.23) as the parameters of an address."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from thanglong.surfaces.ngsild.answers import Problem

TEXTS = ("q", "csf", "lang", "scopeQ", "join", "collation")
LISTS = ("attrs", "pick", "omit", "expandValues", "jsonKeys", "datasetId", "containedBy")
GEO = ("georel", "geometry", "coordinates", "geoproperty")
TIME = ("timerel", "timeAt", "endTimeAt", "timeproperty", "lastN")
OTHERS = ("joinLevel", "local", "geometryProperty", "entityMap", "splitEntities", "entityMapLifetime")
KNOWN = frozenset([*TEXTS, *LISTS, *OTHERS, "type", "entities", "geoQ", "temporalQ", "ordering"])


def asked(content: Any, given: Mapping[str, str], temporal: bool = False) -> dict[str, str]:
    """The parameters that say the same as a Query; those of the address (page, form) stay.

    Several selectors of entities with different types, ids or patterns cannot be said in one address: Problem 400.
    """
    if not isinstance(content, dict) or content.get("type") != "Query":
        raise Problem(400, "BadRequestData", "send an object of type Query")
    for key in content:
        if key not in KNOWN:
            raise Problem(400, "BadRequestData", f"a Query has no member {key[:60]!r}")
    if "temporalQ" in content and not temporal:
        raise Problem(400, "BadRequestData", "temporalQ is for /temporal/entityOperations/query")
    found = {**given, **_texts(content), **_selected(content.get("entities"))}
    found.update(_members(content.get("geoQ"), GEO, "geoQ"))
    if temporal:
        found.update(_members(content.get("temporalQ"), TIME, "temporalQ"))
    if isinstance(content.get("ordering"), dict):
        ordering = content["ordering"]
        found.update(_members(ordering, ("orderBy", "collation"), "ordering"))
        for name, key in (("coordinates", "orderFrom"), ("geometry", "orderGeometry")):
            if name in ordering:
                found[key] = _text(ordering[name])
    return found


def _texts(content: Mapping[str, Any]) -> dict[str, str]:
    found = {}
    for key in TEXTS:
        if key in content:
            if not isinstance(content[key], str) or not content[key]:
                raise Problem(400, "BadRequestData", f"{key} is a text")
            found[key] = content[key]
    for key in LISTS:
        if key in content:
            value = content[key]
            if isinstance(value, str):
                value = [value]
            if not isinstance(value, list) or not value or not all(isinstance(one, str) and one for one in value):
                raise Problem(400, "BadRequestData", f"{key} is a list of texts")
            found[key] = ",".join(value)
    for key in ("joinLevel", "geometryProperty", "entityMap", "splitEntities", "local"):
        if key in content:
            found[key] = _text(content[key])
    return found


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _members(value: Any, keys: Sequence[str], name: str) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Problem(400, "BadRequestData", f"{name} is an object")
    found = {key: _text(value[key]) for key in keys if key in value}
    if isinstance(value.get("orderBy"), list):
        found["orderBy"] = ",".join(str(one) for one in value["orderBy"])
    return found


def _selected(entities: Any) -> dict[str, str]:
    """The selectors of entities (id, idPattern, type) as parameters."""
    if entities is None:
        return {}
    if not isinstance(entities, list) or not entities or not all(isinstance(one, dict) for one in entities):
        raise Problem(400, "BadRequestData", "entities is a list of selectors")
    kinds, ids, patterns = [], list[str](), set()
    for one in entities:
        if not isinstance(one.get("type"), str) or not one["type"]:
            raise Problem(400, "BadRequestData", "a selector of entities has a type")
        kinds.append(one["type"])
        if "id" in one:
            ids.extend(one["id"] if isinstance(one["id"], list) else [one["id"]])
        elif "idPattern" in one:
            patterns.add(str(one["idPattern"]))
        else:
            patterns.add("")
    if (ids and patterns) or len(patterns) > 1:
        raise Problem(400, "BadRequestData", "ask for entities by id or by pattern, the same for all selectors")
    unique = list(dict.fromkeys(kinds))
    found = {"type": unique[0] if len(unique) == 1 else ",".join(f"({kind})" for kind in unique)}
    if ids:
        found["id"] = ",".join(str(id) for id in ids)
    if patterns - {""}:
        found["idPattern"] = next(iter(patterns))
    return found
