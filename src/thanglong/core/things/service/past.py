"""The verbs of the past: record, correct and forget it, find by it, show it, sum it up.

What is recorded leaves the present alone and stands in the things' log like everything devices write.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from thanglong.core.things.service import may_view, readable, require_write, write
from thanglong.core.things.service.bounds import require_own
from thanglong.core.things.service.tenancy import store_of
from thanglong.core.things.types import Asker, ThingQuery
from thanglong.kit import clock
from thanglong.kit.past import Evolution, Period, Summary, Window

__all__ = ["aggregates", "amend", "count", "evolutions", "find", "forget", "record", "withdraw"]


def record(asker: Asker, entities: Sequence[Mapping[str, Any]], *, create: bool = True) -> list[bool | None]:
    """Put instances into the past of entities; per entity whether its past is new (see ``kit.past.PastStore``)."""
    require_write(asker)
    require_own(asker, entities)
    return store_of(asker).record(entities, at=clock.now(), create=create)


def forget(asker: Asker, id: str, attribute: str = "", dataset: str | None = "") -> bool:
    """Take the past of an entity, or of one attribute, away; False: there is none."""
    require_write(asker)
    require_own(asker, ids=[id])
    return store_of(asker).forget(id, at=clock.now(), attribute=attribute, dataset=dataset)


def amend(asker: Asker, id: str, attribute: str, instance: str, content: Mapping[str, Any] | None) -> bool:
    """Exchange an instance of the past, or take it away (None); False where there is none."""
    require_write(asker)
    require_own(asker, ids=[id])
    return store_of(asker).amend(id, attribute, instance, content, at=clock.now())


def withdraw(asker: Asker, id: str, attribute: str) -> bool:
    """Tell the past of an entity that was only ever recorded that an attribute went; False where there is none."""
    return write(asker, [{"id": id, attribute: None}], "append")[0].refused is None


def find(asker: Asker, query: ThingQuery, attributes: Sequence[str], window: Window) -> list[str]:
    """Ids of entities with such a past; a stranger sees only open types."""
    types = readable(asker, query.types)
    return [] if types is None else store_of(asker).past_ids(replace(query, types=types), attributes, window)


def count(asker: Asker, query: ThingQuery, attributes: Sequence[str], window: Window) -> int:
    """How many :func:`find` would find without limit."""
    types = readable(asker, query.types)
    return 0 if types is None else store_of(asker).past_count(replace(query, types=types), attributes, window)


def evolutions(asker: Asker, ids: Sequence[str], attributes: Sequence[str], window: Window) -> list[Evolution]:
    """The past of entities; those hidden from the asker are left out."""
    found = store_of(asker).evolutions(ids, attributes, window)
    return [one for one in found if _shown(asker, one.types)]


def aggregates(
    asker: Asker,
    ids: Sequence[str],
    attributes: Sequence[str],
    window: Window,
    methods: Sequence[str],
    period: Period,
) -> list[Summary]:
    """Aggregates of the past of entities; those hidden from the asker are left out."""
    found = store_of(asker).aggregates(ids, attributes, window, methods, period)
    return [one for one in found if _shown(asker, one.types)]


def _shown(asker: Asker, types: Sequence[str]) -> bool:
    return any(may_view(asker, kind) for kind in types)
