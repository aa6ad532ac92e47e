"""Entities asked for by id or by a query, here and at the sources, put together (clauses 5.7.1 and 5.7.2)."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import orjson

from thanglong.core.things import service as things
from thanglong.formats.ngsild import entities as forms
from thanglong.formats.ngsild.merging import merge, merge_all, without_system
from thanglong.formats.ngsild.shown import with_attributes
from thanglong.formats.ngsild.sources import Information, Source, Wanted, any_of, ids_for, names_for
from thanglong.kit import clock
from thanglong.surfaces.ngsild.answers import Header, Problem
from thanglong.surfaces.ngsild.distributed import local
from thanglong.surfaces.ngsild.distributed.asks import Ask
from thanglong.surfaces.ngsild.distributed.calls import Answer, Calls
from thanglong.surfaces.ngsild.distributed.matching import Work
from thanglong.surfaces.ngsild.distributed.present import Shape
from thanglong.surfaces.ngsild.parameters import MOST, USUAL, flag, listed, number, search
from thanglong.surfaces.ngsild.registrations import Filter, pages, type_test

DROPPED = """
    local csf via limit offset count options format entityMap entityMapLifetime splitEntities geometryProperty jsonKeys
"""
NOT_SENT = frozenset(DROPPED.split())
"""Parameters that are for this broker, or that every source gets in the same way."""
FILTERS = frozenset(["q", "georel", "geometry", "coordinates", "geoproperty", "scopeQ", "attrs"])
MOST_PAGES = 10


def wanted_names(work: Work) -> frozenset[str]:
    """The attributes a request is about, from attrs and pick; empty: all."""
    given, found = work.given, []
    for key in ("attrs", "pick"):
        for part in given.get(key, "").split(","):
            name = part.partition("{")[0].strip("} ")
            if name and name not in ("id", "type", "scope", "@context"):
                found.append(work.names.expand_name(name))
    return frozenset(found)


Concerned = Sequence[tuple[Source, list[Information]]]


def _retrievable(work: Work, wanted: Wanted) -> Concerned:
    """The sources a single entity is asked of, with their matching parts."""
    return [
        (source, infos)
        for source, infos in work.present(wanted)
        if not source.operations.isdisjoint(("retrieveEntity", "queryEntity", "queryBatch"))
    ]


def _of_entity(answers: Sequence[Answer], id: str) -> list[tuple[Mapping[str, Any], bool]]:
    return [
        (entity, answer.source.mode == "auxiliary")
        for answer in answers
        for entity in entities_of(answer)
        if entity["id"] == id
    ]


class Reading:
    """Retrieve and query."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def retrieve(self, work: Work) -> bool:
        """GET /entities/{id}; False when no source is concerned."""
        id = work.request.parts[0]
        test = type_test(work.given.get("type", ""), work.names)
        wanted = Wanted(test, (id,), names=wanted_names(work))
        concerned = _retrievable(work, wanted)
        if not concerned:
            return False
        here = await local.run(work.request, work.handler, local_query(work.url))
        if not here.good and here.status != 404:
            await local.pass_on(work.request, here)
            return True
        work.check_loop([source for source, _ in concerned])
        shape = Shape.of(work)
        answers = await self._retrieved(work, concerned, wanted)
        parts: list[tuple[Mapping[str, Any], bool]] = [(here.content, False)] if here.good else []
        parts += _of_entity(answers, id)
        merged = merge(parts, clock.now()) if parts else None
        warned = warnings(answers)
        if merged is None:
            raise Problem(404, "ResourceNotFound", "no broker knows of this entity", warned)
        await shape.send_one(work.request, merged, warned)
        return True

    async def parts_elsewhere(self, work: Work, entity: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], bool]]:
        """What the sources of ``work`` hold of an entity, each part with whether it is auxiliary."""
        wanted = Wanted(any_of(things.types_of(entity)), (entity["id"],))
        concerned = _retrievable(work, wanted)
        return _of_entity(await self._retrieved(work, concerned, wanted), entity["id"])

    async def _retrieved(self, work: Work, concerned: Concerned, wanted: Wanted) -> list[Answer]:
        asks = [_retrieval(work, source, infos, wanted) for source, infos in concerned]
        return await self._all(work, [source for source, _ in concerned], asks)

    async def query(self, work: Work) -> bool:
        """GET /entities and POST /entityOperations/query; False when no source is concerned."""
        given = work.given
        ids = tuple(listed(given, "id"))
        wanted = Wanted(
            type_test(given.get("type", ""), work.names), ids, given.get("idPattern", ""), wanted_names(work)
        )
        filtered = Filter.of({"csf": given["csf"]}, work.names) if "csf" in given else None
        concerned = [
            (source, infos)
            for source, infos in work.present(wanted)
            if not source.operations.isdisjoint(("queryEntity", "queryBatch"))
            and (filtered is None or filtered(source.document))
        ]
        if not concerned:
            return False
        if "orderBy" in given:
            raise Problem(400, "BadRequestData", "what comes from several brokers cannot be ordered; add local=true")
        work.check_loop([source for source, _ in concerned])
        shape, split = Shape.of(work), flag(given, "splitEntities")
        mine = await self._mine(work, split)
        if isinstance(mine, local.Here):
            await local.pass_on(work.request, mine)
            return True
        asks = [_query(work, source, infos, wanted, split) for source, infos in concerned]
        answers = await self._all(work, [source for source, _ in concerned], asks)
        lists = [(entities_of(answer), answer.source.mode == "auxiliary") for answer in answers]
        merged = merge_all([(mine, False), *lists], clock.now())
        if split:
            merged = _filtered(work, merged)
        await self._send(work, shape, merged, warnings(answers))
        return True

    async def _mine(self, work: Work, split: bool) -> Any:
        """All entities here that a query finds, or the problem it met."""
        pairs = [(key, value) for key, value in local_query(work.url) if not (split and key in FILTERS)]
        found: list[Any] = []
        for page in range(MOST_PAGES):
            raw = work.raw if not split else _unfiltered(work.raw)
            here = await local.run(
                work.request, work.handler, [*pairs, ("limit", str(MOST)), ("offset", str(page * MOST))], raw
            )
            if not here.good:
                return here
            found += here.content
            if len(here.content) < MOST:
                break
        return found

    async def _all(self, work: Work, sources: Sequence[Source], asks: Sequence[Ask]) -> list[Answer]:
        """Ask every source at once; a query goes on while a source says it has more."""
        return list(
            await asyncio.gather(*(self._whole(work, source, ask) for source, ask in zip(sources, asks, strict=True)))
        )

    async def _whole(self, work: Work, source: Source, ask: Ask) -> Answer:
        first = await self._calls.send(work.request, work.tenant, source, ask, work.names)
        if first.status in (400, 403) and any(key == "limit" for key, _ in ask.query):
            # a source that knows no such page size: what its usual page holds is better than nothing
            plain = [pair for pair in ask.query if pair[0] not in ("limit", "count", "options")]
            return await self._calls.send(work.request, work.tenant, source, _with(ask, plain), work.names)
        content = first.content
        while first.good and first.count and isinstance(content, list) and MOST <= len(content) < first.count:
            if len(content) >= MOST * MOST_PAGES:
                break
            more = _with(ask, [*ask.query, ("offset", str(len(content)))])
            following = await self._calls.send(work.request, work.tenant, source, more, work.names)
            if not following.good or not isinstance(following.content, list) or not following.content:
                break
            content = [*content, *following.content]
        return first if content is first.content else _answer(first, content)

    async def _send(self, work: Work, shape: Shape, merged: list[dict[str, Any]], headers: list[Header]) -> None:
        given = work.given
        limit, offset = number(given, "limit", USUAL, MOST), number(given, "offset", 0, 10_000_000)
        if flag(given, "count"):
            headers.append((b"ngsild-results-count", b"%d" % len(merged)))
        elif limit == 0:
            raise Problem(400, "BadRequestData", "limit=0 goes with count=true")
        if work.request.method in ("GET", "HEAD"):
            headers += pages("/ngsi-ld/v1/entities", given, limit, offset, len(merged))
        await shape.send_many(work.request, merged[offset : offset + limit], headers)


def _with(ask: Ask, query: Sequence[tuple[str, str]]) -> Ask:
    return replace(ask, query=query)


def _answer(answer: Answer, content: Any) -> Answer:
    return replace(answer, content=content)


def local_query(query: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Parameters for the part done here: whole normalised entities, with the times the merging needs."""
    dropped = {
        "local",
        "csf",
        "via",
        "limit",
        "offset",
        "count",
        "options",
        "format",
        "splitEntities",
        "geometryProperty",
    }
    kept = [(key, value) for key, value in query if key not in dropped and value]
    return [*kept, ("options", "sysAttrs"), ("local", "true")]


def entities_of(answer: Answer) -> list[dict[str, Any]]:
    """The entities a source answered with: a list, or a single one."""
    content = answer.content if answer.good else None
    listed = content if isinstance(content, list) else [content] if isinstance(content, dict) else []
    return [item for item in listed if isinstance(item, dict) and isinstance(item.get("id"), str) and "type" in item]


def warnings(answers: Sequence[Answer]) -> list[Header]:
    """NGSILD-Warning headers: what sources did not answer as they should (clause 6.3.17)."""
    return [(b"ngsild-warning", answer.warning.encode("latin-1", "replace")) for answer in answers if answer.warning]


def _attributes(work: Work, infos: Sequence[Information], wanted: Wanted) -> list[str]:
    """The names to ask a source for where the client named none of them, or more than it has."""
    names = names_for(infos, wanted.names)
    return [work.names.compact_name(name) for name in sorted(names)] if names and names != wanted.names else []


def _types(work: Work, infos: Sequence[Information], wanted: Wanted) -> str:
    kinds = {kind for info in infos for entity in info.entities for kind in entity.types}
    if wanted.types is not None:
        kinds = {kind for kind in kinds if wanted.types(frozenset([kind]))}
    return ",".join(sorted(work.names.compact_name(kind) for kind in kinds))


def _sent(work: Work, infos: Sequence[Information], wanted: Wanted, dropped: frozenset[str]) -> list[tuple[str, str]]:
    """The client's parameters for a source, its attributes cut to what the source has."""
    pairs = [(key, value) for key, value in work.query if value and key not in NOT_SENT and key not in dropped]
    names = _attributes(work, infos, wanted)
    if names:
        pairs = [(key, value) for key, value in pairs if key != "attrs"] + [("attrs", ",".join(names))]
    return pairs


def _retrieval(work: Work, source: Source, infos: Sequence[Information], wanted: Wanted) -> Ask:
    pairs = _sent(work, infos, wanted, frozenset())
    id = wanted.ids[0]
    if "retrieveEntity" in source.operations:
        return Ask("GET", f"/entities/{quote(id, safe=':')}", [*pairs, ("options", "sysAttrs")], reads=True)
    if not any(key == "type" for key, _ in pairs) and (kinds := _types(work, infos, wanted)):
        pairs.append(("type", kinds))
    pairs.append(("id", id))
    if "queryEntity" in source.operations:
        return Ask("GET", "/entities", [*pairs, ("options", "sysAttrs")], reads=True)
    return _posted(pairs, [])


def _query(work: Work, source: Source, infos: Sequence[Information], wanted: Wanted, split: bool) -> Ask:
    pairs = _sent(work, infos, wanted, FILTERS if split else frozenset())
    ids = ids_for(infos, wanted)
    if ids and ids != wanted.ids:
        pairs = [(key, value) for key, value in pairs if key != "id"] + [("id", ",".join(ids))]
    if not any(key in ("type", "attrs", "q", "georel") for key, _ in pairs) and (kinds := _types(work, infos, wanted)):
        pairs.append(("type", kinds))
    whole = [("options", "sysAttrs"), ("limit", str(MOST)), ("count", "true")]
    posted = work.request.method == "POST"
    if ("queryBatch" if posted else "queryEntity") in source.operations:
        if not posted:
            return Ask("GET", "/entities", [*pairs, *whole], reads=True)
        return _posted(pairs, whole, None if split else orjson.loads(work.raw))
    return Ask("GET", "/entities", [*pairs, *whole], reads=True) if posted else _posted(pairs, whole)


GEO = {"georel": "georel", "geometry": "geometry", "coordinates": "coordinates", "geoproperty": "geoproperty"}


def _posted(pairs: Sequence[tuple[str, str]], whole: Sequence[tuple[str, str]], body: Any = None) -> Ask:
    """A query as POST /entityOperations/query: the client's own ``body``, or one made from parameters."""
    given = dict(pairs)
    made: dict[str, Any] = {"type": "Query"}
    selector = {key: given[key] for key in ("type", "idPattern") if key in given}
    ids = [id for id in given.get("id", "").split(",") if id]
    made["entities"] = [{**selector, "id": id} for id in ids] or ([selector] if selector else [])
    if not made["entities"]:
        del made["entities"]
    for key in ("attrs", "pick", "omit", "datasetId"):
        if key in given:
            made[key] = given[key].split(",")
    for key in ("q", "scopeQ", "lang"):
        if key in given:
            made[key] = given[key]
    if "georel" in given:
        made["geoQ"] = {key: given[key] for key in GEO if key in given}
        made["geoQ"]["coordinates"] = orjson.loads(given["coordinates"])
    if isinstance(body, dict):
        kept = {
            key: value for key, value in body.items() if key not in ("@context", "entityMap", "csf", "splitEntities")
        }
        made = {**made, **kept} if "attrs" not in made else {**made, **kept, "attrs": made["attrs"]}
    return Ask("POST", "/entityOperations/query", whole, made, reads=True)


def _unfiltered(raw: bytes) -> bytes:
    """The body of a query without what only an entity put together can be tested for."""
    if not raw:
        return raw
    body = orjson.loads(raw)
    return orjson.dumps({key: value for key, value in body.items() if key not in ("q", "geoQ", "scopeQ", "attrs")})


def _filtered(work: Work, merged: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The entities put together that hold the filters taken out of the requests."""
    asked = {key: value for key, value in work.given.items() if key in FILTERS}
    if not asked:
        return merged
    holds = things.matcher(search({**asked, "local": "true"}, work.names))
    found = []
    for entity in merged:
        if holds(forms.entity_in(without_system(entity), forms.Reading(work.names))):
            attributes = listed(asked, "attrs")
            found.append(with_attributes(entity, attributes) if attributes else entity)
    return found
