"""Access keys bound to types of things: they read those and what is open to all, and write nothing else.

A meter reader's key then cannot switch lamps, though its owner may. The types are those the store keeps.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from thanglong.core.things.service.tenancy import store_of
from thanglong.core.things.types import Asker, Pass, types_of
from thanglong.kit.errors import N_, Denied

NOT_YOURS = N_("This access key is bound to other types of things.")


def bound(asker: Asker) -> frozenset[str]:
    """The types an asker is bound to; empty: none, all are open to them."""
    return (asker.actor if isinstance(asker, Pass) else asker).types


def require_types(asker: Asker, entities: Iterable[Mapping[str, Any]] = (), ids: Sequence[str] = ()) -> None:
    """Denied when a bound key would write an entity that has, or would get, a type which is not its own.

    Costs a bound key one reading of the entities as they are; all others nothing.
    """
    own = bound(asker)
    if not own:
        return
    wished = list(entities)
    known = store_of(asker).raw([*ids, *(item["id"] for item in wished)])
    present = (orjson.loads(text) for text in known.values())
    if not all(own.issuperset(types_of(item)) for item in (*wished, *present) if item.get("type")):
        raise Denied(NOT_YOURS)
