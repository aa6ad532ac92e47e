"""A subscription made ready to judge changes, and the index that finds those a change may concern."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from thanglong.core.things import service as things
from thanglong.core.things.service import contexts
from thanglong.core.things.types import AllOf, Subscription, ThingQuery, is_open
from thanglong.formats.ngsild import query as language
from thanglong.formats.ngsild import subscriptions as forms
from thanglong.formats.ngsild.vocabulary import Vocabulary
from thanglong.kit import ports
from thanglong.kit.ports import Condition

Entity = Mapping[str, Any]
Judge = Callable[..., bool]


@dataclass(frozen=True, slots=True)
class Watch:
    """One subscription: which triggers, which attributes (None: any), and the tests an entity must pass."""

    subscription: Subscription
    triggers: frozenset[str]
    attributes: frozenset[str] | None
    concerns: Judge
    """Whether an entity is one of those subscribed to."""
    holds: Judge
    """Whether its query, area and scope hold."""
    ids: frozenset[str] | None
    """The only entities it is about, when they are named."""
    types: frozenset[str] | None
    """The only types it is about, when they are plain names."""
    expires: datetime | None
    whole: bool
    """Whether every entity of its types is meant: found by type, nothing else need be asked."""

    @property
    def key(self) -> tuple[str, str]:
        """Tenant and id."""
        return self.subscription.tenant, self.subscription.id

    @property
    def notification(self) -> Mapping[str, Any]:
        """The notification's parameters."""
        found: Mapping[str, Any] = self.subscription.definition["notification"]
        return found

    def active(self, at: datetime) -> bool:
        """Whether notifications are to be sent at a moment."""
        active = self.subscription.definition.get("isActive") is not False
        return active and (self.expires is None or at < self.expires)

    def means(self, entity: Entity) -> bool:
        """Whether an entity is one of those subscribed to, found by the index."""
        return self.whole or self.concerns(entity)

    def may_concern(self, tenant: str, id: str) -> bool:
        """Whether a change of an entity may be of interest at all."""
        return tenant == self.subscription.tenant and (self.ids is None or id in self.ids)


def watch_of(subscription: Subscription) -> Watch:
    """Make a subscription ready; ContextNotAvailable when the @context of its query cannot be had now."""
    definition = subscription.definition
    selectors = definition.get("entities")
    queries = [query_of(selector) for selector in selectors or ()]
    attributes = definition.get("watchedAttributes")
    return Watch(
        subscription,
        _triggers(definition.get("notificationTrigger") or forms.USUAL_TRIGGERS),
        frozenset(attributes) if attributes else None,
        _concerns(subscription, queries),
        ports.plugged.things.of(subscription.tenant).matcher(filter_of(subscription)),
        frozenset(id for query in queries for id in query.ids) if queries and all(q.ids for q in queries) else None,
        frozenset(kind for query in queries for kind in query.types)
        if queries and all(q.types for q in queries)
        else None,
        datetime.fromisoformat(definition["expiresAt"]) if definition.get("expiresAt") else None,
        bool(queries) and not subscription.types and all(_only_types(query) for query in queries),
    )


def _only_types(query: ThingQuery) -> bool:
    return bool(query.types) and not (query.ids or query.id_pattern or query.where)


def _all_named(queries: Sequence[ThingQuery]) -> frozenset[str] | None:
    """The types that selectors name; None when one of them names none."""
    named = queries and all(query.types for query in queries)
    return frozenset(kind for query in queries for kind in query.types) if named else None


def _triggers(given: Iterable[str]) -> frozenset[str]:
    found = frozenset(given)
    if "entityUpdated" in found:
        # the same as these three for an entity that is there already (clause 5.2.12)
        found |= {"attributeCreated of it", "attributeUpdated", "attributeDeleted of it"}
    return found


def query_of(selector: Mapping[str, Any]) -> ThingQuery:
    """The entities one selector means (clause 5.2.33); an id counts before a pattern."""
    id = selector.get("id")
    types, where = language.types(selector["type"])
    ids = [id] if isinstance(id, str) else list(id or ())
    return ThingQuery(types=types, where=where, ids=ids, id_pattern="" if ids else selector.get("idPattern", ""))


def filter_of(subscription: Subscription) -> ThingQuery:
    """The query, area and scope of a subscription."""
    definition = subscription.definition
    parts: list[Condition] = []
    if definition.get("q"):
        names = contexts.vocabulary(subscription.query_context)
        parts.append(language.condition(unquote(definition["q"]), names, _expanded(definition, names)))
    if definition.get("scopeQ"):
        parts.append(language.scopes(definition["scopeQ"]))
    area = None
    if geo := definition.get("geoQ"):
        area = language.area(
            geo["georel"], geo["geometry"], forms.coordinates_of(geo), geo.get("geoproperty", "location")
        )
    return ThingQuery(where=AllOf(parts) if parts else None, area=area)


def _expanded(definition: Mapping[str, Any], names: Vocabulary) -> list[str]:
    """The attributes whose values in the query are names of the @context (expandValues)."""
    given = definition.get("expandValues") or ()
    words = given.split(",") if isinstance(given, str) else given
    return [names.expand_name(word.strip()) for word in words if word.strip()]


def _concerns(subscription: Subscription, queries: Sequence[ThingQuery]) -> Judge:
    judges = [ports.plugged.things.matcher(query) for query in queries]
    bound, tenant = frozenset(subscription.types), subscription.tenant

    def judge(entity: Entity) -> bool:
        if judges and not any(one(entity) for one in judges):
            return False
        # a key bound to types sees these and the open ones
        return not bound or any(kind in bound or (is_open(kind) and not tenant) for kind in things.types_of(entity))

    return judge


Named = dict[str | None, list[Watch]]
"""Watches by the attribute they watch; None: any."""


@dataclass(slots=True)
class Index:
    """Watches by the entities they name, else by the types and attributes; the others are asked about every change."""

    by_id: dict[tuple[str, str], list[Watch]] = field(default_factory=lambda: defaultdict(list))
    by_type: dict[tuple[str, str], Named] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    others: dict[str, list[Watch]] = field(default_factory=lambda: defaultdict(list))
    wide: set[str] = field(default_factory=set)
    """Tenants with a watch that names no entities."""

    def add(self, watch: Watch) -> None:
        """Enter a watch."""
        tenant = watch.subscription.tenant
        for id in watch.ids or ():
            self.by_id[tenant, id].append(watch)
        if watch.ids is not None:
            return
        self.wide.add(tenant)
        for kind in watch.types or ():
            for name in watch.attributes or (None,):
                self.by_type[tenant, kind][name].append(watch)
        if watch.types is None:
            self.others[tenant].append(watch)

    def asks(self, tenant: str, id: str) -> bool:
        """Whether anybody may want to hear of an entity."""
        return tenant in self.wide or (tenant, id) in self.by_id

    def of(self, tenant: str, entity: Entity, names: Iterable[str]) -> list[Watch]:
        """The watches a change of some attributes of an entity may concern, each once."""
        found = [*self.by_id.get((tenant, entity["id"]), ()), *self.others.get(tenant, ())]
        double = False
        for kind in things.types_of(entity):
            by_name = self.by_type.get((tenant, kind))
            if by_name is None:
                continue
            double = double or bool(found)
            found += by_name.get(None, ())
            if len(by_name) > 1:
                double = True
                for name in names:
                    found += by_name.get(name, ())
        return list({watch.key: watch for watch in found}.values()) if double else found
