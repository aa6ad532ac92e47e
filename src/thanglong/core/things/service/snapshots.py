"""Snapshots: copies of what some questions found, on which all operations work apart from the present (clause 5.16).

The copy is kept like a tenant of its own, so every verb works on it. Filling runs behind the request; who asks sees how
far it is.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import orjson

from thanglong.core.things.service import find as find_present
from thanglong.core.things.service import past, require_write
from thanglong.core.things.service.auditing import audited
from thanglong.core.things.service.tenancy import PART, store_of, tenant_of
from thanglong.core.things.types import Pass, ThingQuery, iso
from thanglong.kit import clock, ports
from thanglong.kit.errors import N_, Conflict, NotFound
from thanglong.kit.past import Evolution, Window

log = logging.getLogger(__name__)
KIND = "snapshot"
PAGE = 500
USUAL, LONGEST = timedelta(days=1), timedelta(days=7)
NOTED = timedelta(minutes=1)
STALE = timedelta(hours=1)
"""A snapshot still in preparation after so long was interrupted."""
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a snapshot: of the present, or (``window``) of the past of ``attributes``."""

    query: ThingQuery
    attributes: Sequence[str] = ()
    window: Window | None = None


def inside(asker: Pass, id: str) -> Pass:
    """The same asker within a snapshot of their tenant."""
    return replace(asker, tenant=f"{owner(asker)}{PART}{id}")


def owner(asker: Pass) -> str:
    """The tenant whose snapshots an asker sees, also from within one."""
    return tenant_of(asker).partition(PART)[0]


def get(asker: Pass, id: str) -> Document:
    """A snapshot's document; NotFound, also when its time is over or its maker's rights do not reach."""
    for kept in ports.plugged.things.documents(KIND, owner(asker), [id]):
        found = dict(kept.body)
        if asker.view and datetime.fromisoformat(found["expiresAt"]) > clock.now():
            late = clock.now() - datetime.fromisoformat(found["createdAt"]) > STALE
            if found["snapshotStatus"] == "preparing" and late:
                found["snapshotStatus"] = "failure"
            return found
    raise NotFound


def all_of(asker: Pass) -> list[Document]:
    """All snapshots of the asker's tenant."""
    return [dict(kept.body) for kept in ports.plugged.things.documents(KIND, owner(asker))] if asker.view else []


def used(asker: Pass, found: Document) -> None:
    """Note that a snapshot was used, at most once a minute."""
    if clock.now() - datetime.fromisoformat(found["lastUsedAt"]) > NOTED:
        after = {**found, "lastUsedAt": iso(clock.now())}
        ports.plugged.things.put_document(owner(asker), KIND, found["id"], after)


def create(asker: Pass, given: Document, lifetime: timedelta | None) -> Document:
    """Enter a snapshot that is yet to be filled; Conflict when there is one of this id. Needs ``things.write``."""
    require_write(asker)
    _sweep(owner(asker))
    now = clock.now()
    life = min(lifetime or USUAL, LONGEST)
    made = {
        "snapshotPriority": 5,
        **given,
        "snapshotStatus": "preparing",
        "createdAt": iso(now),
        "modifiedAt": iso(now),
        "expiresAt": iso(now + life),
        "lastUsedAt": iso(now),
    }
    with audited(asker, "things.snapshot_made", "snapshot", made["id"]):
        if not ports.plugged.things.put_document(owner(asker), KIND, made["id"], made, create=True):
            raise Conflict(N_("There is already a snapshot %(id)s."), id=made["id"])
    return made


def change(asker: Pass, id: str, members: Mapping[str, Any], lifetime: timedelta | None) -> Document:
    """Put members into a snapshot's document (None takes out); ``lifetime`` counts from now."""
    require_write(asker)
    before = get(asker, id)
    after = {key: value for key, value in {**before, **members}.items() if value is not None}
    after["modifiedAt"] = iso(clock.now())
    if lifetime is not None:
        after["expiresAt"] = iso(clock.now() + min(lifetime, LONGEST))
    with audited(asker, "things.snapshot_changed", "snapshot", id):
        ports.plugged.things.put_document(owner(asker), KIND, id, after)
    return after


def delete(asker: Pass, id: str) -> None:
    """Delete a snapshot and its copies; NotFound."""
    require_write(asker)
    get(asker, id)
    with audited(asker, "things.snapshot_deleted", "snapshot", id):
        ports.plugged.things.drop_document(owner(asker), KIND, id)
    _purge(owner(asker), id)


def _purge(tenant: str, id: str) -> None:
    store = ports.plugged.things.of(f"{tenant}{PART}{id}")
    while found := store.query(ThingQuery(limit=PAGE)):
        store.delete([entity["id"] for entity in found], at=clock.now())
    store.purge()


def _sweep(tenant: str) -> None:
    """Delete snapshots whose time is over."""
    for kept in ports.plugged.things.documents(KIND, tenant):
        if datetime.fromisoformat(kept.body["expiresAt"]) <= clock.now():
            ports.plugged.things.drop_document(tenant, KIND, kept.id)
            _purge(tenant, kept.id)


def fill(asker: Pass, id: str, present: Sequence[Question], old: Sequence[Question]) -> Document:
    """Ask the questions and keep what they find; the document then says what became of each."""
    results = [_tried(partial(_fill_present, asker, id, one)) for one in present]
    of_past = [_tried(partial(_fill_past, asker, id, one)) for one in old]
    details = {"snapshotQueriesDetails": results, "snapshotTemporalQueriesDetails": of_past}
    states = {one["resultStatus"] for one in (*results, *of_past)}
    status = "success" if states == {"success"} else "partial" if "success" in states else ""
    return _settle(asker, id, status or ("empty" if "empty" in states else "failure"), details)


def clone(asker: Pass, source: str, id: str) -> Document:
    """Copy everything of one snapshot into another."""
    result = _tried(partial(_copy, inside(asker, source), inside(asker, id)))
    return _settle(asker, id, "failure" if result["resultStatus"] == "failure" else "success", {})


def _settle(asker: Pass, id: str, status: str, details: Mapping[str, Any]) -> Document:
    kept = ports.plugged.things.documents(KIND, owner(asker), [id])
    if not kept:  # deleted meanwhile
        _purge(owner(asker), id)
        raise NotFound
    shown = {key: value for key, value in details.items() if value}
    after = {**kept[0].body, **shown, "snapshotStatus": status, "modifiedAt": iso(clock.now())}
    ports.plugged.things.put_document(owner(asker), KIND, id, after)
    return after


def _tried(work: Callable[[], int]) -> Document:
    """What became of one question, as ExecutionResultDetails (clause 5.2.42)."""
    try:
        return {"resultStatus": "success" if work() else "empty"}
    except Exception as error:
        log.warning("a question of a snapshot failed", exc_info=error)
        problem = {"type": "https://uri.etsi.org/ngsi-ld/errors/InternalError", "title": "InternalError"}
        return {"resultStatus": "failure", "problemDetails": {**problem, "detail": str(error)[:500]}}


def _fill_present(asker: Pass, id: str, one: Question) -> int:
    store, total = store_of(inside(asker, id)), 0
    query = replace(one.query, limit=PAGE, offset=0, order=())
    while found := [orjson.loads(text) for text in find_present(asker, query)]:
        store.write(found, mode="replace", at=clock.now())
        total += len(found)
        query = replace(query, after=found[-1]["id"])
    return total


def _fill_past(asker: Pass, id: str, one: Question) -> int:
    store, total, after = store_of(inside(asker, id)), 0, ""
    window = replace(one.window or Window(), most=2**62)
    while ids := past.find(asker, replace(one.query, limit=PAGE, offset=0, after=after), one.attributes, window):
        recorded = [_recorded(entity) for entity in past.evolutions(asker, ids, one.attributes, window)]
        store.record(recorded, at=clock.now())
        total, after = total + len(ids), ids[-1]
    return total


def _recorded(one: Evolution) -> Document:
    instances = {
        name: [{**item.content, **({"deletedAt": iso_of(item.written)} if item.deleted else {})} for item in items]
        for name, items in one.instances.items()
    }
    return {"id": one.id, "type": list(one.types), **instances}


def iso_of(micros: int) -> str:
    """A moment of microseconds since 1970 as a document writes it."""
    return iso(datetime.fromtimestamp(micros / 1_000_000, clock.now().tzinfo))


def _copy(source: Pass, target: Pass) -> int:
    into, total = store_of(target), 0
    for ids in _all(source):
        alive = store_of(source).get(ids)
        into.write(list(alive.values()), mode="replace", at=clock.now())
        only_past = [id for id in ids if id not in alive]
        whole = Window(by="createdAt", most=2**62)
        into.record([_recorded(one) for one in store_of(source).evolutions(only_past, [], whole)], at=clock.now())
        total += len(ids)
    return total


def _all(source: Pass) -> Iterator[list[str]]:
    after = ""
    while ids := store_of(source).past_ids(ThingQuery(limit=PAGE, after=after), [], Window(by="createdAt")):
        yield ids
        after = ids[-1]
