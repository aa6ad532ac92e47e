"""Entities as they go out: parts of them, other representations, one language, other names."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from thanglong.formats.ngsild.entities import ANNOTATIONS, GEOMETRIES, MEMBER, SYSTEM, one_of
from thanglong.formats.ngsild.vocabulary import CORE, Vocabulary
from thanglong.kit.errors import N_, Invalid

OWN = frozenset(["id", "type", "scope", "expiresAt", *SYSTEM])
"""Members of an entity that are no attributes."""
Tree = dict[str, "Tree | None"]
"""A projection (clause 4.21): names, and below a Relationship the names of the linked entity."""
STOPS = frozenset(",|{}")
MOST_PARTS = 500


# -- parts of an entity


def projection(text: str, names: Vocabulary = CORE) -> Tree:
    """What ``pick`` or ``omit`` names: ``id,temperature,locatedAt{name}``; Invalid when it cannot be read."""
    found, at = _projected(text, 0, names, 0)
    if at != len(text):
        raise _unreadable(text)
    return found


def _unreadable(text: str) -> Invalid:
    return Invalid(N_("This list of names cannot be read: %(text)s"), text=text[:100])


def _projected(text: str, at: int, names: Vocabulary, depth: int) -> tuple[Tree, int]:
    found: Tree = {}
    while True:
        start = at
        while at < len(text) and text[at] not in STOPS:
            at += 1
        name = text[start:at].strip()
        if not name or depth > 20 or len(found) >= MOST_PARTS:
            raise _unreadable(text)
        key = name if name in OWN else names.expand_name(name)
        found[key] = None
        if text[at : at + 1] == "{":
            found[key], at = _projected(text, at + 1, names, depth + 1)
            if text[at : at + 1] != "}":
                raise _unreadable(text)
            at += 1
        if text[at : at + 1] not in (",", "|"):
            return found, at
        at += 1


def depth_of(tree: Tree | None) -> int:
    """How many Relationships a projection follows."""
    return max((1 + depth_of(part) for part in (tree or {}).values() if part is not None), default=0)


def picked(entity: Mapping[str, Any], pick: Tree | None, omit: Tree | None = None) -> dict[str, Any]:
    """Only the members a projection names (all without one), less those omitted."""
    kept = {key: value for key, value in entity.items() if pick is None or key in pick}
    return {key: value for key, value in kept.items() if not omit or key not in omit or omit[key] is not None}


def with_attributes(entity: Mapping[str, Any], wanted: Sequence[str]) -> dict[str, Any]:
    """The entity with only some of its attributes (``attrs``)."""
    return {key: value for key, value in entity.items() if key in OWN or key in wanted}


def of_datasets(entity: Mapping[str, Any], datasets: Sequence[str]) -> dict[str, Any]:
    """Only the instances of some data sets (``@none``: the default one); attributes without any go."""
    found: dict[str, Any] = {}
    for key, value in entity.items():
        if key in OWN:
            found[key] = value
            continue
        kept = [one for one in _instances(value) if one.get("datasetId", "@none") in datasets]
        if kept:
            found[key] = kept if len(kept) > 1 else kept[0]
    return found


def _instances(attribute: Any) -> list[Any]:
    return attribute if isinstance(attribute, list) else [attribute]


def stamped(entity: Mapping[str, Any], stamps: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    """The entity with createdAt and modifiedAt; ``stamps`` by attribute name, "" itself."""
    found: dict[str, Any] = {}
    for key, value in entity.items():
        pair = stamps.get(key)
        if key in OWN or pair is None:
            found[key] = value
        elif isinstance(value, list):
            found[key] = [{**item, "createdAt": pair[0], "modifiedAt": pair[1]} for item in value]
        else:
            found[key] = {**value, "createdAt": pair[0], "modifiedAt": pair[1]}
    own = stamps.get("")
    return {**found, "createdAt": own[0], "modifiedAt": own[1]} if own else found


def without_ends(entity: Mapping[str, Any]) -> Mapping[str, Any]:
    """The entity without ``expiresAt``, which is told with the system attributes only (clause 6.3.11)."""
    found = {}
    for key, value in entity.items():
        if key == "expiresAt":
            continue
        if isinstance(value, Mapping) and "expiresAt" in value:
            value = {name: item for name, item in value.items() if name != "expiresAt"}
        elif isinstance(value, list) and key not in OWN:
            value = [{name: item for name, item in one.items() if name != "expiresAt"} for one in value]
        found[key] = value
    return found


# -- older versions of the standard (clause 4.3.6.8)

SINCE = {"VocabProperty": 8, "JsonProperty": 8, "ListProperty": 8, "ListRelationship": 8, "LanguageProperty": 4}


def in_version(content: Any, minor: int) -> Any:
    """An answer with the kinds of attributes that version 1.``minor`` does not know as Properties, or Relationships."""
    if isinstance(content, list):
        return [in_version(item, minor) for item in content]
    if not isinstance(content, Mapping):
        return content
    kind = content.get("type")
    if isinstance(kind, str) and SINCE.get(kind, 0) > minor and MEMBER[kind] in content:
        plain, member = ("Relationship", "object") if kind == "ListRelationship" else ("Property", "value")
        value = content[MEMBER[kind]]
        if kind == "ListRelationship":
            value = [item.get("object", item) if isinstance(item, Mapping) else item for item in value]
        rest = {key: item for key, item in content.items() if key not in ("type", MEMBER[kind])}
        return {"type": plain, member: value, **{key: in_version(item, minor) for key, item in rest.items()}}
    return {
        key: in_version(value, minor) if isinstance(value, (dict, list)) else value for key, value in content.items()
    }


# -- one language (clause 4.15)


def languages(text: str) -> list[tuple[str, float]]:
    """The ranges of a ``lang`` parameter, the most wanted first."""
    found = []
    for item in text.split(","):
        tag, *parameters = (part.strip().lower() for part in item.split(";"))
        weight = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    weight = float(parameter[2:])
                except ValueError:
                    raise Invalid(N_("This is not a language: %(text)s"), text=text[:60]) from None
        if not tag or not (tag == "*" or all(part.isalnum() and len(part) <= 8 for part in tag.split("-"))):
            raise Invalid(N_("This is not a language: %(text)s"), text=text[:60])
        found.append((tag, weight))
    return sorted((one for one in found if one[1] > 0), key=lambda one: -one[1])


def in_language(entity: Mapping[str, Any], wanted: Sequence[tuple[str, float]]) -> dict[str, Any]:
    """LanguageProperties as Properties with the text of the language wanted most, and the sub-property lang."""
    return {key: value if key in OWN else _in_language(value, wanted) for key, value in entity.items()}


def _in_language(attribute: Any, wanted: Sequence[tuple[str, float]]) -> Any:
    if isinstance(attribute, list):
        return [_in_language(item, wanted) for item in attribute]
    if not isinstance(attribute, Mapping):
        return attribute
    found = {
        key: _in_language(value, wanted) if key not in MEMBERS and isinstance(value, (dict, list)) else value
        for key, value in attribute.items()
    }
    texts = found.get("languageMap")
    if not isinstance(texts, Mapping) or not texts:
        return found
    tag = _chosen(texts, wanted)
    rest = {key: value for key, value in found.items() if key not in ("type", "languageMap")}
    return {"type": "Property", "value": texts[tag], "lang": tag, **rest}


def _chosen(texts: Mapping[str, Any], wanted: Sequence[tuple[str, float]]) -> str:
    known = {tag.lower(): tag for tag in texts}
    for asked, _ in wanted:
        tag = asked
        while tag and tag != "*":
            near = [key for key in known if key == tag or key.startswith(f"{tag}-")]
            if near:
                return known[min(near, key=len)]
            tag = tag.rpartition("-")[0]
    return "@none" if "@none" in texts else next(iter(texts))


MEMBERS = frozenset([*MEMBER.values(), *ANNOTATIONS, *SYSTEM, "type", "entity", "entityList"])


# -- representations


def simplified(entity: Mapping[str, Any]) -> dict[str, Any]:
    """Names and bare values only (``keyValues``)."""
    return {key: value if key in OWN else _simple_attribute(value) for key, value in entity.items()}


def _simple_attribute(attribute: Any) -> Any:
    if isinstance(attribute, list):
        return {"dataset": {item.get("datasetId", "@none"): _simple_attribute(item) for item in attribute}}
    kind = attribute.get("type", "Property")
    for member in ("entity", "entityList"):
        if member in attribute:
            return _simple_linked(attribute[member])
    value = attribute.get(MEMBER.get(kind, "value"))
    if kind in ("LanguageProperty", "VocabProperty", "JsonProperty"):
        return {MEMBER[kind]: value}
    if kind == "ListRelationship" and isinstance(value, list):
        return [item.get("object", item) if isinstance(item, Mapping) else item for item in value]
    return value


def _simple_linked(linked: Any) -> Any:
    if isinstance(linked, list):
        return [simplified(item) if isinstance(item, Mapping) else item for item in linked]
    return simplified(linked)


def concise(entity: Mapping[str, Any]) -> dict[str, Any]:
    """Without what can be guessed: the type of an attribute, an object around a lone value."""
    return {key: value if key in OWN else _concise_attribute(value) for key, value in entity.items()}


def _concise_attribute(attribute: Any) -> Any:
    if isinstance(attribute, list):
        return [_concise_attribute(item) for item in attribute]
    if not isinstance(attribute, Mapping):
        return attribute
    found: dict[str, Any] = {}
    for key, value in attribute.items():
        if key in ("entity", "entityList"):
            found[key] = [concise(one) for one in value] if isinstance(value, list) else concise(value)
        elif key not in MEMBERS and isinstance(value, (dict, list)):
            found[key] = _concise_attribute(value)
        elif key != "type":
            found[key] = value
    if len(found) == 1 and "value" in found and (not isinstance(found["value"], dict) or _is_geometry(found["value"])):
        return found["value"]
    return found


def _is_geometry(value: Any) -> bool:
    return isinstance(value, Mapping) and one_of(value.get("type"), GEOMETRIES)


FORMS: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "normalized": dict,
    "keyValues": simplified,
    "concise": concise,
}


def feature(
    entity: Mapping[str, Any], geometry: Any, form: Callable[[Mapping[str, Any]], dict[str, Any]] = dict
) -> dict[str, Any]:
    """The entity as a GeoJSON Feature around the GeoProperty ``geometry`` (an attribute as it is kept, or None)."""
    first = next((one for one in _instances(geometry) if isinstance(one, Mapping) and "datasetId" not in one), None)
    if first is None and geometry:
        first = _instances(geometry)[0]
    shape = first.get("value") if isinstance(first, Mapping) else None
    shown = form(entity)
    return {
        "type": "Feature",
        "id": entity.get("id"),
        "geometry": shape if _is_geometry(shape) else None,
        "properties": {key: value for key, value in shown.items() if key != "id"},
    }
