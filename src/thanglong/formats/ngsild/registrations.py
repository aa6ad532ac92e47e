"""Context source registrations as they come in and go out (clauses 5.2.9, 5.2.10, 5.2.34 of the standard)."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from thanglong.formats.ngsild import checks
from thanglong.formats.ngsild.checks import wrong
from thanglong.formats.ngsild.entities import GEOMETRIES, NULL, checked_time, checked_uri, one_of, positions
from thanglong.formats.ngsild.operations import AUXILIARY, GROUPS, OPERATIONS
from thanglong.formats.ngsild.vocabulary import Vocabulary
from thanglong.kit.errors import N_

TYPE = "ContextSourceRegistration"
MODES = frozenset(["inclusive", "exclusive", "redirect", "auxiliary"])
PROXIED = frozenset(["exclusive", "redirect"])
MOST_INFORMATION, MOST_NAMES = 1000, 1000
READ_ONLY = frozenset(
    ["status", "timesSent", "timesFailed", "lastSuccess", "lastFailure", "createdAt", "modifiedAt", "@context"]
)
MANDATORY = ("type", "endpoint", "information")
DURATION = re.compile(r"P(?=.)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+([.,]\d+)?S)?)?\Z")
PSEUDONYM = re.compile(r"[!-+\--~]+\Z")
VERSION = re.compile(r"\d+\.\d+\Z")
BODIES = frozenset(["application/json", "application/ld+json"])
PROCESSED = frozenset(["accept", "contenttype", "jsonldcontext", "ngsildconformance"])
"""Keys of contextSourceInfo (small letters) that tell how a request is made, and are no headers themselves."""


def registration_in(body: Any, names: Vocabulary, now: datetime, *, partial: bool = False) -> dict[str, Any]:
    """A registration in kept names from a JSON body; Invalid says which member is wrong.

    ``partial``: a fragment for an existing one; there a member that is null becomes None: take it away.
    """
    if not isinstance(body, Mapping):
        raise wrong("", N_("A registration is a JSON object."))
    found: dict[str, Any] = {}
    for key, value in body.items():
        term = "id" if key == "@id" else "type" if key == "@type" else str(key)
        if term in READ_ONLY:
            continue
        if value is None or value == NULL:
            if not partial or term in MANDATORY:
                raise wrong(term, N_("null is not a value here."))
            found[term if term in MEMBERS else names.expand_name(term)] = None
        elif term in MEMBERS:
            found[term] = MEMBERS[term](term, value, names)
        else:
            found[names.expand_name(term)] = value
    if not partial:
        complete(found)
    if found.get("expiresAt") and datetime.fromisoformat(found["expiresAt"]) <= now:
        raise wrong("expiresAt", N_("This moment is past."))
    return found


def complete(document: Mapping[str, Any]) -> None:
    """Return when a whole registration keeps the rules that bind several of its members, else Invalid."""
    for key in MANDATORY:
        if document.get(key) is None:
            raise wrong(key, N_("A registration needs this member."))
    mode = document.get("mode", "inclusive")
    if mode == "exclusive" and not all(_single(info) for info in document["information"]):
        raise wrong("information", N_("An exclusive registration names the id of an entity and its attributes."))
    if mode == "auxiliary" and not AUXILIARY.issuperset(document.get("operations", ())):
        raise wrong("operations", N_("An auxiliary source offers retrieveOps, retrieveEntity or queryEntity."))


def _single(info: Mapping[str, Any]) -> bool:
    entities = info.get("entities", [])
    named = bool(entities) and all("id" in entity and "idPattern" not in entity for entity in entities)
    return named and bool(attribute_names(info))


def attribute_names(info: Mapping[str, Any]) -> list[str]:
    """The names of the properties and relationships of a RegistrationInfo."""
    return [*info.get("propertyNames", ()), *info.get("relationshipNames", ())]


def registration_out(document: Mapping[str, Any], names: Vocabulary) -> dict[str, Any]:
    """A kept registration in a client's words."""
    found: dict[str, Any] = {}
    for key, value in document.items():
        if key == "information":
            found[key] = [_info_out(info, names) for info in value]
        else:
            found[key if key in MEMBERS or key in READ_ONLY else names.compact_name(key)] = value
    return found


def _info_out(info: Mapping[str, Any], names: Vocabulary) -> dict[str, Any]:
    found = dict(info)
    for key in ("propertyNames", "relationshipNames"):
        if key in info:
            found[key] = [names.compact_name(name) for name in info[key]]
    if "entities" in info:
        found["entities"] = [_entity_out(entity, names) for entity in info["entities"]]
    return found


def _entity_out(entity: Mapping[str, Any], names: Vocabulary) -> dict[str, Any]:
    if "type" not in entity:
        return dict(entity)
    kinds = [names.compact_name(kind) for kind in entity["type"]]
    return {**entity, "type": kinds[0] if len(kinds) == 1 else kinds}


# -- one function per kind of member


def _text(key: str, value: Any, _: Vocabulary) -> str:
    return checks.text(key, value)


def _pseudonym(key: str, value: Any, names: Vocabulary) -> str:
    if not PSEUDONYM.match(_text(key, value, names)):
        raise wrong(key, N_("This must be one word without commas."))
    return str(value)


def _id(key: str, value: Any, _: Vocabulary) -> str:
    return checked_uri(value, key)


def _type(key: str, value: Any, _: Vocabulary) -> str:
    if value not in (TYPE, [TYPE]):
        raise wrong(key, N_("The type of a registration is ContextSourceRegistration."))
    return TYPE


def _endpoint(key: str, value: Any, _: Vocabulary) -> str:
    parts = urlsplit(checked_uri(value, key))
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise wrong(key, N_("This must be an address that begins with http:// or https://."))
    return str(value)


def _list(key: str, value: Any, most: int) -> list[Any]:
    if not isinstance(value, list) or not 0 < len(value) <= most:
        raise wrong(key, N_("This must be a list that is not empty."))
    return value


def _information(key: str, value: Any, names: Vocabulary) -> list[dict[str, Any]]:
    found = []
    for item in _list(key, value, MOST_INFORMATION):
        if not isinstance(item, Mapping):
            raise wrong(key, N_("This must be a JSON object."))
        info: dict[str, Any] = {}
        if "entities" in item:
            info["entities"] = [_entity(entity, names) for entity in _list("entities", item["entities"], MOST_NAMES)]
        for member in ("propertyNames", "relationshipNames"):
            if member in item:
                given = [_text(member, name, names) for name in _list(member, item[member], MOST_NAMES)]
                info[member] = [names.expand_name(name) for name in given]
        if not info:
            raise wrong(key, N_("Each part names entities, propertyNames or relationshipNames."))
        found.append(info)
    return found


def _entity(entity: Any, names: Vocabulary) -> dict[str, Any]:
    if not isinstance(entity, Mapping):
        raise wrong("entities", N_("This must be a JSON object."))
    found: dict[str, Any] = {}
    if entity.get("id", entity.get("@id")) is not None:
        found["id"] = checked_uri(entity.get("id", entity.get("@id")))
    if "idPattern" in entity:
        found["idPattern"] = _text("idPattern", entity["idPattern"], names)
    kinds = entity.get("type", entity.get("@type"))
    if kinds is not None:
        listed = _list("type", [kinds] if isinstance(kinds, str) else kinds, MOST_NAMES)
        found["type"] = [names.expand_name(_text("type", kind, names)) for kind in listed]
    if not found:
        raise wrong("entities", N_("An entity is named by its type, id or idPattern."))
    return found


def _interval(key: str, value: Any, _: Vocabulary) -> dict[str, str]:
    if not isinstance(value, Mapping) or "startAt" not in value:
        raise wrong(key, N_("A period has startAt and perhaps endAt."))
    found = {"startAt": checked_time(value["startAt"], f"{key}.startAt")}
    if value.get("endAt") is not None:
        found["endAt"] = checked_time(value["endAt"], f"{key}.endAt")
        if datetime.fromisoformat(found["endAt"]) < datetime.fromisoformat(found["startAt"]):
            raise wrong(key, N_("A period ends after it begins."))
    return found


def _geometry(key: str, value: Any, _: Vocabulary) -> Any:
    shape = geometry_of(value)
    if not isinstance(shape, Mapping) or not one_of(shape.get("type"), GEOMETRIES):
        raise wrong(key, N_("This must be a GeoJSON geometry."))
    positions(key, shape)
    return value


def geometry_of(value: Any) -> Any:
    """The geometry of a member that may also have been sent as a GeoProperty."""
    return value.get("value") if isinstance(value, Mapping) and value.get("type") == "GeoProperty" else value


def _duration(key: str, value: Any, _: Vocabulary) -> str:
    if not isinstance(value, str) or not DURATION.match(value):
        raise wrong(key, N_("This must be a duration such as PT5M."))
    return value


def _flag(key: str, value: Any, _: Vocabulary) -> bool:
    return checks.flag(key, value)


def _positive(key: str, value: Any, _: Vocabulary) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= 86_400_000:
        raise wrong(key, N_("This must be a number of milliseconds, more than 0."))
    return value


MANAGEMENT: Mapping[str, Callable[[str, Any, Vocabulary], Any]] = {
    "localOnly": _flag,
    "cacheDuration": _duration,
    "timeout": _positive,
    "cooldown": _positive,
}


def _management(key: str, value: Any, names: Vocabulary) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise wrong(key, N_("This must be a JSON object."))
    return {
        member: MANAGEMENT[member](f"{key}.{member}", item, names) if member in MANAGEMENT else item
        for member, item in value.items()
    }


def _expires(key: str, value: Any, _: Vocabulary) -> str:
    return checked_time(value, key)


def _mode(key: str, value: Any, _: Vocabulary) -> str:
    if value not in MODES:
        raise wrong(key, N_("The mode is inclusive, exclusive, redirect or auxiliary."))
    return str(value)


def _operations(key: str, value: Any, _: Vocabulary) -> list[str]:
    for name in _list(key, value, MOST_NAMES):
        if not isinstance(name, str) or (name not in OPERATIONS and name not in GROUPS):
            raise wrong(key, N_("There is no operation %(name)s."), name=str(name)[:60])
    return list(value)


def _source_info(key: str, value: Any, _: Vocabulary) -> list[dict[str, str]]:
    if not isinstance(value, list):
        raise wrong(key, N_("This must be a list."))
    for pair in value:
        if not isinstance(pair, Mapping) or not all(isinstance(pair.get(part), str) for part in ("key", "value")):
            raise wrong(key, N_("Each entry has a key and a value, both texts."))
        word, text = pair["key"].lower(), pair["value"]
        if word in ("accept", "contenttype") and text not in BODIES:
            raise wrong(key, N_("This must be application/json or application/ld+json."))
        if word == "jsonldcontext":
            checked_uri(text, key)
        if word == "ngsildconformance" and not VERSION.match(text):
            raise wrong(key, N_("This must be a version such as 1.5."))
        if any(ord(sign) < 32 for sign in word + text):
            raise wrong(key, N_("This must be a text."))
    return [{"key": pair["key"], "value": pair["value"]} for pair in value]


def _datasets(key: str, value: Any, _: Vocabulary) -> list[str]:
    listed = _list(key, [value] if isinstance(value, str) else value, MOST_NAMES)
    return [item if item == "@none" else checked_uri(item, key) for item in listed]


def _scope(key: str, value: Any, names: Vocabulary) -> Any:
    for item in _list(key, [value] if isinstance(value, str) else value, MOST_NAMES):
        _text(key, item, names)
    return value


MEMBERS: Mapping[str, Callable[[str, Any, Vocabulary], Any]] = {
    "id": _id,
    "type": _type,
    "endpoint": _endpoint,
    "information": _information,
    "registrationName": _text,
    "description": _text,
    "tenant": _text,
    "contextSourceInfo": _source_info,
    "contextSourceAlias": _pseudonym,
    "hostAlias": _pseudonym,
    "datasetId": _datasets,
    "expiresAt": _expires,
    "location": _geometry,
    "observationSpace": _geometry,
    "operationSpace": _geometry,
    "observationInterval": _interval,
    "managementInterval": _interval,
    "management": _management,
    "localOnly": _flag,
    "mode": _mode,
    "operations": _operations,
    "refreshRate": _duration,
    "scope": _scope,
}
"""The members of a registration; any other is a property of the context source, which csf may ask for."""
