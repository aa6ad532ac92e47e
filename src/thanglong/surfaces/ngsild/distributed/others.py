"""The past, and what is known of types and attributes, put together from several brokers (5.7.3 to 5.7.11)."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote

from thanglong.formats.ngsild.merging import merge_discovery, merge_evolutions
from thanglong.formats.ngsild.sources import Source, Wanted, matching
from thanglong.surfaces.ngsild.answers import Problem, accepted, send
from thanglong.surfaces.ngsild.distributed import local
from thanglong.surfaces.ngsild.distributed.asks import Ask
from thanglong.surfaces.ngsild.distributed.calls import Answer, Calls
from thanglong.surfaces.ngsild.distributed.matching import Work
from thanglong.surfaces.ngsild.distributed.reading import entities_of, wanted_names, warnings
from thanglong.surfaces.ngsild.parameters import listed
from thanglong.surfaces.ngsild.registrations import period_test, type_test

NOT_SENT = frozenset(["local", "csf", "via", "entityMap", "splitEntities"])
DISCOVERY = {
    ("types", False): "retrieveEntityTypes",
    ("types", True): "retrieveEntityTypeDetails",
    ("attributes", False): "retrieveAttrTypes",
    ("attributes", True): "retrieveAttrTypeDetails",
}
ONE = {"types": "retrieveEntityTypeInfo", "attributes": "retrieveAttrTypeInfo"}


class Others:
    """Temporal questions and discovery."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def temporal(self, work: Work) -> bool:
        """GET /temporal/entities and /temporal/entities/{id}; False when no source of the past is concerned."""
        given, parts = work.given, work.request.parts
        ids = (parts[0],) if parts else tuple(listed(given, "id"))
        test = type_test(given.get("type", ""), work.names)
        wanted = Wanted(test, ids, given.get("idPattern", ""), wanted_names(work))
        operation = "retrieveTemporal" if parts else "queryTemporal"
        fits: Callable[[Source], bool] = period_test(given) if "timerel" in given else _past
        concerned = [
            source
            for source in work.sources
            if operation in source.operations and work.open(source) and fits(source) and matching(source, wanted)
        ]
        if not concerned:
            return False
        work.check_loop(concerned)
        here = await local.run(work.request, work.handler, [*work.url, ("local", "true")])
        if not here.good and here.status != 404:
            await local.pass_on(work.request, here)
            return True
        path = "/temporal/entities" + (f"/{quote(parts[0], safe=':')}" if parts else "")
        answers = await self._ask(work, concerned, path)
        found = _evolutions(here, answers, parts[0] if parts else "")
        warned = warnings(answers)
        if parts and not found:
            raise Problem(404, "ResourceNotFound", "no broker knows of this entity", warned)
        kept = [(key, value) for key, value in here.headers if key in (b"content-range", b"ngsild-results-count")]
        content: Any = found[0] if parts else found
        status = here.status if here.good else 200
        kind = accepted(work.request)
        await send(work.request, kind, content, [*kept, *warned], names=work.names, status=status)
        return True

    async def discovery(self, work: Work, resource: str) -> bool:
        """GET /types, /types/{type}, /attributes, /attributes/{attribute}; False when no source is asked."""
        parts = work.request.parts
        operation = ONE[resource] if parts else DISCOVERY[resource, work.given.get("details") == "true"]
        concerned = [
            source
            for source in work.sources
            if operation in source.operations and not source.temporal and work.open(source)
        ]
        if not concerned:
            return False
        work.check_loop(concerned)
        here = await local.run(work.request, work.handler, [*work.url, ("local", "true")])
        if not here.good and here.status != 404:
            await local.pass_on(work.request, here)
            return True
        answers = await self._ask(work, concerned, f"/{resource}" + (f"/{quote(parts[0], safe=':')}" if parts else ""))
        known = [answer.content for answer in answers if answer.good and answer.content is not None]
        contents = [here.content, *known] if here.good else known
        warned = warnings(answers)
        if not contents:
            raise Problem(404, "ResourceNotFound", "no broker knows of this", warned)
        same = [content for content in contents if isinstance(content, type(contents[0]))]
        await send(work.request, accepted(work.request), merge_discovery(same), warned, names=work.names)
        return True

    async def _ask(self, work: Work, sources: Sequence[Source], path: str) -> list[Answer]:
        pairs = [(key, value) for key, value in work.query if value and key not in NOT_SENT]
        ask = Ask("GET", path, pairs, reads=True)
        return list(
            await asyncio.gather(
                *(self._calls.send(work.request, work.tenant, source, ask, work.names) for source in sources)
            )
        )


def _past(source: Source) -> bool:
    return source.temporal


def _evolutions(here: local.Here, answers: Sequence[Answer], id: str) -> list[dict[str, Any]]:
    """The pasts of entities, those of one entity put together."""
    content = here.content if here.good else []
    parts: dict[str, list[dict[str, Any]]] = {}
    for entity in content if isinstance(content, list) else [content]:
        parts.setdefault(entity["id"], []).append(entity)
    for answer in answers:
        for entity in entities_of(answer):
            if not id or entity["id"] == id:
                parts.setdefault(entity["id"], []).append(entity)
    return [merge_evolutions(parts[name]) for name in sorted(parts)]
