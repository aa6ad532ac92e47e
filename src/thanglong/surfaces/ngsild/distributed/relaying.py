"""Notifications of other brokers for subscriptions made here, passed on to who subscribed (clause 5.8.6)."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from thanglong.core.things.service import contexts, remote, subscribing
from thanglong.core.things.service.remote import Remote
from thanglong.core.things.service.tenancy import store_of
from thanglong.core.things.types import Pass, Subscription
from thanglong.formats.ngsild import entities as forms
from thanglong.formats.ngsild.merging import merge, without_system
from thanglong.formats.ngsild.shown import of_datasets
from thanglong.formats.ngsild.subscriptions import status_of
from thanglong.formats.ngsild.vocabulary import CORE, renamed
from thanglong.kit import clock
from thanglong.kit.errors import NotFound
from thanglong.kit.ports import SYSTEM
from thanglong.surfaces.asgi import Request
from thanglong.surfaces.gate import Gate
from thanglong.surfaces.ngsild.answers import Problem, json_of
from thanglong.surfaces.ngsild.contexts import linked
from thanglong.surfaces.ngsild.distributed.calls import MOST_ANSWER
from thanglong.surfaces.ngsild.distributed.matching import Work
from thanglong.surfaces.ngsild.distributed.reading import Reading
from thanglong.surfaces.ngsild.distributed.sources import Sources
from thanglong.surfaces.ngsild.distributed.spreading import made_request
from thanglong.surfaces.ngsild.notify.payload import Message, wrapped
from thanglong.surfaces.ngsild.notify.posting import Letter, Posting, counted
from thanglong.surfaces.ngsild.notify.watch import Watch, watch_of

Entity = Mapping[str, Any]
MOST_REMEMBERED = 2000


class Relay:
    """The handler of ``POST /ngsi-ld/ex/remote-notify``.

    Whoever knows the id of a subscription this broker made elsewhere, a random number, is believed.
    """

    def __init__(self, gate: Gate, sources: Sources, reading: Callable[[], Reading], posting: Posting) -> None:
        self._gate, self._sources, self._reading, self._posting = gate, sources, reading, posting
        self._seen: OrderedDict[tuple[str, str], None] = OrderedDict()

    async def take(self, request: Request) -> None:
        """Take a notification; NotFound when there is no such subscription (any more)."""
        content = await json_of(request, MOST_ANSWER)
        if not isinstance(content, dict) or not isinstance(content.get("data"), list):
            raise Problem(400, "BadRequestData", "send a Notification")
        one = await self._gate.run(remote.find, str(content.get("subscriptionId", "")))
        item = await self._gate.run(subscribing.known, one.tenant, one.subscription) if one else None
        if one is None or item is None:
            raise NotFound
        if not self._again(one, content):
            await self._passed_on(one, item, await self._entities(request, content))
        await request.respond(200)

    def _again(self, one: Remote, content: Mapping[str, Any]) -> bool:
        """Whether a notification came before: its sender did not see that it was taken."""
        if not isinstance(content.get("id"), str):
            return False
        key = (one.id, content["id"])
        known = key in self._seen
        self._seen[key] = None
        while len(self._seen) > MOST_REMEMBERED:
            self._seen.popitem(last=False)
        return known

    async def _entities(self, request: Request, content: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The entities told of in kept names; Problem 400."""
        general, found = content.get("@context", linked(request)), []
        for entity in content["data"]:
            if not isinstance(entity, dict) or not isinstance(entity.get("id"), str) or "type" not in entity:
                raise Problem(400, "BadRequestData", "data lists entities")
            given = entity.get("@context", general)
            names = CORE if given is None else await self._gate.run(contexts.vocabulary, given)
            found.append(renamed({key: value for key, value in entity.items() if key != "@context"}, names.expand_name))
        return found

    async def _passed_on(self, one: Remote, item: Subscription, entities: Sequence[dict[str, Any]]) -> None:
        if status_of(item.definition, clock.now()) != "active":
            return
        watch = await self._gate.run(watch_of, item)
        meant = [entity for entity in entities if watch.concerns(entity)]
        if item.definition.get("splitEntities"):
            whole = await asyncio.gather(*(self._whole(one, watch, entity) for entity in meant))
            meant = [entity for entity in whole if entity is not None]
        if datasets := item.definition.get("datasetId"):
            meant = [of_datasets(entity, datasets) for entity in meant]
        if not meant:
            return

        async def make() -> Message:
            return await self._gate.run(wrapped, watch, meant)

        async def told(good: bool, first: bool) -> None:
            await self._gate.run(_count, one.id, good, first)

        self._posting.post((item.tenant, item.id), Letter(watch.notification["endpoint"], make, told))

    async def _whole(self, one: Remote, watch: Watch, told: dict[str, Any]) -> dict[str, Any] | None:
        """An entity put together with what is held here and elsewhere; None when the conditions do not hold then."""
        if "deletedAt" in told:
            return told
        marks = {key: value for key, value in told.items() if _is_mark(value)}
        plain = {key: value for key, value in told.items() if key not in marks}
        here = (await self._gate.run(_held, one.tenant, told["id"])) or {}
        request = made_request("GET", "/", {}, (told["id"],))
        who = Pass(SYSTEM, True, False, one.tenant)
        others = [source for source in self._sources.of(one.tenant) if source.id != one.source["id"]]
        work = Work(request, _nobody, who, CORE, others, [], [])
        parts = [(plain, False), *([(here, False)] if here else []), *await self._reading().parts_elsewhere(work, told)]
        merged = merge(parts, clock.now())
        if merged is None:
            return None
        rest = {key: value for key, value in merged.items() if key not in marks}
        judged = forms.entity_in(without_system(rest), forms.Reading(CORE))
        shown = rest if watch.notification.get("sysAttrs") else without_system(rest)
        return {**shown, **marks} if watch.holds(judged) else None


def _is_mark(value: Any) -> bool:
    """Whether an attribute tells that it is gone, or lost an instance."""
    listed = value if isinstance(value, list) else [value]
    marks = (forms.NULL, {"@none": forms.NULL})
    return any(item == forms.NULL or (isinstance(item, Mapping) and _member(item) in marks) for item in listed)


def _member(instance: Mapping[str, Any]) -> Any:
    return instance.get(forms.MEMBER.get(instance.get("type", "Property"), "value"))


def _held(tenant: str, id: str) -> Entity | None:
    return store_of(Pass(SYSTEM, True, False, tenant)).get([id]).get(id)


def _count(id: str, good: bool, first: bool) -> None:
    one = remote.find(id)
    if one is not None:
        remote.note(one, counted(one.counts, good, first))


async def _nobody(request: Request) -> None:
    """The handler of a request that is not answered here."""
