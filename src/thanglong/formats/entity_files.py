"""Files of entities, read and written a piece at a time: NGSI-LD JSON, GeoJSON, CSV with a mapping. Pure.

Readers give ``Row``: an entity as a client would send it, or what is wrong with the row. Memory stays that of one row,
however long the file.
"""

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TextIO

CHUNK = 1 << 20
MOST_ROW = 16 << 20
FEATURES = re.compile(r'"features"\s*:\s*\[')
URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+\Z")
UNFIT = re.compile(r"[^A-Za-z0-9._~-]+")


class Text(Protocol):
    """A text file to read from."""

    def read(self, size: int, /) -> str: ...

    def __iter__(self) -> Iterator[str]: ...


class BadFile(ValueError):
    """The file as a whole cannot be read; the message says why (English)."""


@dataclass(frozen=True, slots=True)
class Row:
    """One entity of a file: its number (1 the first; in CSV the line), the entity, or why there is none (English)."""

    number: int
    entity: Mapping[str, Any] | None = None
    fault: str = ""


def _objects(file: Text, buffer: str, at: int) -> Iterator[tuple[Any, str]]:
    """The values of a JSON list that is open, or of lines of JSON: (value, fault) each, until the list or file ends."""
    decoder = json.JSONDecoder()
    while True:
        while at < len(buffer) and buffer[at] in " \t\r\n,":
            at += 1
        if at >= len(buffer):
            buffer, at = file.read(CHUNK), 0
            if not buffer:
                return
            continue
        if buffer[at] == "]":
            return
        try:
            value, at = decoder.raw_decode(buffer, at)
        except ValueError as error:
            more = file.read(max(CHUNK, len(buffer) - at))
            if not more:
                yield None, f"not JSON: {error}"
                return
            if len(buffer) - at > MOST_ROW:
                raise BadFile(f"an entity is larger than {MOST_ROW >> 20} MB, or the file is not JSON") from error
            buffer, at = buffer[at:] + more, 0
            continue
        yield value, ""


def read_ngsild(file: Text) -> Iterator[Row]:
    """A JSON list of entities, one entity, or one a line."""
    buffer = file.read(CHUNK).lstrip("\ufeff \t\r\n")
    at = 1 if buffer.startswith("[") else 0
    for number, (value, fault) in enumerate(_objects(file, buffer, at), 1):
        if fault or not isinstance(value, Mapping):
            yield Row(number, fault=fault or "not a JSON object")
        else:
            yield Row(number, value)


def read_geojson(file: Text, kind: str = "") -> Iterator[Row]:
    """A FeatureCollection: each feature's properties are attributes, its geometry the location.

    ``kind`` is the type of entities whose properties name none. BadFile when there is no list of features.
    """
    buffer = file.read(CHUNK)
    found = FEATURES.search(buffer)
    while found is None:
        more = file.read(CHUNK)
        if not more or len(buffer) > MOST_ROW:
            raise BadFile("the file has no list of features: it is no GeoJSON FeatureCollection")
        buffer += more
        found = FEATURES.search(buffer)
    for number, (value, fault) in enumerate(_objects(file, buffer, found.end()), 1):
        yield Row(number, fault=fault) if fault else _feature(number, value, kind)


def _feature(number: int, value: Any, kind: str) -> Row:
    if not isinstance(value, Mapping) or value.get("type") != "Feature":
        return Row(number, fault="not a Feature")
    given = value.get("properties")
    properties = dict(given) if isinstance(given, Mapping) else {}
    own = properties.pop("type", None) or kind
    if not own:
        return Row(number, fault="the type of the entity is not said: name it with --type")
    id = value.get("id", properties.pop("id", None))
    if id is None:
        return Row(number, fault="the feature has no id")
    first = own[0] if isinstance(own, list) else own
    entity = {"id": uri(str(id), str(first)), "type": own}
    entity.update({key: item for key, item in properties.items() if item is not None})
    if value.get("geometry") is not None:
        entity.setdefault("location", {"type": "GeoProperty", "value": value["geometry"]})
    return Row(number, entity)


def uri(text: str, kind: str) -> str:
    """A URI as it is; anything else as ``urn:ngsi-ld:KIND:text``."""
    return text if URI.match(text) else f"urn:ngsi-ld:{kind}:{UNFIT.sub('-', text).strip('-') or '0'}"


# -- CSV


def _number(text: str) -> Any:
    plain = text.replace(" ", "")
    return int(plain) if re.fullmatch(r"[+-]?\d+", plain) else float(plain.replace(",", "."))


def _flag(text: str) -> bool:
    words = {"true": True, "1": True, "yes": True, "x": True, "false": False, "0": False, "no": False}
    return words[text.lower()]


AS: Mapping[str, Callable[[str], Any]] = {
    "text": str,
    "number": _number,
    "flag": _flag,
    "json": json.loads,
    "list": lambda text: [part.strip() for part in text.split("|") if part.strip()],
}
KINDS = frozenset([*AS, "relationship", "language"])


@dataclass(frozen=True, slots=True)
class Column:
    """How one column becomes an attribute."""

    attribute: str
    column: str
    kind: str = "text"
    unit: str = ""
    prefix: str = ""
    language: str = ""
    observed: str = ""


@dataclass(frozen=True, slots=True)
class Mapped:
    """A mapping file: how the rows of a CSV become entities."""

    type: str
    id: str
    columns: Sequence[Column]
    position: tuple[str, str] | None = None
    delimiter: str = ","


def mapping_of(content: Any) -> Mapped:
    """A mapping from the JSON of its file (docs/do/import-things.md); BadFile when it is none."""
    if not isinstance(content, Mapping) or not all(isinstance(content.get(key), str) for key in ("type", "id")):
        raise BadFile("a mapping names at least type and id, both texts")
    columns = []
    for attribute, given in dict(content.get("attributes", {})).items():
        told = {"column": given} if isinstance(given, str) else dict(given)
        kind = told.get("as", "text")
        if kind not in KINDS or not isinstance(told.get("column"), str):
            raise BadFile(f"{attribute}: name a column, and as one of {', '.join(sorted(KINDS))}")
        words = (str(told.get(key, "")) for key in ("unitCode", "prefix", "language", "observedAt"))
        columns.append(Column(attribute, told["column"], kind, *words))
    place = content.get("location")
    if place is not None and not (isinstance(place, Mapping) and {"lon", "lat"} <= set(place)):
        raise BadFile("location names the columns lon and lat")
    position = (str(place["lon"]), str(place["lat"])) if place is not None else None
    return Mapped(content["type"], content["id"], columns, position, str(content.get("delimiter", ",")))


def read_csv(file: Text, mapping: Mapped) -> Iterator[Row]:
    """The lines of a CSV with a header as entities; BadFile when a column of the mapping is missing."""
    reader = csv.DictReader(file, delimiter=mapping.delimiter)
    header = set(reader.fieldnames or ())
    wanted = {column.column for column in mapping.columns} | set(re.findall(r"\{([^{}]+)\}", mapping.id))
    missing = (wanted | set(mapping.position or ())) - header
    if missing:
        raise BadFile(f"the file has no column {', '.join(sorted(missing))}")
    for line in reader:
        try:
            yield Row(reader.line_num, _of_line(line, mapping))
        except (ValueError, KeyError) as error:
            yield Row(reader.line_num, fault=f"{error}")


def _of_line(line: Mapping[str, str | None], mapping: Mapped) -> dict[str, Any]:
    values = {key: (text or "").strip() for key, text in line.items() if isinstance(key, str)}
    id = re.sub(r"\{([^{}]+)\}", lambda match: values[match[1]], mapping.id)
    if not values or any(not values[name] for name in re.findall(r"\{([^{}]+)\}", mapping.id)):
        raise ValueError("the column of the id is empty")
    entity: dict[str, Any] = {"id": uri(id, mapping.type), "type": mapping.type}
    for column in mapping.columns:
        if values[column.column]:
            entity[column.attribute] = _attribute(column, values)
    if mapping.position:
        lon, lat = (values[name] for name in mapping.position)
        if lon and lat:
            point = {"type": "Point", "coordinates": [float(_number(lon)), float(_number(lat))]}
            entity["location"] = {"type": "GeoProperty", "value": point}
    return entity


def _attribute(column: Column, values: Mapping[str, str]) -> dict[str, Any]:
    text = values[column.column]
    if column.kind == "relationship":
        return {"type": "Relationship", "object": column.prefix + text}
    if column.kind == "language":
        return {"type": "LanguageProperty", "languageMap": {column.language or "vi": text}}
    try:
        value = AS[column.kind](text)
    except (ValueError, KeyError) as error:
        raise ValueError(f"{column.column}: {text[:40]!r} is no {column.kind}") from error
    found: dict[str, Any] = {"type": "Property", "value": value}
    if column.unit:
        found["unitCode"] = column.unit
    if column.observed and values.get(column.observed):
        found["observedAt"] = values[column.observed]
    return found


# -- writing


def write_ngsild(entities: Iterable[Mapping[str, Any]], file: TextIO) -> int:
    """A JSON list, one entity a line; how many."""
    return _listed(entities, file, "[\n", "\n]\n")


def write_geojson(entities: Iterable[Mapping[str, Any]], file: TextIO) -> int:
    """A FeatureCollection, one feature a line; how many."""
    features = (_as_feature(entity) for entity in entities)
    return _listed(features, file, '{"type": "FeatureCollection", "features": [\n', "\n]}\n")


def _as_feature(entity: Mapping[str, Any]) -> dict[str, Any]:
    location = entity.get("location")
    first = location[0] if isinstance(location, list) else location
    geometry = first.get("value") if isinstance(first, Mapping) else None
    properties = {key: value for key, value in entity.items() if key != "id"}
    return {"type": "Feature", "id": entity["id"], "geometry": geometry, "properties": properties}


def _listed(items: Iterable[Mapping[str, Any]], file: TextIO, head: str, tail: str) -> int:
    count = 0
    file.write(head)
    for item in items:
        file.write((",\n" if count else "") + json.dumps(item, ensure_ascii=False, separators=(",", ":")))
        count += 1
    file.write(tail)
    return count


def write_csv(entities: Iterable[Mapping[str, Any]], file: TextIO, attributes: Sequence[str]) -> int:
    """A table of ids, types, positions and the bare values of attributes; how many."""
    writer = csv.writer(file, lineterminator="\n")
    names = [name for name in attributes if name != "location"]
    writer.writerow(["id", "type", "lon", "lat", *names])
    count = 0
    for entity in entities:
        kinds = entity["type"]
        kind = kinds if isinstance(kinds, str) else "|".join(kinds)
        writer.writerow([entity["id"], kind, *_position(entity), *(_cell(entity.get(name)) for name in names)])
        count += 1
    return count


def _position(entity: Mapping[str, Any]) -> tuple[Any, Any]:
    value = _bare(entity.get("location"))
    if isinstance(value, Mapping) and value.get("type") == "Point":
        return value["coordinates"][0], value["coordinates"][1]
    return "", ""


def _bare(attribute: Any) -> Any:
    first = attribute[0] if isinstance(attribute, list) and attribute else attribute
    if not isinstance(first, Mapping):
        return first
    for member in ("value", "object", "languageMap", "vocab", "valueList", "objectList", "json"):
        if member in first:
            return first[member]
    return None


def _cell(attribute: Any) -> Any:
    value = _bare(attribute)
    if value is None or (isinstance(value, (str, int, float)) and not isinstance(value, bool)):
        return "" if value is None else value
    return json.dumps(value, ensure_ascii=False)
