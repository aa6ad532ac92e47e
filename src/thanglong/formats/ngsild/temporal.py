"""The temporal representations of an entity (clauses 4.5.6 to 4.5.9 and 4.5.19), and bodies that bring a past."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from thanglong.formats.ngsild.entities import MEMBER, Reading, attribute_in, checked_time, entity_in
from thanglong.formats.ngsild.terms import RESERVED
from thanglong.kit.errors import N_, Fault, Invalid
from thanglong.kit.past import Evolution, Instance, Period, Summary, Window

METHODS = ("totalCount", "distinctCount", "sum", "avg", "min", "max", "stddev", "sumsq")
NULL = "urn:ngsi-ld:null"
WRAPPED = frozenset(["languageMap", "vocab", "json"])
"""Members that keep their name inside the pairs of temporalValues."""
DURATION = re.compile(
    r"P(?:(\d+)W|(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:[.,]\d{1,6})?)S)?)?)\Z"
)
SECOND = 1_000_000
MOST_MONTHS = 12_000
Time = Callable[[int], str]


# -- in


def past_in(body: Any, reading: Reading, *, partial: bool = False, id: str = "") -> dict[str, Any]:
    """An entity whose attributes are lists of instances in time, from a body; Invalid says what is wrong."""
    if not isinstance(body, dict):
        raise Invalid(N_("An entity is a JSON object."))
    head = {key: value for key, value in body.items() if key in RESERVED and key not in ("scope", "expiresAt")}
    found = entity_in(head, reading, partial=partial, id=id)
    if "scope" in body:
        found["scope"] = _scopes(body["scope"])
    for key, value in body.items():
        if key in RESERVED or key == "expiresAt":
            continue
        term = reading.names.expand_name(key)
        if term in found:
            raise Invalid([Fault(key, N_("This stands twice, under two names."))])
        found[term] = instances_in(key, value, reading)
    return found


def instances_in(key: str, value: Any, reading: Reading) -> list[dict[str, Any]]:
    """The instances of one attribute; several may be of one data set, at different times."""
    several = isinstance(value, list) and value and all(isinstance(one, dict) for one in value)
    found = []
    for one in value if several else [value]:
        instance = attribute_in(key, one, reading)
        if instance is None or isinstance(instance, list):
            raise Invalid([Fault(key, N_("An attribute is an object with a type."))])
        if isinstance(one, dict) and "deletedAt" in one:
            instance["deletedAt"] = checked_time(one["deletedAt"], f"{key}.deletedAt")
        found.append(instance)
    return found


def _scopes(value: Any) -> list[dict[str, Any]]:
    several = value if isinstance(value, list) else [value]
    if several and all(isinstance(one, dict) for one in several):
        return [_scope(one) for one in several]
    return [_scope({"type": "Property", "value": value})]


def _scope(one: Mapping[str, Any]) -> dict[str, Any]:
    scopes = one.get("value")
    texts = scopes if isinstance(scopes, list) else [scopes]
    if not all(isinstance(text, str) and text for text in texts):
        raise Invalid([Fault("scope", N_("A scope is a path such as /Hanoi/Streets."))])
    found: dict[str, Any] = {"type": "Property", "value": texts}
    for key in ("observedAt", "deletedAt"):
        if key in one:
            found[key] = checked_time(one[key], f"scope.{key}")
    return found


def duration(text: str) -> Period:
    """The period an ISO 8601 duration names (clause 4.5.19.1); PT0S is the whole range. Invalid when it is none."""
    found = DURATION.match(text)
    if found is None or text in ("P", "PT") or text.endswith("T"):
        raise Invalid(N_("This is not a duration: %(text)s"), text=text[:60])
    weeks, years, months, days, hours, minutes = (int(part or 0) for part in found.groups()[:6])
    seconds = float((found[7] or "0").replace(",", "."))
    calendar = years * 12 + months
    rest = ((weeks * 7 + days) * 24 + hours) * 3600 + minutes * 60
    if calendar > MOST_MONTHS or rest > MOST_MONTHS * 31 * 86_400:
        raise Invalid(N_("This is not a duration: %(text)s"), text=text[:60])
    return Period(calendar, rest * SECOND + round(seconds * SECOND))


# -- out


def head_of(id: str, types: Sequence[str]) -> dict[str, Any]:
    """Id and type of an entity."""
    return {"id": id, "type": types[0] if len(types) == 1 else list(types)}


def normalised(one: Evolution, window: Window, system: bool, time: Time) -> dict[str, Any]:
    """An entity with each attribute as the list of its instances; ``system`` shows when they were entered."""
    found = head_of(one.id, one.types)
    for name, instances in one.instances.items():
        if name == "scope":
            found[name] = [_scope_out(item, system, time) for item in instances]
        else:
            found[name] = [_instance(item, window, system, time) for item in instances]
    return _framed(found, one, window, system, time)


def _instance(item: Instance, window: Window, system: bool, time: Time) -> dict[str, Any]:
    found = {**item.content, "instanceId": item.id}
    if not system:
        found.pop("expiresAt", None)  # told with the system attributes only (clause 6.3.11)
    if item.deleted:
        found.setdefault("deletedAt", time(item.written))
    if system or window.by == "createdAt":
        found["createdAt"] = time(item.written)
    if (system or window.by == "modifiedAt") and not item.deleted:
        found["modifiedAt"] = time(item.changed)
    return found


def _framed(found: dict[str, Any], one: Evolution, window: Window, system: bool, time: Time) -> dict[str, Any]:
    """With when the entity was made, changed and gone."""
    if system:
        found |= {"createdAt": time(one.created), "modifiedAt": time(one.changed)}
    if one.deleted is not None and (system or window.by == "deletedAt"):
        found["deletedAt"] = time(one.deleted)
    return found


def _scope_out(item: Instance, system: bool, time: Time) -> dict[str, Any]:
    found = {key: value for key, value in item.content.items() if key in ("type", "value")}
    if item.deleted:
        return {**found, "deletedAt": item.content.get("deletedAt", time(item.written))}
    found["observedAt"] = item.content.get("observedAt", time(item.moment))
    return {**found, "createdAt": time(item.written), "modifiedAt": time(item.changed)} if system else found


def values(one: Evolution, window: Window, system: bool, time: Time) -> dict[str, Any]:
    """An entity with each attribute as pairs of value and moment (``temporalValues``, clause 4.5.9)."""
    found = head_of(one.id, one.types)
    for name, instances in one.instances.items():
        groups: dict[str, list[Instance]] = {}
        for item in instances:
            groups.setdefault(item.dataset, []).append(item)
        if not groups:
            groups = {"": []}
        parts = [_pairs(dataset, items, window, time) for dataset, items in groups.items()]
        found[name] = parts if len(parts) > 1 else parts[0]
    return _framed(found, one, window, system, time)


def _pairs(dataset: str, items: Sequence[Instance], window: Window, time: Time) -> dict[str, Any]:
    kind = str(items[-1].content.get("type", "Property")) if items else "Property"
    member = MEMBER.get(kind, "value")
    pairs = []
    for item in items:
        value = item.content.get(member)
        if member == "objectList" and isinstance(value, list):
            value = [part.get("object") if isinstance(part, dict) else part for part in value]
        elif member in WRAPPED:
            value = {member: value}
        elif type(value) is int and abs(value) < 2**53:
            value = float(value)  # a series of numbers has one JSON form, whatever each was written as
        pairs.append([value, time(item.at(window.by))])
    found: dict[str, Any] = {"type": kind, f"{member}s": pairs}
    return {**found, "datasetId": dataset} if dataset else found


def summary(one: Summary, methods: Sequence[str], time: Time) -> dict[str, Any]:
    """An entity with each attribute as its aggregates by period (clause 4.5.19)."""
    found = head_of(one.id, one.types)
    parts: dict[str, list[dict[str, Any]]] = {}
    for item in one.aggregates:
        part: dict[str, Any] = {"type": item.kind}
        if item.dataset:
            part["datasetId"] = item.dataset
        for method in methods:
            rows = [
                [bucket.values[method], time(bucket.start), time(bucket.end)]
                for bucket in item.buckets
                if method in bucket.values
            ]
            if rows:
                part[method] = rows
        if len(part) > 1:
            parts.setdefault(item.attribute, []).append(part)
    for name, several in parts.items():
        found[name] = several if len(several) > 1 else several[0]
    return found
