"""What may stand in an address's query, and what it means."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from thanglong.formats.ngsild import query as language
from thanglong.formats.ngsild.entities import checked_uri
from thanglong.formats.ngsild.terms import short
from thanglong.kit.errors import Invalid
from thanglong.kit.ports import AllOf, AnyOf, Area, Term, ThingQuery
from thanglong.surfaces.asgi import Request
from thanglong.surfaces.ngsild.answers import Problem

MOST, USUAL = 1000, 20
FORMATS = frozenset(["normalized", "concise", "keyValues", "simplified", "temporalValues"])
LATER = frozenset(
    [
        "csf",
        "scopeQ",
        "lang",
        "datasetId",
        "expandValues",
        "jsonKeys",
        "orderBy",
        "collation",
        "via",
        "join",
        "joinLevel",
        "containedBy",
        "entityMap",
        "splitEntities",
        "aggrMethods",
        "aggrPeriodDuration",
    ]
)


@dataclass(frozen=True, slots=True)
class Options:
    """The ``options`` and ``format`` parameters."""

    format: str = "normalized"
    system: bool = False
    words: frozenset[str] = frozenset()


def parameters(request: Request, allowed: Iterable[str]) -> dict[str, str]:
    """The query's parameters; a repeated or unknown one is Problem 400 InvalidRequest."""
    found: dict[str, str] = {}
    known = {*allowed, "local"}
    for key, value in request.query():
        if key in LATER and key not in known:
            raise Problem(400, "InvalidRequest", f"the parameter {key} is not answered yet")
        if key not in known:
            raise Problem(400, "InvalidRequest", f"there is no parameter {key[:60]!r}")
        if key in found:
            raise Problem(400, "InvalidRequest", f"the parameter {key} stands twice")
        found[key] = value
    return found


def options(given: dict[str, str], more: Iterable[str] = ()) -> Options:
    """Format and switches; an unknown word is Problem 400."""
    words = [word for word in given.get("options", "").split(",") if word]
    if "format" in given:
        words.append(given["format"])
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
    return Options(form, system, frozenset(others))


def names(given: dict[str, str], key: str) -> list[str]:
    """A comma-separated list of attribute names; an empty one is Problem 400."""
    if key not in given:
        return []
    found = [short(part.strip()) for part in given[key].split(",") if part.strip()]
    if not found:
        raise Problem(400, "BadRequestData", f"{key} is empty")
    return found


def number(given: dict[str, str], key: str, usual: int, most: int) -> int:
    """A whole number from 0 to ``most``."""
    text = given.get(key, str(usual))
    if not text.isascii() or not text.isdigit() or int(text) > most:
        name = "TooManyResults" if text.isdigit() else "BadRequestData"
        raise Problem(403 if text.isdigit() else 400, name, f"{key} is a number from 0 to {most}")
    return int(text)


def area(given: dict[str, str]) -> Area | None:
    """The geo-query of a request; Invalid when parts of it are missing."""
    parts = [key for key in ("georel", "geometry", "coordinates") if key in given]
    if not parts:
        if "geoproperty" in given and "geometryProperty" not in given:
            return None
        return None
    if len(parts) < 3:
        raise Invalid("a geo-query needs georel, geometry and coordinates")
    return language.area(given["georel"], given["geometry"], given["coordinates"], given.get("geoproperty", "location"))


SEARCH = ("id", "type", "idPattern", "attrs", "pick", "omit", "q", "georel", "geometry", "coordinates", "geoproperty")
SHOW = ("options", "format", "limit", "offset", "count", "geometryProperty")


def search(given: dict[str, str]) -> ThingQuery:
    """The query the parameters state. Problem 400 when it has no criterion at all (clause 5.7.2)."""
    if given.get("local") != "true" and not any(key in given for key in ("type", "attrs", "q", "georel", "id")):
        raise Problem(400, "BadRequestData", "ask for type, attrs, q or an area (or local=true)")
    where: Any = language.condition(given["q"]) if "q" in given else None
    attributes = names(given, "attrs")
    if attributes:
        one_of = AnyOf([Term(name, "exists") for name in attributes])
        where = one_of if where is None else AllOf([where, one_of])
    return ThingQuery(
        types=language.types(given["type"]) if given.get("type") else (),
        ids=[checked_uri(part.strip()) for part in given["id"].split(",")] if "id" in given else (),
        id_pattern=given.get("idPattern", ""),
        where=where,
        area=area(given),
        limit=number(given, "limit", USUAL, MOST),
        offset=number(given, "offset", 0, 10_000_000),
    )
