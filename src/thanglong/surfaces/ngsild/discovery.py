"""What is there: types and their attributes."""

from thanglong.core.things import service as things
from thanglong.formats.ngsild.terms import short
from thanglong.kit.errors import NotFound
from thanglong.surfaces.asgi import Request
from thanglong.surfaces.gate import Gate
from thanglong.surfaces.ngsild.answers import accepted, send
from thanglong.surfaces.ngsild.parameters import parameters


class Discovery:
    """Handlers under ``/types``."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    async def types(self, request: Request) -> None:
        """GET /types"""
        given = parameters(request, ("details",))
        kind = accepted(request)
        who = await self._gate.pass_of(request)
        found = await self._gate.run(things.types, who)
        if given.get("details") != "true":
            kinds = [facts.name for facts in found]
            await send(
                request, kind, {"id": "urn:ngsi-ld:EntityTypeList:1", "type": "EntityTypeList", "typeList": kinds}
            )
            return
        shown = [
            {
                "id": facts.name,
                "type": "EntityType",
                "typeName": facts.name,
                "attributeNames": await self._gate.run(things.attributes, who, facts.name),
            }
            for facts in found
        ]
        await send(request, kind, shown)

    async def one_type(self, request: Request) -> None:
        """GET /types/{type}"""
        parameters(request, ())
        kind, name = accepted(request), short(request.parts[0])
        who = await self._gate.pass_of(request)
        facts = {item.name: item for item in await self._gate.run(things.types, who)}
        if name not in facts:
            raise NotFound
        attributes = await self._gate.run(things.attributes, who, name)
        details = [{"id": item, "type": "Attribute", "attributeName": item, "typeNames": [name]} for item in attributes]
        await send(
            request,
            kind,
            {
                "id": name,
                "type": "EntityTypeInfo",
                "typeName": name,
                "entityCount": facts[name].count,
                "attributeDetails": details,
            },
        )
