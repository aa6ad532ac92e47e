"""The verbs: write, read, find, look back, follow. Permission here, storage behind ``kit.ports.plugged.things``.

Writing needs ``things.write``, reading ``things.view``; types marked open in ``types.py`` may be read by anyone. What
devices write is no act of a person, so it enters the things' own log and not the ledger.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.utils.translation import gettext

from thanglong.core.things.rules import STATE_WORDS, shown_value
from thanglong.core.things.service.bounds import NOT_YOURS, WRITE, bound, require_own, units_of
from thanglong.core.things.service.closing import close_days, closed, days, verify_days
from thanglong.core.things.service.ending import MARK, over, sweep
from thanglong.core.things.service.tenancy import PART, has_tenant, open_tenant, store_of, tenant_of, tenants
from thanglong.core.things.types import (
    Asker,
    Change,
    Entity,
    Pass,
    Sample,
    ThingQuery,
    TypeFacts,
    WriteMode,
    Written,
    is_open,
    types_of,
)
from thanglong.kit import clock, ports
from thanglong.kit.errors import Denied, NotFound, NotSignedIn
from thanglong.kit.ports import Actor

__all__ = [
    "PART", "attribute_count", "attribute_kinds", "attributes", "changes", "claim", "close_days", "closed", "count",
    "days", "delete", "find", "get", "get_many", "has_tenant", "health", "history", "last_seq", "matcher", "may_view",
    "moment_of", "open_tenant", "pass_of", "query", "quick", "raw", "readable", "recent", "require_write",
    "seq_before", "stamps", "steps", "sweep", "tenants", "types", "types_of", "upsert", "verify_days", "wait",
    "write", "write_soon",
]  # fmt: skip
VIEW = "things.view"


def pass_of(actor: Actor) -> Pass:
    """What an actor may do here, decided once: a busy surface keeps it for some seconds."""
    return Pass(actor, bool(ports.reach(actor, VIEW)), bool(ports.reach(actor, WRITE)), units=units_of(actor))


def _views(asker: Asker) -> bool:
    return asker.view if isinstance(asker, Pass) else bool(ports.reach(asker, VIEW))


def _views_all(asker: Asker) -> bool:
    return not bound(asker) and _views(asker)


def _require_view(asker: Asker) -> None:
    if bound(asker):
        raise Denied(NOT_YOURS)
    ports.require(asker.actor if isinstance(asker, Pass) else asker, VIEW)


def may_view(asker: Asker, kind: str) -> bool:
    """Whether the actor may read entities of a type; open types are open in the city alone."""
    own = bound(asker)
    return (_views(asker) and (not own or kind in own)) or (is_open(kind) and not tenant_of(asker))


def require_write(asker: Asker) -> None:
    """Return when the actor may write entities, else Denied or NotSignedIn."""
    if isinstance(asker, Pass):
        if not asker.write:
            raise NotSignedIn if asker.actor.kind == "citizen" and asker.actor.id is None else Denied
    else:
        ports.require(asker, WRITE)


def readable(asker: Asker, types: Sequence[str]) -> Sequence[str] | None:
    """The types a query may look at: as asked, cut to the open ones for a stranger; None when nothing is left.

    An empty answer means every type. Asking by name for a closed type raises Denied or NotSignedIn.
    """
    if _views_all(asker):
        return types
    if not all(may_view(asker, kind) for kind in types):
        _require_view(asker)
    return types or [kind for kind in store_of(asker).types() if may_view(asker, kind)] or None


def write(asker: Asker, entities: Sequence[Mapping[str, Any]], mode: WriteMode = "upsert") -> list[Written]:
    """Write entities in one of the modes of ``kit.ports.ThingsStore.write``; durable when it returns."""
    require_write(asker)
    require_own(asker, entities)
    return store_of(asker).write(entities, mode=mode, at=clock.now()) if entities else []


def write_soon(asker: Asker, entities: Sequence[Mapping[str, Any]], mode: WriteMode) -> "Future[list[Written]]":
    """Like :func:`write` for at most 1,000 entities; the future is done when they are on disk."""
    require_write(asker)
    require_own(asker, entities)
    return store_of(asker).write_soon(entities, mode=mode, at=clock.now())


def upsert(asker: Asker, entities: Sequence[Mapping[str, Any]]) -> list[str | None]:
    """Make entities or write their attributes; per entity None, or the reason why it was refused."""
    return [item.refused for item in write(asker, entities)]


def delete(asker: Asker, ids: Sequence[str]) -> list[bool]:
    """Delete entities; per id whether it was there."""
    require_write(asker)
    require_own(asker, ids=ids)
    return store_of(asker).delete(ids, at=clock.now()) if ids else []


def get(asker: Asker, id: str) -> Entity:
    """One entity; NotFound also when the actor may not read its type."""
    return orjson.loads(raw(asker, id))  # type: ignore[no-any-return]


def raw(asker: Asker, id: str) -> bytes:
    """One entity as JSON text; NotFound also when the actor may not read its type."""
    found = store_of(asker).raw([id]).get(id)
    if found is not None and MARK in found and over(orjson.loads(found)):
        found = None
    if found is None or not (_views_all(asker) or any(may_view(asker, kind) for kind in types_of(orjson.loads(found)))):
        raise NotFound
    return found


def get_many(asker: Asker, ids: Sequence[str]) -> dict[str, Entity]:
    """Entities by id, those left out that are not there or that the actor may not read."""
    everything = _views_all(asker)
    return {
        id: entity
        for id, entity in store_of(asker).get(ids).items()
        if not over(entity) and (everything or any(may_view(asker, kind) for kind in types_of(entity)))
    }


def matcher(query: ThingQuery) -> Callable[..., bool]:
    """A function that says whether an entity (in the platform's form) would be found by a query."""
    return ports.plugged.things.matcher(query)


def quick() -> bool:
    """Whether :func:`raw` may be called in an event loop."""
    return ports.plugged.things.quick


def stamps(asker: Asker, ids: Sequence[str]) -> dict[str, dict[str, tuple[datetime, datetime]]]:
    """Per entity and attribute (empty name: the entity) when it was made and last changed."""
    return store_of(asker).stamps(ids)


def moment_of(instance: Mapping[str, Any]) -> datetime | None:
    """When an attribute instance was observed, or None when it does not say."""
    text = instance.get("observedAt")
    try:
        return datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


def query(asker: Asker, query: ThingQuery) -> list[Entity]:
    """Entities in the order of their ids; a stranger sees only open types."""
    return [orjson.loads(text) for text in find(asker, query)]


def find(asker: Asker, query: ThingQuery) -> list[bytes]:
    """Like :func:`query`, as JSON texts."""
    types = readable(asker, query.types)
    return [] if types is None else store_of(asker).find(replace(query, types=types))


def count(asker: Asker, query: ThingQuery) -> int:
    """How many entities a query would find without its limit."""
    types = readable(asker, query.types)
    return 0 if types is None else store_of(asker).count(replace(query, types=types))


def history(
    asker: Asker,
    id: str,
    attribute: str,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 10_000,
    *,
    newest: bool = False,
    written: bool = False,
) -> list[Sample]:
    """Past values of an attribute with ``since <= moment < until``, oldest first; NotFound for a hidden entity.

    ``newest`` keeps the last ``limit`` of them; ``written`` goes by when they were written, not observed.
    """
    raw(asker, id)
    return store_of(asker).history(id, attribute, since, until, limit, newest=newest, written=written)


def recent(actor: Actor, id: str, attribute: str, hours: float = 24, most: int = 200) -> list[float]:
    """The last hours of a numeric attribute as bare numbers, oldest first; empty where there is no such entity."""
    try:
        past = history(actor, id, attribute, clock.now() - timedelta(hours=hours), limit=most, newest=True)
    except NotFound:
        return []
    return [float(sample.instance["value"]) for sample in past if sample.instance is not None]


def types(asker: Asker) -> list[TypeFacts]:
    """The types the actor may read, by name."""
    everything = _views_all(asker)
    return [
        TypeFacts(name, count, is_open(name))
        for name, count in sorted(store_of(asker).types().items())
        if everything or may_view(asker, name)
    ]


def attributes(asker: Asker, kind: str) -> list[str]:
    """Names of the attributes that entities of a type have."""
    if not may_view(asker, kind):
        _require_view(asker)
    return store_of(asker).attributes(kind)


def attribute_count(asker: Asker, attribute: str, kinds: Sequence[str]) -> int:
    """How many instances of an attribute the entities of some types have that the asker may read."""
    return store_of(asker).attribute_count(attribute, [kind for kind in kinds if may_view(asker, kind)])


def attribute_kinds(asker: Asker, attribute: str, kinds: Sequence[str]) -> list[str]:
    """Of which kinds (Property, Relationship …) an attribute is; a sample of the entities of each type is looked at."""
    store = store_of(asker)
    return sorted({one for kind in kinds if may_view(asker, kind) for one in store.attribute_kinds(attribute, kind)})


def changes(after: int, limit: int = 1000, types: Sequence[str] = (), *, everyone: bool = False) -> list[Change]:
    """The city's change log past ``after``, or every tenant's: for readers inside the platform, who filter."""
    return ports.plugged.things.changes(after, limit, types, everyone=everyone)


def steps(
    after: int, upto: int, types: Sequence[str], attributes: Sequence[str], limit: int
) -> list[tuple[int, str, str, str, str | None]]:
    """What some attributes became in the writes (after, upto]: ``(at in us, entity, type, attribute, JSON text)``."""
    return ports.plugged.things.steps(after, upto, types, attributes, limit)


def seq_before(moment: datetime) -> int:
    """The log's last number written before a moment."""
    return ports.plugged.things.seq_before(moment)


def last_seq() -> int:
    """The newest number of the change log."""
    return ports.plugged.things.last_seq()


def wait(after: int, timeout: float) -> int:
    """Block until the log is past ``after`` or ``timeout`` seconds went by; the newest number then."""
    return ports.plugged.things.wait(after, timeout)


def claim(role: str) -> bool:
    """Whether this process holds a role that only one process of the installation may have."""
    return ports.plugged.things.claim(role)


def health() -> str | None:
    """None when the store answers, else the reason."""
    return ports.plugged.things.check()


def state_word(value: Any) -> str:
    """The value of a state attribute as a person reads it, in the reader's language."""
    known = STATE_WORDS.get(value) if isinstance(value, str) else None
    return gettext(known) if known else shown_value(value)
