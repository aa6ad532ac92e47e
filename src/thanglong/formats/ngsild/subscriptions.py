"""Subscriptions as they come in and go out (clauses 5.2.12 to 5.2.15, 5.2.22 and 5.2.33 of the standard).

A subscription is kept as it was sent, with the names of types and attributes in the platform's form.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import unquote, urlsplit

import orjson

from thanglong.formats.ngsild import checks
from thanglong.formats.ngsild import query as language
from thanglong.formats.ngsild.checks import wrong
from thanglong.formats.ngsild.entities import NULL, checked_time, checked_uri
from thanglong.formats.ngsild.vocabulary import Vocabulary
from thanglong.kit.errors import N_

TYPE = "Subscription"
TRIGGERS = (
    "entityCreated", "entityUpdated", "entityDeleted", "attributeCreated", "attributeUpdated", "attributeDeleted",
)  # fmt: skip
USUAL_TRIGGERS = ["attributeCreated", "attributeUpdated"]
FORMATS = ("normalized", "concise", "simplified", "keyValues")
SIMPLE = frozenset(["simplified", "keyValues"])
ACCEPTED = ("application/json", "application/ld+json", "application/geo+json")
JOINS = ("flat", "inline", "@none")
SCHEMES = ("http", "https", "mqtt", "mqtts")
QOS = ("0", "1", "2")
MQTT_VERSIONS = ("mqtt3.1.1", "mqtt5.0")
NOT_ATTRIBUTES = frozenset(["id", "type", "scope", "@id", "@type"])
WORD = re.compile(r"[^|,;(){}\s]+")
"""A name within a selection of types or a projection of attributes."""
VERSION = re.compile(r"\d+\.\d+\Z")
MOST_SECONDS = 10 * 366 * 86_400
MOST_MILLISECONDS = 86_400_000

Check = Callable[[str, Any, Vocabulary], Any]


def subscription_in(body: Any, names: Vocabulary, now: datetime, *, partial: bool = False) -> dict[str, Any]:
    """A subscription in kept names from a JSON body; Invalid says which member is wrong.

    ``partial``: a fragment for an existing one; there a member that is null becomes None: take it away. Members only
    the platform writes, and unknown ones, are left out.
    """
    content = checks.mapping("", body)
    found: dict[str, Any] = {}
    for key, value in content.items():
        member = {"@id": "id", "@type": "type"}.get(key, key)
        if member not in MEMBERS:
            continue
        if value is None or value == NULL:
            if not partial or member in ("id", "type", "notification"):
                raise wrong(member, N_("null is not a value here."))
            found[member] = None
        else:
            found[member] = MEMBERS[member](member, value, names)
    if found.get("expiresAt") and datetime.fromisoformat(found["expiresAt"]) <= now:
        raise wrong("expiresAt", N_("This moment is past."))
    if not partial:
        complete(found)
    return found


def complete(document: Mapping[str, Any]) -> None:
    """Return when a whole subscription keeps the rules that bind several of its members, else Invalid."""
    if document.get("type") != TYPE:
        raise wrong("type", N_("The type of a subscription is Subscription."))
    if not document.get("notification"):
        raise wrong("notification", N_("A subscription needs a notification with an endpoint."))
    if not document.get("entities") and not document.get("watchedAttributes") and not document.get("localOnly"):
        raise wrong("entities", N_("A subscription needs entities or watchedAttributes."))
    if document.get("timeInterval"):
        if not document.get("entities") and not document.get("localOnly"):
            raise wrong("entities", N_("With timeInterval the entities must be given."))
        for other in ("watchedAttributes", "throttling"):
            if document.get(other):
                raise wrong(other, N_("This cannot stand beside timeInterval."))
    if document.get("localOnly") is False and any(item.get("type") == "*" for item in document.get("entities") or ()):
        raise wrong("localOnly", N_("The type * means the entities kept here, so localOnly cannot be false."))


# -- one function per kind of member


def _text(key: str, value: Any, _: Vocabulary) -> str:
    return checks.text(key, value)


def _flag(key: str, value: Any, _: Vocabulary) -> bool:
    return checks.flag(key, value)


def _seconds(key: str, value: Any, _: Vocabulary) -> float:
    return checks.positive(key, value, MOST_SECONDS)


def _type(key: str, value: Any, _: Vocabulary) -> str:
    if value not in (TYPE, [TYPE]):
        raise wrong(key, N_("The type of a subscription is Subscription."))
    return TYPE


def _uri(key: str, value: Any, _: Vocabulary) -> str:
    return checked_uri(value, key)


def _translated(text: str, translate: Callable[[str], str]) -> str:
    """A selection or projection with each of its names translated."""

    def word(match: re.Match[str]) -> str:
        return match[0] if match[0] in NOT_ATTRIBUTES or match[0] == "*" else translate(match[0])

    return WORD.sub(word, text)


def _entities(key: str, value: Any, names: Vocabulary) -> list[dict[str, Any]]:
    return [_selector(key, item, names) for item in checks.listed(key, value)]


def _selector(key: str, item: Any, names: Vocabulary) -> dict[str, Any]:
    given = checks.mapping(key, item)
    kind = given.get("type", given.get("@type"))
    if isinstance(kind, list):
        kind = ",".join(checks.text(f"{key}.type", one) for one in checks.listed(f"{key}.type", kind))
    found: dict[str, Any] = {"type": _translated(checks.text(f"{key}.type", kind), names.expand_name)}
    if found["type"] != "*":
        language.types(found["type"])
    id = given.get("id", given.get("@id"))
    if id is not None:
        found["id"] = (
            [checked_uri(one, f"{key}.id") for one in checks.listed(f"{key}.id", id)]
            if isinstance(id, list)
            else checked_uri(id, f"{key}.id")
        )
    if "idPattern" in given:
        found["idPattern"] = _pattern(f"{key}.idPattern", given["idPattern"])
    return found


def _pattern(key: str, value: Any) -> str:
    pattern = checks.text(key, value)
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise wrong(key, N_("This is not a regular expression.")) from error
    return pattern


def _names(key: str, value: Any, names: Vocabulary) -> list[str]:
    return [names.expand_name(checks.text(key, item)) for item in checks.listed(key, value)]


def _attributes(key: str, value: Any, names: Vocabulary) -> list[str]:
    if any(item in NOT_ATTRIBUTES for item in checks.listed(key, value) if isinstance(item, str)):
        raise wrong(key, N_("id, type and scope are no attributes; name them in pick."))
    return _names(key, value, names)


def _projection(key: str, value: Any, names: Vocabulary) -> list[str]:
    return [_translated(checks.text(key, item), names.expand_name) for item in checks.listed(key, value)]


def _triggers(key: str, value: Any, _: Vocabulary) -> list[str]:
    return [checks.one_of(key, item, TRIGGERS) for item in checks.listed(key, value)]


def _query(key: str, value: Any, names: Vocabulary) -> str:
    language.condition(unquote(checks.text(key, value)), names)
    return str(value)


def _scopes(key: str, value: Any, _: Vocabulary) -> str:
    language.scopes(checks.text(key, value))
    return str(value)


def _geo(key: str, value: Any, names: Vocabulary) -> dict[str, Any]:
    given = checks.mapping(key, value)
    for member in ("geometry", "coordinates", "georel"):
        if member not in given:
            raise wrong(key, N_("geoQ needs geometry, coordinates and georel."))
    found = {"geometry": checks.text(key, given["geometry"]), "coordinates": given["coordinates"]}
    found["georel"] = checks.text(key, given["georel"])
    if "geoproperty" in given:
        found["geoproperty"] = names.expand_name(checks.text(key, given["geoproperty"]))
    language.area(found["georel"], found["geometry"], coordinates_of(found), found.get("geoproperty", "location"))
    return found


def coordinates_of(geo: Mapping[str, Any]) -> str:
    """The coordinates of a geo-query as JSON text: they may come as a list or as text."""
    value = geo["coordinates"]
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _datasets(key: str, value: Any, _: Vocabulary) -> list[str]:
    return checks.datasets(key, value)


def _moment(key: str, value: Any, _: Vocabulary) -> str:
    return checked_time(value, key)


def _version(key: str, value: Any, _: Vocabulary) -> str:
    if not VERSION.match(checks.text(key, value)):
        raise wrong(key, N_("This must be a version such as 1.5."))
    return str(value)


def _object(key: str, value: Any, _: Vocabulary) -> dict[str, Any]:
    return dict(checks.mapping(key, value))


def _words(key: str, value: Any, _: Vocabulary) -> Any:
    if isinstance(value, list):
        return [checks.text(key, item) for item in checks.listed(key, value)]
    return checks.text(key, value)


def _joined(key: str, value: Any, _: Vocabulary) -> str:
    return checks.one_of(key, value, JOINS)


def _format(key: str, value: Any, _: Vocabulary) -> str:
    return checks.one_of(key, value, FORMATS)


def _level(key: str, value: Any, _: Vocabulary) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= 100:
        raise wrong(key, N_("This must be a whole number greater than 0."))
    return value


def _notification(key: str, value: Any, names: Vocabulary) -> dict[str, Any]:
    given = checks.mapping(key, value)
    found = {
        member: check(f"{key}.{member}", given[member], names)
        for member, check in NOTIFICATION.items()
        if member in given
    }
    if "endpoint" not in found:
        raise wrong(f"{key}.endpoint", N_("A notification needs an endpoint with its uri."))
    if found.get("showChanges") and found.get("format") in SIMPLE:
        raise wrong(f"{key}.showChanges", N_("The simplified format cannot show changes."))
    if "attributes" in found and ("pick" in found or "omit" in found):
        raise wrong(f"{key}.attributes", N_("Give either attributes or pick and omit."))
    if set(found.get("pick", ())) & set(found.get("omit", ())):
        raise wrong(f"{key}.omit", N_("What is picked cannot be left out."))
    return found


def _endpoint(key: str, value: Any, _: Vocabulary) -> dict[str, Any]:
    given = checks.mapping(key, value)
    found: dict[str, Any] = {"uri": _address(f"{key}.uri", given.get("uri"))}
    if "accept" in given:
        found["accept"] = checks.one_of(f"{key}.accept", given["accept"], ACCEPTED)
    for member in ("timeout", "cooldown"):
        if member in given:
            found[member] = checks.positive(f"{key}.{member}", given[member], MOST_MILLISECONDS)
    for member in ("receiverInfo", "notifierInfo"):
        if member in given:
            found[member] = checks.pairs(f"{key}.{member}", given[member])
    if found["uri"].startswith("mqtt"):
        for pair in found.get("notifierInfo", ()):
            wanted = {"MQTT-QoS": QOS, "MQTT-Version": MQTT_VERSIONS}.get(pair["key"])
            if wanted:
                checks.one_of(f"{key}.notifierInfo.{pair['key']}", pair["value"], wanted)
    return found


def _address(key: str, value: Any) -> str:
    uri = checked_uri(value, key)
    try:
        parts = urlsplit(uri)
        usable = parts.scheme in SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise wrong(key, N_("This must be an address that begins with http://, https://, mqtt:// or mqtts://."))
    if parts.scheme.startswith("mqtt") and (not parts.path.strip("/") or {"+", "#"} & set(parts.path)):
        raise wrong(key, N_("An MQTT address ends with the topic, which has no + and no #."))
    return uri


NOTIFICATION: Mapping[str, Check] = {
    "attributes": _attributes,
    "pick": _projection,
    "omit": _projection,
    "format": _format,
    "showChanges": _flag,
    "sysAttrs": _flag,
    "join": _joined,
    "joinLevel": _level,
    "endpoint": _endpoint,
}
MEMBERS: Mapping[str, Check] = {
    "id": _uri,
    "type": _type,
    "subscriptionName": _text,
    "description": _text,
    "entities": _entities,
    "watchedAttributes": _names,
    "notificationTrigger": _triggers,
    "timeInterval": _seconds,
    "q": _query,
    "geoQ": _geo,
    "scopeQ": _scopes,
    "csf": _query,
    "temporalQ": _object,
    "isActive": _flag,
    "notification": _notification,
    "expiresAt": _moment,
    "throttling": _seconds,
    "lang": _text,
    "datasetId": _datasets,
    "localOnly": _flag,
    "splitEntities": _flag,
    "ngsildConformance": _version,
    "jsonldContext": _uri,
    "expandValues": _words,
    "jsonKeys": _words,
}


def subscription_out(document: Mapping[str, Any], names: Vocabulary) -> dict[str, Any]:
    """A kept subscription in the words of a client."""
    shown = dict(document)
    if "entities" in shown:
        shown["entities"] = [
            {**item, "type": _translated(item["type"], names.compact_name)} for item in shown["entities"]
        ]
    if "watchedAttributes" in shown:
        shown["watchedAttributes"] = [names.compact_name(name) for name in shown["watchedAttributes"]]
    if "geoproperty" in shown.get("geoQ", {}):
        shown["geoQ"] = {**shown["geoQ"], "geoproperty": names.compact_name(shown["geoQ"]["geoproperty"])}
    notification = dict(shown["notification"])
    for member in ("attributes", "pick", "omit"):
        if member in notification:
            notification[member] = [_translated(name, names.compact_name) for name in notification[member]]
    shown["notification"] = notification
    shown.setdefault("notificationTrigger", USUAL_TRIGGERS)
    return shown


def status_of(document: Mapping[str, Any], now: datetime) -> str:
    """active, paused or expired (clause 5.2.12)."""
    if document.get("expiresAt") and datetime.fromisoformat(document["expiresAt"]) <= now:
        return "expired"
    return "paused" if document.get("isActive") is False else "active"


def patched(document: Mapping[str, Any], fragment: Mapping[str, Any]) -> dict[str, Any]:
    """A subscription with the members of a fragment put in (clause 5.5.8); Invalid when it is whole no more."""
    found = {key: value for key, value in {**document, **fragment}.items() if value is not None}
    complete(found)
    return found
