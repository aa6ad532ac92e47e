"""What is there: types and attributes (clauses 4.5.10 to 4.5.15, 5.7.5 to 5.7.10)."""

from typing import Any
from uuid import NAMESPACE_URL, uuid5

from thanglong.core.things import service as things
from thanglong.core.things.types import Pass
from thanglong.formats.ngsild.terms import RESERVED, full
from thanglong.formats.ngsild.vocabulary import Vocabulary
from thanglong.kit.errors import NotFound
from thanglong.surfaces.asgi import Request
from thanglong.surfaces.gate import Gate
from thanglong.surfaces.ngsild.answers import accepted, send
from thanglong.surfaces.ngsild.contexts import names_of
from thanglong.surfaces.ngsild.parameters import flag, parameters

Found = dict[str, Any]


class Discovery:
    """Handlers under ``/types`` and ``/attributes``."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    async def types(self, request: Request) -> None:
        """GET /types: EntityTypeList, or with details=true a list of EntityType."""
        await self._answer(request, _types if self._detailed(request) else _type_list)

    async def one_type(self, request: Request) -> None:
        """GET /types/{type}: EntityTypeInfo"""
        parameters(request, ())
        await self._answer(request, _type_info, request.parts[0])

    async def attributes(self, request: Request) -> None:
        """GET /attributes: AttributeList, or with details=true a list of Attribute."""
        await self._answer(request, _attributes if self._detailed(request) else _attribute_list)

    async def one_attribute(self, request: Request) -> None:
        """GET /attributes/{attribute}: Attribute"""
        parameters(request, ())
        await self._answer(request, _attribute_info, request.parts[0])

    @staticmethod
    def _detailed(request: Request) -> bool:
        return flag(parameters(request, ("details",)), "details")

    async def _answer(self, request: Request, ask: Any, *name: str) -> None:
        kind, who = accepted(request), await self._gate.pass_of(request)
        names = await names_of(self._gate, request)
        if name and name[0] in RESERVED:
            raise NotFound
        found = await self._gate.run(ask, who, names, *(names.expand_name(part) for part in name))
        await send(request, kind, found, names=names)


def _list_id(kind: str, members: list[str]) -> str:
    """The id of a list: the same as long as the list is the same."""
    return f"urn:ngsi-ld:{kind}:{uuid5(NAMESPACE_URL, ' '.join(members))}"


def _type_list(who: Pass, names: Vocabulary) -> Found:
    found = [names.compact_name(facts.name) for facts in things.types(who)]
    return {"id": _list_id("EntityTypeList", found), "type": "EntityTypeList", "typeList": found}


def _types(who: Pass, names: Vocabulary) -> list[Found]:
    return [
        {
            "id": full(facts.name),
            "type": "EntityType",
            "typeName": names.compact_name(facts.name),
            "attributeNames": [names.compact_name(name) for name in things.attributes(who, facts.name)],
        }
        for facts in things.types(who)
    ]


def _type_info(who: Pass, names: Vocabulary, kind: str) -> Found:
    counts = {facts.name: facts.count for facts in things.types(who)}
    if kind not in counts:
        raise NotFound
    details = [
        {**_head(name, names), "attributeTypes": things.attribute_kinds(who, name, [kind])}
        for name in things.attributes(who, kind)
    ]
    return {
        "id": full(kind),
        "type": "EntityTypeInfo",
        "typeName": names.compact_name(kind),
        "entityCount": counts[kind],
        "attributeDetails": details,
    }


def _by_attribute(who: Pass) -> dict[str, list[str]]:
    """The types that have each attribute."""
    found: dict[str, list[str]] = {}
    for facts in things.types(who):
        for name in things.attributes(who, facts.name):
            found.setdefault(name, []).append(facts.name)
    return dict(sorted(found.items()))


def _attribute_list(who: Pass, names: Vocabulary) -> Found:
    found = [names.compact_name(name) for name in _by_attribute(who)]
    return {"id": _list_id("AttributeList", found), "type": "AttributeList", "attributeList": found}


def _attributes(who: Pass, names: Vocabulary) -> list[Found]:
    return [
        {**_head(name, names), "typeNames": [names.compact_name(kind) for kind in kinds]}
        for name, kinds in _by_attribute(who).items()
    ]


def _attribute_info(who: Pass, names: Vocabulary, name: str) -> Found:
    kinds = _by_attribute(who).get(name)
    if not kinds:
        raise NotFound
    return {
        **_head(name, names),
        "attributeCount": things.attribute_count(who, name, kinds),
        "attributeTypes": things.attribute_kinds(who, name, kinds),
        "typeNames": [names.compact_name(kind) for kind in kinds],
    }


def _head(name: str, names: Vocabulary) -> Found:
    return {"id": full(name), "type": "Attribute", "attributeName": names.compact_name(name)}
