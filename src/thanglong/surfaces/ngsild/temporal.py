"""Reading the past of entities: ``/temporal/entities`` (clauses 5.7.3 and 5.7.4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from thanglong.core.things.service import past
from thanglong.core.things.types import Pass, ThingQuery, stamp
from thanglong.formats.ngsild import shown as forms
from thanglong.formats.ngsild import temporal
from thanglong.formats.ngsild.entities import checked_uri
from thanglong.formats.ngsild.shown import Tree
from thanglong.formats.ngsild.vocabulary import Vocabulary
from thanglong.kit.errors import NotFound
from thanglong.kit.past import Evolution, Summary
from thanglong.surfaces.asgi import Request
from thanglong.surfaces.gate import Gate
from thanglong.surfaces.ngsild import entity_maps
from thanglong.surfaces.ngsild.answers import Header, Problem, accepted, send
from thanglong.surfaces.ngsild.contexts import content_of, names_of, with_link
from thanglong.surfaces.ngsild.entities import neighbours
from thanglong.surfaces.ngsild.parameters import (
    SEARCH,
    SHOW,
    criteria,
    flag,
    names,
    narrow,
    number,
    parameters,
)
from thanglong.surfaces.ngsild.queries import asked as in_body
from thanglong.surfaces.ngsild.timing import TIME, Asked, asked, content_range, trimmed

ONE = ("attrs", "pick", "omit", "options", "format", "type", "lang", "datasetId", "csf", "entityMap", "splitEntities")
FIND = (*SEARCH, *(key for key in SHOW if key not in ("join", "joinLevel", "containedBy")))
IN_ADDRESS = ("options", "format", "limit", "offset", "count", "entityMap")
PAGE_SIZE = "pageSize"
"""What some clients call the limit of a question to the past."""
USUAL, MOST, MOST_BODY = 20, 1000, 1 << 20
PARTIAL = 206
ROOT = "/ngsi-ld/v1/temporal/entities"


@dataclass(frozen=True, slots=True)
class Parts:
    """Which attributes are wanted, which members of an entity are shown, and in which languages."""

    names: Vocabulary
    attributes: Sequence[str]
    attrs: Sequence[str]
    pick: Tree | None
    omit: Tree | None
    languages: Sequence[tuple[str, float]]


class Temporal:
    """Reading handlers under ``/temporal``."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    async def one(self, request: Request) -> None:
        """GET /temporal/entities/{id}"""
        given = parameters(request, (*TIME, *ONE))
        kind, who = accepted(request), await self._gate.pass_of(request)
        vocabulary = await names_of(self._gate, request)
        name, ask, parts = checked_uri(request.parts[0]), asked(given, False), _parts(given, vocabulary)

        def work() -> tuple[list[dict[str, Any]], list[Header]]:
            whole = past.evolutions(who, [name], ["scope"], replace(ask.window, since=None, until=None, timed=False))
            if not whole:
                raise NotFound
            return _shown(who, [name], ask, parts)

        found, cut = await self._gate.run(work)
        if not found:
            if parts.attrs or ask.window.timed:
                raise NotFound
            whole = await self._gate.run(_bare, who, name, ask, parts)
            found = [whole]
        await _answer(request, kind, found[0], cut, vocabulary)

    async def find(self, request: Request) -> None:
        """GET /temporal/entities"""
        given = parameters(request, (*FIND, *TIME, PAGE_SIZE))
        if PAGE_SIZE in given:
            given.setdefault("limit", given.pop(PAGE_SIZE))
        vocabulary = await names_of(self._gate, request)
        await self._find(request, given, vocabulary)

    async def query(self, request: Request) -> None:
        """POST /temporal/entityOperations/query"""
        given = parameters(request, IN_ADDRESS)
        content, vocabulary = await content_of(self._gate, request, MOST_BODY)
        words = await with_link(self._gate, request, vocabulary)
        await self._find(request, _aggregation_of(content, in_body(content, given, temporal=True)), words)

    async def _find(self, request: Request, given: Mapping[str, str], vocabulary: Vocabulary) -> None:
        kind, who = accepted(request), await self._gate.pass_of(request)
        ask, parts = asked(given, True), _parts(given, vocabulary)
        query = _query(given, vocabulary)
        counted = flag(given, "count")
        if query.limit == 0 and not counted:
            raise Problem(400, "BadRequestData", "limit=0 goes with count=true")

        def work() -> tuple[list[dict[str, Any]], list[Header]]:
            headers: list[Header] = []
            if counted:
                total = past.count(who, query, parts.attributes, ask.window)
                headers.append((b"ngsild-results-count", b"%d" % total))
            asked_for, following = query, None
            if query.limit and entity_maps.wanted(request, given):
                find = entity_maps.in_past(given, vocabulary)
                asked_for, following, told = entity_maps.page(request, given, who, query, find)
                headers += told
            ids = past.find(who, replace(asked_for, limit=query.limit + 1), parts.attributes, ask.window)
            more = len(ids) > query.limit if following is None else following
            if request.method != "POST":
                headers += neighbours(ROOT, given, query, more)
            shown, cut = _shown(who, ids[: query.limit], ask, parts) if query.limit else ([], [])
            return shown, [*headers, *cut]

        found, headers = await self._gate.run(work)
        await _answer(request, kind, found, headers, vocabulary)


async def _answer(request: Request, kind: str, content: Any, headers: Sequence[Header], vocabulary: Vocabulary) -> None:
    """Send, with 206 where the past was cut."""
    status = PARTIAL if any(name == b"content-range" for name, _ in headers) else 200
    await send(request, kind, content, headers, names=vocabulary, status=status)


def _aggregation_of(content: Mapping[str, Any], given: dict[str, str]) -> dict[str, str]:
    """With the aggregation a body's temporalQ names."""
    wanted = content.get("temporalQ")
    if isinstance(wanted, dict):
        methods = wanted.get("aggrMethods")
        if isinstance(methods, list) and all(isinstance(one, str) for one in methods):
            given["aggrMethods"] = ",".join(methods)
        elif methods is not None:
            given["aggrMethods"] = methods if isinstance(methods, str) else orjson.dumps(methods).decode()
        if "aggrPeriodDuration" in wanted:
            given["aggrPeriodDuration"] = str(wanted["aggrPeriodDuration"])
        if "aggrMethods" in given and "format" not in given and "options" not in given:
            given["format"] = "aggregatedValues"
    return given


def _parts(given: Mapping[str, str], vocabulary: Vocabulary) -> Parts:
    if "attrs" in given and ("pick" in given or "omit" in given):
        raise Problem(400, "BadRequestData", "attrs goes neither with pick nor with omit")
    pick = forms.projection(given["pick"], vocabulary) if "pick" in given else None
    omit = forms.projection(given["omit"], vocabulary) if "omit" in given else None
    if forms.depth_of(pick) or forms.depth_of(omit):
        raise Problem(400, "BadRequestData", "the past knows no linked entities")
    attrs = names(given, "attrs", vocabulary)
    picked = [key for key in pick or () if key not in forms.OWN or key == "scope"]
    languages = forms.languages(given["lang"]) if "lang" in given else ()
    return Parts(vocabulary, attrs or picked, attrs, pick, omit, languages)


def _query(given: Mapping[str, str], vocabulary: Vocabulary) -> ThingQuery:
    narrow(given, vocabulary)
    if given.get("orderBy", "id") != "id" or ("orderBy" in given and not flag(given, "local")):
        raise Problem(400, "BadRequestData", "the past is ordered by id alone, and only with local=true")
    asked_for = {key: value for key, value in given.items() if key != "attrs"}
    query = criteria(asked_for, vocabulary)
    return replace(query, limit=number(given, "limit", USUAL, MOST), offset=number(given, "offset", 0, 10_000_000))


def _shown(who: Pass, ids: Sequence[str], ask: Asked, parts: Parts) -> tuple[list[dict[str, Any]], list[Header]]:
    """Entities as they are shown, those without anything in the window left out; and the header of a cut answer."""
    wanted = parts.attributes
    if ask.summed:
        sums = past.aggregates(who, ids, wanted, ask.window, ask.methods, ask.period)
        if wanted:
            _require_eligible(sums, ask)
        made = [temporal.summary(one, ask.methods, stamp) for one in sums]
        return [_projected(one, parts) for one in made], []
    evolutions = [trimmed(one, ask) for one in past.evolutions(who, ids, wanted, ask.window)]
    evolutions = [one for one in evolutions if one.instances]
    render = temporal.values if ask.form == "temporalValues" else temporal.normalised
    made = [render(_spoken(one, parts), ask.window, ask.system, stamp) for one in evolutions]
    return [_projected(one, parts) for one in made], content_range(evolutions, ask)


def _bare(who: Pass, name: str, ask: Asked, parts: Parts) -> dict[str, Any]:
    """An entity of which nothing is to be shown but itself."""
    known = past.evolutions(who, [name], ["scope"], replace(ask.window, since=None, until=None, timed=False))
    return _projected(temporal.head_of(known[0].id, known[0].types), parts)


def _require_eligible(found: Sequence[Summary], ask: Asked) -> None:
    for one in found:
        for item in one.aggregates:
            for bucket in item.buckets:
                missing = [method for method in ask.methods if method not in bucket.values]
                if missing:
                    text = f"{', '.join(missing)} cannot be had of {item.attribute}"
                    raise Problem(400, "InvalidRequest", text)


def _spoken(one: Evolution, parts: Parts) -> Evolution:
    """With texts of languages in the wanted one."""
    if not parts.languages:
        return one
    instances = {
        name: [replace(item, content=forms.in_language({name: item.content}, parts.languages)[name]) for item in items]
        for name, items in one.instances.items()
    }
    return replace(one, instances=instances)


def _projected(entity: dict[str, Any], parts: Parts) -> dict[str, Any]:
    kept = forms.picked(entity, parts.pick, parts.omit) if parts.pick is not None or parts.omit else entity
    return parts.names.compact_entity(kept)
