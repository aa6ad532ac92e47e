"""Streets closed for works, floods, parades: a closure is a thing of the city database with a place and a time.

The ledger and the things are two stores. The act is entered first, together with an event; the thing follows. Whatever
happens in between (a full disk, a killed process), the event's task carries out what was entered.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction

from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import ObjectRef
from thanglong.core.things import service as things
from thanglong.core.things.types import ThingQuery, plain
from thanglong.domains.roads.rules.matching import arcs_along
from thanglong.domains.roads.service.live import CLOSURE, MOST, validity
from thanglong.domains.roads.service.routing import engine
from thanglong.domains.roads.types import Closed, Closure, Reopened
from thanglong.kit import bus, clock, ids, ports
from thanglong.kit.errors import N_, Conflict, Fault, Invalid, Unavailable
from thanglong.kit.ports import JSON, Actor

log = logging.getLogger(__name__)
MOST_REASON = 200


def close(actor: Actor, place: Mapping[str, Any], reason: str, until: datetime | None = None) -> Closure:
    """Close the street under a GeoJSON line or point for all vehicles (permission things.write); it opens by itself
    ``until`` then, or when somebody opens it.

    Invalid when no street lies within 30 m, when there is no reason, or when the end is past.
    """
    ports.require(actor, "things.write")
    now = clock.now()
    faults = []
    reason = reason.strip()
    if not reason or len(reason) > MOST_REASON:
        faults.append(Fault("reason", N_("Say in a few words why the street is closed.")))
    if until is not None and until <= now:
        faults.append(Fault("until", N_("The end lies in the past. Give a later moment.")))
    if not len(arcs_along(engine(), place)):
        faults.append(Fault("place", N_("No street lies within 30 metres. Give a point or a line on a street.")))
    if faults:
        raise Invalid(faults)
    id = f"urn:ngsi-ld:{CLOSURE}:{ids.new_id()}"
    entity: dict[str, Any] = {
        "id": id, "type": CLOSURE, "location": {"type": "GeoProperty", "value": dict(place)},
        "reason": {"type": "Property", "value": reason}, "validFrom": {"type": "Property", "value": now.isoformat()},
    }  # fmt: skip
    if until is not None:
        entity["validUntil"] = {"type": "Property", "value": until.isoformat()}
    with transaction.atomic():
        facts: dict[str, JSON] = {"reason": reason, "until": until.isoformat() if until else None}
        ledger.append(actor, "roads.closed", ObjectRef("closure", id), facts=facts)
        bus.publish(Closed(id, until, entity))
    with _carried_out_later(N_(
        "The street is entered as closed, but could not be barred yet. It will be as soon as the city database can be "
        "written; there is no need to close it again.")):  # fmt: skip
        things.write(actor, [entity])
    return Closure(id, place, reason, now, until)


def reopen(actor: Actor, id: str) -> None:
    """Open a closed street now (permission things.write); Conflict when it is not closed."""
    ports.require(actor, "things.write")
    if id not in {closure.id for closure in closures()}:
        raise Conflict(N_("This street is not closed any more."))
    with transaction.atomic():
        ledger.append(actor, "roads.reopened", ObjectRef("closure", id))
        bus.publish(Reopened(id))
    with _carried_out_later(N_(
        "The street is entered as open, but is still barred. It will be free as soon as the city database can be "
        "written; there is no need to open it again.")):  # fmt: skip
        things.delete(actor, [id])


@contextmanager
def _carried_out_later(text: str) -> Iterator[None]:
    """Tell that what was entered is not done yet, and let the event's task do it."""
    try:
        yield
    except Exception as problem:
        log.warning("a closure waits for the city database: %r", problem)
        raise Unavailable(text) from problem


def carry_out(act: Closed | Reopened) -> None:
    """Do what was entered in the ledger and is not done yet; safe to run twice and in any order."""
    verbs = {entry.verb for entry in ledger.entries(ObjectRef("closure", act.id))}
    present = act.id in things.get_many(ports.SYSTEM, [act.id])
    over = isinstance(act, Closed) and act.until is not None and act.until <= clock.now()
    if "roads.reopened" in verbs:
        if present:
            things.delete(ports.SYSTEM, [act.id])
    elif isinstance(act, Closed) and not present and not over and "roads.closed" in verbs:
        things.write(ports.SYSTEM, [act.entity])


def closures() -> list[Closure]:
    """Streets closed now or later, the newest first; those whose time is over are left out."""
    now, found = clock.now(), []
    for entity in things.query(ports.SYSTEM, ThingQuery(types=(CLOSURE,), limit=MOST)):
        since, until = validity(entity)
        if until is None or until > now:
            place = plain(entity, "location") or {}
            found.append(Closure(entity["id"], place, str(plain(entity, "reason", "")), since or now, until))
    return sorted(found, key=lambda closure: closure.since, reverse=True)
