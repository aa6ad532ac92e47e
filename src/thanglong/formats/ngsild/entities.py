"""Entities as they come in (normalised, concise or simplified) and as they go out."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from thanglong.formats.ngsild.terms import RESERVED, short
from thanglong.kit.errors import N_, Fault, Invalid

NULL = "urn:ngsi-ld:null"
MEMBER = {
    "Property": "value",
    "GeoProperty": "value",
    "Relationship": "object",
    "LanguageProperty": "languageMap",
    "VocabProperty": "vocab",
    "ListProperty": "valueList",
    "ListRelationship": "objectList",
    "JsonProperty": "json",
}
BY_MEMBER = {
    "object": "Relationship",
    "languageMap": "LanguageProperty",
    "vocab": "VocabProperty",
    "valueList": "ListProperty",
    "objectList": "ListRelationship",
    "json": "JsonProperty",
}
GEOMETRIES = frozenset(
    ["Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon", "GeometryCollection"]
)
ANNOTATIONS = frozenset(["observedAt", "unitCode", "datasetId", "objectType", "valueType", "lang"])
SYSTEM = frozenset(["createdAt", "modifiedAt", "deletedAt", "instanceId"])
DEPTH = 8


def checked_uri(value: Any, field: str = "id") -> str:
    """A URI as an identifier; Invalid otherwise."""
    if isinstance(value, str) and len(value) <= 1000 and not any(sign.isspace() or sign in '<>"' for sign in value):
        try:
            if urlsplit(value).scheme:
                return value
        except ValueError:
            pass
    raise Invalid([Fault(field, N_("This must be a URI, such as urn:ngsi-ld:Streetlight:1."))])


def entity_in(body: Any, *, partial: bool = False, id: str = "") -> dict[str, Any]:
    """An entity in the platform's normalised form from a JSON body; Invalid says what is wrong with which attribute.

    ``partial`` lets id and type be absent (a fragment for an existing entity, whose ``id`` is given); there an
    attribute of ``urn:ngsi-ld:null`` becomes None: delete it.
    """
    if not isinstance(body, dict):
        raise Invalid(N_("An entity is a JSON object."))
    name = body.get("id", body.get("@id", id or None))
    if name is None:
        raise Invalid([Fault("id", N_("An entity needs an id, a URI."))])
    if id and name != id:
        raise Invalid([Fault("id", N_("The id differs from the one in the address."))])
    found: dict[str, Any] = {"id": checked_uri(name), "type": _types(body, partial)}
    if not found["type"]:
        del found["type"]
    for key, value in body.items():
        if key in RESERVED:
            continue
        term = short(key)
        if partial and _is_null(value):
            found[term] = None
        else:
            found[term] = attribute_in(key, value)
    return found


def _types(body: Mapping[str, Any], partial: bool) -> str | list[str]:
    given = body.get("type", body.get("@type"))
    kinds = [given] if isinstance(given, str) else given if isinstance(given, list) else []
    if given is None and partial:
        return ""
    if not kinds or not all(isinstance(kind, str) and kind for kind in kinds):
        raise Invalid([Fault("type", N_("An entity needs a type."))])
    names = list(dict.fromkeys(short(kind) for kind in kinds))
    return names[0] if len(names) == 1 else names


def _is_null(value: Any) -> bool:
    if isinstance(value, dict):
        value = value.get("value", value.get("object", value.get("languageMap", value.get("json"))))
        if isinstance(value, dict):
            value = value.get("@none")
    return bool(value == NULL)


def attribute_in(key: str, value: Any) -> Any:
    """An attribute in normalised form: one instance, or a list of instances with different dataset ids."""
    if isinstance(value, list) and value and all(isinstance(item, dict) and _is_instance(item) for item in value):
        found = [_instance(key, item, 0) for item in value]
        datasets = [item.get("datasetId") for item in found]
        if len(set(datasets)) != len(datasets):
            raise Invalid([Fault(key, N_("Two instances have the same datasetId."))])
        return found if len(found) > 1 else found[0]
    return _instance(key, value, 0)


def _is_instance(value: Mapping[str, Any]) -> bool:
    return value.get("type") in MEMBER or (
        "type" not in value and any(member in value for member in ("value", *BY_MEMBER))
    )


def _instance(key: str, value: Any, depth: int) -> dict[str, Any]:
    if depth > DEPTH:
        raise Invalid([Fault(key, N_("This is nested too deeply."))])
    if value is None:
        raise Invalid([Fault(key, N_("null is not a value; use urn:ngsi-ld:null to delete."))])
    if not isinstance(value, dict) or not _is_instance(value):
        return _simple(key, value)
    kind = value.get("type") or _kind_of(value)
    member = MEMBER[kind]
    if member not in value:
        raise Invalid([Fault(key, N_("A %(kind)s needs the member %(member)s."), {"kind": kind, "member": member})])
    found = {"type": kind, member: _checked(key, kind, value[member])}
    for name, item in value.items():
        if name in ANNOTATIONS:
            found[name] = _annotation(f"{key}.{name}", name, item)
        elif name not in found and name not in SYSTEM and name != "@context":
            found[short(name)] = _instance(f"{key}.{name}", item, depth + 1)
    return found


def _kind_of(value: Mapping[str, Any]) -> str:
    for member, kind in BY_MEMBER.items():
        if member in value:
            return kind
    content = value["value"]
    return "GeoProperty" if _is_geometry(content) else "Property"


def _is_geometry(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.get("type") in GEOMETRIES
        and ("coordinates" in value or "geometries" in value)
    )


def _simple(key: str, value: Any) -> dict[str, Any]:
    if isinstance(value, dict) and "type" in value and not _is_geometry(value):
        if value["type"] in GEOMETRIES:
            raise Invalid([Fault(key, N_("A geometry has no usable coordinates."))])
        raise Invalid(
            [Fault(key, N_("%(kind)s is not a type an attribute can have."), {"kind": str(value["type"])[:80]})]
        )
    kind = "GeoProperty" if _is_geometry(value) else "Property"
    return {"type": kind, "value": _checked(key, kind, value)}


def _annotation(key: str, name: str, value: Any) -> Any:
    if name == "observedAt":
        return checked_time(value, key)
    if name == "datasetId":
        return checked_uri(value, key)
    if not isinstance(value, str):
        raise Invalid([Fault(key, N_("This must be a text."))])
    return value


def checked_time(value: Any, field: str) -> str:
    """An ISO 8601 date-time in UTC as written; Invalid otherwise."""
    try:
        if isinstance(value, str) and "T" in value and datetime.fromisoformat(value).tzinfo is not None:
            return value
    except ValueError:
        pass
    raise Invalid([Fault(field, N_("This must be a moment with its time zone, such as 2026-03-02T08:00:00Z."))])


def _checked(key: str, kind: str, value: Any) -> Any:
    if value is None:
        raise Invalid([Fault(key, N_("null is not a value; use urn:ngsi-ld:null to delete."))])
    if kind == "Relationship":
        for target in value if isinstance(value, list) else [value]:
            checked_uri(target, key)
    elif kind == "ListRelationship" or kind == "ListProperty":
        if not isinstance(value, list):
            raise Invalid([Fault(key, N_("This must be a list."))])
    elif kind == "LanguageProperty":
        if not isinstance(value, dict) or not all(isinstance(text, (str, list)) for text in value.values()):
            raise Invalid([Fault(key, N_("A language map gives a text for each language."))])
    elif kind == "VocabProperty":
        if not isinstance(value, (str, list)):
            raise Invalid([Fault(key, N_("This must be a text."))])
    elif kind == "GeoProperty":
        return _geometry(key, value)
    return value


def _geometry(key: str, value: Any) -> Any:
    if not _is_geometry(value):
        raise Invalid([Fault(key, N_("The value of a GeoProperty is a GeoJSON geometry."))])
    for lon, lat in positions(key, value):
        if not (-180 <= lon <= 180 and -90 <= lat <= 90):
            raise Invalid([Fault(key, N_("Coordinates are longitude and latitude in degrees."))])
    rings = value["coordinates"] if value["type"] == "Polygon" else []
    for ring in rings:
        if len(ring) < 4 or ring[0] != ring[-1]:
            raise Invalid([Fault(key, N_("A polygon's ring is closed and has at least four positions."))])
    return value


def positions(key: str, geometry: Mapping[str, Any]) -> list[tuple[float, float]]:
    """All positions of a GeoJSON geometry; Invalid when they are not numbers or of the wrong depth."""
    depth = {"Point": 0, "MultiPoint": 1, "LineString": 1, "Polygon": 2, "MultiLineString": 2, "MultiPolygon": 3}
    if geometry["type"] == "GeometryCollection":
        return [position for part in geometry.get("geometries", []) for position in positions(key, part)]
    found: list[Any] = [geometry.get("coordinates")]
    try:
        for _ in range(depth[geometry["type"]]):
            if any(not isinstance(part, list) for part in found):
                raise TypeError
            found = [item for part in found for item in part]
        for item in found:
            if (
                isinstance(item[0], bool)
                or not all(math.isfinite(number) for number in item)
                or not 2 <= len(item) <= 3
            ):
                raise TypeError
        if not found:
            raise TypeError
        return [(float(item[0]), float(item[1])) for item in found]
    except (TypeError, ValueError, IndexError, KeyError):
        raise Invalid([Fault(key, N_("A geometry has no usable coordinates."))]) from None


def simplified(entity: Mapping[str, Any]) -> dict[str, Any]:
    """Names and bare values only (``keyValues``)."""
    return {
        key: value if key in ("id", "type") else value if key in SYSTEM else _simple_attribute(value)
        for key, value in entity.items()
    }


def _simple_attribute(attribute: Any) -> Any:
    if isinstance(attribute, list):
        return {"dataset": {item.get("datasetId", "@none"): _simple_attribute(item) for item in attribute}}
    kind = attribute.get("type", "Property")
    value = attribute.get(MEMBER.get(kind, "value"))
    if kind in ("LanguageProperty", "VocabProperty", "JsonProperty"):
        return {MEMBER[kind]: value}
    return value


def concise(entity: Mapping[str, Any]) -> dict[str, Any]:
    """Without what can be guessed: the type of a Property or Relationship, an object around a lone value."""
    return {
        key: value if key in ("id", "type") or key in SYSTEM else _concise_attribute(value)
        for key, value in entity.items()
    }


def _concise_attribute(attribute: Any) -> Any:
    if isinstance(attribute, list):
        return [_concise_attribute(item) for item in attribute]
    found = {
        key: _concise_attribute(value)
        if isinstance(value, dict) and key not in MEMBER.values() and key not in ANNOTATIONS
        else value
        for key, value in attribute.items()
        if key != "type"
    }
    if len(found) == 1 and "value" in found and (not isinstance(found["value"], dict) or _is_geometry(found["value"])):
        return found["value"]
    return found


def picked(entity: Mapping[str, Any], names: Sequence[str], omitted: Sequence[str] = ()) -> dict[str, Any]:
    """The entity with only some of its attributes (all when ``names`` is empty), less the omitted ones."""
    kept = {key: value for key, value in entity.items() if not names or key in names or key in ("id", "type")}
    return {key: value for key, value in kept.items() if key not in omitted}


def stamped(entity: Mapping[str, Any], stamps: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    """The entity with createdAt and modifiedAt ; ``stamps`` by attribute name, "" itself."""
    found: dict[str, Any] = {}
    for key, value in entity.items():
        pair = stamps.get(key)
        if key in ("id", "type") or pair is None:
            found[key] = value
        elif isinstance(value, list):
            found[key] = [{**item, "createdAt": pair[0], "modifiedAt": pair[1]} for item in value]
        else:
            found[key] = {**value, "createdAt": pair[0], "modifiedAt": pair[1]}
    own = stamps.get("")
    return {**found, "createdAt": own[0], "modifiedAt": own[1]} if own else found


def feature(entity: Mapping[str, Any], geometry: str = "location") -> dict[str, Any]:
    """The entity as a GeoJSON Feature around one of its GeoProperties (null when it has none)."""
    attribute = entity.get(geometry)
    first = attribute[0] if isinstance(attribute, list) and attribute else attribute
    shape = first.get("value") if isinstance(first, Mapping) and "value" in first else first
    return {
        "type": "Feature",
        "id": entity["id"],
        "geometry": shape if _is_geometry(shape) else None,
        "properties": {key: value for key, value in entity.items() if key != "id"},
    }
