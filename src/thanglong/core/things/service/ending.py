"""Transient entities: past their ``expiresAt`` they are gone for readers at once, and swept out of the store soon."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from thanglong.kit import clock, ports

MARK = b'"expiresAt"'
BATCH = 500


def over(entity: Mapping[str, Any]) -> bool:
    """Whether the time of an entity is over."""
    text = entity.get("expiresAt")
    return isinstance(text, str) and datetime.fromisoformat(text) <= clock.now()


def sweep() -> int:
    """Delete the entities of all tenants whose time is over; how many."""
    gone = 0
    store = ports.plugged.things
    for tenant in ["", *store.tenants()]:
        view = store.of(tenant)
        for id in view.ended(clock.now(), BATCH):
            gone += sum(view.delete([id], at=clock.now()))
    return gone
