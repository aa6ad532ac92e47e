"""Values of attributes and small parts of entities: what may stand there (clauses 4.5 to 4.8)."""

import contextlib
import math
import re
import unicodedata
from collections.abc import Callable, Container, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import orjson

from thanglong.formats.ngsild.rings import mended
from thanglong.formats.ngsild.vocabulary import CORE, Vocabulary
from thanglong.kit.errors import N_, Fault, Invalid

NULL = "urn:ngsi-ld:null"
NULLS = (NULL, [NULL], {"@none": NULL})
"""How a value says that it is to be deleted."""
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
ANNOTATIONS = frozenset(["observedAt", "unitCode", "datasetId", "objectType", "valueType", "lang", "expiresAt"])
SYSTEM = frozenset(["createdAt", "modifiedAt", "deletedAt", "instanceId"])
IGNORED = SYSTEM | {"entity", "entityList"}
"""Members of an attribute that only answers have: they say nothing in a body."""
LEVEL = r"[^\W\d_]\w*"
SCOPE = re.compile(rf"/?{LEVEL}(/{LEVEL})*\Z")
NAME = re.compile(r"[^\W\d_]\w*\Z")
INVISIBLE = frozenset(["Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"])
BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
MOST_URI = 1000
PLAIN_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!#-;=?-Z\\^-~]*\Z")
"""A URI of visible ASCII signs without delimiters of markup and brackets: good without a closer look."""
LANGUAGE = re.compile(r"(@none|[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*)\Z")


def checked_uri(value: Any, field: str = "id") -> str:
    """A URI or IRI as an identifier; Invalid otherwise, also with signs nobody sees, or for the NGSI-LD null."""
    if type(value) is str and len(value) <= MOST_URI and PLAIN_URI.match(value) and value != NULL:
        return value
    if isinstance(value, str) and len(value) <= MOST_URI and value != NULL and not any(map(_unfit, value)):
        try:
            if urlsplit(value).scheme:
                return value
        except ValueError:
            pass
    raise Invalid([Fault(field, N_("This must be a URI, such as urn:ngsi-ld:Streetlight:1."))])


def _unfit(sign: str) -> bool:
    """Whether a sign cannot stand in an identifier: blank, invisible or a delimiter of markup."""
    if sign.isascii():
        return sign <= " " or sign in '<>"\x7f'
    number = ord(sign)
    return (
        unicodedata.category(sign) in INVISIBLE
        or sign in BLANKS
        or 0xFE00 <= number <= 0xFE0F
        or 0xE0100 <= number <= 0xE01EF
    )


def checked_name(name: Any) -> str:
    """The name of a type or attribute as a client writes it: letters, digits and _, or an IRI (clause 4.6.2)."""
    if isinstance(name, str) and (NAME.match(name) or ":" in name):
        return name
    raise Invalid([Fault(str(name)[:80], N_("This is not a name an attribute or type can have."))])


def checked_scope(value: Any) -> Any:
    """A scope or a list of them, each with its leading slash (clause 4.18)."""
    scopes = value if isinstance(value, list) else [value]
    if not scopes or not all(isinstance(one, str) and SCOPE.match(one) for one in scopes):
        raise Invalid([Fault("scope", N_("A scope is a path such as /Hanoi/Streets."))])
    found = list(dict.fromkeys(one if one.startswith("/") else f"/{one}" for one in scopes))
    return found[0] if len(found) == 1 else found


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


def one_of(kind: Any, names: Container[str]) -> bool:
    """Whether a ``type`` as it came in, which may be any JSON, is one of these names."""
    return isinstance(kind, str) and kind in names


def is_geometry(value: Any) -> bool:
    """Whether a value looks like a GeoJSON geometry."""
    return (
        isinstance(value, dict)
        and one_of(value.get("type"), GEOMETRIES)
        and ("coordinates" in value or "geometries" in value)
    )


def checked_time(value: Any, field: str) -> str:
    """An ISO 8601 date-time in UTC as written; Invalid otherwise."""
    try:
        if isinstance(value, str) and "T" in value and value.endswith("Z") and datetime.fromisoformat(value):
            return value
    except ValueError:
        pass
    raise Invalid([Fault(field, N_("This must be a moment in UTC, such as 2026-03-02T08:00:00Z."))])


def checked(key: str, kind: str, value: Any, reading: Reading) -> Any:
    """The main member of an attribute as it is kept; Invalid when such an attribute cannot have it."""
    if value is None:
        raise Invalid([Fault(key, N_("null is not a value; use urn:ngsi-ld:null to delete."))])
    if value in NULLS:
        if not reading.nulls:
            raise Invalid([Fault(key, N_("urn:ngsi-ld:null cannot be written here."))])
        return NULL
    if kind == "Property" and isinstance(value, (dict, list)) and not reading.deep and _holds_null(value):
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
    if isinstance(value, str):
        # a geometry may come as the text of its JSON (clause 4.7.2)
        with contextlib.suppress(orjson.JSONDecodeError):
            value = orjson.loads(value)
    if not is_geometry(value) or value["type"] == "GeometryCollection":
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
    import shapely

    return mended(shapely.from_geojson(orjson.dumps(geometry))) is not None


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


def _json(key: str, value: Any, reading: Reading) -> Any:
    if isinstance(value, dict) or (isinstance(value, list) and all(isinstance(item, dict) for item in value)):
        return value
    raise Invalid([Fault(key, N_("This must be a JSON object."))])


CHECKS: Mapping[str, Callable[[str, Any, Reading], Any]] = {
    "Relationship": _targets,
    "ListProperty": _list,
    "ListRelationship": _target_list,
    "LanguageProperty": _languages,
    "VocabProperty": _words,
    "GeoProperty": _geometry,
    "JsonProperty": _json,
}
