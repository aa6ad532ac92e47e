"""History rows as what readers of the log see."""

from collections.abc import Callable
from typing import Any, Literal

import orjson

from thanglong.kit.ports import Change, Sample
from thanglong.stores.ops import BORN, GONE, REMOVED
from thanglong.stores.things import rows


def sample_of(at: int, observed: int, moment: int, value: str | None) -> Sample:
    """One past value."""
    return Sample(
        rows.moment(at), rows.moment(moment) if observed else None, None if value is None else orjson.loads(value)
    )


def changes_of(group: list[Any], name: Callable[[Any], str], nothing: int | str = 0) -> Change:
    """The change that rows ``(seq, at, tenant, entity, type, attr, op, value)`` of one sequence number tell of.

    ``name`` gives the text of a name in the rows; ``nothing`` is the attribute of a row about the entity itself.
    """
    seq, at, tenant, entity, kind = group[0][:5]
    ops = {row[6] for row in group}
    if GONE in ops:
        return Change(seq, rows.moment(at), entity, name(kind), None, "deleted", name(tenant))
    attributes: dict[str, Any] = {}
    for *_, attribute, op, value in group:
        if attribute == nothing:
            continue
        key = name(attribute)
        instance = None if op == REMOVED else orjson.loads(value)
        if key in attributes and instance is not None:
            known = attributes[key]
            attributes[key] = [*(known if isinstance(known, list) else [known]), instance]
        else:
            attributes[key] = instance
    what: Literal["created", "updated"] = "created" if BORN in ops else "updated"
    return Change(seq, rows.moment(at), entity, name(kind), attributes, what, name(tenant))
