"""Entities as they come in: normalised, concise or simplified."""

from collections.abc import Mapping
from typing import Any

from thanglong.formats.ngsild.terms import RESERVED
from thanglong.formats.ngsild.values import (
    ANNOTATIONS,
    BY_MEMBER,
    GEOMETRIES,
    IGNORED,
    MEMBER,
    NULL,
    SYSTEM,
    Reading,
    checked,
    checked_name,
    checked_scope,
    checked_time,
    checked_uri,
    is_geometry,
    one_of,
    positions,
)
from thanglong.formats.ngsild.vocabulary import Vocabulary
from thanglong.kit.errors import N_, Fault, Invalid

__all__ = [
    "ANNOTATIONS", "GEOMETRIES", "MEMBER", "NULL", "SYSTEM", "Reading", "attribute_in", "checked_time", "checked_uri",
    "entity_in", "one_of", "positions",
]  # fmt: skip

DEPTH = 8
NO_NAMES = frozenset(["datasetId", "instanceId", "observedAt", "unitCode", "valueType", "objectType", "lang"])
"""Terms of the core context that say something of an attribute and so cannot be one (clause 4.5.1)."""
PLACES = frozenset(["location", "observationSpace", "operationSpace"])
ONLY_OUT = frozenset(
    f"previous{name}" for name in ("Value", "Object", "LanguageMap", "Vocab", "Json", "ValueList", "ObjectList")
)
SEALS = ("entityIdSealed", "entityTypeSealed")
PROOF = "ngsildproof"
UNITLESS = frozenset(["Relationship", "ListRelationship", "JsonProperty", "LanguageProperty", "VocabProperty"])
MAIN = frozenset(["value", *BY_MEMBER])
USUAL = frozenset(["type", "observedAt", "datasetId", *MAIN])
"""Members that an attribute of any kind may have, as far as :func:`_check_members` goes."""
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
            term = reading.names.expand_name(checked_name(key))
            if term in NO_NAMES:
                raise Invalid([Fault(key, N_("This is not a name an attribute or type can have."))])
            if term in found:
                raise Invalid([Fault(key, N_("This stands twice, under two names."))])
            found[term] = attribute_in(key, value, reading, reading.known.get(term))
            if term in PLACES:
                _check_place(key, found[term])
    return found


def _types(body: Mapping[str, Any], partial: bool, names: Vocabulary) -> str | list[str]:
    given = body.get("type", body.get("@type"))
    if isinstance(given, str) and given and given != NULL:
        return names.expand_name(checked_name(given))
    kinds = [given] if isinstance(given, str) else given if isinstance(given, list) else []
    if given is None and partial:
        return ""
    if not kinds or not all(isinstance(kind, str) and kind and kind != NULL for kind in kinds):
        raise Invalid([Fault("type", N_("An entity needs a type."))])
    found = list(dict.fromkeys(names.expand_name(checked_name(kind)) for kind in kinds))
    return found[0] if len(found) == 1 else found


def _scope(value: Any, reading: Reading) -> Any:
    if value == NULL and reading.nulls:
        return None
    return checked_scope(value)


def _check_place(key: str, attribute: Any) -> None:
    for instance in attribute if isinstance(attribute, list) else [attribute]:
        if instance["type"] != "GeoProperty" and instance.get("value") != NULL:
            raise Invalid([Fault(key, N_("The value of a GeoProperty is a GeoJSON geometry."))])


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
    return one_of(value.get("type"), MEMBER) or ("type" not in value and not MAIN.isdisjoint(value))


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
    for other in value:
        if other in MAIN and other != member:
            raise Invalid([Fault(key, N_("A %(kind)s has no member %(member)s."), {"kind": kind, "member": other})])
    content = value[member]
    if kind == "LanguageProperty" and isinstance(content, str) and content != NULL and reading.lang:
        content = {reading.lang: content}
    found = {"type": kind, member: checked(key, kind, content, reading)}
    if not value.keys() <= USUAL or key == PROOF:
        _check_members(key, kind, value)
    for name, item in value.items():
        if name == "type" or name == member:
            continue
        if name in SEALS and key == PROOF:
            found[name] = item if name == SEALS[0] else reading.names.expand_name(item)
            continue
        if name in ANNOTATIONS:
            if name == "datasetId" and item == "@none":
                continue
            found[name] = _annotation(f"{key}.{name}", name, item, reading)
        elif name not in found and name not in IGNORED:
            term = reading.names.expand_name(checked_name(name))
            found[term] = attribute_in(f"{key}.{name}", item, reading, None, depth + 1)
    return found


def _check_members(key: str, kind: str, value: Mapping[str, Any]) -> None:
    """Invalid for members that such an attribute never has (clauses 4.5.2 to 4.5.24)."""
    wrong = [name for name in value if name in ONLY_OUT or name == "@context"]
    if "unitCode" in value and kind in UNITLESS:
        wrong.append("unitCode")
    if kind == "LanguageProperty" and value.get("valueType", "langString") != "langString":
        wrong.append("valueType")
    proof = key == PROOF
    if proof and not isinstance(value.get("value"), dict):
        wrong.append("value")
    wrong += [name for name in SEALS if name in value and not (proof and isinstance(value[name], str))]
    if wrong:
        raise Invalid([Fault(key, N_("A %(kind)s has no member %(member)s."), {"kind": kind, "member": wrong[0]})])


def _kind_of(value: Mapping[str, Any]) -> str:
    for member, kind in BY_MEMBER.items():
        if member in value:
            return kind
    content = value["value"]
    return "GeoProperty" if is_geometry(content) else "Property"


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
        if kind not in ("Property", "GeoProperty") or is_geometry(value) == (kind == "GeoProperty"):
            return {"type": kind, MEMBER[kind]: checked(key, kind, value, reading)}
    if isinstance(value, dict) and "type" in value and not is_geometry(value) and not reading.simple:
        if one_of(value["type"], GEOMETRIES):
            raise Invalid([Fault(key, N_("A geometry has no usable coordinates."))])
        raise Invalid(
            [Fault(key, N_("%(kind)s is not a type an attribute can have."), {"kind": str(value["type"])[:80]})]
        )
    kind = "GeoProperty" if is_geometry(value) else "Property"
    return {"type": kind, "value": checked(key, kind, value, reading)}


def _annotation(key: str, name: str, value: Any, reading: Reading) -> Any:
    if value == NULL and name != "datasetId" and reading.nulls:
        return NULL
    if name in ("observedAt", "expiresAt"):
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
