"""Writes to one entity, spread over the brokers that hold its parts (clauses 5.6.1 to 5.6.6, 5.6.17 to 5.6.19)."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import orjson

from thanglong.core.things.service import tenancy
from thanglong.formats.ngsild import entities as forms
from thanglong.formats.ngsild.sources import EVERYTHING, Source, Wanted, any_of, covered
from thanglong.kit.errors import Invalid
from thanglong.surfaces.ngsild.distributed import local
from thanglong.surfaces.ngsild.distributed.asks import Ask
from thanglong.surfaces.ngsild.distributed.calls import Calls
from thanglong.surfaces.ngsild.distributed.matching import Work
from thanglong.surfaces.ngsild.distributed.outcome import (
    MISSING,
    Part,
    here_part,
    part_of,
    tell_attributes,
    tell_entity,
    unsupported,
)
from thanglong.surfaces.ngsild.registrations import type_test

MEMBERS = frozenset(["id", "@id", "type", "@type", "@context", "scope", "expiresAt"])
"""Members of an entity's body that are no attributes; every broker that gets a part gets them too."""
LOCATION = "/ngsi-ld/v1/entities/"


@dataclass(frozen=True, slots=True)
class Share:
    """What one source gets of a write: terms of attributes (None: all there are)."""

    source: Source
    terms: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Split:
    """A write cut into shares: what sources get, who holds something but may not be asked, what stays here."""

    shares: Sequence[Share]
    refused: Sequence[Share]
    left: tuple[str, ...]
    proxied: bool

    @property
    def here(self) -> bool:
        """Whether anything is done here: not when all of it belongs elsewhere."""
        return bool(self.left) or not self.proxied


def split(
    sources: Sequence[Source], operations: Sequence[str], id: str, types: Sequence[str], terms: Mapping[str, str]
) -> Split:
    """Cut the attributes ``terms`` (client's word: kept name) of one entity among its sources.

    A source is asked when it offers one of ``operations``. Without terms the entity as a whole is meant. Exclusive
    sources take theirs first, then redirect ones, several of which may take the same; inclusive ones get a copy of what
    is left, which is also kept here.
    """
    left, shares, refused, proxied = dict(terms), [], [], False
    for modes in (("exclusive",), ("redirect",), ("inclusive",)):
        taken: set[str] = set()
        for source in sources:
            if source.mode not in modes:
                continue
            names = covered(source, id, types)
            mine = tuple(term for term, name in left.items() if names is EVERYTHING or name in names)
            if not mine and (terms or not (names is EVERYTHING or names)):
                continue
            if not source.operations.isdisjoint(operations):
                shares.append(Share(source, mine))
            elif source.proxied:
                refused.append(Share(source, mine))
            if source.proxied:
                proxied = True
                taken.update(mine)
        left = {term: name for term, name in left.items() if term not in taken}
    return Split(shares, refused, tuple(left), proxied)


class Writing:
    """Create, replace, merge, delete; append, update and change attributes."""

    def __init__(self, calls: Calls, run: Any) -> None:
        self._calls, self._run = calls, run

    async def entity(self, work: Work, operation: str, content: Any, context: Any) -> bool:
        """POST /entities, PUT or PATCH /entities/{id}, POST or PATCH …/attrs; False: no source is concerned."""
        parts = work.request.parts
        partial = bool(parts)
        if not isinstance(content, dict):
            return False
        reading = forms.Reading(work.names, nulls=partial, deep=operation == "mergeEntity")
        try:
            kept = forms.entity_in(content, reading, partial=partial, id=parts[0] if parts else "")
        except Invalid:
            return False  # the usual handler says what is wrong
        id = kept["id"]
        types = await self._types(work, id, kept.get("type"))
        terms = {term: work.names.expand_name(term) for term in content if term not in MEMBERS}
        cut = split(self._sources(work, id, types), [operation], id, types, terms)
        if not cut.shares and not cut.refused:
            return False
        work.check_loop([share.source for share in (*cut.shares, *cut.refused)])
        asks = [(share, self._ask(work, operation, id, content, share, context)) for share in cut.shares]
        here = None
        if cut.here:
            body = {key: value for key, value in content.items() if key in MEMBERS or key in cut.left}
            here = await self._here(work, body, context)
            if here.status == 400:
                await local.pass_on(work.request, here)
                return True
        found = await self._parts(work, asks, cut.refused)
        if here is not None:
            found.insert(0, here_part(here, cut.left))
        await self._tell(work, operation, id, found)
        return True

    async def delete(self, work: Work) -> bool:
        """DELETE /entities/{id}"""
        id = forms.checked_uri(work.request.parts[0])
        test = type_test(work.given.get("type", ""), work.names)
        concerned = [source for source, _ in work.present(Wanted(test, (id,))) if source.mode != "auxiliary"]
        able = [source for source in concerned if "deleteEntity" in source.operations]
        refused = [source for source in concerned if source.proxied and source not in able]
        if not able and not refused:
            return False
        work.check_loop(concerned)
        here = await local.run(work.request, work.handler, [*work.url, ("local", "true")])
        ask = Ask("DELETE", f"/entities/{quote(id, safe=':')}", work.url)
        found = await self._parts(
            work, [(Share(source, None), ask) for source in able], [Share(source, None) for source in refused]
        )
        held_elsewhere = any(source.proxied for source in concerned)
        if not (here.status == MISSING and held_elsewhere):
            found.insert(0, here_part(here))
        await tell_entity(work.request, id, found, 204, [])
        return True

    async def attribute(self, work: Work, operation: str, content: Any, context: Any) -> bool:
        """PATCH, PUT or DELETE /entities/{id}/attrs/{attribute}"""
        id, term = forms.checked_uri(work.request.parts[0]), work.request.parts[1]
        types = await self._types(work, id, None)
        cut = split(self._sources(work, id, types), [operation], id, types, {term: work.names.expand_name(term)})
        if not cut.shares and not cut.refused:
            return False
        work.check_loop([share.source for share in (*cut.shares, *cut.refused)])
        path = f"/entities/{quote(id, safe=':')}/attrs/{quote(term, safe=':')}"
        here = None
        if cut.here:
            here = await local.run(work.request, work.handler, [*work.url, ("local", "true")], work.raw)
            if here.status == 400:
                await local.pass_on(work.request, here)
                return True
        ask = Ask(work.request.method, path, work.url, content, context)
        found = await self._parts(work, [(share, ask) for share in cut.shares], cut.refused)
        if here is not None:
            found.insert(0, here_part(here, [term]))
        await tell_attributes(work.request, found)
        return True

    async def purge(self, work: Work) -> bool:
        """DELETE /entities: every matching source gets the request as it came."""
        given = work.given
        ids = tuple(part for part in given.get("id", "").split(",") if part)
        wanted = Wanted(type_test(given.get("type", ""), work.names), ids, given.get("idPattern", ""))
        concerned = [source for source, _ in work.present(wanted) if source.mode != "auxiliary"]
        if not concerned:
            return False
        work.check_loop(concerned)
        here = await local.run(work.request, work.handler, [*work.url, ("local", "true")])
        if not here.good:
            await local.pass_on(work.request, here)
            return True
        able = [source for source in concerned if "purgeEntity" in source.operations]
        refused = [Share(source, None) for source in concerned if source not in able]
        pairs = [(key, value) for key, value in work.url if key not in ("local", "csf")]
        ask = Ask("DELETE", "/entities", pairs)
        found = await self._parts(work, [(Share(source, None), ask) for source in able], refused)
        found.insert(0, here_part(here))
        await tell_entity(work.request, given.get("id", "urn:ngsi-ld:entities"), found, 204, [])
        return True

    def _sources(self, work: Work, id: str, types: Sequence[str]) -> list[Source]:
        return [source for source, _ in work.present(Wanted(any_of(types), (id,))) if source.mode != "auxiliary"]

    async def _types(self, work: Work, id: str, given: Any) -> list[str]:
        """The types of an entity: as sent, else as it is known here, else unknown (none)."""
        if given:
            return [given] if isinstance(given, str) else list(given)
        known = (await self._run(tenancy.store_of(work.who).get, [id])).get(id)
        kinds = known["type"] if known else []
        return [kinds] if isinstance(kinds, str) else list(kinds)

    @staticmethod
    def _ask(work: Work, operation: str, id: str, content: Mapping[str, Any], share: Share, context: Any) -> Ask:
        body = {
            key: value for key, value in content.items() if key in MEMBERS or share.terms is None or key in share.terms
        }
        path = "/entities"
        if operation != "createEntity":
            tail = "/attrs" if operation in ("appendAttrs", "updateEntity") else ""
            path = f"/entities/{quote(id, safe=':')}{tail}"
        return Ask(work.request.method, path, work.url, body, context)

    @staticmethod
    async def _here(work: Work, body: Mapping[str, Any], context: Any) -> local.Here:
        sent = {**body, "@context": context} if context is not None else body
        return await local.run(work.request, work.handler, [*work.url, ("local", "true")], orjson.dumps(sent))

    async def _parts(self, work: Work, asks: Sequence[tuple[Share, Ask]], refused: Sequence[Share]) -> list[Part]:
        answers = await asyncio.gather(
            *(self._calls.send(work.request, work.tenant, share.source, ask, work.names) for share, ask in asks)
        )
        done = [part_of(answer, share.terms or ()) for answer, (share, _) in zip(answers, asks, strict=True)]
        return [*done, *(unsupported(share.source.id, share.terms or ()) for share in refused)]

    @staticmethod
    async def _tell(work: Work, operation: str, id: str, parts: Sequence[Part]) -> None:
        if operation in ("appendAttrs", "updateEntity"):
            await tell_attributes(work.request, parts)
        elif operation == "createEntity":
            place = (b"location", f"{LOCATION}{quote(id, safe=':')}".encode())
            await tell_entity(work.request, id, parts, 201, [place])
        else:
            await tell_entity(work.request, id, parts, 204, [])
