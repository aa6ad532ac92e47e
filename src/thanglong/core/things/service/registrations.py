"""Context source registrations: which other brokers hold entities of a tenant, and what was sent to them.

Reading them needs ``things.view``, changing them ``things.write``; what to send along (``contextSourceInfo``, often a
key) is shown only to those who may change it. Each change stands in the ledger.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from thanglong.core.things.service.auditing import audited
from thanglong.core.things.service.tenancy import store_of, tenant_of
from thanglong.core.things.types import Pass, Term, ThingQuery, iso
from thanglong.formats.ngsild.registrations import READ_ONLY, complete
from thanglong.formats.ngsild.sources import Source, overlapping, source_of
from thanglong.kit import clock, ids, ports
from thanglong.kit.documents import Document, Progress
from thanglong.kit.errors import N_, Conflict, Denied, Invalid, NotFound, NotSignedIn
from thanglong.kit.ports import AnyOf
from thanglong.stores.things.terms import checked_pattern

KIND = "registration"
COUNTERS = READ_ONLY - {"createdAt", "modifiedAt", "@context"}
MOST = 5000
"""Registrations a tenant may have."""


class Overlap(Conflict):
    """A registration that claims what is held elsewhere already."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of operations sent to a source since the last note."""

    sent: int = 0
    failed: int = 0
    last_success: datetime | None = None
    last_failure: datetime | None = None
    ok: bool = True


def _require(who: Pass, allowed: bool) -> None:
    if not allowed:
        raise NotSignedIn if who.actor.kind == "citizen" and who.actor.id is None else Denied


def register(who: Pass, document: Mapping[str, Any]) -> str:
    """Enter a registration (kept form); its id. Conflict: there is one of this id; Overlap: it claims too much."""
    _require(who, who.write)
    tenant = tenant_of(who)
    id = document.get("id") or f"urn:ngsi-ld:ContextSourceRegistration:{ids.new_id()}"
    kept = {"id": id, **document, "createdAt": iso(clock.now()), "modifiedAt": iso(clock.now())}
    known = _live(tenant)
    if any(item.id == id for item in known):
        raise Conflict(N_("There is already a registration %(id)s."), id=id)
    if len(known) >= MOST:
        raise Invalid(N_("A tenant can have 5,000 registrations."))
    _check(who, kept, known)
    with audited(who, "things.source_registered", KIND, id, _facts(tenant, kept)):
        if not ports.plugged.things.put_document(tenant, KIND, id, kept, create=True):
            raise Conflict(N_("There is already a registration %(id)s."), id=id)
    return str(id)


def amend(who: Pass, id: str, fragment: Mapping[str, Any]) -> None:
    """Exchange members of a registration; one given as None is taken away."""
    _require(who, who.write)
    tenant = tenant_of(who)
    known = _live(tenant)
    before = next((item.body for item in known if item.id == id), None)
    if before is None:
        raise NotFound
    changed = {**before, **fragment, "id": id, "modifiedAt": iso(clock.now())}
    kept = {key: value for key, value in changed.items() if value is not None}
    complete(kept)
    _check(who, kept, [item for item in known if item.id != id])
    with audited(who, "things.source_changed", KIND, id, _facts(tenant, kept)):
        if not ports.plugged.things.put_document(tenant, KIND, id, kept):
            raise NotFound


def unregister(who: Pass, id: str) -> None:
    """Take a registration back."""
    _require(who, who.write)
    tenant = tenant_of(who)
    with audited(who, "things.source_withdrawn", KIND, id, {"tenant": tenant} if tenant else {}):
        if not ports.plugged.things.drop_document(tenant, KIND, id):
            raise NotFound


def registration(who: Pass, id: str) -> dict[str, Any]:
    """A registration with its counters, in kept form."""
    _require(who, who.view)
    for item in ports.plugged.things.documents(KIND, tenant_of(who), [id]):
        if not _expired(item):
            return _shown(who, item)
    raise NotFound


def registrations(who: Pass) -> list[dict[str, Any]]:
    """All registrations of the asker's tenant in the order they were made, with their counters."""
    _require(who, who.view)
    return [_shown(who, item) for item in _live(tenant_of(who))]


def sources() -> dict[str, list[Source]]:
    """The sources of every tenant that has any: for the surfaces, which ask them on behalf of those who may."""
    found: dict[str, list[Source]] = {}
    for item in ports.plugged.things.documents(KIND):
        if not _expired(item):
            found.setdefault(item.tenant, []).append(source_of(item.body))
    return found


def version() -> int:
    """A number that changes with every registration made, changed or taken back."""
    return ports.plugged.things.documents_version()


def note(tenant: str, counts: Mapping[str, Sent]) -> None:
    """Add what was sent to sources (by registration) to their counters."""
    rows = []
    for item in ports.plugged.things.documents(KIND, tenant, list(counts)):
        new, old = counts[item.id], item.state
        rows.append(Progress(tenant, item.id, None, added(old, new)))
    if rows:
        ports.plugged.things.note(KIND, rows)


def added(old: Mapping[str, Any], new: Sent) -> dict[str, Any]:
    """Counters of a registration with new ones added."""
    found = {key: value for key, value in old.items() if key in COUNTERS}
    found["timesSent"] = old.get("timesSent", 0) + new.sent
    if new.failed or "timesFailed" in old:
        found["timesFailed"] = old.get("timesFailed", 0) + new.failed
    if new.last_success is not None:
        found["lastSuccess"] = iso(new.last_success)
    if new.last_failure is not None:
        found["lastFailure"] = iso(new.last_failure)
    found["status"] = "ok" if new.ok else "failed"
    return found


def _expired(item: Document) -> bool:
    end = item.body.get("expiresAt")
    return end is not None and datetime.fromisoformat(end) <= clock.now()


def _live(tenant: str) -> list[Document]:
    """The registrations of a tenant; those whose time is over are deleted on the way."""
    live = []
    for item in ports.plugged.things.documents(KIND, tenant):
        if _expired(item):
            ports.plugged.things.drop_document(tenant, KIND, item.id)
        else:
            live.append(item)
    return live


def _shown(who: Pass, item: Document) -> dict[str, Any]:
    found = {**item.body, **{key: value for key, value in item.state.items() if key in READ_ONLY}}
    if not who.write:
        found.pop("contextSourceInfo", None)
    return found


def _facts(tenant: str, document: Mapping[str, Any]) -> dict[str, Any]:
    facts = {"endpoint": document["endpoint"], "mode": document.get("mode", "inclusive")}
    return {**facts, "tenant": tenant} if tenant else facts


def _check(who: Pass, document: Mapping[str, Any], others: Sequence[Document]) -> None:
    """Overlap when others, or entities held here, stand against a registration (clause 5.9.2.4); Invalid patterns."""
    mine = source_of(document)
    for info in mine.information:
        for entity in info.entities:
            if entity.pattern:
                checked_pattern(entity.pattern)
    if mine.proxied and not mine.temporal:
        if any(overlapping(document, source_of(item.body)) for item in others):
            raise Overlap(N_("Another registration holds these attributes of the entity."))
        if any(_held_here(who, query) for query in _claims(mine)):
            raise Overlap(N_("An entity that is here already matches this registration."))


def _claims(source: Source) -> list[ThingQuery]:
    """Queries for the entities held here that a proxied registration would claim."""
    found = []
    for info in source.information:
        where = AnyOf([Term(name, "exists") for name in sorted(info.names)]) if info.names else None
        if not info.entities:
            found.append(ThingQuery(where=where, limit=1))
        for entity in info.entities:
            named = (entity.id,) if entity.id else ()
            found.append(
                ThingQuery(types=sorted(entity.types), ids=named, id_pattern=entity.pattern, where=where, limit=1)
            )
    return found


def _held_here(who: Pass, query: ThingQuery) -> bool:
    return bool(store_of(who).find(query))


__all__ = [
    "MOST", "Overlap", "Sent", "added", "amend", "note", "register", "registration", "registrations", "sources",
    "unregister", "version",
]  # fmt: skip
