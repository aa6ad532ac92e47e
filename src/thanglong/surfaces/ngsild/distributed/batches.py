"""Batches, spread over the brokers that hold their entities (clauses 5.6.7 to 5.6.10 and 5.6.20)."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import orjson

from thanglong.core.things.service import tenancy
from thanglong.formats.ngsild import entities as forms
from thanglong.formats.ngsild.sources import Source, Wanted, any_of
from thanglong.kit.errors import Invalid
from thanglong.surfaces.ngsild.answers import JSON
from thanglong.surfaces.ngsild.distributed import local
from thanglong.surfaces.ngsild.distributed.asks import Ask
from thanglong.surfaces.ngsild.distributed.calls import Answer, Calls
from thanglong.surfaces.ngsild.distributed.matching import Work
from thanglong.surfaces.ngsild.distributed.outcome import UNSUPPORTED, part_of
from thanglong.surfaces.ngsild.distributed.writing import MEMBERS, split

BATCH = {
    "create": ("createBatch", "createEntity"),
    "upsert": ("upsertBatch", "createEntity"),
    "update": ("updateBatch", "appendAttrs"),
    "merge": ("mergeBatch", "mergeEntity"),
    "delete": ("deleteBatch", "deleteEntity"),
}
"""The operation of a batch, and the one for each entity alone where a source does not offer it."""


@dataclass(slots=True)
class Heap:
    """What one source gets: entities (or ids) cut to what it holds."""

    source: Source
    items: list[Any] = field(default_factory=list)


@dataclass(slots=True)
class Tally:
    """S and E of the standard: ids that went well, and errors; ids done by who alone holds them."""

    good: dict[str, None] = field(default_factory=dict)
    errors: list[dict[str, Any]] = field(default_factory=list)
    elsewhere: set[str] = field(default_factory=set)

    def fail(self, id: str, problem: Mapping[str, Any], registration: str) -> None:
        """Note that an entity went wrong at a source."""
        self.errors.append({"entityId": id, "error": dict(problem), "registrationId": registration})


class Batches:
    """``/entityOperations/create``, ``upsert``, ``update``, ``merge``, ``delete``."""

    def __init__(self, calls: Calls, run: Any) -> None:
        self._calls, self._run = calls, run

    async def batch(self, work: Work, verb: str, content: Any, context: Any) -> bool:
        """Do a batch; False when no source is concerned."""
        if not isinstance(content, list) or not content or any(item is None for item in content):
            return False
        heaps: dict[str, Heap] = {}
        refused: dict[str, Heap] = {}
        mine = await self._cut(work, verb, content, heaps, refused)
        if not heaps and not refused:
            return False
        work.check_loop([heap.source for heap in (*heaps.values(), *refused.values())])
        here = None
        if mine:
            sent = [
                {**item, "@context": context} if context is not None and verb != "delete" else item for item in mine
            ]
            here = await local.run(work.request, work.handler, [*work.url, ("local", "true")], orjson.dumps(sent))
            if here.status == 400:
                await local.pass_on(work.request, here)
                return True
        tally = Tally()
        for heap in refused.values():
            for item in heap.items:
                tally.fail(_id(item), UNSUPPORTED, heap.source.id)
        await asyncio.gather(*(self._forward(work, verb, heap, context, tally) for heap in heaps.values()))
        created = _count_here(here, mine, tally) if here is not None else []
        await _tell(work, verb, tally, created)
        return True

    async def _cut(
        self, work: Work, verb: str, content: Sequence[Any], heaps: dict[str, Heap], refused: dict[str, Heap]
    ) -> list[Any]:
        """Put each entity's parts on the heaps of its sources; what is done here."""
        mine = []
        known = await self._known(work, content)
        for item in content:
            id = _id(item)
            kinds = item.get("type", item.get("@type")) if isinstance(item, dict) else None
            types = _types(work, kinds) or known.get(id, [])
            if not _readable(work, verb, item):
                mine.append(item)  # the usual handler says what is wrong with it
                continue
            sources = [source for source, _ in work.present(Wanted(any_of(types), (id,))) if source.mode != "auxiliary"]
            body = item if isinstance(item, dict) else {}
            terms = {term: work.names.expand_name(term) for term in body if term not in MEMBERS}
            cut = split(sources, BATCH[verb], id, types, terms)
            for shares, onto in ((cut.shares, heaps), (cut.refused, refused)):
                for share in shares:
                    heap = onto.setdefault(share.source.id, Heap(share.source))
                    heap.items.append(_part(item, share.terms))
            if cut.here or verb == "delete":
                mine.append(_part(item, cut.left))
        return mine

    async def _known(self, work: Work, content: Sequence[Any]) -> dict[str, list[str]]:
        """The types of the entities that are here."""
        ids = [id for item in content if (id := _id(item))]
        found = await self._run(tenancy.store_of(work.who).get, ids)
        return {
            id: [entity["type"]] if isinstance(entity["type"], str) else list(entity["type"])
            for id, entity in found.items()
        }

    async def _forward(self, work: Work, verb: str, heap: Heap, context: Any, tally: Tally) -> None:
        source, ids = heap.source, [_id(item) for item in heap.items]
        if BATCH[verb][0] in source.operations:
            ask = Ask("POST", f"/entityOperations/{verb}", work.url, heap.items, None if verb == "delete" else context)
            answer = await self._calls.send(work.request, work.tenant, source, ask, work.names)
            _count(answer, ids, tally)
            return
        asks = [_alone(work, verb, item, context) for item in heap.items]
        answers = await asyncio.gather(
            *(self._calls.send(work.request, work.tenant, source, ask, work.names) for ask in asks)
        )
        for id, answer in zip(ids, answers, strict=True):
            _count(answer, [id], tally)


def _id(item: Any) -> str:
    id = item.get("id", item.get("@id")) if isinstance(item, dict) else item
    return id if isinstance(id, str) else ""


def _with(item: Any, context: Any) -> Any:
    return {**item, "@context": context} if isinstance(item, dict) else item


def _types(work: Work, kinds: Any) -> list[str]:
    listed = [kinds] if isinstance(kinds, str) else kinds if isinstance(kinds, list) else []
    return [work.names.expand_name(kind) for kind in listed if isinstance(kind, str)]


def _readable(work: Work, verb: str, item: Any) -> bool:
    try:
        if verb == "delete":
            forms.checked_uri(item)
        else:
            partial = verb in ("update", "merge")
            forms.entity_in(item, forms.Reading(work.names, nulls=partial, deep=verb == "merge"), partial=partial)
    except Invalid:
        return False
    return True


def _part(item: Any, terms: Sequence[str] | None) -> Any:
    if terms is None or not isinstance(item, dict):
        return item
    return {key: value for key, value in item.items() if key in MEMBERS or key in terms}


def _alone(work: Work, verb: str, item: Any, context: Any) -> Ask:
    """The same for one entity, for a source that knows no batches."""
    path = f"/entities/{quote(_id(item), safe=':')}"
    if verb == "delete":
        return Ask("DELETE", path)
    if verb in ("create", "upsert"):
        return Ask("POST", "/entities", (), item, context)
    if verb == "merge":
        return Ask("PATCH", path, (), item, context)
    return Ask("POST", f"{path}/attrs", work.url, item, context)


def _count(answer: Answer, ids: Sequence[str], tally: Tally) -> None:
    """Add what a source did to S and E."""
    source, content = answer.source, answer.content
    if not answer.good:
        problem = part_of(answer).problem
        for id in ids:
            tally.fail(id, problem, source.id)
        return
    bad: set[str] = set()
    if answer.status == 207 and isinstance(content, Mapping):
        for error in content.get("errors", ()):
            if isinstance(error, Mapping):
                bad.add(str(error.get("entityId")))
                tally.errors.append({"registrationId": source.id, **error})
    done = [id for id in ids if id not in bad]
    tally.good.update(dict.fromkeys(done))
    if source.proxied:
        tally.elsewhere.update(done)


def _count_here(here: local.Here, mine: Sequence[Any], tally: Tally) -> list[str]:
    """Add what was done here; the entities made new."""
    content = here.content
    if here.status == 207:
        tally.good.update(dict.fromkeys(content["success"]))
        for error in content["errors"]:
            missing = error["error"].get("status") == 404
            if not (missing and error["entityId"] in tally.elsewhere):
                tally.errors.append(error)
        return []
    if not here.good:
        tally.errors.extend({"entityId": _id(item), "error": content or {}} for item in mine)
        return []
    tally.good.update(dict.fromkeys(_id(item) for item in mine))
    return content if isinstance(content, list) else []


async def _tell(work: Work, verb: str, tally: Tally, created: Sequence[str]) -> None:
    request = work.request
    if tally.errors:
        body = {"success": list(tally.good), "errors": tally.errors}
        await request.respond(207, orjson.dumps(body), kind=JSON.encode())
    elif verb == "create" or created:
        done = list(tally.good) if verb == "create" else list(created)
        await request.respond(201, orjson.dumps(done), kind=JSON.encode())
    else:
        await request.respond(204)
