"""Attributes of an entity: write, change, exchange and delete them."""

from collections.abc import Mapping
from typing import Any

import orjson

from thanglong.core.things import service as things
from thanglong.core.things.service import past
from thanglong.core.things.types import Pass, Written
from thanglong.formats.ngsild import entities as forms
from thanglong.formats.ngsild.terms import RESERVED
from thanglong.formats.ngsild.vocabulary import Vocabulary
from thanglong.kit.errors import Fault, Invalid, NotFound
from thanglong.kit.ports import WriteMode
from thanglong.surfaces.asgi import Request
from thanglong.surfaces.gate import Gate
from thanglong.surfaces.ngsild.answers import JSON, Problem
from thanglong.surfaces.ngsild.contexts import content_of, names_of
from thanglong.surfaces.ngsild.entities import MOST_BODY, known, write_one
from thanglong.surfaces.ngsild.parameters import datasets, flag, options, parameters

WRITING = ("type", "options", "format", "observedAt", "lang")


class Attributes:
    """Handlers under ``/entities/{id}/attrs``."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    async def append(self, request: Request) -> None:
        """POST /entities/{id}/attrs: write attributes; with options=noOverwrite only those not there yet."""
        given = parameters(request, WRITING)
        chosen = options(given, ("noOverwrite",))
        who, name = await self._writer(request)
        content, vocabulary = await content_of(self._gate, request, MOST_BODY)
        before = await known(self._gate, who, name, given.get("type", ""), vocabulary)
        reading = forms.Reading(vocabulary, simple=chosen.format == "keyValues", known=before)
        entity = forms.entity_in(content, reading, partial=True, id=name)
        mode: WriteMode = "add" if "noOverwrite" in chosen.words else "append"
        await _told(request, entity, await write_one(who, entity, mode), vocabulary)

    async def update(self, request: Request) -> None:
        """PATCH /entities/{id}/attrs: exchange attributes or add them; urn:ngsi-ld:null deletes (clause 5.6.2)."""
        given = parameters(request, WRITING)
        who, name = await self._writer(request)
        content, vocabulary = await content_of(self._gate, request, MOST_BODY)
        before = await known(self._gate, who, name, given.get("type", ""), vocabulary)
        simple = options(given, ("noOverwrite",)).format == "keyValues"
        reading = forms.Reading(vocabulary, nulls=True, simple=simple, known=before)
        entity = forms.entity_in(content, reading, partial=True, id=name)
        if "scope" not in before:
            entity.pop("scope", None)
        await _told(request, entity, await write_one(who, entity, "append"), vocabulary)

    async def change(self, request: Request) -> None:
        """PATCH /entities/{id}/attrs/{attribute}: members are exchanged in the instance there is (clause 5.6.4)."""
        given = parameters(request, WRITING)
        who, name = await self._writer(request)
        content, vocabulary = await content_of(self._gate, request, MOST_BODY)
        attribute = _target(request, vocabulary)
        entity = await known(self._gate, who, name, given.get("type", ""), vocabulary)
        before = _before(entity, attribute, content)
        fragment = _completed(content, before)
        reading = forms.Reading(vocabulary, nulls=True, known={attribute: before}, lang=given.get("lang", ""))
        found = forms.attribute_in(attribute, fragment, reading, before)
        if found["type"] != before["type"] and found.get("value") != forms.NULL:
            raise Invalid([Fault(attribute, "The kind of an attribute cannot be changed.")])
        if at := given.get("observedAt"):
            found.setdefault("observedAt", forms.checked_time(at, "observedAt"))
        await self._written(request, who, {"id": name, attribute: found}, "patch")

    async def replace(self, request: Request) -> None:
        """PUT /entities/{id}/attrs/{attribute}: the instance is exchanged (clause 5.6.19)."""
        given = parameters(request, WRITING)
        who, name = await self._writer(request)
        content, vocabulary = await content_of(self._gate, request, MOST_BODY)
        attribute = _target(request, vocabulary)
        entity = await known(self._gate, who, name, given.get("type", ""), vocabulary)
        before = _before(entity, attribute, content)
        simple = options(given).format == "keyValues"
        found = forms.attribute_in(attribute, content, forms.Reading(vocabulary, simple=simple), before)
        await self._written(request, who, {"id": name, attribute: found}, "update")

    async def delete(self, request: Request) -> None:
        """DELETE /entities/{id}/attrs/{attribute}: its default instance, one of a data set, or all."""
        given = parameters(request, ("type", "deleteAll", "datasetId"))
        every, chosen = flag(given, "deleteAll"), datasets(given)
        who, name = await self._writer(request)
        vocabulary = await names_of(self._gate, request)
        attribute = vocabulary.expand_name(request.parts[1])
        try:
            entity = await known(self._gate, who, name, given.get("type", ""), vocabulary)
        except NotFound:
            # an entity that was only ever recorded: its past learns that the attribute went
            if not await self._gate.run(past.withdraw, who, name, attribute):
                raise
            await request.respond(204)
            return
        if attribute not in entity or attribute in ("id", "type"):
            raise NotFound
        if every or attribute in ("scope", "expiresAt"):
            await self._written(request, who, {"id": name, attribute: None}, "append")
            return
        instances = entity[attribute] if isinstance(entity[attribute], list) else [entity[attribute]]
        wanted = chosen or ["@none"]
        gone = [one for one in instances if one.get("datasetId", "@none") in wanted]
        if not gone:
            raise NotFound
        nulls = [{**_dataset(one), "type": "Property", "value": forms.NULL} for one in gone]
        await self._written(request, who, {"id": name, attribute: nulls}, "update")

    async def _writer(self, request: Request) -> tuple[Pass, str]:
        who = await self._gate.pass_of(request)
        things.require_write(who)
        return who, forms.checked_uri(request.parts[0])

    async def _written(self, request: Request, who: Pass, entity: Mapping[str, Any], mode: WriteMode) -> None:
        written = await write_one(who, entity, mode)
        if written.refused or written.skipped:
            raise NotFound
        await request.respond(204)


def _target(request: Request, vocabulary: Vocabulary) -> str:
    """The attribute an address names; Problem 400 for what is none."""
    name = request.parts[1]
    if name in RESERVED:
        raise Problem(400, "BadRequestData", f"{name} is no attribute that can be changed here")
    return vocabulary.expand_name(name)


def _dataset(instance: Mapping[str, Any]) -> dict[str, Any]:
    return {"datasetId": instance["datasetId"]} if "datasetId" in instance else {}


def _before(entity: Mapping[str, Any], attribute: str, content: Any) -> dict[str, Any]:
    """The instance of an attribute that a fragment means; NotFound."""
    dataset = content.get("datasetId") if isinstance(content, dict) else None
    there = entity.get(attribute)
    for instance in there if isinstance(there, list) else [there] if there is not None else []:
        if instance.get("datasetId") == (None if dataset == "@none" else dataset):
            return dict(instance)
    raise NotFound


def _completed(content: Any, before: Mapping[str, Any]) -> Any:
    """A fragment of an attribute with the kind and value it has, where the fragment does not say them."""
    member = forms.MEMBER[before["type"]]
    if not isinstance(content, dict):
        return content
    mains = (*forms.MEMBER.values(),)
    if any(name in content for name in mains) or "coordinates" in content:
        return content if "type" in content or member not in content else {"type": before["type"], **content}
    if content.get("type", before["type"]) != before["type"]:
        raise Invalid([Fault("type", "The kind of an attribute cannot be changed.")])
    return {**content, "type": before["type"], member: before[member]}


async def _told(request: Request, entity: Mapping[str, Any], written: Written, vocabulary: Vocabulary) -> None:
    """204, or 207 and what was left alone."""
    if written.refused:
        raise NotFound
    if not written.skipped:
        await request.respond(204)
        return
    done = [key for key in entity if key not in RESERVED and key not in written.skipped]
    left = [
        {"attributeName": vocabulary.compact_name(key), "reason": "the attribute exists and is kept"}
        for key in written.skipped
    ]
    body = orjson.dumps({"updated": [vocabulary.compact_name(key) for key in done], "notUpdated": left})
    await request.respond(207, body, kind=JSON.encode())
