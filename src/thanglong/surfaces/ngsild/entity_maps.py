"""Entity maps: the entities a question found, kept for minutes so that paging stays on them (clauses 5.5.9.3, 5.14).

They live in the memory of the process that answers: one that is lost is made again, as the standard wants it.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import orjson

from thanglong.core.things import service as things
from thanglong.core.things.service import past
from thanglong.core.things.types import Pass, ThingQuery, iso
from thanglong.formats.ngsild.entities import checked_time, checked_uri
from thanglong.formats.ngsild.temporal import duration
from thanglong.formats.ngsild.vocabulary import Vocabulary
from thanglong.kit import clock
from thanglong.kit.errors import NotFound
from thanglong.kit.ids import new_id
from thanglong.surfaces.asgi import Request
from thanglong.surfaces.gate import Gate
from thanglong.surfaces.ngsild.answers import Header, Problem, accepted
from thanglong.surfaces.ngsild.contexts import content_of, names_of
from thanglong.surfaces.ngsild.parameters import SEARCH, SHOW, criteria, flag, names, narrow, parameters
from thanglong.surfaces.ngsild.queries import asked as in_body
from thanglong.surfaces.ngsild.timing import TIME, asked

LIFETIME, LONGEST = timedelta(minutes=10), timedelta(days=1)
MOST_IDS, MOST_KEPT = 200_000, 1_000_000
PLACE = "/ngsi-ld/v1/entityMaps/"
PAGE, MOST_BODY = 1000, 1 << 20
HEADER = "ngsild-entitymap"
LOCAL = "@none"


@dataclass(frozen=True, slots=True)
class EntityMap:
    """The ids a question found, in the order of pages, and until when they are kept."""

    id: str
    tenant: str
    expires: datetime
    ids: Sequence[str]

    def document(self) -> dict[str, Any]:
        """As the standard shows it (clause 5.2.39); every entity is held here."""
        held = {id: [LOCAL] for id in self.ids}
        return {"id": self.id, "type": "EntityMap", "expiresAt": iso(self.expires), "entityMap": held, "linkedMaps": {}}


class Maps:
    """The maps of this process; the oldest go when there are too many ids."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], EntityMap] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, map: EntityMap) -> None:
        """Keep a map, in the place of one of the same id."""
        with self._lock:
            self._known[map.tenant, map.id] = map
            now, held = clock.now(), 0
            for key, one in reversed(list(self._known.items())):
                held += len(one.ids)
                if one.expires <= now or held > MOST_KEPT:
                    del self._known[key]

    def find(self, tenant: str, id: str) -> EntityMap | None:
        """A map whose time is not over."""
        found = self._known.get((tenant, id))
        return found if found is not None and found.expires > clock.now() else None

    def drop(self, tenant: str, id: str) -> bool:
        """Forget a map; False when there is none."""
        with self._lock:
            return self._known.pop((tenant, id), None) is not None


MAPS = Maps()
Find = Callable[[Pass, ThingQuery], list[str]]


class EntityMaps:
    """Handlers under ``/entityMaps`` and ``/temporal/entityMaps``."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    async def create(self, request: Request) -> None:
        """GET or POST /entityMaps"""
        given, vocabulary = await self._question(request, (*SEARCH, *SHOW), False)
        narrow(given, vocabulary)
        await self._made(request, given, criteria(given, vocabulary), present)

    async def create_past(self, request: Request) -> None:
        """GET or POST /temporal/entityMaps"""
        given, vocabulary = await self._question(request, (*SEARCH, *SHOW, *TIME), True)
        narrow(given, vocabulary)
        query = criteria({key: value for key, value in given.items() if key != "attrs"}, vocabulary)
        await self._made(request, given, query, in_past(given, vocabulary))

    async def _question(
        self, request: Request, known: Sequence[str], temporal: bool
    ) -> tuple[dict[str, str], Vocabulary]:
        given = parameters(request, (*known, "entityMapLifetime"))
        if request.method != "POST":
            return given, await names_of(self._gate, request)
        content, vocabulary = await content_of(self._gate, request, MOST_BODY)
        return in_body(content, given, temporal=temporal), vocabulary

    async def _made(self, request: Request, given: Mapping[str, str], query: ThingQuery, find: Find) -> None:
        kind, who = accepted(request), await self._gate.pass_of(request)
        made = await self._gate.run(_make, who, given, query, find)
        headers = [(HEADER.encode(), f"{PLACE}{made.id}".encode())]
        await request.respond(201, orjson.dumps(made.document()), headers, kind.encode())

    async def get(self, request: Request) -> None:
        """GET /entityMaps/{id}"""
        parameters(request, ())
        found = await self._known(request)
        await request.respond(200, orjson.dumps(found.document()), kind=accepted(request).encode())

    async def change(self, request: Request) -> None:
        """PATCH /entityMaps/{id}: how long it is kept; whatever else is sent is passed over."""
        parameters(request, ())
        content, _ = await content_of(self._gate, request, MOST_BODY)
        found = await self._known(request)
        if not isinstance(content, dict):
            raise Problem(400, "BadRequestData", "send an object")
        if "expiresAt" in content:
            wished = datetime.fromisoformat(checked_time(content["expiresAt"], "expiresAt"))
            MAPS.keep(replace(found, expires=min(wished, clock.now() + LONGEST)))
        await request.respond(204)

    async def delete(self, request: Request) -> None:
        """DELETE /entityMaps/{id}"""
        parameters(request, ())
        found = await self._known(request)
        MAPS.drop(found.tenant, found.id)
        await request.respond(204)

    async def _known(self, request: Request) -> EntityMap:
        who = await self._gate.pass_of(request)
        found = MAPS.find(_owner(who), checked_uri(request.parts[0]))
        if found is None:
            raise NotFound
        return found


def _owner(who: Pass) -> str:
    """Whose maps an asker sees: a stranger's hold open entities alone, so others' are kept apart."""
    return f"{who.tenant}{things.PART}{'all' if who.view else ''}"


def _make(who: Pass, given: Mapping[str, str], query: ThingQuery, find: Find) -> EntityMap:
    """Ask the whole question and keep what it finds; Problem 403 when that is too much."""
    ids: list[str] = []
    while True:
        page = find(who, replace(query, limit=PAGE, offset=0, after=ids[-1] if ids else "", order=()))
        ids += page
        if len(page) < PAGE:
            break
        if len(ids) > MOST_IDS:
            raise Problem(403, "TooManyResults", f"an entity map holds {MOST_IDS} entities at most")
    return _kept(who, given, ids)


def _kept(who: Pass, given: Mapping[str, str], ids: Sequence[str]) -> EntityMap:
    """A new map of these entities."""
    life = LIFETIME
    if "entityMapLifetime" in given:
        wished = duration(given["entityMapLifetime"])
        life = min(timedelta(days=wished.months * 30, microseconds=wished.micros), LONGEST)
    made = EntityMap(f"urn:ngsi-ld:EntityMap:{new_id()}", _owner(who), clock.now() + life, ids)
    MAPS.keep(made)
    return made


def present(who: Pass, query: ThingQuery) -> list[str]:
    """Ids of entities as they are now."""
    return [orjson.loads(text)["id"] for text in things.find(who, query)]


def in_past(given: Mapping[str, str], vocabulary: Vocabulary) -> Find:
    """Finds ids of entities by their past."""
    window, attributes = asked(given, True).window, names(given, "attrs", vocabulary)
    return lambda who, query: past.find(who, query, attributes, window)


def wanted(request: Request, given: Mapping[str, str]) -> bool:
    """Whether a request pages by a map."""
    return flag(given, "entityMap") or HEADER in request.headers


def of_one(request: Request, given: Mapping[str, str], who: Pass, id: str) -> list[Header]:
    """The header of the map a request for one entity names, or of a new one (clause 5.7.1)."""
    return _told(_named(request, who) or _kept(who, given, [id]))


def _named(request: Request, who: Pass) -> EntityMap | None:
    """The map whose address or id is in the request's header."""
    named = request.headers.get(HEADER, "").strip().rpartition("/")[2]
    return MAPS.find(_owner(who), named) if named else None


def _told(map: EntityMap) -> list[Header]:
    return [(HEADER.encode(), f"{PLACE}{map.id}".encode())]


def page(
    request: Request, given: Mapping[str, str], who: Pass, query: ThingQuery, find: Find
) -> tuple[ThingQuery, bool, list[Header]]:
    """The question for the entities of one page of a map, whether there are more, and the map's header.

    The map the request names, or a new one. Entities that no longer fit the question are passed over, so that a page is
    full as long as there are some.
    """
    map = _named(request, who) or _make(who, given, query, find)
    fitting: list[str] = []
    start = query.offset
    while len(fitting) <= query.limit and start < len(map.ids):
        some = map.ids[start : start + max(query.limit, 20)]
        left = set(find(who, replace(query, ids=some, limit=len(some), offset=0, order=())))
        fitting += [id for id in some if id in left]
        start += len(some)
    chosen = fitting[: query.limit] or ["urn:ngsi-ld:nothing"]
    return (
        replace(query, ids=chosen, offset=0),
        len(fitting) > query.limit,
        _told(map),
    )
