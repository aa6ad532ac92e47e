"""Entities as they come in: normalised, concise or simplified."""

import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from thanglong.formats.ngsild.terms import RESERVED
from thanglong.formats.ngsild.vocabulary import CORE, Vocabulary
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
IGNORED = SYSTEM | {"@context", "entity", "entityList"}
"""Members of an attribute that only answers have, or that say nothing."""
SCOPE = re.compile(r"/?[^/#+,;|()\s]+(/[^/#+,;|()\s]+)*\Z")
LANGUAGE = re.compile(r"(@none|[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*)\Z")
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


class Reading:
    """How bodies are read: the client's words, and what the operation allows.

    ``nulls``: ``urn:ngsi-ld:null`` may say that an attribute goes; ``deep``: also members of a value (merge);
    ``simple``: values stand bare, and keep the kind of the attribute there is (``known``, an entity); ``lang``: bare
    texts written to a LanguageProperty belong to that language.
    """

    __slots__ = ("deep", "known", "lang", "names", "nulls", "simple")

    def __init__(
        self,
        names: Vocabulary = CORE,
        *,
        nulls: bool = False,
        deep: bool = False,
        simple: bool = False,
        known: Mapping[str, Any] | None = None,
        lang: str = "",
    ) -> None:
        self.names, self.nulls, self.deep, self.simple = names, nulls, deep, simple
        self.known, self.lang = known or {}, lang


PLAIN = Reading()


def entity_in(body: Any, reading: Reading = PLAIN, *, partial: bool = False, id: str = "") -> dict[str, Any]:
    """An entity in the platform's normalised form from a JSON body; Invalid says what is wrong with which attribute.

    ``partial`` lets id and type be absent (a fragment for an existing entity, whose ``id`` is given).
    """
    if not isinstance(body, dict):
        raise Invalid(N_("An entity is a JSON object."))
    name = body.get("id", body.get("@id", id or None))
    if name is None:
        raise Invalid([Fault("id", N_("An entity needs an id, a URI."))])
    if id and name != id:
        raise Invalid([Fault("id", N_("The id differs from the one in the address."))])
    found: dict[str, Any] = {"id": checked_uri(name), "type": _types(body, partial, reading.names)}
    if not found["type"]:
        del found["type"]
    if "scope" in body:
        found["scope"] = _scope(body["scope"], reading)
    if "expiresAt" in body:
        found["expiresAt"] = _end(body["expiresAt"], reading)
    for key, value in body.items():
        if key not in RESERVED:
            term = reading.names.expand_name(key)
            if term in found:
                raise Invalid([Fault(key, N_("This stands twice, under two names."))])
            found[term] = attribute_in(key, value, reading, reading.known.get(term))
    return found


def _types(body: Mapping[str, Any], partial: bool, names: Vocabulary) -> str | list[str]:
    given = body.get("type", body.get("@type"))
    kinds = [given] if isinstance(given, str) else given if isinstance(given, list) else []
    if given is None and partial:
        return ""
    if not kinds or not all(isinstance(kind, str) and kind and kind != NULL for kind in kinds):
        raise Invalid([Fault("type", N_("An entity needs a type."))])
    found = list(dict.fromkeys(names.expand_name(kind) for kind in kinds))
    return found[0] if len(found) == 1 else found


def _scope(value: Any, reading: Reading) -> Any:
    if value == NULL and reading.nulls:
        return None
    scopes = value if isinstance(value, list) else [value]
    if not scopes or not all(isinstance(one, str) and SCOPE.match(one) for one in scopes):
        raise Invalid([Fault("scope", N_("A scope is a path such as /Hanoi/Streets."))])
    found = list(dict.fromkeys(one if one.startswith("/") else f"/{one}" for one in scopes))
    return found[0] if len(found) == 1 else found


def _end(value: Any, reading: Reading) -> str | None:
    return None if value == NULL and reading.nulls else checked_time(value, "expiresAt")


def attribute_in(key: str, value: Any, reading: Reading = PLAIN, known: Any = None, depth: int = 0) -> Any:
    """An attribute in normalised form: one instance, or a list of instances with different dataset ids."""
    if (
        isinstance(value, list)
        and value
        and not reading.simple
        and all(isinstance(item, dict) and _is_instance(item) for item in value)
    ):
        found = [_instance(key, item, reading, _instance_of(known, item), depth) for item in value]
        datasets = [item.get("datasetId") for item in found]
        if len(set(datasets)) != len(datasets):
            raise Invalid([Fault(key, N_("Two instances have the same datasetId."))])
        return found if len(found) > 1 else found[0]
    return _instance(key, value, reading, _instance_of(known, value), depth)


def _instance_of(known: Any, given: Any) -> Mapping[str, Any]:
    """The instance there is that a given one means."""
    dataset = given.get("datasetId") if isinstance(given, dict) else None
    if isinstance(known, list):
        return next((one for one in known if one.get("datasetId") == dataset), {})
    return known if isinstance(known, dict) and known.get("datasetId") == dataset else {}


def _is_instance(value: Mapping[str, Any]) -> bool:
    return value.get("type") in MEMBER or (
        "type" not in value and any(member in value for member in ("value", *BY_MEMBER))
    )


def _instance(key: str, value: Any, reading: Reading, known: Mapping[str, Any], depth: int) -> dict[str, Any]:
    if depth > DEPTH:
        raise Invalid([Fault(key, N_("This is nested too deeply."))])
    if value is None:
        raise Invalid([Fault(key, N_("null is not a value; use urn:ngsi-ld:null to delete."))])
    if not isinstance(value, dict) or not _is_instance(value):
        return _bare(key, value, reading, known)
    kind = value.get("type") or _kind_of(value)
    member = MEMBER[kind]
    if member not in value:
        raise Invalid([Fault(key, N_("A %(kind)s needs the member %(member)s."), {"kind": kind, "member": member})])
    for other in BY_MEMBER.keys() | {"value"}:
        if other != member and other in value:
            raise Invalid([Fault(key, N_("A %(kind)s has no member %(member)s."), {"kind": kind, "member": other})])
    content = value[member]
    if kind == "LanguageProperty" and isinstance(content, str) and content != NULL and reading.lang:
        content = {reading.lang: content}
    found = {"type": kind, member: _checked(key, kind, content, reading)}
    for name, item in value.items():
        if name in ANNOTATIONS:
            if name == "datasetId" and item == "@none":
                continue
            found[name] = _annotation(f"{key}.{name}", name, item, reading)
        elif name not in found and name not in IGNORED:
            found[reading.names.expand_name(name)] = attribute_in(f"{key}.{name}", item, reading, None, depth + 1)
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


def _bare(key: str, value: Any, reading: Reading, known: Mapping[str, Any]) -> dict[str, Any]:
    """A value that stands alone: the kind of the attribute there is, else a Property or GeoProperty."""
    if value == NULL:
        if not reading.nulls:
            raise Invalid([Fault(key, N_("urn:ngsi-ld:null cannot be written here."))])
        return {"type": "Property", "value": NULL}
    kind = known.get("type", "")
    if kind and (reading.simple or not isinstance(value, dict)):
        if kind == "LanguageProperty" and isinstance(value, str):
            value = {reading.lang or "@none": value}
        if kind not in ("Property", "GeoProperty") or _is_geometry(value) == (kind == "GeoProperty"):
            return {"type": kind, MEMBER[kind]: _checked(key, kind, value, reading)}
    if isinstance(value, dict) and "type" in value and not _is_geometry(value) and not reading.simple:
        if value["type"] in GEOMETRIES:
            raise Invalid([Fault(key, N_("A geometry has no usable coordinates."))])
        raise Invalid(
            [Fault(key, N_("%(kind)s is not a type an attribute can have."), {"kind": str(value["type"])[:80]})]
        )
    kind = "GeoProperty" if _is_geometry(value) else "Property"
    return {"type": kind, "value": _checked(key, kind, value, reading)}


def _annotation(key: str, name: str, value: Any, reading: Reading) -> Any:
    if value == NULL and name != "datasetId" and reading.nulls:
        return NULL
    if name == "observedAt":
        return checked_time(value, key)
    if name == "datasetId":
        if value == NULL:
            raise Invalid([Fault(key, N_("A datasetId cannot be deleted."))])
        return checked_uri(value, key)
    if name == "objectType":
        if not (isinstance(value, str) or (isinstance(value, list) and all(isinstance(one, str) for one in value))):
            raise Invalid([Fault(key, N_("This must be a text."))])
        return reading.names.expand_value(value)
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


def _checked(key: str, kind: str, value: Any, reading: Reading) -> Any:
    if kind == "JsonProperty":
        return value
    if value is None:
        raise Invalid([Fault(key, N_("null is not a value; use urn:ngsi-ld:null to delete."))])
    if value == NULL or value == [NULL] or value == {"@none": NULL}:
        if not reading.nulls:
            raise Invalid([Fault(key, N_("urn:ngsi-ld:null cannot be written here."))])
        return NULL
    if not reading.deep and kind == "Property" and _holds_null(value):
        raise Invalid([Fault(key, N_("urn:ngsi-ld:null cannot be written here."))])
    return CHECKS[kind](key, value, reading) if kind in CHECKS else value


def _holds_null(value: Any) -> bool:
    if isinstance(value, dict):
        return any(item == NULL or _holds_null(item) for item in value.values())
    return isinstance(value, list) and any(_holds_null(item) for item in value)


def _targets(key: str, value: Any, reading: Reading) -> Any:
    if isinstance(value, list) and not value:
        raise Invalid([Fault(key, N_("This must be a list that is not empty."))])
    for target in value if isinstance(value, list) else [value]:
        checked_uri(target, key)
    return value


def _list(key: str, value: Any, reading: Reading) -> Any:
    if not isinstance(value, list):
        raise Invalid([Fault(key, N_("This must be a list."))])
    return value


def _target_list(key: str, value: Any, reading: Reading) -> Any:
    items = [item.get("object") if isinstance(item, dict) else item for item in _list(key, value, reading)]
    return [{"object": checked_uri(item, key)} for item in items]


def _languages(key: str, value: Any, reading: Reading) -> Any:
    if (
        not isinstance(value, dict)
        or not value
        or not all(isinstance(tag, str) and LANGUAGE.match(tag) for tag in value)
        or not all(isinstance(text, str) or _texts(text) for text in value.values())
    ):
        raise Invalid([Fault(key, N_("A language map gives a text for each language."))])
    return value


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _words(key: str, value: Any, reading: Reading) -> Any:
    if not (isinstance(value, str) and value) and not (_texts(value) and value):
        raise Invalid([Fault(key, N_("This must be a text."))])
    return reading.names.expand_value(value)


def _geometry(key: str, value: Any, reading: Reading) -> Any:
    if not _is_geometry(value):
        raise Invalid([Fault(key, N_("The value of a GeoProperty is a GeoJSON geometry."))])
    for lon, lat in positions(key, value):
        if not (-180 <= lon <= 180 and -90 <= lat <= 90):
            raise Invalid([Fault(key, N_("Coordinates are longitude and latitude in degrees."))])
    polygons = [value["coordinates"]] if value["type"] == "Polygon" else []
    polygons = value["coordinates"] if value["type"] == "MultiPolygon" else polygons
    for ring in (ring for polygon in polygons for ring in polygon):
        if len(ring) < 4 or ring[0] != ring[-1]:
            raise Invalid([Fault(key, N_("A polygon's ring is closed and has at least four positions."))])
    if value["type"] == "LineString" and len(value["coordinates"]) < 2:
        raise Invalid([Fault(key, N_("A line has at least two positions."))])
    if polygons and not _simple_rings(value):
        raise Invalid([Fault(key, N_("A polygon's ring must not cross itself."))])
    return value


def _simple_rings(geometry: Any) -> bool:
    import orjson
    import shapely

    return bool(shapely.from_geojson(orjson.dumps(geometry), on_invalid="ignore").is_valid)


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


CHECKS: Mapping[str, Callable[[str, Any, Reading], Any]] = {
    "Relationship": _targets,
    "ListProperty": _list,
    "ListRelationship": _target_list,
    "LanguageProperty": _languages,
    "VocabProperty": _words,
    "GeoProperty": _geometry,
}
