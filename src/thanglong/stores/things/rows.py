"""An attribute's rows in the index: every value a query term may ask for, as number, text, time or reference.

A leaf's ``path`` is the attribute's name followed by ``[key]`` for members of an object value and ``.name`` for
sub-attributes, so ``address[city]`` and ``temperature.accuracy`` are index ranges like any plain attribute.
"""

import hashlib
import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from thanglong.kit.errors import N_, Invalid

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
TRUE, FALSE = "\x1ftrue", "\x1ffalse"
DEPTH = 4
LEAVES = 200
TEXT = 400
MEMBERS = frozenset(
    [
        "type",
        "value",
        "object",
        "languageMap",
        "vocab",
        "json",
        "valueList",
        "objectList",
        "observedAt",
        "unitCode",
        "datasetId",
        "createdAt",
        "modifiedAt",
        "deletedAt",
        "instanceId",
        "lang",
        "expiresAt",
        "valueType",
        "objectType",
        "previousValue",
        "previousObject",
        "previousLanguageMap",
        "entity",
        "entityList",
    ]
)
OWN = frozenset(["id", "type", "scope", "expiresAt"])
"""Members of an entity that are no attributes."""
NOTED = ("observedAt", "unitCode")
"""Members of an instance a term may ask for: ``temperature.observedAt``."""
SIMPLE = frozenset(["type", "value", "object", *NOTED])
"""An attribute that has no other members: most have not, so their few rows are made without detours."""
SCALARS = frozenset([str, int, float, bool])


class Leaf(NamedTuple):
    """One row of the attribute index. Times are microseconds since 1970."""

    path: str
    dataset: str
    ordinal: int
    number: float | None = None
    text: str | None = None
    time: int | None = None
    ref: str | None = None


class Place(NamedTuple):
    """A GeoProperty: its bounds in degrees, and the position when it is a point, else the geometry."""

    west: float
    south: float
    east: float
    north: float
    shape: Mapping[str, Any] | None


def micros(moment: datetime) -> int:
    """Microseconds since 1970 of an aware moment."""
    return (moment - EPOCH) // MICROSECOND


def moment(value: int) -> datetime:
    """The aware moment of microseconds since 1970."""
    return EPOCH + value * MICROSECOND


def parse_time(text: str) -> datetime | None:
    """The moment an ISO 8601 date-time with a zone names, or None when the text is not one."""
    if len(text) < 19 or text[4] != "-" or text[10] != "T":
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None


@lru_cache(maxsize=4096)
def time_of(text: str) -> int | None:
    """Microseconds since 1970 of the moment a text names, or None when it names none. What comes together is often of
    one moment, so the last ones are remembered."""
    found = parse_time(text)
    return micros(found) if found else None


def key_text(text: str) -> str:
    """The text as it stands in the index: long texts are cut and told apart by their digest; NUL is replaced."""
    clean = text.replace("\x00", "\ufffd")
    if len(clean) > TEXT:
        clean = f"{clean[: TEXT - 100]}\x1f{hashlib.sha256(clean.encode('utf-8', 'replace')).hexdigest()}"
    return clean


def instances(attribute: Any) -> list[Mapping[str, Any]]:
    """The instances of an attribute: one, or several with dataset ids."""
    return attribute if isinstance(attribute, list) else [attribute]


def leaves(name: str, attribute: Any) -> dict[tuple[str, str, int], Leaf]:
    """All index rows of an attribute (or of an entity's scope or end), by path, dataset and ordinal."""
    if name in OWN:
        return {(leaf.path, "", leaf.ordinal): leaf for leaf in _of_value(name, "", attribute, 0)}
    if type(attribute) is dict and attribute.keys() <= SIMPLE and (simple := _simple(name, attribute)):
        return simple
    found: dict[tuple[str, str, int], Leaf] = {}
    for instance in instances(attribute):
        dataset = str(instance.get("datasetId", ""))
        for leaf in _of_instance(name, dataset, instance, 0):
            found[leaf.path, dataset, leaf.ordinal] = leaf
            if len(found) >= LEAVES:
                return found
        found.setdefault((name, dataset, 0), Leaf(name, dataset, 0))
    return found


def _simple(name: str, instance: dict[str, Any]) -> dict[tuple[str, str, int], Leaf] | None:
    """The rows of an instance without a data set whose value is one scalar, one reference or a place; else None."""
    value = instance.get("value")
    if "value" in instance and instance.get("type") == "GeoProperty":
        own = Leaf(name, "", 0)
    elif type(value) in SCALARS:
        own = _scalar(name, "", 0, value)
    elif "value" not in instance and type(instance.get("object")) is str:
        text = key_text(instance["object"])
        own = Leaf(name, "", 0, None, text, None, text)
    else:
        return None
    if len(instance) == 2:
        return {(name, "", 0): own}
    found = {(name, "", 0): own}
    for member in NOTED:
        if type(noted := instance.get(member)) is str:
            path = f"{name}.{member}"
            found[path, "", 0] = _scalar(path, "", 0, noted)
    return found


def _of_instance(path: str, dataset: str, instance: Mapping[str, Any], depth: int) -> Iterator[Leaf]:
    if "value" in instance:
        if instance.get("type") != "GeoProperty":
            yield from _of_value(path, dataset, instance["value"], depth)
    elif "object" in instance:
        yield from _of_refs(path, dataset, instance["object"])
    elif "objectList" in instance:
        yield from _of_refs(path, dataset, instance["objectList"])
    elif "languageMap" in instance:
        yield from _of_languages(path, dataset, instance["languageMap"], depth)
    else:
        for member in ("vocab", "valueList", "json"):
            if member in instance:
                yield from _of_value(path, dataset, instance[member], depth)
    for member in NOTED:
        if isinstance(instance.get(member), str):
            yield _scalar(f"{path}.{member}", dataset, 0, instance[member])
    if depth < DEPTH:
        for key, value in instance.items():
            if key not in MEMBERS and isinstance(value, dict):
                yield Leaf(f"{path}.{key}", dataset, 0)
                yield from _of_instance(f"{path}.{key}", dataset, value, depth + 1)


def _of_refs(path: str, dataset: str, target: Any) -> Iterator[Leaf]:
    for ordinal, item in enumerate(target if isinstance(target, list) else [target]):
        uri = item.get("object") if isinstance(item, dict) else item
        if isinstance(uri, str):
            text = key_text(uri)
            yield Leaf(path, dataset, ordinal, text=text, ref=text)


def _of_languages(path: str, dataset: str, texts: Any, depth: int) -> Iterator[Leaf]:
    """The texts by language, and all of them under the bare path: a term that names no language means any."""
    yield from _of_value(path, dataset, texts, depth)
    ordinal = 0
    for text in texts.values() if isinstance(texts, dict) else ():
        for item in text if isinstance(text, list) else [text]:
            yield _scalar(path, dataset, ordinal, item)
            ordinal += 1


def _of_value(path: str, dataset: str, value: Any, depth: int) -> Iterator[Leaf]:
    if isinstance(value, dict):
        if "@value" in value:
            yield _scalar(path, dataset, 0, value["@value"])
        elif depth < DEPTH:
            for key, member in value.items():
                yield from _of_value(f"{path}[{key}]", dataset, member, depth + 1)
    elif isinstance(value, (list, tuple)):
        for ordinal, item in enumerate(value):
            if not isinstance(item, (dict, list, tuple)):
                yield _scalar(path, dataset, ordinal, item)
    else:
        yield _scalar(path, dataset, 0, value)


def _scalar(path: str, dataset: str, ordinal: int, value: Any) -> Leaf:
    if isinstance(value, bool):
        return Leaf(path, dataset, ordinal, text=TRUE if value else FALSE)
    if isinstance(value, (int, float)):
        if not math.isfinite(value):
            raise Invalid(N_("A number of %(path)s is not finite; JSON knows no such value."), path=path)
        return Leaf(path, dataset, ordinal, _number(value))
    if isinstance(value, str):
        time = time_of(value) if len(value) > 18 and value[4] == "-" else None
        return Leaf(path, dataset, ordinal, None, key_text(value), time, None)
    return Leaf(path, dataset, ordinal)


def _number(value: Any) -> float:
    """Integers stay exact while both stores can hold them; beyond that the nearest double."""
    return value if isinstance(value, float) or -(2**53) <= value <= 2**53 else float(value)


def number_of(instance: Mapping[str, Any]) -> float | None:
    """The plain numeric value of an instance, for aggregates over its history."""
    value = instance.get("value")
    return _number(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def place(attribute: Any) -> Place | None:
    """Bounds of an attribute's default GeoProperty instance, or None when it is something else."""
    if type(attribute) is dict and attribute.get("type") != "GeoProperty":
        return None
    for instance in instances(attribute):
        if isinstance(instance, Mapping) and instance.get("type") == "GeoProperty" and "datasetId" not in instance:
            return _bounds(instance.get("value"))
    return None


def _bounds(geometry: Any) -> Place | None:
    if not isinstance(geometry, dict):
        return None
    coordinates = geometry.get("coordinates")
    try:
        if geometry.get("type") == "Point":
            lon, lat = float(coordinates[0]), float(coordinates[1])  # type: ignore[index]
            return Place(lon, lat, lon, lat, None)
        points = list(_positions(coordinates if coordinates is not None else geometry.get("geometries")))
        lons, lats = [p[0] for p in points], [p[1] for p in points]
        return Place(min(lons), min(lats), max(lons), max(lats), geometry)
    except (TypeError, ValueError, IndexError, KeyError) as error:
        raise Invalid(N_("A geometry has no usable coordinates.")) from error


def _positions(node: Any) -> Iterator[tuple[float, float]]:
    if isinstance(node, dict):
        yield from _positions(node.get("coordinates", node.get("geometries")))
    elif node and isinstance(node[0], (int, float)):
        yield float(node[0]), float(node[1])
    else:
        for part in node:
            yield from _positions(part)
