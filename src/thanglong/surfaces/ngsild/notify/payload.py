"""A Notification (clauses 5.3.1 and 5.8.6): what of an entity is told, in which form and whose words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from django.conf import settings

from thanglong.core.things.service import contexts
from thanglong.core.things.service.tenancy import PART
from thanglong.core.things.types import Pass, Subscription, iso
from thanglong.formats.ngsild import shown as forms
from thanglong.formats.ngsild.entities import MEMBER, NULL
from thanglong.formats.ngsild.vocabulary import RELATION, Vocabulary
from thanglong.kit import clock, ids
from thanglong.kit.ports import SYSTEM
from thanglong.surfaces.ngsild.answers import GEO_JSON, JSON, LD_JSON
from thanglong.surfaces.ngsild.notify.judging import News, attributes_of, by_dataset, instances
from thanglong.surfaces.ngsild.notify.watch import Watch
from thanglong.surfaces.ngsild.parameters import Options
from thanglong.surfaces.ngsild.showing import Wish, shown

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PREVIOUS = {kind: f"previous{member[0].upper()}{member[1:]}" for kind, member in MEMBER.items()}
"""The member that holds what was before (showChanges), by the attribute's type."""
FORM = {"simplified": "keyValues", "keyValues": "keyValues", "concise": "concise"}
OWN_HEADERS = frozenset(
    ["content-type", "content-length", "link", "prefer", "ngsild-tenant", "ngsild-snapshot", "host", "connection"]
)
"""What the platform sets itself, whatever the subscriber wrote into receiverInfo."""


@dataclass(frozen=True, slots=True)
class Message:
    """A notification ready to be sent: its body and what goes along with it as headers."""

    body: bytes
    headers: Sequence[tuple[str, str]]


def message(watch: Watch, news: Sequence[News]) -> Message:
    """The notification of some news, oldest first; ContextNotAvailable when its @context cannot be had now."""
    return wrapped(watch, [told(watch, item) for item in news])


def told(watch: Watch, news: News) -> dict[str, Any]:
    """The entity of one piece of news in the platform's words, complete but for its form."""
    if news.kind == "deleted":
        return _deleted(watch, news)
    notification, names = watch.notification, watch.subscription.definition.get("datasetId")
    entity = dict(news.entity)
    for name in news.went:
        entity[name] = _with_gone(entity.get(name), news.before[name])
    if names:
        entity = forms.of_datasets(entity, names)
    if notification.get("showChanges"):
        for name in news.before:
            if name in entity and (name in news.changed or name in news.went):
                entity[name] = _with_previous(entity[name], news.before[name])
    if notification.get("sysAttrs"):
        entity = _stamped(entity, news)
    return entity


def of_interest(watch: Watch, entity: Mapping[str, Any]) -> dict[str, Any]:
    """An entity that did not change, complete but for its form (time interval)."""
    names = watch.subscription.definition.get("datasetId")
    return forms.of_datasets(entity, names) if names else dict(entity)


def _with_gone(now: Any, before: Any) -> Any:
    """An attribute with marks in the place of the instances that are gone."""
    if now is None:
        return _gone(instances(before)[0])
    there = by_dataset(now)
    gone = [_gone(item) for dataset, item in by_dataset(before).items() if dataset not in there]
    return [*instances(now), *gone]


def _gone(instance: Mapping[str, Any], *, bare: bool = False) -> dict[str, Any]:
    """The mark of a deleted instance (clause 5.8.6)."""
    kind = instance.get("type", "Property")
    member = MEMBER.get(kind, "value")
    empty: Any = {"@none": NULL} if kind == "LanguageProperty" and not bare else NULL
    mark = {"type": kind, member: empty}
    if "datasetId" in instance:
        mark["datasetId"] = instance["datasetId"]
    return mark


def _with_previous(now: Any, before: Any) -> Any:
    old = by_dataset(before)
    shown = [_previous(item, old.get(item.get("datasetId"))) for item in instances(now)]
    return shown if isinstance(now, list) else shown[0]


def _previous(instance: Mapping[str, Any], before: Mapping[str, Any] | None) -> dict[str, Any]:
    if before is None:
        return dict(instance)
    kind = before.get("type", "Property")
    member = MEMBER.get(kind, "value")
    if instance.get("type") == kind and instance.get(member) == before.get(member):
        return dict(instance)
    return {**instance, PREVIOUS.get(kind, "previousValue"): before.get(member)}


def _moment(micros: int) -> str:
    return iso(EPOCH + timedelta(microseconds=micros))


def _stamped(entity: Mapping[str, Any], news: News) -> dict[str, Any]:
    """With createdAt and modifiedAt; what is gone has deletedAt."""
    snapshot, at = news.snapshot, iso(news.at)
    found: dict[str, Any] = {}
    attributes = attributes_of(entity)
    for key, value in entity.items():
        if key not in attributes:
            found[key] = value
            continue
        stamp = snapshot.stamps.get(key) if snapshot else None
        made = _moment(stamp[0]) if stamp else at
        changed = at if key in news.changed or key in news.came or not stamp else _moment(stamp[1])
        own = [
            {**item, "deletedAt": at} if _is_gone(item) else {**item, "createdAt": made, "modifiedAt": changed}
            for item in instances(value)
        ]
        found[key] = own if isinstance(value, list) else own[0]
    found["createdAt"] = _moment(snapshot.created) if snapshot else at
    found["modifiedAt"] = at
    return found


def _is_gone(instance: Mapping[str, Any]) -> bool:
    value = instance.get(MEMBER.get(instance.get("type", "Property"), "value"))
    return bool(value == NULL or value == {"@none": NULL})


def _deleted(watch: Watch, news: News) -> dict[str, Any]:
    """A deleted entity: when; with showChanges or for who waits for attributeDeleted also what it had."""
    notification, at = watch.notification, iso(news.at)
    entity: dict[str, Any] = {"id": news.entity["id"], "type": news.entity["type"], "deletedAt": at}
    times: dict[str, str] = {}
    if notification.get("sysAttrs") and news.snapshot:
        times = {"createdAt": _moment(news.snapshot.created), "modifiedAt": at}
        entity.update(times)
    if not notification.get("showChanges") and "attributeDeleted" not in watch.triggers:
        return entity
    for name in attributes_of(news.entity):
        if watch.attributes is not None and name not in watch.attributes:
            continue
        marks = []
        for item in instances(news.entity[name]):
            mark = _gone(item, bare=True)
            if notification.get("showChanges"):
                mark = _previous(mark, item)
            if times:
                stamp = news.snapshot.stamps.get(name) if news.snapshot else None
                mark["createdAt"] = _moment(stamp[0]) if stamp else at
                mark["modifiedAt"] = _moment(stamp[1]) if stamp else at
                mark["deletedAt"] = at
            marks.append(mark)
        entity[name] = marks if len(marks) > 1 else marks[0]
    return entity


# -- form and words


def wrapped(watch: Watch, entities: Sequence[dict[str, Any]]) -> Message:
    """A notification of entities (in the platform's words) in the subscription's form and words."""
    subscription, notification = watch.subscription, watch.notification
    names = contexts.vocabulary(subscription.definition.get("jsonldContext") or subscription.context)
    kind = notification["endpoint"].get("accept", JSON)
    in_body = kind == LD_JSON or (kind == GEO_JSON and not _prefers_json(notification))
    url = _address(subscription) or names.url
    context = url or names.given
    if not in_body and not url:
        url = f"{settings.PUBLIC_URL}{contexts.PATH}{contexts.implicit(names.given)}"
    data: Any = shown(_reader(subscription), entities, _wish(watch, names, kind))
    if kind == GEO_JSON:
        data = {"type": "FeatureCollection", "features": data, **({"@context": context} if in_body else {})}
    elif in_body:
        data = [{**entity, "@context": context} for entity in data]
    document = {
        "id": f"urn:ngsi-ld:Notification:{ids.new_id()}",
        "type": "Notification",
        "subscriptionId": subscription.id,
        "notifiedAt": iso(clock.now()),
        "data": data,
    }
    if kind == LD_JSON:
        document["@context"] = context
    return Message(orjson.dumps(document), headers_of(subscription, kind, "" if in_body else f"<{url}>; {RELATION}"))


def _address(subscription: Subscription) -> str:
    """The address of the @context as the subscriber wrote it; empty when it has none."""
    given = subscription.definition.get("jsonldContext") or subscription.context
    only = given[0] if isinstance(given, list) and len(given) == 1 else given
    return only if isinstance(only, str) else ""


def _reader(subscription: Subscription) -> Pass:
    """Who the entities linked to are read for: they may see what the subscriber's access key may."""
    return Pass(replace(SYSTEM, types=frozenset(subscription.types)), True, False, subscription.tenant)


def _wish(watch: Watch, names: Vocabulary, kind: str) -> Wish:
    """What the subscription wants to see of entities, as a query would state it."""
    notification, definition = watch.notification, watch.subscription.definition
    pick, omit, join = notification.get("pick"), notification.get("omit"), notification.get("join", "@none")
    linked, attributes = join != "@none", notification.get("attributes", ())
    # the attributes named are those of the entities told of: what these lead to comes whole
    chosen = dict.fromkeys((*forms.OWN, *attributes)) if attributes else None
    return Wish(
        names,
        # the entities told of bring their times along; those linked to are given theirs here
        Options(FORM.get(notification.get("format", ""), "normalized"), linked and notification.get("sysAttrs", False)),
        (),
        forms.projection(",".join(pick)) if pick else chosen,
        forms.projection(",".join(omit)) if omit else None,
        forms.languages(definition["lang"]) if definition.get("lang") else (),
        (),
        join if linked else "",
        notification.get("joinLevel", 1),
        geojson=kind == GEO_JSON,
    )


def _prefers_json(notification: Mapping[str, Any]) -> bool:
    pairs = notification["endpoint"].get("receiverInfo", ())
    return any(pair["key"].lower() == "prefer" and "body=json" in pair["value"].replace(" ", "") for pair in pairs)


def headers_of(subscription: Subscription, kind: str, link: str) -> list[tuple[str, str]]:
    """What goes along: media type, the link to the @context unless it stands in the body, tenant, receiverInfo."""
    headers = [("Content-Type", kind)]
    if link:
        headers.append(("Link", link))
    tenant, _, snapshot = subscription.tenant.partition(PART)
    headers += [("NGSILD-Tenant", tenant)] if tenant else []
    headers += [("NGSILD-Snapshot", snapshot)] if snapshot else []
    endpoint = subscription.definition["notification"]["endpoint"]
    own = [(pair["key"], pair["value"]) for pair in endpoint.get("receiverInfo", ())]
    return [*headers, *((key, value) for key, value in own if key.lower() not in OWN_HEADERS)]
