"""Subscriptions to registrations of context sources: ``/csourceSubscriptions`` and what they are told (clause 5.11)."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson
from django.conf import settings

from thanglong.core.things.service import contexts, subscribing
from thanglong.core.things.service import registrations as service
from thanglong.core.things.types import Pass, Subscription, ThingQuery, iso
from thanglong.formats.ngsild import query as language
from thanglong.formats.ngsild.reducing import spreads
from thanglong.formats.ngsild.registrations import registration_out
from thanglong.formats.ngsild.sources import Wanted, any_of
from thanglong.formats.ngsild.subscriptions import coordinates_of, status_of
from thanglong.kit import clock, ids, ports
from thanglong.kit.documents import Progress
from thanglong.kit.ports import SYSTEM, AllOf
from thanglong.surfaces.asgi import Request
from thanglong.surfaces.gate import Gate
from thanglong.surfaces.ngsild.answers import JSON, LD_JSON
from thanglong.surfaces.ngsild.distributed.sources import Sources
from thanglong.surfaces.ngsild.distributed.spreading import PATH as TOLD
from thanglong.surfaces.ngsild.notify.payload import Message, headers_of
from thanglong.surfaces.ngsild.notify.posting import Letter, Posting, counted
from thanglong.surfaces.ngsild.registrations import NAMED, Filter, period_test, roots
from thanglong.surfaces.ngsild.subscriptions import Subscriptions

PATH = "/ngsi-ld/v1/csourceSubscriptions"
NEW, UPDATED, GONE = "newlyMatching", "updated", "noLongerMatching"
Document = Mapping[str, Any]
ALONG = ":sources"
"""What the id of a subscription to registrations has that another subscription brought along."""
UNTOLD = frozenset(["createdAt", "modifiedAt", "contextSourceInfo"])


def filters_of(subscription: Subscription) -> list[Filter]:
    """What a subscription asks for, one filter for each selector of entities (clause 5.11.2.4)."""
    definition = subscription.definition
    names = contexts.vocabulary(subscription.query_context)
    watched, shown = definition.get("watchedAttributes"), definition["notification"].get("attributes")
    attributes = [*watched, *shown] if watched and shown else []
    if definition.get("q"):
        attributes += roots(language.condition(definition["q"], names))
    conditions = [language.condition(definition["csf"], names)] if definition.get("csf") else []
    if definition.get("scopeQ"):
        conditions.append(language.scopes(definition["scopeQ"]))
    area = None
    if geo := definition.get("geoQ"):
        area = language.area(geo["georel"], geo["geometry"], coordinates_of(geo), geo.get("geoproperty", "location"))
    query = ThingQuery(where=AllOf(conditions) if conditions else None, area=area)
    time = period_test(definition.get("temporalQ") or {})
    found = []
    for selector in definition.get("entities") or [{}]:
        kinds = [part for part in NAMED.split(selector.get("type", "")) if part]
        id = selector.get("id", ())
        ids = (id,) if isinstance(id, str) else tuple(id)
        wanted = Wanted(
            None if "*" in kinds else any_of(kinds), ids, selector.get("idPattern", ""), frozenset(attributes)
        )
        found.append(Filter(wanted, query, time))
    return found


def matching_part(item: Subscription, document: Document) -> dict[str, Any] | None:
    """A registration with the parts that match a subscription; None when none does. Blocks."""
    return cut(filters_of(item), document)


def cut(filters: Sequence[Filter], document: Document | None) -> dict[str, Any] | None:
    """A registration with the matching parts of its information only; None when it does not match."""
    if document is None:
        return None
    parts = sorted({number for one in filters for number in one.parts(document)})
    if not parts:
        return None
    plain = {key: value for key, value in document.items() if key not in UNTOLD}
    return {**plain, "information": [document["information"][number] for number in parts]}


class SourceNews:
    """Tells subscribers of registrations that come, change and go; runs in the event loop of the interface."""

    def __init__(self, gate: Gate, posting: Posting) -> None:
        self._gate, self._posting = gate, posting
        self._tasks: set[asyncio.Task[None]] = set()
        self._states: dict[tuple[str, str], dict[str, Any]] = {}
        self._timers: dict[tuple[str, str], asyncio.Task[None]] = {}

    def state(self, tenant: str, id: str) -> Mapping[str, Any] | None:
        """The newest counters of a subscription that this process sent something for."""
        return self._states.get((tenant, id))

    async def start(self) -> None:
        """Take up the periodic subscriptions there are."""
        for item in await self._gate.run(subscribing.everything, subscribing.SOURCES):
            self._time(item)

    async def changed(self, tenant: str, before: Document | None, after: Document | None) -> None:
        """A registration was made (no ``before``), changed, or taken back (no ``after``)."""
        for item in await self._gate.run(subscribing.everything, subscribing.SOURCES):
            if item.tenant != tenant or item.definition.get("timeInterval") or not _active(item):
                continue
            filters = await self._gate.run(filters_of, item)
            was, now = cut(filters, before), cut(filters, after)
            reason = NEW if was is None else UPDATED if now is not None else GONE
            told = now if now is not None else was
            if told is not None:
                self._send(item, [told], reason)

    async def subscribed(self, item: Subscription) -> None:
        """A subscription was made: it is told of what matches now, if anything does."""
        if not _active(item):
            return
        if item.definition.get("timeInterval"):
            self._time(item)
            return
        matching = await self._gate.run(_matching, item)
        if matching:
            self._send(item, matching, NEW)

    def forget(self, tenant: str, id: str) -> None:
        """A subscription was changed or deleted: its timer ends, and what waits for its receiver goes."""
        self._posting.forget((tenant, id))
        timer = self._timers.pop((tenant, id), None)
        if timer is not None:
            timer.cancel()

    def _time(self, item: Subscription) -> None:
        if item.definition.get("timeInterval") and (item.tenant, item.id) not in self._timers:
            self._timers[item.tenant, item.id] = self._spawn(self._periodic(item))

    async def _periodic(self, item: Subscription) -> None:
        while _active(item):
            if not self._posting.waits((item.tenant, item.id)):
                self._send(item, await self._gate.run(_matching, item), NEW)
            await asyncio.sleep(item.definition["timeInterval"])

    def _spawn(self, work: Any) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _send(self, item: Subscription, documents: Sequence[Document], reason: str) -> None:
        """Tell a subscriber, after what it was to be told before: changes arrive in the order they were made."""

        async def make() -> Message:
            return await self._gate.run(_message, item, documents, reason)

        async def told(good: bool, first: bool) -> None:
            key = (item.tenant, item.id)
            state = self._states[key] = counted(self._states.get(key, item.state), good, first)
            await self._gate.run(_note, item, state)

        endpoint = item.definition["notification"]["endpoint"]
        self._posting.post((item.tenant, item.id), Letter(endpoint, make, told))


def _along(item: Subscription) -> Subscription:
    """The subscription to registrations that a subscription to entities brings along."""
    id = f"{item.id}{ALONG}"
    definition = {key: value for key, value in item.definition.items() if key not in ("timeInterval", "throttling")}
    endpoint = {"uri": f"{settings.PUBLIC_URL or item.origin.get('base', '')}{TOLD}"}
    definition |= {"id": id, "notification": {"endpoint": endpoint}}
    return replace(item, id=id, definition=definition, state={})


def _active(item: Subscription) -> bool:
    return status_of(item.definition, clock.now()) == "active"


def _note(item: Subscription, state: Mapping[str, Any]) -> None:
    ports.plugged.things.note(subscribing.SOURCES, [Progress(item.tenant, item.id, None, state)])


def _matching(item: Subscription) -> list[dict[str, Any]]:
    """The registrations of the subscription's tenant that match now."""
    filters = filters_of(item)
    reader = Pass(SYSTEM, True, False, item.tenant)
    found = (cut(filters, document) for document in service.registrations(reader))
    return [document for document in found if document is not None]


def _message(item: Subscription, documents: Sequence[Document], reason: str) -> Message:
    """A ContextSourceNotification (clause 5.3.2) in the subscription's words."""
    names = contexts.vocabulary(item.definition.get("jsonldContext") or item.context)
    kind = LD_JSON if item.definition["notification"]["endpoint"].get("accept") == LD_JSON else JSON
    document: dict[str, Any] = {
        "id": f"urn:ngsi-ld:ContextSourceNotification:{ids.new_id()}",
        "type": "ContextSourceNotification",
        "subscriptionId": item.id,
        "notifiedAt": iso(clock.now()),
        "triggerReason": reason,
        "data": [registration_out(one, names) for one in documents],
    }
    if kind == LD_JSON:
        document["@context"] = names.url or names.given
    return Message(orjson.dumps(document), headers_of(item, kind, "" if kind == LD_JSON else names.link.decode()))


class SourceSubscriptions(Subscriptions):
    """Handlers under ``/csourceSubscriptions``.

    A subscription to entities brings one to registrations along (clause 5.8.1.4): where there are sources it is shown,
    though it is nothing of its own and goes with the subscription.
    """

    path = PATH
    kind = subscribing.SOURCES

    def __init__(self, gate: Gate, news: SourceNews, sources: Sources) -> None:
        super().__init__(gate, news)
        self._news, self._sources = news, sources

    def _listed(self, who: Pass) -> list[Subscription]:
        found = subscribing.listing(who, self.kind)
        if not self._sources.has(who.tenant):
            return found
        return [*found, *(_along(item) for item in subscribing.listing(who) if spreads(item.definition))]

    def _one(self, who: Pass, id: str) -> Subscription:
        if id.endswith(ALONG) and self._sources.has(who.tenant):
            return _along(subscribing.one(who, id.removesuffix(ALONG)))
        return subscribing.one(who, id, self.kind)

    async def create(self, request: Request) -> None:
        """POST /csourceSubscriptions"""
        who = await self._gate.pass_of(request)
        before = await self._ids(who) if who.view else frozenset()
        await super().create(request)
        for item in await self._gate.run(subscribing.listing, who, self.kind):
            if item.id not in before:
                await self._news.subscribed(item)

    async def _ids(self, who: Pass) -> frozenset[str]:
        return frozenset(item.id for item in await self._gate.run(subscribing.listing, who, self.kind))

    async def change(self, request: Request) -> None:
        """PATCH /csourceSubscriptions/{id}"""
        await super().change(request)
        who = await self._gate.pass_of(request)
        self._news.forget(who.tenant, request.parts[0])
        await self._news.subscribed(await self._gate.run(subscribing.one, who, request.parts[0], self.kind))

    async def delete(self, request: Request) -> None:
        """DELETE /csourceSubscriptions/{id}"""
        await super().delete(request)
        self._news.forget((await self._gate.pass_of(request)).tenant, request.parts[0])
