"""Subscriptions made at the context sources that match them as well (clauses 5.8.1.4, 5.8.2.4 and 5.8.5.4).

One function brings the sources in line with what is subscribed and registered here: it may be called whenever either
changed, and again when a source did not answer.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from django.conf import settings

from thanglong.core.things.service import contexts, remote, subscribing
from thanglong.core.things.service import registrations as registered
from thanglong.core.things.service.remote import Remote
from thanglong.core.things.types import Pass, Subscription
from thanglong.formats.ngsild.entities import NULL
from thanglong.formats.ngsild.reducing import reduced, spreads
from thanglong.formats.ngsild.registrations import READ_ONLY
from thanglong.formats.ngsild.sources import Source, source_of, via
from thanglong.formats.ngsild.subscriptions import subscription_out
from thanglong.formats.ngsild.vocabulary import CORE, Vocabulary
from thanglong.kit.errors import ThangLongError
from thanglong.kit.ports import SYSTEM
from thanglong.surfaces.asgi import Message, Request
from thanglong.surfaces.gate import Gate
from thanglong.surfaces.ngsild.distributed.asks import Ask
from thanglong.surfaces.ngsild.distributed.calls import Answer, Calls
from thanglong.surfaces.ngsild.notify.delivery import backoff

log = logging.getLogger(__name__)
PATH = "/ngsi-ld/ex/remote-notify"
"""Where sources send the notifications of subscriptions made on behalf of others."""
Key = tuple[str, str]
Document = Mapping[str, Any]
Cut = Callable[[Subscription, Document], dict[str, Any] | None]
"""A registration cut to the parts that match a subscription; None when none does."""
NO_OPERATION = 0


@dataclass(frozen=True, slots=True)
class Wish:
    """A subscription as one source should have it."""

    source: Source
    copy: dict[str, Any]


def made_request(method: str, path: str, headers: Mapping[str, str], parts: tuple[str, ...] = ()) -> Request:
    """A request of this broker's own, without a body and with nobody to answer."""

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        return

    scope: dict[str, Any] = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": [(key.encode(), value.encode("latin-1", "replace")) for key, value in headers.items()],
    }
    return Request(scope, receive, send, parts)


class Spreading:
    """Keeps the subscriptions at other brokers in line; runs in the event loop of the interface."""

    def __init__(self, gate: Gate, calls: Callable[[], Calls], cut: Cut) -> None:
        self._gate, self._calls, self._cut = gate, calls, cut
        self._turns: dict[Key, asyncio.Lock] = {}
        self._failures: dict[Key, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._timers: dict[Key, asyncio.TimerHandle] = {}

    async def start(self) -> None:
        """Take up what was under way when the process ended."""
        held = await self._gate.run(remote.everything)
        for key in {(item.tenant, item.subscription) for item in held}:
            self.settle(*key)

    async def registered(self, tenant: str, before: Document | None, after: Document | None) -> None:
        """A registration was made, changed or taken back."""
        for item in await self._gate.run(subscribing.everything, subscribing.KIND, tenant):
            if spreads(item.definition):
                self.settle(tenant, item.id)

    def settle(self, tenant: str, id: str) -> None:
        """Bring the sources in line with a subscription that was made, changed or deleted, behind the request."""
        task = asyncio.get_running_loop().create_task(self._settled((tenant, id)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _settled(self, key: Key) -> None:
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()
        async with self._turns.setdefault(key, asyncio.Lock()):
            try:
                done = await self._bring(key)
            except ThangLongError as error:
                log.info("subscription %s cannot be spread now: %s", key[1], error)
                done = False
        if done:
            self._failures.pop(key, None)
            return
        failures = self._failures[key] = self._failures.get(key, 0) + 1
        self._timers[key] = asyncio.get_running_loop().call_later(backoff(failures), self.settle, *key)

    async def _bring(self, key: Key) -> bool:
        """Make, change and delete at the sources what differs; whether nothing is left to do."""
        tenant, id = key
        item, wishes, held = await self._gate.run(self._compared, tenant, id)
        if item is None and not held:
            self._turns.pop(key, None)
            return True
        origin = made_request("POST", "/", {"via": item.origin.get("via", "")} if item else {})
        results = []
        for one in held:
            wish = wishes.pop(one.source["id"], None)
            results.append(await self._kept(origin, item, one, wish))
        results += [await self._made(origin, item, wish) for wish in wishes.values()]
        return all(results)

    def _compared(self, tenant: str, id: str) -> tuple[Subscription | None, dict[str, Wish], list[Remote]]:
        """The subscription, what each source should have of it, and what sources have. Blocks."""
        held = [one for one in remote.everything(tenant) if one.subscription == id]
        item = subscribing.known(tenant, id)
        wishes: dict[str, Wish] = {}
        if item is None or not spreads(item.definition):
            return item, wishes, held
        passed = via(item.origin.get("via", ""))
        address = f"{settings.PUBLIC_URL or item.origin.get('base', '')}{PATH}"
        for document in registered.registrations(Pass(SYSTEM, True, True, tenant)):
            found = self._cut(item, document)
            if found is None:
                continue
            source = source_of(document)
            if source.mode == "auxiliary" or source.alias in passed:
                continue
            copy = reduced(item.definition, source_of(found).information, address)
            if source.local_only:
                copy["localOnly"] = True
            wishes[source.id] = Wish(source, copy)
        return item, wishes, held

    async def _kept(self, origin: Request, item: Subscription | None, one: Remote, wish: Wish | None) -> bool:
        """Bring one source that has, or may have, the subscription in line."""
        moved = wish is not None and _place(wish.source.document) != _place(one.source)
        if item is None or wish is None or moved:
            if not await self._deleted(origin, one):
                return False
            return await self._made(origin, item, wish) if item is not None and wish is not None else True
        if one.state == "sending" or (one.state == "refused" and one.copy != wish.copy):
            return await self._sent(origin, item, replace(one, source=wish.source.document, copy=wish.copy), wish)
        if one.copy == wish.copy or one.state == "refused" or "updateSubscription" not in wish.source.operations:
            return True
        return await self._changed(origin, item, one, wish)

    async def _made(self, origin: Request, item: Subscription | None, wish: Wish) -> bool:
        """Make the subscription at a source that offers it."""
        if item is None or "createSubscription" not in wish.source.operations:
            return True
        id = f"{subscribing.PREFIX}{secrets.token_hex(16)}"
        one = Remote(item.tenant, id, item.id, _plain(wish.source.document), wish.copy, "sending")
        # before it is sent: the first notification may come before the answer
        await self._gate.run(lambda: remote.keep(one, create=True))
        return await self._sent(origin, item, one, wish)

    async def _sent(self, origin: Request, item: Subscription, one: Remote, wish: Wish) -> bool:
        answer = await self._ask(origin, item, one, wish, "POST", "/subscriptions", {"id": one.id, **wish.copy})
        if answer.status == 409:
            return await self._changed(origin, item, one, wish)
        if _away(answer):
            return False
        if not answer.good:
            log.warning("context source %s refused a subscription: %s", wish.source.id, answer.status)
        await self._gate.run(remote.keep, replace(one, state="there" if answer.good else "refused"))
        return True

    async def _changed(self, origin: Request, item: Subscription, one: Remote, wish: Wish) -> bool:
        gone = {key: NULL for key in one.copy if key not in wish.copy}
        answer = await self._ask(origin, item, one, wish, "PATCH", _path(one), {**wish.copy, **gone})
        if answer.status == 404:
            await self._gate.run(remote.drop, one)
            return await self._made(origin, item, wish)
        if _away(answer):
            return False
        now = replace(one, source=_plain(wish.source.document), copy=wish.copy, state="there")
        await self._gate.run(remote.keep, now)
        return True

    async def _deleted(self, origin: Request, one: Remote) -> bool:
        source = source_of(one.source)
        if one.state != "refused" and "deleteSubscription" in source.operations:
            ask = Ask("DELETE", _path(one))
            if _away(await self._calls().send(origin, one.tenant, source, ask, CORE)):
                return False
        await self._gate.run(remote.drop, one)
        return True

    async def _ask(
        self, origin: Request, item: Subscription, one: Remote, wish: Wish, method: str, path: str, copy: Document
    ) -> Answer:
        names = await self._gate.run(_words, item, wish.source)
        body = _in_words(copy, names)
        ask = Ask(method, path, (), body, None if names.core else names.given)
        return await self._calls().send(origin, one.tenant, wish.source, ask, names)


def _words(item: Subscription, source: Source) -> Vocabulary:
    """The words a copy is written in: those of its ``q``, unless the source has some of its own registered."""
    return contexts.vocabulary(source.extra_value("jsonldContext") or item.query_context)


def _in_words(copy: Document, names: Vocabulary) -> dict[str, Any]:
    whole = {key: value for key, value in copy.items() if value != NULL}
    return {**subscription_out(whole, names), **{key: NULL for key, value in copy.items() if value == NULL}}


def _plain(document: Document) -> dict[str, Any]:
    """A registration without what only its broker writes."""
    return {key: value for key, value in document.items() if key not in READ_ONLY}


def _place(document: Document) -> Sequence[Any]:
    return document["endpoint"], document.get("tenant", "")


def _path(one: Remote) -> str:
    return f"/subscriptions/{quote(one.id, safe=':')}"


def _away(answer: Answer) -> bool:
    """Whether a source may answer otherwise later."""
    return answer.status in (NO_OPERATION, 408, 429, 502, 503, 504)
