"""Entities: create, read, find, exchange, merge, delete, purge."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import orjson

from thanglong.core.things import service as things
from thanglong.core.things.types import Pass, ThingQuery, Written
from thanglong.formats.ngsild import entities as forms
from thanglong.formats.ngsild import query as language
from thanglong.formats.ngsild.shown import OWN
from thanglong.formats.ngsild.vocabulary import Vocabulary
from thanglong.kit.errors import Conflict, NotFound
from thanglong.kit.ports import AllOf, AnyOf, Condition, Term, WriteMode
from thanglong.surfaces.asgi import Request
from thanglong.surfaces.gate import Gate
from thanglong.surfaces.ngsild import entity_maps
from thanglong.surfaces.ngsild.answers import GEO_JSON, JSON, LD_JSON, Header, Problem, accepted, send
from thanglong.surfaces.ngsild.contexts import content_of, names_of
from thanglong.surfaces.ngsild.parameters import (
    SEARCH,
    SHOW,
    SYSTEM,
    criteria,
    flag,
    narrow,
    options,
    parameters,
    search,
)  # fmt: skip
from thanglong.surfaces.ngsild.showing import ONE, Wish, older_version, send_as, shown, wish_of
from thanglong.surfaces.waking import finished

MOST_BODY = 2 << 20
ANSWERS = (JSON, LD_JSON, GEO_JSON)
HIDDEN = b'"expiresAt"'
"""In the text of an entity: something is to be left out unless system attributes are asked for."""
PURGE_AT_ONCE, MOST_PURGED = 500, 1_000_000
PLACE = "/ngsi-ld/v1/entities/"


async def write_one(who: Pass, entity: Mapping[str, Any], mode: WriteMode) -> Written:
    """Write one entity; what became of it."""
    return (await finished(things.write_soon(who, [entity], mode)))[0]


async def known(gate: Gate, who: Pass, name: str, kinds: str, vocabulary: Vocabulary) -> dict[str, Any]:
    """An entity that is to be changed; NotFound where it is not there or has none of the types asked for."""
    found = things.get(who, name) if things.quick() else await gate.run(things.get, who, name)
    if kinds and not _has_types(found, kinds, vocabulary):
        raise NotFound
    return found


def _has_types(entity: Mapping[str, Any], kinds: str, vocabulary: Vocabulary) -> bool:
    named, more = language.types(kinds, vocabulary)
    return things.matcher(ThingQuery(types=named, where=more))(entity)


class Entities:
    """Handlers under ``/entities``, but for attributes."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    async def create(self, request: Request) -> None:
        """POST /entities"""
        parameters(request, ())
        who = await self._gate.pass_of(request)
        things.require_write(who)
        content, vocabulary = await content_of(self._gate, request, MOST_BODY)
        entity = forms.entity_in(content, forms.Reading(vocabulary))
        if (await write_one(who, entity, "create")).refused:
            raise Conflict("There is already an entity %(id)s.", id=entity["id"])
        await request.respond(201, b"", [(b"location", f"{PLACE}{quote(entity['id'], safe=':')}".encode())])

    async def get(self, request: Request) -> None:
        """GET /entities/{id}"""
        given = parameters(request, ONE)
        kind = accepted(request, ANSWERS)
        vocabulary = await names_of(self._gate, request)
        who = await self._gate.pass_of(request)
        name = forms.checked_uri(request.parts[0])
        wish = wish_of(given, kind, vocabulary)
        raw = things.raw(who, name) if things.quick() else await self._gate.run(things.raw, who, name)
        version, mapped = older_version(request), entity_maps.wanted(request, given)
        plain = not given and not mapped and kind != GEO_JSON and vocabulary.core
        if plain and version is None and HIDDEN not in raw:
            await send(request, kind, None, raw=raw)
            return
        entity = orjson.loads(raw)
        if "type" in given and not _has_types(entity, given["type"], vocabulary):
            raise NotFound
        if wish.attrs and not any(key in entity for key in wish.attrs):
            raise NotFound
        answer = await self._shown(who, [entity], wish)
        if not answer[0] and not wish.geojson:
            raise NotFound
        # an entity without linked ones is shown as what it is, as suites expect it; clause 4.5.23.3 has a list of one
        content: Any = answer if len(answer) > 1 else answer[0]
        headers = entity_maps.of_one(request, given, who, name) if mapped else []
        await send_as(request, kind, content, headers, vocabulary, version)

    async def find(self, request: Request) -> None:
        """GET /entities"""
        given = parameters(request, (*SEARCH, *SHOW))
        vocabulary = await names_of(self._gate, request)
        await self.answer(request, given, vocabulary, f"{PLACE.rstrip('/')}")

    async def answer(self, request: Request, given: dict[str, str], vocabulary: Vocabulary, path: str = "") -> None:
        """Answer a question with a page of entities; ``path`` is the address its neighbours are linked to."""
        kind = accepted(request, ANSWERS)
        who = await self._gate.pass_of(request)
        wish = wish_of(given, kind, vocabulary)
        query = showable(search(given, vocabulary), wish)
        check_links(query, wish)
        headers: list[Header] = []
        total = None
        if flag(given, "count"):
            total = await self._gate.run(things.count, who, query)
            headers.append((b"ngsild-results-count", b"%d" % total))
        elif query.limit == 0:
            raise Problem(400, "BadRequestData", "limit=0 goes with count=true")
        asked, following = query, None
        if query.limit and entity_maps.wanted(request, given):
            work = (entity_maps.page, request, given, who, query, entity_maps.present)
            asked, following, told = await self._gate.run(*work)
            headers.extend(told)
        texts = await self._gate.run(things.find, who, _one_more(asked)) if query.limit else []
        more, texts = len(texts) > query.limit if following is None else following, texts[: query.limit]
        if path:
            headers.extend(neighbours(path, given, query, more))
        version = older_version(request)
        if kind == JSON and wish.plain and version is None and not any(HIDDEN in text for text in texts):
            await send(request, kind, None, headers, raw=b"[" + b",".join(texts) + b"]")
            return
        found = await self._shown(who, [orjson.loads(text) for text in texts], wish)
        content: Any = [one for one in found if one]
        if wish.geojson:
            content = {"type": "FeatureCollection", "features": found}
        await send_as(request, kind, content, headers, vocabulary, version)

    async def _shown(self, who: Pass, found: list[dict[str, Any]], wish: Wish) -> list[dict[str, Any]]:
        if wish.join or wish.options.system:
            return await self._gate.run(shown, who, found, wish)
        return shown(who, found, wish)

    async def delete(self, request: Request) -> None:
        """DELETE /entities/{id}"""
        given = parameters(request, ("type",))
        vocabulary = await names_of(self._gate, request)
        who = await self._gate.pass_of(request)
        things.require_write(who)
        name = forms.checked_uri(request.parts[0])
        if "type" in given:
            await known(self._gate, who, name, given["type"], vocabulary)
        if not (await self._gate.run(things.delete, who, [name]))[0]:
            raise NotFound
        await request.respond(204)

    async def replace(self, request: Request) -> None:
        """PUT /entities/{id}: all attributes are exchanged."""
        given = parameters(request, ("type", "options", "format"))
        who = await self._gate.pass_of(request)
        things.require_write(who)
        name = forms.checked_uri(request.parts[0])
        content, vocabulary = await content_of(self._gate, request, MOST_BODY)
        before = await known(self._gate, who, name, given.get("type", ""), vocabulary)
        reading = forms.Reading(vocabulary, simple=options(given).format == "keyValues", known=before)
        entity = forms.entity_in(content, reading, partial=True, id=name)
        await write_one(who, {"type": before["type"], **entity}, "replace")
        await request.respond(204)

    async def merge(self, request: Request) -> None:
        """PATCH /entities/{id}: what is given goes into the attributes there are; urn:ngsi-ld:null deletes."""
        given = parameters(request, ("type", "options", "format", "observedAt", "lang"))
        who = await self._gate.pass_of(request)
        things.require_write(who)
        name = forms.checked_uri(request.parts[0])
        content, vocabulary = await content_of(self._gate, request, MOST_BODY)
        before = await known(self._gate, who, name, given.get("type", ""), vocabulary)
        entity = merging(content, given, vocabulary, before, name)
        if (await write_one(who, entity, "merge")).refused:
            raise NotFound
        await request.respond(204)

    async def purge(self, request: Request) -> None:
        """DELETE /entities: every entity that holds, or with pick or omit only some of its attributes."""
        given = parameters(request, SEARCH)
        vocabulary = await names_of(self._gate, request)
        who = await self._gate.pass_of(request)
        things.require_write(who)
        narrow(given, vocabulary)
        query, wish = criteria(given, vocabulary), wish_of(given, JSON, vocabulary)
        check_links(query, wish)
        await self._gate.run(_purged, who, query, wish)
        await request.respond(204)


def merging(
    content: Any, given: Mapping[str, str], vocabulary: Vocabulary, before: Mapping[str, Any], name: str
) -> dict[str, Any]:
    """The fragment of a merge: bare values keep the kind of what is there, a common moment and language are put in."""
    lang, at = given.get("lang", ""), given.get("observedAt", "")
    simple = options(given, ("noOverwrite",)).format == "keyValues"
    reading = forms.Reading(vocabulary, nulls=True, deep=True, simple=simple, known=before, lang=lang)
    entity = forms.entity_in(content, reading, partial=True, id=name)
    if not at:
        return entity
    forms.checked_time(at, "observedAt")
    for key, attribute in entity.items():
        if key in OWN or attribute is None:
            continue
        there = before.get(key)
        had = {one.get("datasetId") for one in _several(there) if "observedAt" in one} if there else set()
        for instance in _several(attribute):
            if "observedAt" not in instance and (there is None or instance.get("datasetId") in had):
                instance["observedAt"] = at
    return entity


def _several(attribute: Any) -> list[Any]:
    return attribute if isinstance(attribute, list) else [attribute]


def showable(query: ThingQuery, wish: Wish) -> ThingQuery:
    """The question for entities of which a projection leaves something to be seen (clause 4.21)."""
    if not wish.pick or wish.geojson or not wish.pick.keys().isdisjoint((*OWN, *SYSTEM)):
        return query
    some: Condition = AnyOf([Term(name, "exists") for name in wish.pick])
    return replace(query, where=some if query.where is None else AllOf([query.where, some]))


def check_links(query: ThingQuery, wish: Wish) -> None:
    """Problem 400 where a question follows more Relationships than it joins."""
    if language.link_depth(query.where) > (wish.level if wish.join else 0):
        raise Problem(400, "BadRequestData", "terms on linked entities need join and a joinLevel as deep")


def _one_more(query: ThingQuery) -> ThingQuery:
    return replace(query, limit=query.limit + 1)


def neighbours(path: str, given: Mapping[str, str], query: ThingQuery, more: bool) -> list[Header]:
    """Link headers to the next and the previous page (clause 6.3.10)."""
    found: list[Header] = []
    steps = []
    if query.offset:
        steps.append(("prev", max(query.offset - query.limit, 0)))
    if more and query.limit:
        steps.append(("next", query.offset + query.limit))
    for relation, offset in steps:
        pairs = sorted({**given, "limit": str(query.limit), "offset": str(offset)}.items())
        address = "&".join(f"{key}={quote(value, safe=language.LEGIBLE)}" for key, value in pairs)
        found.append((b"link", f'<{path}?{address}>; rel="{relation}";type="application/json"'.encode()))
    return found


def _purged(who: Pass, query: ThingQuery, wish: Wish) -> None:
    """Delete what a query finds, a few hundred at a time."""
    after = ""
    for _ in range(MOST_PURGED // PURGE_AT_ONCE):
        found = things.query(who, replace(query, limit=PURGE_AT_ONCE, after=after))
        if not found:
            return
        after = found[-1]["id"]
        if wish.pick is None and not wish.omit:
            things.delete(who, [entity["id"] for entity in found])
            continue
        parts = []
        for entity in found:
            gone = [key for key in entity if key not in OWN and _goes(key, wish)]
            if gone:
                parts.append({"id": entity["id"], **dict.fromkeys(gone)})
        if parts:
            things.write(who, parts, "update")


def _goes(key: str, wish: Wish) -> bool:
    return key in wish.pick if wish.pick is not None else key not in (wish.omit or {})
