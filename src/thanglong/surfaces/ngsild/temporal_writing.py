"""Writing the past of entities: ``/temporal/entities`` (clauses 5.6.11 to 5.6.16). The present stays as it is."""

from typing import Any
from urllib.parse import quote

from thanglong.core.things import service as things
from thanglong.core.things.service import past
from thanglong.core.things.types import Pass
from thanglong.formats.ngsild import temporal
from thanglong.formats.ngsild.entities import Reading, checked_uri
from thanglong.formats.ngsild.vocabulary import Vocabulary
from thanglong.kit.errors import NotFound
from thanglong.surfaces.asgi import Request
from thanglong.surfaces.gate import Gate
from thanglong.surfaces.ngsild.answers import Problem
from thanglong.surfaces.ngsild.contexts import content_of, names_of
from thanglong.surfaces.ngsild.parameters import datasets, flag, parameters

MOST_BODY = 16 << 20
PLACE = "/ngsi-ld/v1/temporal/entities/"


class TemporalWriting:
    """Writing handlers under ``/temporal``."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    async def create(self, request: Request) -> None:
        """POST /temporal/entities: 201 where the past is new, else 204."""
        parameters(request, ())
        who, content, vocabulary = await self._body(request)
        entity = temporal.past_in(content, Reading(vocabulary))
        (fresh,) = await self._gate.run(past.record, who, [entity])
        if fresh:
            place = f"{PLACE}{quote(entity['id'], safe=':')}".encode()
            await request.respond(201, b"", [(b"location", place)])
        else:
            await request.respond(204)

    async def append(self, request: Request) -> None:
        """POST /temporal/entities/{id}/attrs"""
        parameters(request, ())
        name = checked_uri(request.parts[0])
        who, content, vocabulary = await self._body(request)
        entity = temporal.past_in(content, Reading(vocabulary), partial=True, id=name)

        def work() -> bool | None:
            return past.record(who, [entity], create=False)[0]

        if await self._gate.run(work) is None:
            raise NotFound
        await request.respond(204)

    async def delete(self, request: Request) -> None:
        """DELETE /temporal/entities/{id}"""
        parameters(request, ())
        await self._done(request, past.forget, checked_uri(request.parts[0]))

    async def delete_attribute(self, request: Request) -> None:
        """DELETE /temporal/entities/{id}/attrs/{attribute}: one data set, or with deleteAll all of them."""
        given = parameters(request, ("datasetId", "deleteAll"))
        sets, every = datasets(given), flag(given, "deleteAll")
        if len(sets) > 1:
            raise Problem(400, "BadRequestData", "name one datasetId")
        dataset = None if every else sets[0] if sets and sets[0] != "@none" else ""
        name = checked_uri(request.parts[0])
        key = (await names_of(self._gate, request)).expand_name(request.parts[1])
        await self._done(request, past.forget, name, key, dataset)

    async def change_instance(self, request: Request) -> None:
        """PATCH /temporal/entities/{id}/attrs/{attribute}/{instanceId}: the instance is exchanged."""
        parameters(request, ())
        name, instance = checked_uri(request.parts[0]), checked_uri(request.parts[2], "instanceId")
        who, content, vocabulary = await self._body(request)
        key = vocabulary.expand_name(request.parts[1])
        fragment = temporal.past_in(content, Reading(vocabulary), partial=True, id=name)
        if len(fragment.get(key, ())) != 1:
            raise Problem(400, "BadRequestData", "send one instance of the attribute in the address")
        if not await self._gate.run(past.amend, who, name, key, instance, fragment[key][0]):
            raise NotFound
        await request.respond(204)

    async def delete_instance(self, request: Request) -> None:
        """DELETE /temporal/entities/{id}/attrs/{attribute}/{instanceId}"""
        parameters(request, ())
        name, instance = checked_uri(request.parts[0]), checked_uri(request.parts[2], "instanceId")
        key = (await names_of(self._gate, request)).expand_name(request.parts[1])
        await self._done(request, past.amend, name, key, instance, None)

    async def _body(self, request: Request) -> tuple[Pass, Any, Vocabulary]:
        who = await self._gate.pass_of(request)
        things.require_write(who)
        content, vocabulary = await content_of(self._gate, request, MOST_BODY)
        return who, content, vocabulary

    async def _done(self, request: Request, verb: Any, *arguments: object) -> None:
        """Run a verb that says whether there was anything to do."""
        who = await self._gate.pass_of(request)
        things.require_write(who)
        if not await self._gate.run(verb, who, *arguments):
            raise NotFound
        await request.respond(204)
