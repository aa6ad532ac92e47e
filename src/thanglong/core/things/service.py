"""The verbs: write, read, find, look back, follow. Permission here, storage behind ``kit.ports.plugged.things``.

Writing needs ``things.write``, reading ``things.view``; types marked open in ``types.py`` may be read by anyone. What
devices write is no act of a person, so it enters the things' own log and not the ledger.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from thanglong.core.things.types import Change, Entity, Sample, ThingQuery, TypeFacts, WriteMode, Written, is_open
from thanglong.kit import clock, ports
from thanglong.kit.errors import NotFound
from thanglong.kit.ports import Actor

VIEW, WRITE = "things.view", "things.write"


def may_view(actor: Actor, kind: str) -> bool:
    """Whether the actor may read entities of a type."""
    return is_open(kind) or bool(ports.reach(actor, VIEW))


def require_write(actor: Actor) -> None:
    """Return when the actor may write entities, else Denied or NotSignedIn."""
    if not ports.reach(actor, WRITE):
        ports.require(actor, WRITE)


def readable(actor: Actor, types: Sequence[str]) -> Sequence[str] | None:
    """The types a query may look at: as asked, cut to the open ones for a stranger; None when nothing is left.

    An empty answer means every type. Asking by name for a closed type raises Denied or NotSignedIn.
    """
    if ports.reach(actor, VIEW):
        return types
    closed = [kind for kind in types if not is_open(kind)]
    if closed:
        ports.require(actor, VIEW)
    return types or [kind for kind in ports.plugged.things.types() if is_open(kind)] or None


def write(actor: Actor, entities: Sequence[Mapping[str, Any]], mode: WriteMode = "upsert") -> list[Written]:
    """Write entities in one of the modes of ``kit.ports.ThingsStore.write``; durable when it returns."""
    require_write(actor)
    return ports.plugged.things.write(entities, mode=mode, at=clock.now()) if entities else []


def upsert(actor: Actor, entities: Sequence[Mapping[str, Any]]) -> list[str | None]:
    """Make entities or write their attributes; per entity None, or the reason why it was refused."""
    return [item.refused for item in write(actor, entities)]


def delete(actor: Actor, ids: Sequence[str]) -> list[bool]:
    """Delete entities; per id whether it was there."""
    require_write(actor)
    return ports.plugged.things.delete(ids, at=clock.now()) if ids else []


def get(actor: Actor, id: str) -> Entity:
    """One entity; NotFound also when the actor may not read its type."""
    found = ports.plugged.things.get([id]).get(id)
    if found is None or not any(may_view(actor, kind) for kind in types_of(found)):
        raise NotFound
    return found


def types_of(entity: Mapping[str, Any]) -> list[str]:
    """All types of an entity."""
    kinds = entity["type"]
    return [kinds] if isinstance(kinds, str) else list(kinds)


def moment_of(instance: Mapping[str, Any]) -> datetime | None:
    """When an attribute instance was observed, or None when it does not say."""
    text = instance.get("observedAt")
    try:
        return datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


def query(actor: Actor, query: ThingQuery) -> list[Entity]:
    """Entities in the order of their ids; a stranger sees only open types."""
    types = readable(actor, query.types)
    return [] if types is None else ports.plugged.things.query(replace(query, types=types))


def count(actor: Actor, query: ThingQuery) -> int:
    """How many entities a query would find without its limit."""
    types = readable(actor, query.types)
    return 0 if types is None else ports.plugged.things.count(replace(query, types=types))


def history(
    actor: Actor,
    id: str,
    attribute: str,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 10_000,
    *,
    newest: bool = False,
) -> list[Sample]:
    """Past values of an attribute with ``since <= moment < until``, oldest first; NotFound for a hidden entity."""
    get(actor, id)
    return ports.plugged.things.history(id, attribute, since, until, limit, newest=newest)


def recent(actor: Actor, id: str, attribute: str, hours: float = 24, most: int = 200) -> list[float]:
    """The last hours of a numeric attribute as bare numbers, oldest first; empty where there is no such entity."""
    try:
        past = history(actor, id, attribute, clock.now() - timedelta(hours=hours), limit=most, newest=True)
    except NotFound:
        return []
    return [float(sample.instance["value"]) for sample in past if sample.instance is not None]


def types(actor: Actor) -> list[TypeFacts]:
    """The types the actor may read, by name."""
    everything = bool(ports.reach(actor, VIEW))
    return [
        TypeFacts(name, count, is_open(name))
        for name, count in sorted(ports.plugged.things.types().items())
        if everything or is_open(name)
    ]


def attributes(actor: Actor, kind: str) -> list[str]:
    """Names of the attributes that entities of a type have."""
    if not may_view(actor, kind):
        ports.require(actor, VIEW)
    return ports.plugged.things.attributes(kind)


def changes(after: int, limit: int = 1000, types: Sequence[str] = ()) -> list[Change]:
    """The change log past ``after``: for readers inside the platform, who filter for those they serve."""
    return ports.plugged.things.changes(after, limit, types)


def last_seq() -> int:
    """The newest number of the change log."""
    return ports.plugged.things.last_seq()


def wait(after: int, timeout: float) -> int:
    """Block until the log is past ``after`` or ``timeout`` seconds went by; the newest number then."""
    return ports.plugged.things.wait(after, timeout)


def health() -> str | None:
    """None when the store answers, else the reason."""
    return ports.plugged.things.check()
