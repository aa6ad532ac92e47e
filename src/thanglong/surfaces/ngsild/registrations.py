"""Registrations of context sources: ``/csourceRegistrations`` (clauses 5.9, 5.10, 6.8 and 6.9 of the standard)."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from thanglong.core.things import service as things
from thanglong.core.things.service import registrations as service
from thanglong.core.things.service.registrations import Overlap
from thanglong.core.things.types import Pass, ThingQuery
from thanglong.formats.ngsild import query as language
from thanglong.formats.ngsild.entities import checked_time, checked_uri
from thanglong.formats.ngsild.registrations import registration_in, registration_out
from thanglong.formats.ngsild.sources import (
    Source,
    Wanted,
    any_of,
    in_period,
    matching,
    period_of,
    properties,
    source_of,
)
from thanglong.formats.ngsild.vocabulary import Vocabulary
from thanglong.kit import clock
from thanglong.kit.errors import NotFound
from thanglong.kit.ports import AllOf, Condition
from thanglong.surfaces.asgi import Request
from thanglong.surfaces.gate import Gate
from thanglong.surfaces.ngsild.answers import Header, Problem, accepted, send
from thanglong.surfaces.ngsild.contexts import content_of, names_of
from thanglong.surfaces.ngsild.distributed.counts import Counts
from thanglong.surfaces.ngsild.distributed.sources import Sources
from thanglong.surfaces.ngsild.parameters import MOST, USUAL, flag, listed, number, options, parameters

MOST_BODY = 2 << 20
ROOT = "/ngsi-ld/v1/csourceRegistrations"
GEO = ("georel", "geometry", "coordinates", "geoproperty")
TIME = ("timerel", "timeAt", "endTimeAt", "timeproperty")
ASKING = ("id", "type", "idPattern", "attrs", "q", "csf", "scopeQ", *GEO, *TIME, "limit", "offset", "count", "options")
NAMED = re.compile(r"[,|;()]+")


Changed = Callable[[str, Mapping[str, Any] | None, Mapping[str, Any] | None], Awaitable[None]]
"""Told of a change in a tenant: the registration before and after it (None: there was, or is, none)."""


class Registrations:
    """Handlers; what changes here is seen by distributed operations at once."""

    def __init__(self, gate: Gate, sources: Sources, counts: Counts, changed: Changed | None = None) -> None:
        self._gate, self._sources, self._counts, self._told = gate, sources, counts, changed

    async def create(self, request: Request) -> None:
        """POST /csourceRegistrations"""
        parameters(request, ())
        who = await self._gate.pass_of(request)
        things.require_write(who)
        content, names = await content_of(self._gate, request, MOST_BODY)
        document = registration_in(content, names, clock.now())
        id = await self._changed(who, document.get("id", ""), service.register, document)
        await request.respond(201, b"", [(b"location", f"{ROOT}/{quote(id, safe=':')}".encode())])

    async def _changed(self, who: Pass, id: str, verb: Any, *arguments: Any) -> Any:
        before = await self._one(who, id)
        try:
            found = await self._gate.orm(verb, who, *arguments)
        except Overlap as error:
            raise Problem(409, "Conflict", str(error)) from error
        await self._sources.look()
        if self._told is not None:
            await self._told(who.tenant, before, await self._one(who, id or found))
        return found

    async def _one(self, who: Pass, id: str) -> Mapping[str, Any] | None:
        if not id or self._told is None:
            return None
        try:
            return await self._gate.run(service.registration, replace(who, view=True), id)
        except NotFound:
            return None

    async def get(self, request: Request) -> None:
        """GET /csourceRegistrations/{id}"""
        given = parameters(request, ("options",))
        kind, names = accepted(request), await names_of(self._gate, request)
        who = await self._gate.pass_of(request)
        found = await self._gate.run(service.registration, who, checked_uri(request.parts[0]))
        await send(request, kind, self._shown(who, found, names, given), names=names)

    async def change(self, request: Request) -> None:
        """PATCH /csourceRegistrations/{id}"""
        parameters(request, ())
        who = await self._gate.pass_of(request)
        things.require_write(who)
        id = checked_uri(request.parts[0])
        content, names = await content_of(self._gate, request, MOST_BODY)
        fragment = registration_in(content, names, clock.now(), partial=True)
        await self._changed(who, id, service.amend, id, fragment)
        await request.respond(204)

    async def delete(self, request: Request) -> None:
        """DELETE /csourceRegistrations/{id}"""
        parameters(request, ())
        who = await self._gate.pass_of(request)
        things.require_write(who)
        id = checked_uri(request.parts[0])
        await self._changed(who, id, service.unregister, id)
        await request.respond(204)

    async def find(self, request: Request) -> None:
        """GET /csourceRegistrations"""
        given = parameters(request, ASKING)
        kind, names = accepted(request), await names_of(self._gate, request)
        who = await self._gate.pass_of(request)
        limit, offset = number(given, "limit", USUAL, MOST), number(given, "offset", 0, 10_000_000)
        counted = flag(given, "count")
        if limit == 0 and not counted:
            raise Problem(400, "BadRequestData", "limit=0 goes with count=true")

        def work() -> list[dict[str, Any]]:
            return asked(service.registrations(who), given, names)

        found = await self._gate.run(work)
        headers: list[Header] = [(b"ngsild-results-count", b"%d" % len(found))] if counted else []
        headers += pages(ROOT, given, limit, offset, len(found))
        shown = [self._shown(who, item, names, given) for item in found[offset : offset + limit]]
        await send(request, kind, shown, headers, names=names)

    def _shown(
        self, who: Pass, document: Mapping[str, Any], names: Vocabulary, given: Mapping[str, str]
    ) -> dict[str, Any]:
        found = registration_out(self._counts.shown(who.tenant, document), names)
        if not options(given).system:
            found.pop("createdAt", None)
            found.pop("modifiedAt", None)
        return found


def pages(root: str, given: Mapping[str, str], limit: int, offset: int, total: int) -> list[Header]:
    """Link headers to the page before and the one after (clause 6.3.10)."""
    found: list[Header] = []

    def link(relation: str, at: int) -> Header:
        text = urlencode({**given, "limit": limit, "offset": at}, safe=":,/")
        return b"link", f'<{root}?{text}>;rel="{relation}";type="application/ld+json"'.encode()

    if limit and offset > 0:
        found.append(link("prev", max(0, offset - limit)))
    if limit and offset + limit < total:
        found.append(link("next", offset + limit))
    return found


def asked(documents: Sequence[dict[str, Any]], given: Mapping[str, str], names: Vocabulary) -> list[dict[str, Any]]:
    """The registrations a query for context sources finds (clause 5.10.2.4); Problem 400 when it asks too widely."""
    ids = tuple(checked_uri(part) for part in listed(given, "id"))
    own = {item["id"] for item in documents}.intersection(ids)
    if not own and not any(key in given for key in ("type", "attrs", "q", "georel")):
        raise Problem(400, "BadRequestData", "ask for type, attrs, q or an area")
    test = Filter.of(given, names, () if own else ids)
    return [item for item in documents if (not own or item["id"] in own) and test(item)]


class Filter:
    """Whether a registration is one that is asked for: by a query, or by a subscription to registrations.

    ``query`` holds conditions, scopes and an area for the properties of the source.
    """

    def __init__(self, wanted: Wanted, query: ThingQuery, time: Callable[[Source], bool]) -> None:
        self._wanted, self._time = wanted, time
        self._properties = things.matcher(query) if query.where or query.area else None

    @classmethod
    def of(cls, given: Mapping[str, str], names: Vocabulary, ids: tuple[str, ...] = ()) -> "Filter":
        """The filter that the parameters of a query state; ``ids`` are ids of entities."""
        attributes = [names.expand_name(part) for part in listed(given, "attrs")]
        if "q" in given:
            attributes += roots(language.condition(given["q"], names))
        conditions = [language.condition(given["csf"], names)] if "csf" in given else []
        if "scopeQ" in given:
            conditions.append(language.scopes(given["scopeQ"]))
        test = type_test(given.get("type", ""), names)
        return cls(
            Wanted(test, ids, given.get("idPattern", ""), frozenset(attributes)),
            ThingQuery(where=AllOf(conditions) if conditions else None, area=area_of(given, names)),
            period_test(given),
        )

    def __call__(self, document: Mapping[str, Any]) -> bool:
        return bool(self.parts(document))

    def parts(self, document: Mapping[str, Any]) -> list[int]:
        """The numbers of the matching parts of its information (none: it is not asked for)."""
        source = source_of(document)
        found = matching(source, self._wanted)
        if not found or not self._time(source):
            return []
        if self._properties is not None and not self._properties(properties(document)):
            return []
        return [number for number, info in enumerate(source.information) if info in found]


def type_test(text: str, names: Vocabulary) -> Any:
    """A test for one of the types that a selection names; None for none, or for ``*``."""
    listed = [part for part in NAMED.split(text) if part]
    return None if "*" in listed else any_of(names.expand_name(part) for part in listed)


def roots(condition: Condition) -> list[str]:
    """The names of the attributes a condition is about."""
    paths = language.attributes_in(condition)
    return [path if "://" in path else re.split(r"[\[.]", path)[0] for path in paths]


def area_of(given: Mapping[str, str], names: Vocabulary) -> Any:
    """The area of a geo-query, or None; a polygon may come without its outer brackets and its last position."""
    if "georel" not in given:
        return None
    coordinates = given.get("coordinates", "")
    if given.get("geometry") == "Polygon" and re.match(r"\s*\[\s*\[\s*[-\d]", coordinates):
        first = re.match(r"\s*\[\s*(\[[^\]]*\])", coordinates)
        closing = f",{first[1]}" if first else ""
        coordinates = f"[{coordinates.strip()[:-1]}{closing}]]"
    return language.area(
        given["georel"], given.get("geometry", ""), coordinates, given.get("geoproperty", "location"), names
    )


def period_test(given: Mapping[str, Any]) -> Callable[[Source], bool]:
    """Whether a source is asked: for the present (no time given: it has no period), or for the past its period fits."""
    relation = given.get("timerel", "")
    if not relation:
        return lambda source: not source.temporal
    if relation not in ("before", "after", "between") or "timeAt" not in given:
        raise Problem(400, "BadRequestData", "timerel is before, after or between, with timeAt")
    at = datetime.fromisoformat(checked_time(given["timeAt"], "timeAt"))
    until = None
    if relation == "between":
        until = datetime.fromisoformat(checked_time(given.get("endTimeAt"), "endTimeAt"))
    by = given.get("timeproperty", "observedAt")

    def test(source: Source) -> bool:
        return in_period(period_of(source.document, by), relation, at, until)

    return test
