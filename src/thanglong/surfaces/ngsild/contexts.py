"""The @context of a request (clause 6.3.5), and the context server ``/jsonldContexts`` (clauses 5.13 and 6.29 f.)."""

import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

import orjson

from thanglong.core.things import service as things
from thanglong.core.things.service import contexts as service
from thanglong.core.things.types import KeptContext, iso
from thanglong.formats.ngsild.vocabulary import CORE, Vocabulary
from thanglong.surfaces.asgi import Request
from thanglong.surfaces.gate import Gate
from thanglong.surfaces.ngsild.answers import JSON, LD_JSON, Problem, accepted, content_type, json_of
from thanglong.surfaces.ngsild.parameters import flag, parameters

RELATION = "http://www.w3.org/ns/json-ld#context"
LINK = re.compile(r"<([^<>]*)>((?:\s*;\s*[^;,\"=\s]+(?:\s*=\s*(?:\"[^\"]*\"|[^;,\"\s]*))?)*)")
REL = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^;,\s]+))")
MOST_BODY = 4 << 20


def linked(request: Request) -> str | None:
    """The address of the @context in the Link header, or None; Problem 400 when there are two."""
    text = request.headers.get("link")
    if not text:
        return None
    found = []
    for match in LINK.finditer(text):
        relation = REL.search(match[2])
        if relation and RELATION in (relation[1] or relation[2]).split():
            found.append(match[1].strip())
    if len(set(found)) > 1:
        raise Problem(400, "BadRequestData", "there is more than one @context in the Link header")
    return found[0] if found else None


async def vocabulary_of(gate: Gate, request: Request, value: Any) -> Vocabulary:
    """The vocabulary of a @context value; a stranger brings no new documents along."""
    found = service.ready(value)
    if found is not None:
        return found
    who = await gate.pass_of(request)

    def work() -> Vocabulary:
        return service.vocabulary(value, fetch=who.view or who.write)

    return await gate.run(work)


async def names_of(gate: Gate, request: Request) -> Vocabulary:
    """The words of a request without a body: its Link header's, else the core context's."""
    url = linked(request)
    return CORE if url is None else await vocabulary_of(gate, request, url)


async def content_of(gate: Gate, request: Request, most: int) -> tuple[Any, Vocabulary]:
    """The body without its @context, and the words it is written in.

    application/ld+json carries its @context itself and no Link header, application/json the other way round
    (application/merge-patch+json may do either). A list of entities may carry one @context each: see :func:`words_of`.
    """
    kind = content_type(request)
    content = await json_of(request, most)
    url = linked(request)
    if isinstance(content, dict) and "@context" in content:
        _check(kind, url)
        given = content.pop("@context")
        return content, await vocabulary_of(gate, request, given)
    if kind == LD_JSON and isinstance(content, dict):
        raise Problem(400, "BadRequestData", "a body in ld+json needs its @context")
    return content, CORE if url is None else await vocabulary_of(gate, request, url)


def _check(kind: str, url: str | None) -> None:
    if kind == JSON:
        raise Problem(400, "BadRequestData", "a body with @context is sent as application/ld+json")
    if url is not None:
        raise Problem(400, "BadRequestData", "with a @context in the body there is none in the Link header")


def words_of(gate: Gate, request: Request, kind: str) -> Callable[[Any], Awaitable[Vocabulary]]:
    """A function that takes the @context out of an entity of a list and gives the words it is written in."""
    url = linked(request)

    async def words(body: Any) -> Vocabulary:
        if isinstance(body, dict) and "@context" in body:
            _check(kind, url)
            return await vocabulary_of(gate, request, body.pop("@context"))
        if kind == LD_JSON and isinstance(body, dict):
            raise Problem(400, "BadRequestData", "an entity in ld+json needs its @context")
        return CORE if url is None else await vocabulary_of(gate, request, url)

    return words


async def with_link(gate: Gate, request: Request, names: Vocabulary) -> Vocabulary:
    """The same words with an address for the Link header: a @context from a body is kept here under one."""
    if names.url:
        return names
    id = await gate.run(service.implicit, names.given)
    return names.at(f"{base(request)}{service.PATH}{id}")


class Contexts:
    """Handlers under ``/jsonldContexts``."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    async def add(self, request: Request) -> None:
        """POST /jsonldContexts: host a document."""
        parameters(request, ())
        who = await self._gate.pass_of(request)
        things.require_write(who)
        content_type(request)
        content = await json_of(request, MOST_BODY)
        if not isinstance(content, dict) or "@context" not in content:
            raise Problem(400, "InvalidRequest", "send a JSON object with the member @context")
        id = await self._gate.orm(service.host, who, content)
        await request.respond(201, b"", [(b"location", f"{service.PATH}{id}".encode())])

    async def find(self, request: Request) -> None:
        """GET /jsonldContexts: addresses, or with details=true what is known of each."""
        given = parameters(request, ("details", "kind"))
        accepted(request)
        details, kind = flag(given, "details"), given.get("kind", "")
        if kind not in ("", service.HOSTED, service.CACHED, service.IMPLICIT):
            raise Problem(400, "BadRequestData", "kind is Hosted, Cached or ImplicitlyCreated")
        found = await self._gate.run(service.kept, kind, _tenant(request))
        shown: list[Any] = [_details(request, item) if details else _url(request, item) for item in found]
        await request.respond(200, orjson.dumps(shown), kind=JSON.encode())

    async def get(self, request: Request) -> None:
        """GET /jsonldContexts/{id}: the document itself, or with details=true what is known of it."""
        given = parameters(request, ("details",))
        kind = accepted(request)
        details = flag(given, "details")
        found = await self._gate.run(service.served, request.parts[0], _tenant(request))
        if details:
            await request.respond(200, orjson.dumps(_details(request, found)), kind=JSON.encode())
            return
        if found.kind == service.CACHED:
            raise Problem(422, "OperationNotSupported", "a fetched @context is not served here; ask for its details")
        await request.respond(200, orjson.dumps(dict(found.content)), kind=kind.encode())

    async def delete(self, request: Request) -> None:
        """DELETE /jsonldContexts/{id}; reload=true fetches a cached one anew."""
        given = parameters(request, ("reload",))
        verb = service.reload if flag(given, "reload") else service.drop
        who = await self._gate.pass_of(request)
        await self._gate.orm(verb, who, request.parts[0])
        await request.respond(204)


def _tenant(request: Request) -> str:
    return request.headers.get("ngsild-tenant", "")


def _url(request: Request, item: KeptContext) -> str:
    return item.url if item.kind == service.CACHED else f"{base(request)}{service.PATH}{quote(item.id)}"


def base(request: Request) -> str:
    """The address this interface was asked at, without a path."""
    scheme = request.scope.get("scheme", "http")
    return f"{scheme}://{request.headers.get('host', 'localhost')}"


def _details(request: Request, item: KeptContext) -> dict[str, Any]:
    found: dict[str, Any] = {
        "URL": _url(request, item),
        "localId": item.id,
        "kind": item.kind,
        "createdAt": iso(item.created),
        "numberOfHits": item.hits,
    }
    if item.used is not None:
        found["lastUsage"] = iso(item.used)
    if item.expires is not None:
        found["expiresAt"] = iso(item.expires)
    return found
