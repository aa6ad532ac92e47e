"""Entities and their attributes: create, read, find, change, delete, types."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import orjson

from thanglong.core.things import service as things
from thanglong.core.things.types import Pass, Written, iso
from thanglong.formats.ngsild import entities as forms
from thanglong.formats.ngsild.terms import short
from thanglong.kit.errors import Conflict, NotFound
from thanglong.kit.ports import WriteMode
from thanglong.surfaces.asgi import Request
from thanglong.surfaces.gate import Gate
from thanglong.surfaces.ngsild.answers import GEO_JSON, JSON, LD_JSON, Problem, accepted, body_of, send
from thanglong.surfaces.ngsild.parameters import SEARCH, SHOW, Options, names, options, parameters, search

MOST_BODY = 2 << 20
PLAIN = Options()


class Entities:
    """Handlers under ``/entities`` and ``/types``."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    async def _write(self, who: Pass, entity: Mapping[str, Any], mode: WriteMode) -> Written:
        return (await asyncio.wrap_future(things.write_soon(who, [entity], mode)))[0]

    async def create(self, request: Request) -> None:
        """POST /entities"""
        parameters(request, ())
        who = await self._gate.pass_of(request)
        things.require_write(who)
        entity = forms.entity_in(await body_of(request, MOST_BODY))
        if (await self._write(who, entity, "create")).refused:
            raise Conflict("There is already an entity %(id)s.", id=entity["id"])
        place = f"/ngsi-ld/v1/entities/{quote(entity['id'], safe=':')}".encode()
        await request.respond(201, b"", [(b"location", place)])

    async def get(self, request: Request) -> None:
        """GET /entities/{id}"""
        given = parameters(request, ("attrs", "pick", "omit", "options", "format", "geometryProperty", "type"))
        kind = accepted(request, (JSON, LD_JSON, GEO_JSON))
        who = await self._gate.pass_of(request)
        name = forms.checked_uri(request.parts[0])
        raw = things.raw(who, name) if things.quick() else await self._gate.run(things.raw, who, name)
        if not given and kind != GEO_JSON:
            await send(request, kind, None, raw=raw)
            return
        wanted = [*names(given, "attrs"), *names(given, "pick")]
        shown = await self._shown(who, [orjson.loads(raw)], options(given), wanted, names(given, "omit"))
        if "attrs" in given and len(shown[0]) <= 2:
            raise NotFound
        await self._send_one(request, kind, shown[0], given)

    async def _send_one(self, request: Request, kind: str, entity: dict[str, Any], given: Mapping[str, str]) -> None:
        if kind == GEO_JSON:
            entity = forms.feature(entity, short(given.get("geometryProperty", "location")))
        await send(request, kind, entity)

    async def find(self, request: Request) -> None:
        """GET /entities"""
        given = parameters(request, (*SEARCH, *SHOW))
        kind = accepted(request, (JSON, LD_JSON, GEO_JSON))
        who = await self._gate.pass_of(request)
        query, chosen = search(given), options(given)
        headers = []
        if given.get("count") == "true":
            total = await self._gate.run(things.count, who, query)
            headers.append((b"ngsild-results-count", b"%d" % total))
        elif query.limit == 0:
            raise Problem(400, "BadRequestData", "limit=0 goes with count=true")
        texts = await self._gate.run(things.find, who, query) if query.limit else []
        wanted = [*names(given, "attrs"), *names(given, "pick")]
        omitted = names(given, "omit")
        if kind == JSON and chosen == PLAIN and not wanted and not omitted:
            await send(request, kind, None, headers, raw=b"[" + b",".join(texts) + b"]")
            return
        shown = await self._shown(who, [orjson.loads(text) for text in texts], chosen, wanted, omitted)
        if kind == GEO_JSON:
            geometry = short(given.get("geometryProperty", "location"))
            features = [forms.feature(entity, geometry) for entity in shown]
            await send(request, kind, {"type": "FeatureCollection", "features": features}, headers)
            return
        await send(request, kind, shown, headers)

    async def _shown(
        self,
        who: Pass,
        found: list[dict[str, Any]],
        chosen: Options,
        wanted: Sequence[str],
        omitted: Sequence[str],
    ) -> list[dict[str, Any]]:
        shown = [forms.picked(entity, wanted, omitted) for entity in found]
        if chosen.system and chosen.format != "keyValues":
            stamps = await self._gate.run(things.stamps, who, [entity["id"] for entity in shown])
            shown = [
                forms.stamped(entity, {key: (iso(a), iso(b)) for key, (a, b) in stamps.get(entity["id"], {}).items()})
                for entity in shown
            ]
        if chosen.format == "keyValues":
            return [forms.simplified(entity) for entity in shown]
        if chosen.format == "concise":
            return [forms.concise(entity) for entity in shown]
        return shown

    async def delete(self, request: Request) -> None:
        """DELETE /entities/{id}"""
        parameters(request, ("type",))
        who = await self._gate.pass_of(request)
        things.require_write(who)
        name = forms.checked_uri(request.parts[0])
        if not (await self._gate.run(things.delete, who, [name]))[0]:
            raise NotFound
        await request.respond(204)

    async def replace(self, request: Request) -> None:
        """PUT /entities/{id}: all attributes are exchanged."""
        parameters(request, ("type",))
        entity, who = await self._fragment(request)
        known = await self._known(who, entity["id"])
        await self._write(who, {**entity, "type": entity.get("type", known["type"])}, "replace")
        await request.respond(204)

    async def merge(self, request: Request) -> None:
        """PATCH /entities/{id}: members go into the attributes there are; urn:ngsi-ld:null deletes."""
        parameters(request, ("type", "options", "format", "observedAt"))
        entity, who = await self._fragment(request)
        if (await self._write(who, entity, "merge")).refused:
            raise NotFound
        await request.respond(204)

    async def _known(self, who: Pass, name: str) -> dict[str, Any]:
        return await self._gate.run(things.get, who, name)

    async def _fragment(self, request: Request, body: Any = None) -> tuple[dict[str, Any], Pass]:
        who = await self._gate.pass_of(request)
        things.require_write(who)
        name = forms.checked_uri(request.parts[0])
        content = await body_of(request, MOST_BODY) if body is None else body
        return forms.entity_in(content, partial=True, id=name), who

    # -- attributes

    async def append(self, request: Request) -> None:
        """POST /entities/{id}/attrs: write attributes; with options=noOverwrite only those not there yet."""
        given = parameters(request, ("type", "options"))
        keep = "noOverwrite" in options(given, ("noOverwrite",)).words
        entity, who = await self._fragment(request)
        await self._told(request, entity, await self._write(who, entity, "add" if keep else "append"), "exists")

    async def update(self, request: Request) -> None:
        """PATCH /entities/{id}/attrs: write attributes that are there already."""
        parameters(request, ("type", "options"))
        entity, who = await self._fragment(request)
        await self._told(request, entity, await self._write(who, entity, "update"), "there is no such attribute")

    @staticmethod
    async def _told(request: Request, entity: Mapping[str, Any], written: Written, reason: str) -> None:
        if written.refused:
            raise NotFound
        if not written.skipped:
            await request.respond(204)
            return
        done = [key for key in entity if key not in ("id", "type") and key not in written.skipped]
        left = [{"attributeName": key, "reason": reason} for key in written.skipped]
        body = orjson.dumps({"updated": done, "notUpdated": left})
        await request.respond(207, body, kind=JSON.encode())

    async def change_attribute(self, request: Request) -> None:
        """PATCH /entities/{id}/attrs/{attribute}: members go into the attribute there is."""
        await self._one_attribute(request, "merge")

    async def replace_attribute(self, request: Request) -> None:
        """PUT /entities/{id}/attrs/{attribute}"""
        await self._one_attribute(request, "update")

    async def _one_attribute(self, request: Request, mode: WriteMode) -> None:
        parameters(request, ("type", "options"))
        who = await self._gate.pass_of(request)
        things.require_write(who)
        name, attribute = forms.checked_uri(request.parts[0]), short(request.parts[1])
        content = await body_of(request, MOST_BODY)
        known = await self._known(who, name)
        if attribute not in known:
            raise NotFound
        if isinstance(content, dict) and "type" not in content:
            first = known[attribute][0] if isinstance(known[attribute], list) else known[attribute]
            content = {
                "type": first["type"],
                forms.MEMBER[first["type"]]: first[forms.MEMBER[first["type"]]],
                **content,
            }
        entity = forms.entity_in({attribute: content}, partial=True, id=name)
        written = await self._write(who, entity, mode)
        if written.refused or written.skipped:
            raise NotFound
        await request.respond(204)

    async def delete_attribute(self, request: Request) -> None:
        """DELETE /entities/{id}/attrs/{attribute}"""
        parameters(request, ("type", "deleteAll"))
        who = await self._gate.pass_of(request)
        things.require_write(who)
        name, attribute = forms.checked_uri(request.parts[0]), short(request.parts[1])
        written = await self._write(who, {"id": name, attribute: None}, "update")
        if written.refused or written.skipped:
            raise NotFound
        await request.respond(204)

    # -- discovery

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
