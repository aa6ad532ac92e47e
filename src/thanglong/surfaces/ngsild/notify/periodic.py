"""Subscriptions with a time interval: what matches is sent every so many seconds, whether it changed or not."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from thanglong.kit import ports
from thanglong.surfaces.ngsild.notify.delivery import Delivery
from thanglong.surfaces.ngsild.notify.payload import Message, of_interest, wrapped
from thanglong.surfaces.ngsild.notify.watch import Watch, filter_of, query_of

MOST_ENTITIES = 1000


def due(delivery: Delivery, now: float) -> bool:
    """Whether the interval is over; the next one begins."""
    interval = float(delivery.watch.subscription.definition.get("timeInterval", 0))
    if not interval:
        return False
    if not delivery.next_interval:
        delivery.next_interval = now + interval
        return False
    if now < delivery.next_interval:
        return False
    delivery.next_interval = max(delivery.next_interval + interval, now)
    return True


def content(watch: Watch) -> Message | None:
    """The notification of all entities that match now (at most 1,000); None when none does."""
    subscription = watch.subscription
    store = ports.plugged.things.of(subscription.tenant)
    criteria = filter_of(subscription)
    found: dict[str, Mapping[str, Any]] = {}
    for selector in subscription.definition.get("entities") or ():
        chosen = query_of(selector)
        asked = replace(chosen, where=criteria.where, area=criteria.area, limit=MOST_ENTITIES)
        for entity in store.query(asked):
            found[entity["id"]] = entity
    bound = frozenset(subscription.types)
    entities = [entity for entity in found.values() if watch.concerns(entity)] if bound else list(found.values())
    if not entities:
        return None
    return wrapped(watch, [of_interest(watch, entity) for entity in entities[:MOST_ENTITIES]])
