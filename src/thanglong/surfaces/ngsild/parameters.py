"""What may stand in an address's query, and what it means."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson

from thanglong.formats.ngsild import query as language
from thanglong.formats.ngsild.collation import checked_collation
from thanglong.formats.ngsild.entities import GEOMETRIES, checked_uri, positions
from thanglong.formats.ngsild.vocabulary import CORE, Vocabulary
from thanglong.kit.errors import Invalid
from thanglong.kit.ports import AllOf, AnyOf, Area, Condition, Order, Term, ThingQuery
from thanglong.surfaces.asgi import Request
from thanglong.surfaces.ngsild.answers import Problem

MOST, USUAL = 1000, 20
FORMATS = frozenset(["normalized", "concise", "keyValues", "simplified", "temporalValues", "aggregatedValues"])
ALWAYS = frozenset(["local"])
"""Parameters every operation takes."""
SYSTEM = frozenset(["id", "type", "createdAt", "modifiedAt", "deletedAt", "@type", "scope"])
"""What a question may not ask for alone: it would mean every entity, or (id, type) is no attribute."""
DIRECTIONS = ("asc", "desc", "dist-asc", "dist-desc")


@dataclass(frozen=True, slots=True)
class Options:
    """The ``options`` and ``format`` parameters."""

    format: str = "normalized"
    system: bool = False
    words: frozenset[str] = frozenset()


def parameters(request: Request, allowed: Iterable[str]) -> dict[str, str]:
    """The query's parameters, empty ones left out; a repeated or unknown one is Problem 400 InvalidRequest."""
    found: dict[str, str] = {}
    pairs = request.query()
    known = {*allowed, *ALWAYS} if pairs else ()
    for key, value in pairs:
        if key not in known:
            raise Problem(400, "InvalidRequest", f"there is no parameter {key[:60]!r} here")
        if key in found:
            raise Problem(400, "InvalidRequest", f"the parameter {key} stands twice")
        if value:
            found[key] = value
    if "count" in found.get("options", "") and "count" in known:
        _older(found)
    if found.get("local") not in (None, "true", "false"):
        raise Problem(400, "BadRequestData", "local is true or false")
    return found


def _older(given: dict[str, str]) -> None:
    """Clients of before version 1.3 ask for the number of results by ``options=count``."""
    words = given.pop("options").split(",")
    if "count" in words:
        given["count"] = "true"
    if others := [word for word in words if word != "count"]:
        given["options"] = ",".join(others)


def flag(given: Mapping[str, str], key: str) -> bool:
    """A parameter that is true or false; false when absent."""
    value = given.get(key, "false")
    if value not in ("true", "false"):
        raise Problem(400, "BadRequestData", f"{key} is true or false")
    return value == "true"


def options(given: Mapping[str, str], more: Iterable[str] = ()) -> Options:
    """Format and switches; an unknown word is Problem 400. ``format`` goes before ``options``."""
    words = [word.strip() for word in given.get("options", "").split(",") if word.strip()]
    form, system, others = "normalized", False, set()
    for word in words:
        if word in FORMATS:
            form = "keyValues" if word == "simplified" else word
        elif word == "sysAttrs":
            system = True
        elif word in more:
            others.add(word)
        else:
            raise Problem(400, "InvalidRequest", f"{word[:60]!r} is not an option here")
    if "format" in given:
        if given["format"] not in FORMATS:
            raise Problem(400, "InvalidRequest", f"{given['format'][:60]!r} is not a format")
        form = "keyValues" if given["format"] == "simplified" else given["format"]
    return Options(form, system, frozenset(others))


def names(given: Mapping[str, str], key: str, vocabulary: Vocabulary = CORE) -> list[str]:
    """A comma-separated list of attribute names, as they are kept; an empty one is Problem 400."""
    if key not in given:
        return []
    found = [vocabulary.expand_name(part.strip()) for part in given[key].split(",") if part.strip()]
    if not found:
        raise Problem(400, "BadRequestData", f"{key} is empty")
    return found


def listed(given: Mapping[str, str], key: str) -> list[str]:
    """A comma-separated list as it stands."""
    return [part.strip() for part in given.get(key, "").split(",") if part.strip()]


def datasets(given: Mapping[str, str]) -> list[str]:
    """The ``datasetId`` parameter: URIs, or ``@none`` for the default instance."""
    return [part if part == "@none" else checked_uri(part, "datasetId") for part in listed(given, "datasetId")]


def number(given: Mapping[str, str], key: str, usual: int, most: int) -> int:
    """A whole number from 0 to ``most``."""
    text = given.get(key, str(usual))
    if not text.isascii() or not text.isdigit() or int(text) > most:
        name = "TooManyResults" if text.isdigit() else "BadRequestData"
        raise Problem(403 if text.isdigit() else 400, name, f"{key} is a number from 0 to {most}")
    return int(text)


def area(given: Mapping[str, str], vocabulary: Vocabulary = CORE) -> Area | None:
    """The geo-query of a request; Invalid when parts of it are missing."""
    parts = [key for key in ("georel", "geometry", "coordinates") if key in given]
    if not parts:
        return None
    if len(parts) < 3:
        raise Invalid("a geo-query needs georel, geometry and coordinates")
    attribute = given.get("geoproperty", "location")
    return language.area(given["georel"], given["geometry"], given["coordinates"], attribute, vocabulary)


SEARCH = (
    "id", "type", "idPattern", "attrs", "pick", "omit", "q", "georel", "geometry", "coordinates", "geoproperty",
    "scopeQ", "csf", "expandValues", "jsonKeys",
)  # fmt: skip
SHOW = (
    "options", "format", "limit", "offset", "count", "geometryProperty", "lang", "datasetId", "join", "joinLevel",
    "containedBy", "orderBy", "orderFrom", "orderGeometry", "collation", "entityMap", "splitEntities",
)  # fmt: skip


def criteria(given: Mapping[str, str], vocabulary: Vocabulary = CORE) -> ThingQuery:
    """The query the parameters state, whether it is wide or narrow; without order and page."""
    where: list[Condition] = []
    if "q" in given:
        where.append(language.condition(given["q"], vocabulary, names(given, "expandValues", vocabulary)))
    if "csf" in given:
        language.condition(given["csf"], vocabulary)
    if attributes := names(given, "attrs", vocabulary):
        where.append(AnyOf([Term(name, "exists") for name in attributes]))
    if "scopeQ" in given:
        where.append(language.scopes(given["scopeQ"]))
    kinds: list[str] = []
    if "type" in given:
        kinds, more = language.types(given["type"], vocabulary)
        where.extend([] if more is None else [more])
    return ThingQuery(
        types=kinds,
        ids=[checked_uri(part) for part in listed(given, "id")],
        id_pattern=given.get("idPattern", ""),
        where=AllOf(where) if len(where) > 1 else where[0] if where else None,
        area=area(given, vocabulary),
    )


def search(given: Mapping[str, str], vocabulary: Vocabulary = CORE) -> ThingQuery:
    """The query the parameters state. Problem 400 when it has no criterion at all (clause 5.7.2)."""
    narrow(given, vocabulary)
    return replace(
        criteria(given, vocabulary),
        limit=number(given, "limit", USUAL, MOST),
        offset=number(given, "offset", 0, 10_000_000),
        order=orders(given, vocabulary),
        collation=checked_collation(given["collation"]) if "collation" in given else "",
    )


def narrow(given: Mapping[str, str], vocabulary: Vocabulary = CORE) -> None:
    """Problem 400 when a question asks for everything: no type, no attribute, no term and no area, and not local."""
    if given.get("type") == "*" and given.get("local") == "false":
        raise Problem(400, "BadRequestData", "type=* means local=true")
    if "type" in given or flag(given, "local") or any(key in given for key in ("georel", "geometry", "coordinates")):
        return
    asked = set(names(given, "attrs", vocabulary))
    if "q" in given:
        asked |= {path.partition(".")[0] for path in language.attributes_in(language.condition(given["q"], vocabulary))}
    if not asked - SYSTEM:
        raise Problem(400, "BadRequestData", "ask for type, attrs, q or an area (or local=true)")


def orders(given: Mapping[str, str], vocabulary: Vocabulary = CORE) -> list[Order]:
    """The ``orderBy`` parameter: ``name,age;desc,location;dist-asc`` (clause 4.23)."""
    if given.get("orderGeometry", "Point") not in GEOMETRIES:
        raise Problem(400, "BadRequestData", "orderGeometry is a GeoJSON geometry")
    found = []
    for item in listed(given, "orderBy"):
        text, _, direction = (part.strip() for part in item.partition(";"))
        if direction not in ("", *DIRECTIONS):
            raise Problem(400, "BadRequestData", f"an order is one of {', '.join(DIRECTIONS)}")
        near = _reference(given) if direction.startswith("dist-") else None
        system = text in ("id", "type", "createdAt", "modifiedAt")
        path = {"type": "@type"}.get(text, text) if system else language.path(text, vocabulary)
        found.append(Order(path, direction.endswith("desc"), near))
    return found


def _reference(given: Mapping[str, str]) -> dict[str, Any]:
    """The geometry distances are measured from."""
    if "orderFrom" not in given:
        raise Problem(400, "BadRequestData", "an order by distance needs orderFrom")
    try:
        found = {"type": given.get("orderGeometry", "Point"), "coordinates": orjson.loads(given["orderFrom"])}
    except orjson.JSONDecodeError as error:
        raise Problem(400, "BadRequestData", "orderFrom is no JSON") from error
    positions("orderFrom", found)
    return found
