"""Access keys bound to types of things, or to a unit: they write those and nothing else.

A meter reader's key then cannot switch lamps, though its owner may, and a ward's key changes nothing in the next ward.
A key bound to types also reads only those and what is open to all. The types are those the store keeps; a thing lies
in the unit that its Relationship ``unit`` names.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson

from thanglong.core.things.service.tenancy import store_of
from thanglong.core.things.types import UNIT, Asker, Pass, plain, types_of
from thanglong.kit import ports
from thanglong.kit.errors import N_, Denied
from thanglong.kit.ports import Actor

WRITE = "things.write"
NOT_YOURS = N_("This access key is bound to other types of things.")
ELSEWHERE = N_("This access key is bound to another unit, or the thing has none.")


def bound(asker: Asker) -> frozenset[str]:
    """The types an asker is bound to; empty: none, all are open to them."""
    return (asker.actor if isinstance(asker, Pass) else asker).types


def units_of(actor: Actor) -> frozenset[UUID] | None:
    """The units in which a client may write things; None: everywhere. Officials are judged by the pages they use."""
    if actor.kind != "client":
        return None
    reach = ports.reach(actor, WRITE)
    return None if reach.everywhere else reach.units


def require_own(asker: Asker, entities: Iterable[Mapping[str, Any]] = (), ids: Sequence[str] = ()) -> None:
    """Denied when a bound key would write an entity of a type or unit which is not its own, or make it one.

    Costs a bound key one reading of the entities as they are; all others nothing.
    """
    own = bound(asker)
    units = asker.units if isinstance(asker, Pass) else units_of(asker)
    if not own and units is None:
        return
    wished = list(entities)
    known = store_of(asker).raw([*ids, *(item["id"] for item in wished)])
    present = {id: orjson.loads(text) for id, text in known.items()}
    if own and not all(own.issuperset(types_of(item)) for item in (*wished, *present.values()) if item.get("type")):
        raise Denied(NOT_YOURS)
    if units is None:
        return
    placed = [*present.values(), *(item for item in wished if "unit" in item or item["id"] not in present)]
    if not all(_unit(item) in units for item in placed):
        raise Denied(ELSEWHERE)


def _unit(entity: Mapping[str, Any]) -> UUID | None:
    target = plain(entity, "unit")
    try:
        return UUID(target.removeprefix(UNIT)) if isinstance(target, str) else None
    except ValueError:
        return None
